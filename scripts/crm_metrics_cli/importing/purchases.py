"""Purchases from elsewhere, as `crm.purchase.entry`: one a line, by reference."""

from __future__ import annotations

from typing import Any

from ..connection import Connection
from .lookup import chunks
from .run import UNCHANGED, UPDATED, Answer, Record, is_near, load, one_each
from .table import Column, Table, day, not_zero, text

MODEL = "crm.purchase.entry"
#: column -> field
FIELDS = {
    "reference": "name",
    "company": "company_id",
    "customer": "partner_id",
    "date": "date",
    "amount": "amount",
    "salesperson": "user_id",
    "team": "team_id",
}


class Purchases:
    """Reference, customer (empty: anonymous), date, amount (negative: a refund)."""

    columns = (
        Column("reference", text, required=True),
        Column("date", day, required=True),
        Column("amount", not_zero, required=True),
        Column("customer", text, refers_to="res.partner"),
        Column("company", text, refers_to="res.company"),
        Column("salesperson", text, refers_to="res.users"),
        Column("team", text, refers_to="crm.team"),
    )

    def __init__(self, connection: Connection) -> None:
        self._company = connection.company_ids[0]

    def records(self, table: Table) -> list[Record]:
        def key(values: dict[str, Any]) -> tuple[int, str]:
            return values.get("company") or self._company, values["reference"]

        return one_each(table, "reference", key)

    def compare(
        self, connection: Connection, table: Table, records: list[Record]
    ) -> None:
        names = [column.name for column in table.columns]
        fields = {FIELDS[name] for name in names} | {"name", "company_id"}
        fields.add("company_currency_id")
        #: smallest unit of each currency: amounts are rounded to it
        units = {
            currency["id"]: currency["rounding"]
            for page in connection.pages("res.currency", [], ["rounding"])
            for currency in page
        }
        for chunk in chunks(records, 1_000):
            references = sorted({record.key[1] for record in chunk})
            known = {
                (entry["company_id"], entry["name"]): entry
                for page in connection.pages(
                    MODEL, [["name", "in", references]], fields
                )
                for entry in page
            }
            for record in chunk:
                if entry := known.get(record.key):
                    values = record.rows[0].values
                    unit = units[entry["company_currency_id"]]
                    same = is_near(values["amount"], entry["amount"], unit) and all(
                        (entry[FIELDS[name]] or None) == values[name]
                        for name in names
                        if name not in ("company", "amount")
                    )
                    record.fate = UNCHANGED if same else UPDATED

    def send(
        self, connection: Connection, table: Table, records: list[Record], dry: bool
    ) -> Answer:
        if dry:
            return Answer()
        names = [column.name for column in table.columns]
        titles = [
            f"{FIELDS[column.name]}/.id" if column.refers_to else FIELDS[column.name]
            for column in table.columns
        ]
        data = [
            [
                [
                    "" if (cell := row.values[name]) is None else str(cell)
                    for name in names
                ]
            ]
            for record in records
            for row in record.rows
        ]
        columns = {field: name for name, field in FIELDS.items()}
        return load(connection, MODEL, titles, data, columns, {})
