import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";

const tours = registry.category("web_tour.tours");

const AT_REST = ".o_crm_metrics_body > div:not(.o_crm_metrics_stale)";

const click = (content, trigger) => ({content, trigger, run: "click"});

const see = (content, trigger) => ({content, trigger});

/** The gauge of the screen at rest shows this. */
const score = (text, answers) =>
    see(
        `The score is ${text}, of ${answers}`,
        `${AT_REST} [data-card=score]:contains('From ${answers}') .o_crm_metrics_gauge_value button:contains(/^\\${text}$/)`
    );

/** A list with so many records is there. */
const list = (content, count, more = "") =>
    see(
        content,
        `.o_list_view${more}:has(.o_data_row:nth-child(${count})):not(:has(.o_data_row:nth-child(${count + 1})))`
    );

const openMenu = (name, menu) => [
    stepUtils.showAppsMenuItem(),
    click("Open the CRM", ".o_app[data-menu-xmlid='crm.crm_menu_root']"),
    click(
        "Open the menu Metrics",
        "button[data-menu-xmlid='crm_metrics.crm_metrics_menu']"
    ),
    click(`Open ${name}`, `.dropdown-item[data-menu-xmlid='crm_metrics.${menu}']`),
];

const back = () =>
    click("Back to the screen", ".o_breadcrumb a:contains('NPS'), .o_back_button");

tours.add("crm_metrics_nps", {
    steps: () => [
        ...openMenu("NPS", "crm_metrics_nps_menu"),
        // 7 promoters, 3 passives, 5 detractors
        score("+13", "15 answers"),
        see(
            "Whether it changed is not known",
            "[data-card=score]:contains('no answers in the span before')"
        ),
        click("Open the detractors", "[data-bucket=detractors] button"),
        list("The five of them are there", 5),
        back(),
        see(
            "15 of 16 who got it answered, one still may",
            `${AT_REST} [data-card=rate]:contains('15 of 16 who got it; 1 may still answer')`
        ),
        click(
            "Open who opted out",
            "[data-card=response] tr:contains('Opted out of surveys') button"
        ),
        list("One contact was not asked for this reason", 1, ":contains('opted_out')"),
        back(),
        click("Open the score 10", "[data-card=answers] [data-bar='10']"),
        list("Three customers gave it", 3),
        back(),
        click("Open the groups", ".o_crm_metrics_group"),
        click("Group by team", ".o-dropdown-item[data-choice=team]"),
        click(
            "Look at Team 1 alone",
            `${AT_REST} [data-card=slices] tr:contains('Team 1') th button`
        ),
        score("+60", "5 answers"),
        see(
            "The team is in the filter",
            "button[data-filter='crm.team']:contains('Team 1')"
        ),
        click(
            "Open the month with the answers",
            "[data-card=trend] [data-point]:enabled"
        ),
        list("They are the five of the team", 5),
    ],
});

tours.add("crm_metrics_nps_own", {
    steps: () => [
        // without the answers of another salesperson's customer
        score("+50", "10 answers"),
        click(
            "Open the menu Metrics",
            "button[data-menu-xmlid='crm_metrics.crm_metrics_menu']"
        ),
        see(
            "Answers are in it, programs are not",
            ".o-dropdown--menu:has([data-menu-xmlid='crm_metrics.crm_nps_answer_menu']):not(:has([data-menu-xmlid='crm_metrics.crm_nps_program_menu']))"
        ),
        click(
            "Open the answers",
            ".dropdown-item[data-menu-xmlid='crm_metrics.crm_nps_answer_menu']"
        ),
        list("Only these ten are there", 10),
    ],
});

tours.add("crm_metrics_nps_first", {
    steps: () => [
        see(
            "The screen says that there is nothing",
            ".o_crm_metrics_empty h2:contains('Ask your customers what they think')"
        ),
        click("Create a program", ".o_crm_metrics_create_program"),
        {
            content: "Name it",
            trigger:
                ".o_form_view [name=name] input, .o_form_view [name=name] textarea",
            run: "edit After each deal",
        },
        click("Start it", ".o_form_statusbar button[name=action_start]"),
        see("It runs", ".o_form_statusbar .o_arrow_button_current:contains('Running')"),
        back(),
        see(
            "The screen says that it waits",
            ".o_crm_metrics_empty h2:contains('Nobody has been asked yet')"
        ),
    ],
});
