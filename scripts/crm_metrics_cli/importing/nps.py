"""Answers to the NPS question from elsewhere, as `crm.nps.answer`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ..connection import Connection
from ..errors import NoConnection
from .lookup import by_external_id, chunks
from .run import UNCHANGED, Answer, Record, load, one_each
from .table import (
    Column,
    Row,
    Table,
    external_id,
    lines,
    moment_or_day,
    text,
    whole_number,
)

MODEL, PROGRAM = "crm.nps.answer", "crm.nps.program"
#: column -> field of the answer
FIELDS = {
    "program": "program_id",
    "contact": "partner_id",
    "email": "email",
    "score": "score",
    "comment": "comment",
    "date": "date",
    "wave": "wave",
}
#: columns of which Odoo keeps nothing that could be compared
NOT_KEPT = {"email"}
#: of answers that nobody is known by any more, only these are left as they came
LEFT = {"program", "score"}


class NpsAnswers:
    """What people answered, by external id. An answer that is there stays as it is."""

    columns = (
        Column("id", external_id, required=True),
        Column("program", text, required=True, refers_to=PROGRAM),
        Column("score", whole_number(0, 10), required=True),
        Column("date", moment_or_day, required=True),
        Column("contact", text, refers_to="res.partner"),
        Column("email", text),
        Column("comment", lines),
        Column("wave", text),
    )

    def __init__(self, connection: Connection) -> None:
        if not connection.call(MODEL, "has_access", [], "create"):
            raise NoConnection("only sales administrators import answers")

    def records(self, table: Table) -> list[Record]:
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
        for row in table.rows:
            if (at := row.values["date"]) > now:
                table.reject(row.line, "date", f"{at} UTC lies ahead")
        return one_each(table, "id")

    def compare(
        self, connection: Connection, table: Table, records: list[Record]
    ) -> None:
        """Reject lines that would change what somebody has answered."""
        known = by_external_id(connection, MODEL, {record.key for record in records})
        names = [column.name for column in table.columns if column.name in FIELDS]
        kept = [name for name in names if name not in NOT_KEPT]
        programs = {
            program["id"]: program["anonymous"]
            for page in connection.pages(PROGRAM, [], ["anonymous"])
            for program in page
        }
        there = [record for record in records if record.key in known]
        fields = {"anonymised", "program_id", *(FIELDS[name] for name in kept)}
        for chunk in chunks(there, 1_000):
            ids = [known[record.key] for record in chunk]
            stored = {
                answer["id"]: answer
                for page in connection.pages(MODEL, [["id", "in", ids]], fields)
                for answer in page
            }
            for record in chunk:
                answer = stored[known[record.key]]
                is_left = answer["anonymised"] or programs[answer["program_id"]]
                row = record.rows[0]
                record.fate = UNCHANGED
                for name in kept:
                    if is_left and name not in LEFT:
                        continue
                    if not _is_same(row, name, answer[FIELDS[name]]):
                        table.reject(
                            row.line,
                            name,
                            f"answer {answer['id']} says something else, and what was "
                            "answered stays as it is",
                        )
        table.drop_rejected()
        good = {row.line for row in table.rows}
        records[:] = [record for record in records if record.rows[0].line in good]

    def send(
        self, connection: Connection, table: Table, records: list[Record], dry: bool
    ) -> Answer:
        if dry:
            return Answer()
        columns = [column for column in table.columns if column.name in FIELDS]
        titles = [
            f"{FIELDS[column.name]}/.id" if column.refers_to else FIELDS[column.name]
            for column in columns
        ]
        data = [
            [[record.key, *(_cell(record.rows[0], column) for column in columns)]]
            for record in records
        ]
        named = {field: name for name, field in FIELDS.items()}
        # the importer reads times in the zone of the user
        return load(connection, MODEL, ["id", *titles], data, named, {"tz": "UTC"})


def _cell(row: Row, column: Column) -> str:
    value = row.values[column.name]
    return "" if value is None else str(value)


def _is_same(row: Row, name: str, there: Any) -> bool:
    wanted = row.values[name]
    if name == "contact" and wanted is None:
        # it may have been found by its address
        return True
    return wanted == there if name == "score" else wanted == (there or None)
