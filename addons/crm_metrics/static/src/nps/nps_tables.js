import {_t} from "@web/core/l10n/translation";
import {answersText, BUCKETS, scoreText, THRESHOLD} from "./nps_figures";
import {periodName} from "./nps_pictures";

/** Tables of the screen; for `frame` see the figures. */

const COLUMNS = {
    score: {id: "score", label: _t("NPS")},
    interval: {
        id: "interval",
        label: _t("Interval"),
        help: _t(
            "Where the score would lie if all customers had been asked, 95 times of 100."
        ),
    },
    answers: {id: "answers", label: _t("Answers")},
};

const shown = ({label, help, ...column}) => ({
    ...column,
    label: label.toString(),
    help: help?.toString(),
});

/** Why a figure of few answers is not there. */
const tooFew = () => _t("Fewer than %s answers: it would say nothing.", THRESHOLD);

/** A score, or a dash that says why there is none. */
function scoreCell(line, {format}) {
    const isHidden = line.score === null && line.answers !== 0;
    return {
        text: scoreText(line.score, format),
        title: isHidden ? tooFew().toString() : undefined,
        isNothing: line.score === null,
    };
}

function intervalCell({low, high}, {format}) {
    return low === null
        ? undefined
        : {text: `${scoreText(low, format)} … ${scoreText(high, format)}`};
}

/** A number of answers that opens them. */
function countCell(count, label, {format}, onOpen) {
    return {
        text: format.count(count),
        label: `${label}: ${answersText(count, format)}`,
        isNothing: !count,
        onOpen,
    };
}

/**
 * @param {import("./nps_figures").Frame} frame
 * @returns {{columns, rows, total}} props of DataTable: the numbers of the trend
 */
export function trendTable(frame) {
    const {result, meta, open} = frame;
    const whole = _t("Whole range").toString();
    const cells = (line, label, period) => ({
        score: scoreCell(line, frame),
        interval: intervalCell(line, frame),
        answers: countCell(line.answers, label, frame, () =>
            open("answers", _t("Answers, %s", label), {period})
        ),
    });
    return {
        columns: [
            {id: "period", label: _t("Period").toString()},
            ...Object.values(COLUMNS).map(shown),
        ],
        rows: result.trend.map((period) => {
            const label = periodName(period, meta);
            return {id: period.date_from, label, cells: cells(period, label, period)};
        }),
        total: {id: "total", label: whole, cells: cells(result, whole)},
    };
}

/**
 * @param {import("./nps_figures").Frame} frame
 * @param {Object} slice of SLICES
 * @param {(group: Object) => void} narrow to one slice
 * @returns {{columns, rows, total}} props of DataTable
 */
export function groupTable(frame, slice, narrow) {
    const {result, format, open} = frame;
    const cells = (line, label, group) => ({
        score: scoreCell(line, frame),
        interval: intervalCell(line, frame),
        answers: countCell(line.answers, label, frame, () =>
            open("answers", label, {group})
        ),
        ...Object.fromEntries(
            BUCKETS.map(({id, label: bucket}) => [
                id,
                {
                    ...countCell(line[id], `${label}, ${bucket}`, frame, () =>
                        open(id, `${bucket}, ${label}`, {group})
                    ),
                    note: line.answers
                        ? format.percent(line[id] / line.answers, {digits: 0})
                        : undefined,
                },
            ])
        ),
        rate: {text: format.percent(line.response.rate)},
    });
    const whole = _t("Whole").toString();
    return {
        columns: [
            {id: "slice", label: slice.label.toString()},
            ...Object.values(COLUMNS).map(shown),
            ...BUCKETS.map(({id, label}) => ({id, label: label.toString()})),
            {id: "rate", label: _t("Response Rate").toString()},
        ],
        rows: [...result.groups]
            .sort((a, b) => b.score - a.score)
            .map((group) => ({
                id: String(group.id || 0),
                label: group.name,
                title: _t("Show only %s", group.name).toString(),
                onOpen: group.id ? () => narrow(group) : undefined,
                cells: cells(group, group.name, group.id),
            })),
        total: {id: "total", label: whole, cells: cells(result, whole)},
    };
}

