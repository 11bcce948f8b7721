import {_t} from "@web/core/l10n/translation";

/**
 * Columns of the table of stages.
 *
 * @typedef {Object} Column
 * @property {string} id
 * @property {string} label
 * @property {string} help one sentence
 * @property {string[]} sets on which looks of the table it is
 * @property {(stage: Object) => number|null} value by which rows are sorted; a stage
 *  of the façade, with `funnel`: what the funnel says of it
 * @property {(value: number, format: Formatter, stage: Object) => string} write
 * @property {(stage: Object, format: Formatter) => string|undefined} [note]
 * @property {(stage: Object, format: Formatter) => string|undefined} [title]
 * @property {string} [stays] figure of `stayDomain` behind it
 * @property {string} [deals] figure of `bottleneck_deals` behind it
 * @property {boolean} [isRank] the largest is the worst: drawn as a bar, too
 */

const WHOLE = {digits: [69, 0]};
const count = (value, format) => format.count(value);
const money = (value, format) => format.amount(value, WHOLE);
const days = (value, format) => format.days(value);
const percent = (value, format) => format.percent(value);
const exact = (pick) => (stage, format) => format.exact(pick(stage));

/** Below this many ended stays nothing is estimated. */
const ENOUGH = 5;

/** An estimate of days; says why where there is none. */
function estimate(key) {
    const reached = ({days: stay}) => stay[key] !== null;
    const isEnough = ({days: stay}) => stay.events >= ENOUGH;
    // nobody knows what lies behind a gap in the observation
    const isCut = (stage) => isEnough(stage) && Boolean(stage.days.known_until);
    return {
        // what was not reached lasts longer than all that was seen
        value: (stage) =>
            reached(stage)
                ? stage.days[key]
                : isEnough(stage) && !isCut(stage)
                  ? stage.days.longest
                  : null,
        write: (value, format, stage) => {
            if (reached(stage) || isCut(stage)) {
                return format.days(value);
            }
            return isEnough(stage)
                ? _t("more than %s", format.days(value))
                : _t("fewer than %s", ENOUGH);
        },
        title: (stage, format) => {
            if (reached(stage)) {
                return undefined;
            }
            if (isCut(stage)) {
                return _t(
                    "Not known: all that were watched up to day %s had left by then, the others were there longer when the range began.",
                    format.days(stage.days.known_until)
                );
            }
            return isEnough(stage)
                ? _t("Too many stays go on for longer than any that was seen to end.")
                : _t("Fewer than %s stays ended: too few to tell how long.", ENOUGH);
        },
        stays: "alive",
    };
}

function interval({days: stay}, format) {
    if (stay.median === null) {
        return undefined;
    }
    const {median_low: low, median_high: high} = stay;
    return `[${format.days(low)} – ${high === null ? "…" : format.days(high)}]`;
}

const exit = (outcome, label, help) => ({
    id: outcome,
    label,
    help,
    sets: ["flow"],
    value: ({exits}) => exits[outcome],
    write: count,
    stays: outcome,
});

