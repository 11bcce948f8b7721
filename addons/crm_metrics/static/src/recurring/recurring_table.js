import {_t} from "@web/core/l10n/translation";
import {lastDay, periodLabel, rangeLabel} from "../core/period";
import {shownKinds, wholeRange} from "./recurring_figures";

/**
 * What tables of the screen are made from.
 *
 * @typedef {Object} Frame
 * @property {Formatter} format
 * @property {number} factor 12 to show yearly amounts
 * @property {Object} meta of the façade result
 * @property {Object} values of the filters
 * @property {boolean} onlyLosses narrowed to close reasons: there are no balances
 * @property {(figure: string, label: string, period: Object, slice: Object) => any} open
 */

/** @returns {Object[]} columns with money */
function moneyColumns(periods, onlyLosses) {
    const kinds = shownKinds(periods).map((kind) => ({...kind, signed: true}));
    if (onlyLosses) {
        return kinds;
    }
    return [
        {id: "opening", label: _t("Opening")},
        ...kinds,
        {id: "closing", label: _t("Closing")},
    ];
}

function digitsOf(columns, rows, {format, factor}) {
    return format.digitsFor(
        rows.flatMap((row) => columns.map(({id}) => factor * row[id]))
    );
}

/** @returns {Object} a row of DataTable */
function figureRow(frame, {id, label, period, columns, digits, slice, ...more}) {
    const {format, factor, open} = frame;
    const cells = {};
    for (const column of columns) {
        const amount = factor * period[column.id];
        const {signed} = column;
        cells[column.id] = {
            text: format.amount(amount, {signed, digits}),
            label: _t("%(figure)s, %(period)s: %(amount)s", {
                figure: column.label,
                period: label,
                amount: format.exact(amount, {signed}),
            }),
            isNothing: !amount,
            onOpen: () => open(column.id, column.label, period, slice),
        };
    }
    const {opening, closing} = period.customers;
    cells.customers = {
        text: format.count(closing),
        label: _t("Customers, %(period)s: %(count)s", {
            period: label,
            count: format.count(closing),
        }),
        title:
            closing === opening
                ? undefined
                : _t(
                      "%s in the period",
                      format.count(closing - opening, {signed: true})
                  ),
        isNothing: !closing,
        onOpen: () => open("customers", _t("Customers"), period, slice),
    };
    return {id, label, cells, ...more};
}

/** Says which part of a period is meant, when it is not all of it. */
function partNote(period, {meta, values}) {
    if (!period.partial) {
        return undefined;
    }
    const last = lastDay(meta);
    if (values.view === "committed" && period.date_to > last) {
        return period.date_from > last ? _t("(agreed on)") : _t("(and agreed on)");
    }
    if (period.date_from > last) {
        return _t("(lies ahead)");
    }
    const to = period.date_to < last ? period.date_to : last;
    return `(${rangeLabel({from: period.date_from, to})})`;
}

/**
 * @param {Object[]} periods of the façade
 * @param {Frame} frame
 * @returns {{columns, rows, total}} props of DataTable
 */
export function periodTable(periods, frame) {
    const {meta, values, onlyLosses} = frame;
    const last = lastDay(meta);
    const columns = moneyColumns(periods, onlyLosses);
    const customers = {
        id: "customers",
        label: _t("Customers"),
        help: _t("With recurring revenue at the end of the period"),
    };
    const digits = digitsOf(columns, periods, frame);
    const {date_from, date_to} = meta;
    return {
        columns: [
            {id: "period", label: _t("Period")},
            ...columns,
            ...(onlyLosses ? [] : [customers]),
        ],
        rows: periods.map((period) =>
            figureRow(frame, {
                id: period.date_from,
                label: periodLabel(period, meta.grain),
                note: partNote(period, frame)?.toString(),
                isAhead: values.view === "committed" && period.date_from > last,
                period,
                columns,
                digits,
            })
        ),
        total:
            periods.length > 1
                ? figureRow(frame, {
                      id: "total",
                      label: _t("Whole range"),
                      period: {...wholeRange(periods), date_from, date_to},
                      columns,
                      digits,
                  })
                : undefined,
    };
}

const CUSTOMERS = {
    id: "customers",
    label: _t("Customers"),
    help: _t(
        "With recurring revenue at the end of the range; one who has it in two slices is in both"
    ),
};

const RATES = [
    {
        id: "nrr_12m",
        label: _t("NRR"),
        help: _t("Net revenue retention over the last 12 months"),
    },
    {
        id: "logo_churn",
        label: _t("Logo Churn"),
        help: _t("Customers lost in the range, as a part of those at its start"),
    },
];

/**
 * The range by slice: what the slices hold adds up to the whole. A close reason has
 * losses only, no balance of its own.
 *
 * @param {Object} result of the façade, with groups
 * @param {Object} slice of SLICES
 * @param {Frame} frame
 * @returns {{columns, rows, total}} props of DataTable
 */
export function sliceTable({groups, periods, kpis}, slice, frame) {
    const {date_from, date_to} = frame.meta;
    const onlyLosses = frame.onlyLosses || slice.onlyLosses;
    const columns = moneyColumns(
        [...periods, ...groups.flatMap((group) => group.periods)],
        onlyLosses
    );
    const line = (content) => ({
        ...content,
        period: {...wholeRange(content.periods), date_from, date_to},
    });
    // most first; what has no reason is not about losses and comes last
    const order = onlyLosses
        ? (a, b) => !a.id - !b.id || a.period.churn - b.period.churn
        : (a, b) => b.period.closing - a.period.closing;
    const lines = groups.map(line).sort(order);
    const whole = line({periods, kpis});
    const digits = digitsOf(
        columns,
        [whole, ...lines].map(({period}) => period),
        frame
    );
    const row = ({period, kpis: rates}, more) => {
        const made = figureRow(frame, {...more, period, columns, digits});
        Object.assign(made.cells, rateCells(frame, period, rates, more));
        return made;
    };
    return {
        columns: [
            {id: "slice", label: slice.label},
            ...columns,
            ...(onlyLosses ? [] : [CUSTOMERS, ...RATES]),
        ],
        rows: lines.map((content) =>
            row(content, {
                id: String(content.id || 0),
                label: content.name,
                slice: {group: slice.id, id: content.id},
            })
        ),
        total: row(whole, {id: "total", label: _t("Whole")}),
    };
}

function rateCells({format, open}, period, {nrr_12m, logo_churn}, {label, slice}) {
    return {
        nrr_12m: {text: format.percent(nrr_12m), isNothing: !nrr_12m},
        logo_churn: {
            text: format.percent(logo_churn),
            label: _t("Logo churn, %(slice)s: %(rate)s", {
                slice: label,
                rate: format.percent(logo_churn),
            }),
            isNothing: !logo_churn,
            onOpen: () => open("churn", _t("Churn"), period, slice),
        },
    };
}
