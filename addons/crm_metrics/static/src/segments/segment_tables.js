import {_t} from "@web/core/l10n/translation";
import {customersText, swatchOf, totalOf} from "./segment_figures";

/** Tables of the screen; for `frame` see the figures. */

/**
 * @param {Object} frame
 * @returns {{columns, rows, total}} props of DataTable
 */
export function segmentTable(frame) {
    const {result, format, chosen, choose, openScores} = frame;
    const total = totalOf(result);
    const hasBefore = result.previous_run_ids.length > 0;
    const digits = format.digitsFor(result.segments.map(({revenue}) => revenue));
    const share = (part, whole) => (whole ? format.percent(part / whole) : undefined);
    const cells = (line, label, domain) => ({
        customers: {
            text: format.count(line.customers),
            note: share(line.customers, total.customers),
            label: `${label}: ${customersText(line.customers, format)}`,
            isNothing: !line.customers,
            onOpen: () => openScores(label, domain),
        },
        revenue: {
            text: format.amount(line.revenue, {digits}),
            note: share(line.revenue, total.revenue),
            label: `${label}: ${format.exact(line.revenue)}`,
            isNothing: !line.revenue,
            onOpen: () => openScores(label, domain),
        },
        previous: {
            text: format.count(line.previous),
            label: _t("%(segment)s, in the run before: %(customers)s", {
                segment: label,
                customers: customersText(line.previous, format),
            }).toString(),
            isNothing: !line.previous,
            onOpen: () => openScores(label, domain, true),
        },
        change: {
            text: format.count(line.customers - line.previous, {signed: true}),
            isNothing: line.customers === line.previous,
        },
    });
    const before = [
        {
            id: "previous",
            label: _t("Before").toString(),
            help: _t("Customers in the run before.").toString(),
        },
        {id: "change", label: _t("Change").toString()},
    ];
    return {
        columns: [
            {id: "segment", label: _t("Segment").toString()},
            {id: "customers", label: _t("Customers").toString()},
            {
                id: "revenue",
                label: _t("Revenue").toString(),
                help: _t("In the window of the run, less refunds.").toString(),
            },
            ...(hasBefore ? before : []),
        ],
        rows: result.segments.map((segment) => {
            const {segment_id: id, name} = segment;
            return {
                id: String(id || 0),
                label: name,
                title: _t("What these customers are like").toString(),
                swatch: swatchOf(segment),
                isChosen: chosen.includes(id),
                onOpen: id ? () => choose(id) : undefined,
                cells: cells(segment, name, [["segment_id", "=", id || false]]),
            };
        }),
        total: {
            id: "total",
            label: _t("All").toString(),
            cells: cells(total, _t("All").toString(), []),
        },
    };
}

/**
 * Who was in which segment before, and is in which now.
 *
 * @param {Object} frame
 * @returns {Object|null} props of HeatMap, null: there is no run before
 */
