import {_t} from "@web/core/l10n/translation";
import {inOrder, shareOf, stuckNow, worstSteps} from "./bottleneck_figures";

/**
 * What the cards and tables of the screen are made from.
 *
 * @typedef {Object} Frame
 * @property {Object} now façade result
 * @property {Object|null} before façade result of the equal range before, once it is there
 * @property {import("./bottleneck_figures").Step[]} steps of the funnel
 * @property {import("./bottleneck_figures").Measure} measure
 * @property {Formatter} format
 * @property {Function} openDeals see `BottlenecksAction`
 * @property {Function} openStays see `BottlenecksAction`
 */

/** @returns {string} money or a number of deals */
export function writeAmount(amount, {measure, format}, options) {
    return measure === "value"
        ? format.money(amount, options)
        : format.count(amount, options);
}

/** @returns {string} the same in full, with its unit */
export function writeInFull(amount, {measure, format}) {
    return measure === "value" ? format.exact(amount) : deals(amount, format);
}

/** @returns {string} e.g. "3 deals" */
export function deals(count, format) {
    return count === 1 ? _t("1 deal") : _t("%s deals", format.count(count));
}

/** @returns {string} money without cents, where it is enough of it */
export function wholeMoney(amount, format) {
    const isSmall = amount === null || Math.abs(amount) < 100;
    return format.money(isSmall ? amount : Math.round(amount));
}

const toneOf = (change) => (change > 0 ? "good" : change < 0 ? "bad" : undefined);

function wonCard(frame) {
    const {now, measure, format, openDeals} = frame;
    const {entered, won} = now.funnel;
    const notes = [];
    const share = shareOf(won[measure], entered[measure]);
    if (share !== null) {
        notes.push(
            measure === "value"
                ? _t("%s of the money that entered", format.percent(share))
                : _t("%s of the deals that entered", format.percent(share))
        );
    }
    const rate = now.win_rate[measure];
    if (rate !== null) {
        notes.push(_t("win rate %s", format.percent(rate)));
    }
    return {
        id: "won",
        label: _t("Won"),
        help: _t(
            "Won deals of the funnel. The win rate leaves out what is still open: won / (won + lost)."
        ),
        value: writeAmount(won[measure], frame),
        title: _t("%(value)s, %(deals)s", {
            value: format.exact(won.value),
            deals: deals(won.count, format),
        }),
        note: notes.join(" · "),
        onOpen: won.count ? () => openDeals(_t("Won"), "won") : undefined,
    };
}

function lossCard(frame) {
    const {now, steps, measure, format, openDeals} = frame;
    const worst = inOrder(worstSteps(steps), steps);
    const whole = now.funnel.entered[measure];
    const lost = worst.reduce((sum, step) => sum + step.lost, 0);
    const label =
        measure === "value" ? _t("Where the Money Goes") : _t("Where the Deals Go");
    return {
        id: "loss",
        label,
        help: _t(
            "The two places where most is lost, as a part of all that entered the funnel. A deal is lost behind the furthest stage that it reached."
        ),
        value: format.percent(shareOf(lost, whole)),
        title: worst.length ? writeInFull(lost, frame) : _t("Nothing was lost."),
        isMissing: !worst.length,
        note: worst.length
            ? _t(
                  "lost in %s",
                  worst
                      .map(({name, lost: part}) =>
                          _t("%(stage)s (%(share)s)", {
                              stage: name,
                              share: format.percent(shareOf(part, whole)),
                          })
                      )
                      .join(" + ")
              )
            : undefined,
        tone: worst.length ? "bad" : undefined,
        onOpen: worst.length
            ? () =>
                  openDeals(
                      _t("Lost in %s", worst.map(({name}) => name).join(" + ")),
                      "lost",
                      worst.map(({id}) => id)
                  )
            : undefined,
    };
}

