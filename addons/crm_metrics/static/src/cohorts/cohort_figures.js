import {_t} from "@web/core/l10n/translation";

/**
 * What a cell of the heat map says about a cohort at an age.
 *
 * @typedef {Object} Figure
 * @property {string} id
 * @property {(age: Object) => number} part what is left
 * @property {(cohort: Object) => number} whole what there was
 */

/** @type {Figure[]} */
export const FIGURES = [
    {
        id: "net",
        label: _t("Net Revenue"),
        help: _t("What the cohort pays now, as a part of what it paid at first"),
        meaning: _t(
            "Net revenue retention: what the customers of a month pay at the end of each later month, as a part of what they paid at the end of their first one. Above 100 % those who stay bring more than those who left."
        ),
        part: (age) => age.net,
        whole: (cohort) => cohort.mrr,
        isMoney: true,
    },
    {
        id: "gross",
        label: _t("Gross Revenue"),
        help: _t("The same, but no customer counts for more than at first"),
        meaning: _t(
            "Gross revenue retention: as net, but nobody counts for more than in the first month. It shows what is lost, whatever others pay more."
        ),
        part: (age) => age.gross,
        whole: (cohort) => cohort.mrr,
        isMoney: true,
    },
    {
        id: "customers",
        label: _t("Customers"),
        help: _t("How many of its customers are left"),
        meaning: _t(
            "Logo retention: how many of the customers of a month are left at the end of each later month."
        ),
        part: (age) => age.customers,
        whole: (cohort) => cohort.customers,
    },
];

/** @returns {number|null} the part of a cohort that is left at an age */
export function rateOf(figure, cohort, age) {
    const whole = figure.whole(cohort);
    return whole ? figure.part(age) / whole : null;
}

/**
 * All cohorts that are so old as one: big ones weigh more.
 *
 * @param {Figure} figure
 * @param {Object[]} cohorts of the façade
 * @returns {Array<{part, whole, rate}>} by age
 */
export function averages(figure, cohorts) {
    const count = Math.max(0, ...cohorts.map(({ages}) => ages.length));
    return [...Array(count).keys()].map((index) => {
        const old = cohorts.filter(({ages}) => ages.length > index);
        const part = old.reduce((sum, {ages}) => sum + figure.part(ages[index]), 0);
        const whole = old.reduce((sum, cohort) => sum + figure.whole(cohort), 0);
        return {part, whole, rate: whole ? part / whole : null};
    });
}

/**
 * Gives the colour of a rate: the more is left, the stronger; another colour above
 * 100 %. The palest is the lowest rate on the screen.
 *
 * @param {number[]} rates all that are on the screen
 * @returns {(rate: number|null) => {heat: number|null, tone: string}}
 */
export function heatScale(rates) {
    const known = rates.filter((rate) => rate !== null);
    const lowest = Math.min(0.8, ...known);
    const highest = Math.max(1.2, ...known);
    return (rate) => {
        if (rate === null) {
            return {heat: null, tone: "total"};
        }
        // what is written as 100 % is 100 %
        if (rate >= 1.005) {
            return {heat: 0.4 + (0.6 * (rate - 1)) / (highest - 1), tone: "gain"};
        }
        return {heat: (rate - lowest) / (1 - lowest), tone: "total"};
    };
}
