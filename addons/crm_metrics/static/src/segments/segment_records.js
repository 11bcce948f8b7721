import {Domain} from "@web/core/domain";
import {sliceTerms} from "../core/slices";
import {SLICES} from "./segment_filters";

/**
 * Scores behind a figure of the screen.
 *
 * @param {string} name
 * @param {Array} domain of crm.customer.score
 * @param {Object} selection
 * @param {Object} selection.result of the façade
 * @param {Object} selection.values of the filters
 * @param {boolean} [isBefore] of the run before
 * @returns {Object} window action
 */
export function scoresAction(name, domain, {result, values}, isBefore = false) {
    const runs = isBefore ? result.previous_run_ids : result.run_ids;
    return {
        type: "ir.actions.act_window",
        name: name.toString(),
        res_model: "crm.customer.score",
        views: [
            [false, "list"],
            [false, "form"],
            [false, "pivot"],
            [false, "graph"],
        ],
        domain: Domain.and([
            [["run_id", "in", runs], ...sliceTerms(SLICES, values)],
            domain,
        ]).toList(),
    };
}

/**
 * Those who went from one segment to another; null: they are not in that run.
 *
 * @returns {{domain: Array, isBefore: boolean}} of the scores to show
 */
export function moveDomain(before, after, {run_ids}) {
    if (after !== null) {
        return {
            domain: [
                ["previous_segment_id", "=", before || false],
                ["segment_id", "=", after],
            ],
            isBefore: false,
        };
    }
    return {
        domain: [
            ["segment_id", "=", before || false],
            ["partner_id.crm_score_ids", "not any", [["run_id", "in", run_ids]]],
        ],
        isBefore: true,
    };
}
