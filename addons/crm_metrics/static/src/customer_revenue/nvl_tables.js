import {_t} from "@web/core/l10n/translation";
import {periodLabel, rangeLabel} from "../core/period";
import {allMoney, FIGURES, knownDays, rounded} from "./nvl_figures";

/** Tables behind the pictures; for `frame` see the cards. */

const MONEY = (value, format, digits) => format.amount(value, {digits});
const SIGNED = (value, format, digits) => format.amount(value, {signed: true, digits});
const COUNT = (value, format) => format.count(value);
const NUMBER = (value, format) => format.number(value);

/** Columns of a period: key, label, help, how it is written. */
const LEVELS = [
    {id: "revenue", write: MONEY, isMoney: true},
    {id: "customers", write: COUNT},
    {id: "value", write: MONEY, isMoney: true},
    {id: "loyalty", write: NUMBER},
    {id: "orders", write: COUNT},
].map((column) => ({
    ...column,
    label: FIGURES[column.id].label,
    help: FIGURES[column.id].help,
}));

const BESIDE = [
    {
        id: "refunds",
        label: _t("Refunds"),
        help: _t("Of all customers, on their own day."),
        write: MONEY,
        isMoney: true,
    },
    {
        id: "anonymous",
        label: _t("Anonymous"),
        help: _t("Purchases without a customer."),
        write: MONEY,
        isMoney: true,
    },
];

const HEADS = [
    {
        id: "new_customers",
        label: _t("New"),
        help: _t("Customers whose first purchase ever falls into the period."),
        write: COUNT,
    },
    {
        id: "lost_customers",
        label: _t("Not Again"),
        help: _t(
            "Customers of the period before who did not buy in this one. Of a period that is not whole: those of as many first days of the one before."
        ),
        write: COUNT,
    },
];

const CHANGE = {
    id: "delta",
    label: _t("Change"),
    help: _t(
        "Of all money, refunds and anonymous purchases included, against the period before."
    ),
    write: SIGNED,
    isMoney: true,
};

const EFFECTS = [
    {id: "by_customers", part: "customers", label: _t("by N")},
    {id: "by_value", part: "value", label: _t("by V")},
    {id: "by_loyalty", part: "loyalty", label: _t("by L")},
].map((column) => ({
    ...column,
    help: _t("What this factor alone did to revenue."),
    write: SIGNED,
    isMoney: true,
}));

const shown = ({id, label, help}) => ({
    id,
    label: label.toString(),
    help: help?.toString(),
});

function digitsOf(columns, rows, format) {
    const money = columns.filter(({isMoney, id}) => isMoney && id !== "value");
    return format.digitsFor(rows.flatMap((row) => money.map(({id}) => row[id] || 0)));
}

/** What a row says in a column; `open` is undefined where there is nothing behind. */
function cellOf(column, value, {label, digits, format, onOpen}) {
    const text = column.write(
        value,
        format,
        column.id === "value" ? undefined : digits
    );
    return {
        text,
        label: _t("%(figure)s, %(period)s: %(amount)s", {
            figure: column.label,
            period: label,
            amount: text,
        }).toString(),
        isNothing: !value,
        onOpen,
    };
}

/**
 * @param {Object} frame
 * @returns {{columns, rows, total}} props of DataTable
 */
export function periodTable(frame) {
    const {now, effect, meta, format, open, choose} = frame;
    const effects = Object.fromEntries(
        now.effects.map((each) => [each.date_from, each])
    );
    const columns = [...LEVELS, ...HEADS, ...BESIDE, CHANGE];
    const lines = now.periods.map((period) => ({
        ...period,
        delta: effects[period.date_from]?.delta ?? null,
    }));
    const digits = digitsOf(columns, lines, format);
    const sum = (id) => rounded(lines.reduce((all, line) => all + (line[id] || 0), 0));
    const total = {date_from: meta.date_from, date_to: meta.date_to};
    const additive = ["revenue", "orders", "refunds", "anonymous"];
    const totalLabel = _t("Whole range").toString();
    return {
        columns: [
            {id: "period", label: _t("Period").toString()},
            ...columns.map(shown),
        ],
        rows: lines.map((line) => {
            const label = periodLabel(line, meta.grain);
            const explained = effects[line.date_from];
            return {
                id: line.date_from,
                label,
                title: _t("Explain the change").toString(),
                note: line.partial
                    ? `(${rangeLabel(knownDays(line, meta))})`
                    : undefined,
                isChosen: line.date_from === effect?.date_from,
                onOpen: explained ? () => choose(line.date_from) : undefined,
                cells: Object.fromEntries(
                    columns.map((column) => [
                        column.id,
                        cellOf(column, line[column.id], {
                            label,
                            digits,
                            format,
                            onOpen: () =>
                                open(column.id, column.label, line, {
                                    effect: explained,
                                }),
                        }),
                    ])
                ),
            };
        }),
        total:
            lines.length > 1
                ? {
                      id: "total",
                      label: totalLabel,
                      cells: Object.fromEntries(
                          columns
                              .filter(({id}) => additive.includes(id))
                              .map((column) => [
                                  column.id,
                                  cellOf(column, sum(column.id), {
                                      label: totalLabel,
                                      digits,
                                      format,
                                      onOpen: () =>
                                          open(column.id, column.label, total),
                                  }),
                              ])
                      ),
                  }
                : undefined,
    };
}

/**
 * The slices in the period that is explained.
 *
 * @param {Object} frame
 * @param {Object} slice of SLICES
 * @param {(id: number) => void} narrow to one slice
 * @returns {{columns, rows, total}} props of DataTable
 */
export function groupTable(frame, slice, narrow) {
    const {now, effect, format, open} = frame;
    const columns = [...LEVELS, ...BESIDE, CHANGE, ...EFFECTS];
    const lineOf = ({periods, effects}) => {
        const period = periods.find((each) => each.date_from === effect.date_from);
        const change = effects.find((each) => each.date_from === effect.date_from);
        const parts = EFFECTS.map(({id, part}) => [id, change[part]]);
        return {
            ...period,
            delta: change.delta,
            ...Object.fromEntries(parts),
            effect: change,
        };
    };
    const whole = lineOf(now);
    const groups = now.groups
        .map((group) => ({group, line: lineOf(group)}))
        .filter(({line}) => allMoney(line) || line.orders || line.delta)
        .sort((a, b) => b.line.revenue - a.line.revenue);
    const digits = digitsOf(columns, [whole, ...groups.map(({line}) => line)], format);
    const cells = (line, label, more) =>
        Object.fromEntries(
            columns.map((column) => [
                column.id,
                cellOf(column, line[column.id], {
                    label,
                    digits,
                    format,
                    onOpen: () =>
                        open(column.part || column.id, column.label, line, {
                            ...more,
                            effect: column.isMoney && line.effect,
                            isEffect: Boolean(column.part),
                        }),
                }),
            ])
        );
    const wholeLabel = _t("Whole").toString();
    return {
        columns: [{id: "slice", label: slice.label.toString()}, ...columns.map(shown)],
        rows: groups.map(({group, line}) => ({
            id: String(group.id || 0),
            label: group.name,
            title: _t("Show only %s", group.name).toString(),
            note:
                whole.revenue && line.revenue
                    ? format.percent(line.revenue / whole.revenue, {digits: 0})
                    : undefined,
            onOpen: group.id ? () => narrow(group) : undefined,
            cells: cells(line, group.name, {slice: {group: slice.id, id: group.id}}),
        })),
        total: {id: "total", label: wholeLabel, cells: cells(whole, wholeLabel)},
    };
}
