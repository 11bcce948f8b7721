"""Visits of deals in stages, worked out from the log of opportunities."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pandas

from ..connection import Connection
from .compare import Difference, cleaned, differences, frame, links

VISIT, EVENT = "crm.stage.visit", "crm.lead.event"
#: a transaction that moved so many deals is tidying up, not selling
CROWD = 10
#: of durations, in days: moments come without fractions of a second
MINUTE = 1 / 1440 + 1e-6
FIELDS = ["lead_key", "lead_id", "at", "type", "stage_key", "stage_id", "stage_name"]
FIELDS += ["stage_sequence", "stage_is_won", "active", "won_status", "lost_reason_id"]
FIELDS += ["expected_revenue", "company_id", "partner_id", "user_id", "team_id"]
FIELDS += ["team_key", "removed", "source", "exact"]
BOOLEANS = ("stage_is_won", "active", "exact")
KEY = ["lead_key", "visit_no"]
VALUES = ["stage_key", "stage_id", "stage_name", "stage_sequence", "entered", "left"]
VALUES += ["days", "outcome", "next_stage_key", "next_stage_id", "skipped"]
VALUES += ["lost_reason_id", "value_entered", "value_left", "company_id", "lead_id"]
VALUES += ["partner_id", "user_id", "team_id", "owner_id", "inexact", "team_reset"]
VALUES += ["bulk", "merged", "deleted"]
FLAGS = ("inexact", "team_reset", "bulk", "merged", "deleted")

Event = dict[str, Any]


def verify(
    connection: Connection,
    facts: list[str],
    sample: list[int] | None,
    first: date | None,
    last: date | None,
) -> list[Difference]:
    """Compare visits with the log.

    :param sample: numbers of opportunities, None: all
    :param first: only visits that began on this day (UTC) or later
    :param last: only visits that began up to this day
    """
    domain: list[Any] = [["lead_key", "in", sample]] if sample else []
    stored = cleaned(frame(connection, VISIT, domain, [*KEY, *VALUES]), *FLAGS)
    world = World.read(connection, is_whole=not sample)
    histories = [*_histories(connection, domain)]
    world.count_crowds(histories)
    rows = [visit for events in histories for visit in world.visits(events)]
    expected = pandas.DataFrame(rows, columns=[*KEY, *VALUES]).astype(object)
    for name in ("stored", "expected"):
        table = stored if name == "stored" else expected
        begun = table["entered"].astype(str).str.slice(0, 10)
        kept = pandas.Series(True, index=table.index)
        if first:
            kept &= begun >= first.isoformat()
        if last:
            kept &= begun <= last.isoformat()
        if name == "stored":
            stored = table[kept]
        else:
            expected = table[kept]
    # an empty number is 0 there
    stored["next_stage_key"] = stored["next_stage_key"].map(lambda key: key or None)
    return differences(VISIT, stored, expected, KEY, VALUES, {"days": MINUTE})


def customers(connection: Connection) -> list[int]:
    """Return the numbers of all opportunities with an event or a visit."""
    return sorted(links(connection, "lead_key", EVENT, VISIT))


def _histories(connection: Connection, domain: list[Any]) -> Iterator[list[Event]]:
    """Yield the events of each opportunity, in their order."""
    for page in connection.pages_by(EVENT, "lead_key", "at, id", domain, FIELDS):
        table = cleaned(pandas.DataFrame(page, columns=["id", *FIELDS]), *BOOLEANS)
        for _key, events in table.groupby("lead_key", sort=False):
            yield events.to_dict("records")


@dataclass
class World:
    """What visits depend on besides the events of their deal."""

    #: open stages, by number: sequence and teams
    stages: dict[int, tuple[int, bool, frozenset[int]]]
    team_company: dict[int, int | None]
    user_company: dict[int, int | None]
    #: whether all opportunities are looked at
    is_whole: bool
    crowds: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    @classmethod
    def read(cls, connection: Connection, is_whole: bool) -> World:
        stages = frame(connection, "crm.stage", [], ["sequence", "is_won", "team_ids"])
        teams = cleaned(frame(connection, "crm.team", [], ["company_id"]))
        users = cleaned(frame(connection, "res.users", [], ["company_id"]))
        return cls(
            {
                row.id: (row.sequence, row.is_won, frozenset(row.team_ids))
                for row in stages.itertuples()
            },
            dict(zip(teams["id"], teams["company_id"], strict=True)),
            dict(zip(users["id"], users["company_id"], strict=True)),
            is_whole,
        )

    def count_crowds(self, histories: list[list[Event]]) -> None:
        """Note how many deals changed at each moment, imported events apart."""
        for events in histories:
            for event in events:
                if event["source"] != "import":
                    self.crowds[event["at"]].add(event["lead_key"])

    def visits(self, events: list[Event]) -> Iterator[list[Any]]:
        """Yield the visits of a deal, in the order of :data:`VALUES`."""
        number = 0
        start = None
        for index in range(len(events) + 1):
            event = events[index] if index < len(events) else None
            if start is not None:
                stays = event and _stage(event) == events[start]["stage_key"]
                if not stays:
                    number += 1
                    visit = self._visit(events, start, index, number)
                    if visit["company_id"]:
                        yield [visit[name] for name in (*KEY, *VALUES)]
                    start = None
            if start is None and event and _stage(event):
                start = index

    def _visit(
        self, events: list[Event], start: int, index: int, number: int
    ) -> dict[str, Any]:
        """Describe the stay from one event up to the one that ended it, if any."""
        entry, last = events[start], events[index - 1]
        leaving = events[index] if index < len(events) else None
        outcome, reason = _outcome(events, index)
        goes = (
            leaving
            and not leaving["removed"]
            and outcome
            in (
                "forward",
                "backward",
                "won",
                "moved",
            )
        )
        has_other_team = leaving and leaving["team_key"] != last["team_key"]
        return {
            "lead_key": entry["lead_key"],
            "visit_no": number,
            "stage_key": last["stage_key"],
            "stage_id": last["stage_id"],
            "stage_name": last["stage_name"],
            "stage_sequence": last["stage_sequence"],
            "entered": entry["at"],
            "left": leaving["at"] if leaving else None,
            # while it is open there is none, which is read as 0
            "days": _days(entry["at"], leaving["at"]) if leaving else 0.0,
            "outcome": outcome,
            "next_stage_key": leaving["stage_key"] or None if goes else None,
            "next_stage_id": leaving["stage_id"] if goes else None,
            "skipped": self._skipped(last, leaving)
            if outcome in ("forward", "won")
            else 0,
            "lost_reason_id": reason,
            "value_entered": entry["expected_revenue"],
            "value_left": (leaving or last)["expected_revenue"],
            "company_id": self._company(last, events),
            "lead_id": last["lead_id"],
            "partner_id": last["partner_id"],
            "user_id": last["user_id"],
            "team_id": last["team_id"],
            "owner_id": events[-1]["user_id"],
            "inexact": not entry["exact"] or bool(leaving and not leaving["exact"]),
            "team_reset": bool(
                has_other_team and leaving["stage_key"] != last["stage_key"]
            ),
            "bulk": self._bulk(entry if start else None, leaving),
            "merged": bool(leaving and leaving["removed"] == "merged"),
            "deleted": bool(leaving and leaving["removed"] == "deleted"),
        }

    def _company(self, event: Event, events: list[Event]) -> int | None:
        return (
            event["company_id"]
            or self.team_company.get(event["team_id"])
            or self.user_company.get(event["user_id"])
            or events[-1]["company_id"]
        )

    def _skipped(self, last: Event, leaving: Event) -> int:
        """Count the open stages of the team's pipeline between two stages of today."""
        here = self.stages.get(last["stage_key"])
        there = self.stages.get(leaving["stage_key"])
        if not here or not there:
            return 0
        return sum(
            here[0] < sequence < there[0]
            and not is_won
            and (not teams or last["team_key"] in teams)
            for sequence, is_won, teams in self.stages.values()
        )

    def _bulk(self, *events: Event | None) -> Any:
        """Whether many deals came or went at once; not told where it is not clear.

        Moments come without fractions of a second, so that several transactions may
        look like one.
        """
        if not self.is_whole:
            return NotImplemented
        for event in events:
            if event and event["source"] != "import":
                if len(self.crowds[event["at"]]) >= CROWD:
                    return NotImplemented
        return False


