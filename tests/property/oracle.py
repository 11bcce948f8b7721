"""Recurring revenue, worked out slowly and obviously: one day after the other.

Nothing here is shared with the addon: no SQL, no window, no sum that is kept. A line
has stretches of one rate, a day has a sum, and everything else is read off the
difference between a day and the day before. That is what the engine and the façade
have to agree with.
"""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

DAY = timedelta(days=1)
ZERO = Decimal(0)
DAYS_OF_MONTH = Decimal("30.4375")
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


# ----------------------------------------------------------------------
# the world
# ----------------------------------------------------------------------


@dataclass(frozen=True)
class Company:
    key: object
    currency: object
    #: smallest unit of its currency
    unit: Decimal
    #: the company whose rates it uses
    root: object
    grace: int = 0
    window: int = 0
    revalue: bool = False


@dataclass(frozen=True)
class Rate:
    """What one unit of the base is worth in a currency, from a day on."""

    currency: object
    company: object | None
    day: date
    rate: Decimal


@dataclass(frozen=True)
class Line:
    """A line of a subscription, with what it takes over from its subscription."""

    key: object
    subscription: object
    company: object
    customer: object
    user: object
    team: object
    lead: object
    source: object
    country: object
    plan: object
    number: int
    interval: str | None
    quantity: Decimal
    price: Decimal
    discount: Decimal
    recurring: bool
    previous: object
    line_start: date | None
    line_end: date | None
    subscription_start: date | None
    subscription_end: date | None
    currency: object
    #: smallest unit of the currency
    unit: Decimal
    #: why the line itself ended, and why the subscription did
    own_reason: object
    subscription_reason: object

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
    def close_reason(self):
        """Why the agreement was closed at the end of the line."""
        if self.end is None:
            return None
        if self.own_reason is None and self.end == self.subscription_end:
            return self.subscription_reason
        return self.own_reason

    @property
    def dated(self):
        return self.recurring and self.start is not None

    @property
    def price_of_a_period(self):
        return self.quantity * self.price * (100 - self.discount) / 100

    @property
    def rate(self):
        """A month's worth of the line, never prorated; None without a length."""
        if not self.number or not self.interval:
            return None
        months = {
            "month": Decimal(self.number),
            "year": 12 * Decimal(self.number),
            "week": 7 * self.number / DAYS_OF_MONTH,
            "day": self.number / DAYS_OF_MONTH,
        }[self.interval]
        if self.interval in ("week", "day"):
            days = self.number * (7 if self.interval == "week" else 1)
            amount = self.price_of_a_period * DAYS_OF_MONTH / days
        else:
            amount = self.price_of_a_period / months
        return round_half_up(amount, self.unit)

    def change(self, following):
        """What differs first between this version and the next one."""
        if self.plan and following.plan and self.plan != following.plan:
            return "plan"
        for name in ("discount", "price", "quantity"):
            if getattr(self, name) != getattr(following, name):
                return name
        return None


@dataclass(frozen=True)
class Stretch:
    """A line over days on which its rate is the same."""

    line: Line
    start: date
    #: first day without, None: open
    end: date | None
    #: it rests: it counts nothing, but is not lost
    paused: bool
    #: a month's worth in the currency of the line
    amount: Decimal
    why_start: str | None
    why_end: str | None
    #: whether the line ends with it
    is_last: bool

    @property
    def alive(self):
        return self.paused or self.amount > 0

    def covers(self, day):
        return self.start <= day and (self.end is None or day < self.end)


@dataclass(frozen=True)
class Row:
    """One row of the ledger."""

    stretch: Stretch
    date: date
    kind: str
    amount: Decimal
    reason: str | None
    close_reason: object
    renewal_due: bool

    @property
    def line(self):
        return self.stretch.line

    @property
    def customer(self):
        return self.line.company, self.line.customer


@dataclass
class CustomerDay:
    """What happened to a customer from one day to the next."""

    kind: str
    #: +1 won, -1 lost, else 0
    logos: int