function cycleCard({now, format, openDeals}) {
    const {won_mean, won_median, all_median, all_low, all_high} = now.cycle;
    const interval =
        all_median !== null &&
        (all_high === null
            ? _t(
                  "95 times of 100 the true median is more than %s days.",
                  format.days(all_low)
              )
            : _t(
                  "95 times of 100 the true median lies between %(low)s and %(high)s days.",
                  {low: format.days(all_low), high: format.days(all_high)}
              ));
    return {
        id: "cycle",
        label: _t("Sales Cycle, All Deals"),
        help: _t(
            "After so many days half of all deals are won or lost. Open ones count with the time that they have lasted (Kaplan-Meier): won deals alone look faster or slower than they are."
        ),
        value: all_median === null ? "–" : _t("%s days", format.days(all_median)),
        title:
            interval ||
            _t(
                "Not known: fewer than 5 deals are won or lost, less than half of all, or too few were there from their first day on."
            ),
        isMissing: all_median === null,
        note:
            won_median === null
                ? undefined
                : _t("won only: median %(median)s, mean %(mean)s", {
                      median: format.days(won_median),
                      mean: format.days(won_mean),
                  }),
        onOpen: now.funnel.entered.count
            ? () => openDeals(_t("All deals of the funnel"), "entered")
            : undefined,
    };
}

function velocityCard({now, before, format, openDeals}) {
    const {velocity} = now;
    const previous = before?.velocity;
    const change = velocity !== null && previous ? velocity / previous - 1 : null;
    return {
        id: "velocity",
        label: _t("Velocity"),
        help: _t(
            "What the pipeline brings a day: open deals × win rate × average won value / mean days to a win."
        ),
        value: velocity === null ? "–" : _t("%s a day", wholeMoney(velocity, format)),
        title:
            velocity === null
                ? _t("Needs open deals and won ones.")
                : format.exact(velocity),
        isMissing: velocity === null,
        note:
            change === null
                ? undefined
                : _t(
                      "%s against the period before",
                      format.percent(change, {signed: true})
                  ),
        noteTitle:
            change === null
                ? undefined
                : _t("%s a day in the equal range before", format.exact(previous)),
        tone: toneOf(change),
        onOpen: now.funnel.open.count
            ? () => openDeals(_t("Open deals of the funnel"), "open")
            : undefined,
    };
}

function stuckNote({count, value}, {measure, format}) {
    if (!count) {
        return _t("nothing waits beyond the norm");
    }
    return measure === "value"
        ? _t("%s beyond the norm", deals(count, format))
        : _t("%s beyond the norm", format.money(value));
}

function stuckCard(frame) {
    const {now, measure, format, openDeals} = frame;
    const stuck = stuckNow(now.stages);
    const money = format.money(stuck.value);
    const hasNorm = now.stages.some(({norm}) => norm !== null) || stuck.count;
    return {
        id: "stuck",
        label: _t("Stuck"),
        help: _t(
            "Deals that are open at the end of the range, or now, and in their stage for longer than nine of ten: the stage's norm, from the 12 months before of the whole company."
        ),
        value: hasNorm
            ? measure === "value"
                ? money
                : deals(stuck.count, format)
            : "–",
        title: hasNorm
            ? format.exact(stuck.value)
            : _t("No stage has a norm yet: too few stays have ended."),
        isMissing: !hasNorm,
        note: hasNorm ? stuckNote(stuck, frame) : undefined,
        tone: stuck.count ? "bad" : undefined,
        onOpen: stuck.count ? () => openDeals(_t("Stuck"), "stuck") : undefined,
    };
}

const CARDS = [wonCard, lossCard, cycleCard, velocityCard, stuckCard];

/**
 * @param {Frame} frame
 * @returns {Object[]} props of MetricCard
 */
export function bottleneckCards(frame) {
    const words = ["label", "help", "value", "title", "note", "noteTitle"];
    return CARDS.map((make) => {
        const card = make(frame);
        for (const key of words) {
            card[key] = card[key]?.toString();
        }
        return card;
    });
}
