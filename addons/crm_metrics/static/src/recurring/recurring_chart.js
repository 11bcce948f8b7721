import {_t} from "@web/core/l10n/translation";
import {lastDay, rangeLabel} from "../core/period";
import {toBars} from "../waterfall_chart/waterfall";
import {waterfallSteps} from "./recurring_figures";
import {MEASURES} from "./recurring_filters";

/**
 * The waterfall of the screen and what is said about it. `frame` is that of the
 * tables, see `recurring_table.js`; `screen` is {now, today, values}.
 */

const nameOf = (measure) => MEASURES.find(({id}) => id === measure).label.toString();

/** @returns {string} */
export function chartTitle({measure}) {
    return _t("How %s moved", nameOf(measure));
}

/** @returns {string} what the picture shows, in a few sentences */
export function chartMeaning({today, values}, {factor, meta, onlyLosses}) {
    const sentences = [
        onlyLosses
            ? _t("Only losses have a close reason: there are no balances to show.")
            : _t("Opening + movements = closing, to the cent."),
    ];
    if (values.view === "net") {
        sentences.push(
            _t(
                "Each customer counts once a period, by the difference between its end and its start."
            )
        );
    }
    if (today) {
        const last = lastDay(meta);
        sentences.push(
            _t(
                "Hatched is what was agreed on for after %s.",
                rangeLabel({from: last, to: last})
            )
        );
    }
    sentences.push(
        _t(
            "A bar opens its movements; a movement opens its subscription and the opportunity that caused it."
        )
    );
    if (factor === 12) {
        sentences.push(_t("Movements are amounts a month: a twelfth of what is here."));
    }
    return sentences.join(" ");
}

const isLoss = (id, amount) =>
    id === "churn" || (amount && !["opening", "closing"].includes(id));

/** @returns {Object[]} bars of WaterfallChart */
export function chartBars({now, today}, {format, factor, meta, onlyLosses, open}) {
    const {date_from, date_to} = meta;
    const steps = waterfallSteps(now.periods, factor, today?.periods).filter(
        ({id, amount}) => !onlyLosses || isLoss(id, amount)
    );
    return toBars(steps).map((bar) => {
        const signed = !bar.isTotal;
        return {
            ...bar,
            text: format.short(bar.amount, {signed}),
            title: barTitle(bar, signed, {format, factor}),
            onOpen: () => open(bar.id, bar.label, {date_from, date_to}),
        };
    });
}

function barTitle({label, amount, known}, signed, {format, factor}) {
    const figure = format.exact(amount, {signed});
    const monthly = format.exact(amount / factor, {signed});
    const title =
        factor === 1
            ? _t("%(label)s: %(figure)s a month", {label, figure})
            : _t("%(label)s: %(figure)s a year, that is %(monthly)s a month", {
                  label,
                  figure,
                  monthly,
              });
    if (known === undefined || known === amount) {
        return title;
    }
    return _t("%(title)s; by today %(known)s", {
        title,
        known: format.exact(known, {signed}),
    });
}

/** @returns {string} the waterfall in words */
export function chartSummary(bars, {format, measure, meta, onlyLosses}) {
    if (onlyLosses) {
        return bars.map(({title}) => title).join("; ");
    }
    const [opening, ...changes] = bars;
    const closing = changes.pop();
    return _t(
        "%(measure)s went from %(opening)s to %(closing)s in %(range)s. %(changes)s.",
        {
            measure: nameOf(measure),
            opening: format.exact(opening.amount),
            closing: format.exact(closing.amount),
            range: rangeLabel({from: meta.date_from, to: meta.date_to}),
            changes: changes.map(({title}) => title).join("; "),
        }
    );
}
