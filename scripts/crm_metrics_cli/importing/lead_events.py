"""Histories of deals from before anything recorded them, as `crm.lead.event`."""

from __future__ import annotations

from typing import Any

from ..connection import Connection
from .run import Answer, Record, Refusal, one_each
from .table import (
    Column,
    Row,
    Table,
    day,
    external_id,
    moment,
    not_negative,
    one_of,
    percent,
    text,
    yes_or_no,
)

MODEL = "crm.lead.event"
#: column -> field of the event
FIELDS = {
    "lead": "lead_id",
    "at": "at",
    "type": "type",
    "stage": "stage_id",
    "lost_reason": "lost_reason_id",
    "expected_revenue": "expected_revenue",
    "recurring_revenue": "recurring_revenue",
    "probability": "probability",
    "date_deadline": "date_deadline",
    "company": "company_id",
    "customer": "partner_id",
    "salesperson": "user_id",
    "team": "team_id",
    "exact": "exact",
}
#: status -> what the event says of it
STATUS = {
    "open": {"active": True, "won_status": "pending"},
    "won": {"active": True, "won_status": "won"},
    "lost": {"active": False, "won_status": "lost"},
    "archived": {"active": False, "won_status": "pending"},
}


class LeadEvents:
    """The state of a deal after each change, by external id of the event."""

    columns = (
        Column("id", external_id, required=True),
        Column("lead", text, required=True, refers_to="crm.lead"),
        Column("at", moment, required=True),
        Column("stage", text, refers_to="crm.stage"),
        Column("status", one_of(*STATUS), empty="open"),
        Column("type", one_of("lead", "opportunity"), empty="opportunity"),
        Column("lost_reason", text, refers_to="crm.lost.reason"),
        Column("expected_revenue", not_negative, empty=0.0),
        Column("recurring_revenue", not_negative, empty=0.0),
        Column("probability", percent, empty=0.0),
        Column("date_deadline", day),
        Column("company", text, refers_to="res.company"),
        Column("customer", text, refers_to="res.partner"),
        Column("salesperson", text, refers_to="res.users"),
        Column("team", text, refers_to="crm.team"),
        Column("exact", yes_or_no, empty=True),
    )

    def records(self, table: Table) -> list[Record]:
        for row in table.rows:
            if row.values.get("type") != "lead" and not row.values.get("stage"):
                table.reject(row.line, "stage", "an opportunity is in one")
        return one_each(table, "id")

    def compare(
        self, connection: Connection, table: Table, records: list[Record]
    ) -> None:
        """Nothing to do: the server compares, and tells what it did."""

    def send(
        self, connection: Connection, table: Table, records: list[Record], dry: bool
    ) -> Answer:
        rows = [self._values(record.rows[0]) for record in records]
        answer = connection.call(MODEL, "import_events", rows, dry)
        columns = {field: name for name, field in FIELDS.items()}
        return Answer(
            [
                Refusal(each["row"], columns.get(each["field"], ""), each["message"])
                for each in answer["refused"]
            ],
            answer["done"],
        )

    def _values(self, row: Row) -> dict[str, Any]:
        values = row.values
        return {
            "import_ref": values["id"],
            **STATUS[values.get("status", "open")],
            **{
                field: False if values[name] is None else values[name]
                for name, field in FIELDS.items()
                if name in values
            },
        }
