import {_t} from "@web/core/l10n/translation";
import {bottleneckOf, shareOf, stuckNow} from "./bottleneck_figures";
import {wholeMoney, writeAmount, writeInFull} from "./bottleneck_cards";

/** Slices side by side; for `frame` see the cards. */

const COLUMNS = [
    {
        id: "entered",
        label: _t("Entered"),
        help: _t("Deals of the funnel. A deal belongs to the slice that had it last."),
        write: ({funnel}, frame) => writeAmount(funnel.entered[frame.measure], frame),
        title: ({funnel}, frame) => writeInFull(funnel.entered[frame.measure], frame),
        value: ({funnel}) => funnel.entered.count,
        figure: "entered",
    },
    {
        id: "won",
        label: _t("Won"),
        write: ({funnel}, frame) => writeAmount(funnel.won[frame.measure], frame),
        title: ({funnel}, frame) => writeInFull(funnel.won[frame.measure], frame),
        value: ({funnel}) => funnel.won.count,
        figure: "won",
    },
    {
        id: "win_rate",
        label: _t("Win Rate"),
        help: _t("Won / (won + lost); what is still open is left out."),
        write: ({win_rate}, {format, measure}) => format.percent(win_rate[measure]),
        value: ({win_rate}, {measure}) => win_rate[measure],
        figure: "won",
    },
    {
        id: "cycle",
        label: _t("Cycle"),
        help: _t("Median days until a deal is won or lost, open ones counted too."),
        write: ({cycle}, {format}) => format.days(cycle.all_median),
        note: ({cycle}, {format}) =>
            cycle.won_median === null
                ? undefined
                : _t("won only %s", format.days(cycle.won_median)),
        value: ({cycle}) => cycle.all_median,
        figure: "entered",
    },
    {
        id: "velocity",
        label: _t("Velocity"),
        help: _t("What the pipeline brings a day."),
        write: ({velocity}, {format}) => wholeMoney(velocity, format),
        value: ({velocity}) => velocity,
        figure: "open",
    },
    {
        id: "stuck",
        label: _t("Stuck"),
        help: _t("Open deals over the norm of their stage."),
        write: ({stages}, {format}) => format.count(stuckNow(stages).count),
        note: ({stages}, {format}) => {
            const {count, value} = stuckNow(stages);
            return count ? format.amount(value, {digits: [69, 0]}) : undefined;
        },
        value: ({stages}) => stuckNow(stages).count,
        figure: "stuck",
    },
    {
        id: "worst",
        label: _t("Bottleneck"),
        help: _t(
            "The stage where five points more would bring most. Opens the deals that were lost there."
        ),
        write: ({stages}) => bottleneckOf(stages)?.name || "–",
        note: ({stages}, {format}) => {
            const worst = bottleneckOf(stages);
            return worst
                ? _t(
                      "%s points",
                      format.points(worst.gain.win_probability, {signed: true})
                  )
                : undefined;
        },
        value: ({stages}) => bottleneckOf(stages) && 1,
        figure: "lost",
        stages: ({stages}) => [bottleneckOf(stages).stage_id],
    },
];

/**
 * @param {Object} frame
 * @param {Object} slice of SLICES
 * @param {(id: number) => void} narrow to one slice
 * @returns {{columns, rows, total}} props of DataTable
 */
export function groupTable(frame, slice, narrow) {
    const {now, measure} = frame;
    const whole = now.funnel.entered[measure];
    const row = (content, more) => ({
        ...more,
        cells: Object.fromEntries(
            COLUMNS.map((column) => [
                column.id,
                groupCell(column, content, more, frame),
            ])
        ),
    });
    const groups = [...now.groups].sort(
        (a, b) => b.funnel.entered[measure] - a.funnel.entered[measure]
    );
    return {
        columns: [
            {id: "group", label: slice.label.toString()},
            ...COLUMNS.map(({id, label, help}) => ({
                id,
                label: label.toString(),
                help: help?.toString(),
            })),
        ],
        rows: groups.map((group) => {
            const share = shareOf(group.funnel.entered[measure], whole);
            return row(group, {
                id: String(group.id || 0),
                groupId: group.id,
                label: group.name,
                title: _t("Show only %s", group.name).toString(),
                note: share === null ? undefined : frame.format.percent(share),
                onOpen: group.id ? () => narrow(group.id) : undefined,
            });
        }),
        total: row(now, {id: "total", label: _t("Whole").toString()}),
    };
}

function groupCell(column, content, {label, groupId = false}, frame) {
    const text = column.write(content, frame).toString();
    const note = column.note?.(content, frame)?.toString();
    const value = column.value(content, frame);
    const name = _t("%(figure)s, %(stage)s", {
        figure: column.label,
        stage: label,
    }).toString();
    return {
        text,
        note,
        label: `${name}: ${[text, note].filter(Boolean).join(" ")}`,
        title: column.title?.(content, frame)?.toString(),
        isNothing: value === 0 || value === null,
        onOpen: column.figure
            ? () =>
                  frame.openDeals(
                      name,
                      column.figure,
                      column.stages?.(content),
                      groupId
                  )
            : undefined,
    };
}
