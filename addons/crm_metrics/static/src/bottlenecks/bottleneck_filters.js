import {_t} from "@web/core/l10n/translation";
import {choiceFilter, periodFilter} from "../core/filters";
import {rangeOf} from "../core/period";
import {
    groupChoices,
    moreFilters,
    sliceFilters,
    sliceOptions,
    SOURCE,
    TEAM,
    USER,
    withGroup,
} from "../core/slices";

/** By what deals are compared. */
export const SLICES = [TEAM, USER, SOURCE];

export const GROUPS = groupChoices(SLICES);

/** Deals that were lost for one of the reasons: no field of a stay, see `stayDomain`. */
const REASON = {
    id: "reason",
    filter: "reasons",
    option: "reason_ids",
    resModel: "crm.lost.reason",
    label: _t("Lost Reason"),
    allLabel: _t("All Lost Reasons"),
};

const NARROWING = [...SLICES, REASON];

export const MORE_FILTERS = moreFilters(NARROWING);

export const VIEWS = [
    {
        id: "period",
        label: _t("Period"),
        help: _t(
            "What happened on these days: all deals that were in a stage, also those that came before. Stays count from the first day of the range on."
        ),
    },
    {
        id: "cohort",
        label: _t("Cohort"),
        help: _t(
            "What became of those who came on these days: only deals and stays that began in the range, followed up to its end. Take a range that is long enough: young deals are still open."
        ),
    },
];

export const MEASURES = [
    {id: "value", label: _t("By Money"), help: _t("Expected revenue of the deals")},
    {id: "count", label: _t("By Count"), help: _t("Number of deals, big or small")},
];

/** What the table of stages shows. */
export const COLUMN_SETS = [
    {id: "overview", label: _t("Overview"), help: _t("The most telling columns")},
    {id: "flow", label: _t("Flow"), help: _t("Who came, who left, and where to")},
    {id: "time", label: _t("Time"), help: _t("How long deals stay in a stage")},
    {id: "money", label: _t("Money"), help: _t("What was lost, waits, could be won")},
];

/** A sort order: a column, the largest first or, with "-up", the smallest. */
export function sortFilter(key, columns) {
    return {
        default: {column: null, isUp: false},
        keys: [key],
        parse: (query) => {
            const [column, up, ...more] = String(query[key]).split("-");
            if (columns.includes(column) && [undefined, "up"].includes(up)) {
                return more.length ? undefined : {column, isUp: up === "up"};
            }
        },
        write: ({column, isUp}) => ({
            [key]: column ? `${column}${isUp ? "-up" : ""}` : undefined,
        }),
    };
}

export const MAX_POINTS = 20;

/** Points by stage, as "3:5,8:10". */
export function pointsFilter(key) {
    return {
        default: {},
        keys: [key],
        parse: (query) => {
            const points = {};
            for (const part of String(query[key]).split(",")) {
                const match = /^([1-9]\d{0,9}):(\d{1,2})$/.exec(part);
                if (!match || Number(match[2]) > MAX_POINTS) {
                    return undefined;
                }
                points[match[1]] = Number(match[2]);
            }
            return points;
        },
        write: (points) => ({
            [key]: Object.entries(points)
                .filter(([, value]) => value)
                .map(([id, value]) => `${id}:${value}`)
                .join(","),
        }),
    };
}

const idsOf = (choices) => choices.map(({id}) => id);

/** Filters that are another look at the same figures. */
export const LOOKS = ["measure", "columns", "sort", "points"];

/** @param {string[]} columns ids of all columns of the table of stages */
export function bottleneckFilters(columns) {
    return {
        view: choiceFilter("view", idsOf(VIEWS)),
        measure: choiceFilter("measure", idsOf(MEASURES)),
        period: periodFilter(),
        group: choiceFilter("group", idsOf(GROUPS)),
        columns: choiceFilter("columns", idsOf(COLUMN_SETS)),
        sort: sortFilter("sort", columns),
        points: pointsFilter("what_if"),
        ...sliceFilters(NARROWING),
    };
}

/** @returns {Object} options of `crm.metrics.bottlenecks`, without `group_by` */
export function bottleneckOptions(values) {
    const {from, to} = rangeOf(values.period);
    return {
        date_from: from,
        date_to: to,
        view: values.view,
        ...sliceOptions(NARROWING, values),
    };
}

/** @returns {Object} the options with the slices that the screen compares */
export function groupedOptions(values) {
    return withGroup(bottleneckOptions(values), values);
}
