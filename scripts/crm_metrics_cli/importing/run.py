"""Sending what is new or different, batch by batch."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..connection import Connection
from ..errors import ServerError
from ..output import rate
from ..retry import persistently
from ..session import Session
from .lookup import chunks
from .table import Column, Rejection, Row, Table

CREATED, UPDATED, UNCHANGED = "created", "updated", "unchanged"


@dataclass
class Record:
    """What becomes one record of Odoo: a line of the file, or several."""

    key: Any
    rows: list[Row]
    #: of :data:`CREATED`, :data:`UPDATED`, :data:`UNCHANGED`
    fate: str = CREATED


def one_each(
    table: Table, column: str, key: Callable[[dict[str, Any]], Any] | None = None
) -> list[Record]:
    """Make a record of each good row; one that was there already is rejected.

    :param column: tells one record from others
    :param key: what tells it, from the values of a row; default: that column
    """
    table.drop_rejected()
    records: dict[Any, Record] = {}
    for row in table.rows:
        identity = key(row.values) if key else row.values[column]
        if first := records.get(identity):
            line = first.rows[0].line
            table.reject(row.line, column, f"it stands in line {line} already")
        else:
            records[identity] = Record(identity, [row])
    table.drop_rejected()
    return [*records.values()]


@dataclass
class Refusal:
    """What the server has against a record of a batch, by its number in it."""

    number: int
    column: str
    reason: str


@dataclass
class Answer:
    """What became of a batch: everything, or nothing and why."""

    refusals: list[Refusal] = field(default_factory=list)
    #: how often what happened, where the server is the one to tell
    fates: list[str] | None = None


class Target(Protocol):
    """A kind of file: what it has, and how it gets into Odoo."""

    columns: Sequence[Column]

    def records(self, table: Table) -> list[Record]:
        """Make records of the rows; whatever is wrong with them is rejected."""

    def compare(self, connection: Connection, table: Table, records: list[Record]):
        """Find out which records are there already, and which differ.

        What must not differ is rejected, and taken out of the list.
        """

    def send(
        self, connection: Connection, table: Table, records: list[Record], dry: bool
    ) -> Answer:
        """Write records in one transaction, or none of them."""


@dataclass
class Report:
    """What became of the lines of a file."""

    lines: int
    counts: dict[str, int]
    rejections: list[Rejection]
    seconds: float = 0.0


def import_table(
    session: Session,
    target: Target,
    table: Table,
    *,
    batch: int,
    attempts: int,
    dry: bool,
) -> Report:
    """Bring the good rows of a table in, in batches of so many records.

    A batch that was cut off is sent again, which does no harm: it would write what is
    there. The same holds for a file: after an interruption it is imported again.
    """
    connection, output = session.connection, session.output
    records = target.records(table)
    target.compare(connection, table, records)
    counts = dict.fromkeys((CREATED, UPDATED, UNCHANGED), 0)
    todo = [record for record in records if record.fate != UNCHANGED]
    for record in records:
        if record.fate == UNCHANGED:
            counts[UNCHANGED] += len(record.rows)
    began = time.monotonic()
    lines = sum(len(record.rows) for record in todo)
    with output.progress("lines") as bar:
        task = bar.add_task("check" if dry else "import", total=lines, rate="")
        done = 0
        for chunk in chunks(todo, batch):
            size = sum(len(record.rows) for record in chunk)
            for record, fate in persistently(
                lambda chunk=chunk: _send(connection, target, table, chunk, dry),
                attempts,
                output.say,
            ):
                counts[fate] += len(record.rows)
            done += size
            speed = rate(done, time.monotonic() - began, "lines")
            bar.update(task, advance=size, rate=speed)
    return Report(
        table.count,
        counts,
        sorted(set(table.rejections), key=lambda each: (each.line, each.column)),
    )


def _send(
    connection: Connection,
    target: Target,
    table: Table,
    chunk: list[Record],
    dry: bool,
) -> list[tuple[Record, str]]:
    """Send a batch, without what the server refuses of it; return what went in."""
    while chunk:
        try:
            answer = target.send(connection, table, chunk, dry)
        except ServerError as error:
            if len(chunk) > 1:
                # one of them is too bad for an answer: halve until it is alone
                middle = len(chunk) // 2
                return [
                    *_send(connection, target, table, chunk[:middle], dry),
                    *_send(connection, target, table, chunk[middle:], dry),
                ]
            answer = Answer([Refusal(0, "", str(error))])
        if not answer.refusals:
            fates = answer.fates or [record.fate for record in chunk]
            return [*zip(chunk, fates, strict=True)]
        refused = {}
        for refusal in answer.refusals:
            refused.setdefault(refusal.number, refusal)
        for number, refusal in refused.items():
            for row in chunk[number].rows:
                table.reject(row.line, refusal.column, refusal.reason)
        chunk = [record for number, record in enumerate(chunk) if number not in refused]
    return []


def is_near(wanted: float, stored: float, unit: float) -> bool:
    """Whether a number is what is stored, which is rounded to a unit.

    >>> is_near(12.345, 12.35, 0.01), is_near(12.34, 12.35, 0.01)
    (True, False)
    """
    return abs(wanted - stored) <= unit / 2 + 1e-9 * max(1.0, abs(wanted))


def load(
    connection: Connection,
    model: str,
    titles: Sequence[str],
    records: Sequence[Sequence[Sequence[Any]]],
    columns: dict[str, str],
    context: dict[str, Any],
) -> Answer:
    """Write records by Odoo's importer, all of them or none.

    :param titles: paths of fields
    :param records: rows of each record
    :param columns: what a field is called in the file
    """
    rows = [row for record in records for row in record]
    owner = [number for number, record in enumerate(records) for _row in record]
    answer = connection.call(model, "load", [*titles], rows, context=context)
    if answer["ids"]:
        return Answer()
    refusals = []
    for message in answer["messages"]:
        if message["type"] != "error":
            continue
        reason = " ".join(str(message["message"]).split())
        if (first := (message.get("rows") or {}).get("from")) is None:
            # it is about one of them, and which one shows when they are sent apart
            raise ServerError(reason)
        field_name = message.get("field") or ""
        refusals.append(
            Refusal(owner[first], columns.get(field_name, field_name), reason)
        )
    if not refusals:
        raise ServerError("the server took none of them and did not say why")
    # Odoo puts what stopped the whole batch down to its first record as well. Where
    # that one is really bad, it is refused again when the others are gone.
    others = [refusal for refusal in refusals if refusal.number]
    return Answer(others or refusals)
