import {formatDate} from "@web/core/l10n/dates";
import {rpcBus} from "@web/core/network/rpc";
import {delay} from "@web/core/utils/concurrency";
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

tours.add("crm_metrics_recurring_slices", {
    steps: () => [
        waterfall("The waterfall is there"),
        {
            content: "Open the grouping",
            trigger: ".o_crm_metrics_group",
            run: "click",
        },
        {
            content: "Group by sales team",
            trigger: ".o-dropdown-item[data-choice=team]",
            run: "click",
        },
        {
            content: "Teams add up",
            trigger:
                "[data-card=slices] tr[data-row=total]:contains(/300.00.*400.00.*50.50.*-200.00.*550.50/)",
        },
        {
            content: "Open the lost customers of a team",
            trigger:
                "[data-card=slices] tr:contains('Team 1') td[data-column=churn] button",
            run: "click",
        },
        {
            content: "They add up to the number",
            trigger: ".o_list_view .o_list_footer:contains('-200.00')",
        },
        {
            content: "Back to the waterfall",
            trigger: ".o_breadcrumb a:contains('Recurring Revenue')",
            run: "click",
        },
        waterfall("The waterfall is as it was"),
        {
            content: "Open more filters",
            trigger: ".o_crm_metrics_filters",
            run: "click",
        },
        {
            content: "Open the plans",
            trigger:
                ".o_crm_metrics_filter_menu button[data-filter='crm.recurring.plan']",
            run: "hover && click",
        },
        {
            content: "Choose a plan",
            trigger:
                ".o_crm_metrics_record_filter .o-dropdown-item:contains('Every 12 months')",
            run: "click",
        },
        card("mrr", "400"),
        {
            content: "The filter says so, and so does the URL",
            trigger: ".o_crm_metrics_filters:contains('1')",
            run() {
                if (!new URLSearchParams(location.search).get("plans")) {
                    throw new Error(`no plan in ${location.search}`);
                }
            },
        },
    ],
});

tours.add("crm_metrics_cohorts", {
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
            content: "Open Cohorts",
            trigger:
                ".dropdown-item[data-menu-xmlid='crm_metrics.crm_metrics_cohorts_menu']",
            run: "click",
        },
        {
            content: "Only one customer is new in the last year",
            trigger:
                ".o_crm_metrics_heat tbody:not(:has(tr:nth-child(2))) tr:contains(/400.*100%/)",
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
            content: "An older cohort lost one of two and grew less",
            trigger:
                ".o_crm_metrics_heat tbody tr:contains(/300/) td[data-column='14']:contains('50%')",
        },
        {
            content: "Look at its customers",
            trigger: "[data-choice=customers]",
            run: "click",
        },
        {
            content: "Open the customers before one left",
            trigger:
                ".o_crm_metrics_heat tbody tr:contains(/300/) td[data-column='11']:contains('100%') button",
            run: "click",
        },
        {
            content: "Both are there",
            trigger:
                ".o_list_view:has(.o_group_name:contains('Alpha Grows')) .o_group_name:contains('Beta Leaves')",
        },
        {
            content: "They pay what the cell says",
            trigger: ".o_list_view .o_list_footer:contains('350.50')",
        },
    ],
});

/** From a win to a new price. */
tours.add("crm_metrics_win_and_change", {
    steps: () => [
        {
            content: "Win the opportunity",
            trigger: ".o_form_view button[name=action_set_won_rainbowman]",
            run: "click",
        },
        {
            content: "Create its subscription",
            trigger: "button[name=action_create_crm_subscription]:enabled",
            run: "click",
        },
        {
            content: "It is there: back to the opportunity",
            trigger:
                "body:has(.o_form_view .o_field_widget[name=line_ids]) .breadcrumb-item.o_back_button a",
            run: "click",
        },
        {
            content: "Find the subscription of the opportunity",
            trigger: "button[name=action_view_crm_subscriptions]:contains('1')",
            run: "click",
        },
        {
            content: "Change its terms",
            trigger:
                ".o_form_view .o_statusbar_buttons button:contains('Change Terms')",
            run: "click",
        },
        {
            content: "Open the day of the change",
            trigger: ".modal .o_field_widget[name=date] [data-field=date]",
            run: "click",
        },
        {
            content: "From next month",
            trigger: ".modal .o_field_widget[name=date] input",
            async run() {
                // the lines are those of the day: they come anew
                const answered = new Promise((resolve) => {
                    rpcBus.addEventListener("RPC:RESPONSE", ({detail}) => {
                        if (detail.data.params?.method === "onchange") {
                            resolve();
                        }
                    });
                });
                const next = luxon.DateTime.local().plus({months: 1}).startOf("month");
                this.anchor.value = formatDate(next);
                this.anchor.dispatchEvent(new Event("input", {bubbles: true}));
                this.anchor.dispatchEvent(new Event("change", {bubbles: true}));
                await answered;
                await delay(100);
            },
        },
        {
            content: "Open the line",
            trigger: ".modal .o_data_row td[name=price_unit]",
            run: "click",
        },
        {
            content: "Another price",
            trigger: ".modal .o_data_row .o_field_widget[name=price_unit] input",
            run: "edit 150",
        },
        {
            content: "Change",
            trigger: ".modal button[name=action_apply]",
            run: "click",
        },
        {
            content: "Both prices are there",
            trigger:
                "body:not(:has(.modal)) .o_field_widget[name=line_ids]:has(.o_data_row:contains('100.00')) .o_data_row:contains('150.00')",
        },
    ],
});

/** Second part: what the refresh made of it. */
tours.add("crm_metrics_committed", {
    steps: () => [
        waterfall("The waterfall is there"),
        card("mrr", "100"),
        {
            content: "Choose the committed view",
            trigger: "[data-choice=committed]",
            run: "click",
        },
        {
            content: "The later change is in it, marked as agreed on",
            trigger:
                "tr.o_crm_metrics_ahead td[data-column=expansion] button:contains(/^.50$/)",
        },
        card("mrr", "150"),
        card("carr", "1,800"),
        {
            content: "Open the new customer",
            trigger: "[data-bar=new]",
            run: "click",
        },
        {
            content: "It came today",
            trigger: ".o_data_row:contains('Delta Deals'):contains('100.00')",
        },
        {
            content: "Back to the waterfall",
            trigger: ".o_breadcrumb a:contains('Recurring Revenue')",
            run: "click",
        },
        {
            content: "Open the expansion",
            trigger: "[data-bar=expansion]",
            run: "click",
        },
        {
            content: "The price goes up later",
            trigger:
                ".o_action:has(.o_breadcrumb:contains('Expansion')) .o_list_footer:contains('50.00')",
        },
        {
            content: "Open the subscription of the movement",
            trigger:
                ".o_data_row:contains('Delta Deals') button[name=action_open_source]",
            run: "click",
        },
        {
            content: "It is the subscription of the opportunity",
            trigger: ".o_form_view .o_field_widget[name=lead_id] :value(Delta's deal)",
        },
    ],
});
