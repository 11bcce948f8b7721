import {beforeEach, describe, expect, test} from "@odoo/hoot";
import {queryAllTexts, queryOne} from "@odoo/hoot-dom";
import {animationFrame} from "@odoo/hoot-mock";
import {contains, onRpc} from "@web/../tests/web_test_helpers";
import {leverYear} from "@crm_metrics/customer_revenue/nvl_records";
import {browser} from "@web/core/browser/browser";
import {
    defineScreens,
    screenOpener,
    settle,
    stepActions,
} from "./crm_metrics_test_helpers";
import {NVL, purchases} from "./customers_helpers";

describe.current.tags("desktop");

beforeEach(defineScreens);

const plain = (text) => text.replace(/\s/g, " ");

function mockNvl(answer = NVL) {
    onRpc("crm.metrics", "nvl", ({args}) => answer(args[0]));
}

const openScreen = screenOpener("customer-revenue", ".o_crm_metrics_waterfall canvas");

test("the last whole month is explained: cards, bridge, series, table", async () => {
    mockNvl((options) => {
        expect.step([options.date_from, options.date_to, options.grain]);
        return NVL();
    });
    await openScreen();
    // September is on the screen: nothing else has to be asked for
    expect.verifySteps([["2025-12-01", "2026-11-21", "month"]]);
    expect("h2.o_crm_metrics_chart_title:first").toHaveText(
        "Oct 2026 against Sep 2026"
    );
    expect(queryAllTexts(".o_crm_metrics_card_value").map(plain)).toEqual([
        "$ 3,600.50",
        "12",
        "$ 120.02",
        "2.50",
        "30",
    ]);
    expect("[data-card=customers] .text-success").toHaveText("+20.0% from 10");
    const labels = [...document.querySelectorAll("[data-card=bridge] [data-bar]")].map(
        (bar) => plain(bar.getAttribute("aria-label"))
    );
    expect(labels).toEqual([
        "Sep 2026: $ 2,000.00",
        "Customers (N): +$ 480.25, because it was 10 and is 12",
        "Average Purchase (V): +$ 500.25, because it was $ 100.00 and is $ 120.02",
        "Purchases per Customer (L): +$ 620.00, because it was 2.00 and is 2.50",
        "Refunds: -$ 100.00",
        "Anonymous: +$ 50.00",
        "Oct 2026: $ 3,550.50",
    ]);
    expect(queryAllTexts("[data-panel] h3")).toEqual([
        "Revenue",
        "Customers",
        "Average Purchase",
        "Purchases per Customer",
    ]);
    expect("[data-panel=value] [data-bar]").toHaveCount(3);
    expect(queryAllTexts("tr[data-row='2026-10-01'] td")).toEqual([
        "3,600.50",
        "12",
        "120.02",
        "2.50",
        "30",
        "2",
        "0",
        "-100.00",
        "50.00",
        "+1,550.50",
    ]);
    expect("tr[data-row='2026-10-01']").toHaveAttribute("aria-current", "true");
    expect(queryAllTexts("tr[data-row=total] td")).toEqual([
        "6,500.50",
        "",
        "",
        "",
        "56",
        "",
        "",
        "-100.00",
        "50.00",
        "",
    ]);
});

test("another period is explained: in the URL, compared with as many days", async () => {
    mockNvl((options) => {
        expect.step([options.date_from, options.date_to]);
        return options.date_from === "2026-10-01"
            ? {...NVL(), periods: [purchases(10, 8, 10, 1200)]}
            : NVL();
    });
    await openScreen();
    expect.verifySteps([["2025-12-01", "2026-11-21"]]);
    await contains("tr[data-row='2026-11-01'] th button").click();
    await settle();
    expect.verifySteps([["2026-10-01", "2026-10-21"]]);
    expect(browser.location.search).toBe("?step=2026-11-01");
    expect("h2.o_crm_metrics_chart_title:first").toHaveText(
        "Nov 2026 (11/01/2026 – 11/21/2026) against 10/01/2026 – 10/21/2026"
    );
    expect("[data-card=customers] .text-danger").toHaveText("-25.0% from 8");
    expect(plain(queryOne("[data-card=bridge] [data-bar=before]").ariaLabel)).toBe(
        "10/01/2026 – 10/21/2026: $ 1,200.00"
    );
    await contains(".o_crm_metrics_step").click();
    await contains(".o-dropdown-item[data-choice='2026-09-01']").click();
    await settle();
    expect.verifySteps([["2026-08-01", "2026-08-31"]]);
    expect(browser.location.search).toBe("?step=2026-09-01");
    expect("[data-card=bridge] h2").toHaveText(
        "What changed from Aug 2026 to Sep 2026"
    );
});

