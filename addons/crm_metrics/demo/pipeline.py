"""The deals of the story: what came into the pipeline in two years, and how far.

Plain Python, no Odoo. New customers and second subscriptions of the story were won as
deals; others, of which nobody became a customer, were lost, wait or have gone. The
proposition is where deals wait longest and most money is lost; some months ago it was
made faster, and since then fewer are lost there.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from random import Random

from . import names
from .customers import Customer
from .deals import (
    ARCHIVED,
    DELETED,
    LOST,
    MERGED,
    NEGOTIATION,
    NEW,
    PROPOSITION,
    QUALIFIED,
    REOPENED,
    WON,
    Deal,
    Step,
)
from .story import MONTHS, PLANS, SEED, SIZES, WON_FROM, Story

#: half of the deals leave a stage within so many days, for better or worse
STAY = {NEW: 4.0, QUALIFIED: 9.0, PROPOSITION: 26.0, NEGOTIATION: 11.0}
#: the same for propositions, since they are made from templates
FASTER_STAY = 13.0
#: how much the stays differ (sigma of the logarithm)
SPREAD = 0.7
#: so many days before today propositions became faster
FASTER_SINCE = 130
#: where deals are lost, in hundredths: before and since then
LOST_IN = ((15, 15, 52, 18), (25, 24, 31, 20))
#: how long the deals that wait today have been in their stage, in days
STUCK = (
    (PROPOSITION, (176, 158, 141, 127)),
    (NEGOTIATION, (84, 69)),
    (QUALIFIED, (71, 58)),
    (NEW, (46, 39)),
)
#: source (external id) -> share of the deals that were won, and of the others
SOURCES = {
    "utm.utm_source_search_engine": (26, 34),
    "utm.utm_source_referral": (34, 10),
    "utm.utm_source_linkedin": (18, 22),
    "utm.utm_source_newsletter": (12, 16),
    None: (10, 18),
}
#: reason (external id) -> how often in each stage
REASONS = {
    "crm.lost_reason_1": (4, 6, 40, 34),
    "crm_metrics.crm_lost_reason_1_demo": (10, 14, 30, 30),
    "crm_metrics.crm_lost_reason_2_demo": (50, 40, 14, 10),
    "crm_metrics.crm_lost_reason_3_demo": (16, 24, 10, 16),
    "crm.lost_reason_2": (10, 10, 2, 2),
    None: (10, 6, 4, 8),
}
#: names of the reasons that come with the demo data, in the order of their ids
OWN_REASONS = ("Went to a competitor", "No budget this year", "A feature is missing")
#: what is sold to customers once (value of a day's work)
SERVICES = ("Training", "Data migration", "Interface to the accounts", "Workshop")
DAY_RATE = 1150


class Pipeline:
    """Deals with their history, up to the day before today."""

    def __init__(self, story: Story, today: date):
        self.story = story
        self.today = today
        self.random = Random(SEED + 1)
        self.used = set(story.used)
        self.deals: list[Deal] = []
        self._win_subscriptions()
        self._sell_services()
        self._lose()
        self._vanish()
        self._wait()
        for deal in self.deals:
            self._settle(deal)
        # a mere lead is no deal yet
        self.deals = [each for each in self.deals if each.last.type == "opportunity"]

    # -- kinds of deals -----------------------------------------------------

    def _win_subscriptions(self) -> None:
        for customer in self.story.customers:
            for subscription in customer.subscriptions:
                if not subscription.won or not subscription.start:
                    continue
                line = subscription.lines[0]
                revenue = line.quantity * line.price * (1 - line.discount / 100)
                revenue = round(revenue, 2)
                once = sum(e.price for e in subscription.lines if not e.recurring)
                deal = Deal(
                    f"{customer.name}: {subscription.name}",
                    round(once + revenue * 12 / PLANS[line.plan][0], 2),
                    customer.seller,
                    customer=customer,
                    subscription=subscription,
                    source=self._source(won=True),
                    recurring=revenue,
                    plan=line.plan,
                )
                self._win(deal, subscription.start)

    def _win(self, deal: Deal, day: date) -> None:
        """Let a deal be won some days before what was sold begins."""
        day = min(day, self.today) - timedelta(self.random.randint(1, 6))
        path = [*self._path(NEGOTIATION), WON]
        if self.random.random() < 0.06:
            path = [NEW, QUALIFIED, PROPOSITION, LOST, REOPENED, *path[-2:]]
        # as far back as the way was long
        self._walk(deal, day - timedelta(60), path)
        late = day - deal.last.at.date()
        for step in deal.steps:
            step.at += late
        self.deals.append(deal)

    def _sell_services(self) -> None:
        """Deals with customers that bring no subscription."""
        for number in range(46):
            day = self.today - timedelta(self.random.randint(1, 760))
            customer = self._customer(day)
            days = self.random.randint(2, 14)
            deal = Deal(
                f"{customer.name}: {SERVICES[number % len(SERVICES)].lower()}",
                days * DAY_RATE,
                customer.seller,
                customer=customer,
                source=None,
            )
            self._win(deal, day)

    def _lose(self) -> None:
        """Deals that come to nothing, the longer ones not yet."""
        for month in range(WON_FROM, MONTHS + 1):
            first = self.story._first(month)
            faster = (self.today - first).days < FASTER_SINCE
            for _each in range(12 if faster else 15):
                start = first + timedelta(self.random.randint(0, 29))
                if start >= self.today - timedelta(1):
                    continue
                stage = self.random.choices(range(WON), LOST_IN[faster])[0]
                # the big ones shy away from the price
                deal = self._prospect(start, big=2.2 if stage == PROPOSITION else 1.0)
                path = self._path(stage)
                chance = self.random.random()
                if chance < 0.05:
                    path += [LOST, REOPENED, LOST]
                elif chance < 0.10:
                    path += [ARCHIVED]
                else:
                    path += [LOST]
                self._walk(deal, start, path)
                self.deals.append(deal)

    def _vanish(self) -> None:
        """Deals whose lead was deleted, or was the double of another one."""
        for path in ([NEW, DELETED], [NEW, QUALIFIED, DELETED], [NEW, MERGED]) * 2:
            start = self.today - timedelta(self.random.randint(120, 700))
            deal = self._prospect(start)
            self._walk(deal, start, path)
            self.deals.append(deal)

    def _wait(self) -> None:
        """Deals that are still open: some on their way, some stuck."""
        for _each in range(36):
            start = self.today - timedelta(self.random.randint(2, 75))
            deal = self._prospect(start)
            self._walk(deal, start, [*self._path(NEGOTIATION), WON])
            if deal.last.at.date() >= self.today:
                self.deals.append(deal)
        for number, customer in enumerate(self.story.customers[::16]):
            revenue = 2400.0 + 1200 * (number % 5)
            deal = Deal(
                f"{customer.name}: more seats",
                revenue,
                customer.seller,
                customer=customer,
                recurring=revenue,
                plan="yearly",
                deadline=self.story.today + timedelta(weeks=3 + 2 * number),
            )
            self._stay(deal, number % WON, self.random.randint(1, 9))
        for stage, ages in STUCK:
            for age in ages:
                day = self.today - timedelta(age)
                self._stay(self._prospect(day, big=2.0), stage, age)

    def _stay(self, deal: Deal, stage: int, days: int) -> None:
        """Let a deal be in a stage for so many days by now."""
        self._walk(deal, self.today - timedelta(days + 40), self._path(stage))
        late = self.today - timedelta(days) - deal.last.at.date()
        for step in deal.steps:
            step.at += late
        self.deals.append(deal)

    # -- the way of a deal --------------------------------------------------

    def _path(self, last: int) -> list:
        """Return the stages up to one: all, or one left out, or one gone back to."""
        path = list(range(last + 1))
        chance = self.random.random()
        if chance < 0.08 and last >= PROPOSITION:
            path.remove(QUALIFIED)
        elif chance < 0.12 and last == NEGOTIATION:
            path.remove(PROPOSITION)
        elif chance < 0.20 and last >= QUALIFIED:
            path[-1:] = [last, last - 1, last]
        return path

    def _walk(self, deal: Deal, start: date, path: list) -> None:
        """Give a deal its steps, however late they come."""
        step = Step(self._moment(start), NEW, deal.value, deal.seller)
        if deal.prospect and self.random.random() < 0.12:
            # somebody had to look at it first
            deal.steps.append(replace(step, type="lead"))
            step = replace(step, at=step.at + self._stay_in(NEW, start))
        for place in path:
            if place in range(WON):
                step = replace(step, stage=place)
            elif place == WON:
                step = replace(step, stage=WON, status="won")
            elif place == LOST:
                reason = self._weighted(REASONS, step.stage)
                step = replace(step, active=False, status="lost", reason=reason)
            elif place == REOPENED:
                step = replace(step, active=True, status="pending", reason=None)
            elif place == ARCHIVED:
                step = replace(step, active=False)
            else:
                step = replace(step, active=False, removed=place)
            deal.steps.append(step)
            if step.active:
                stay = self._stay_in(min(step.stage, NEGOTIATION), step.at.date())
            else:
                stay = timedelta(self.random.randint(20, 60))
            step = replace(step, at=step.at + stay)

    def _stay_in(self, stage: int, day: date) -> timedelta:
        middle = STAY[stage]
        if stage == PROPOSITION and (self.today - day).days < FASTER_SINCE:
            middle = FASTER_STAY
        days = middle * math.exp(self.random.gauss(0, SPREAD))
        # not before the next day, at another hour
        return timedelta(days=max(1, round(days)), minutes=self.random.randint(-99, 99))

    def _settle(self, deal: Deal) -> None:
        """Bring in what happens beside the stages; forget what is yet to come."""
        self._in_time(deal)
        chance = self.random.random()
        where = self.random.randrange(len(deal.steps))
        if deal.steps[where].active and where:
            if chance < 0.35:
                self._revalue(deal, where)
            elif chance < 0.42:
                self._hand_over(deal, where)
        self._in_time(deal)
        last = deal.last
        deal.value, deal.seller = last.value, last.seller
        if not deal.deadline:
            weeks = self.random.randint(1, 9)
            if deal.open:
                # those that wait for long have missed it
                ahead = self.today - last.at.date() < timedelta(35)
                day = self.today if ahead else last.at.date() + timedelta(21)
                deal.deadline = day + timedelta(weeks=weeks)
            else:
                deal.deadline = last.at.date() + timedelta(days=weeks - 4)

    def _in_time(self, deal: Deal) -> None:
        """Move what fell on weekends, keep the order, cut what lies ahead."""
        end = datetime.combine(self.today, time.min)
        before = None
        for step in deal.steps:
            if (late := step.at.weekday() - 4) > 0:
                step.at -= timedelta(late)
            if before and step.at <= before:
                step.at = before + timedelta(minutes=self.random.randint(20, 90))
            before = step.at
        deal.steps = [step for step in deal.steps if step.at < end]

    def _revalue(self, deal: Deal, where: int) -> None:
        """Let the value change between a step and the one before."""
        step, before = deal.steps[where], deal.steps[where - 1]
        first = round(deal.value * self.random.uniform(0.75, 1.4), -2)
        for earlier in deal.steps[:where]:
            earlier.value = first
        if before.active and self.random.random() < 0.7:
            middle = before.at + (step.at - before.at) / 2
            deal.steps.insert(where, replace(before, at=middle, value=deal.value))

    def _hand_over(self, deal: Deal, where: int) -> None:
        """Let a colleague of the same team have begun."""
        colleague = deal.seller ^ 1
        for earlier in deal.steps[:where]:
            earlier.seller = colleague

    def _moment(self, day: date) -> datetime:
        return datetime.combine(
            day, time(self.random.randint(8, 14), self.random.randint(0, 59))
        )

    # -- who and how much ---------------------------------------------------

    def _customer(self, day: date) -> Customer:
        """Return somebody who has been a customer for half a year by then."""
        since = day - timedelta(180)
        known = [c for c in self.story.customers if c.open]
        return self.random.choice(
            [c for c in known if c.subscriptions[0].start < since]
        )

    def _prospect(self, day: date, big: float = 1.0) -> Deal:
        """Return a deal with somebody new, or more for one of the customers.

        :param day: about when it begins
        :param big: how much likelier it is a big one
        """
        draw = self.random
        weights = (68, 24 * big, 8 * big)
        size = draw.choices(list(SIZES), weights)[0]
        _share, seats, price, plans = SIZES[size]
        plan = draw.choices(list(PLANS), plans)[0]
        months, left = PLANS[plan]
        monthly = draw.randint(*seats) * draw.randint(*price) * left
        values = {
            "source": self._source(won=False),
            "recurring": round(monthly * months, 2),
            "plan": plan,
        }
        if draw.random() < 0.2:
            customer = self._customer(day)
            return Deal(
                f"{customer.name}: {draw.choice(('more seats', 'larger edition'))}",
                round(monthly * 12, -1),
                customer.seller,
                customer=customer,
                **values,
            )
        sellers = (1, 1, 5, 7) if size == "Enterprise" else (4, 4, 1, 2)
        while True:
            name = f"{draw.choice(names.STEMS)} {draw.choice(list(names.FIELDS))}"
            if name not in self.used:
                break
        self.used.add(name)
        contact = f"{draw.choice(names.FIRST_NAMES)} {draw.choice(names.LAST_NAMES)}"
        return Deal(
            f"{name}: Platform {size}",
            round(monthly * 12, -1),
            draw.choices(range(4), sellers)[0],
            prospect=(name, contact),
            **values,
        )

    def _source(self, won: bool) -> str | None:
        return self._weighted(SOURCES, 0 if won else 1)

    def _weighted(self, choices: dict, column: int):
        weights = [row[column] for row in choices.values()]
        return self.random.choices(list(choices), weights)[0]
