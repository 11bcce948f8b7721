import {_t} from "@web/core/l10n/translation";
import {choiceFilter, grainFilter, idsFilter, periodFilter} from "./filters";
import {coarsened, rangeOf} from "./period";

/**
 * By what figures can be narrowed and sliced, on any screen.
 *
 * @typedef {Object} Slice
 * @property {string} id value of the façade's `group_by`
 * @property {string} filter name of the filter, also in the URL
 * @property {string} option key of the façade's options
 * @property {string} field of the fact
 * @property {string} resModel
 * @property {string} label
 * @property {string} [allLabel] it is one of the filters that share a menu
 * @property {string} by title of what is sliced by it
 */

/** @type {Slice} */
export const TEAM = {
    id: "team",
    filter: "teams",
    option: "team_ids",
    field: "team_id",
    resModel: "crm.team",
    label: _t("Sales Team"),
    by: _t("By sales team"),
};

/** @type {Slice} */
export const USER = {
    id: "user",
    filter: "users",
    option: "user_ids",
    field: "user_id",
    resModel: "res.users",
    label: _t("Salesperson"),
    by: _t("By salesperson"),
};

/** @type {Slice} */
export const SOURCE = {
    id: "source",
    filter: "sources",
    option: "source_ids",
    field: "source_id",
    resModel: "utm.source",
    label: _t("Source"),
    allLabel: _t("All Sources"),
    by: _t("By source of the opportunity"),
};

/** @type {Slice} */
export const COUNTRY = {
    id: "country",
    filter: "countries",
    option: "country_ids",
    field: "country_id",
    resModel: "res.country",
    label: _t("Country"),
    allLabel: _t("All Countries"),
    by: _t("By country"),
};

export const NO_GROUP = "none";

/**
 * @param {Slice[]} slices
 * @returns {Object[]} choices of a grouping, the first is none
 */
export function groupChoices(slices) {
    return [
        {id: NO_GROUP, label: _t("No Grouping")},
        ...slices.map(({id, label}) => ({id, label})),
    ];
}

/** @returns {Slice[]} those that share one menu in the header */
export function moreFilters(slices) {
    return slices.filter(({allLabel}) => allLabel);
}

/** @returns {Object<string, import("./filters").Filter>} */
export function sliceFilters(slices) {
    return Object.fromEntries(
        slices.map(({filter, resModel}) => [filter, idsFilter(filter, resModel)])
    );
}

/**
 * @param {Slice[]} slices
 * @param {Object} values of the filters
 * @returns {Object} the options of the façade that narrow a result
 */
export function sliceOptions(slices, values) {
    const chosen = slices.filter(({filter}) => values[filter]?.length);
    return Object.fromEntries(
        chosen.map(({filter, option}) => [option, [...values[filter]]])
    );
}

/**
 * @param {Slice[]} slices
 * @param {Object} values of the filters
 * @returns {Array} terms of a domain of the fact
 */
export function sliceTerms(slices, values) {
    return slices
        .filter(({filter}) => values[filter]?.length)
        .map(({filter, field}) => [field, "in", [...values[filter]]]);
}

/**
 * @param {Slice[]} compared those that a screen compares
 * @param {Slice[]} narrowing those that it can be narrowed by
 * @returns {Object<string, import("./filters").Filter>} of a screen with figures over time
 */
export function timeFilters(compared, narrowing) {
    return {
        period: periodFilter(),
        grain: grainFilter(),
        group: choiceFilter(
            "group",
            groupChoices(compared).map(({id}) => id)
        ),
        ...sliceFilters(narrowing),
    };
}

/**
 * @param {Slice[]} narrowing
 * @param {Object} values of `timeFilters`
 * @returns {Object} options of the façade, without `group_by`
 */
export function timeOptions(narrowing, values) {
    const range = rangeOf(values.period);
    return {
        date_from: range.from,
        date_to: range.to,
        grain: coarsened(range, values.grain),
        ...sliceOptions(narrowing, values),
    };
}

/** @returns {Object} the options with the slices that the screen compares */
export function withGroup(options, {group}) {
    return group === NO_GROUP ? options : {...options, group_by: group};
}
