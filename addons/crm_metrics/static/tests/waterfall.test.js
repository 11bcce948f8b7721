import {beforeEach, describe, expect, test} from "@odoo/hoot";
import {lastDay} from "@crm_metrics/core/period";
import {toBars} from "@crm_metrics/waterfall_chart/waterfall";
import {
    isNothing,
    shownKinds,
    waterfallSteps,
    wholeRange,
} from "@crm_metrics/recurring/recurring_figures";
import {movementsAction} from "@crm_metrics/recurring/recurring_records";
import {mockLocale, month, result} from "./crm_metrics_test_helpers";

describe.current.tags("headless");

beforeEach(mockLocale);

const PERIODS = [
    month(1, 2000000, {new: 500000, churn: -50000}, {opening: 100, new: 4, churn: -1}),
    month(2, 2450000, {new: 300000, expansion: 300000, churn: -150000}, {opening: 103}),
];

test("bars hang where the one before ended", () => {
    const bars = toBars(waterfallSteps(PERIODS));
    expect(bars.map(({id, from, to, tone}) => [id, from, to, tone])).toEqual([
        ["opening", 0, 2000000, "total"],
        ["new", 2000000, 2800000, "gain"],
        ["reactivation", 2800000, 2800000, "none"],
        ["expansion", 2800000, 3100000, "gain"],
        ["contraction", 3100000, 3100000, "none"],
        ["churn", 3100000, 2900000, "loss"],
        ["closing", 0, 2900000, "total"],
    ]);
    // the last change ends at the closing balance
    expect(bars.at(-2).to).toBe(bars.at(-1).to);
});

test("what is only agreed on is a part of the bar", () => {
    const known = [month(1, 100, {new: 50, churn: -30})];
    const all = [month(1, 100, {new: 80, expansion: 10, churn: -30, contraction: -5})];
    const bars = toBars(waterfallSteps(all, 1, known));
    const parts = bars.map(({id, from, knownTo, to}) => [id, from, knownTo, to]);
    expect(parts).toEqual([
        ["opening", 0, 100, 100],
        ["new", 100, 150, 180],
        ["reactivation", 180, 180, 180],
        ["expansion", 180, 180, 190],
        ["contraction", 190, 190, 185],
        ["churn", 185, 155, 155],
        ["closing", 0, 120, 155],
    ]);
    // a fact that is undone later is no longer than what is left of it
    const less = [month(1, 100, {new: 20})];
    expect(toBars(waterfallSteps(less, 1, known))[1].knownTo).toBe(120);
    expect(toBars(waterfallSteps(PERIODS))[1].knownTo).toBe(2800000);
});

test("ARR is twelve times as high", () => {
    const amounts = (steps) => steps.map(({amount}) => amount);
    expect(amounts(waterfallSteps(PERIODS, 12))).toEqual(
        amounts(waterfallSteps(PERIODS)).map((amount) => 12 * amount)
    );
});

test("the whole range keeps the identity, cents included", () => {
    const periods = [month(1, 0.1, {new: 0.2}), month(2, 0.3, {new: 0.1})];
    expect(wholeRange(periods).new).toBe(0.3);
    expect(wholeRange(periods).opening).toBe(0.1);
    expect(wholeRange(PERIODS).customers).toEqual({opening: 100, closing: 103});
});

test("currency and transfer are there when anything of them is, though it nets to 0", () => {
    const ids = (periods) => shownKinds(periods).map(({id}) => id);
    expect(ids(PERIODS)).not.toInclude("fx");
    expect(ids(PERIODS)).not.toInclude("transfer");
    expect(ids([month(1, 10, {fx: 1}), month(2, 11, {fx: -1})])).toInclude("fx");
    expect(ids([month(1, 10, {transfer: -3})])).toInclude("transfer");
});

test("a bar of a slice may carry the other sign", () => {
    const bars = toBars(waterfallSteps([month(1, 100, {expansion: -40, churn: 5})]));
    const tones = Object.fromEntries(bars.map(({id, tone}) => [id, tone]));
    expect(tones.expansion).toBe("loss");
    expect(tones.churn).toBe("gain");
});

