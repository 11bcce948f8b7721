import {beforeEach, describe, expect, test} from "@odoo/hoot";
import {readFilters, writeFilters} from "@crm_metrics/core/filters";
import {
    bottleneckOf,
    funnelSteps,
    isNothing,
    shareOf,
    stuckNow,
    worstSteps,
} from "@crm_metrics/bottlenecks/bottleneck_figures";
import {COLUMN_IDS} from "@crm_metrics/bottlenecks/bottleneck_columns";
import {
    bottleneckFilters,
    bottleneckOptions,
    groupedOptions,
} from "@crm_metrics/bottlenecks/bottleneck_filters";
import {stayDomain} from "@crm_metrics/bottlenecks/bottleneck_records";
import {nextSort, sortedStages} from "@crm_metrics/bottlenecks/bottleneck_table";
import {pipelineBars} from "@crm_metrics/bottlenecks/bottleneck_waterfall";
import {Formatter} from "@crm_metrics/core/format";
import {bottlenecks, FUNNEL, NOTHING, stage, STAGES} from "./bottlenecks_helpers";
import {mockLocale} from "./crm_metrics_test_helpers";

describe.current.tags("headless");

beforeEach(mockLocale);

const FILTERS = bottleneckFilters(COLUMN_IDS);
const OPTIONS = {date_from: "2026-01-01", date_to: "2026-12-31"};
const {meta: META} = bottlenecks(OPTIONS);

const valuesOf = (query) => readFilters(FILTERS, query).values;

test("what reached a stage went on, was lost, or is still there", () => {
    const steps = funnelSteps(FUNNEL(), "value");
    expect(
        steps.map(({reached, wentOn, lost, rest}) => [reached, wentOn, lost, rest])
    ).toEqual([
        [3200000, 2880000, 320000, 0],
        [2880000, 2368000, 416000, 96000],
        [2368000, 352000, 2016000, 0],
    ]);
    expect(steps.map(({next}) => next)).toEqual(["Proposal", "Negotiation", null]);
    expect(funnelSteps(FUNNEL(), "count").map(({rest}) => rest)).toEqual([5, 21, 0]);
});

test("the worked example: both gaps, 76 % together, 11 % won", () => {
    const funnel = FUNNEL();
    const worst = worstSteps(funnelSteps(funnel, "value"));
    expect(worst.map(({name}) => name)).toEqual(["Negotiation", "Proposal"]);
    const share = (amount) => shareOf(amount, funnel.entered.value);
    expect(worst.map(({lost}) => share(lost))).toEqual([0.63, 0.13]);
    expect(share(worst[0].lost + worst[1].lost)).toBeWithin(0.7599, 0.7601);
    expect(share(funnel.won.value)).toBe(0.11);
    expect(worstSteps(funnelSteps(NOTHING().funnel, "value"))).toEqual([]);
});

test("the bottleneck has the largest gain; nobody has one without a gain", () => {
    expect(bottleneckOf(STAGES()).name).toBe("Proposal");
    // nothing was won yet: there is a probability, but no money
    const gains = [0.01, 0.03, null].map((win_probability, index) =>
        stage(index, `S${index}`, {gain: {win_probability, value: null}})
    );
    expect(bottleneckOf(gains).name).toBe("S1");
    expect(bottleneckOf([stage(1, "S")])).toBe(null);
    expect(bottleneckOf([stage(1, "S", {gain: {win_probability: 0, value: 0}})])).toBe(
        null
    );
});

test("stuck deals of all stages, and a range without any deal", () => {
    expect(stuckNow(STAGES())).toEqual({count: 23, value: 412000});
    expect(isNothing(NOTHING())).toBe(true);
    expect(isNothing(bottlenecks(OPTIONS))).toBe(false);
    // some were open before, in no visit of the range
    const {waterfall} = bottlenecks(OPTIONS);
    expect(isNothing({...NOTHING(), waterfall})).toBe(false);
});

test("stages are ranked by a column, what has no value comes last", () => {
    const names = (sort) => sortedStages(STAGES(), sort).map(({name}) => name);
    expect(names({column: null})).toEqual(["New", "Proposal", "Negotiation"]);
    expect(names({column: "gain"})).toEqual(["Proposal", "Negotiation", "New"]);
    expect(names({column: "gain", isUp: true})).toEqual([
        "New",
        "Negotiation",
        "Proposal",
    ]);
    // fewer than 5 stays say nothing; "more than 91" is more than 18.6
    expect(names({column: "p90", isUp: true})).toEqual([
        "New",
        "Proposal",
        "Negotiation",
    ]);
});

