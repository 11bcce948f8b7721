import {_t} from "@web/core/l10n/translation";
import {rangeLabel} from "../core/period";

const {DateTime} = luxon;

/**
 * @param {Object} meta of a façade result
 * @returns {string} the last day whose movements are in the figures
 */
export function lastDay(meta) {
    if (meta.last_day) {
        return meta.last_day;
    }
    const asOf = DateTime.fromISO(meta.as_of).toISODate();
    return asOf < meta.date_to ? asOf : meta.date_to;
}

/**
 * The movements behind a figure, as a window action. Its list sums up to the figure
 * (monthly amounts, in the currency of each company).
 *
 * @param {Object} params
 * @param {string} params.figure a kind, `opening`, `closing`, `customers` or `all`
 * @param {string} params.label name of the figure
 * @param {Object} params.period {date_from, date_to}
 * @param {Object} params.meta of the façade result
 * @param {Object} params.values of the filters: `view`, `teams`, `users`
 * @param {number[]} params.companyIds
 * @returns {Object}
 */
export function movementsAction({figure, label, period, meta, values, companyIds}) {
    const last = lastDay(meta);
    const dateTo = period.date_to < last ? period.date_to : last;
    const domain = [["company_id", "in", companyIds]];
    if (values.teams.length) {
        domain.push(["team_id", "in", values.teams]);
    }
    if (values.users.length) {
        domain.push(["user_id", "in", values.users]);
    }
    const days = rangeLabel({from: period.date_from, to: dateTo});
    const day = (date) => rangeLabel({from: date, to: date});
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
