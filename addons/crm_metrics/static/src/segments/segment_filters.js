import {_t} from "@web/core/l10n/translation";
import {choiceFilter, dayFilter, idsFilter} from "../core/filters";
import {COUNTRY, moreFilters, sliceFilters, sliceOptions, USER} from "../core/slices";

/** By what customers can be narrowed: their own salesperson and country. */
export const SLICES = [{...USER, field: "salesperson_id"}, COUNTRY];

export const MORE_FILTERS = moreFilters(SLICES);

export const MEASURES = [
    {id: "customers", label: _t("Customers"), help: _t("How many customers")},
    {
        id: "revenue",
        label: _t("Revenue"),
        help: _t("What they bought in the window of the run, less refunds"),
    },
];

export const SEGMENT_FILTERS = {
    // the day of a scoring run; null: the last one
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
