import {_t} from "@web/core/l10n/translation";
import {Domain} from "@web/core/domain";
import {rangeLabel} from "../core/period";
import {movementList, sliceDomain} from "../recurring/recurring_records";

const {DateTime} = luxon;

/**
 * @param {string} cohort first day of its month
 * @param {number} age in months
 * @param {string} last last day that figures know
 * @returns {string} the day that a cell is about
 */
export function dayOfAge(cohort, age, last) {
    const end = DateTime.fromISO(cohort).plus({months: age}).endOf("month").toISODate();
    return end < last ? end : last;
}

/**
 * The customers of a cohort: they had recurring revenue for the first time in its
 * month, whatever they have in the slices that the screen shows.
 *
 * @param {Object} orm
 * @param {string} cohort
 * @param {number[]} companyIds
 * @returns {Promise<Object<number, number[]>>} company id -> ids of customers
 */
export async function cohortCustomers(orm, cohort, companyIds) {
    const end = DateTime.fromISO(cohort).endOf("month").toISODate();
    const model = "crm.mrr.movement";
    const keys = ["company_id", "partner_id"];
    const inCompanies = [["company_id", "in", companyIds]];
    const began = await orm.formattedReadGroup(
        model,
        [
            ...inCompanies,
            ["date", ">=", cohort],
            ["date", "<=", end],
            ["kind", "=", "new"],
        ],
        keys,
        []
    );
    const ids = [...new Set(began.map(({partner_id}) => partner_id[0]))];
    const before = await orm.formattedReadGroup(
        model,
        [...inCompanies, ["date", "<", cohort], ["partner_id", "in", ids]],
        keys,
        []
    );
    const keyOf = ({company_id, partner_id}) => `${company_id[0]},${partner_id[0]}`;
    const older = new Set(before.map(keyOf));
    const customers = {};
    for (const group of began.filter((g) => !older.has(keyOf(g)))) {
        const company = group.company_id[0];
        customers[company] = [...(customers[company] || []), group.partner_id[0]];
    }
    return customers;
}

/**
 * The movements of a cohort up to a day, by customer: they add up to what it pays then.
 *
 * @param {Object} params
 * @param {string} params.label of the cohort
 * @param {string} params.day
 * @param {Object<number, number[]>} params.customers of `cohortCustomers`
 * @param {Object} params.values of the filters
 * @param {number[]} params.companyIds
 * @returns {Object} window action
 */
export function cohortAction({label, day, customers, values, companyIds}) {
    const byCompany = Object.entries(customers).map(([company, ids]) => [
        ["company_id", "=", Number(company)],
        ["partner_id", "in", ids],
    ]);
    const domain = Domain.and([
        sliceDomain(values, companyIds),
        [["date", "<=", day]],
        byCompany.length ? Domain.or(byCompany) : [["id", "=", false]],
    ]);
    const name = _t("Cohort %(cohort)s: all movements up to %(day)s", {
        cohort: label,
        day: rangeLabel({from: day, to: day}),
    });
    return movementList(name, domain.toList(), true);
}
