import {currencies} from "@web/core/currency";
import {localization} from "@web/core/l10n/localization";
import {
    formatFloat,
    formatMonetary,
    formatPercentage,
} from "@web/views/fields/formatters";

/** From here on a headline has no cents, and later only the first digits. */
const NO_CENTS = 1e5;
const LONG = 1e10;

/**
 * Writes the figures of a result in its currency and in the user's locale. What does
 * not exist (`null`) is a dash, never 0.
 */
export class Formatter {
    /**
     * @param {string} currencyName ISO code, as in a result's `meta.currency`
     */
    constructor(currencyName) {
        const found = Object.entries(currencies).find(
            ([, currency]) => currency.name === currencyName
        );
        this.currencyName = currencyName;
        this.currencyId = found && Number(found[0]);
        this.digits = found ? found[1].digits : [69, 2];
    }

    /** Decimals are shown when one of the amounts has any: columns stay in line. */
    digitsFor(amounts) {
        const unit = 10 ** -this.digits[1];
        const isWhole = (amount) => Math.abs(amount - Math.round(amount)) < unit / 2;
        return amounts.every(isWhole) ? [69, 0] : this.digits;
    }

    /** An amount with its currency, as a headline. */
    money(amount, {signed} = {}) {
        return write(amount, signed, (absolute) => {
            const isLong = absolute >= LONG;
            const digits = absolute >= NO_CENTS ? [69, 0] : this.digitsFor([absolute]);
            return formatMonetary(absolute, {
                currencyId: this.currencyId,
                digits: isLong ? [69, 1] : digits,
                humanReadable: isLong,
            });
        });
    }

    /** An amount to the cent with its currency. */
    exact(amount, {signed} = {}) {
        return write(amount, signed, (absolute) =>
            formatMonetary(absolute, {currencyId: this.currencyId})
        );
    }

    /** An amount in a column: no currency, the decimals that the column has. */
    amount(amount, {signed, digits = this.digits} = {}) {
        return write(amount, signed, (absolute) => formatFloat(absolute, {digits}));
    }

    /** An amount on a bar: some digits and k, M, ... */
    short(amount, {signed} = {}) {
        return write(amount, signed, (absolute) =>
            formatFloat(absolute, {
                digits: [69, 0],
                humanReadable: true,
                decimals: shortDecimals(absolute),
            })
        );
    }

    /** A fraction as percents. */
    percent(fraction, {signed, digits = 1} = {}) {
        return write(fraction, signed, (absolute) =>
            formatPercentage(absolute, {
                digits: [69, digits],
                trailingZeros: true,
                thousandsSep: localization.thousandsSep,
            })
        );
    }

    /** A difference of two fractions, in percentage points. */
    points(fraction, {signed} = {}) {
        return write(fraction, signed, (absolute) =>
            formatPercentage(absolute, {
                digits: [69, 1],
                trailingZeros: true,
                noSymbol: true,
            })
        );
    }

    /** A ratio: two decimals. */
    number(number) {
        return write(number, false, (absolute) =>
            formatFloat(absolute, {digits: [69, 2]})
        );
    }

    /** A number of days: one decimal, none from 100 on. */
    days(number) {
        return write(number, false, (absolute) =>
            formatFloat(absolute, {digits: [69, absolute < 100 ? 1 : 0]})
        );
    }

    count(number, {signed} = {}) {
        return write(number, signed, (absolute) =>
            formatFloat(absolute, {digits: [69, 0]})
        );
    }
}

function shortDecimals(absolute) {
    if (absolute < 1e3) {
        return 0;
    }
    return absolute < 1e6 ? 1 : 2;
}

function write(number, signed, format) {
    if (number === null || number === undefined) {
        return "–";
    }
    const absolute = format(Math.abs(number));
    // what rounds to 0 has no sign
    if (!/[1-9]/.test(absolute)) {
        return absolute;
    }
    return number < 0 ? `-${absolute}` : signed ? `+${absolute}` : absolute;
}
