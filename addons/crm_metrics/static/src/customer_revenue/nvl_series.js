import {_t} from "@web/core/l10n/translation";
import {periodLabel} from "../core/period";
import {toBars} from "../waterfall_chart/waterfall";
import {FIGURES, knownDays, periodName} from "./nvl_figures";

/** R, N, V, L over time, each in a picture of its own; for `frame` see the cards. */

const SHOWN = ["revenue", "customers", "value", "loyalty"];

/**
 * @param {Object} frame
 * @returns {Object[]} {id, label, help, bars} of WaterfallChart
 */
export function seriesPanels({now, meta, format, open}) {
    return SHOWN.map((id) => {
        const figure = FIGURES[id];
        const label = figure.label.toString();
        const bars = toBars(
            now.periods.map((period) => ({
                id: period.date_from,
                label: periodLabel(period, meta.grain),
                amount: period[id] || 0,
                isTotal: true,
                // what is not whole is hatched
                known: period.partial ? 0 : undefined,
                period,
            }))
        );
        return {
            id,
            label,
            help: figure.help.toString(),
            bars: bars.map((bar) => ({
                ...bar,
                text: figure.isMoney
                    ? format.short(bar.period[id])
                    : figure.write(bar.period[id], format),
                title: _t("%(figure)s, %(period)s: %(value)s", {
                    figure: label,
                    period: periodName(bar.period, meta),
                    value: figure.exact(bar.period[id], format),
                }).toString(),
                onOpen: bar.amount ? () => open(id, label, bar.period) : undefined,
            })),
        };
    });
}

/** @returns {string} */
export function seriesMeaning({now, meta}) {
    const isCut = now.periods.some(
        (period) => period.partial && knownDays(period, meta).to >= period.date_from
    );
    const sentences = [
        _t(
            "Customers × average purchase × purchases per customer = revenue, in each period."
        ),
    ];
    if (isCut) {
        sentences.push(_t("A hatched period is not whole."));
    }
    sentences.push(_t("A bar opens its purchases; the table below has the numbers."));
    return sentences.join(" ");
}
