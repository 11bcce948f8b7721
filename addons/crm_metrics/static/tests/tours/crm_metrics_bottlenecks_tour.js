import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";

const tours = registry.category("web_tour.tours");

const AT_REST = ".o_crm_metrics_body > div:not(.o_crm_metrics_stale)";

const funnel = (content) => ({
    content,
    trigger: `${AT_REST}:has([data-bar=end]) .o_crm_metrics_funnel`,
});

/** A card of the screen at rest shows this. */
const card = (id, text) => ({
    content: `${id} is ${text}`,
    trigger: `${AT_REST} [data-card=${id}] .o_crm_metrics_card_value:contains(/${text}$/)`,
});

/** What is said between the bar of a stage and the next one. */
const gap = (stage) => `.o_crm_metrics_funnel li:contains(/^${stage}/)`;

const back = (content) => ({
    content,
    trigger: ".o_breadcrumb a:contains('Bottlenecks')",
    run: "click",
});

tours.add("crm_metrics_bottlenecks", {
    steps: () => [
        funnel("The funnel is there"),
        card("won", "352"),
        card("loss", "76.0%"),
        {
            content: "Both places are named, their shares and the sum",
            trigger:
                "[data-card=funnel] p:contains('76.0% of the money goes in two places: 13.0% between Proposal and Negotiation, 63.0% between Negotiation and Contract. 11.0% is won.')",
        },
        {
            content: "Open the deals that were lost between two stages",
            trigger: `${gap("Negotiation")} .o_crm_metrics_funnel_lost:contains('2,016 lost in 1 deal')`,
            run: "click",
        },
        {
            content: "It is the one that was lost there",
            trigger:
                ".o_list_view:not(:has(.o_data_row:nth-child(2) td[name=name])) .o_data_row:contains('Big Loss')",
        },
        back("Back to the funnel"),
        funnel("The funnel is as it was"),
        {
            content: "Open the deals of both places by keyboard",
            trigger: "[data-card=loss] .o_crm_metrics_card_value button",
            run(helpers) {
                this.anchor.focus();
                return helpers.press("Enter");
            },
        },
        {
            content: "The small losses are there, too",
            trigger:
                ".o_list_view:has(.o_data_row:contains('Big Loss')) .o_data_row:contains('Other Small Loss')",
        },
        back("Back to the funnel again"),
        funnel("The funnel is there again"),
        {
            content: "The bottleneck is named once",
            trigger:
                "[data-card=stages] tr:contains('Contract') .o_crm_metrics_tag:contains('bottleneck')",
        },
        {
            content: "Move a slider",
            trigger:
                ".o_crm_metrics_what_if_sliders > div:contains('Negotiation') input",
            run() {
                this.anchor.value = 10;
                this.anchor.dispatchEvent(new Event("input", {bubbles: true}));
            },
        },
        {
            content: "More would be won",
            trigger:
                "[data-figure=won_value] .o_crm_metrics_what_if_change.text-success:contains(/^[+]/)",
            run() {
                if (!new URLSearchParams(location.search).get("what_if")) {
                    throw new Error(`no points in ${location.search}`);
                }
            },
        },
        {
            content: "Take it back",
            trigger: ".o_crm_metrics_what_if_reset:enabled",
            run: "click",
        },
        {
            content: "The figures are those of now",
            trigger: ".o_crm_metrics_what_if:not(:has(.o_crm_metrics_what_if_change))",
        },
        {
            content: "Choose another look of the table",
            trigger: "[data-choice=flow]",
            run: "click",
        },
        {
            content: "Rank the stages by what they lost",
            trigger: "[data-card=stages] [data-sort=lost]",
            run: "click",
        },
        {
            content: "Open the stays that ended with a loss",
            trigger:
                "[data-card=stages] tr:first-child:contains('Proposal') td[data-column=lost] button:contains('2')",
            run: "click",
        },
        {
            content: "As many as the number says",
            trigger: ".o_list_view .o_data_row:nth-child(2):contains('Proposal')",
        },
        back("Back to the table"),
        {
            content: "It is ranked as it was",
            trigger:
                "[data-card=stages] th[aria-sort=descending]:contains('Lost') [data-sort=lost]",
        },
        {
            content: "Open a part of the open value",
            trigger: "[data-bar=won]",
            run: "click",
        },
        {
            content: "It is the deal that was won",
            trigger: ".o_list_view .o_data_row:contains('Win')",
        },
    ],
});

tours.add("crm_metrics_bottlenecks_url", {
    steps: () => [
        funnel("The funnel is there"),
        {
            content: "View, measure and columns are the URL's",
            trigger:
                "body:has([data-choice=cohort].active):has([data-choice=count].active) [data-choice=flow].active",
        },
        {
            content: "Deals are counted",
            trigger: `${gap("Proposal")} .o_crm_metrics_funnel_lost:contains('2 deals lost')`,
        },
        {
            content: "Slices are side by side",
            trigger: "[data-card=groups] tr[data-row=total]:contains(/Whole.*6.*1/)",
        },
        {
            content: "Open the deals of a slice",
            trigger:
                "[data-card=groups] tr:contains('Team 2') td[data-column=entered] button",
            run: "click",
        },
        {
            content: "It has one",
            trigger: ".o_list_view .o_data_row:contains('Big Loss')",
        },
        back("Back to the slices"),
        {
            content: "Look at one of them alone",
            trigger: "[data-card=groups] tr:contains('Team 2') th button",
            run: "click",
        },
        card("loss", "100.0%"),
        {
            content: "The filter says so",
            trigger: "button[data-filter='crm.team']:contains('Team 2')",
        },
        {
            content: "Why: a cell opens the stays",
            trigger: "[data-card=reasons] tr:contains('=1+1') td button:contains('1')",
            run: "click",
        },
        {
            content: "It is the one",
            trigger: ".o_list_view .o_data_row:contains('Negotiation')",
        },
    ],
});

tours.add("crm_metrics_bottlenecks_own", {
    steps: () => [
        funnel("The funnel is there"),
        card("won", "352"),
        {
            content: "One's own deals and those of nobody, but not the colleague's",
            trigger: `${gap("Proposal")} .o_crm_metrics_funnel_figure:contains('1,184')`,
        },
    ],
});

tours.add("crm_metrics_bottlenecks_empty", {
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            content: "Open the CRM",
            trigger: ".o_app[data-menu-xmlid='crm.crm_menu_root']",
            run: "click",
        },
        {
            content: "Open the menu Metrics",
            trigger: "button[data-menu-xmlid='crm_metrics.crm_metrics_menu']",
            run: "click",
        },
        {
            content: "Open Bottlenecks",
            trigger:
                ".dropdown-item[data-menu-xmlid='crm_metrics.crm_metrics_bottlenecks_menu']",
            run: "click",
        },
        {
            content: "Says what to do first",
            trigger: ".o_crm_metrics_empty h2:contains('No opportunities yet')",
        },
        {
            content: "Go to the pipeline",
            trigger: ".o_crm_metrics_open_pipeline",
            run: "click",
        },
        {
            content: "The pipeline is there",
            trigger: ".o_kanban_view",
        },
    ],
});
