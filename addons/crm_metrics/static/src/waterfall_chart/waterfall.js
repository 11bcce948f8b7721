/**
 * Arithmetic of a waterfall, without any drawing.
 *
 * @typedef {Object} Step
 * @property {string} id
 * @property {string} label
 * @property {number} amount height: a balance for a total, else a signed change
 * @property {boolean} [isTotal] stands on the ground
 *
 * @typedef {Step & {from: number, to: number, tone: "total"|"gain"|"loss"|"none"}} Bar
 */

/**
 * @param {Step[]} steps from left to right
 * @returns {Bar[]} where each bar hangs
 */
export function toBars(steps) {
    let level = 0;
    return steps.map((step) => {
        const from = step.isTotal ? 0 : level;
        const to = step.isTotal ? step.amount : level + step.amount;
        level = to;
        return {...step, from, to, tone: toneOf(step)};
    });
}

function toneOf({amount, isTotal}) {
    if (!amount) {
        return "none";
    }
    if (isTotal) {
        return "total";
    }
    return amount < 0 ? "loss" : "gain";
}
