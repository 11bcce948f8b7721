import {_t} from "@web/core/l10n/translation";

/**
 * The figures on top of the screen, from left to right, two rows at most. A card whose
 * figure the façade does not return is not there; one whose figure does not exist shows
 * a dash and says why.
 *
 * @typedef {Object} Figures what a card is made from
 * @property {Object} now façade result of the range
 * @property {Object|null} [before] façade result of the equal range before
 * @property {Object|null} [today] façade result without what lies ahead, when the range
 *  holds some of it
 * @property {Formatter} format
 * @property {boolean} [onlyLosses] narrowed to close reasons: there are no balances
 *
 * @typedef {Object} Card
 * @property {string} id
 * @property {string} label
 * @property {string} help what it means, one sentence
 * @property {(result: Object) => any} figure undefined: there is no such card
 * @property {string} [missing] why the figure may not exist
 * @property {(value: number, format: Formatter) => string} write
 * @property {(value: number, format: Formatter) => string} [full] the same to the cent
 * @property {(figures: Figures) => {text, tone, title}} [note]
 * @property {boolean} [ofLosses] makes sense without balances
 * @property {string} [opens] records behind it, see `RecurringAction.cards`
 */

const toneOf = (change) => (change > 0 ? "good" : change < 0 ? "bad" : undefined);

const exists = (value) => value !== undefined && value !== null;

const MONEY = {
    write: (value, format) => format.money(value),
    full: (value, format) => exists(value) && format.exact(value),
};

