import {_t} from "@web/core/l10n/translation";
import {periodLabel, rangeLabel} from "../core/period";
import {toBars} from "../waterfall_chart/waterfall";
import {answersText, bucketOf, BUCKETS, intervalText, scoreText} from "./nps_figures";

/** What is drawn; for `frame` see the figures. */

/** @returns {Object} props of NpsGauge */
export function gauge({result, format, open}) {
    const {score, low, high, answers} = result;
    const interval = intervalText(result, format);
    return {
        score,
        low,
        high,
        text: scoreText(score, format),
        title: answers
            ? _t("Net Promoter Score %(score)s, %(interval)s, %(answers)s", {
                  score: scoreText(score, format),
                  interval,
                  answers: answersText(answers, format),
              }).toString()
            : _t("No score: nobody answered on these days").toString(),
        onOpen: answers ? () => open("answers", _t("Answers")) : undefined,
    };
}

/** @returns {Object[]} parts of BucketBar */
export function bucketParts({result, format, open}) {
    const {answers} = result;
    return BUCKETS.map(({id, label, scores, tone}) => {
        const share = answers ? result[id] / answers : 0;
        const percent = format.percent(answers ? share : null, {digits: 0});
        return {
            id,
            label: label.toString(),
            scores,
            tone,
            share,
            percent,
            count: format.count(result[id]),
            title: _t("%(bucket)s, scores %(scores)s: %(count)s, %(percent)s", {
                bucket: label,
                scores,
                count: answersText(result[id], format),
                percent,
            }).toString(),
            onOpen: result[id] ? () => open(id, label) : undefined,
        };
    });
}

/** @returns {Object[]} bars of WaterfallChart: how often each score was given */
export function scoreBars({result, format, open}) {
    const {answers, scores} = result;
    const bars = toBars(
        scores.map((count, score) => ({
            id: String(score),
            label: String(score),
            amount: count,
            isTotal: true,
            tone: bucketOf(score).tone,
        }))
    );
    return bars.map((bar, score) => ({
        ...bar,
        text: format.count(bar.amount),
        title: _t("Score %(score)s: %(count)s, %(percent)s", {
            score,
            count: answersText(bar.amount, format),
            percent: format.percent(answers ? bar.amount / answers : null),
        }).toString(),
        onOpen: bar.amount
            ? () => open("score", _t("Score %s", score), {value: score})
            : undefined,
    }));
}

/** @returns {string} a period of the trend, e.g. "Oct 2026" */
export function periodName(period, {grain}) {
    const name = periodLabel(period, grain);
    return period.partial
        ? `${name} (${rangeLabel({from: period.date_from, to: period.date_to})})`
        : name;
}

/**
 * @param {import("./nps_figures").Frame} frame
 * @returns {Object[]} points of TrendChart
 */
export function trendPoints({result, meta, format, open}) {
    return result.trend.map((period) => {
        const {score, low, high, answers} = period;
        const name = periodName(period, meta);
        return {
            id: period.date_from,
            label: periodLabel(period, meta.grain),
            note: answers ? _t("n = %s", format.count(answers)).toString() : undefined,
            value: score,
            low,
            high,
            text: scoreText(score, format),
            isPartial: period.partial,
            title: answers
                ? _t("%(period)s: %(score)s, %(interval)s, %(answers)s", {
                      period: name,
                      score: scoreText(score, format),
                      interval: intervalText(period, format),
                      answers: answersText(answers, format),
                  }).toString()
                : _t("%s: no answers", name).toString(),
            onOpen: answers
                ? () => open("answers", _t("Answers, %s", name), {period})
                : undefined,
        };
    });
}

/** Steps of the scale beside the trend. */
const SCALE_STEP = 20;

/**
 * @param {import("./nps_figures").Frame} frame
 * @returns {{min: number, max: number}} scale that holds all bands, and the zero
 */
export function trendScale({result: {trend}}) {
    const known = trend.filter(({low}) => low !== null);
    const lowest = Math.min(-SCALE_STEP, ...known.map(({low}) => low));
    const highest = Math.max(SCALE_STEP, ...known.map(({high}) => high));
    return {
        min: SCALE_STEP * Math.floor(lowest / SCALE_STEP),
        max: SCALE_STEP * Math.ceil(highest / SCALE_STEP),
    };
}

/** @returns {string} */
export function trendMeaning({result}) {
    const sentences = [
        _t(
            "The band is where the score would lie if all customers had been asked, 95 times of 100: few answers, a broad band. n is the number of answers."
        ),
    ];
    if (result.trend.some(({partial, answers}) => partial && answers)) {
        sentences.push(_t("A hollow point is of a period that is not whole."));
    }
    sentences.push(_t("A point opens its answers; the table below has the numbers."));
    return sentences.join(" ");
}