/** @type {Column[]} */
export const COLUMNS = [
    {
        id: "reached",
        label: _t("Reached"),
        help: _t("Deals of the funnel that stood in the stage or went past it."),
        sets: ["flow"],
        value: ({funnel}) => funnel?.reached ?? null,
        write: count,
        deals: "reached",
    },
    {
        id: "touched",
        label: _t("Stood in It"),
        help: _t("Deals of the funnel that were in the stage themselves."),
        sets: ["flow"],
        value: ({funnel}) => funnel?.touched ?? null,
        write: count,
        deals: "touched",
    },
    {
        id: "open_start",
        label: _t("Open at Start"),
        help: _t("Deals that were in the stage when the range began."),
        sets: ["flow"],
        value: ({open_start}) => open_start,
        write: count,
        stays: "open_start",
    },
    {
        id: "entries",
        label: _t("Entries"),
        help: _t("How often a deal came into the stage; twice when it came back."),
        sets: ["overview", "flow"],
        value: ({entries}) => entries,
        write: count,
        stays: "entries",
    },
    exit("forward", _t("Forward"), _t("Left for a later stage.")),
    exit("won", _t("Won"), _t("Left by being won.")),
    exit("lost", _t("Lost"), _t("Left by being lost.")),
    exit("backward", _t("Back"), _t("Left for an earlier stage.")),
    exit(
        "moved",
        _t("Moved"),
        _t("Left for a stage whose place is not known any more, or was merged away.")
    ),
    exit(
        "archived",
        _t("Archived"),
        _t("Left by being archived or deleted, not lost.")
    ),
    {
        id: "open",
        label: _t("Still Open"),
        help: _t("Deals that are in the stage at the end of the range, or now."),
        sets: ["overview", "flow"],
        value: ({open}) => open,
        write: count,
        stays: "open",
    },
    {
        id: "conversion",
        label: _t("Conversion"),
        help: _t(
            "How many go on: (forward + won) / (forward + won + lost + back). View Cohort: (forward + won) / entries."
        ),
        sets: ["overview", "flow"],
        value: ({conversion}) => conversion,
        write: percent,
        stays: "exits",
    },
    {
        id: "returns",
        label: _t("Returns"),
        help: _t("Entries of deals that had been in the stage before."),
        sets: ["flow"],
        value: ({returns}) => returns,
        write: count,
        deals: "returns",
    },
    {
        id: "skips",
        label: _t("Skips"),
        help: _t("How often a deal jumped over the stage on its way forward."),
        sets: ["flow"],
        value: ({skips}) => skips,
        write: count,
        deals: "skips",
    },
    {
        id: "value_entered",
        label: _t("Money Entered"),
        help: _t("Expected revenue of the entries."),
        sets: ["money"],
        value: ({value_entered}) => value_entered,
        write: money,
        title: exact(({value_entered}) => value_entered),
        stays: "entries",
    },
    {
        id: "value_lost",
        label: _t("Money Lost"),
        help: _t(
            "Expected revenue of what was lost in the stage, and its part of all that left the stage."
        ),
        sets: ["overview", "money"],
        value: ({value_lost}) => value_lost,
        write: money,
        note: ({value_lost_share}, format) =>
            value_lost_share === null ? undefined : format.percent(value_lost_share),
        title: exact(({value_lost}) => value_lost),
        stays: "lost",
        isRank: true,
    },
    {
        id: "value_lost_share",
        label: _t("Share Lost"),
        help: _t("Money lost, as a part of the money that left the stage."),
        sets: ["money"],
        value: ({value_lost_share}) => value_lost_share,
        write: percent,
        stays: "exits",
        isRank: true,
    },
    {
        id: "median",
        label: _t("Median Days"),
        help: _t(
            "After so many days half of the stays are over, those that go on counted too (Kaplan-Meier), with the interval that holds the true median 95 times of 100."
        ),
        sets: ["overview", "time"],
        note: interval,
        ...estimate("median"),
    },
    {
        id: "closed_median",
        label: _t("Ended Only"),
        help: _t(
            "Median of the stays that ended, beside their mean. It looks shorter than it is: slow deals are still open."
        ),
        sets: ["overview", "time"],
        value: ({days: stay}) => stay.closed_median,
        write: days,
        note: ({days: stay}, format) =>
            stay.closed_mean === null
                ? undefined
                : _t("mean %s", format.days(stay.closed_mean)),
        stays: "events",
    },
    {
        id: "p75",
        label: _t("p75"),
        help: _t("After so many days three of four stays are over."),
        sets: ["time"],
        ...estimate("p75"),
    },
    {
        id: "p90",
        label: _t("p90"),
        help: _t("After so many days nine of ten stays are over."),
        sets: ["overview", "time"],
        ...estimate("p90"),
    },
    {
        id: "spread",
        label: _t("p90 / Median"),
        help: _t(
            "How uneven the stage is: how much longer the slow stays take than the middle one."
        ),
        sets: ["time"],
        value: ({days: stay}) =>
            stay.p90 !== null && stay.median ? stay.p90 / stay.median : null,
        write: (value, format) => format.number(value),
        stays: "alive",
        isRank: true,
    },
    {
        id: "norm",
        label: _t("Norm"),
        help: _t(
            "Days after which a deal counts as stuck: the p90 of the last 12 months, of the whole company."
        ),
        sets: ["time"],
        value: ({norm}) => norm,
        write: days,
        title: ({norm}) =>
            norm === null
                ? _t("No norm yet: too few stays have ended, or companies differ.")
                : undefined,
        stays: "alive",
    },
    {
        id: "counted",
        label: _t("Counted"),
        help: _t(
            "Stays behind the days: ended ones, and those cut off (open, archived or moved). Stays of inexact days, of mass changes and of no length are left out."
        ),
        sets: ["time"],
        value: ({days: stay}) => stay.events,
        write: count,
        note: ({days: stay}, format) =>
            stay.left_out
                ? _t("+ %(cut)s cut off, %(out)s left out", {
                      cut: format.count(stay.censored),
                      out: format.count(stay.left_out),
                  })
                : _t("+ %s cut off", format.count(stay.censored)),
        stays: "alive",
    },
    {
        id: "stuck",
        label: _t("Stuck"),
        help: _t("Open deals over the norm, and their expected revenue."),
        sets: ["overview", "time", "money"],
        value: ({stuck}) => stuck.count,
        write: count,
        note: ({stuck}, format) =>
            stuck.count ? format.amount(stuck.value, WHOLE) : undefined,
        title: exact(({stuck}) => stuck.value),
        deals: "stuck",
        isRank: true,
    },
    {
        id: "money_days",
        label: _t("Money-Days"),
        help: _t(
            "What waits, and for how long: expected revenue × days so far, of the deals that are open."
        ),
        sets: ["money"],
        value: ({money_days}) => money_days,
        write: money,
        stays: "open",
        isRank: true,
    },
    {
        id: "gain",
        label: _t("Gain of 5 Points"),
        help: _t(
            "What it would bring if five of a hundred that leave the stage went on instead of being lost (at most all the lost ones): won revenue, and win probability. The largest gain is the bottleneck."
        ),
        sets: ["overview", "money"],
        value: ({gain}) => gain?.value ?? null,
        write: (value, format) => format.amount(value, {...WHOLE, signed: true}),
        note: ({gain}, format) =>
            gain && gain.win_probability !== null
                ? _t("%s points", format.points(gain.win_probability, {signed: true}))
                : undefined,
        stays: "lost",
        isRank: true,
    },
];

export const COLUMN_IDS = COLUMNS.map(({id}) => id);