export function migrationMap(frame) {
    const {result, format, openMoves} = frame;
    if (!result.migrations.length) {
        return null;
    }
    const counts = new Map(
        result.migrations.map((move) => [
            `${move.previous_segment_id}>${move.segment_id}`,
            move.customers,
        ])
    );
    const known = result.segments.filter(({segment_id}) => segment_id);
    const isUsed = (side, id) => result.migrations.some((move) => move[side] === id);
    const columns = [
        ...known.filter(({segment_id}) => isUsed("segment_id", segment_id)),
        ...(isUsed("segment_id", null)
            ? [{segment_id: null, name: _t("Not scored any more").toString()}]
            : []),
    ];
    const rows = [
        ...known.filter(({segment_id}) => isUsed("previous_segment_id", segment_id)),
        ...(isUsed("previous_segment_id", null)
            ? [{segment_id: null, name: _t("Not scored before").toString()}]
            : []),
    ];
    const moved = result.migrations.filter(
        (move) => move.previous_segment_id !== move.segment_id
    );
    const largest = Math.max(0, ...moved.map(({customers}) => customers));
    const rank = new Map(known.map(({segment_id}, index) => [segment_id, index]));
    const cell = (before, after) => {
        const customers = counts.get(`${before.segment_id}>${after.segment_id}`);
        if (!customers) {
            return {text: "", heat: null};
        }
        const stayed = before.segment_id === after.segment_id;
        const name = stayed
            ? _t("Stayed in %s", after.name)
            : _t("From %(before)s to %(after)s", {
                  before: before.name,
                  after: after.name,
              });
        return {
            text: format.count(customers),
            heat: stayed || !largest ? null : customers / largest,
            // segments are in order, the best first
            tone:
                (rank.get(after.segment_id) ?? Infinity) <
                (rank.get(before.segment_id) ?? Infinity)
                    ? "gain"
                    : "loss",
            label: `${name}: ${customersText(customers, format)}`,
            onOpen: () => openMoves(name, before.segment_id, after.segment_id),
        };
    };
    const sum = (list) => list.reduce((all, each) => all + each.customers, 0);
    return {
        caption: _t("Who moved where").toString(),
        title: _t("Now in").toString(),
        heads: [
            {id: "before", label: _t("Before in").toString()},
            {id: "total", label: _t("All").toString()},
        ],
        columns: columns.map(({name}) => name),
        rows: rows.map((before) => ({
            id: String(before.segment_id || 0),
            label: before.name,
            heads: {
                total: format.count(
                    sum(
                        result.migrations.filter(
                            (move) => move.previous_segment_id === before.segment_id
                        )
                    )
                ),
            },
            cells: columns.map((after) => cell(before, after)),
        })),
    };
}

const PARTS = [
    {id: "industry", label: _t("Industry"), field: "industry_id"},
    {id: "country", label: _t("Country"), field: "country_id"},
    {id: "size", label: _t("Size"), field: "size"},
    {id: "source", label: _t("Source"), field: "source_id"},
];

/** More rows than this nobody reads. */
const MAX_ROWS = 8;

/**
 * What customers of a segment are like, beside all customers.
 *
 * @param {Object} frame
 * @returns {Object[]} {id, label, note, table: props of DataTable}
 */
export function profileTables({result, format, chosen, openScores}) {
    const all = totalOf(result);
    const domain = chosen.length ? [["segment_id", "in", chosen]] : [];
    return PARTS.map(({id, label, field}) => {
        const rows = result.profile[id];
        const whole = rows.reduce((sum, {customers}) => sum + customers, 0);
        const isNarrowed = chosen.length > 0;
        const title = label.toString();
        return {
            id,
            label: title,
            note:
                rows.length > MAX_ROWS
                    ? _t("The %(shown)s most frequent of %(all)s.", {
                          shown: MAX_ROWS,
                          all: rows.length,
                      }).toString()
                    : "",
            table: {
                columns: [
                    {id: "value", label: title},
                    {id: "customers", label: _t("Customers").toString()},
                    {id: "share", label: _t("Share").toString()},
                    ...(isNarrowed
                        ? [
                              {
                                  id: "everybody",
                                  label: _t("Of All").toString(),
                                  help: _t(
                                      "Share among the customers of all segments."
                                  ).toString(),
                              },
                          ]
                        : []),
                    {id: "revenue", label: _t("Revenue").toString()},
                ],
                rows: rows.slice(0, MAX_ROWS).map((row) => ({
                    id: String(row.id || 0),
                    label: row.name,
                    cells: {
                        customers: {
                            text: format.count(row.customers),
                            part: whole ? row.customers / whole : undefined,
                            label: `${row.name}: ${customersText(row.customers, format)}`,
                            onOpen: () =>
                                openScores(row.name, [
                                    ...domain,
                                    [field, "=", row.id || false],
                                ]),
                        },
                        share: {
                            text: format.percent(whole ? row.customers / whole : null),
                        },
                        everybody: {
                            text: format.percent(
                                all.customers ? row.everybody / all.customers : null
                            ),
                            isNothing: true,
                        },
                        revenue: {text: format.amount(row.revenue)},
                    },
                })),
            },
        };
    });
}