def _stage(event: Event) -> int | None:
    """Return the stage in which an event leaves its deal, if it is in one."""
    if event["type"] != "opportunity" or not event["active"]:
        return None
    if event["removed"] or event["stage_is_won"]:
        return None
    return event["stage_key"] or None


def _outcome(events: list[Event], index: int) -> tuple[str, int | None]:
    """Return how a stay ended with an event, and the reason that was given."""
    if index == len(events):
        return "open", None
    last, leaving = events[index - 1], events[index]
    if leaving["removed"] == "merged":
        return "moved", None
    if not leaving["active"]:
        return _closed(events[index:])
    if leaving["type"] != "opportunity":
        return "archived", leaving["lost_reason_id"]
    if leaving["stage_is_won"]:
        return "won", None
    if leaving["stage_sequence"] is None or last["stage_sequence"] is None:
        return "moved", None
    place = last["stage_sequence"], last["stage_key"]
    if (leaving["stage_sequence"], leaving["stage_key"]) > place:
        return "forward", None
    return "backward", None


def _closed(events: list[Event]) -> tuple[str, int | None]:
    """Return whether a deal that was put away was lost, then or later, and why."""
    is_lost = False
    for event in events:
        if event["active"]:
            break
        if event["won_status"] == "lost":
            is_lost = True
            if event["lost_reason_id"]:
                return "lost", event["lost_reason_id"]
    return ("lost", None) if is_lost else ("archived", events[0]["lost_reason_id"])


def _days(start: str, end: str) -> float:
    """Return a duration in days, of whole minutes.

    >>> _days("2026-01-01 10:00:00", "2026-01-02 10:00:59")
    1.0
    """
    seconds = (datetime.fromisoformat(end) - datetime.fromisoformat(start)).seconds
    whole = (datetime.fromisoformat(end) - datetime.fromisoformat(start)).days
    return whole + seconds // 60 / 1440
