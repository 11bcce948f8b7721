import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";

const tours = registry.category("web_tour.tours");

const waterfall = (content) => ({
    content,
    trigger: ".o_crm_metrics_body > div:not(.o_crm_metrics_stale) [data-bar=closing]",
});

/** A card of the screen at rest shows this. */
const card = (id, text) => ({
    content: `${id} is ${text}`,
    trigger: `.o_crm_metrics_body > div:not(.o_crm_metrics_stale) [data-card=${id}] .o_crm_metrics_card_value:contains(/${text}$/)`,
});

tours.add("crm_metrics_recurring", {
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
            content: "Open Recurring Revenue",
            trigger:
                ".dropdown-item[data-menu-xmlid='crm_metrics.crm_metrics_recurring_menu']",
            run: "click",
        },
        waterfall("The waterfall is there"),
        // 150.50 + 400.00 a month, from 300.00
        card("arr", "6,606"),
        card("mrr", "550.50"),
        card("net_new", "3,006"),
        card("customers", "2"),
        {
            content: "The table has the same numbers",
            trigger: "tr[data-row=total]:contains(/3,600.*4,800.*606.*-2,400.*6,606/)",
        },
        {
            content: "Choose amounts a month",
            trigger: "[data-choice=mrr]",
            run: "click",
        },
        {
            content: "Amounts are monthly",
            trigger:
                "tr[data-row=total]:contains(/300.00.*400.00.*50.50.*-200.00.*550.50/)",
        },
        {
            content: "Choose the net view",
            trigger: "[data-choice=net]:not(.active)",
            run: "click",
        },
        {
            content: "The net view says what it counts",
            trigger:
                "[data-card=waterfall] p:contains('Each customer counts once a period')",
        },
        {
            content: "Choose the daily ledger again",
            trigger: "[data-choice=activity]:not(.active)",
            run: "click",
        },
        {
            content: "Open the periods",
            trigger: ".o_crm_metrics_grain",
            run: "click",
        },
        {
            content: "Choose quarters",
            trigger: ".o-dropdown-item[data-choice=quarter]",
            run: "click",
        },
        {
            content: "The table is by quarter",
            trigger: "[data-card=table] h2:contains('By quarter')",
        },
        {
            content: "Open the teams",
            trigger: "button[data-filter='crm.team']",
            run: "click",
        },
        {
            content: "Choose a team",
            trigger: ".o_crm_metrics_record_filter .o-dropdown-item:contains('Team 1')",
            run: "click",
        },
        card("mrr", "150.50"),
        {
            content: "Close the teams",
            trigger: "button[data-filter='crm.team']:contains('Team 1')",
            run: "click",
        },
        {
            content: "Open the movements of a bar",
            trigger: "body:not(:has(.o_crm_metrics_record_filter)) [data-bar=churn]",
            run: "click",
        },
        {
            content: "They add up to the bar",
            trigger: ".o_list_view .o_list_footer:contains('-200.00')",
        },
        {
            content: "Open the subscription of a movement",
            trigger:
                ".o_data_row:contains('Beta Leaves') button[name=action_open_source]",
            run: "click",
        },
        {
            content: "It is the subscription that ended",
            trigger:
                ".o_form_view .o_field_widget[name=name] :value(Beta's Subscription)",
        },
        {
            content: "Back to the movements",
            trigger: ".o_breadcrumb .o_back_button, .breadcrumb-item.o_back_button a",
            run: "click",
        },
        {
            content: "Back to the waterfall",
            trigger:
                ".o_control_panel:has(.o_breadcrumb:contains('Churn')) .o_breadcrumb a:contains('Recurring Revenue')",
            run: "click",
        },
        waterfall("The waterfall is as it was"),
        {
            content: "The filters are as they were",
            trigger: "button[data-filter='crm.team']:contains('Team 1')",
        },
        {
            content: "Open the range",
            trigger: ".o_crm_metrics_period",
            run: "click",
        },
        {
            content: "Choose another range",
            trigger: ".o-dropdown-item[data-choice=last_36_months]",
            run: "click",
        },
        {
            content: "All of it was new then",
            trigger: "tr[data-row=total]:contains(/^Whole range\\s*0.00/)",
        },
        {
            content: "Open the movements of a number by keyboard",
            trigger: "tr[data-row=total] td[data-column=new] button",
            run(helpers) {
                this.anchor.focus();
                return helpers.press("Enter");
            },
        },
        {
            content: "They add up to the number",
            trigger: ".o_list_view .o_list_footer:contains('300.00')",
        },
    ],
});

tours.add("crm_metrics_recurring_url", {
    steps: () => [
        waterfall("The waterfall is there"),
        {
            content: "The view is the URL's",
            trigger: "[data-choice=net].active",
        },
        {
            content: "The amounts are the URL's",
            trigger: "[data-choice=mrr].active",
        },
        {
            content: "The grain is the URL's",
            trigger: ".o_crm_metrics_grain:contains('Quarter')",
        },
        {
            content: "The team is the URL's",
            trigger: "button[data-filter='crm.team']:contains('=1+1')",
        },
        card("mrr", "400"),
        {
            content: "Change a filter",
            trigger: "[data-choice=activity]",
            run: "click",
        },
        {
            content: "It is changed, and so is the URL",
            trigger: "[data-choice=activity].active",
            run() {
                if (new URLSearchParams(location.search).has("view")) {
                    throw new Error(`a default is repeated in ${location.search}`);
                }
                history.back();
            },
        },
        {
            content: "Browser back takes it back",
            trigger: "[data-choice=net].active",
        },
        waterfall("The waterfall is there again"),
    ],
});

tours.add("crm_metrics_recurring_own", {
    steps: () => [
        waterfall("The waterfall is there"),
        // one's own 400 and nobody's 150.50, but nothing of the colleague's
        card("mrr", "550.50"),
        {
            content: "The colleague's customer never was in it",
            trigger: "tr[data-row=total] td[data-column=churn]:contains(/^0$/)",
        },
    ],
});

tours.add("crm_metrics_recurring_empty", {
    steps: () => [
        {
            content: "Says what to do first",
            trigger: ".o_crm_metrics_empty h2:contains('No recurring revenue yet')",
        },
        {
            content: "Create the first subscription",
            trigger: ".o_crm_metrics_new_subscription",
            run: "click",
        },
        {
            content: "A new subscription is there",
            trigger: ".o_form_view .o_field_widget[name=line_ids]",
        },
    ],
});

tours.add("crm_metrics_rate_timeline", {
    steps: () => [
        {
            content: "Open the rate over time",
            trigger: ".o_notebook .nav-link:contains('Time')",
            run: "click",
        },
        {
            content: "It is drawn",
            trigger: ".o_crm_metrics_timeline svg",
        },
        {
            content: "It is said",
            trigger: ".o_crm_metrics_timeline li:contains('200.00 a month from')",
        },
        {
            content: "It has ended",
            trigger: ".o_crm_metrics_timeline_now:contains('0.00 a month')",
        },
    ],
});
