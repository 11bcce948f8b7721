import {_t} from "@web/core/l10n/translation";

/**
 * The figures on top of the screen, from left to right. A card whose figure the façade
 * does not return is not there.
 *
 * @typedef {Object} Figures what a card is made from
 * @property {Object} now façade result of the range
 * @property {Object} [before] façade result of the equal range before
 * @property {Formatter} format
 *
 * @typedef {Object} Card
 * @property {string} id
 * @property {string} label
 * @property {string} help what it means, one sentence
 * @property {(result: Object) => any} figure undefined: there is no such card
 * @property {(value: number, format: Formatter) => string} write
 * @property {(value: number, format: Formatter) => string} [full] the same to the cent
 * @property {(figures: Figures) => {text, tone}} [note]
 * @property {"closing"|"range"|"customers"} [opens] records behind it
 */

const toneOf = (change) => (change > 0 ? "good" : change < 0 ? "bad" : undefined);

const exists = (value) => value !== undefined && value !== null;

/** @type {Card[]} */
export const RECURRING_CARDS = [
    {
        id: "arr",
        label: _t("ARR"),
        help: _t("Annual run rate at the end of the range: 12 times the MRR."),
        figure: ({kpis}) => kpis.arr,
        write: (value, format) => format.money(value),
        full: (value, format) => format.exact(value),
        note: ({now: {kpis}, format}) =>
            exists(kpis.growth) && {
                text: _t(
                    "%s in the period",
                    format.percent(kpis.growth, {signed: true})
                ),
                tone: toneOf(kpis.growth),
            },
        opens: "closing",
    },
    {
        id: "mrr",
        label: _t("MRR"),
        help: _t(
            "Monthly recurring revenue at the end of the range: untaxed, after discounts, without one-off amounts."
        ),
        figure: ({kpis}) => kpis.mrr,
        write: (value, format) => format.money(value),
        full: (value, format) => format.exact(value),
        note: ({now: {periods}, format}) => ({
            text: _t("%s at the start", format.money(periods[0].opening)),
        }),
        opens: "closing",
    },
    {
        id: "net_new",
        label: _t("Net New ARR"),
        help: _t("What the range added to ARR: closing less opening."),
        figure: ({kpis}) => kpis.net_new,
        write: (value, format) => format.money(12 * value, {signed: true}),
        full: (value, format) => format.exact(12 * value, {signed: true}),
        note: ({now, before, format}) =>
            exists(before?.kpis.net_new) && {
                text: _t(
                    "previous period %s",
                    format.money(12 * before.kpis.net_new, {signed: true})
                ),
                tone: toneOf(now.kpis.net_new - before.kpis.net_new),
            },
        opens: "range",
    },
    {
        id: "customers",
        label: _t("Customers"),
        help: _t("Customers with recurring revenue at the end of the range."),
        figure: ({periods}) => periods.at(-1).customers?.closing,
        write: (value, format) => format.count(value),
        note: ({now: {periods}, format}) => {
            const change =
                periods.at(-1).customers.closing - periods[0].customers.opening;
            return {
                text: change
                    ? _t("%s in the period", format.count(change, {signed: true}))
                    : _t("as many as at the start"),
                tone: toneOf(change),
            };
        },
        opens: "customers",
    },
    {
        id: "nrr_12m",
        label: _t("NRR, 12 Months"),
        help: _t(
            "Net revenue retention: what the customers of a year ago pay now, as a part of what they paid then."
        ),
        figure: ({kpis}) => kpis.nrr_12m,
        write: (value, format) => format.percent(value),
        note: ({now: {kpis}, format}) =>
            exists(kpis.grr_12m) && {text: _t("GRR %s", format.percent(kpis.grr_12m))},
    },
    {
        id: "logo_churn",
        label: _t("Logo Churn"),
        help: _t("Customers lost in the range, as a part of those at its start."),
        figure: ({kpis}) => kpis.logo_churn,
        write: (value, format) => format.percent(value),
        note: ({now: {kpis}, before, format}) => {
            if (!exists(kpis.logo_churn) || !exists(before?.kpis.logo_churn)) {
                return;
            }
            const better = before.kpis.logo_churn - kpis.logo_churn;
            const points = format.points(Math.abs(better));
            return {
                text:
                    better < 0
                        ? _t("%s points worse", points)
                        : _t("%s points better", points),
                tone: toneOf(better),
            };
        },
    },
    {
        id: "carr",
        label: _t("CARR"),
        help: _t("ARR with what is signed for later and what is known to end."),
        figure: ({kpis}) => kpis.carr,
        write: (value, format) => format.money(value),
        full: (value, format) => format.exact(value),
        note: ({now: {kpis}, format}) =>
            exists(kpis.carr) && {
                text: _t(
                    "%s against ARR",
                    format.money(kpis.carr - kpis.arr, {signed: true})
                ),
                tone: toneOf(kpis.carr - kpis.arr),
            },
    },
];

/**
 * @param {Figures} figures
 * @param {(what: string) => () => void} opener gives what a click on a card does
 * @returns {Object[]} props of MetricCard
 */
export function recurringCards({now, before, format}, opener) {
    return RECURRING_CARDS.map((card) => [card, card.figure(now)])
        .filter(([, value]) => value !== undefined)
        .map(([card, value]) => {
            const note = card.note?.({now, before, format}) || {};
            return {
                id: card.id,
                label: card.label.toString(),
                help: card.help.toString(),
                value: card.write(value, format),
                title: card.full?.(value, format),
                note: note.text?.toString(),
                tone: note.tone,
                onOpen: card.opens && opener(card.opens),
            };
        });
}
