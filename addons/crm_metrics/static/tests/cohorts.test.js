import {beforeEach, describe, expect, test} from "@odoo/hoot";
import {queryAllTexts, queryOne} from "@odoo/hoot-dom";
import {animationFrame, runAllTimers} from "@odoo/hoot-mock";
import {contains, onRpc} from "@web/../tests/web_test_helpers";
import {browser} from "@web/core/browser/browser";
import {
    averages,
    FIGURES,
    heatScale,
    rateOf,
} from "@crm_metrics/cohorts/cohort_figures";
import {dayOfAge} from "@crm_metrics/cohorts/cohort_records";
import {defineScreens, month, result, screenOpener} from "./crm_metrics_test_helpers";

describe.current.tags("desktop");

beforeEach(defineScreens);

const [NET, GROSS, CUSTOMERS] = FIGURES;

const COHORTS = () => [
    {
        cohort: "2026-10-01",
        customers: 4,
        mrr: 300,
        ages: [
            {age: 0, customers: 4, net: 300, gross: 300},
            {age: 1, customers: 3, net: 330, gross: 240},
        ],
    },
    {
        cohort: "2026-11-01",
        customers: 1,
        mrr: 100,
        ages: [{age: 0, customers: 1, net: 100, gross: 100}],
    },
];

function mockCohorts(answer) {
    onRpc("crm.metrics", "recurring_cohorts", ({args}) => ({
        meta: result(args[0], [month(11, 0)]).meta,
        cohorts: answer(args[0]),
    }));
}

const openScreen = screenOpener("recurring-cohorts", ".o_crm_metrics_heat");

test("rates and their weighted averages", () => {
    const cohorts = COHORTS();
    const rates = (figure) =>
        cohorts.map((cohort) => cohort.ages.map((age) => rateOf(figure, cohort, age)));
    expect(rates(NET)).toEqual([[1, 1.1], [1]]);
    expect(rates(GROSS)).toEqual([[1, 0.8], [1]]);
    expect(rates(CUSTOMERS)).toEqual([[1, 0.75], [1]]);
    expect(averages(NET, cohorts)).toEqual([
        {part: 400, whole: 400, rate: 1},
        {part: 330, whole: 300, rate: 1.1},
    ]);
    const empty = {...cohorts[1], mrr: 0};
    expect(rateOf(NET, empty, empty.ages[0])).toBe(null);
    expect(averages(NET, [])).toEqual([]);
});

test("the more is left, the stronger; above 100 % another colour", () => {
    const scale = heatScale([1, 0.5, 1.4, null]);
    expect(scale(1)).toEqual({heat: 1, tone: "total"});
    expect(scale(0.5)).toEqual({heat: 0, tone: "total"});
    expect(scale(1.4)).toEqual({heat: 1, tone: "gain"});
    expect(scale(1.004).tone).toBe("total");
    expect(scale(null).heat).toBe(null);
});

test("an age is the end of a month, or as far as figures go", () => {
    expect(dayOfAge("2026-01-01", 1, "2026-11-21")).toBe("2026-02-28");
    expect(dayOfAge("2026-10-01", 1, "2026-11-21")).toBe("2026-11-21");
});

test("the heat map is a table with words", async () => {
    mockCohorts((options) => {
        expect.step(options);
        return COHORTS();
    });
    await openScreen();
    expect.verifySteps([{date_from: "2025-12-01", date_to: "2026-11-21"}]);
    expect(queryAllTexts("tr[data-row='2026-10-01'] > *")).toEqual([
        "Oct 2026",
        "4",
        "300",
        "100%",
        "110%",
    ]);
    expect(queryAllTexts("tr[data-row=total] .o_crm_metrics_heat_cell")).toEqual([
        "100%",
        "110%",
    ]);
    const cell = queryOne("tr[data-row='2026-10-01'] td[data-column='1'] button");
    expect(cell.getAttribute("aria-label").replace(/\u00a0/g, " ")).toBe(
        "Oct 2026, month 1: 110.0%, $ 330.00 of $ 300.00 a month"
    );
    await contains("[data-choice=customers]").click();
    await runAllTimers();
    await animationFrame();
    expect(browser.location.search).toBe("?figure=customers");
    // the same figures, no new call
    expect.verifySteps([]);
    expect("tr[data-row='2026-10-01'] td[data-column='1']").toHaveText("75%");
    const url = new URL(queryOne(".o_crm_metrics_export").href);
    expect(url.pathname).toBe("/crm_metrics/recurring_cohorts.xlsx");
    expect(url.searchParams.get("figure")).toBe("customers");
});

test("a cell opens the movements of the customers who began in that month", async () => {
    mockCohorts(() => COHORTS());
    const groups = [
        {company_id: [1, "A"], partner_id: [7, "Early"]},
        {company_id: [1, "A"], partner_id: [8, "Back again"]},
    ];
    onRpc("crm.mrr.movement", "formatted_read_group", ({kwargs}) =>
        // the second one had been a customer before: away so long that it is new
        kwargs.domain.some(([field]) => field === "kind") ? groups : groups.slice(1)
    );
    onRpc("crm.mrr.movement", "web_read_group", ({kwargs}) => {
        expect.step(kwargs.domain.filter((term) => Array.isArray(term)));
    });
    await openScreen("?teams=2");
    await contains("tr[data-row='2026-10-01'] td[data-column='1'] button").click();
    await animationFrame();
    expect.verifySteps([
        [
            ["company_id", "in", [1]],
            ["team_id", "in", [2]],
            ["date", "<=", "2026-11-21"],
            ["company_id", "=", 1],
            ["partner_id", "in", [7]],
        ],
    ]);
    expect(".o_list_view").toHaveCount(1);
});

test("nobody began: says so", async () => {
    mockCohorts(() => []);
    await openScreen();
    expect(".o_crm_metrics_empty h2").toHaveText(
        "No customers with recurring revenue yet"
    );
    expect(".o_crm_metrics_export").toHaveCount(0);
});

test("nobody began in this selection: offers more", async () => {
    onRpc("crm.mrr.movement", "search_count", () => 1);
    mockCohorts((options) => (options.date_from < "2024-01-01" ? COHORTS() : []));
    await openScreen("?period=this_month");
    expect(".o_crm_metrics_empty h2").toHaveText("No new customers in this selection");
    await contains(".o_crm_metrics_empty .btn-primary").click();
    await runAllTimers();
    await animationFrame();
    expect(".o_crm_metrics_heat").toHaveCount(1);
});
