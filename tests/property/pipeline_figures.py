"""What the bottlenecks answer, worked out from the visits by lists and loops."""

import math
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

import numpy

MINUTE = timedelta(minutes=1)
MINUTES = 24 * 60
#: how a stay ends that tells how long the work takes, and where it leads
EVENTS = ("forward", "backward", "won", "lost")
EXITS = ("forward", "won", "lost", "backward", "moved", "archived")
#: below that, a curve of survival says nothing
FEW = 5
#: of the normal distribution, for 95 %
Z = 1.959963984540054
WATERFALL = (
    "created",
    "reopened",
    "increased",
    "decreased",
    "won",
    "lost",
    "archived",
    "transfer",
)


# ----------------------------------------------------------------------
# survival
# ----------------------------------------------------------------------


@dataclass(frozen=True)
class Life:
    """Whole minutes at which somebody comes under watch, and goes; and whether it was
    the end.
    """

    entry: int
    end: int
    event: bool


def curve(lives, least=1):
    """Return [(minutes, S, lower, upper)]: Kaplan and Meier, with late entries.

    S is exact; the band is Greenwood's on the scale log(-log), 0 where S is 0. Where
    all at risk end, or fewer than `least` are, and others come later, S is None.
    """
    points = []
    survival, greenwood = Fraction(1), Fraction(0)
    for time in sorted({life.end for life in lives if life.event}):
        at_risk = sum(life.entry < time <= life.end for life in lives)
        ended = sum(life.event and life.entry < time == life.end for life in lives)
        if not ended:
            continue
        if any(time <= life.entry < life.end for life in lives) and (
            at_risk in (ended, *range(least))
        ):
            points.append((time, None, None, None))
            break
        survival *= 1 - Fraction(ended, at_risk)
        if not survival:
            points.append((time, survival, 0.0, 0.0))
            break
        greenwood += Fraction(ended, at_risk * (at_risk - ended))
        log = math.log(survival)
        width = Z * math.sqrt(greenwood) / -log
        points.append(
            (
                time,
                survival,
                float(survival) ** math.exp(width),
                float(survival) ** math.exp(-width),
            )
        )
    return points


def reached(points, column, threshold):
    """Return the days after which a column of a curve has come down to a threshold."""
    for point in points:
        if point[column] is not None and point[column] <= threshold:
            return Fraction(point[0], MINUTES)
    return None


def quantiles(lives, least=1):
    if sum(life.event for life in lives) < FEW:
        return dict.fromkeys(("median", "low", "high", "p75", "p90", "known_until"))
    points = curve(lives, least)
    found = {
        "median": reached(points, 1, Fraction(1, 2)),
        "low": reached(points, 2, 0.5),
        "high": reached(points, 3, 0.5),
        "p75": reached(points, 1, Fraction(1, 4)),
        "p90": reached(points, 1, Fraction(1, 10)),
    }
    is_cut = points and points[-1][1] is None and None in found.values()
    until = Fraction(points[-1][0], MINUTES) if is_cut else None
    return {**found, "known_until": until}


def mean(numbers):
    return Fraction(sum(numbers), len(numbers)) if numbers else None


def middle(numbers):
    numbers = sorted(numbers)
    half = len(numbers) // 2
    if len(numbers) % 2:
        return numbers[half]
    return mean(numbers[half - 1 : half + 1])


def over(part, whole):
    """Return part / whole, None when there is nothing to compare with."""
    return Fraction(part) / Fraction(whole) if whole else None


def whole_minutes(first, last):
    return (last - first) // MINUTE


def life_of(visit, start, until):
    """Return how long a visit was watched, None if it says nothing about time."""
    ended = visit.left is not None and visit.left <= until
    end = whole_minutes(visit.entered, visit.left if ended else until)
    entry = max(0, whole_minutes(visit.entered, start)) if start else 0
    if visit.inexact or visit.bulk or (ended and end <= entry):
        return None
    return Life(entry, end, ended and visit.outcome in EVENTS)


