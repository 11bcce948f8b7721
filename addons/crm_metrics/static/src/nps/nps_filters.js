import {_t} from "@web/core/l10n/translation";
import {choiceFilter, grainFilter, periodFilter} from "../core/filters";
import {coarsened, rangeOf} from "../core/period";
import {
    COUNTRY,
    groupChoices,
    NO_GROUP,
    sliceFilters,
    sliceOptions,
    TEAM,
    USER,
} from "../core/slices";

/** By what answers are compared: by the salesperson of the account, and its country. */
export const SLICES = [
    TEAM,
    {...USER, by: _t("By salesperson of the account")},
    {...COUNTRY, by: _t("By country of the account")},
];

export const GROUPS = groupChoices(SLICES);

/** @type {import("../core/slices").Slice} */
const PROGRAM = {
    id: "program",
    filter: "programs",
    option: "program_ids",
    field: "program_id",
    resModel: "crm.nps.program",
    label: _t("Program"),
    allLabel: _t("All Programs"),
    by: _t("By program"),
};

const NARROWING = [PROGRAM, ...SLICES];

/** Those that share one menu in the header. */
export const MORE_FILTERS = NARROWING.filter(({allLabel}) => allLabel);

export const NPS_FILTERS = {
    period: periodFilter(),
    grain: grainFilter(),
    group: choiceFilter(
        "group",
        GROUPS.map(({id}) => id)
    ),
    ...sliceFilters(NARROWING),
};

/** @returns {Object} options of `crm.metrics.nps`, without `group_by` */
export function npsOptions(values) {
    const range = rangeOf(values.period);
    return {
        date_from: range.from,
        date_to: range.to,
        grain: coarsened(range, values.grain),
        ...sliceOptions(NARROWING, values),
    };
}

/** @returns {Object} the options with the slices that the screen compares */
export function groupedOptions(values) {
    const options = npsOptions(values);
    return values.group === NO_GROUP ? options : {...options, group_by: values.group};
}
