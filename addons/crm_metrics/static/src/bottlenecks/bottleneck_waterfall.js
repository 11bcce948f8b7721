import {_t} from "@web/core/l10n/translation";
import {rangeLabel} from "../core/period";
import {toBars} from "../waterfall_chart/waterfall";

/**
 * Parts of the open value, from left to right.
 *
 * @typedef {Object} Part
 * @property {string} id also of the bar in `bottleneck_deals`
 * @property {1|-1} [sign] how it changes what is open
 */

/** @type {Part[]} */
const PARTS = [
    {id: "start", label: _t("At Start"), isTotal: true},
    {id: "created", label: _t("New"), sign: 1},
    {id: "reopened", label: _t("Reopened"), sign: 1},
    {id: "increased", label: _t("Increased"), sign: 1},
    {id: "decreased", label: _t("Decreased"), sign: -1},
    {id: "won", label: _t("Won"), sign: -1, tone: "gain"},
    {id: "lost", label: _t("Lost"), sign: -1},
    {id: "archived", label: _t("Archived"), sign: -1},
    {id: "transfer", label: _t("Transfer"), sign: 1, hiddenWhenZero: true},
    {id: "end", label: _t("At End"), isTotal: true},
];

/**
 * @param {Object} frame see the cards
 * @returns {Object[]} bars of WaterfallChart
 */
export function pipelineBars({now, format, openDeals}) {
    const {waterfall} = now;
    const steps = PARTS.filter(
        ({id, hiddenWhenZero}) => !hiddenWhenZero || waterfall[id]
    ).map((part) => ({
        ...part,
        label: part.label.toString(),
        // minus nothing is nothing
        amount: (part.sign || 1) * waterfall[part.id] || 0,
    }));
    return toBars(steps).map((bar) => {
        const signed = !bar.isTotal;
        return {
            ...bar,
            text: format.short(bar.amount, {signed}),
            title: _t("%(label)s: %(figure)s", {
                label: bar.label,
                figure: format.exact(bar.amount, {signed}),
            }).toString(),
            onOpen: bar.amount
                ? () => openDeals(bar.label, `waterfall.${bar.id}`)
                : undefined,
        };
    });
}

/** @returns {string} the waterfall in words */
export function pipelineSummary(bars, {now, format}) {
    const {date_from, date_to} = now.meta;
    return _t("Open value went from %(start)s to %(end)s in %(range)s. %(changes)s.", {
        start: format.exact(now.waterfall.start),
        end: format.exact(now.waterfall.end),
        range: rangeLabel({from: date_from, to: date_to}),
        changes: bars
            .slice(1, -1)
            .map(({title}) => title)
            .join("; "),
    });
}
