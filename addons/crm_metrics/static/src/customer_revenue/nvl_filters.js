import {_t} from "@web/core/l10n/translation";
import {dayFilter} from "../core/filters";
import {
    COUNTRY,
    groupChoices,
    moreFilters,
    TEAM,
    timeFilters,
    timeOptions,
    USER,
    withGroup,
} from "../core/slices";

/** By what purchases can be narrowed and compared. */
export const SLICES = [TEAM, USER, {...COUNTRY, by: _t("By country of the customer")}];

export const GROUPS = groupChoices(SLICES);

export const MORE_FILTERS = moreFilters(SLICES);

export const NVL_FILTERS = {
    ...timeFilters(SLICES, SLICES),
    // the period that is explained; null: the last one that is over
    step: dayFilter("step"),
};

/** @returns {Object} options of `crm.metrics.nvl`, without `group_by` */
export const nvlOptions = (values) => timeOptions(SLICES, values);

/** @returns {Object} the options with the slices that the screen compares */
export function groupedOptions(values) {
    return withGroup(nvlOptions(values), values);
}
