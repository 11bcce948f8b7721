"""Recurring revenue, worked out slowly and obviously: one day after the other.

Nothing here is shared with the addon: no SQL, no window, no edge that is kept. A
line has a rate, a day has a sum, and everything else is read off the difference
between a day and the day before. That is what the engine and the façade have to
agree with.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

DAY = timedelta(days=1)
ZERO = Decimal(0)
MONEY_KINDS = (
    "new",
    "reactivation",
    "expansion",
    "contraction",
    "churn",
    "fx",
    "transfer",
)
LOGO_KINDS = ("new", "reactivation", "churn", "transfer")


def round_half_up(amount, unit):
    """Round to a multiple of `unit`; what lies in the middle goes away from 0."""
    return (amount / unit).quantize(Decimal(1), ROUND_HALF_UP) * unit


@dataclass(frozen=True)
class Line:
    """A line of a subscription, with what it takes over from its subscription."""

    key: object
    company: object
    customer: object
    user: object
    team: object
    lead: object
    plan: object
    months: int
    quantity: Decimal
    price: Decimal
    discount: Decimal
    recurring: bool
    line_start: date | None
    line_end: date | None
    subscription_start: date | None
    subscription_end: date | None
    currency: object
    company_currency: object
    #: smallest unit of the currency
    unit: Decimal

    @property
    def start(self):
        """First day, None for a line that has not been dated yet."""
        given = [day for day in (self.line_start, self.subscription_start) if day]
        return max(given) if given else None

    @property
    def end(self):
        """Last day, None for a line that runs on."""
        given = [day for day in (self.line_end, self.subscription_end) if day]
        return min(given) if given else None

    @property
    def problem(self):
        """Why a dated recurring line is left out, or None."""
        if self.end is not None and self.end < self.start:
            return "outside_subscription"
        if not self.months:
            return "plan_without_period"
        if self.currency != self.company_currency:
            return "foreign_currency"
        return None

    @property
    def dated(self):
        return self.recurring and self.start is not None

    @property
    def counts(self):
        return self.dated and self.problem is None

    @property
    def rate(self):
        """A month's worth of the line: never prorated."""
        period = self.quantity * self.price * (100 - self.discount) / 100
        return round_half_up(period / self.months, self.unit)

    def rate_on(self, day):
        runs = self.start <= day and (self.end is None or day <= self.end)
        return self.rate if runs else ZERO


@dataclass
class CustomerDay:
    """What happened to a customer from one day to the next."""

    kind: str
    #: (line, change of its rate)
    edges: list
    #: +1 won, -1 lost, else 0
    logos: int


@dataclass
class Ledger:
    """All days of all customers of a book."""

    lines: list
    #: (company, customer) -> day -> CustomerDay, for days on which something moved
    days: dict = field(default_factory=dict)

    def __post_init__(self):
        self.lines = [line for line in self.lines if line.counts]
        self.customers = defaultdict(list)
        for line in self.lines:
            self.customers[line.company, line.customer].append(line)
        self.days = {
            customer: self._live_through(lines)
            for customer, lines in self.customers.items()
        }

    def _live_through(self, lines):
        """Walk through every day of a customer."""
        known = [line.start for line in lines] + [
            line.end for line in lines if line.end
        ]
        day, last = min(known), max(known) + DAY
        moved = {}
        alive_before = False
        yesterday = [ZERO] * len(lines)
        while day <= last:
            today = [line.rate_on(day) for line in lines]
            if today != yesterday:
                moved[day] = self._day(lines, yesterday, today, alive_before)
            if sum(today) > 0:
                alive_before = True
            yesterday = today
            day += DAY
        return moved

    @staticmethod
    def _day(lines, yesterday, today, alive_before):
        before, after = sum(yesterday), sum(today)
        logos = 0
        if before == after:
            kind = "transfer"
        elif before == 0:
            kind = "reactivation" if alive_before else "new"
            logos = 1
        elif after == 0:
            kind = "churn"
            logos = -1
        else:
            kind = "expansion" if after > before else "contraction"
        edges = [
            (line, new - old)
            for line, old, new in zip(lines, yesterday, today, strict=True)
            if new != old
        ]
        return CustomerDay(kind, edges, logos)

    def balance(self, customer, day, wanted):
        """Sum of a customer's wanted lines on a day."""
        return sum(
            (line.rate_on(day) for line in self.customers[customer] if wanted(line)),
            ZERO,
        )

    def was_alive_before(self, customer, day):
        """Whether the customer paid on any day before `day`."""
        return any(
            moved < day and self.balance(customer, moved, everything) > 0
            for moved in self.days[customer]
        )