test("a click on a head: largest first, smallest first, the pipeline's order", () => {
    const none = {column: null, isUp: false};
    const down = nextSort(none, "gain");
    expect(down).toEqual({column: "gain", isUp: false});
    const up = nextSort(down, "gain");
    expect(up).toEqual({column: "gain", isUp: true});
    expect(nextSort(up, "gain")).toEqual(none);
    expect(nextSort(up, "open")).toEqual({column: "open", isUp: false});
});

for (const [query, name, value] of [
    [{sort: "gain"}, "sort", {column: "gain", isUp: false}],
    [{sort: "p90-up"}, "sort", {column: "p90", isUp: true}],
    [{what_if: "3:5,14:20"}, "points", {3: 5, 14: 20}],
    [{measure: "count"}, "measure", "count"],
    [{view: "cohort"}, "view", "cohort"],
]) {
    test(`the URL holds ${JSON.stringify(query)}`, () => {
        const {values, rejected} = readFilters(FILTERS, query);
        expect(rejected).toEqual([]);
        expect(values[name]).toEqual(value);
        const written = writeFilters(FILTERS, values);
        const [key] = Object.keys(query);
        expect(written[key]).toBe(query[key]);
    });
}

for (const query of [
    {sort: "name"},
    {sort: "gain-down"},
    {sort: "gain-up-up"},
    {what_if: "3:21"},
    {what_if: "x:5"},
    {what_if: 5},
    {group: "reason"},
]) {
    test(`falls back and says so: ${JSON.stringify(query)}`, () => {
        const {values, rejected} = readFilters(FILTERS, query);
        expect(values).toEqual(valuesOf({}));
        expect(rejected).toHaveLength(1);
    });
}

test("options of the façade", () => {
    const values = valuesOf({
        from: "2026-01-01",
        to: "2026-06-30",
        view: "cohort",
        teams: "1,2",
        reasons: 1,
        group: "user",
        measure: "count",
    });
    const options = {
        date_from: "2026-01-01",
        date_to: "2026-06-30",
        view: "cohort",
        team_ids: [1, 2],
        reason_ids: [1],
    };
    expect(bottleneckOptions(values)).toEqual(options);
    expect(groupedOptions(values)).toEqual({...options, group_by: "user"});
});

function termsOf(figure, query = {}, more = {}) {
    const domain = stayDomain({
        figure,
        stage: 2,
        meta: META,
        values: valuesOf(query),
        companyIds: [1],
        ...more,
    });
    return domain
        .filter(Array.isArray)
        .slice(1)
        .map((term) => term.join(" "));
}

test("stays behind the numbers of the table", () => {
    const [start, end] = ["2026-01-01 00:00:00", "2026-11-21 12:00:00"];
    const known = [`entered <= ${end}`, "stage_key = 2"];
    const alive = ["left = false", `left >= ${start}`];
    expect(termsOf("alive")).toEqual([...known, ...alive]);
    expect(termsOf("open_start")).toEqual([...known, ...alive, `entered < ${start}`]);
    expect(termsOf("entries")).toEqual([...known, `entered >= ${start}`]);
    expect(termsOf("open")).toEqual([
        ...known,
        ...alive,
        "left = false",
        `left > ${end}`,
    ]);
    expect(termsOf("exits")).toEqual([...known, ...alive, `left <= ${end}`]);
    expect(termsOf("lost")).toEqual([
        ...known,
        ...alive,
        `left <= ${end}`,
        "outcome in lost",
    ]);
    // those that are cut off are no events
    expect(termsOf("events").at(-1)).toBe("outcome in forward,backward,won,lost");
    // a cohort knows nothing of stays that began before
    expect(termsOf("lost", {view: "cohort"})).toEqual([
        ...known,
        `entered >= ${start}`,
        `left <= ${end}`,
        "outcome in lost",
    ]);
});

test("filters narrow the stays, too", () => {
    const terms = termsOf("lost", {teams: 3, sources: 7}, {reason: null, deals: [5]});
    expect(terms).toInclude("team_id in 3");
    expect(terms).toInclude("source_id in 7");
    expect(terms).toInclude("lead_key in 5");
    expect(terms).toInclude("lost_reason_id = false");
});

test("the waterfall of open value closes; a win is green", () => {
    const frame = {now: bottlenecks(OPTIONS), format: new Formatter("USD")};
    const bars = pipelineBars({...frame, openDeals: () => {}});
    expect(bars.map(({id}) => id)).toEqual([
        "start",
        "created",
        "reopened",
        "increased",
        "decreased",
        "won",
        "lost",
        "archived",
        "end",
    ]);
    expect(bars.at(-2).to).toBe(96000);
    expect(bars.at(-1).to).toBe(96000);
    expect(bars.find(({id}) => id === "won").tone).toBe("gain");
    expect(bars.find(({id}) => id === "lost").tone).toBe("loss");
});
