import {_t} from "@web/core/l10n/translation";
import {lastDay, rangeLabel} from "../core/period";
import {sliceTerms} from "../core/slices";
import {SLICES} from "./recurring_filters";

/**
 * The movements that a screen's filters choose.
 *
 * @param {Object} values of the filters
 * @param {number[]} companyIds
 * @param {{group: string, id: number|null}} [slice] one row of a table by slice
 * @returns {Array} domain of crm.mrr.movement
 */
export function sliceDomain(values, companyIds, slice) {
    const domain = [["company_id", "in", companyIds], ...sliceTerms(SLICES, values)];
    if (slice) {
        const {field} = SLICES.find(({id}) => id === slice.group);
        domain.push([field, "=", slice.id || false]);
    }
    return domain;
}

/**
 * A window action with movements.
 *
 * @param {string} name
 * @param {Array} domain
 * @param {boolean} byCustomer
 */
export function movementList(name, domain, byCustomer) {
    return {
        type: "ir.actions.act_window",
        name,
        res_model: "crm.mrr.movement",
        views: [
            [false, "list"],
            [false, "form"],
            [false, "pivot"],
            [false, "graph"],
        ],
        domain,
        context: byCustomer ? {group_by: ["partner_id"]} : {},
    };
}

/**
 * The movements behind a figure, as a window action. Its list sums up to the figure
 * (monthly amounts, in the currency of each company).
 *
 * @param {Object} params
 * @param {string} params.figure a kind, `opening`, `closing`, `customers`, `all` or
 *  `ahead` (what is agreed on for later)
 * @param {string} params.label name of the figure
 * @param {Object} params.period {date_from, date_to}
 * @param {Object} params.meta of the façade result
 * @param {Object} params.values of the filters: `view` and those of the slices
 * @param {number[]} params.companyIds
 * @param {{group: string, id: number|null}} [params.slice] one row of a table by slice
 * @returns {Object}
 */
export function movementsAction(params) {
    const {figure, label, period, meta, values, companyIds, slice} = params;
    const today = lastDay(meta);
    const isCommitted = values.view === "committed";
    const last = isCommitted ? meta.date_to : today;
    const dateTo = period.date_to < last ? period.date_to : last;
    const domain = sliceDomain(values, companyIds, slice);
    const days = rangeLabel({from: period.date_from, to: dateTo});
    const day = (date) => rangeLabel({from: date, to: date});
    if (figure === "ahead") {
        domain.push(["date", ">", today], ["renewal_due", "=", false]);
        return movementList(
            _t("%(figure)s: agreed on for after %(day)s", {
                figure: label,
                day: day(today),
            }),
            domain,
            false
        );
    }
    if (isCommitted && last > today) {
        // a term that merely runs out is no agreement
        domain.push("|", ["date", "<=", today], ["renewal_due", "=", false]);
    }
    let name = _t("%(figure)s, %(days)s", {figure: label, days});
    let byCustomer = false;
    if (figure === "opening") {
        // a balance is the sum of all that moved before
        domain.push(["date", "<", period.date_from]);
        name = _t("%(figure)s: all movements before %(day)s", {
            figure: label,
            day: day(period.date_from),
        });
        byCustomer = true;
    } else if (figure === "closing" || figure === "customers") {
        domain.push(["date", "<=", dateTo]);
        name = _t("%(figure)s: all movements up to %(day)s", {
            figure: label,
            day: day(dateTo),
        });
        byCustomer = true;
    } else {
        domain.push(["date", ">=", period.date_from], ["date", "<=", dateTo]);
        if (values.view === "net" && figure !== "all") {
            // which customer counts as what depends on all of the period's movements
            name = _t("All movements, %s (net: by the sum of each customer)", days);
            byCustomer = true;
        } else if (figure !== "all") {
            domain.push(["kind", "=", figure]);
        }
    }
    return movementList(name, domain, byCustomer);
}

/** The open opportunities behind the weighted pipeline. */
export function pipelineAction({values, companyIds}) {
    const domain = [
        ["type", "=", "opportunity"],
        ["won_status", "=", "pending"],
        ["company_id", "in", [...companyIds, false]],
        ["recurring_revenue", ">", 0],
    ];
    for (const {filter, leadField} of SLICES) {
        if (leadField && values[filter]?.length) {
            domain.push([leadField, "in", values[filter]]);
        }
    }
    return {
        type: "ir.actions.act_window",
        name: _t("Open opportunities with recurring revenue"),
        res_model: "crm.lead",
        views: [
            [false, "list"],
            [false, "form"],
        ],
        domain,
        context: {default_type: "opportunity"},
    };
}
