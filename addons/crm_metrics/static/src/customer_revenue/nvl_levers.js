import {_t} from "@web/core/l10n/translation";
import {FIGURES} from "./nvl_figures";

/** What the last 12 months would have brought at another level; see the cards. */

const BEST_OF = {
    team: _t("best sales team"),
    segment: _t("best customer segment"),
    year: _t("own best year"),
};

/** @returns {Object[]} levers of the façade, the largest gain first, unknown ones last */
function byGain(levers) {
    return levers.toSorted((a, b) => (b.gain ?? -1) - (a.gain ?? -1));
}

/** @returns {string} the largest lever in one sentence */
export function leversMeaning({now, format}) {
    const [first] = byGain(now.levers);
    const sentences = [];
    if (first?.gain) {
        const figure = FIGURES[first.factor];
        sentences.push(
            _t(
                "The largest lever: %(factor)s at the level of %(whom)s (%(best)s instead of %(now)s) would have brought %(gain)s more in the last 12 months.",
                {
                    factor: figure.label,
                    whom: first.name,
                    best: figure.write(first.best, format),
                    now: figure.write(first.now, format),
                    gain: format.money(first.gain),
                }
            )
        );
    } else {
        sentences.push(_t("Nobody is better than you are yourself."));
    }
    sentences.push(
        _t(
            "One factor at a time, the others as they are; an upper bound, not a promise."
        )
    );
    return sentences.join(" ");
}

/**
 * @param {Object} frame
 * @returns {{columns, rows}} props of DataTable
 */
export function leverTable({now, format, openLever}) {
    const levers = byGain(now.levers);
    const largest = Math.max(...levers.map(({gain}) => gain || 0));
    const digits = format.digitsFor(
        levers.flatMap(({gain, revenue_at_best}) => [gain || 0, revenue_at_best || 0])
    );
    return {
        columns: [
            {id: "factor", label: _t("Lever").toString()},
            {
                id: "now",
                label: _t("Now").toString(),
                help: _t("In the 12 months to the end of the range.").toString(),
            },
            {
                id: "best",
                label: _t("Best").toString(),
                help: _t(
                    "Of a sales team or a segment in the same 12 months, or of a calendar year that is over."
                ).toString(),
            },
            {id: "whom", label: _t("Whose").toString()},
            {
                id: "gain",
                label: _t("Would Bring").toString(),
                help: _t("More revenue in 12 months at the best level.").toString(),
            },
            {
                id: "revenue",
                label: _t("Revenue Then").toString(),
                help: _t("Of the 12 months at the best level.").toString(),
            },
        ],
        rows: levers.map((lever) => {
            const figure = FIGURES[lever.factor];
            const {gain} = lever;
            const write = (value) => figure.write(value, format);
            const label = figure.label.toString();
            return {
                id: `${lever.factor}-${lever.best_of}`,
                label,
                note: BEST_OF[lever.best_of].toString(),
                cells: {
                    now: {
                        text: write(lever.now),
                        label: _t("%(figure)s now: %(value)s", {
                            figure: label,
                            value: write(lever.now),
                        }).toString(),
                        onOpen: () => openLever(lever, true),
                        isNothing: !lever.now,
                    },
                    best: {
                        text: write(lever.best),
                        label: _t("%(figure)s of %(whom)s: %(value)s", {
                            figure: label,
                            whom: lever.name,
                            value: write(lever.best),
                        }).toString(),
                        onOpen: () => openLever(lever, false),
                    },
                    whom: {text: lever.name},
                    gain: {
                        text: gain
                            ? format.amount(gain, {signed: true, digits})
                            : gain === 0
                              ? _t("best already").toString()
                              : "–",
                        part: gain && largest ? gain / largest : undefined,
                        isNothing: !gain,
                    },
                    revenue: {
                        text: gain
                            ? format.amount(lever.revenue_at_best, {digits})
                            : "–",
                        isNothing: !gain,
                    },
                },
            };
        }),
    };
}
