"""The story that the demo data tells: three years of a small software company.

Plain Python, no Odoo: `Story(today)` is the same for the same day. Each month some
customers come, grow, shrink, leave and come back. Nine months ago prices rose for
everybody who had been a customer for a year; in the quarter after that many left.
"""

from __future__ import annotations

import calendar
import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from . import names

SEED = 20190
MONTHS = 36
PRICE_RISE = MONTHS - 9
BAD_QUARTER = range(PRICE_RISE + 1, PRICE_RISE + 4)

#: plan -> (months, what of the monthly price is left when one pays that far ahead)
PLANS = {
    "monthly": (1, 1.0),
    "quarterly": (3, 0.95),
    "yearly": (12, 0.85),
    "over_3_years": (36, 0.75),
}
#: size -> (share, seats, price of a seat and month, weights of the plans)
SIZES = {
    "Team": (68, (6, 28), (19, 26), (60, 20, 20, 0)),
    "Business": (24, (30, 110), (15, 20), (30, 20, 45, 5)),
    "Enterprise": (8, (140, 330), (12, 15), (5, 10, 60, 25)),
}
ADD_ONS = ("Analytics add-on", "Single sign-on", "Data archive", "Extra workspaces")
SECOND = ("Premium support", "Field app", "Partner portal")
SECOND_PRICE = {"Team": 90.0, "Business": 390.0, "Enterprise": 1200.0}


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
    currency: str | None = None

    @property
    def seats(self) -> Line:
        """The version of the main item that holds last."""
        last = self.lines[0]
        for line in self.lines:
            if line.previous is last:
                last = line
        return last

    def follow(self, day: date, **changes) -> Line:
        """From a day on, the main item runs with other values."""
        old = self.seats
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

    @property
    def open(self) -> list[Subscription]:
        return [s for s in self.subscriptions if s.start and not s.end]


