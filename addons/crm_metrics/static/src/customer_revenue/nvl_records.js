import {Domain} from "@web/core/domain";
import {_t} from "@web/core/l10n/translation";
import {lastDay, rangeLabel} from "../core/period";
import {sliceTerms} from "../core/slices";
import {FIGURES, knownDays} from "./nvl_figures";
import {SLICES} from "./nvl_filters";

const {DateTime} = luxon;

export const PURCHASE = "crm.purchase";

const KNOWN = [
    ["kind", "=", "purchase"],
    ["partner_id", "!=", false],
];

/** Which purchases are behind a figure, whatever the days. */
const TERMS = {
    ...Object.fromEntries(Object.keys(FIGURES).map((id) => [id, KNOWN])),
    refunds: [["kind", "=", "refund"]],
    anonymous: [
        ["kind", "=", "purchase"],
        ["partner_id", "=", false],
    ],
};

const between = ({from, to}) => [
    ["date", ">=", from],
    ["date", "<=", to],
];

const days = ({date_from, date_to}) => ({from: date_from, to: date_to});

/**
 * The purchases that a screen's filters choose.
 *
 * @param {Object} selection {values of the filters, companyIds}
 * @param {{group: string, id: number|null}} [slice] one row of a table by slice
 * @returns {Array} domain of crm.purchase
 */
function sliceDomain({values, companyIds}, slice) {
    const domain = [["company_id", "in", companyIds], ...sliceTerms(SLICES, values)];
    if (slice) {
        const {field} = SLICES.find(({id}) => id === slice.group);
        domain.push([field, "=", slice.id || false]);
    }
    return domain;
}

function purchaseList(name, domain, groupBy = []) {
    return {
        type: "ir.actions.act_window",
        name: name.toString(),
        res_model: PURCHASE,
        views: [
            [false, "list"],
            [false, "pivot"],
            [false, "graph"],
        ],
        domain: Domain.and(domain).toList(),
        context: groupBy.length ? {group_by: groupBy} : {},
    };
}

/**
 * The purchases behind a figure of a period.
 *
 * @param {Object} selection
 * @param {Object} meta of the façade result
 * @param {Object} params
 * @param {string} params.figure key of `TERMS`, else all of them
 * @param {string} params.label name of the figure
 * @param {Object} params.period
 * @param {Object} [params.slice]
 * @returns {Object} window action
 */
export function figureAction(selection, meta, {figure, label, period, slice}) {
    const range = knownDays(period, meta);
    return purchaseList(
        _t("%(figure)s, %(days)s", {figure: label, days: rangeLabel(range)}),
        [sliceDomain(selection, slice), TERMS[figure] || [], between(range)],
        FIGURES[figure]?.by ? ["partner_id"] : []
    );
}

/**
 * The purchases behind a change: those of both periods, side by side.
 *
 * @param {Object} params as of `figureAction`, with
 * @param {Object} params.effect of the façade
 * @returns {Object} window action
 */
export function changeAction(selection, meta, {figure, label, period, effect, slice}) {
    const both = [knownDays(period, meta), days(effect.compared_to)];
    const byDate = meta.grain === "day" ? "date:day" : `date:${meta.grain}`;
    return purchaseList(
        _t("%(figure)s, %(days)s and %(before)s", {
            figure: label,
            days: rangeLabel(both[0]),
            before: rangeLabel(both[1]),
        }),
        [
            sliceDomain(selection, slice),
            TERMS[figure] || [],
            Domain.or(both.map(between)).toList(),
        ],
        FIGURES[figure]?.by ? [byDate, "partner_id"] : [byDate]
    );
}

/**
 * The purchases of the days that a period is compared with.
 *
 * @returns {Object} window action
 */
export function beforeAction(selection, {compared_to}) {
    return purchaseList(_t("All purchases, %s", rangeLabel(days(compared_to))), [
        sliceDomain(selection),
        between(days(compared_to)),
    ]);
}

/**
 * The purchases of new customers, or the last ones of those who did not come again.
 *
 * @param {Object} params {label}
 * @param {Object} found answer of `crm.metrics.nvl_customers`
 * @returns {Object} window action
 */
export function customersAction(selection, {label}, found) {
    const byCompany = found.companies.map(({company_id, partner_ids}) => [
        ["company_id", "=", company_id],
        ["partner_id", "in", partner_ids],
    ]);
    return purchaseList(
        _t("%(figure)s: their purchases, %(days)s", {
            figure: label,
            days: rangeLabel(days(found)),
        }),
        [
            sliceDomain(selection),
            KNOWN,
            between(days(found)),
            byCompany.length ? Domain.or(byCompany).toList() : [["id", "=", false]],
        ],
        ["partner_id"]
    );
}

/** @returns {{from: string, to: string}} the 12 months that levers are about */
export function leverYear(meta) {
    const to = lastDay(meta);
    const after = DateTime.fromISO(to).plus({days: 1});
    const from = after.minus({years: 1});
    // a February without such a day has passed as a whole
    const first = from.day === after.day ? from : from.plus({days: 1});
    return {from: first.toISODate(), to};
}

/**
 * The purchases that a level of a lever is made of.
 *
 * @param {Object} orm
 * @param {Object} selection
 * @param {Object} meta of the façade result
 * @param {Object} lever of the façade
 * @param {boolean} isNow the level now, not the best one
 * @returns {Promise<Object>} window action
 */
export async function leverAction(orm, selection, meta, lever, isNow) {
    const year = leverYear(meta);
    const label = FIGURES[lever.factor].label;
    const groupBy = FIGURES[lever.factor].by ? ["partner_id"] : [];
    const {companyIds, values} = selection;
    if (isNow) {
        return purchaseList(
            _t("%(figure)s, %(days)s", {figure: label, days: rangeLabel(year)}),
            [sliceDomain(selection), KNOWN, between(year)],
            groupBy
        );
    }
    if (lever.best_of === "year") {
        const range = {from: `${lever.id}-01-01`, to: `${lever.id}-12-31`};
        return purchaseList(
            _t("%(figure)s, %(days)s", {figure: label, days: lever.name}),
            [sliceDomain(selection), KNOWN, between(range)],
            groupBy
        );
    }
    // an example is one for others: whichever team or salesperson was asked for
    const everybody = {companyIds, values: {countries: values.countries}};
    const whose =
        lever.best_of === "team"
            ? [["team_id", "=", lever.id]]
            : await segmentDomain(orm, companyIds, lever.id, year.to);
    return purchaseList(
        _t("%(figure)s of %(whom)s, %(days)s", {
            figure: label,
            whom: lever.name,
            days: rangeLabel(year),
        }),
        [sliceDomain(everybody), KNOWN, between(year), whose],
        groupBy
    );
}

/** Purchases of the customers that the last scoring runs put into a segment. */
async function segmentDomain(orm, companyIds, segmentId, day) {
    const runs = await orm.searchRead(
        "crm.customer.score.run",
        [
            ["company_id", "in", companyIds],
            ["date", "<=", day],
        ],
        ["company_id"],
        {order: "date desc"}
    );
    const latest = new Map();
    for (const {id, company_id} of runs) {
        if (!latest.has(company_id[0])) {
            latest.set(company_id[0], id);
        }
    }
    const byCompany = [...latest].map(([companyId, runId]) => [
        ["company_id", "=", companyId],
        [
            "partner_id.crm_score_ids",
            "any",
            [
                ["run_id", "=", runId],
                ["segment_id", "=", segmentId],
            ],
        ],
    ]);
    return byCompany.length ? Domain.or(byCompany).toList() : [["id", "=", false]];
}
