"""Feedback: stored answers and invitations, and the figures of the façade."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pandas

from ..connection import Connection
from ..importing.lookup import chunks
from .compare import Difference, cleaned, frame, links, same, wrong
from .lines import exact
from .nps_figures import Composition, between, bucket, figures, latest, response
from .purchases import PURCHASE
from .zones import Zones

NPS = "nps"
ANSWER, INVITATION = "crm.nps.answer", "crm.nps.invitation"
POINTS = {"detractor": -100, "passive": 0, "promoter": 100}
#: how near numbers have to come to each other: bounds are rounded to two digits, and
#: moments come without fractions of a second
NEAR = {"low": 0.0051, "high": 0.0051, "contact_hours": 0.001}
EXACT = 1e-6


def verify(
    connection: Connection,
    facts: list[str],
    sample: list[int] | None,
    first: date | None,
    last: date | None,
) -> list[Difference]:
    """Compare what is stored with what follows from it, and the figures with both.

    :param sample: ids of accounts, None: all answers
    :param first: only answers, and invitations, from this day on
    :param last: only answers, and invitations, up to this day
    """
    feedback = Feedback(connection, sample)
    since = first.isoformat() if first else "0000"
    until = last.isoformat() if last else "9999"
    found = [
        *_answers(feedback, since, until),
        *_invitations(feedback, since, until),
    ]
    if not sample:
        purchases = _purchases(connection)
        for company in connection.company_ids:
            found += _figures(connection, feedback, purchases, company, first, last)
    return found


def customers(connection: Connection) -> list[int]:
    """Return the ids of all accounts that were asked, or have answered."""
    return sorted(links(connection, "account_id", ANSWER, INVITATION))


class Feedback:
    """Answers and invitations, with the day they belong to."""

    def __init__(self, connection: Connection, sample: list[int] | None) -> None:
        programs = frame(
            connection, "crm.nps.program", [], ["name", "company_id", "anonymous"]
        )
        self.programs = {row["id"]: row for row in programs.to_dict("records")}
        zones = Zones(connection)
        of_sample: list[Any] = [["account_id", "in", sample]] if sample else []
        fields = ["program_id", "company_id", "wave", "partner_id", "account_id"]
        fields += ["person", "state", "date", "test", "anonymised"]
        more = ["sent_at", "expires_at"]
        self.invitations = cleaned(
            frame(connection, INVITATION, of_sample, [*fields, *more]),
            "test",
            "anonymised",
        )
        more = ["score", "bucket", "points", "public", "invitation_id"]
        more += ["first_contact_at", "contact_hours"]
        self.answers = cleaned(
            frame(connection, ANSWER, of_sample, [*fields, *more]),
            "test",
            "anonymised",
            "public",
        )
        _add(self.answers, "day", lambda row: zones.day(row.date, row.company_id))
        _add(
            self.invitations,
            "day",
            lambda row: zones.day(row.sent_at or row.date, row.company_id),
        )
        self.invitation = {row.id: row for row in self.invitations.itertuples()}
        #: one vote for each: who answered what; where nobody knows who, each answer
        _add(
            self.answers,
            "voter",
            lambda row: (row.program_id, self.person(row) or f"#{row.id}", row.wave),
        )
        self.accounts = self._accounts(connection)
        _add(self.answers, "account", lambda row: self.accounts.get(row.partner_id))

    def _accounts(self, connection: Connection) -> dict[int, int]:
        """Return the commercial partner of each contact."""
        tables = (self.answers, self.invitations)
        partners = pandas.concat(table["partner_id"] for table in tables).dropna()
        return {
            row["id"]: row["commercial_partner_id"]
            for chunk in chunks(sorted(set(partners)), 2_000)
            for page in connection.pages(
                "res.partner", [["id", "in", chunk]], ["commercial_partner_id"]
            )
            for row in page
        }

    def about(self, row: Any) -> str:
        program = self.programs[row.program_id]["name"]
        return f"program {program}, contact {row.partner_id or 'unknown'}, {row.date}"

    def follows(self, row: Any) -> dict[str, Any]:
        """Return what follows from program and contact of an answer or invitation."""
        return {
            "company_id": self.programs[row.program_id]["company_id"],
            "account_id": self.accounts.get(row.partner_id),
        }

    def person(self, row: Any) -> str | None:
        """Return who gave an answer: whom it was asked of, if that is known."""
        invitation = self.invitation.get(row.invitation_id)
        if (
            invitation
            and self.is_linked(row)
            and row.partner_id
            and row.partner_id == invitation.partner_id
        ):
            return invitation.person
        return row.person

    def is_linked(self, row: Any) -> bool:
        """Tell whether answers and invitations are stored as belonging together."""
        return not (row.anonymised or self.programs[row.program_id]["anonymous"])


def _add(table: pandas.DataFrame, column: str, value: Callable[[Any], Any]) -> None:
    """Add a column, of objects even where there are no rows."""
    values = [value(row) for row in table.itertuples()]
    table[column] = pandas.Series(values, index=table.index, dtype=object)


# ----------------------------------------------------------------------
# stored rows
# ----------------------------------------------------------------------


def _answers(feedback: Feedback, since: str, until: str) -> Iterator[Difference]:
    for row in between(feedback.answers, since, until).itertuples():
        wanted = feedback.follows(row)
        wanted["bucket"] = bucket(row.score)
        wanted["points"] = POINTS[wanted["bucket"]]
        wanted["contact_hours"] = _hours(row.date, row.first_contact_at)
        # else there would be two votes of one person, or one of two
        wanted["person"] = feedback.person(row)
        invitation = feedback.invitation.get(row.invitation_id)
        if invitation and feedback.is_linked(row):
            wanted |= {"program_id": invitation.program_id, "wave": invitation.wave}
        yield from _wrong(ANSWER, row, feedback.about(row), wanted)


def _invitations(feedback: Feedback, since: str, until: str) -> Iterator[Difference]:
    answers = feedback.answers
    answered = set(answers.loc[answers["state"] != "suspect", "invitation_id"])
    for row in between(feedback.invitations, since, until).itertuples():
        wanted = feedback.follows(row)
        if feedback.is_linked(row) and row.id in answered:
            wanted["state"] = "answered"
        yield from _wrong(INVITATION, row, feedback.about(row), wanted)
        if feedback.is_linked(row) and row.state == "answered":
            if row.id not in answered:
                yield Difference(ANSWER, None, feedback.about(row), "", False, True)


def _hours(start: str, end: str | None) -> float:
    """Return the hours between two moments, 0 while there is no second one.

    >>> _hours("2026-01-01 10:00:00", "2026-01-02 11:30:00")
    25.5
    """
    if not end:
        return 0.0
    waited = datetime.fromisoformat(end) - datetime.fromisoformat(start)
    return waited.total_seconds() / 3600


def _wrong(
    model: str, row: Any, about: str, wanted: Mapping[str, Any]
) -> Iterator[Difference]:
    return wrong(model, row.id, about, row._asdict(), wanted, NEAR, EXACT)


# ----------------------------------------------------------------------
# façade
# ----------------------------------------------------------------------


@dataclass(frozen=True)
class Range:
    """What the façade is asked for."""

    company: int
    first: date
    last: date
    program: int | None = None

    def options(self) -> dict[str, Any]:
        options = {
            "date_from": self.first.isoformat(),
            "date_to": self.last.isoformat(),
            "company_ids": [self.company],
        }
        return options | ({"program_ids": [self.program]} if self.program else {})

    def of(self, table: pandas.DataFrame) -> pandas.DataFrame:
        """Return the rows of company and program that are no trials."""
        kept = (table["company_id"] == self.company) & ~table["test"].astype(bool)
        if self.program:
            kept &= table["program_id"] == self.program
        return table[kept]


def _figures(
    connection: Connection,
    feedback: Feedback,
    purchases: pandas.DataFrame,
    company: int,
    first: date | None,
    last: date | None,
) -> list[Difference]:
    """Compare the figures of a company: all, the later half, and by program."""
    tables = (feedback.answers, feedback.invitations)
    own = [table[table["company_id"] == company] for table in tables]
    days = [day for table in own for day in table["day"]]
    if not days:
        return []
    first = first or date.fromisoformat(min(days))
    last = last or max(first, date.today())
    half = first + (last - first) / 2
    programs = sorted({id_ for table in own for id_ in table["program_id"]})
    # the later half has an earlier one to be compared with
    ranges = [Range(company, first, last), Range(company, half, last)]
    ranges += [Range(company, first, last, program) for program in programs]
    found = []
    for range_ in ranges:
        answer = connection.call("crm.metrics", "nps", range_.options())
        wanted = _wanted(feedback, purchases, range_, answer)
        trend = {period["date_from"]: period for period in answer["trend"]}
        about = f"company {company}, {range_.first} to {range_.last}"
        if range_.program:
            about += f", program {feedback.programs[range_.program]['name']}"
        found += _different(about, answer | {"trend": trend}, wanted)
    return found


def _wanted(
    feedback: Feedback,
    purchases: pandas.DataFrame,
    range_: Range,
    answer: dict[str, Any],
) -> dict[str, Any]:
    """Return the figures as they should be, named as in the façade's answer."""
    first, last = range_.first.isoformat(), answer["meta"]["last_day"]
    moment = answer["meta"]["as_of"].rstrip("Z").replace("T", " ")
    answers = range_.of(feedback.answers)
    answers = answers[answers["date"] <= moment]
    invitations = range_.of(feedback.invitations).copy()
    # whether or not the scheduled action has come along
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
    is_over = [
        row.state in ("sending", "sent") and (row.expires_at or "9999") <= now
        for row in invitations.itertuples()
    ]
    invitations.loc[is_over, "state"] = "expired"
    revenue = _revenue(purchases, range_.company, date.fromisoformat(last))
    wanted = figures(answers, revenue, first, last)
    wanted["response"] = response(invitations, first, last)
    is_vote = (answers["state"] == "counted") & ~answers["public"].astype(bool)
    votes = between(answers[is_vote], first, last)
    wanted["trend"] = {}
    for period in answer["trend"]:
        within = latest(between(votes, period["date_from"], period["date_to"]))
        point = Composition(within["score"]).point()
        wanted["trend"][period["date_from"]] = point
    return wanted


