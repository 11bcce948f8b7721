import {serializeDateTime} from "@web/core/l10n/dates";
import {Domain} from "@web/core/domain";
import {sliceTerms} from "../core/slices";
import {SLICES} from "./bottleneck_filters";

const {DateTime} = luxon;

export const STAY = "crm.stage.visit";

const utc = (iso) => serializeDateTime(DateTime.fromISO(iso, {zone: "utc"}));

/** Outcomes of a stay that say how a deal went on; the others are only cut off. */
const EVENTS = ["forward", "backward", "won", "lost"];

/**
 * The stays behind a figure of the table of stages.
 *
 * @param {Object} params
 * @param {string} params.figure `alive` (all that the table is about), `open_start`,
 *  `entries`, `open`, `exits`, `events` (those that say how long a stay takes), or an
 *  outcome
 * @param {number} [params.stage] key of the stage
 * @param {number|null} [params.reason] lost reason, null: without one
 * @param {Object} params.meta of the façade result
 * @param {Object} params.values of the filters
 * @param {number[]} params.companyIds
 * @param {number[]|null} [params.deals] keys of the deals that the filter for reasons
 *  leaves
 * @returns {Array} domain of crm.stage.visit
 */
export function stayDomain(params) {
    const {figure, stage, reason, meta, values, companyIds, deals} = params;
    const [start, end] = [utc(meta.start), utc(meta.as_of)];
    const parts = [
        [["company_id", "in", companyIds]],
        sliceTerms(SLICES, values),
        [["entered", "<=", end]],
    ];
    if (deals) {
        parts.push([["lead_key", "in", deals]]);
    }
    if (stage !== undefined) {
        parts.push([["stage_key", "=", stage]]);
    }
    if (reason !== undefined) {
        parts.push([["lost_reason_id", "=", reason || false]]);
    }
    if (figure === "entries" || values.view === "cohort") {
        parts.push([["entered", ">=", start]]);
    } else {
        parts.push(["|", ["left", "=", false], ["left", ">=", start]]);
    }
    if (figure === "open_start") {
        parts.push([["entered", "<", start]]);
    } else if (figure === "open") {
        parts.push(["|", ["left", "=", false], ["left", ">", end]]);
    } else if (figure === "exits") {
        parts.push([["left", "<=", end]]);
    } else if (!["alive", "entries"].includes(figure)) {
        const outcomes = figure === "events" ? EVENTS : [figure];
        parts.push([
            ["left", "<=", end],
            ["outcome", "in", outcomes],
        ]);
    }
    return Domain.and(parts).toList();
}

/** @returns {Object} window action with stays in stages */
export function staysAction(name, domain) {
    return {
        type: "ir.actions.act_window",
        name,
        res_model: STAY,
        views: [
            [false, "list"],
            [false, "form"],
            [false, "pivot"],
            [false, "graph"],
        ],
        domain,
    };
}

/** @returns {Object} window action with deals, the archived ones too */
export function dealsAction(name, ids) {
    return {
        type: "ir.actions.act_window",
        name,
        res_model: "crm.lead",
        views: [
            [false, "list"],
            [false, "kanban"],
            [false, "form"],
            [false, "pivot"],
            [false, "graph"],
        ],
        domain: [["id", "in", ids]],
        context: {active_test: false, default_type: "opportunity"},
    };
}

/**
 * @param {number[]} companyIds
 * @returns {Array} domain of the opportunities that count for companies: those of the
 *  company, else of their team's, else of their salesperson's
 */
export function opportunityDomain(companyIds) {
    return Domain.and([
        [["type", "=", "opportunity"]],
        Domain.or([
            [["company_id", "in", companyIds]],
            Domain.and([
                [["company_id", "=", false]],
                Domain.or([
                    [["team_id.company_id", "in", companyIds]],
                    [["user_id.company_id", "in", companyIds]],
                ]),
            ]),
        ]),
    ]).toList();
}

/**
 * Which deals were lost for one of the reasons, by then.
 *
 * @param {Object} orm
 * @param {number[]} reasons
 * @param {Object} meta of the façade result
 * @returns {Promise<number[]|null>} keys of the deals, null: no reason was asked for
 */
export async function dealsOfReasons(orm, reasons, {as_of}) {
    if (!reasons.length) {
        return null;
    }
    const groups = await orm.formattedReadGroup(
        STAY,
        [
            ["outcome", "=", "lost"],
            ["left", "<=", utc(as_of)],
            ["lost_reason_id", "in", reasons],
        ],
        ["lead_key"],
        []
    );
    return groups.map(({lead_key}) => lead_key);
}