test("nothing is nothing only when nothing moved", () => {
    expect(isNothing([month(1, 0), month(2, 0)])).toBe(true);
    expect(isNothing([month(1, 0, {new: 5, churn: -5})])).toBe(false);
    expect(isNothing([month(1, 0, {}, {opening: 1})])).toBe(false);
    expect(isNothing(PERIODS)).toBe(false);
});

// -----------------------------------------------------------------------------
// records behind a figure
// -----------------------------------------------------------------------------

const VALUES = {view: "activity", teams: [], users: []};

function domainOf(figure, {values = {}, period = PERIODS[1], meta = {}} = {}) {
    const options = {date_from: "2026-01-01", date_to: "2026-02-28", grain: "month"};
    return movementsAction({
        figure,
        label: "A figure",
        period,
        meta: {...result(options, PERIODS).meta, ...meta},
        values: {...VALUES, ...values},
        companyIds: [1, 4],
    });
}

test("a kind opens its movements of the period", () => {
    const action = domainOf("churn", {values: {teams: [3], users: [7, 8]}});
    expect(action.res_model).toBe("crm.mrr.movement");
    expect(action.domain).toEqual([
        ["company_id", "in", [1, 4]],
        ["team_id", "in", [3]],
        ["user_id", "in", [7, 8]],
        ["date", ">=", "2026-02-01"],
        ["date", "<=", "2026-02-28"],
        ["kind", "=", "churn"],
    ]);
    expect(action.name).toBe("A figure, Feb 2026");
    expect(action.context).toEqual({});
});

test("balances open all that moved until then, customer by customer", () => {
    expect(domainOf("opening").domain.slice(1)).toEqual([["date", "<", "2026-02-01"]]);
    for (const figure of ["closing", "customers"]) {
        const action = domainOf(figure);
        expect(action.domain.slice(1)).toEqual([["date", "<=", "2026-02-28"]]);
        expect(action.context).toEqual({group_by: ["partner_id"]});
    }
});

test("slices and filters by anything", () => {
    const values = {plans: [2], reasons: [5]};
    expect(domainOf("churn", {values}).domain.slice(1, 3)).toEqual([
        ["recurring_plan_id", "in", [2]],
        ["close_reason_id", "in", [5]],
    ]);
});

test("committed: what is agreed on is in it, a term that runs out is not", () => {
    const meta = {
        date_to: "2026-12-31",
        as_of: "2026-02-10T12:00:00Z",
        last_day: "2026-02-10",
    };
    const values = {view: "committed"};
    expect(domainOf("new", {meta, values}).domain.slice(1)).toEqual([
        "|",
        ["date", "<=", "2026-02-10"],
        ["renewal_due", "=", false],
        ["date", ">=", "2026-02-01"],
        ["date", "<=", "2026-02-28"],
        ["kind", "=", "new"],
    ]);
});

test("net: no domain gives the kind of a customer's period, all of it opens", () => {
    const action = domainOf("expansion", {values: {view: "net"}});
    expect(action.domain.slice(1)).toEqual([
        ["date", ">=", "2026-02-01"],
        ["date", "<=", "2026-02-28"],
    ]);
    expect(action.name).toMatch(/All movements/);
    expect(action.context).toEqual({group_by: ["partner_id"]});
});

test("the same last day as the figures: nothing that lies ahead", () => {
    const meta = {date_to: "2026-12-31", as_of: "2026-02-10T12:00:00Z"};
    expect(lastDay(meta)).toBe("2026-02-10");
    expect(lastDay({...meta, as_of: "2027-01-05T12:00:00Z"})).toBe("2026-12-31");
    expect(lastDay({...meta, last_day: "2026-02-11"})).toBe("2026-02-11");
    expect(domainOf("new", {meta}).domain).toInclude(["date", "<=", "2026-02-10"]);
    expect(domainOf("closing", {meta}).domain).toInclude(["date", "<=", "2026-02-10"]);
});
