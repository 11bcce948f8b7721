import {_t} from "@web/core/l10n/translation";
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

export const MORE_FILTERS = moreFilters(NARROWING);

export const NPS_FILTERS = timeFilters(SLICES, NARROWING);

/** @returns {Object} options of `crm.metrics.nps`, with the slices that are compared */
export function groupedOptions(values) {
    return withGroup(timeOptions(NARROWING, values), values);
}
