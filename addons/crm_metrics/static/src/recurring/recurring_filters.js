import {_t} from "@web/core/l10n/translation";
import {choiceFilter, periodFilter} from "../core/filters";
import {rangeOf} from "../core/period";
import {
    COUNTRY,
    groupChoices,
    moreFilters,
    sliceFilters,
    sliceOptions,
    SOURCE,
    TEAM,
    timeFilters,
    timeOptions,
    USER,
} from "../core/slices";

/**
 * By what recurring revenue can be narrowed and sliced, in the order of the menus.
 *
 * @typedef {import("../core/slices").Slice} Slice of crm.mrr.movement, and besides
 * @property {string} [leadField] of crm.lead: an open one has no close reason
 * @property {boolean} [onlyLosses] only losses are in it: no balances
 */

/** @type {Slice[]} */
export const SLICES = [
    {...TEAM, leadField: "team_id"},
    {...USER, leadField: "user_id"},
    {
        id: "plan",
        filter: "plans",
        option: "plan_ids",
        field: "recurring_plan_id",
        leadField: "recurring_plan",
        resModel: "crm.recurring.plan",
        label: _t("Recurring Plan"),
        allLabel: _t("All Plans"),
        by: _t("By recurring plan"),
    },
    {...SOURCE, leadField: "source_id"},
    {...COUNTRY, leadField: "country_id"},
    {
        id: "reason",
        filter: "reasons",
        option: "reason_ids",
        field: "close_reason_id",
        resModel: "crm.subscription.close.reason",
        label: _t("Close Reason"),
        allLabel: _t("All Close Reasons"),
        by: _t("By close reason"),
        onlyLosses: true,
    },
];

export const MORE_FILTERS = moreFilters(SLICES);

export const GROUPS = groupChoices(SLICES);

export const VIEWS = [
    {
        id: "activity",
        label: _t("Activity"),
        help: _t("Everything that happened, day by day"),
    },
    {
        id: "net",
        label: _t("Net"),
        help: _t("Each customer at the end of a period against its start"),
    },
    {
        id: "committed",
        label: _t("Committed"),
        help: _t("What happened, and what was agreed on for later days"),
    },
];

export const MEASURES = [
    {id: "arr", label: _t("ARR"), help: _t("Amounts a year: 12 times the MRR")},
    {id: "mrr", label: _t("MRR"), help: _t("Amounts a month")},
];

const idsOf = (choices) => choices.map(({id}) => id);

export const RECURRING_FILTERS = {
    view: choiceFilter("view", idsOf(VIEWS)),
    measure: choiceFilter("measure", idsOf(MEASURES)),
    ...timeFilters(SLICES, SLICES),
};

export const COHORT_FILTERS = {
    figure: choiceFilter("figure", ["net", "gross", "customers"]),
    period: periodFilter(),
    ...sliceFilters(SLICES),
};

/** @returns {Object} options of `crm.metrics.recurring`, without `group_by` */
export function recurringOptions(values) {
    return {...timeOptions(SLICES, values), view: values.view};
}

/** @returns {Object} options of `crm.metrics.recurring_cohorts` */
export function cohortOptions(values) {
    const range = rangeOf(values.period);
    return {date_from: range.from, date_to: range.to, ...sliceOptions(SLICES, values)};
}

const AHEAD = {preset: "around_today"};

/**
 * What was agreed on for later is seen only in a range that reaches there, and nothing
 * else is in it: the range follows the view.
 *
 * @param {Object} changes of the filters that the user asked for
 * @param {Object} values as they were
 * @param {luxon.DateTime} [today]
 * @returns {Object} the changes to be made
 */
export function withFittingPeriod(changes, values, today = luxon.DateTime.local()) {
    if (!changes.view || changes.period) {
        return changes;
    }
    const iso = today.toISODate();
    const {from, to} = rangeOf(values.period, today);
    if (changes.view === "committed" && to <= iso) {
        return {...changes, period: AHEAD};
    }
    const wasAhead = values.period.preset === AHEAD.preset || from > iso;
    if (values.view === "committed" && changes.view !== "committed" && wasAhead) {
        return {...changes, period: RECURRING_FILTERS.period.default};
    }
    return changes;
}
