"""The customers of the story, with what they pay for. Plain Python, no Odoo."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from . import names


@dataclass
class Line:
    """A version of what a customer pays for."""

    name: str
    plan: str
    quantity: int
    price: float
    discount: int = 0
    recurring: bool = True
    start: date | None = None
    end: date | None = None
    previous: Line | None = None


@dataclass
class Subscription:
    name: str
    start: date | None
    lines: list[Line]
    end: date | None = None
    won: bool = False
    euro: bool = False
    close_reason: str | None = None
    #: (first day, last day or None, reason)
    pauses: list[tuple[date, date | None, str]] = field(default_factory=list)

    @property
    def seats(self) -> Line:
        """The version of the main item that holds last."""
        last = self.lines[0]
        for line in self.lines:
            if line.previous is last:
                last = line
        return last

    def follow(self, day: date, late: bool = False, **changes) -> Line:
        """From a day on, the main item runs with other values.

        :param late: the old version has ended before, and keeps its end
        """
        old = self.seats
        if not late:
            old.end = day - timedelta(days=1)
        values = {
            "name": old.name,
            "plan": old.plan,
            "quantity": old.quantity,
            "price": old.price,
            "discount": old.discount,
        }
        line = Line(**{**values, **changes}, start=day, previous=old)
        self.lines.append(line)
        return line


@dataclass
class Customer:
    name: str
    country: str
    city: str
    industry: str
    contact: str | None
    seller: int
    size: str
    since: int
    subscriptions: list[Subscription] = field(default_factory=list)
    busy_until: int = 0
    left: int | None = None
    euro: bool = False

    @property
    def signer(self) -> str | None:
        """Who signs for the customer; None: they sign in the name of the company."""
        signs = self.contact and self.contact.endswith(tuple(names.LAST_NAMES[::2]))
        return self.contact if signs else None

    @property
    def open(self) -> list[Subscription]:
        return [s for s in self.subscriptions if s.start and not s.end]