@dataclass
class World:
    """All that figures depend on."""

    companies: dict
    rates: list
    #: subscription -> list of (first day, last day or None)
    pauses: dict
    #: close reason -> voluntary, involuntary
    kinds: dict
    lines: list

    def __post_init__(self):
        self.by_key = {line.key: line for line in self.lines}
        self.followers = {
            line.previous: line
            for line in self.lines
            if line.previous is not None and line.recurring
        }
        known = [rate.day for rate in self.rates]
        for line in self.lines:
            known += [line.line_start, line.line_end]
            known += [line.subscription_start, line.subscription_end]
        for pauses in self.pauses.values():
            known += [day for pause in pauses for day in pause]
        self.horizon = max((day for day in known if day), default=date.min) + 2 * DAY

    # -- currency -------------------------------------------------------

    def rate_on(self, currency, company, day):
        """The last rate on or before a day, None when there is none."""
        root = self.companies[company].root
        known = [
            rate
            for rate in self.rates
            if rate.currency == currency
            and rate.day <= day
            and rate.company in (None, root)
        ]
        if not known:
            return None
        # of one day, the company's own is nearer than the one of all companies
        return max(known, key=lambda rate: (rate.day, rate.company is not None)).rate

    def factor(self, currency, company, day):
        """What a unit is worth in the company's currency, None: nobody knows."""
        own = self.companies[company].currency
        if currency == own:
            return Decimal(1)
        rate = self.rate_on(currency, company, day)
        own_rate = self.rate_on(own, company, day)
        return (
            None
            if rate is None
            else (Decimal(1) if own_rate is None else own_rate) / rate
        )

    def last_rate(self, currency, company):
        """The day of the last rate that is known of a pair."""
        home = self.companies[company]
        return max(
            (
                rate.day
                for rate in self.rates
                if rate.currency in (currency, home.currency)
                and rate.company in (None, home.root)
            ),
            default=date.min,
        )

    def value(self, stretch, day):
        """A stretch in the company's currency, at the rate of a day."""
        line = stretch.line
        if line.currency == self.companies[line.company].currency:
            return stretch.amount
        factor = self.factor(line.currency, line.company, day)
        return round_half_up(stretch.amount * factor, self.companies[line.company].unit)

    # -- stretches ------------------------------------------------------

    def cut(self, line):
        """Cut a line at its pauses, day by day."""
        pauses = self.pauses.get(line.subscription, [])

        def resting(day):
            for number, (first, last) in enumerate(pauses):
                if first <= day and (last is None or day <= last):
                    return number
            return None

        if line.end is not None and line.end < line.start:
            return [(line.start, line.end + DAY, resting(line.start))]
        last = line.end or max(self.horizon, line.start)
        found = []
        day = line.start
        while day <= last:
            state = resting(day)
            if found and found[-1][2] == state:
                found[-1] = (found[-1][0], day + DAY, state)
            else:
                found.append((day, day + DAY, state))
            day += DAY
        if line.end is None:
            found[-1] = (found[-1][0], None, found[-1][2])
        return found

    def stretches(self, line):
        """Return pairs (stretch, why it is left out or None)."""
        pieces = self.cut(line)
        before = self.by_key.get(line.previous)
        after = self.followers.get(line.key)
        for number, (start, end, pause) in enumerate(pieces):
            is_last = number == len(pieces) - 1
            if number == 0:
                why_start = before.change(line) if before else "item"
            else:
                why_start = "resume" if pause is None else "pause"
            if is_last:
                why_end = line.change(after) if after else "item"
            else:
                why_end = "resume" if pieces[number + 1][2] is None else "pause"
            if end is not None and end <= start:
                problem = "outside_subscription"
            elif line.rate is None:
                problem = "plan_without_period"
            elif self.factor(line.currency, line.company, start) is None:
                problem = "missing_rate"
            else:
                problem = None
            rate = line.rate or ZERO
            rests = pause is not None
            yield (
                Stretch(
                    line=line,
                    start=start,
                    end=end,
                    # what is worth nothing cannot rest
                    paused=rests and rate > 0,
                    amount=ZERO if rests else rate,
                    why_start=why_start,
                    why_end=why_end,
                    is_last=is_last,
                ),
                problem,
            )

    def close_reason(self, stretch):
        """Why the agreement was closed at the end of a stretch."""
        return stretch.line.close_reason if stretch.is_last else None

    def goes_free(self, stretch):
        """Whether the item goes on at once, for nothing."""
        after = self.followers.get(stretch.line.key)
        return (
            stretch.is_last
            and after is not None
            and after.start == stretch.line.end + DAY
            and after.price_of_a_period == 0
        )


