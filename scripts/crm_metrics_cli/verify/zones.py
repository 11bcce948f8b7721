"""The days of companies."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from ..connection import Connection
from .compare import cleaned, frame


class Zones:
    """The time zone of each company: that of its working hours, else UTC."""

    def __init__(self, connection: Connection) -> None:
        calendars = cleaned(frame(connection, "resource.calendar", [], ["tz"]))
        zones = {row.id: row.tz for row in calendars.itertuples()}
        companies = frame(connection, "res.company", [], ["resource_calendar_id"])
        self._zones = {
            row.id: ZoneInfo(zones.get(row.resource_calendar_id) or "UTC")
            for row in companies.itertuples()
        }

    def day(self, moment: str | None, company: int) -> str | None:
        """Return the day of a moment (UTC) in a company."""
        if not moment:
            return None
        utc = datetime.fromisoformat(moment).replace(tzinfo=UTC)
        return utc.astimezone(self._zones[company]).date().isoformat()
