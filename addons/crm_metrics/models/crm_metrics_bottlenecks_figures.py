from collections import Counter, defaultdict

from odoo import models

from ..kernel import chain, funnel, survival
from ..kernel.recurring import ratio
from .crm_stage_norm import days

#: outcomes of a stay that is over
EXITS = ("forward", "won", "lost", "backward", "moved", "archived")
#: share of a stage's exits that the ranking moves on
FIVE_POINTS = 0.05


class CrmMetrics(models.AbstractModel):
    """Makes figures of what was read."""

    _inherit = "crm.metrics"

    def _bottleneck_figures(self, options, readings):
        """Return the figures of a slice, or of all.

        :param dict readings: what `_bottleneck_readings` returns, or a part of it
        """
        round_money = options["companies"][0].currency_id.round
        order = [stage["id"] for stage in options["order"]]
        entered = [deals for _slice, _company, _first, deals in readings["deals"]]
        touched = set().union(*(deals.touched for deals in entered))
        whole = funnel.funnel(
            entered, [key for key in order if key in touched], round_money
        )
        names = {stage["id"]: stage["name"] for stage in options["order"]}
        whole["stages"] = [
            {"stage_id": row.pop("stage_id"), "name": names[row_id], **row}
            for row in whole["stages"]
            for row_id in [row["stage_id"]]
        ]
        won = whole["won"]
        average_won = ratio(won["value"], won["count"])
        win_rate = funnel.win_rate(whole)
        cycle = self._cycle_figures(options, readings["cycles"])
        velocity = funnel.velocity(
            whole["open"]["count"], win_rate["count"], average_won, cycle["won_mean"]
        )
        stages, exits = self._stage_figures(options, readings)
        starts = Counter()
        for _slice, _company, first, deals in readings["deals"]:
            starts[first] += deals.count
        what_if = self._add_gains(
            options, stages, exits, starts, whole["entered"]["count"], average_won
        )
        return {
            "stages": stages,
            "funnel": whole,
            "cycle": cycle,
            "win_rate": win_rate,
            "velocity": None if velocity is None else round_money(velocity),
            "waterfall": self._waterfall_figures(options, readings["flows"]),
            "what_if": what_if,
        }

    # ------------------------------------------------------------------
    # stages
    # ------------------------------------------------------------------

    def _stage_figures(self, options, readings):
        """Return the stages with a stay, in their order, and the exits between them.

        :return: tuple of a list of dicts, and the exits as in `kernel.chain`
        """
        counts = defaultdict(list)
        for _slice, company, stage, *values in readings["counts"]:
            counts[stage].append((company, *values))
        returns = Counter()
        for _slice, stage, number in readings["returns"]:
            returns[stage] += number
        skips = self._skips(options, readings["counts"])
        lasting = self._day_figures(readings["durations"])
        waiting = self._waiting_figures(options, readings["waiting"])
        stages, exits = [], {}
        for stage in options["order"]:
            key = stage["id"]
            if key not in counts:
                continue
            exits[key] = self._chain_exits(counts[key])
            norms = {by_stage.get(key) for by_stage in options["norms"].values()}
            # a company without one contradicts nobody
            norms.discard(None)
            stages.append(
                {
                    "stage_id": key,
                    "name": stage["name"],
                    "sequence": stage["sequence"],
                    **self._count_figures(options, counts[key]),
                    "days": lasting[key],
                    "norm": norms.pop() if len(norms) == 1 else None,
                    "returns": returns[key],
                    "skips": skips[key],
                    **waiting[key],
                }
            )
        return stages, exits

    def _count_figures(self, options, rows):
        """Return the figures of a stage that are sums of its stays."""
        rates = options["rates"]
        round_money = options["companies"][0].currency_id.round
        exits = dict.fromkeys(EXITS, 0)
        number = begun = still = 0
        entered = left = 0.0
        lost = defaultdict(lambda: [0, 0.0])
        for company, outcome, _next, reason, _jumper, stays, new, *values in rows:
            value_in, value_out = (float(v or 0) * rates[company] for v in values)
            number += stays
            begun += new
            entered += value_in
            left += value_out
            if outcome == "open":
                still += stays
            else:
                exits[outcome] += stays
            if outcome == "lost":
                lost[reason][0] += stays
                lost[reason][1] += value_out
        value_lost = sum(value for _count, value in lost.values())
        on = exits["forward"] + exits["won"]
        decided = begun
        if options["view"] == "period":
            decided = on + exits["lost"] + exits["backward"]
        return {
            "open_start": number - begun,
            "entries": begun,
            "open": still,
            "exits": exits,
            "conversion": ratio(on, decided),
            "value_entered": round_money(entered),
            "value_lost": round_money(value_lost),
            "value_lost_share": ratio(value_lost, left),
            "reasons": self._reason_figures(lost, round_money),
        }

    def _reason_figures(self, lost, round_money):
        # whoever may read a lost deal may know why
        reasons_sudo = self.env["crm.lost.reason"].sudo().browse(filter(None, lost))
        names = {reason.id: reason.display_name for reason in reasons_sudo}
        rows = [
            {
                "reason_id": reason,
                "name": names.get(reason) or self.env._("No reason"),
                "count": count,
                "value": round_money(value),
            }
            for reason, (count, value) in lost.items()
        ]
        return sorted(rows, key=lambda row: (-row["value"], -row["count"], row["name"]))

    def _day_figures(self, rows):
        """Return how long stays last, by stage."""
        merged = defaultdict(lambda: [0, Counter(), Counter(), Counter()])
        for _slice, stage, left_out, *durations in rows:
            sums = merged[stage]
            sums[0] += left_out
            for total, part in zip(sums[1:], durations, strict=True):
                total.update(part)
        result = {}
        for stage, (left_out, ended, censored, entered) in merged.items():
            found = survival.estimate(ended, censored, entered)
            result[stage] = {
                "closed_mean": days(survival.mean(ended)),
                "closed_median": days(survival.median(ended)),
                "median": days(found.median),
                "median_low": days(found.low),
                "median_high": days(found.high),
                "p75": days(found.p75),
                "p90": days(found.p90),
                "events": found.events,
                "censored": found.censored,
                "left_out": left_out,
                "longest": days(found.longest),
                "known_until": days(found.known_until),
            }
        return result

    def _waiting_figures(self, options, rows):
        """Return what waits at the end, by stage."""
        round_money = options["companies"][0].currency_id.round
        sums = defaultdict(lambda: [0.0, 0, 0.0])
        for _slice, company, stage, work, count, value in rows:
            rate = options["rates"][company]
            for index, part in enumerate(
                (work * rate, count, float(value or 0) * rate)
            ):
                sums[stage][index] += part
        return defaultdict(
            lambda: {"stuck": {"count": 0, "value": 0.0}, "money_days": 0.0},
            {
                stage: {
                    "stuck": {"count": count, "value": round_money(value)},
                    "money_days": round_money(work),
                }
                for stage, (work, count, value) in sums.items()
            },
        )

    def _skips(self, options, rows):
        """Return how often each stage was jumped over."""
        jumps = Counter()
        for _slice, _company, stage, _outcome, target, _reason, team, stays, *_ in rows:
            if team is not None:
                jumps[stage, target, team] += stays
        skips = Counter()
        for jump, number in jumps.items():
            for key in self._jumped_over(options, *jump):
                skips[key] += number
        return skips

    def _jumped_over(self, options, stage, target, team):
        """Return the stages that an exit jumps over.

        Those are the open stages that lie between in the present order, of the team's
        pipeline: those of that team and those of no team.
        """
        there = {stage["id"]: stage for stage in options["order"] if stage["is_there"]}
        if stage not in there or target not in there:
            return set()
        low, high = there[stage]["sequence"], there[target]["sequence"]
        return {
            key
            for key, between in there.items()
            if low < between["sequence"] < high
            and not between["is_won"]
            and (not between["teams"] or team in between["teams"])
        }

    # ------------------------------------------------------------------
    # chain
    # ------------------------------------------------------------------

    @staticmethod
    def _chain_exits(rows):
        """Return the exits of a stage by where they lead, as in `kernel.chain`."""
        targets = Counter()
        for _company, outcome, following, _reason, _jumper, stays, *_values in rows:
            if outcome in chain.ENDS:
                targets[outcome] += stays
            elif outcome in ("forward", "backward"):
                targets[following] += stays
        return targets

    def _add_gains(self, options, stages, exits, starts, entered, average_won):
        """Add `gain` to the stages, and return the figures of `what_if`."""
        round_money = options["companies"][0].currency_id.round
        onward = chain.following(
            [stage["stage_id"] for stage in stages],
            {stage["id"]: stage["teams"] for stage in options["order"]},
        )
        shares = chain.shares(exits)
        now = chain.win_probability(shares, starts)

        def worth(probability):
            if probability is None or average_won is None:
                return None
            return round_money(probability * entered * average_won)

        for stage in stages:
            gain = None
            if now is not None and stage["stage_id"] in shares:
                points = {stage["stage_id"]: FIVE_POINTS}
                better = chain.moved(shares, onward, points)
                gain = chain.win_probability(better, starts) - now
            stage["gain"] = {"win_probability": gain, "value": worth(gain)}
        probability = chain.win_probability(
            chain.moved(shares, onward, options["points"]), starts
        )
        return {"win_probability": probability, "won_value": worth(probability)}

    # ------------------------------------------------------------------
    # pipeline
    # ------------------------------------------------------------------

    def _cycle_figures(self, options, rows):
        """Return how long deals take from their first stay to the end."""
        won, ended, censored, unseen = Counter(), Counter(), Counter(), Counter()
        for _slice, state, lives, waits, numbers in rows:
            is_event = state in (funnel.WON, funnel.LOST)
            seen = ended if is_event else censored
            for life, wait, number in zip(lives, waits, numbers, strict=True):
                first = wait if options["view"] == "period" else 0
                if state == funnel.WON:
                    won[life] += number
                # who was gone within a minute was never seen under way
                if first < life or not is_event:
                    seen[life] += number
                    if first:
                        unseen[first] += number
        found = survival.estimate(ended, censored, unseen)
        return {
            "won_mean": days(survival.mean(won)),
            "won_median": days(survival.median(won)),
            "all_median": days(found.median),
            "all_low": days(found.low),
            "all_high": days(found.high),
        }

    def _waterfall_figures(self, options, rows):
        parts = Counter()
        for _slice, company, amounts in rows:
            for name, amount in amounts.items():
                parts[name] += float(amount) * options["rates"][company]
        return funnel.waterfall(
            parts["start"], parts, options["companies"][0].currency_id.round
        )
