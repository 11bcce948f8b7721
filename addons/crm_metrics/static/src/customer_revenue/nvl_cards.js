import {_t} from "@web/core/l10n/translation";
import {FIGURES} from "./nvl_figures";

/**
 * What the cards, bars and tables of the screen are made from.
 *
 * @typedef {Object} Frame
 * @property {Object} now façade result
 * @property {Object} effect of the façade, of the period that is explained
 * @property {Object} period that is explained
 * @property {Object|null} before figures of the days that it is compared with, once they
 *  are there
 * @property {Object} meta of the façade result
 * @property {Formatter} format
 * @property {(figure: string, label: string, period: Object, slice: Object) => any} open
 */

const SIGNS = {customers: "=", value: "×", loyalty: "×"};

const toneOf = (change) => (change > 0 ? "good" : change < 0 ? "bad" : undefined);

/** How a figure changed, e.g. "+3.2% from 1,204". */
function changeNote({id, write, exact}, {period, before, format}) {
    const [now, old] = [period[id], before?.[id]];
    if (old === undefined || old === null || now === null) {
        return {};
    }
    if (!old || now === old) {
        return {
            note: now === old ? _t("as before") : _t("%s before", write(old, format)),
        };
    }
    const change = now / old - 1;
    return {
        note: _t("%(change)s from %(before)s", {
            change: format.percent(change, {signed: true}),
            before: write(old, format),
        }),
        noteTitle: _t("%(before)s before, %(now)s now", {
            before: exact(old, format),
            now: exact(now, format),
        }),
        tone: toneOf(change),
    };
}

/**
 * @param {Frame} frame
 * @returns {Object[]} props of MetricCard: R = N x V x L, and Q
 */
export function nvlCards(frame) {
    const {period, format, open} = frame;
    const letters = {
        revenue: "R",
        customers: "N",
        value: "V",
        loyalty: "L",
        orders: "Q",
    };
    return Object.values(FIGURES).map((figure) => {
        const {id, write, exact} = figure;
        const value = period[id];
        const isMissing = value === null;
        const {note, noteTitle, tone} = changeNote(figure, frame);
        const label = figure.label.toString();
        return {
            id,
            label: `${[SIGNS[id], letters[id]].filter(Boolean).join(" ")} · ${label}`,
            help: figure.help.toString(),
            value: write(value, format),
            title: isMissing
                ? _t("Nobody bought anything in the period.").toString()
                : exact(value, format),
            isMissing,
            note: note?.toString(),
            noteTitle: noteTitle?.toString(),
            tone,
            onOpen: value ? () => open(id, label, period) : undefined,
        };
    });
}