@dataclass
class Ledger:
    """All days of all customers."""

    world: World
    rows: list = field(default_factory=list)
    #: (company, customer) -> day -> CustomerDay, for days with an edge
    days: dict = field(default_factory=dict)
    #: (line, code, customer, user, company) of what is left out
    issues: list = field(default_factory=list)

    def __post_init__(self):
        self.customers = defaultdict(list)
        for line in self.world.lines:
            if not line.dated:
                continue
            codes = set()
            for stretch, problem in self.world.stretches(line):
                if problem:
                    codes.add(problem)
                else:
                    self.customers[line.company, line.customer].append(stretch)
            self.issues += [(line, code) for code in codes]
        for customer, stretches in self.customers.items():
            grace = self.world.companies[customer[0]].grace
            if grace:
                self.customers[customer] = self._bridged(stretches, grace)
            self.days[customer] = self._live_through(customer)

    def _bridged(self, stretches, grace):
        """Let lines run on over a gap that is short enough."""
        day = min(stretch.start for stretch in stretches)
        lost = None
        while day <= self.world.horizon:
            alive = any(stretch.alive and stretch.covers(day) for stretch in stretches)
            if alive and lost and (day - lost).days <= grace:
                stretches = [
                    replace(stretch, end=day)
                    if stretch.alive and stretch.end == lost
                    else stretch
                    for stretch in stretches
                ]
            if alive:
                lost = day + DAY
            day += DAY
        return stretches

    def _live_through(self, customer):
        """Walk through every day of a customer."""
        world, stretches = self.world, self.customers[customer]
        company = world.companies[customer[0]]
        #: until when a stretch is valued anew on each first of month
        revalued_to = {
            stretch: world.last_rate(stretch.line.currency, company.key)
            if company.revalue and stretch.line.currency != company.currency
            else date.min
            for stretch in stretches
        }
        #: what a stretch has counted since it was last valued
        carried = {}
        moved = {}
        last_alive = None
        day = min(stretch.start for stretch in stretches)
        while day <= world.horizon:
            for stretch in stretches:
                if stretch in carried and (
                    stretch.end == day or (day.day == 1 and day <= revalued_to[stretch])
                ):
                    gain = world.value(stretch, day) - carried[stretch]
                    carried[stretch] += gain
                    if gain:
                        due = stretch.end == day and self._renewal_due(stretch)
                        self.rows.append(Row(stretch, day, "fx", gain, None, None, due))
            ended = [stretch for stretch in stretches if stretch.end == day]
            begun = [stretch for stretch in stretches if stretch.start == day]
            if ended or begun:
                moved[day] = self._day(
                    customer,
                    day,
                    last_alive,
                    ended,
                    begun,
                    [carried.pop(s) for s in ended],
                )
                for stretch in begun:
                    carried[stretch] = world.value(stretch, day)
            if self.is_alive(customer, day):
                last_alive = day
            day += DAY
        return moved

    def _day(self, customer, day, last_alive, ended, begun, lost):
        world = self.world
        company = world.companies[customer[0]]
        won = [world.value(stretch, day) for stretch in begun]
        net = sum(won) - sum(lost)
        logos = 0
        if self.is_alive(customer, day) and last_alive != day - DAY:
            logos = 1
            kind = "reactivation"
            if last_alive is None:
                kind = "new"
            elif company.window and (day - last_alive).days - 1 > company.window:
                kind = "new"
        elif last_alive == day - DAY and not self.is_alive(customer, day):
            kind = "churn"
            logos = -1
        elif net == 0:
            kind = "transfer"
        else:
            kind = "expansion" if net > 0 else "contraction"
        for stretch, amount in zip(ended, lost, strict=True):
            reason = stretch.why_end
            close_reason = world.close_reason(stretch)
            if kind == "churn":
                reason = world.kinds[close_reason] if close_reason else "unknown"
                if world.goes_free(stretch):
                    reason = "free"
            else:
                reason = self._reason(kind, reason)
            due = self._renewal_due(stretch)
            self.rows.append(
                Row(stretch, day, kind, -amount, reason, close_reason, due)
            )
        for stretch, amount in zip(begun, won, strict=True):
            reason = None if kind == "churn" else self._reason(kind, stretch.why_start)
            self.rows.append(Row(stretch, day, kind, amount, reason, None, False))
        return CustomerDay(kind, logos)

    @staticmethod
    def _reason(kind, change):
        if kind in ("new", "reactivation"):
            return None
        if kind in ("expansion", "contraction"):
            # versions that do not differ, with a gap between them
            return change or "item"
        return change

    def _renewal_due(self, stretch):
        """Whether a term merely runs out."""
        return (
            stretch.is_last
            and stretch.line.key not in self.world.followers
            and self.world.close_reason(stretch) is None
        )

    def is_alive(self, customer, day):
        return any(
            stretch.alive and stretch.covers(day)
            for stretch in self.customers[customer]
        )

    def first_rate(self, customer):
        """The first day on which a customer has a rate."""
        return min(
            (
                stretch.start
                for stretch in self.customers[customer]
                if stretch.amount > 0
            ),
            default=None,
        )

    def balance(self, customer, day, wanted):
        """Sum of a customer's wanted rows up to a day."""
        return sum(
            (
                row.amount
                for row in self.rows
                if row.customer == customer and row.date <= day and wanted(row)
            ),
            ZERO,
        )