def _purchases(connection: Connection) -> pandas.DataFrame:
    fields = ["company_id", "partner_id", "date", "amount"]
    return frame(connection, PURCHASE, [["partner_id", "!=", False]], fields)


def _revenue(
    purchases: pandas.DataFrame, company: int, last: date
) -> dict[int, Decimal]:
    """Return what each customer bought in the 12 months to a day, less refunds."""
    # a day is in them while a year later lies ahead
    year = pandas.DateOffset(years=1)
    first = pandas.Timestamp(last) - year
    while first + year <= pandas.Timestamp(last):
        first += pandas.Timedelta(days=1)
    kept = purchases["company_id"] == company
    kept &= purchases["date"] >= first.date().isoformat()
    kept &= purchases["date"] <= last.isoformat()
    found: dict[int, Decimal] = {}
    for row in purchases[kept].itertuples():
        found[row.partner_id] = found.get(row.partner_id, Decimal(0)) + exact(
            row.amount
        )
    return found


def _different(
    about: str, said: Mapping[str, Any], wanted: Mapping[str, Any], path: str = ""
) -> Iterator[Difference]:
    """Compare what the façade says, figure by figure, with what it should say."""
    for name, value in wanted.items():
        if isinstance(value, Mapping):
            yield from _different(about, said[name], value, f"{path}{name}.")
        elif not same(said[name], value, NEAR.get(name, EXACT)):
            yield Difference(NPS, None, about, f"{path}{name}", said[name], value)
