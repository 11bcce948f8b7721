import {_t} from "@web/core/l10n/translation";
import {toBars} from "../waterfall_chart/waterfall";
import {allMoney, comparedName, FIGURES, periodName, rounded} from "./nvl_figures";

/**
 * The way from the money of one period to that of the next; for `frame` see the cards.
 */

const PARTS = [
    {id: "customers", short: "N", label: _t("Customers (N)")},
    {id: "value", short: "V", label: _t("Average Purchase (V)")},
    {id: "loyalty", short: "L", label: _t("Purchases per Customer (L)")},
    {id: "refunds", label: _t("Refunds"), hiddenWhenZero: true},
    {id: "anonymous", label: _t("Anonymous"), hiddenWhenZero: true},
];

/** @returns {Object[]} bars of WaterfallChart */
export function bridgeBars(frame) {
    const {effect, period, meta, format, openBridge} = frame;
    const end = allMoney(period);
    const steps = [
        {
            id: "before",
            label: comparedName(effect, period, meta),
            amount: rounded(end - effect.delta),
            isTotal: true,
        },
        ...PARTS.filter(({id, hiddenWhenZero}) => !hiddenWhenZero || effect[id]).map(
            ({id, label, short}) => ({
                id,
                label: label.toString(),
                short,
                amount: effect[id],
            })
        ),
        {id: "after", label: periodName(period, meta), amount: end, isTotal: true},
    ];
    return toBars(steps).map((bar) => {
        const signed = !bar.isTotal;
        return {
            ...bar,
            text: format.short(bar.amount, {signed}),
            title: barTitle(bar, frame),
            onOpen: () => openBridge(bar.id, bar.label),
        };
    });
}

function barTitle({id, label, amount, isTotal}, {period, before, format}) {
    const title = _t("%(label)s: %(amount)s", {
        label,
        amount: format.exact(amount, {signed: !isTotal}),
    });
    const figure = FIGURES[id];
    if (!figure || !before || before[id] === null || period[id] === null) {
        return title.toString();
    }
    return _t("%(title)s, because it was %(before)s and is %(now)s", {
        title,
        before: figure.exact(before[id], format),
        now: figure.exact(period[id], format),
    }).toString();
}

/** @returns {string} */
export function bridgeTitle({effect, period, meta}) {
    return _t("What changed from %(before)s to %(now)s", {
        before: comparedName(effect, period, meta),
        now: periodName(period, meta),
    });
}

/** @returns {string} what the picture shows, in a few sentences */
export function bridgeMeaning({effect, period, format}) {
    const sentences = [];
    const largest = PARTS.map((part) => ({...part, amount: effect[part.id]})).sort(
        (a, b) => Math.abs(b.amount) - Math.abs(a.amount)
    )[0];
    if (largest.amount) {
        sentences.push(
            _t("%(change)s in all, most of it by %(factor)s: %(amount)s.", {
                change: format.exact(effect.delta, {signed: true}),
                factor: largest.label,
                amount: format.exact(largest.amount, {signed: true}),
            })
        );
    }
    sentences.push(
        _t(
            "Each bar is what this factor alone did to all money, refunds and anonymous purchases included; the bars add up to the cent (LMDI). A bar opens its purchases."
        )
    );
    if (period.partial) {
        sentences.push(
            _t(
                "The period is not whole: it is compared with as many first days of the one before."
            )
        );
    }
    return sentences.join(" ");
}

/** @returns {string} the waterfall in words */
export function bridgeSummary(bars) {
    return bars.map(({title}) => title).join("; ");
}
