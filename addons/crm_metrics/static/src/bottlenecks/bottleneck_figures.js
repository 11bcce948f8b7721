import {_t} from "@web/core/l10n/translation";

/**
 * What the screen makes of a façade result, without any drawing.
 *
 * @typedef {"value"|"count"} Measure
 */

/** Sums of money are numbers of cents. */
const rounded = (number) => Math.round(number * 1e6) / 1e6;

/** @returns {number|null} */
export function shareOf(part, whole) {
    return whole ? part / whole : null;
}

/**
 * The funnel from stage to stage. What reached a stage went on, was lost there, or is
 * still there (open, or archived without being lost).
 *
 * @typedef {Object} Step
 * @property {number} id of the stage
 * @property {string} name
 * @property {string|null} next name of the next stage, null: the win
 * @property {number} reached by deals that stood in the stage or went past it
 * @property {number} wentOn
 * @property {number} lost
 * @property {number} rest
 *
 * @param {Object} funnel of the façade
 * @param {Measure} measure
 * @returns {Step[]}
 */
export function funnelSteps(funnel, measure) {
    const isMoney = measure === "value";
    const reached = (stage) => (isMoney ? stage.reached_value : stage.reached);
    return funnel.stages.map((stage, index) => {
        const next = funnel.stages[index + 1];
        const wentOn = next ? reached(next) : funnel.won[measure];
        const lost = isMoney ? stage.drop_value : stage.drop;
        return {
            id: stage.stage_id,
            name: stage.name,
            next: next ? next.name : null,
            reached: reached(stage),
            wentOn,
            lost,
            rest: rounded(reached(stage) - wentOn - lost),
        };
    });
}

/**
 * @param {Step[]} steps
 * @returns {Step[]} where most is lost, two at most, the most first
 */
export function worstSteps(steps) {
    return steps
        .filter(({lost}) => lost > 0)
        .sort((a, b) => b.lost - a.lost)
        .slice(0, 2);
}

/** @returns {Step[]} the same in the order of the pipeline */
export function inOrder(worst, steps) {
    return steps.filter((step) => worst.includes(step));
}

/** @returns {string} */
export function gapName({name, next}) {
    return next === null
        ? _t("between %(stage)s and the win", {stage: name})
        : _t("between %(stage)s and %(next)s", {stage: name, next});
}

/**
 * The stage where five points more would bring most: its gain in money, or, where
 * no amount was won, in win probability.
 *
 * @param {Object[]} stages of the façade
 * @returns {Object|null}
 */
export function bottleneckOf(stages) {
    const gainOf = ({gain}) => gain?.value || gain?.win_probability || 0;
    const sorted = stages
        .filter((stage) => gainOf(stage) > 0)
        .sort((a, b) => gainOf(b) - gainOf(a));
    return sorted[0] || null;
}

/** @returns {{count: number, value: number}} open deals over the norm of their stage */
export function stuckNow(stages) {
    return stages.reduce(
        (sum, {stuck}) => ({
            count: sum.count + (stuck?.count || 0),
            value: rounded(sum.value + (stuck?.value || 0)),
        }),
        {count: 0, value: 0}
    );
}

/** @returns {boolean} whether the range knows of no deal at all */
export function isNothing({stages, funnel, waterfall}) {
    return (
        !stages.length &&
        !funnel.entered.count &&
        Object.values(waterfall).every((amount) => !amount)
    );
}
