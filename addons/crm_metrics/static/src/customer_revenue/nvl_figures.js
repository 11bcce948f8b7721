import {_t} from "@web/core/l10n/translation";
import {lastDay, periodLabel, rangeLabel} from "../core/period";

/**
 * Figures of a period: R = N x V x L, and what stands beside it.
 *
 * @typedef {Object} Figure
 * @property {string} id key of a period of the façade
 * @property {string} label
 * @property {string} help one sentence
 * @property {(value: number, format: Formatter) => string} write as a headline
 * @property {(value: number, format: Formatter) => string} exact in full
 * @property {"customers"} [by] its records are shown by customer
 */

const COUNT = {
    write: (value, format) => format.count(value),
    exact: (value, format) => format.count(value),
};

const MONEY = {
    write: (value, format) => format.money(value),
    exact: (value, format) => format.exact(value),
    isMoney: true,
};

/** @type {Object<string, Figure>} */
export const FIGURES = {
    revenue: {
        id: "revenue",
        label: _t("Revenue"),
        help: _t(
            "R: amount of the purchases of customers who are known = N × V × L. Refunds and anonymous purchases stand beside it."
        ),
        ...MONEY,
    },
    customers: {
        id: "customers",
        label: _t("Customers"),
        help: _t("N: customers with at least one purchase in the period."),
        by: "customers",
        ...COUNT,
    },
    value: {
        id: "value",
        label: _t("Average Purchase"),
        help: _t("V: revenue / purchases."),
        ...MONEY,
    },
    loyalty: {
        id: "loyalty",
        label: _t("Purchases per Customer"),
        help: _t("L: purchases / customers, in the period."),
        by: "customers",
        write: (value, format) => format.number(value),
        exact: (value, format) => format.number(value),
    },
    orders: {
        id: "orders",
        label: _t("Purchases"),
        help: _t("Q: purchases of customers who are known = N × L."),
        ...COUNT,
    },
};

/** The three factors, in the order of the formula. */
export const FACTORS = ["customers", "value", "loyalty"];

/** Sums of cents are numbers of cents. */
export const rounded = (number) => Math.round(number * 1e6) / 1e6;

/** @returns {number} all money of a period, whoever bought */
export function allMoney({revenue, refunds, anonymous}) {
    return rounded(revenue + refunds + anonymous);
}

/** @returns {{from: string, to: string}} the days of a period that are known */
export function knownDays(period, meta) {
    const last = lastDay(meta);
    return {
        from: period.date_from,
        to: period.date_to < last ? period.date_to : last,
    };
}

/**
 * The period that is explained: the one that was asked for, else the last that is over
 * and had any money or change, else the last with any.
 *
 * @param {Object} result of the façade
 * @param {string|null} step first day of a period
 * @returns {Object} effect of the façade, undefined: nothing has begun
 */
export function chosenEffect(result, step) {
    const {effects} = result;
    const isAlive = (effect) => effect.delta || allMoney(periodOf(result, effect));
    const isOver = (effect) => !periodOf(result, effect).partial;
    return (
        effects.find(({date_from}) => date_from === step) ||
        effects.findLast((effect) => isOver(effect) && isAlive(effect)) ||
        effects.findLast(isAlive) ||
        effects.at(-1)
    );
}

/** @returns {Object} the period of an effect */
export function periodOf({periods}, {date_from}) {
    return periods.find((period) => period.date_from === date_from);
}

/**
 * The period that an effect compares with, where it is one of those on the screen.
 *
 * @returns {Object|undefined}
 */
export function comparedPeriod({periods}, {compared_to}) {
    return periods.find(
        ({date_from, date_to}) =>
            date_from === compared_to.date_from && date_to === compared_to.date_to
    );
}

/** @returns {string} name of a period, with its days when it is not whole */
export function periodName(period, meta) {
    const label = periodLabel(period, meta.grain);
    return period.partial ? `${label} (${rangeLabel(knownDays(period, meta))})` : label;
}

/** @returns {string} name of the days that an effect compares with */
export function comparedName({compared_to}, period, meta) {
    const {date_from, date_to} = compared_to;
    return period.partial
        ? rangeLabel({from: date_from, to: date_to})
        : periodLabel({date_from}, meta.grain);
}

/** @returns {boolean} whether nobody bought anything, nor had */
export function isNothing({periods, effects}) {
    return (
        periods.every(
            ({orders, refunds, anonymous}) => !orders && !refunds && !anonymous
        ) && effects.every(({delta}) => !delta)
    );
}