class Story:
    """Customers with their subscriptions, up to today and somewhat beyond."""

    def __init__(self, today: date):
        self.today = today
        self.random = random.Random(SEED)
        self.used: set[str] = set()
        self.customers: list[Customer] = []
        for month in range(MONTHS + 1):
            self._month(month)
        self._ahead()

    # -- time ---------------------------------------------------------------

    def _first(self, month: int) -> date:
        """First day of a month of the story; the last month is the current one."""
        number = self.today.year * 12 + self.today.month - 1 - MONTHS + month
        return date(number // 12, number % 12 + 1, 1)

    def _day(self, month: int) -> date:
        """Some day of a month, not after today."""
        first = self._first(month)
        last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
        # drawn also when the month has but one day: the story stays the same
        share = self.random.random()
        days = (min(last, self.today) - first).days + 1
        return first + timedelta(int(share * days))

    # -- a month ------------------------------------------------------------

    def _month(self, month: int) -> None:
        quiet = self._first(month).month in (8, 12)
        for _each in range(round(2.6 + month * 0.15) - 2 * quiet):
            self._come(month)
        if month == PRICE_RISE:
            self._raise_prices(month)
        bad = month in BAD_QUARTER
        self._each(month, self._leave, 7 if bad else 1 + month // 14)
        self._each(month, self._shrink, 4 if bad else 1 + month // 16)
        self._each(month, self._grow, 2 if bad else 2 + month // 7)
        gone = [c for c in self.customers if c.left is not None and c.left <= month - 3]
        for customer in self._some(gone, 1 + (month % 3 == 0)):
            self._return(customer, month)

    def _each(self, month: int, change, count: int) -> None:
        """Change some customers to whom nothing else happens in that month."""
        free = [
            customer
            for customer in self.customers
            if customer.open
            and customer.busy_until < month
            and customer.since <= month - 2
        ]
        for customer in self._some(free, count):
            customer.busy_until = month + 1
            change(customer, month)

    def _some(self, of: list, count: int) -> list:
        return self.random.sample(of, min(count, len(of)))

    def _come(self, month: int) -> Customer:
        customer = self._customer(month)
        self.customers.append(customer)
        subscription = self._subscription(customer, self._day(month))
        if self.random.random() < 0.4:
            subscription.lines.append(
                Line("Set-up and training", "", 1, 900.0, recurring=False)
            )
        # the last deals are still in the pipeline's view
        subscription.won = month >= MONTHS - 3
        return customer

    def _leave(self, customer: Customer, month: int) -> None:
        first = self._first(month)
        # most leave with the end of a month, some in the middle of one
        day = first if self.random.random() < 0.6 else self._day(month)
        for subscription in customer.open:
            subscription.end = max(day - timedelta(days=1), subscription.start)
        customer.left = month

    def _return(self, customer: Customer, month: int) -> None:
        customer.left = None
        customer.busy_until = month + 1
        self._subscription(customer, self._day(month), factor=0.75)

    def _shrink(self, customer: Customer, month: int) -> None:
        day = self._day(month)
        if len(customer.open) > 1:
            customer.open[-1].end = day - timedelta(days=1)
            return
        seats = customer.open[0].seats
        if seats.plan == "monthly" and self.random.random() < 0.3:
            customer.open[0].follow(
                day, plan="yearly", price=self._price(seats.price, "yearly")
            )
        else:
            share = self.random.uniform(0.6, 0.85)
            customer.open[0].follow(day, quantity=max(1, int(seats.quantity * share)))

    def _grow(self, customer: Customer, month: int) -> None:
        day = self._day(month)
        main = customer.open[0]
        way = self.random.random()
        if way < 0.65:
            share = self.random.uniform(1.12, 1.5)
            main.follow(day, quantity=int(main.seats.quantity * share) + 1)
        elif way < 0.85:
            price = round(0.12 * main.seats.quantity * main.seats.price, 2)
            name = ADD_ONS[len(main.lines) % len(ADD_ONS)]
            main.lines.append(Line(name, main.seats.plan, 1, price, start=day))
        else:
            price = SECOND_PRICE[customer.size]
            name = self.random.choice(SECOND)
            customer.subscriptions.append(
                Subscription(name, day, [Line(name, "monthly", 1, price)])
            )

    def _raise_prices(self, month: int) -> None:
        day = self._first(month)
        for customer in self.customers:
            if customer.open and customer.since <= month - 12:
                customer.busy_until = month
                main = customer.open[0]
                main.follow(day, price=round(main.seats.price * 1.07, 2))

    # -- ahead --------------------------------------------------------------

    def _ahead(self) -> None:
        """What is signed, known to end, agreed or not yet counted."""
        for days in (6, 17, 25, 41, 66):
            customer = self._come(MONTHS)
            customer.subscriptions[0].start = self.today + timedelta(days)
        steady = [c for c in self.customers if c.open and c.busy_until < MONTHS]
        steady = [c for c in steady if c.since <= MONTHS - 3]
        chosen = self._some(steady, 9)
        for days, customer in zip((9, 20, 33, 48, 62, 80), chosen[:6], strict=True):
            for subscription in customer.open:
                subscription.end = self.today + timedelta(days)
        for days, customer in zip((14, 30, 45), chosen[6:], strict=True):
            main = customer.open[0]
            quantity = int(main.seats.quantity * 1.3) + 1
            main.follow(self.today + timedelta(days), quantity=quantity)
        foreign = self._come(MONTHS)
        foreign.seller = 1
        foreign.subscriptions[0].start = self._first(MONTHS - 2)
        foreign.subscriptions[0].currency = "EUR"
        foreign.subscriptions[0].won = False
        draft = self._come(MONTHS)
        draft.seller = 1
        draft.subscriptions[0].start = None
        draft.subscriptions[0].won = False

    # -- things -------------------------------------------------------------

    def _customer(self, month: int) -> Customer:
        draw = self.random
        country = draw.choices(list(names.COUNTRIES), names.COUNTRY_WEIGHTS)[0]
        legal_form, cities = names.COUNTRIES[country]
        while True:
            stem = draw.choice(names.STEMS)
            business = draw.choice(list(names.FIELDS))
            if f"{stem} {business}" not in self.used:
                break
        self.used.add(f"{stem} {business}")
        contact = None
        if draw.random() < 0.4:
            first, last = draw.choice(names.FIRST_NAMES), draw.choice(names.LAST_NAMES)
            contact = f"{first} {last}"
        shares = [share for share, *_rest in SIZES.values()]
        size = draw.choices(list(SIZES), shares)[0]
        # big ones go to the second team, the rest mostly to the first
        sellers = (1, 1, 6, 6) if size == "Enterprise" else (4, 4, 1, 2)
        return Customer(
            name=f"{stem} {business} {legal_form}",
            country=country,
            city=draw.choice(cities),
            industry=names.FIELDS[business],
            contact=contact,
            seller=draw.choices(range(4), sellers)[0],
            size=size,
            since=month,
            busy_until=month,
        )

    def _subscription(
        self, customer: Customer, start: date, factor: float = 1.0
    ) -> Subscription:
        draw = self.random
        _share, seats, price, weights = SIZES[customer.size]
        plan = draw.choices(list(PLANS), weights)[0]
        line = Line(
            f"Platform, {customer.size} edition",
            plan,
            max(2, int(draw.randint(*seats) * factor)),
            self._price(draw.randint(*price), plan),
            discount=draw.choices((0, 5, 10), (80, 12, 8))[0],
        )
        subscription = Subscription(f"Platform {customer.size}", start, [line])
        customer.subscriptions.append(subscription)
        return subscription

    def _price(self, monthly: float, plan: str) -> float:
        months, left = PLANS[plan]
        return round(monthly * months * left, 2)
