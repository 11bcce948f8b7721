/**
 * Arithmetic of a waterfall, without any drawing.
 *
 * @typedef {Object} Step
 * @property {string} id
 * @property {string} label
 * @property {number} amount height: a balance for a total, else a signed change
 * @property {boolean} [isTotal] stands on the ground
 *
 * @typedef {Step & {from: number, to: number, tone: "total"|"gain"|"loss"}} Bar
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
        const tone = step.isTotal ? "total" : step.amount < 0 ? "loss" : "gain";
        return {...step, from, to, tone};
    });
}
