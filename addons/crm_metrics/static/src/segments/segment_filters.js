import {_t} from "@web/core/l10n/translation";
import {choiceFilter, idsFilter} from "../core/filters";
import {isDate} from "../core/period";
import {COUNTRY, sliceFilters, sliceOptions, USER} from "../core/slices";

/** By what customers can be narrowed: their own salesperson and country. */
export const SLICES = [{...USER, field: "salesperson_id"}, COUNTRY];

/** Those that share one menu in the header. */
export const MORE_FILTERS = SLICES.filter(({allLabel}) => allLabel);

export const MEASURES = [
    {id: "customers", label: _t("Customers"), help: _t("How many customers")},
    {
        id: "revenue",
        label: _t("Revenue"),
        help: _t("What they bought in the window of the run, less refunds"),
    },
];

/** The day of a scoring run; null: the last one. */
function dayFilter(key) {
    return {
        default: null,
        keys: [key],
        parse: (query) => (isDate(query[key]) ? query[key] : undefined),
        write: (day) => ({[key]: day || undefined}),
    };
}

export const SEGMENT_FILTERS = {
    run: dayFilter("run"),
    measure: choiceFilter(
        "measure",
        MEASURES.map(({id}) => id)
    ),
    // whose profile
    segments: idsFilter("segments", "crm.customer.segment"),
    ...sliceFilters(SLICES),
};

/** @returns {Object} options of `crm.metrics.segments` */
export function segmentOptions({run, segments, ...values}) {
    return {
        ...(run ? {date: run} : {}),
        ...(segments.length ? {segment_ids: [...segments]} : {}),
        ...sliceOptions(SLICES, values),
    };
}
