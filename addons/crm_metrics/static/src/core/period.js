import {formatDate} from "@web/core/l10n/dates";
import {_t} from "@web/core/l10n/translation";

const {DateTime} = luxon;

/**
 * Grains of a report, finest first. The order matters: see `coarsened`.
 */
export const GRAINS = [
    {id: "day", label: _t("Day"), plural: _t("By day"), days: 1},
    {id: "week", label: _t("Week"), plural: _t("By week"), days: 7},
    {id: "month", label: _t("Month"), plural: _t("By month"), days: 30},
    {id: "quarter", label: _t("Quarter"), plural: _t("By quarter"), days: 91},
    {id: "year", label: _t("Year"), plural: _t("By year"), days: 365},
];

/** More rows than this nobody reads; the server would only be kept busy. */
export const MAX_PERIODS = 400;

/**
 * Ranges that move with the calendar. Those that contain today end today, so that
 * they compare with a past range of the same length.
 */
export const PRESETS = [
    {
        id: "last_12_months",
        label: _t("Last 12 Months"),
        range: (today) => [today.startOf("month").minus({months: 11}), today],
    },
    {
        id: "this_year",
        label: _t("This Year"),
        range: (today) => [today.startOf("year"), today],
    },
    {
        id: "last_year",
        label: _t("Last Year"),
        range: (today) => whole(today.minus({years: 1}), "year"),
    },
    {
        id: "this_quarter",
        label: _t("This Quarter"),
        range: (today) => [today.startOf("quarter"), today],
    },
    {
        id: "last_quarter",
        label: _t("Last Quarter"),
        range: (today) => whole(today.minus({quarters: 1}), "quarter"),
    },
    {
        id: "this_month",
        label: _t("This Month"),
        range: (today) => [today.startOf("month"), today],
    },
    {
        id: "last_month",
        label: _t("Last Month"),
        range: (today) => whole(today.minus({months: 1}), "month"),
    },
    {
        id: "last_36_months",
        label: _t("Last 36 Months"),
        range: (today) => [today.startOf("month").minus({months: 35}), today],
    },
    // for what is agreed on: beyond today
    {
        id: "around_today",
        label: _t("6 Months Back and Ahead"),
        isAhead: true,
        range: (today) => [
            today.startOf("month").minus({months: 6}),
            today.plus({months: 6}).endOf("month"),
        ],
    },
    {
        id: "next_12_months",
        label: _t("Next 12 Months"),
        isAhead: true,
        range: (today) => [
            today.startOf("month"),
            today.plus({months: 11}).endOf("month"),
        ],
    },
    {
        id: "whole_year",
        label: _t("This Year to Its End"),
        isAhead: true,
        range: (today) => whole(today, "year"),
    },
];

export const DEFAULT_PERIOD = {preset: "last_12_months"};

function whole(day, unit) {
    return [day.startOf(unit), day.endOf(unit)];
}

/**
 * @typedef {{preset: string} | {from: string, to: string}} Period ISO dates, inclusive
 * @typedef {{from: string, to: string}} Range
 */

/**
 * @param {Period} period
 * @param {luxon.DateTime} [today]
 * @returns {Range}
 */
export function rangeOf(period, today = DateTime.local()) {
    if (!period.preset) {
        return {from: period.from, to: period.to};
    }
    const preset = PRESETS.find(({id}) => id === period.preset);
    const [from, to] = preset.range(today);
    return {from: from.toISODate(), to: to.toISODate()};
}

/**
 * The range of equal length that ends the day before: as many months when the range
 * is made of whole months, else as many days.
 *
 * @param {Range} range
 * @returns {Range}
 */
export function previousRange({from, to}) {
    const first = DateTime.fromISO(from);
    const last = DateTime.fromISO(to);
    const after = last.plus({days: 1});
    const before = first.minus({days: 1}).toISODate();
    if (first.day === 1 && after.day === 1) {
        const months = Math.round(after.diff(first, "months").months);
        return {from: first.minus({months}).toISODate(), to: before};
    }
    const days = Math.round(after.diff(first, "days").days);
    return {from: first.minus({days}).toISODate(), to: before};
}

/**
 * @param {Range} range
 * @param {string} grain
 * @returns {string} the grain, or the next coarser one that gives a readable number
 *  of periods
 */
export function coarsened({from, to}, grain) {
    const days = DateTime.fromISO(to).diff(DateTime.fromISO(from), "days").days + 1;
    const index = GRAINS.findIndex(({id}) => id === grain);
    const fitting = GRAINS.slice(index).find((g) => days / g.days <= MAX_PERIODS);
    return (fitting || GRAINS.at(-1)).id;
}

/**
 * @param {string} value
 * @returns {boolean} whether it is an ISO date in a year that makes sense
 */
export function isDate(value) {
    if (typeof value !== "string" || !/^\d{4}-\d{2}-\d{2}$/.test(value)) {
        return false;
    }
    const date = DateTime.fromISO(value);
    return date.isValid && date.year >= 1970 && date.year < 2200;
}

/**
 * @param {Range} range
 * @returns {string} e.g. "Jan 2026 - Oct 2026" for whole months, else with the days
 */
export function rangeLabel({from, to}) {
    const first = DateTime.fromISO(from);
    const last = DateTime.fromISO(to);
    if (first.day === 1 && last.plus({days: 1}).day === 1) {
        const names = [first.toFormat("LLL yyyy"), last.toFormat("LLL yyyy")];
        return [...new Set(names)].join(" – ");
    }
    const days = [formatDate(first), formatDate(last)];
    return [...new Set(days)].join(" – ");
}

const PERIOD_FORMATS = {
    week: "kkkk-'W'WW",
    month: "LLL yyyy",
    quarter: "'Q'q yyyy",
    year: "yyyy",
};

/**
 * @param {{date_from: string}} period of a façade result
 * @param {string} grain
 * @returns {string}
 */
export function periodLabel(period, grain) {
    const first = DateTime.fromISO(period.date_from);
    const format = PERIOD_FORMATS[grain];
    return format ? first.toFormat(format) : formatDate(first);
}

/**
 * @param {Object} meta of a façade result
 * @returns {string} the last day that is in the figures
 */
export function lastDay(meta) {
    if (meta.last_day) {
        return meta.last_day;
    }
    const asOf = DateTime.fromISO(meta.as_of).toISODate();
    return asOf < meta.date_to ? asOf : meta.date_to;
}
