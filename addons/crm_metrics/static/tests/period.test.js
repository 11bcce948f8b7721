import {beforeEach, describe, expect, test} from "@odoo/hoot";
import {
    coarsened,
    isDate,
    periodLabel,
    PRESETS,
    previousRange,
    rangeLabel,
    rangeOf,
} from "@crm_metrics/core/period";
import {mockLocale} from "./crm_metrics_test_helpers";

describe.current.tags("headless");

beforeEach(mockLocale);

const {DateTime} = luxon;
const TODAY = DateTime.fromISO("2026-11-21");

for (const [preset, from, to] of [
    ["last_12_months", "2025-12-01", "2026-11-21"],
    ["this_year", "2026-01-01", "2026-11-21"],
    ["last_year", "2025-01-01", "2025-12-31"],
    ["this_quarter", "2026-10-01", "2026-11-21"],
    ["last_quarter", "2026-07-01", "2026-09-30"],
    ["this_month", "2026-11-01", "2026-11-21"],
    ["last_month", "2026-10-01", "2026-10-31"],
    ["last_36_months", "2023-12-01", "2026-11-21"],
]) {
    test(`preset ${preset}`, () => {
        expect(rangeOf({preset}, TODAY)).toEqual({from, to});
    });
}

test("every preset is a range on a leap day and at the turn of a year", () => {
    for (const iso of ["2028-02-29", "2026-01-01", "2026-12-31"]) {
        for (const {id} of PRESETS) {
            const {from, to} = rangeOf({preset: id}, DateTime.fromISO(iso));
            expect(isDate(from) && isDate(to) && from <= to).toBe(true);
        }
    }
});

for (const [from, to, previousFrom, previousTo] of [
    // whole months compare with as many whole months
    ["2026-01-01", "2026-12-31", "2025-01-01", "2025-12-31"],
    ["2026-03-01", "2026-03-31", "2026-02-01", "2026-02-28"],
    ["2026-07-01", "2026-09-30", "2026-04-01", "2026-06-30"],
    // other ranges with as many days
    ["2026-11-01", "2026-11-21", "2026-10-11", "2026-10-31"],
    ["2026-03-29", "2026-03-29", "2026-03-28", "2026-03-28"],
]) {
    test(`the equal range before ${from} - ${to}`, () => {
        expect(previousRange({from, to})).toEqual({from: previousFrom, to: previousTo});
    });
}

test("a grain that gives unreadably many periods becomes coarser", () => {
    const year = {from: "2026-01-01", to: "2026-12-31"};
    expect(coarsened(year, "day")).toBe("day");
    expect(coarsened({from: "2020-01-01", to: "2026-12-31"}, "day")).toBe("week");
    expect(coarsened({from: "1970-01-01", to: "2199-12-31"}, "day")).toBe("year");
    expect(coarsened(year, "quarter")).toBe("quarter");
});

test("labels", () => {
    expect(rangeLabel({from: "2026-01-01", to: "2026-10-31"})).toBe(
        "Jan 2026 – Oct 2026"
    );
    expect(rangeLabel({from: "2026-02-01", to: "2026-02-28"})).toBe("Feb 2026");
    expect(rangeLabel({from: "2026-02-01", to: "2026-02-27"})).toMatch(/–/);
    const first = {date_from: "2026-04-01"};
    expect(periodLabel(first, "month")).toBe("Apr 2026");
    expect(periodLabel(first, "quarter")).toBe("Q2 2026");
    expect(periodLabel(first, "year")).toBe("2026");
    expect(periodLabel({date_from: "2024-12-30"}, "week")).toBe("2025-W01");
});
