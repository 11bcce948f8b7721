import {_t} from "@web/core/l10n/translation";

/**
 * What the pictures and tables of the screen are made from.
 *
 * @typedef {Object} Frame
 * @property {Object} result of the façade
 * @property {Object} meta of the façade result
 * @property {Formatter} format
 * @property {(figure: string, name: string, more: Object) => any} open the records
 *  behind a figure; `more` may hold a `value` of the figure, the `period` and the
 *  `group` that it is about
 */

/** The three kinds of answers, the unhappy first: as the scores from 0 to 10 go. */
export const BUCKETS = [
    {
        id: "detractors",
        label: _t("Detractors"),
        scores: "0–6",
        tone: "loss",
        from: 0,
        to: 6,
    },
    {
        id: "passives",
        label: _t("Passives"),
        scores: "7–8",
        tone: "warning",
        from: 7,
        to: 8,
    },
    {
        id: "promoters",
        label: _t("Promoters"),
        scores: "9–10",
        tone: "gain",
        from: 9,
        to: 10,
    },
];

/** @returns {Object} the bucket of a score from 0 to 10 */
export const bucketOf = (score) =>
    BUCKETS.find(({from, to}) => from <= score && score <= to);

/** A difference of two scores is more than chance below this probability. */
const SIGNIFICANT = 0.05;

/** Fewer answers than this say nothing about a part of the customers. */
export const THRESHOLD = 5;

/** @returns {string} a score or a difference of scores, e.g. "+34" */
export const scoreText = (score, format) => format.count(score, {signed: true});

/** @returns {string} e.g. "1 answer", "212 answers" */
export function answersText(count, format) {
    return count === 1
        ? _t("1 answer").toString()
        : _t("%s answers", format.count(count)).toString();
}

/** @returns {string|undefined} e.g. "between +22 and +45" */
export function intervalText({low, high}, format) {
    if (low === null || low === undefined) {
        return undefined;
    }
    return _t("between %(low)s and %(high)s", {
        low: scoreText(low, format),
        high: scoreText(high, format),
    }).toString();
}

/** @returns {number} answers that were given, whatever they count for */
export function allAnswers({answers, excluded, suspects, ...result}) {
    return answers + excluded.answers + suspects + result.public.answers;
}

/** Whether there is nothing at all in the selection. */
export function isNothing(result) {
    return !allAnswers(result) && !result.response.considered;
}

/** @returns {string|undefined} the score in one sentence */
export function scoreSentence({result, format}) {
    const {answers, promoters, detractors, score} = result;
    if (!answers) {
        return _t("Nobody answered on these days.").toString();
    }
    const share = (count) => format.percent(count / answers, {digits: 0});
    return _t(
        "%(promoters)s would recommend you, %(detractors)s would not: the difference makes %(score)s, on a scale from -100 to +100.",
        {
            promoters: share(promoters),
            detractors: share(detractors),
            score: scoreText(score, format),
        }
    ).toString();
}

/** @returns {string} how sure the score is, in one sentence */
export function intervalSentence({result, format}) {
    const interval = intervalText(result, format);
    if (!interval) {
        return "";
    }
    return _t(
        "From %(answers)s: if all customers had been asked, it would lie %(interval)s, 95 times of 100.",
        {answers: answersText(result.answers, format), interval}
    ).toString();
}

/**
 * How the score changed, and whether that is more than chance.
 *
 * @param {Frame} frame
 * @returns {{text: string, verdict: string, tone: string|undefined}|null} null: there is
 *  nothing to compare
 */
export function changeOf({result, format, before}) {
    const {delta, low, high, p_value} = result.change;
    if (delta === null) {
        return null;
    }
    const isSignificant = p_value < SIGNIFICANT;
    const numbers = {
        delta: scoreText(delta, format),
        before,
        low: scoreText(low, format),
        high: scoreText(high, format),
        p: format.number(p_value),
    };
    const text = before
        ? _t("%(delta)s against %(before)s", numbers)
        : _t("%(delta)s against the span before", numbers);
    let verdict = _t(
        "Not to be told from chance: the difference may be anything between %(low)s and %(high)s (p = %(p)s).",
        numbers
    );
    if (isSignificant) {
        numbers.p = p_value < 0.01 ? _t("< 0.01") : `= ${numbers.p}`;
        verdict = _t(
            "More than chance: the difference lies between %(low)s and %(high)s (p %(p)s).",
            numbers
        );
    }
    return {
        text: text.toString(),
        verdict: verdict.toString(),
        isSignificant,
        tone: isSignificant ? (delta > 0 ? "gain" : "loss") : undefined,
    };
}
