"""The story that the demo data tells: three years of a small software company.

Plain Python, no Odoo: `Story(today)` is the same for the same day. Each month some
customers come, grow, shrink, pause, leave with a reason and come back; some of those
abroad pay in euro, whose rate moves. Nine months ago prices rose for everybody who had
been a customer for a year; in the quarter after that many left.
"""

from __future__ import annotations

import calendar
import random
from datetime import date, timedelta

from . import names
from .customers import Customer, Line, Subscription
from .rates import wander

SEED = 20190
MONTHS = 36
PRICE_RISE = MONTHS - 9
BAD_QUARTER = range(PRICE_RISE + 1, PRICE_RISE + 4)
#: from this month on the pipeline remembers the deals
WON_FROM = MONTHS - 26

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
#: countries in which one out of three pays in euro
EURO = ("DE", "FR", "NL", "ES")
#: why customers leave (external ids), and in the quarter after the price rise
REASONS = (
    "close_reason_unused",
    "close_reason_competitor",
    "close_reason_features",
    "close_reason_project",
    "close_reason_price",
    "close_reason_payment",
    "close_reason_business",
    None,
)
BAD_REASONS = ("close_reason_price", "close_reason_competitor")
PAUSES = ("Rebuilding", "Off season", "Budget freeze")
SECOND_PRICE = {"Team": 90.0, "Business": 390.0, "Enterprise": 1200.0}


class Story:
    """Customers with their subscriptions, up to today and somewhat beyond."""

    def __init__(self, today: date):
        self.today = today
        self.random = random.Random(SEED)
        self.used: set[str] = set()
        self.customers: list[Customer] = []
        for month in range(MONTHS + 1):
            self._month(month)
        self._apart()
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
        subscription.won = month >= WON_FROM
        return customer

    def _leave(self, customer: Customer, month: int) -> None:
        first = self._first(month)
        # most leave with the end of a month, some in the middle of one
        day = first if self.random.random() < 0.6 else self._day(month)
        reasons = BAD_REASONS if month in BAD_QUARTER else REASONS
        reason = self.random.choice(reasons)
        for subscription in customer.open:
            subscription.end = max(day - timedelta(days=1), subscription.start)
            subscription.close_reason = reason
        customer.left = month

    def _return(self, customer: Customer, month: int) -> None:
        customer.left = None
        customer.busy_until = month + 1
        subscription = self._subscription(customer, self._day(month), factor=0.75)
        subscription.won = month >= WON_FROM

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
                Subscription(
                    name,
                    day,
                    [Line(name, "monthly", 1, price)],
                    won=month >= WON_FROM,
                    euro=customer.euro,
                )
            )

    def _raise_prices(self, month: int) -> None:
        day = self._first(month)
        for customer in self.customers:
            if customer.open and customer.since <= month - 12:
                customer.busy_until = month
                main = customer.open[0]
                main.follow(day, price=round(main.seats.price * 1.07, 2))

    # -- apart --------------------------------------------------------------

    def _steady(self, since: int = MONTHS - 6) -> list[Customer]:
        """Return customers to whom nothing happens at the end of the story."""
        return [
            customer
            for customer in self.customers
            if len(customer.open) == 1
            and customer.busy_until < MONTHS - 1
            and customer.since <= since
            and len(customer.subscriptions) == 1
        ]

    def _apart(self) -> None:
        """What happens but now and then: pauses, gifts, renewals that come late."""
        draw = self.random
        chosen = self._some(self._steady(MONTHS - 12), 12)
        for number, customer in enumerate(chosen):
            customer.busy_until = MONTHS + 1
            [subscription] = customer.open
            begun = max(line.start or subscription.start for line in subscription.lines)
            # after all that has happened to it, some weeks or months ago
            free = (self.today - begun).days - 12
            if free < 40:
                continue
            day = self.today - timedelta(draw.randint(12, min(free, 300)))
            if number < 6:
                last = day + timedelta(draw.randint(20, 75))
                over = last < self.today - timedelta(5)
                reason = PAUSES[number % len(PAUSES)]
                subscription.pauses.append((day, last if over else None, reason))
            elif number < 8:
                # two months for nothing, to make up for an outage
                regular = subscription.seats
                subscription.follow(day, discount=100)
                if day + timedelta(61) < self.today:
                    later = day + timedelta(61)
                    subscription.follow(later, discount=regular.discount)
            else:
                # renewed six or forty days late: within the grace, or not
                gap = 6 if number % 2 else 40
                for line in subscription.lines:
                    line.end = line.end or day - timedelta(1)
                subscription.follow(min(day + timedelta(gap), self.today), late=True)

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
        # a slip of the pen, for the list of what is not counted: its year is wrong
        slip = self._come(MONTHS)
        slip.seller = 1
        [subscription] = slip.subscriptions
        subscription.start = self._first(MONTHS - 2)
        subscription.end = self._first(MONTHS).replace(year=self.today.year + 1)
        subscription.lines[0].start = subscription.end + timedelta(30)
        subscription.won = False
        draft = self._come(MONTHS)
        draft.seller = 1
        draft.subscriptions[0].start = None
        draft.subscriptions[0].won = False

    # -- things -------------------------------------------------------------

    @property
    def euro_rates(self) -> list[tuple[date, float]]:
        """What one unit of the company's currency is in euro, month by month."""
        firsts = [self._first(month) for month in range(-1, MONTHS + 1)]
        return list(zip(firsts, wander(SEED, len(firsts)), strict=True))

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
            euro=country in EURO and draw.random() < 0.35,
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
        name = f"Platform {customer.size}"
        subscription = Subscription(name, start, [line], euro=customer.euro)
        customer.subscriptions.append(subscription)
        return subscription

    def _price(self, monthly: float, plan: str) -> float:
        months, left = PLANS[plan]
        return round(monthly * months * left, 2)