def norm(visits, company, stage, year_start, year_end):
    """Return the days in which nine of ten of a company's deals leave a stage."""
    lives = [
        life_of(visit, year_start, year_end)
        for visit in visits
        if (visit.company, visit.stage) == (company, stage)
        and visit.entered <= year_end
        and (visit.left is None or visit.left >= year_start)
    ]
    return quantiles([life for life in lives if life], least=FEW)["p90"]


# ----------------------------------------------------------------------
# the answer
# ----------------------------------------------------------------------


@dataclass
class Question:
    """What is asked, and of which visits."""

    world: object
    #: all that there are
    visits: list
    #: first and last moment that count
    start: object
    as_of: object
    view: str
    #: keys of the companies, the main one first
    companies: list
    #: worth of one unit of each company's currency in the main one
    factors: dict
    #: first and last moment of the year of each company's norms
    years: dict
    #: user whose deals and whose nobody's are all that he sees; None: sees all
    own: int | None = None
    #: name (team, user, source, reason) -> ids, None among them stands for empty
    filters: dict = field(default_factory=dict)
    #: stage -> points
    what_if: dict = field(default_factory=dict)

    def __post_init__(self):
        #: all that may be read
        self.known = [
            visit
            for visit in self.visits
            if visit.company in self.companies
            and (self.own is None or visit.owner in (self.own, None))
            and visit.entered <= self.as_of
        ]
        self.deals = defaultdict(list)
        for visit in sorted(self.known, key=lambda visit: visit.number):
            self.deals[visit.lead].append(visit)

    def narrowed(self, name, key):
        """The same question for one group."""
        ids = self.filters.get(name)
        ids = [key] if ids is None or key in ids else []
        return replace(self, filters={**self.filters, name: ids})

    # -- slices ---------------------------------------------------------

    def left(self, visit):
        """Whether a visit has ended as far as is known."""
        return visit.left is not None and visit.left <= self.as_of

    def source_of(self, lead):
        return self.world.sources.get(self.world.leads[lead][-1].lead_record)

    def lead_wanted(self, lead):
        """Filters that take or leave a deal as a whole."""
        if (
            "source" in self.filters
            and self.source_of(lead) not in self.filters["source"]
        ):
            return False
        if "reason" in self.filters:
            return any(
                visit.outcome == "lost"
                and self.left(visit)
                and visit.reason in self.filters["reason"]
                for visit in self.deals.get(lead, ())
            )
        return True

    def hands_wanted(self, team, user):
        """Filters of who has a deal."""
        return ("team" not in self.filters or team in self.filters["team"]) and (
            "user" not in self.filters or user in self.filters["user"]
        )

    def wanted(self, visit):
        return self.hands_wanted(visit.team, visit.user) and self.lead_wanted(
            visit.lead
        )

    @cached_property
    def table(self):
        """The visits that the table of stages is about."""
        return [
            visit for visit in self.known if self.wanted(visit) and self.in_range(visit)
        ]

    def in_range(self, visit):
        if self.view == "cohort":
            return visit.entered >= self.start
        return visit.left is None or visit.left >= self.start

    def money(self, amount, company):
        return amount * self.factors[company]

    def value_now(self, visit):
        """What the deal of a visit is worth at the end."""
        return self.money(self.last_event(visit.lead).amount, visit.company)

    # -- stages ---------------------------------------------------------

    def place(self, stage):
        """Where a stage stands among the others."""
        there = self.world.stages.get(stage)
        sequence = there.sequence if there else self.last_copy(stage).sequence
        return (sequence is None, sequence or 0, stage)

    def last_copy(self, stage):
        return max(
            (
                visit
                for visit in self.visits
                if visit.stage == stage and visit.company in self.companies
            ),
            key=lambda visit: (visit.entered, visit.lead, visit.number),
        )

    @cached_property
    def order(self):
        """The stages of the table, in their order."""
        return sorted({visit.stage for visit in self.table}, key=self.place)

    @cached_property
    def funnel_order(self):
        """The stages that the deals of the funnel have seen, in their order."""
        return sorted(
            {visit.stage for lead in self.funnel_deals for visit in self.deals[lead]},
            key=self.place,
        )

    def stages(self):
        return {stage: self.stage(stage) for stage in self.order}

    def stage(self, stage):
        here = [visit for visit in self.table if visit.stage == stage]
        entries = [visit for visit in here if visit.entered >= self.start]
        exits = [visit for visit in here if self.left(visit)]
        staying = [visit for visit in here if not self.left(visit)]
        by_outcome = {
            outcome: sum(visit.outcome == outcome for visit in exits)
            for outcome in EXITS
        }
        onward = by_outcome["forward"] + by_outcome["won"]
        if self.view == "cohort":
            conversion = over(onward, len(entries))
        else:
            conversion = over(onward, sum(by_outcome[name] for name in EVENTS))
        lost = [visit for visit in exits if visit.outcome == "lost"]
        value_lost = sum(self.money(visit.value_left, visit.company) for visit in lost)
        value_exits = sum(
            self.money(visit.value_left, visit.company) for visit in exits
        )
        there = self.world.stages.get(stage)
        return {
            "name": there.name if there else self.last_copy(stage).stage_name,
            "sequence": there.sequence if there else self.last_copy(stage).sequence,
            "open_start": len(here) - len(entries),
            "entries": len(entries),
            "open": len(staying),
            "exits": by_outcome,
            "conversion": conversion,
            "value_entered": sum(
                self.money(visit.value_entered, visit.company) for visit in entries
            ),
            "value_lost": value_lost,
            "value_lost_share": over(value_lost, value_exits),
            "days": self.days(here),
            **self.stuck(stage, staying),
            "returns": sum(self.is_return(visit) for visit in entries),
            "skips": sum(self.jumps_over(visit, stage) for visit in self.table),
            "reasons": self.reasons(lost),
            "gain": self.gain(stage),
            "money_days": sum(
                self.value_now(visit)
                * whole_minutes(visit.entered, self.as_of)
                / Decimal(MINUTES)
                for visit in staying
            ),
        }

    def lives(self, visits):
        start = self.start if self.view == "period" else None
        lives = [life_of(visit, start, self.as_of) for visit in visits]
        return [life for life in lives if life]

    def days(self, visits):
        lives = self.lives(visits)
        closed = [Fraction(life.end, MINUTES) for life in lives if life.event]
        found = quantiles(lives)
        return {
            "closed_mean": mean(closed),
            "closed_median": middle(closed) if closed else None,
            "median": found["median"],
            "median_low": found["low"],
            "median_high": found["high"],
            "p75": found["p75"],
            "p90": found["p90"],
            "known_until": found["known_until"],
            "events": len(closed),
            "censored": len(lives) - len(closed),
            "left_out": len(visits) - len(lives),
            "longest": max(
                (Fraction(life.end, MINUTES) for life in lives), default=None
            ),
        }

    def stuck(self, stage, staying):
        norms = {
            company: norm(self.visits, company, stage, *self.years[company])
            for company in self.companies
        }
        late = [
            visit
            for visit in staying
            if norms[visit.company] is not None
            and Fraction(whole_minutes(visit.entered, self.as_of), MINUTES)
            > norms[visit.company]
        ]
        several = set(norms.values()) - {None}
        return {
            "norm": several.pop() if len(several) == 1 else None,
            "stuck": {
                "count": len(late),
                "value": sum(self.value_now(visit) for visit in late),
                "leads": {visit.lead for visit in late},
            },
        }

    def is_return(self, visit):
        return any(
            other.stage == visit.stage and other.number < visit.number
            for other in self.visits
            if other.lead == visit.lead
        )

    def jumps_over(self, visit, stage):
        return (
            self.left(visit)
            and visit.outcome in ("forward", "won")
            and stage in self.world.between(visit.stage, visit.next_stage, visit.team)
        )

    def reasons(self, lost):
        found = {}
        for visit in lost:
            count, value = found.get(visit.reason, (0, 0))
            value += self.money(visit.value_left, visit.company)
            found[visit.reason] = (count + 1, value)
        return found

    # -- the chain ------------------------------------------------------

    def shares(self):
        """Return stage -> {where to: share of its exits}."""
        found = {}
        for stage in self.order:
            exits = [
                visit
                for visit in self.table
                if visit.stage == stage and self.left(visit) and visit.outcome in EVENTS
            ]
            row = defaultdict(Fraction)
            for visit in exits:
                if visit.outcome in ("won", "lost"):
                    target = visit.outcome
                else:
                    target = visit.next_stage
                row[target] += Fraction(1, len(exits))
            if row:
                found[stage] = row
        return found

    def moved(self, rows, stage, points):
        """Return the chain after some points of a stage went from lost to onward."""
        later = [
            other
            for other in self.order[self.order.index(stage) + 1 :]
            if self.has_way(self.teams(stage), self.teams(other))
        ]
        target = later[0] if later else "won"
        row = defaultdict(Fraction, rows[stage])
        share = min(Fraction(points) / 100, row["lost"])
        row["lost"] -= share
        row[target] += share
        return {**rows, stage: row}

    def teams(self, stage):
        """Teams that a stage belongs to; none: all teams have it."""
        there = self.world.stages.get(stage)
        return there.teams if there else frozenset()

    @staticmethod
    def has_way(teams, others):
        """Whether some team has both of two stages."""
        return not teams or not others or bool(teams & others)

    def win_probability(self, rows):
        """Return how likely the deals of the funnel are won, by linear algebra."""
        # whoever can never be won is not
        hopeful = set()
        while True:
            more = {
                stage
                for stage, row in rows.items()
                if any(
                    share and (target == "won" or target in hopeful)
                    for target, share in row.items()
                )
            }
            if more == hopeful:
                break
            hopeful = more
        states = [stage for stage in self.order if stage in hopeful]
        chances = {}
        if states:
            matrix = numpy.identity(len(states))
            for number, stage in enumerate(states):
                for other, target in enumerate(states):
                    matrix[number, other] -= float(rows[stage][target])
            won = [float(rows[stage]["won"]) for stage in states]
            chances = dict(zip(states, numpy.linalg.solve(matrix, won), strict=True))
        starts = [self.deals[lead][0].stage for lead in self.funnel_deals]
        return sum(chances.get(stage, 0.0) for stage in starts) / len(starts)

    def gain(self, stage):
        rows = self.shares()
        if stage not in rows or not self.funnel_deals:
            return {"win_probability": None, "value": None}
        gained = self.win_probability(
            self.moved(rows, stage, 5)
        ) - self.win_probability(rows)
        return {
            "win_probability": gained,
            "value": self.worth(gained),
        }

    def worth(self, probability):
        """What a chance is worth, for all deals that entered the funnel."""
        funnel = self.funnel()
        if not funnel["won"]["count"]:
            return None
        average = Fraction(funnel["won"]["value"]) / funnel["won"]["count"]
        return probability * float(funnel["entered"]["count"] * average)

    def what_if_answer(self):
        rows = self.shares()
        if not rows or not self.funnel_deals:
            return {"win_probability": None, "won_value": None}
        for stage, points in self.what_if.items():
            if stage in rows:
                rows = self.moved(rows, stage, points)
        chance = self.win_probability(rows)
        return {"win_probability": chance, "won_value": self.worth(chance)}

    # -- the funnel -----------------------------------------------------

    @cached_property
    def funnel_deals(self):
        """The deals of the funnel: number of the lead -> state as of the end."""
        found = {}
        for lead, visits in self.deals.items():
            state = self.state(lead)
            if state == "merged" or not self.wanted(visits[-1]):
                continue
            everywhere = [
                visit
                for visit in self.visits
                if visit.lead == lead and visit.entered <= self.as_of
            ]
            if any(visit.number > visits[-1].number for visit in everywhere):
                continue
            if self.view == "cohort":
                belongs = all(visit.entered >= self.start for visit in everywhere)
            else:
                belongs = any(self.in_range(visit) for visit in visits)
            if belongs:
                found[lead] = state
        return found

    def state(self, lead):
        """How a deal stands at the end."""
        last, _value = self.closing(lead)
        if last.removed == "merged":
            return "merged"
        if last.is_won:
            return "won"
        if not last.active and last.won_status == "lost":
            return "lost"
        if not last.active or last.removed or last.type == "lead":
            return "archived"
        return "open"

    def last_event(self, lead):
        return [event for event in self.world.leads[lead] if event.at <= self.as_of][-1]

    def closing(self, lead):
        """Return the last event of a deal that its company knows, and its amount."""
        visit = self.deals[lead][-1]
        before = found = None
        for event in self.world.leads[lead]:
            is_own = self.world.company_of(event) == visit.company
            if event.at > self.as_of:
                break
            if (
                is_own
                or visit.left is None
                or event.at <= visit.left
                or event.removed == "merged"
            ):
                left_both = event.at == visit.left and not is_own
                amount = before.amount if left_both else event.amount
                found = event, self.money(amount, visit.company)
            before = event
        return found

    def furthest(self, lead):
        return max(
            (visit.stage for visit in self.deals[lead]), key=self.funnel_order.index
        )

    def worth_of(self, leads):
        return sum(self.closing(lead)[1] for lead in leads)

    def funnel_leads(self):
        """Return which deals are behind each figure of the funnel."""
        states = self.funnel_deals
        return {
            "entered": set(states),
            **{
                state: {lead for lead in states if states[lead] == state}
                for state in ("won", "lost", "open", "archived")
            },
            "touched": {
                stage: {
                    lead
                    for lead in states
                    if any(visit.stage == stage for visit in self.deals[lead])
                }
                for stage in self.funnel_order
            },
            "reached": {
                stage: {
                    lead
                    for lead in states
                    if states[lead] == "won"
                    or self.funnel_order.index(self.furthest(lead))
                    >= self.funnel_order.index(stage)
                }
                for stage in self.funnel_order
            },
            "drop": {
                stage: {
                    lead
                    for lead in states
                    if states[lead] == "lost" and self.furthest(lead) == stage
                }
                for stage in self.funnel_order
            },
        }

    def funnel(self):
        leads = self.funnel_leads()
        entered_value = self.worth_of(leads["entered"])
        result = {
            name: {"count": len(leads[name]), "value": self.worth_of(leads[name])}
            for name in ("entered", "won", "open", "archived")
        }
        result["stages"] = {
            stage: {
                "touched": len(leads["touched"][stage]),
                "touched_value": self.worth_of(leads["touched"][stage]),
                "reached": len(leads["reached"][stage]),
                "reached_value": self.worth_of(leads["reached"][stage]),
                "drop": len(leads["drop"][stage]),
                "drop_value": self.worth_of(leads["drop"][stage]),
                "drop_share": over(self.worth_of(leads["drop"][stage]), entered_value),
            }
            for stage in self.funnel_order
        }
        return result

    def win_rate(self):
        leads = self.funnel_leads()
        won, lost = leads["won"], leads["lost"]
        return {
            "count": over(len(won), len(won) + len(lost)),
            "value": over(self.worth_of(won), self.worth_of(won) + self.worth_of(lost)),
        }

    def cycle(self):
        lives, won = [], []
        for lead, state in self.funnel_deals.items():
            first, last = self.deals[lead][0], self.deals[lead][-1]
            end = whole_minutes(
                first.entered, self.as_of if state == "open" else last.left
            )
            entry = 0
            if self.view == "period":
                entry = max(0, whole_minutes(first.entered, self.start))
            if state == "won":
                won.append(Fraction(end, MINUTES))
            if state == "open" or end > entry:
                lives.append(Life(entry, end, state in ("won", "lost")))
        found = quantiles(lives)
        return {
            "won_mean": mean(won),
            "won_median": middle(won) if won else None,
            "all_median": found["median"],
            "all_low": found["low"],
            "all_high": found["high"],
        }

    def velocity(self):
        funnel, rate = self.funnel(), self.win_rate()["count"]
        days = self.cycle()["won_mean"]
        if not rate or not days:
            # without a deal that was won there is neither a value nor a cycle
            return None
        average = Fraction(funnel["won"]["value"]) / funnel["won"]["count"]
        return funnel["open"]["count"] * rate * average / days

    # -- the waterfall --------------------------------------------------

    def waterfall(self):
        """How the money that is open moved, deal by deal: what a deal did and undid
        within the range is not told.
        """
        parts = dict.fromkeys(("start", *WATERFALL, "end"), Decimal(0))
        for _lead, part, amount in self.net_changes:
            parts[part] += amount
        return parts

    def waterfall_deals(self):
        """Return which deals are behind each part."""
        deals = {part: set() for part in ("start", *WATERFALL, "end")}
        for lead, part, _amount in self.net_changes:
            deals[part].add(lead)
        return deals

    @cached_property
    def net_changes(self):
        return [
            (lead, part, amount)
            for lead in self.waterfall_leads()
            for company in self.companies
            for part, amount in self.net(lead, company)
        ]

    def net(self, lead, company):
        """Return what a deal did between the start and the end, as one of a company."""
        base = final = before = None
        for event in self.world.leads[lead]:
            if event.at > self.as_of:
                break
            was_in, is_in = self.is_in(before, company), self.is_in(event, company)
            amount = self.money(event.amount, company)
            if event.at < self.start:
                base = ("start", amount) if is_in else None
            elif is_in and not was_in and base is None:
                base = (self.way_in(before, event), amount)
            if is_in:
                final = ("end", amount)
            elif was_in:
                final = (self.way_out(event), amount)
            before = event
        if base is None:
            return []
        came, first = base
        went, last = final
        found = [(came, first), (went, -last if went == "transfer" else last)]
        if last != first:
            found.append(
                ("increased" if last > first else "decreased", abs(last - first))
            )
        return found

    def waterfall_leads(self):
        """Return the deals that stayed somewhere in the range, and may be seen."""
        return {
            visit.lead
            for visit in self.visits
            if visit.entered <= self.as_of
            and (visit.left is None or visit.left >= self.start)
            and (self.own is None or visit.owner in (self.own, None))
            and self.lead_wanted(visit.lead)
        }

    def is_in(self, event, company):
        """Whether a state is open in the slice, as one of a company."""
        return (
            event is not None
            and event.is_open
            and self.world.company_of(event) == company
            and self.hands_wanted(event.team, event.user)
        )

    def way_in(self, before, event):
        """By which door a deal comes in."""
        if before is not None and before.is_open:
            return "transfer"
        again = any(
            earlier.type == "opportunity"
            for earlier in self.world.leads[event.lead]
            if (earlier.at, earlier.key) < (event.at, event.key)
        )
        return "reopened" if again else "created"

    def way_out(self, event):
        """By which door a deal goes."""
        if event.is_open:
            return "transfer"
        if event.removed == "merged":
            return "archived"
        if not event.active and event.won_status == "lost":
            return "lost"
        if event.active and event.type == "opportunity" and event.is_won:
            return "won"
        return "archived"

    # -- all of it ------------------------------------------------------

    def answer(self):
        return {
            "stages": self.stages(),
            "funnel": self.funnel(),
            "cycle": self.cycle(),
            "win_rate": self.win_rate(),
            "velocity": self.velocity(),
            "waterfall": self.waterfall(),
            "what_if": self.what_if_answer(),
        }

    def groups(self, name):
        """Return the values that some visit of the answer has."""
        if name == "source":
            return {self.source_of(visit.lead) for visit in self.table}
        return {getattr(visit, name) for visit in self.table}
