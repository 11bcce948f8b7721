import {_t} from "@web/core/l10n/translation";

/** Kinds of movement, as a waterfall shows them. */
export const KINDS = [
    {
        id: "new",
        label: _t("New"),
        help: _t("Customers who pay for the first time."),
    },
    {
        id: "reactivation",
        label: _t("Reactivation"),
        help: _t("Customers who had left and are back."),
    },
    {
        id: "expansion",
        label: _t("Expansion"),
        help: _t("Customers who pay more than before."),
    },
    {
        id: "contraction",
        label: _t("Contraction"),
        help: _t("Customers who pay less than before."),
    },
    {
        id: "churn",
        label: _t("Churn"),
        help: _t("Customers who pay nothing any more."),
    },
    {
        id: "fx",
        label: _t("Currency"),
        help: _t("Other currencies became worth more or less."),
        hiddenWhenZero: true,
    },
    {
        id: "transfer",
        label: _t("Transfer"),
        help: _t("The same money with another plan, team or salesperson."),
        hiddenWhenZero: true,
    },
];

/**
 * @param {Object[]} periods of the façade
 * @returns {Object[]} the kinds that there is something to show of
 */
export function shownKinds(periods) {
    return KINDS.filter(
        ({id, hiddenWhenZero}) =>
            !hiddenWhenZero || periods.some((period) => period[id])
    );
}

/**
 * @param {Object[]} periods
 * @returns {Object} the periods as one; opening + parts = closing holds as in each
 */
export function wholeRange(periods) {
    const total = {
        opening: periods[0].opening,
        closing: periods.at(-1).closing,
        customers: {
            opening: periods[0].customers.opening,
            closing: periods.at(-1).customers.closing,
        },
    };
    for (const {id} of KINDS) {
        // floats: the sum of cents is a number of cents
        total[id] = Math.round(periods.reduce((sum, p) => sum + p[id], 0) * 1e6) / 1e6;
    }
    return total;
}

/**
 * @param {Object[]} periods
 * @param {number} factor 12 to show yearly amounts
 * @returns {import("../waterfall_chart/waterfall").Step[]}
 */
export function waterfallSteps(periods, factor = 1) {
    const total = wholeRange(periods);
    return [
        {id: "opening", label: _t("Opening").toString(), isTotal: true},
        ...shownKinds(periods).map(({id, label}) => ({id, label: label.toString()})),
        {id: "closing", label: _t("Closing").toString(), isTotal: true},
    ].map((step) => ({...step, amount: factor * total[step.id]}));
}

/** @returns {boolean} whether there was nothing before, in and after the periods */
export function isNothing(periods) {
    return periods.every(
        (period) =>
            !period.opening &&
            !period.closing &&
            KINDS.every(({id}) => !period[id]) &&
            !period.customers.opening &&
            !period.customers.closing
    );
}
