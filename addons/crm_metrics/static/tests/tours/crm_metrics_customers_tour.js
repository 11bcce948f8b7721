import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";

const tours = registry.category("web_tour.tours");

const AT_REST = ".o_crm_metrics_body > div:not(.o_crm_metrics_stale)";

/** A card of the screen at rest shows this. */
const card = (id, text, note = "") => ({
    content: `${id} is ${text}`,
    trigger: `${AT_REST} [data-card=${id}]:contains(${note}) .o_crm_metrics_card_value:contains(/${text}$/)`,
});

const click = (content, trigger) => ({content, trigger, run: "click"});

const openMenu = (name, menu) => [
    stepUtils.showAppsMenuItem(),
    click("Open the CRM", ".o_app[data-menu-xmlid='crm.crm_menu_root']"),
    click(
        "Open the menu Metrics",
        "button[data-menu-xmlid='crm_metrics.crm_metrics_menu']"
    ),
    click(`Open ${name}`, `.dropdown-item[data-menu-xmlid='crm_metrics.${menu}']`),
];

const back = (name) =>
    click(`Back to ${name}`, `.o_breadcrumb a:contains('${name}'), .o_back_button`);

tours.add("crm_metrics_customer_revenue", {
    steps: () => [
        ...openMenu("Customer Revenue", "crm_metrics_customer_revenue_menu"),
        // last month, against the one before
        card("revenue", "300", "from $"),
        card("customers", "2", "as before"),
        card("value", "100"),
        card("loyalty", "1.50"),
        card("orders", "3"),
        {
            content: "Refunds and anonymous purchases stand beside the factors",
            trigger:
                "[data-card=bridge]:has([data-bar=refunds]):has([data-bar=anonymous])",
        },
        click(
            "Open the purchases of the factor L",
            "[data-card=bridge] [data-bar=loyalty]"
        ),
        {
            content: "Both months are there, by customer",
            trigger: ".o_list_view:has(.o_group_header:nth-child(2))",
        },
        back("Customer Revenue"),
        click(
            "Open who did not come again",
            `${AT_REST} tr:has([aria-label*='Not Again']) [data-column=lost_customers] button`
        ),
        {
            content: "It is Beta, with the last purchases",
            trigger:
                ".o_list_view .o_group_header:contains('=Beta+Gone'):contains('40.00')",
        },
        back("Customer Revenue"),
        click("Open the groups", ".o_crm_metrics_group"),
        click("Group by team", ".o-dropdown-item[data-choice=team]"),
        click(
            "Look at Team 1 alone",
            `${AT_REST} [data-card=slices] tr:contains('Team 1') th button`
        ),
        card("revenue", "240", "from $"),
        {
            content: "The team is in the filter",
            trigger: "button[data-filter='crm.team']:contains('Team 1')",
        },
        click(
            "Explain the month before",
            "[data-card=table] tr:nth-last-child(3) th button"
        ),
        card("revenue", "100"),
    ],
});

tours.add("crm_metrics_customer_revenue_own", {
    steps: () => [
        // without the purchase of another salesperson
        card("revenue", "300", "200.0%"),
        click("Open the customers", "[data-card=customers] button"),
        {
            content: "Own and unassigned purchases, by customer",
            trigger:
                ".o_list_view:not(:contains('=Beta')) .o_group_header:contains('Alpha')",
        },
    ],
});

tours.add("crm_metrics_no_purchases", {
    steps: () => [
        {
            content: "The screen says that there is nothing",
            trigger: ".o_crm_metrics_empty h2:contains('No purchases yet')",
        },
        click(
            "Open the menu Metrics",
            "button[data-menu-xmlid='crm_metrics.crm_metrics_menu']"
        ),
        click(
            "Open Segments",
            ".dropdown-item[data-menu-xmlid='crm_metrics.crm_metrics_segments_menu']"
        ),
        {
            content: "So does the other one",
            trigger:
                ".o_crm_metrics_segments .o_crm_metrics_empty h2:contains('No purchases yet')",
        },
        click("Import purchases", ".o_crm_metrics_import_purchases"),
        {
            content: "The list of imported purchases is there",
            trigger: ".o_breadcrumb:contains('Imported Purchases')",
        },
    ],
});

tours.add("crm_metrics_segments", {
    steps: () => [
        ...openMenu("Segments", "crm_metrics_segments_menu"),
        {
            content: "The last run has two customers, none before it",
            trigger:
                ".o_crm_metrics_body:not(:has([data-card=migrations])) [data-card=segments] tr[data-row=total]:contains('2')",
        },
        click("Score as of today", ".o_control_panel .o_crm_metrics_score_now"),
        {
            content: "Now there are three, and who is new",
            trigger: `${AT_REST} [data-card=migrations] tr[data-row='0']:contains('Not scored before')`,
        },
        click("Show revenue", "[data-card=grid] [data-choice=revenue]"),
        click(
            "Open the customers who are new",
            "[data-card=migrations] tr[data-row='0'] .o_crm_metrics_heat_cell button"
        ),
        {
            content: "It is Gamma",
            trigger: ".o_list_view .o_data_row:contains('Gamma Now')",
        },
        back("Customer Segments"),
        {
            content: "The map is as it was",
            trigger: "[data-card=grid] [data-choice=revenue].active",
        },
        click("Open a cell of the map", ".o_crm_metrics_grid td button:enabled"),
        {
            content: "Its customers are there",
            trigger: ".o_list_view .o_data_row [name=partner_id]",
        },
    ],
});

tours.add("crm_metrics_contact_purchases", {
    steps: () => [
        click("Open the tab", ".o_form_view .nav-link[name=sales_purchases]"),
        {
            content: "Three purchases less a refund",
            trigger: ".o_field_widget[name=crm_purchase_revenue]:contains('310.00')",
        },
        {
            content: "The mean of the purchases",
            trigger: ".o_field_widget[name=crm_purchase_average]:contains('113.33')",
        },
        {
            content: "The segment of today's run",
            trigger: ".o_field_widget[name=crm_segment_id]:not(.o_field_empty)",
        },
    ],
});