/** @type {Card[]} */
export const RECURRING_CARDS = [
    {
        id: "arr",
        label: _t("ARR"),
        help: _t("Annual run rate at the end of the range: 12 times the MRR."),
        figure: ({kpis}) => kpis.arr,
        ...MONEY,
        note: ({now: {kpis}, today, format}) =>
            today
                ? {text: _t("%s today", format.money(today.kpis.arr))}
                : exists(kpis.growth) && {
                      text: _t(
                          "%s in the period",
                          format.percent(kpis.growth, {signed: true})
                      ),
                      tone: toneOf(kpis.growth),
                  },
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
        opens: "all",
        ofLosses: true,
    },
    {
        id: "nrr_12m",
        label: _t("NRR, 12 Months"),
        help: _t(
            "Net revenue retention: what the customers of a year ago pay now, as a part of what they paid then. GRR, the gross one, leaves out what they pay more."
        ),
        missing: _t(
            "Needs a year of history: nobody had recurring revenue a year before the end of the range."
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
        missing: _t("Needs customers at the start of the range."),
        figure: ({kpis}) => kpis.logo_churn,
        write: (value, format) => format.percent(value),
        note: ({now: {kpis}, before, today, format}) => {
            if (today || !exists(kpis.logo_churn) || !exists(before?.kpis.logo_churn)) {
                return;
            }
            const better = before.kpis.logo_churn - kpis.logo_churn;
            const points = format.points(Math.abs(better));
            if (!/[1-9]/.test(points)) {
                return {text: _t("as in the previous period")};
            }
            return {
                text:
                    better < 0
                        ? _t("%s points worse", points)
                        : _t("%s points better", points),
                title: _t(
                    "%s in the equal range before",
                    format.percent(before.kpis.logo_churn)
                ),
                tone: toneOf(better),
            };
        },
        opens: "churn",
    },
    {
        id: "carr",
        label: _t("CARR"),
        help: _t(
            "Committed ARR: ARR today with what is signed for later, less what is known to end. A term that merely runs out is a renewal due and stays in."
        ),
        missing: _t("Only for ranges that reach today."),
        figure: ({kpis}) => kpis.carr,
        ...MONEY,
        note: ({now, today, format}) => {
            const {arr} = (today || now).kpis;
            const {carr} = now.kpis;
            return (
                exists(carr) && {
                    text:
                        carr === arr
                            ? _t("nothing agreed on for later")
                            : _t(
                                  "%s agreed on for later",
                                  format.money(carr - arr, {signed: true})
                              ),
                    tone: toneOf(carr - arr),
                }
            );
        },
        opens: "ahead",
    },
    {
        id: "mrr",
        label: _t("MRR"),
        help: _t(
            "Monthly recurring revenue at the end of the range: untaxed, after discounts, without one-off amounts."
        ),
        figure: ({kpis}) => kpis.mrr,
        ...MONEY,
        note: ({now: {periods}, format}) => ({
            text: _t("%s at the start", format.money(periods[0].opening)),
        }),
        opens: "closing",
    },
    {
        id: "customers",
        label: _t("Customers"),
        help: _t("Customers with recurring revenue at the end of the range."),
        figure: ({periods}) => periods.at(-1).customers?.closing,
        write: (value, format) => format.count(value),
        note: ({now: {periods, kpis}, format}) => {
            const change =
                periods.at(-1).customers.closing - periods[0].customers.opening;
            const text = change
                ? _t("%s in the period", format.count(change, {signed: true}))
                : _t("as many as at the start");
            const share = kpis.top10_share;
            return {
                text: exists(share)
                    ? _t("%(change)s · top 10: %(share)s", {
                          change: text,
                          share: format.percent(share),
                      })
                    : text,
                title: exists(share)
                    ? _t(
                          "The ten largest customers make %s of the MRR.",
                          format.percent(share)
                      )
                    : undefined,
                tone: toneOf(change),
            };
        },
        opens: "customers",
    },
    {
        id: "arpa",
        label: _t("MRR per Customer"),
        help: _t(
            "ARPA: MRR per customer at the end of the range. ASP is the same of new customers, LTV what a customer brings until leaving at the range's logo churn."
        ),
        missing: _t("Needs customers at the end of the range."),
        figure: ({kpis}) => kpis.arpa,
        ...MONEY,
        note: ({now: {kpis}, format}) => {
            const parts = [];
            if (exists(kpis.asp)) {
                parts.push(_t("ASP %s", format.money(kpis.asp)));
            }
            if (exists(kpis.ltv)) {
                parts.push(_t("LTV %s", format.money(kpis.ltv)));
            }
            return {text: parts.join(" · ")};
        },
        opens: "customers",
    },
    {
        id: "quick_ratio",
        label: _t("Quick Ratio"),
        help: _t(
            "What was won for each unit that was lost: (new + reactivation + expansion) / (contraction + churn)."
        ),
        missing: _t("Nothing was lost in the range."),
        figure: ({kpis}) => kpis.quick_ratio,
        write: (value, format) => format.number(value),
        note: ({now: {kpis}, format}) =>
            exists(kpis.gross_churn) && {
                text: _t("gross churn %s", format.percent(kpis.gross_churn)),
                title: _t(
                    "Contraction and churn of the range, as a part of the MRR at its start"
                ),
            },
    },
    {
        id: "weighted_pipeline_mrr",
        label: _t("Weighted Pipeline MRR"),
        help: _t(
            "MRR of the open opportunities, each times its probability. It is in no other figure."
        ),
        missing: _t("Only for ranges that reach today, and for all close reasons."),
        figure: ({kpis}) => kpis.weighted_pipeline_mrr,
        ...MONEY,
        note: ({now: {kpis}}) =>
            exists(kpis.weighted_pipeline_mrr) && {text: _t("open opportunities")},
        opens: "pipeline",
    },
];

/** Figures that tell how the range ends; the others are of what is a fact. */
const OF_THE_END = ["mrr", "arr", "net_new", "growth"];

/** What lies ahead is not known to lose or win customers: no rates are made of it. */
function ofFacts(now, today) {
    if (!today) {
        return now;
    }
    const ends = OF_THE_END.map((name) => [name, now.kpis[name]]);
    // over months that lie ahead nobody has left yet
    return {...now, kpis: {...today.kpis, ltv: null, ...Object.fromEntries(ends)}};
}

/**
 * @param {Figures} figures
 * @param {(what: string, label: string) => () => void} opener gives what a click does
 * @returns {Object[]} props of MetricCard
 */
export function recurringCards(figures, opener) {
    const {before, today, format, onlyLosses} = figures;
    const now = ofFacts(figures.now, today);
    return RECURRING_CARDS.filter((card) => !onlyLosses || card.ofLosses)
        .map((card) => [card, card.figure(now)])
        .filter(([, value]) => value !== undefined)
        .map(([card, value]) => {
            const note = card.note?.({now, before, today, format}) || {};
            const isMissing = value === null;
            return {
                id: card.id,
                label: card.label.toString(),
                help: card.help.toString(),
                value: card.write(value, format),
                title:
                    (isMissing
                        ? card.missing?.toString()
                        : card.full?.(value, format)) || undefined,
                isMissing,
                note: note.text?.toString() || undefined,
                noteTitle: note.title?.toString(),
                tone: note.tone,
                onOpen:
                    card.opens && !isMissing
                        ? opener(card.opens, card.label.toString())
                        : undefined,
            };
        });
}
