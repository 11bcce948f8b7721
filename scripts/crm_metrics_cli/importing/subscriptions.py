"""Subscriptions: a line of the file for each line of a subscription."""

from __future__ import annotations

from typing import Any

from ..connection import Connection
from .lookup import by_external_id, chunks
from .run import UNCHANGED, UPDATED, Answer, Record, is_near, load
from .table import (
    Column,
    Row,
    Table,
    day,
    external_id,
    not_negative,
    percent,
    text,
    yes_or_no,
)

MODEL, LINE = "crm.subscription", "crm.subscription.line"
#: column -> field of the subscription; the same in all lines of one
HEAD = {
    "name": "name",
    "customer": "partner_id",
    "company": "company_id",
    "currency": "currency_id",
    "salesperson": "user_id",
    "team": "team_id",
    "date_start": "date_start",
    "date_end": "date_end",
    "close_reason": "close_reason_id",
}
#: column -> field of the line
BODY = {
    "description": "name",
    "plan": "recurring_plan_id",
    "price_unit": "price_unit",
    "quantity": "quantity",
    "discount": "discount",
    "recurring": "recurring",
    "line_start": "date_start",
    "line_end": "date_end",
}


class Subscriptions:
    """Agreements with their dated lines, by external ids of both."""

    columns = (
        Column("id", external_id, required=True),
        Column("name", text, required=True),
        Column("customer", text, required=True, refers_to="res.partner"),
        Column("company", text, refers_to="res.company"),
        Column("currency", text, refers_to="res.currency"),
        Column("salesperson", text, refers_to="res.users"),
        Column("team", text, refers_to="crm.team"),
        Column("date_start", day),
        Column("date_end", day),
        Column("close_reason", text, refers_to="crm.subscription.close.reason"),
        Column("line_id", external_id, required=True),
        Column("description", text, required=True),
        Column("plan", text, refers_to="crm.recurring.plan"),
        Column("price_unit", not_negative, required=True),
        Column("quantity", not_negative, empty=1.0),
        Column("discount", percent, empty=0.0),
        Column("recurring", yes_or_no, empty=True),
        Column("line_start", day),
        Column("line_end", day),
    )

    def records(self, table: Table) -> list[Record]:
        heads = [column.name for column in table.columns if column.name in HEAD]
        records: dict[str, Record] = {}
        lines: dict[str, Row] = {}
        # also of lines that are rejected: they will come with the next file
        owners = {
            row.values["id"]: row.line
            for row in (*reversed(table.bad), *reversed(table.rows))
            if "id" in row.values
        }
        for row in table.rows:
            values = row.values
            record = records.setdefault(values["id"], Record(values["id"], []))
            self._check_row(table, row)
            first = lines.setdefault(values["line_id"], row)
            if first is not row:
                table.reject(
                    row.line, "line_id", f"it stands in line {first.line} already"
                )
            if owner := owners.get(owner_id := values["line_id"]):
                table.reject(
                    row.line,
                    "line_id",
                    f"it is the id of the subscription of line {owner}, and no two "
                    f"records have the same; name the line {_plain(owner_id)}-1, say",
                )
            for name in heads if record.rows else ():
                if values[name] != record.rows[0].values[name]:
                    table.reject(
                        row.line,
                        name,
                        f"not the same as in line {record.rows[0].line}, which is of "
                        "the same subscription",
                    )
            record.rows.append(row)
        return self._whole(table, [*records.values()])

    def _check_row(self, table: Table, row: Row) -> None:
        values = row.values
        if values.get("recurring", True) and values.get("plan") is None:
            table.reject(row.line, "plan", "a recurring line needs one")
        for start, end in (("date_start", "date_end"), ("line_start", "line_end")):
            first, last = values.get(start), values.get(end)
            if first and last and last < first:
                table.reject(row.line, end, f"{last} is before {start} {first}")

    def _whole(self, table: Table, records: list[Record]) -> list[Record]:
        """Leave out subscriptions of which a line is bad, with their other lines."""
        table.drop_rejected()
        wrong = {row.values.get("id"): row.line for row in reversed(table.bad)}
        for row in table.rows:
            if line := wrong.get(row.values["id"]):
                table.reject(
                    row.line, "id", f"line {line} of the same subscription is wrong"
                )
        table.drop_rejected()
        return [record for record in records if record.key not in wrong]

    # ------------------------------------------------------------------
    # what is there
    # ------------------------------------------------------------------

    def compare(
        self, connection: Connection, table: Table, records: list[Record]
    ) -> None:
        known = by_external_id(connection, MODEL, {record.key for record in records})
        names = [column.name for column in table.columns]
        heads = [name for name in names if name in HEAD]
        digits = connection.call(LINE, "fields_get", [*BODY.values()], ["digits"])
        #: what is smaller is rounded away when it is stored
        units = {
            name: 10.0 ** -digits[field]["digits"][1]
            for name, field in BODY.items()
            if digits[field].get("digits")
        }
        there = [record for record in records if record.key in known]
        for chunk in chunks(there, 1_000):
            ids = [known[record.key] for record in chunk]
            fields = [HEAD[name] for name in heads]
            stored = {
                found["id"]: found
                for page in connection.pages(MODEL, [["id", "in", ids]], fields)
                for found in page
            }
            lines = self._lines(connection, ids, [BODY[n] for n in names if n in BODY])
            for record in chunk:
                record.fate = UPDATED
                now = stored[known[record.key]]
                if all(
                    self._is_same(row, now, HEAD, heads, units)
                    and (line := lines.get(row.values["line_id"]))
                    and line["subscription_id"] == now["id"]
                    and self._is_same(row, line, BODY, names, units)
                    for row in record.rows
                ):
                    record.fate = UNCHANGED

    def _lines(
        self, connection: Connection, subscription_ids: list[int], fields: list[str]
    ) -> dict[str, dict[str, Any]]:
        """Return lines of subscriptions by external id."""
        found: dict[str, dict[str, Any]] = {}
        domain = [["subscription_id", "in", subscription_ids]]
        for page in connection.pages(LINE, domain, ["subscription_id", *fields]):
            ids = [line["id"] for line in page]
            names = connection.call(LINE, "get_external_id", ids)
            found |= {names[str(line["id"])]: line for line in page}
        return found

    @staticmethod
    def _is_same(
        row: Row,
        now: dict[str, Any],
        fields: dict[str, str],
        names: list[str],
        units: dict[str, float],
    ) -> bool:
        for name in names:
            if name not in fields:
                continue
            wanted, there = row.values[name], now[fields[name]]
            if name in ("company", "currency") and wanted is None:
                continue  # Odoo has filled in the usual one
            if isinstance(wanted, float):
                if not is_near(wanted, there, units[name]):
                    return False
            elif (there or None) != (wanted or None):
                return False
        return True

    # ------------------------------------------------------------------
    # writing
    # ------------------------------------------------------------------

    def send(
        self, connection: Connection, table: Table, records: list[Record], dry: bool
    ) -> Answer:
        if dry:
            return Answer()
        columns = [
            column
            for column in table.columns
            if column.name in HEAD or column.name in BODY
        ]
        heads = [column for column in columns if column.name in HEAD]
        body = [column for column in columns if column.name in BODY]
        titles = [
            "id",
            *(_path(HEAD[column.name], column) for column in heads),
            "line_ids/id",
            *(f"line_ids/{_path(BODY[column.name], column)}" for column in body),
        ]
        data = []
        for record in records:
            rows = []
            for number, row in enumerate(record.rows):
                # only the first line of a subscription tells about the whole
                head = [_cell(row, column) for column in heads]
                rows.append(
                    [
                        *(
                            [record.key, *head]
                            if not number
                            else [""] * (1 + len(head))
                        ),
                        row.values["line_id"],
                        *(_cell(row, column) for column in body),
                    ]
                )
            data.append(rows)
        named = {field: name for name, field in HEAD.items()}
        # without a column for it, nobody's, not the importer's
        context = {"default_user_id": False}
        return load(connection, MODEL, titles, data, named, context)


def _plain(external: str) -> str:
    """Return an external id as it stands in a file."""
    return external.removeprefix("__import__.")


def _path(field: str, column: Column) -> str:
    return f"{field}/.id" if column.refers_to else field


def _cell(row: Row, column: Column) -> str:
    value = row.values[column.name]
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, bool) else str(value)
