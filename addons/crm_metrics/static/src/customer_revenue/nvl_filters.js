import {_t} from "@web/core/l10n/translation";
import {choiceFilter, grainFilter, periodFilter} from "../core/filters";
import {coarsened, isDate, rangeOf} from "../core/period";
import {
    COUNTRY,
    groupChoices,
    NO_GROUP,
    sliceFilters,
    sliceOptions,
    TEAM,
    USER,
} from "../core/slices";

/** By what purchases can be narrowed and compared. */
export const SLICES = [TEAM, USER, {...COUNTRY, by: _t("By country of the customer")}];

export const GROUPS = groupChoices(SLICES);

/** Those that share one menu in the header. */
export const MORE_FILTERS = SLICES.filter(({allLabel}) => allLabel);

/** The period that is explained, by its first day; null: the last one that is over. */
function stepFilter(key) {
    return {
        default: null,
        keys: [key],
        parse: (query) => (isDate(query[key]) ? query[key] : undefined),
        write: (day) => ({[key]: day || undefined}),
    };
}

const idsOf = (choices) => choices.map(({id}) => id);

export const NVL_FILTERS = {
    period: periodFilter(),
    grain: grainFilter(),
    group: choiceFilter("group", idsOf(GROUPS)),
    step: stepFilter("step"),
    ...sliceFilters(SLICES),
};

/** @returns {Object} options of `crm.metrics.nvl`, without `group_by` */
export function nvlOptions(values) {
    const range = rangeOf(values.period);
    return {
        date_from: range.from,
        date_to: range.to,
        grain: coarsened(range, values.grain),
        ...sliceOptions(SLICES, values),
    };
}

/** @returns {Object} the options with the slices that the screen compares */
export function groupedOptions(values) {
    const options = nvlOptions(values);
    return values.group === NO_GROUP ? options : {...options, group_by: values.group};
}
