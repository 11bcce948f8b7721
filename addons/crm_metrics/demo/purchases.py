"""The purchases of the story: training, devices and help, bought now and then.

Plain Python, no Odoo. Customers have habits: some spend little and buy all the time,
some come twice a year with a project, many bought once or twice. Most of those whose
subscriptions ended buy no more; what a till sold to passers-by has no customer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from .customers import Customer
from .story import MONTHS, SEED, Story


@dataclass(frozen=True)
class Habit:
    """How a customer buys: days between purchases, amount of one, how often at most."""

    share: int
    gap: float
    amount: tuple[float, float]
    most: int = 1000
    #: goes on buying when the subscriptions have ended
    stays: bool = False


HABITS = (
    Habit(share=17, gap=16, amount=(24, 88), stays=True),
    Habit(share=30, gap=62, amount=(180, 940)),
    Habit(share=13, gap=170, amount=(1900, 7600)),
    Habit(share=24, gap=120, amount=(90, 1400), most=2),
)
#: in hundredths: who buys nothing besides the subscription
NOTHING = 100 - sum(habit.share for habit in HABITS)
#: how much the gaps differ (sigma of the logarithm)
SPREAD = 0.45
#: one buyer of so many stops for no reason that anybody knows
FADES = 5
#: one purchase of so many is given back, in whole or half
REFUNDED = 24
#: purchases of passers-by in a month
ANONYMOUS = 4


@dataclass
class Purchase:
    """What was bought, or with a negative amount given back."""

    day: date
    amount: float
    customer: Customer | None = None


class Purchases:
    """All purchases up to today, the oldest first."""

    def __init__(self, story: Story):
        self.today = story.today
        self.random = Random(SEED + 2)
        self.all: list[Purchase] = []
        #: those who spend little and buy all the time
        self.loyal: list[Customer] = []
        for customer in story.customers:
            starts = [s.start for s in customer.subscriptions if s.start]
            if starts and min(starts) < self.today:
                self._buy(story, customer, min(starts))
        for month in range(MONTHS + 1):
            for _each in range(self.random.randint(ANONYMOUS - 2, ANONYMOUS + 2)):
                self._add(story._first(month) + self._days(0, 27), self._price(30, 320))
        self.all.sort(key=lambda purchase: purchase.day)

    def _buy(self, story: Story, customer: Customer, since: date) -> None:
        [habit] = self.random.choices(
            (*HABITS, None), (*(habit.share for habit in HABITS), NOTHING)
        )
        if not habit:
            return
        if habit.stays:
            self.loyal.append(customer)
        until = self.today
        if customer.left is not None and not habit.stays:
            until = min(until, story._first(customer.left))
        if not self.random.randrange(FADES):
            until = since + (until - since) * self.random.uniform(0.3, 0.9)
        day = since + self._days(3, 45)
        for _each in range(habit.most):
            if day > until:
                break
            amount = self._price(*habit.amount)
            self._add(day, amount, customer)
            if not self.random.randrange(REFUNDED):
                part = self.random.choice((1, 0.5))
                self._add(day + self._days(4, 30), -round(amount * part, 2), customer)
            gap = habit.gap * math.exp(self.random.gauss(0, SPREAD))
            day += timedelta(max(1, round(gap)))

    def _add(self, day: date, amount: float, customer: Customer | None = None) -> None:
        if day <= self.today:
            self.all.append(Purchase(day, amount, customer))

    def _days(self, least: int, most: int) -> timedelta:
        return timedelta(self.random.randint(least, most))

    def _price(self, least: float, most: float) -> float:
        """Return an amount, small ones more often than large ones."""
        return round(least * (most / least) ** self.random.random(), 2)