test("the bridge in words: to the cent, and with what it is compared", async () => {
    mockNvl();
    await openScreen("?step=2026-10-01");
    const words = () => plain(queryOne("[data-card=bridge]").textContent);
    expect(words()).toMatch(
        /\+\$ 1,550\.50 in all, most of it by Purchases per Customer \(L\): \+\$ 620\.00\./
    );
    expect(words()).not.toMatch(/not whole/);
    await contains("tr[data-row='2026-11-01'] th button").click();
    await settle();
    expect(words()).toMatch(/compared with as many first days of the one before/);
});

test("the 12 months of the levers begin on the day after the same day", () => {
    const first = (last_day) => leverYear({last_day}).from;
    expect(first("2026-11-21")).toBe("2025-11-22");
    expect(first("2026-12-31")).toBe("2026-01-01");
    expect(first("2025-02-28")).toBe("2024-03-01");
    expect(first("2024-02-29")).toBe("2023-03-01");
    expect(first("2024-02-28")).toBe("2023-03-01");
});

test("numbers open their purchases", async () => {
    mockNvl();
    await openScreen("?teams=2");
    stepActions();
    const company = ["company_id", "in", [1]];
    const team = ["team_id", "in", [2]];
    const kind = ["kind", "=", "purchase"];
    const known = ["partner_id", "!=", false];
    const october = [
        ["date", ">=", "2026-10-01"],
        ["date", "<=", "2026-10-31"],
    ];
    await contains("[data-card=customers] button").click();
    expect.verifySteps([[company, team, kind, known, ...october]]);
    await contains("tr[data-row='2026-10-01'] [data-column=refunds] button").click();
    expect.verifySteps([[company, team, ["kind", "=", "refund"], ...october]]);
    await contains("tr[data-row='2026-10-01'] [data-column=anonymous] button").click();
    expect.verifySteps([[company, team, kind, ["partner_id", "=", false], ...october]]);
    // all money, whoever bought
    await contains("[data-bar=after]").click();
    expect.verifySteps([[company, team, ...october]]);
    await contains("[data-bar=before]").click();
    expect.verifySteps([
        [company, team, ["date", ">=", "2026-09-01"], ["date", "<=", "2026-09-30"]],
    ]);
    // both months
    await contains("[data-card=bridge] [data-bar=value]").click();
    expect.verifySteps([
        [
            company,
            team,
            kind,
            known,
            "|",
            ...october,
            ["date", ">=", "2026-09-01"],
            ["date", "<=", "2026-09-30"],
        ],
    ]);
    // a zero has nothing behind it
    expect("tr[data-row='2026-09-01'] [data-column=refunds] button").toHaveCount(0);
});

test("new customers, and those who did not come again", async () => {
    mockNvl();
    onRpc("crm.metrics", "nvl_customers", ({args}) => {
        expect.step([args[0].date_from, args[0].date_to, args[1]]);
        return {
            date_from: "2026-08-01",
            date_to: "2026-08-31",
            companies: [{company_id: 1, partner_ids: [4, 5]}],
        };
    });
    await openScreen();
    stepActions();
    await contains(
        "tr[data-row='2026-09-01'] [data-column=lost_customers] button"
    ).click();
    await animationFrame();
    expect.verifySteps([
        ["2026-09-01", "2026-09-30", "lost"],
        [
            ["company_id", "in", [1]],
            ["kind", "=", "purchase"],
            ["partner_id", "!=", false],
            ["date", ">=", "2026-08-01"],
            ["date", "<=", "2026-08-31"],
            ["company_id", "=", 1],
            ["partner_id", "in", [4, 5]],
        ],
    ]);
});

