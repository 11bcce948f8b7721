import {describe, expect, test} from "@odoo/hoot";
import {
    choiceFilter,
    grainFilter,
    idsFilter,
    periodFilter,
    readFilters,
    writeFilters,
} from "@crm_metrics/core/filters";

describe.current.tags("headless");

const FILTERS = {
    view: choiceFilter("view", ["activity", "net"]),
    period: periodFilter(),
    grain: grainFilter(),
    teams: idsFilter("teams", "crm.team"),
};
const DEFAULTS = {
    view: "activity",
    period: {preset: "last_12_months"},
    grain: "month",
    teams: [],
};

/** What the router makes of values: digits become numbers, undefined goes away. */
function throughUrl(query) {
    const defined = Object.entries(query).filter(([, value]) => value !== undefined);
    const search = new URLSearchParams(defined);
    return Object.fromEntries(
        [...search].map(([key, value]) => [key, isNaN(value) ? value : Number(value)])
    );
}

test("a URL without parameters gives the defaults, and they give no parameters", () => {
    expect(readFilters(FILTERS, {})).toEqual({values: DEFAULTS, rejected: []});
    expect(throughUrl(writeFilters(FILTERS, DEFAULTS))).toEqual({});
});

test("parameters that stand for another filter's value are removed", () => {
    const query = writeFilters(FILTERS, {...DEFAULTS, period: {preset: "last_year"}});
    expect(Object.keys(query).sort()).toEqual([
        "from",
        "grain",
        "period",
        "teams",
        "to",
        "view",
    ]);
    expect(query.from).toBe(undefined);
});

for (const changes of [
    {view: "net"},
    {period: {preset: "this_year"}},
    {period: {from: "2026-01-15", to: "2026-02-03"}},
    {grain: "week"},
    {teams: [3]},
    {teams: [3, 14]},
    {view: "net", grain: "day", period: {preset: "last_month"}, teams: [1, 2]},
]) {
    test(`reopens as it was: ${JSON.stringify(changes)}`, () => {
        const values = {...DEFAULTS, ...changes};
        const query = throughUrl(writeFilters(FILTERS, values));
        expect(readFilters(FILTERS, query)).toEqual({values, rejected: []});
    });
}

for (const query of [
    {view: "committed"},
    {view: 1},
    {grain: "decade"},
    {period: "tomorrow"},
    {from: "2026-02-03", to: "2026-01-15"},
    {from: "2026-02-30", to: "2026-03-01"},
    {from: "0001-01-01", to: "2026-03-01"},
    {from: "2026-01-01"},
    {from: 20260101, to: 20260131},
    {teams: "1,x"},
    {teams: "1;2"},
    {teams: -4},
    {teams: 1.5},
]) {
    test(`falls back and says so: ${JSON.stringify(query)}`, () => {
        const {values, rejected} = readFilters(FILTERS, query);
        expect(values).toEqual(DEFAULTS);
        expect(rejected).toEqual(
            Object.entries(query).map(([key, value]) => `${key}=${value}`)
        );
    });
}

test("keys of others and empty values are no business of the filters", () => {
    const query = {debug: "1", view: "", action: "recurring-revenue"};
    expect(readFilters(FILTERS, query)).toEqual({values: DEFAULTS, rejected: []});
});
