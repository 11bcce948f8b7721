import {_t} from "@web/core/l10n/translation";
import {deals, writeAmount, writeInFull} from "./bottleneck_cards";
import {gapName, inOrder, shareOf, worstSteps} from "./bottleneck_figures";

/** The funnel of the screen and what is said about it; for `frame` see the cards. */

/** @returns {string} */
export function funnelTitle({measure}) {
    return measure === "value" ? _t("Where the money goes") : _t("Where the deals go");
}

/** @returns {string} what the picture shows, in a few sentences */
export function funnelMeaning(frame) {
    const {now, steps, measure, format} = frame;
    const {entered, won} = now.funnel;
    const percent = (part) => format.percent(shareOf(part, entered[measure]));
    const isMoney = measure === "value";
    const sentences = [
        isMoney
            ? _t("Value of the deals that stood in a stage or went past it.")
            : _t("Deals that stood in a stage or went past it."),
    ];
    const [first, second] = inOrder(worstSteps(steps), steps);
    if (second) {
        const values = {
            sum: percent(first.lost + second.lost),
            first: percent(first.lost),
            first_gap: gapName(first),
            second: percent(second.lost),
            second_gap: gapName(second),
        };
        sentences.push(
            isMoney
                ? _t(
                      "%(sum)s of the money goes in two places: %(first)s %(first_gap)s, %(second)s %(second_gap)s.",
                      values
                  )
                : _t(
                      "%(sum)s of the deals go in two places: %(first)s %(first_gap)s, %(second)s %(second_gap)s.",
                      values
                  )
        );
    } else if (first) {
        const values = {share: percent(first.lost), gap: gapName(first)};
        sentences.push(
            isMoney
                ? _t("%(share)s of the money goes %(gap)s.", values)
                : _t("%(share)s of the deals go %(gap)s.", values)
        );
    }
    if (entered[measure]) {
        sentences.push(_t("%s is won.", percent(won[measure])));
    }
    return sentences.join(" ");
}

const has = (parts, tone) => parts.some((part) => part.tone === tone && part.share > 0);

/** @returns {Object} props of FunnelChart */
export function funnelChart(frame) {
    const {now, steps, measure, format, openDeals} = frame;
    const {entered, won} = now.funnel;
    const whole = Math.max(entered[measure], 0);
    const worst = worstSteps(steps);
    const text = (amount) =>
        _t("%(amount)s · %(share)s", {
            amount: writeAmount(amount, frame),
            share: format.percent(shareOf(amount, whole)),
        });
    const rows = steps.map((step) => ({
        id: step.id,
        label: step.name,
        text: text(step.reached),
        title: _t(
            "%(stage)s: reached by %(reached)s. %(on)s went on, %(lost)s lost here, %(rest)s open or archived here.",
            {
                stage: step.name,
                reached: writeInFull(step.reached, frame),
                on: writeInFull(step.wentOn, frame),
                lost: writeInFull(step.lost, frame),
                rest: writeInFull(step.rest, frame),
            }
        ),
        parts: [
            {tone: "on", share: shareOf(step.wentOn, whole) || 0},
            {tone: toneOf(step, worst), share: shareOf(step.lost, whole) || 0},
            {tone: "rest", share: shareOf(step.rest, whole) || 0},
        ],
        onOpen: step.reached
            ? () => openDeals(_t("Reached %s", step.name), "reached", [step.id])
            : undefined,
        gap: gap(step, frame, worst, whole),
    }));
    rows.push({
        id: "won",
        label: _t("Won"),
        text: text(won[measure]),
        title: _t("Won: %s", writeInFull(won[measure], frame)),
        parts: [{tone: "won", share: shareOf(won[measure], whole) || 0}],
        onOpen: won.count ? () => openDeals(_t("Won"), "won") : undefined,
    });
    return {
        rows,
        legend: [
            {tone: "on", label: _t("went on")},
            {tone: "severe", label: _t("most is lost here")},
            {tone: "notable", label: _t("second most")},
            {tone: "lost", label: _t("lost")},
            {tone: "rest", label: _t("open or archived there")},
            {tone: "won", label: _t("won")},
        ].filter(({tone}) => rows.some(({parts}) => has(parts, tone))),
    };
}

function toneOf(step, [worst, second]) {
    return step === worst ? "severe" : step === second ? "notable" : "lost";
}

function lossWords({lost}, count, {measure, format}, whole) {
    if (!count) {
        return {lost: _t("nothing lost here")};
    }
    const share = format.percent(shareOf(-lost, whole));
    return measure === "value"
        ? {
              share: _t("%s of the money", share),
              lost: _t("%(amount)s lost in %(deals)s", {
                  amount: format.money(lost),
                  deals: deals(count, format),
              }),
          }
        : {
              share: _t("%s of the deals", share),
              lost: _t("%s lost", deals(lost, format)),
          };
}

/** What is said between the bar of a stage and the next one. */
function gap(step, frame, worst, whole) {
    const {now, openDeals} = frame;
    const stage = now.funnel.stages.find(({stage_id}) => stage_id === step.id);
    const name = gapName(step);
    const tone = toneOf(step, worst);
    return {
        tone,
        tag: {severe: _t("most is lost here"), notable: _t("second most")}[tone],
        ...lossWords(step, stage.drop, frame, whole),
        label: _t("Lost %(gap)s: %(amount)s, open the deals", {
            gap: name,
            amount: writeInFull(step.lost, frame),
        }),
        onOpen: stage.drop
            ? () => openDeals(_t("Lost %s", name), "lost", [step.id])
            : undefined,
        rests:
            step.rest > 0
                ? [
                      {
                          id: "rest",
                          text: _t("%s still there", writeAmount(step.rest, frame)),
                          title: _t(
                              "Open in %s, or archived there without being lost",
                              step.name
                          ),
                          onOpen: () =>
                              openDeals(
                                  _t("Open or archived in %s", step.name),
                                  ["open", "archived"],
                                  [step.id]
                              ),
                      },
                  ]
                : [],
    };
}