def everything(_line):
    return True


# ----------------------------------------------------------------------
# the calendar
# ----------------------------------------------------------------------


def label(day, grain):
    """A name for the calendar period around a day."""
    if grain == "day":
        return day
    if grain == "week":
        return day.isocalendar()[:2]
    if grain == "month":
        return day.year, day.month
    if grain == "quarter":
        return day.year, (day.month + 2) // 3
    return day.year


def spans(date_from, date_to, grain):
    """Cut a range where the label changes: list of (first day, last day)."""
    found = []
    day = date_from
    while day <= date_to:
        if found and label(found[-1][0], grain) == label(day, grain):
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
        day += DAY
    return found


# ----------------------------------------------------------------------
# the façade
# ----------------------------------------------------------------------


def recurring(
    ledger,
    date_from,
    date_to,
    grain,
    view,
    today,
    companies,
    units,
    factors=None,
    wanted=everything,
):
    """Say what the façade has to answer.

    :param companies: keys of the companies, the main one first
    :param units: smallest unit of each company's currency
    :param factors: worth of one unit of each company's currency in the main one
    :param wanted: function that tells whether a line belongs to the slice
    :return: list of periods, as the façade gives them, with Decimals
    """
    factors = factors or dict.fromkeys(companies, Decimal(1))
    unit = units[companies[0]]
    customers = [customer for customer in ledger.days if customer[0] in companies]
    movements = activity if view == "activity" else net

    last_before = min(date_from - DAY, today)
    balances = defaultdict(Decimal)
    heads = 0
    for customer in customers:
        balance = ledger.balance(customer, last_before, wanted)
        balances[customer[0]] += balance
        heads += balance > 0
    opening = round_half_up(
        sum((balances[company] * factors[company] for company in companies), ZERO), unit
    )

    periods = []
    for first, last in spans(date_from, date_to, grain):
        money = defaultdict(Decimal)
        logos = defaultdict(int)
        until = min(last, today)
        if first <= until:
            for customer in customers:
                for kind, amount, logo_kind, step in movements(
                    ledger, customer, first, until, wanted
                ):
                    money[kind] += amount * factors[customer[0]]
                    logos[logo_kind] += step
        parts = {kind: round_half_up(money[kind], unit) for kind in MONEY_KINDS}
        people = {kind: logos[kind] for kind in LOGO_KINDS}
        period = {
            "date_from": first.isoformat(),
            "date_to": last.isoformat(),
            "partial": label(first - DAY, grain) == label(first, grain)
            or label(last + DAY, grain) == label(last, grain)
            or last > today,
            "opening": opening,
            **parts,
            "closing": opening + sum(parts.values()),
            "customers": {
                "opening": heads,
                **people,
                "closing": heads + sum(people.values()),
            },
        }
        periods.append(period)
        opening, heads = period["closing"], period["customers"]["closing"]
    return periods


def logo_kind(kind, step):
    """Under which name a slice counts a customer that came to it or left it."""
    if step > 0 and kind in ("new", "reactivation"):
        return kind
    if step < 0 and kind == "churn":
        return kind
    return "transfer"


def activity(ledger, customer, first, last, wanted):
    """What moved on each day of a period."""
    for day, moved in ledger.days[customer].items():
        if first <= day <= last:
            before = ledger.balance(customer, day - DAY, wanted)
            after = ledger.balance(customer, day, wanted)
            step = int(after > 0) - int(before > 0)
            yield moved.kind, after - before, logo_kind(moved.kind, step), step


def net(ledger, customer, first, last, wanted):
    """The end of a period against its start, for a customer as a whole."""
    whole_before = ledger.balance(customer, first - DAY, everything)
    whole_after = ledger.balance(customer, last, everything)
    if whole_before == 0 and whole_after > 0:
        known = ledger.was_alive_before(customer, first)
        kind = "reactivation" if known else "new"
    elif whole_before > 0 and whole_after == 0:
        kind = "churn"
    elif whole_after > whole_before:
        kind = "expansion"
    elif whole_after < whole_before:
        kind = "contraction"
    else:
        kind = "transfer"
    before = ledger.balance(customer, first - DAY, wanted)
    after = ledger.balance(customer, last, wanted)
    step = int(after > 0) - int(before > 0)
    yield kind, after - before, logo_kind(kind, step), step
