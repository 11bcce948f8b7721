"""Visits, worked out slowly and obviously: one lead after the other, event by event.

Nothing here is shared with the addon: no SQL, no window. A lead is a list of states; a
visit is a run of states in one stage, and the state after the run says how it ended.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

MINUTE = timedelta(minutes=1)
#: a transaction that moved so many leads says nothing about selling
CROWD = 10


@dataclass(frozen=True)
class Event:
    """The state of a lead after a transaction."""

    key: int
    lead: int
    #: the lead itself, None once it is gone
    lead_record: int | None
    at: datetime
    type: str
    stage: int | None
    stage_record: int | None
    stage_name: str | None
    sequence: int | None
    is_won: bool
    active: bool
    won_status: str | None
    reason: int | None
    amount: Decimal
    company: int | None
    partner: int | None
    user: int | None
    user_key: int | None
    team: int | None
    team_key: int | None
    removed: str | None
    source: str
    exact: bool

    @property
    def is_open(self):
        """Whether it is a deal that somebody works on."""
        return (
            self.type == "opportunity"
            and self.active
            and not self.removed
            and self.stage is not None
            and not self.is_won
        )


@dataclass(frozen=True)
class Stage:
    """A stage as it is at present."""

    key: int
    name: str
    sequence: int
    is_won: bool
    #: teams that it belongs to; none: it belongs to all
    teams: frozenset


@dataclass
class World:
    """What is in the database."""

    events: list
    stages: dict
    #: company of each team and of each salesperson
    team_companies: dict
    user_companies: dict
    #: where leads that exist came from
    sources: dict
    #: events of each lead, in their order
    leads: dict = field(init=False)
    #: leads that something happened to at each moment, imports apart
    crowds: dict = field(init=False)

    def __post_init__(self):
        self.leads = defaultdict(list)
        for event in sorted(self.events, key=lambda event: (event.at, event.key)):
            self.leads[event.lead].append(event)
        self.crowds = defaultdict(set)
        for event in self.events:
            if event.source != "import":
                self.crowds[event.at].add(event.lead)

    def company_of(self, event):
        """The company that a state belongs to, None for nobody's."""
        if event.company:
            return event.company
        if self.team_companies.get(event.team):
            return self.team_companies[event.team]
        if self.user_companies.get(event.user):
            return self.user_companies[event.user]
        # whoever gives a deal a company at last gives it to the history too
        return self.leads[event.lead][-1].company

    def between(self, one, other, team):
        """The stages that a deal of a team jumps over from one stage to another."""
        if one not in self.stages or other not in self.stages:
            return []
        low, high = self.stages[one].sequence, self.stages[other].sequence
        return [
            stage.key
            for stage in self.stages.values()
            if low < stage.sequence < high
            and not stage.is_won
            and (not stage.teams or team in stage.teams)
        ]


@dataclass(frozen=True)
class Visit:
    lead: int
    number: int
    lead_record: int | None
    partner: int | None
    company: int | None
    stage: int
    stage_record: int | None
    stage_name: str | None
    sequence: int | None
    entered: datetime
    left: datetime | None
    #: in whole minutes
    days: float | None
    outcome: str
    next_stage: int | None
    next_stage_record: int | None
    skipped: int
    reason: int | None
    value_entered: Decimal
    value_left: Decimal
    user: int | None
    team: int | None
    owner: int | None
    inexact: bool
    team_reset: bool
    bulk: bool
    merged: bool
    deleted: bool


def visits_of(world):
    """Return the visits of a world, and the leads that have some in no company."""
    visits, homeless = [], set()
    for events in world.leads.values():
        number = 0
        for first, after in stays(events):
            number += 1
            visit = describe(world, events, first, after, number)
            if visit.company is None:
                homeless.add(visit.lead)
            else:
                visits.append(visit)
    return visits, homeless


def never_open(world):
    """Return the deals that are closed and have never stayed anywhere."""
    return {
        lead
        for lead, events in world.leads.items()
        if not stays(events)
        and events[-1].type == "opportunity"
        and not events[-1].removed
        and (events[-1].is_won or not events[-1].active)
    }


def stays(events):
    """Return where a lead's stays begin, and where the next state follows them."""
    found = []
    first = None
    for number, event in enumerate(events):
        if first is not None:
            goes_on = event.is_open and event.stage == events[first].stage
            if not goes_on:
                found.append((first, number))
                first = None
        if first is None and event.is_open:
            first = number
    if first is not None:
        found.append((first, None))
    return found


def describe(world, events, first, after, number):
    entry = events[first]
    last = events[-1] if after is None else events[after - 1]
    leaving = None if after is None else events[after]
    outcome, reason = outcome_of(events, last, after)
    goes_to = outcome in ("forward", "backward", "won") or (
        outcome == "moved" and not leaving.removed
    )
    next_stage = leaving.stage if goes_to else None
    skipped = []
    if outcome in ("forward", "won"):
        skipped = world.between(entry.stage, next_stage, last.team)
    return Visit(
        lead=entry.lead,
        number=number,
        lead_record=entry.lead_record,
        partner=last.partner,
        company=world.company_of(last),
        stage=entry.stage,
        stage_record=last.stage_record,
        stage_name=last.stage_name,
        sequence=last.sequence,
        entered=entry.at,
        left=leaving.at if leaving else None,
        days=(leaving.at - entry.at) // MINUTE / 1440 if leaving else None,
        outcome=outcome,
        next_stage=next_stage,
        next_stage_record=leaving.stage_record if goes_to else None,
        skipped=len(skipped),
        reason=reason,
        value_entered=entry.amount,
        value_left=leaving.amount if leaving else last.amount,
        user=last.user,
        team=last.team,
        owner=events[-1].user,
        inexact=not entry.exact or (leaving is not None and not leaving.exact),
        team_reset=leaving is not None
        and leaving.team_key != last.team_key
        and leaving.stage != last.stage,
        bulk=(first > 0 and in_a_crowd(world, entry))
        or (leaving is not None and in_a_crowd(world, leaving)),
        merged=leaving is not None and leaving.removed == "merged",
        deleted=leaving is not None and leaving.removed == "deleted",
    )


def outcome_of(events, last, after):
    """Return how a stay ended, and the reason if it was lost."""
    if after is None:
        return "open", None
    leaving = events[after]
    if leaving.removed == "merged":
        return "moved", None
    if leaving.removed == "deleted":
        ending = "lost" if leaving.won_status == "lost" else "archived"
        return ending, leaving.reason
    if not leaving.active:
        return closed(events[after:])
    if leaving.type == "lead":
        return "archived", leaving.reason
    if leaving.is_won:
        return "won", None
    if leaving.stage is None or leaving.sequence is None or last.sequence is None:
        return "moved", None
    if (leaving.sequence, leaving.stage) > (last.sequence, last.stage):
        return "forward", None
    return "backward", None


def closed(events):
    """Return whether a deal that was put away was lost, and for which reason."""
    lost = False
    for event in events:
        if event.active:
            break
        if event.won_status == "lost":
            # lost now, or later while it lies in the archive; why may be told later
            lost = True
            if event.reason:
                return "lost", event.reason
    return ("lost", None) if lost else ("archived", events[0].reason)


def in_a_crowd(world, event):
    """Whether a transaction changed so many leads that it was no selling."""
    return event.source != "import" and len(world.crowds[event.at]) >= CROWD