/** @returns {string} what a table of slices says, and what it keeps to itself */
export function groupMeaning({result, format}) {
    const {hidden} = result;
    const sentences = [
        _t(
            "By the account that answered. Click a name to look at it alone, a number to see its answers."
        ),
    ];
    if (hidden?.groups) {
        sentences.push(
            _t(
                "%(groups)s not shown, with %(answers)s: below %(threshold)s answers a score says nothing, and shows what a single person said.",
                {
                    groups:
                        hidden.groups === 1
                            ? _t("1 row is")
                            : _t("%s rows are", format.count(hidden.groups)),
                    answers: answersText(hidden.answers, format),
                    threshold: THRESHOLD,
                }
            )
        );
    }
    return sentences.join(" ");
}

/**
 * @param {import("./nps_figures").Frame} frame
 * @returns {Object|null} props of DataTable, null: there are no comments
 */
export function tagTable(frame) {
    const {result, format, open} = frame;
    if (!result.tags.length) {
        return null;
    }
    const largest = Math.max(...result.tags.map(({answers}) => answers));
    return {
        columns: [
            {id: "tag", label: _t("Tag").toString()},
            shown(COLUMNS.answers),
            shown(COLUMNS.score),
        ],
        rows: result.tags.map((tag) => {
            const name = tag.id ? tag.name : _t("Comments without a tag").toString();
            return {
                id: String(tag.id || 0),
                label: name,
                cells: {
                    answers: {
                        ...countCell(tag.answers, name, frame, () =>
                            open("tag", name, {value: tag.id})
                        ),
                        part: tag.answers / largest,
                    },
                    score: scoreCell(tag, {format}),
                },
            };
        }),
    };
}

/**
 * What became of the detractors.
 *
 * @param {import("./nps_figures").Frame} frame
 * @returns {Object|null} props of DataTable, null: there are no detractors
 */
export function followupTable(frame) {
    const {result, format, open} = frame;
    const {followup} = result;
    if (!followup.detractors) {
        return null;
    }
    const line = (id, label, figure, count, value) => ({
        id,
        label: label.toString(),
        cells: {
            count: countCell(count, label, frame, () =>
                open(figure, label.toString(), value === undefined ? {} : {value})
            ),
            share: {
                text: format.percent(count / followup.detractors, {digits: 0}),
                part: count / followup.detractors,
            },
        },
    });
    return {
        columns: [
            {id: "step", label: _t("Follow-up").toString()},
            {id: "count", label: _t("Detractors").toString()},
            {id: "share", label: _t("Share").toString()},
        ],
        rows: [
            line("detractors", _t("All detractors"), "detractors", followup.detractors),
            line("contacted", _t("Contacted"), "contacted", followup.contacted),
            line("in_time", _t("Contacted in time"), "in_time", followup.in_time),
            line("overdue", _t("Overdue"), "overdue", followup.overdue),
            ...followup.outcomes.map(({outcome, name, count}) =>
                line(
                    `outcome_${outcome}`,
                    outcome ? _t("Outcome: %s", name) : _t("Outcome: none yet"),
                    "outcome",
                    count,
                    outcome
                )
            ),
        ],
    };
}

/** @returns {string} */
export function followupMeaning({result, format}) {
    const {median_hours} = result.followup;
    const sentences = [
        _t(
            "Each detractor becomes an activity for the salesperson of the account. A number opens the answers."
        ),
    ];
    if (median_hours !== null) {
        sentences.push(
            _t(
                "Half of those contacted were so within %s hours.",
                format.days(median_hours)
            )
        );
    }
    return sentences.join(" ");
}