def everything(_row):
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


def a_year_before(day):
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # 29 February
        return day.replace(year=day.year - 1, day=28)


# ----------------------------------------------------------------------
# the façade
# ----------------------------------------------------------------------


@dataclass
class Question:
    """What is asked, and of which rows."""

    ledger: Ledger
    date_from: date
    date_to: date
    grain: str
    view: str
    today: date
    #: keys of the companies, the main one first
    companies: list
    #: worth of one unit of each company's currency in the main one
    factors: dict
    #: tells whether a row belongs to the slice
    wanted: object = everything
    #: whether customers are counted from the slice's own balance
    sliced: bool = False

    def __post_init__(self):
        self.last = min(self.date_to, self.today)
        self.unit = self.ledger.world.companies[self.companies[0]].unit
        self.customers = [
            customer for customer in self.ledger.days if customer[0] in self.companies
        ]
        self.rows = defaultdict(list)
        for row in self.ledger.rows:
            if row.customer[0] in self.companies and self.wanted(row):
                self.rows[row.customer].append(row)

    def known(self, row):
        """Whether the view has a row of the slice."""
        if row.date <= self.last:
            return True
        return (
            self.view == "committed"
            and row.date <= self.date_to
            and not row.renewal_due
        )

    def money(self, customer, first, last, kinds=None):
        return sum(
            (
                row.amount
                for row in self.rows[customer]
                if (first is None or first <= row.date)
                and row.date <= last
                and self.known(row)
                and (kinds is None or row.kind in kinds)
            ),
            ZERO,
        )

    def balance(self, customer, day):
        return self.money(customer, None, day)

    def is_there(self, customer, day):
        """Whether a customer counts on a day."""
        if self.sliced:
            return self.balance(customer, day) > 0
        if self.view != "committed":
            return self.ledger.is_alive(customer, min(day, self.last))
        # a renewal that is due is not lost
        return self.ledger.is_alive(customer, day) or (
            day > self.last and self.balance(customer, day) > 0
        )

    # -- periods --------------------------------------------------------

    def periods(self):
        """Return the periods as the façade gives them, with Decimals."""
        first_of_all = self.date_from - DAY
        if self.view != "committed":
            first_of_all = min(first_of_all, self.last)
        opening = round_half_up(
            sum(
                (
                    self.balance(customer, first_of_all) * self.factors[customer[0]]
                    for customer in self.customers
                ),
                ZERO,
            ),
            self.unit,
        )
        heads = sum(
            self.is_there(customer, first_of_all) for customer in self.customers
        )
        moves = self.net if self.view == "net" else self.activity
        periods = []
        for first, last in spans(self.date_from, self.date_to, self.grain):
            money = defaultdict(Decimal)
            logos = defaultdict(int)
            for customer in self.customers:
                for kind, amount, name, step in moves(customer, first, last):
                    money[kind] += amount * self.factors[customer[0]]
                    logos[name] += step
            parts = {
                kind: round_half_up(money[kind], self.unit) for kind in MONEY_KINDS
            }
            people = {kind: logos[kind] for kind in LOGO_KINDS}
            period = {
                "date_from": first.isoformat(),
                "date_to": last.isoformat(),
                "partial": label(first - DAY, self.grain) == label(first, self.grain)
                or label(last + DAY, self.grain) == label(last, self.grain)
                or last > self.today,
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

    def activity(self, customer, first, last):
        """What moved on each day of a period."""
        days = {row.date for row in self.rows[customer] if self.known(row)}
        if not self.sliced:
            until = self.date_to if self.view == "committed" else self.last
            days |= {day for day in self.ledger.days[customer] if day <= until}
        for day in sorted(days):
            if not first <= day <= last:
                continue
            yield "fx", self.money(customer, day, day, {"fx"}), "transfer", 0
            moved = self.ledger.days[customer].get(day)
            kind = moved.kind if moved else "transfer"
            step = int(self.is_there(customer, day)) - int(
                self.is_there(customer, day - DAY)
            )
            amount = self.money(customer, day, day) - self.money(
                customer, day, day, {"fx"}
            )
            yield kind, amount, self.logo_kind(kind, step), step

    def net(self, customer, first, last):
        """The end of a period against its start, for a customer as a whole."""
        last = min(last, self.last)
        if first > last:
            return
        was = self.ledger.is_alive(customer, first - DAY)
        is_now = self.ledger.is_alive(customer, last)
        days = self.ledger.days[customer]
        fx = self.money(customer, first, last, {"fx"})
        moved = sum(
            (
                row.amount
                for row in self.ledger.rows
                if row.customer == customer
                and first <= row.date <= last
                and row.kind != "fx"
            ),
            ZERO,
        )
        if is_now and not was:
            began = any(
                first <= day <= last and days[day].kind == "new" for day in days
            )
            kind = "new" if began else "reactivation"
        elif was and not is_now:
            kind = "churn"
        elif moved > 0:
            kind = "expansion"
        elif moved < 0:
            kind = "contraction"
        else:
            kind = "transfer"
        step = int(self.is_there(customer, last)) - int(
            self.is_there(customer, first - DAY)
        )
        yield "fx", fx, "transfer", 0
        amount = self.money(customer, first, last) - fx
        yield kind, amount, self.logo_kind(kind, step), step

    @staticmethod
    def logo_kind(kind, step):
        """Under which name a slice counts a customer that came to it or left it."""
        if step > 0 and kind in ("new", "reactivation"):
            return kind
        if step < 0 and kind == "churn":
            return kind
        return "transfer"

    # -- figures --------------------------------------------------------

    def kpis(self):
        """Return the figures of the whole range; None where there is none."""
        periods = self.periods()
        part = {kind: sum(period[kind] for period in periods) for kind in MONEY_KINDS}
        heads = {
            kind: sum(period["customers"][kind] for period in periods)
            for kind in LOGO_KINDS
        }
        opening, closing = periods[0]["opening"], periods[-1]["closing"]
        people = periods[-1]["customers"]["closing"]
        lost = part["contraction"] + part["churn"]
        won = part["new"] + part["reactivation"] + part["expansion"]
        logo_churn = over(-heads["churn"], periods[0]["customers"]["opening"])
        months = ((self.date_to - self.date_from).days + 1) / DAYS_OF_MONTH
        arpa = over(closing, people)
        return {
            "mrr": closing,
            "arr": 12 * closing,
            "carr": self.carr(),
            "net_new": closing - opening,
            "growth": over(closing - opening, opening),
            "gross_churn": over(-lost, opening),
            "net_churn": over(
                -lost - part["expansion"] - part["reactivation"], opening
            ),
            "logo_churn": logo_churn,
            "quick_ratio": over(won, -lost),
            "arpa": arpa,
            "asp": over(part["new"], heads["new"]),
            "ltv": arpa * months / logo_churn
            if arpa is not None and logo_churn
            else None,
            **self.year(),
        }

    def carr(self):
        """What runs and what is agreed on, a year; None of a past day."""
        if self.date_to < self.today:
            return None
        return 12 * sum(
            (
                row.amount * self.factors[customer[0]]
                for customer in self.customers
                for row in self.rows[customer]
                if row.date <= self.today or not row.renewal_due
            ),
            ZERO,
        )

    def year(self):
        """Today's customers against the same day a year before."""
        then_day = a_year_before(self.last)
        then = kept = capped = ZERO
        there = stayed = 0
        rates = []
        for customer in self.customers:
            factor = self.factors[customer[0]]
            before = self.money(customer, None, then_day) * factor
            now = self.money(customer, None, self.last) * factor
            rates.append(now)
            if before > 0:
                then += before
                kept += now
                capped += min(before, now)
            if self.is_there(customer, then_day):
                there += 1
                stayed += self.is_there(customer, self.last)
        return {
            "nrr_12m": over(kept, then),
            "grr_12m": over(capped, then),
            "logo_retention_12m": over(stayed, there),
            "top10_share": over(sum(sorted(rates)[-10:]), sum(rates)),
        }

    # -- cohorts --------------------------------------------------------

    def cohorts(self):
        """Return the cohorts as the façade gives them, with Decimals."""
        members = defaultdict(list)
        for customer in self.customers:
            first = self.ledger.first_rate(customer)
            rows = [
                row
                for row in self.rows[customer]
                if row.date <= self.last and row.amount
            ]
            if first and first <= self.last and rows:
                members[first.replace(day=1)].append(customer)
        found = []
        for month in sorted(members):
            if not self.date_from.replace(day=1) <= month:
                continue
            ends = [end for _first, end in spans(month, self.last, "month")]
            base = {
                customer: self.money(customer, None, ends[0])
                for customer in members[month]
            }
            ages = []
            for age, end in enumerate(ends):
                net = gross = ZERO
                for customer, first in base.items():
                    now = self.money(customer, None, end)
                    net += now * self.factors[customer[0]]
                    gross += min(first, now) * self.factors[customer[0]]
                ages.append(
                    {
                        "age": age,
                        "customers": sum(
                            self.is_there(customer, end) for customer in base
                        ),
                        "net": round_half_up(net, self.unit),
                        "gross": round_half_up(gross, self.unit),
                    }
                )
            found.append(
                {
                    "cohort": month.isoformat(),
                    "customers": len(base),
                    "mrr": ages[0]["net"],
                    "ages": ages,
                }
            )
        return found


def over(part, whole):
    """Return part / whole, None when there is nothing to compare with."""
    return Decimal(part) / whole if whole else None