test("levers: the largest first, what would bring nothing says so", async () => {
    mockNvl();
    await openScreen();
    expect(queryAllTexts("[data-card=levers] tbody th")).toEqual([
        "Average Purchase best sales team",
        "Purchases per Customer best customer segment",
        "Customers own best year",
    ]);
    expect(queryAllTexts("[data-card=levers] [data-column=gain]")).toEqual([
        "+10,000",
        "+4,000",
        "best already",
    ]);
    expect(plain(queryAllTexts("[data-card=levers] p")[0])).toBe(
        "The largest lever: Average Purchase at the level of Americas ($ 150 instead of $ 100) would have brought $ 10,000 more in the last 12 months. One factor at a time, the others as they are; an upper bound, not a promise."
    );
    stepActions();
    await contains("tr[data-row=value-team] [data-column=best] button").click();
    await animationFrame();
    expect.verifySteps([
        [
            ["company_id", "in", [1]],
            ["kind", "=", "purchase"],
            ["partner_id", "!=", false],
            ["date", ">=", "2025-11-22"],
            ["date", "<=", "2026-11-21"],
            ["team_id", "=", 2],
        ],
    ]);
});

test("slices side by side; a name narrows to it", async () => {
    mockNvl((options) => {
        expect.step([options.group_by, options.team_ids]);
        const whole = NVL();
        return options.group_by
            ? {
                  ...whole,
                  groups: [
                      {id: 2, name: "Americas", ...NVL()},
                      {id: null, name: "Not set", ...NVL()},
                  ],
              }
            : whole;
    });
    await openScreen("?group=team");
    expect.verifySteps([["team", undefined]]);
    expect("[data-card=slices] h2").toHaveText(
        "By sales team, Oct 2026 against Sep 2026"
    );
    expect(queryAllTexts("[data-card=slices] tr[data-row='2'] td")).toEqual([
        "3,600.50",
        "12",
        "120.02",
        "2.50",
        "30",
        "-100.00",
        "50.00",
        "+1,550.50",
        "+480.25",
        "+500.25",
        "+620.00",
    ]);
    await contains("[data-card=slices] tr[data-row='2'] th button").click();
    await settle();
    expect.verifySteps([[undefined, [2]]]);
    expect(browser.location.search).toBe("?teams=2");
});

test("nothing at all: says what to do first", async () => {
    mockNvl(() => ({...NVL(), periods: [purchases(11, 0, 0, 0)], effects: []}));
    await openScreen();
    expect(".o_crm_metrics_empty h2").toHaveText("No purchases yet");
    expect(".o_crm_metrics_export").toHaveCount(0);
    stepActions();
    await contains(".o_crm_metrics_import_purchases").click();
    expect.verifySteps(["crm_metrics.crm_purchase_entry_action"]);
});

test("who may change the settings is led there", async () => {
    onRpc("res.users", "has_group", () => true);
    mockNvl(() => ({...NVL(), periods: [purchases(11, 0, 0, 0)], effects: []}));
    await openScreen();
    stepActions();
    await contains(".o_crm_metrics_choose_source").click();
    expect.verifySteps(["crm.crm_config_settings_action"]);
});

test("nothing in this selection, and what waits", async () => {
    let count = 1;
    onRpc("crm.purchase", "search_count", () => count);
    onRpc("crm.purchase.entry", "search_count", () => 1);
    const nothing = {...NVL(), periods: [purchases(11, 0, 0, 0)], effects: []};
    mockNvl(() => ({...nothing, meta: {...nothing.meta, queued: 2}}));
    await openScreen("?teams=1");
    expect(".o_crm_metrics_empty h2").toHaveText("No purchases in this selection");
    count = 0;
    await contains(".o_crm_metrics_empty .btn-primary").click();
    await settle();
    expect(".o_crm_metrics_empty h2").toHaveText("The figures are on their way");
});

test("of a first month that is not over, that month is explained", async () => {
    mockNvl(() => {
        const {periods, effects, ...more} = NVL();
        return {
            ...more,
            periods: [purchases(10, 0, 0, 0), periods[2]],
            effects: [{...effects[1], delta: 0}, effects[2]],
            levers: [],
        };
    });
    await openScreen();
    expect("tr[data-row='2026-11-01']").toHaveAttribute("aria-current", "true");
});

test("what lies ahead has no change to explain", async () => {
    mockNvl(() => ({...NVL(), effects: [], levers: []}));
    await openScreen();
    expect("[data-card=bridge]").toHaveCount(0);
    expect("[data-card=levers]").toHaveCount(0);
    expect(".o_crm_metrics_step").toHaveCount(0);
    expect("[data-card=table]").toHaveCount(1);
});
