import {_t} from "@web/core/l10n/translation";
import {answersText, scoreText} from "./nps_figures";

/** Figures beside the headline; for `frame` see the figures. */

/**
 * How many answered of those who got the question.
 *
 * @returns {Object} props of MetricCard
 */
function responseCard({result, format, open}) {
    const {rate, answered, delivered, open: pending} = result.response;
    const isMissing = rate === null;
    const note = isMissing
        ? _t("nobody got the question")
        : _t("%(answered)s of %(delivered)s who got it", {
              answered: format.count(answered),
              delivered: format.count(delivered),
          });
    return {
        id: "rate",
        label: _t("Response Rate").toString(),
        help: _t(
            "Answers per invitation that was delivered. Answers by the public link are not in it."
        ).toString(),
        value: format.percent(rate),
        isMissing,
        title: isMissing
            ? _t("No invitation was delivered on these days.").toString()
            : undefined,
        note: pending
            ? _t("%(note)s; %(count)s may still answer", {
                  note,
                  count: format.count(pending),
              }).toString()
            : note.toString(),
        onOpen: answered ? () => open("answered", _t("Answered")) : undefined,
    };
}

/** @returns {Object} props of MetricCard: accounts weigh equal, however many answered */
function accountsCard({result, format, open}) {
    const {score, count} = result.accounts;
    return {
        id: "accounts",
        label: _t("NPS by Account").toString(),
        help: _t(
            "Each account counts once, with the mean of its answers: an account with many contacts does not outweigh the others."
        ).toString(),
        value: scoreText(score, format),
        isMissing: score === null,
        title:
            score === null
                ? _t("No account has answered on these days.").toString()
                : undefined,
        note:
            count === 1
                ? _t("1 account").toString()
                : _t("%s accounts", format.count(count)).toString(),
        onOpen: count
            ? () => open("accounts", _t("Accounts that answered"))
            : undefined,
    };
}

/** @returns {Object} props of MetricCard: accounts weigh as much as they buy */
function weightedCard({result, format}) {
    const {weighted_score: score, coverage} = result.accounts;
    return {
        id: "weighted",
        label: _t("NPS by Revenue").toString(),
        help: _t(
            "Accounts weigh as much as they bought in the 12 months to the last day, less refunds. The coverage says how much of all revenue belongs to accounts that answered."
        ).toString(),
        value: scoreText(score, format),
        isMissing: score === null,
        title:
            score === null
                ? _t("None of the accounts that answered bought anything.").toString()
                : undefined,
        note:
            coverage === null
                ? undefined
                : _t(
                      "%s of all revenue answered",
                      format.percent(coverage, {digits: 0})
                  ).toString(),
    };
}

/** @returns {Object} props of MetricCard: detractors who were called in time */
function followupCard({result, format, open}) {
    const {due, in_time, overdue, median_hours} = result.followup;
    const isMissing = !due;
    let note =
        median_hours === null
            ? undefined
            : _t("half of them within %s hours", format.days(median_hours));
    if (overdue) {
        note = _t("%s overdue", format.count(overdue));
    }
    return {
        id: "in_time",
        label: _t("Detractors Contacted in Time").toString(),
        help: _t(
            "Of the detractors who are to be followed up, those whom somebody contacted before the moment that was set."
        ).toString(),
        value: format.percent(isMissing ? null : in_time / due, {digits: 0}),
        isMissing,
        title: isMissing
            ? _t("No follow-up was planned for answers of these days.").toString()
            : undefined,
        note: note?.toString(),
        tone: overdue ? "bad" : undefined,
        onOpen: overdue
            ? () => open("overdue", _t("Detractors whom nobody contacted in time"))
            : due
              ? () => open("due", _t("Detractors to follow up"))
              : undefined,
    };
}

/**
 * @param {import("./nps_figures").Frame} frame
 * @returns {Object[]} props of MetricCard
 */
export function npsCards(frame) {
    return [
        responseCard(frame),
        accountsCard(frame),
        weightedCard(frame),
        followupCard(frame),
    ];
}

/**
 * What was answered and stands apart from the score.
 *
 * @param {import("./nps_figures").Frame} frame
 * @returns {Object[]} props of MetricCard, empty: everything counts
 */
export function apartCards({result, format, open}) {
    const {excluded, suspects} = result;
    const cards = [];
    if (result.public.answers) {
        cards.push({
            id: "public",
            label: _t("By the Public Link").toString(),
            help: _t(
                "Anybody who has the link or its QR code may answer, and more than once."
            ).toString(),
            value: scoreText(result.public.score, format),
            note: answersText(result.public.answers, format),
            onOpen: () => open("public", _t("Answers by the public link")),
        });
    }
    if (excluded.answers) {
        cards.push({
            id: "excluded",
            label: _t("Excluded").toString(),
            help: _t(
                "Sales administrators took them out, each with a reason that is kept with the answer."
            ).toString(),
            value: answersText(excluded.answers, format),
            note: _t(
                "with them the score would be %s",
                scoreText(excluded.score_with_them, format)
            ).toString(),
            onOpen: () => open("excluded", _t("Excluded answers")),
        });
    }
    if (suspects) {
        cards.push({
            id: "suspects",
            label: _t("Suspect").toString(),
            help: _t(
                "They look like the work of a program that checks links in mails: too fast, or without a hand on mouse or keyboard. Once a human confirms, the answer counts."
            ).toString(),
            value: answersText(suspects, format),
            note: _t("do not count").toString(),
            onOpen: () => open("suspects", _t("Suspect answers")),
        });
    }
    return cards;
}
