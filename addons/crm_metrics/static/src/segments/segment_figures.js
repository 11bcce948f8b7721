import {_t} from "@web/core/l10n/translation";

/**
 * What the pictures and tables of the screen are made from.
 *
 * @typedef {Object} Frame
 * @property {Object} result of the façade
 * @property {"customers"|"revenue"} measure
 * @property {Formatter} format
 * @property {(name: string, domain: Array, isBefore: boolean) => any} openScores
 */

export const SCORES = [1, 2, 3, 4, 5];

/** Meaning of the scores, from 1 to 5. */
export const RECENCY = [
    _t("longest ago"),
    _t("long ago"),
    _t("some time ago"),
    _t("lately"),
    _t("just now"),
];

/** @returns {string} class that gives an element the colour of a segment */
export function swatchOf(segment) {
    return `o_crm_metrics_segment_${segment ? segment.color % 12 : 0}`;
}

/** @returns {Map<number|null, Object>} segments by id */
export function segmentsById({segments}) {
    return new Map(segments.map((segment) => [segment.segment_id, segment]));
}

/** @returns {{customers: number, revenue: number}} of all segments */
export function totalOf({segments}) {
    return {
        customers: segments.reduce((sum, each) => sum + each.customers, 0),
        revenue:
            Math.round(segments.reduce((sum, each) => sum + each.revenue, 0) * 1e6) /
            1e6,
        previous: segments.reduce((sum, each) => sum + each.previous, 0),
    };
}

/** @returns {string} e.g. "3 customers" */
export function customersText(count, format) {
    return count === 1
        ? _t("1 customer").toString()
        : _t("%s customers", format.count(count)).toString();
}

/**
 * Scores of a cell of the map.
 *
 * @param {Object} cell of the façade
 * @returns {Array} domain of crm.customer.score
 */
export function cellDomain({recency, frequency_money}) {
    // the mean of both, halves rounded up
    const pairs = SCORES.flatMap((f) =>
        SCORES.filter((m) => Math.floor((f + m + 1) / 2) === frequency_money).map(
            (m) => ["&", ["f", "=", f], ["m", "=", m]]
        )
    );
    return [["r", "=", recency], ...Array(pairs.length - 1).fill("|"), ...pairs.flat()];
}

/** How full the colour of a cell is, from 0 to 1. */
export function strengthOf(part, largest) {
    return part > 0 && largest > 0 ? 0.25 + 0.75 * Math.sqrt(part / largest) : 0;
}
