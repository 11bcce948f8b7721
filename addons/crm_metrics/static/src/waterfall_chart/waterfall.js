/**
 * Arithmetic of a waterfall, without any drawing.
 *
 * @typedef {Object} Step
 * @property {string} id
 * @property {string} label
 * @property {number} amount height: a balance for a total, else a signed change
 * @property {boolean} [isTotal] stands on the ground
 * @property {"gain"|"loss"} [tone] where the sign does not say whether it is good
 * @property {number} [known] the part of the amount that is a fact today; the rest is
 *  only agreed on. Without it all is.
 *
 * @typedef {Step & {from: number, to: number, tone: "total"|"gain"|"loss"|"none"}} Bar
 *  with `knownTo`, where the part ends that is a fact
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
        const knownTo = from + knownPart(step);
        return {...step, from, to, knownTo, tone: toneOf(step)};
    });
}

function toneOf({amount, isTotal, tone}) {
    if (!amount) {
        return "none";
    }
    if (tone) {
        return tone;
    }
    if (isTotal) {
        return "total";
    }
    return amount < 0 ? "loss" : "gain";
}

/** What is a fact is at most the whole: a bar is never longer than its figure. */
function knownPart({amount, known = amount}) {
    if (known * amount <= 0) {
        return 0;
    }
    return Math.abs(known) < Math.abs(amount) ? known : amount;
}
