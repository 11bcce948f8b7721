"""A deal of the story with its history. Plain Python, no Odoo."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from .customers import Customer, Subscription

NEW, QUALIFIED, PROPOSITION, NEGOTIATION, WON = range(5)
LOST, REOPENED, ARCHIVED = "lost", "reopened", "archived"
#: a deal whose lead is gone: the log alone knows of it
DELETED, MERGED = "deleted", "merged"


@dataclass
class Step:
    """The state of a deal from a moment on."""

    at: datetime
    stage: int
    value: float
    seller: int
    active: bool = True
    status: str = "pending"
    reason: str | None = None
    type: str = "opportunity"
    removed: str | None = None


@dataclass
class Deal:
    title: str
    value: float
    seller: int
    customer: Customer | None = None
    subscription: Subscription | None = None
    #: company and contact of who is no customer
    prospect: tuple[str, str] | None = None
    source: str | None = None
    #: revenue of a period and its plan
    recurring: float = 0.0
    plan: str | None = None
    deadline: date | None = None
    steps: list[Step] = field(default_factory=list)

    @property
    def last(self) -> Step:
        return self.steps[-1]

    @property
    def open(self) -> bool:
        return self.last.active and self.last.stage != WON
