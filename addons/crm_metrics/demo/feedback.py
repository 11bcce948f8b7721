"""The feedback of the story: who was asked in 18 months, and what became of it.

Plain Python, no Odoo. All customers were asked in two waves, one before the price rise
and one after it; beside that whoever had signed, whoever was about to leave, and some
by hand. The rules are those of the app: nobody is asked twice within 90 days, no
account too often, nobody who opted out. What they said is in `feedback_answers.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from . import names
from .customers import Customer, Subscription
from .deals import Deal
from .feedback_answers import Answer, Answers
from .purchases import Purchases
from .story import MONTHS, SEED, Story

#: programs
WAVE, SIGNED, RENEWAL, HAND = "wave", "won", "renewal", "manual"
#: so far back people were asked, in days
DAYS = 548
#: months of the story in which the waves began
WAVES = (MONTHS - 14, MONTHS - 5)
#: so many days after a deal was won, and before a term ends
AFTER_SIGNING, BEFORE_RENEWAL = 14, 30
#: in hundredths: those of a wave who are asked
SAMPLE = 88
#: mails a day, most contacts of an account in so many days, days between two mails
CAP, ACCOUNT_LIMIT, ACCOUNT_DAYS, QUARANTINE = 60, 3, 30, 90
REMINDER_DAYS, EXPIRY_DAYS = 5, 30
#: so many days ago somebody chose whom to ask; the last ones may still answer
BY_HAND = (330, 200, 48, 6)
#: colleagues of whom only so many answer mail: size of the customer -> least and most
COLLEAGUES = {"Team": (0, 1), "Business": (0, 3), "Enterprise": (2, 5)}
#: why some are not asked, whatever the program
UNREACHABLE = ("bad_email", "double", "blacklisted", "erased", "archived") * 2
#: who answers, in hundredths: those who complain, those who have left, the others
ANSWERS = {"complains": 92, "left": 18, "other": 40}


@dataclass(eq=False)
class Person:
    """Somebody who may be asked, and what is known of them so far."""

    customer: Customer | None
    #: None: the address of the company itself
    name: str | None = None
    #: why nobody can ask them
    unreachable: str | None = None
    #: the deal in which they are a prospect
    deal: Deal | None = None
    asked: datetime | None = None
    refuses: str | None = None


@dataclass(eq=False)
class Invitation:
    """A person whom a program considered."""

    program: str
    person: Person
    at: datetime
    #: what triggered it: number of the wave, deal, subscription, moment of the batch
    trigger: int | Deal | Subscription | datetime
    state: str = "planned"
    reason: str | None = None
    planned: datetime | None = None
    sent: datetime | None = None
    last_sent: datetime | None = None
    reminders: int = 0
    expires: datetime | None = None
    answered: datetime | None = None
    uncertain: bool = False
    test: bool = False


class Feedback:
    """Everybody who was considered up to the day before today, and the answers."""

    def __init__(
        self, story: Story, purchases: Purchases, deals: list[Deal], today: date
    ):
        self.story = story
        self.deals = deals
        self.end = datetime.combine(today, time.min)
        self.random = Random(SEED + 3)
        self.complaining = self._complaining(purchases)
        self.people: dict[int, list[Person]] = {}
        for customer in story.customers:
            starts = [s.start for s in customer.subscriptions if s.start]
            if starts and min(starts) <= today:
                self.people[id(customer)] = self._people(customer)
        self._make_unreachable()
        self.colleague = Person(None, unreachable="internal")
        #: why some of those who were chosen by hand last were not asked then
        self.once: dict[int, str] = {}
        self.invitations: list[Invitation] = []
        self._ask_all()
        self.answers: list[Answer] = Answers(self).all

    # -- people -------------------------------------------------------------

    def _complaining(self, purchases: Purchases) -> set[int]:
        """Return customers who spend little, keep buying and are not happy."""
        lately = purchases.today - timedelta(45)
        buying = {id(p.customer) for p in purchases.all if p.day > lately}
        loyal = [id(customer) for customer in purchases.loyal]
        return {key for key in loyal[: len(loyal) * 7 // 10] if key in buying}

    def _people(self, customer: Customer) -> list[Person]:
        known = [customer.contact] if customer.contact else []
        for _each in range(self.random.randint(*COLLEAGUES[customer.size])):
            name = " ".join(
                map(self.random.choice, (names.FIRST_NAMES, names.LAST_NAMES))
            )
            if name not in known:
                known.append(name)
        return [Person(customer, name) for name in (None, *known)]

    def _make_unreachable(self) -> None:
        """Let some have no address, a wrong one, or one that must not be used."""
        alone = [people[0] for people in self.people.values() if len(people) == 1]
        for person in self.random.sample(alone, 3):
            person.unreachable = "no_email"
        colleagues = [
            person
            for people in self.people.values()
            for person in people[1:]
            if person.name != person.customer.contact
            and person.customer.since < WAVES[0]
        ]
        chosen = self.random.sample(colleagues, len(UNREACHABLE))
        for person, reason in zip(chosen, UNREACHABLE, strict=True):
            person.unreachable = reason

    def _signer(self, customer: Customer) -> Person:
        people = self.people[id(customer)]
        return next(each for each in people if each.name == customer.signer)

    # -- asking -------------------------------------------------------------

    def _ask_all(self) -> None:
        """Consider people in the order in which things happened."""
        occasions = [*self._waves(), *self._signed(), *self._renewals()]
        batches = [self.end - timedelta(days, hours=-10) for days in BY_HAND]
        occasions += [(at, HAND, at, None) for at in batches]
        first = self.end - timedelta(DAYS)
        for at, program, trigger, people in sorted(occasions, key=lambda each: each[0]):
            if first <= at < self.end:
                position = 0
                for person in people or self._by_hand(at, batches.index(at)):
                    invitation = Invitation(program, person, at, trigger)
                    self.invitations.append(invitation)
                    self._consider(invitation, position)
                    position += invitation.state != "skipped"
        self._close_before_asking()
        self._try_out()

    def _waves(self):
        for number, month in enumerate(WAVES, start=1):
            at = self._working(
                datetime.combine(self.story._first(month) + timedelta(8), time(7))
            )
            people = [
                person
                for key in self.people
                for person in self.people[key]
                if person.unreachable != "archived"
                and min(s.start for s in person.customer.subscriptions if s.start)
                < at.date()
            ]
            yield at, WAVE, number, people

    def _signed(self):
        for deal in self.deals:
            if deal.last.status == "won" and id(deal.customer) in self.people:
                at = deal.last.at + timedelta(AFTER_SIGNING)
                yield at, SIGNED, deal, [self._signer(deal.customer)]

    def _renewals(self):
        for customer in self.story.customers:
            for subscription in customer.subscriptions:
                # half of them were known to end
                if subscription.end and self.random.random() < 0.5:
                    day = subscription.end - timedelta(BEFORE_RENEWAL)
                    if subscription.start < day and id(customer) in self.people:
                        at = datetime.combine(day, time(6, 20))
                        yield at, RENEWAL, subscription, [self._signer(customer)]

    def _by_hand(self, at: datetime, number: int) -> list[Person]:
        """Return those whom somebody chose; some cannot be asked."""
        rested = at - timedelta(QUARANTINE + 10)
        able = [
            person
            for people in self.people.values()
            for person in people[1:]
            if not person.unreachable
            and not person.refuses
            and (not person.asked or person.asked < rested)
            and person.customer.open
            and person.customer.since < MONTHS - 12
            and id(person.customer) not in self.complaining
        ]
        chosen = self.random.sample(able, min(14, len(able)))
        self.once = {}
        if number == 0:
            # the first time only those were asked who had agreed to it
            self.once = {id(each): "no_consent" for each in chosen[:3]}
            prospects = [deal for deal in self.deals if deal.open and deal.prospect]
            chosen += [Person(None, deal=deal) for deal in prospects[:2]]
        if number == 1:
            self.once = {id(each): "late" for each in chosen[:2]}
            people = [each for key in self.people for each in self.people[key]]
            chosen += [each for each in people if each.unreachable == "archived"]
            chosen.append(self.colleague)
        return chosen

    def _consider(self, invitation: Invitation, position: int) -> None:
        """Plan a mail, or note why there is none.

        :param position: so many of the same occasion are asked before
        """
        if reason := self._skip_reason(invitation):
            invitation.state, invitation.reason = "skipped", reason
            return
        planned = self._working(invitation.at + timedelta(minutes=5))
        for _day in range(position // CAP):
            planned = self._working(planned + timedelta(1))
        seconds = 20 + position % CAP
        invitation.planned = planned
        self._send(invitation, planned + timedelta(seconds=seconds))

    def _skip_reason(self, invitation: Invitation) -> str | None:
        """Return the first reason not to ask, in the order of the app."""
        person, at = invitation.person, invitation.at
        if person.unreachable or person.refuses:
            return person.unreachable or person.refuses
        if id(person) in self.once and invitation.program == HAND:
            return self.once[id(person)]
        if person.deal:
            return "no_customer"
        if person.asked and at - person.asked < timedelta(QUARANTINE):
            return "quarantine"
        colleagues = self.people[id(person.customer)]
        since = at - timedelta(ACCOUNT_DAYS)
        if sum(bool(c.asked and c.asked > since) for c in colleagues) >= ACCOUNT_LIMIT:
            return "account"
        if invitation.program == WAVE and self.random.randrange(100) >= SAMPLE:
            return "not_sampled"
        return None

    def _send(self, invitation: Invitation, at: datetime) -> None:
        """Send the mail, and let happen what happens then."""
        person = invitation.person
        chance = self.random.random()
        if chance < 0.006:
            invitation.state = "failed"
            return
        person.asked = invitation.sent = invitation.last_sent = at
        invitation.expires = at + timedelta(EXPIRY_DAYS)
        if chance < 0.03:
            invitation.state, person.refuses = "bounced", "bounces"
            return
        invitation.uncertain = chance > 0.997
        answered = at + self._delay()
        if chance < 0.06 and answered < self.end:
            invitation.state, person.refuses = "declined", "opted_out"
        elif chance < 0.06 + self._share(invitation) and answered < self.end:
            invitation.state, invitation.answered = "answered", answered
        else:
            answered = self.end
            late = invitation.expires < self.end
            invitation.state = "expired" if late else "sent"
        reminder = at + timedelta(REMINDER_DAYS)
        # whom somebody chose, nobody reminds
        if reminder < answered and invitation.program != HAND:
            invitation.reminders, invitation.last_sent = 1, reminder

    def _share(self, invitation: Invitation) -> float:
        """Return how likely an answer is."""
        customer = invitation.person.customer
        if id(customer) in self.complaining and not invitation.person.name:
            kind = "complains"
        else:
            kind = "left" if self.leaves(customer, invitation.at.date()) else "other"
        # whom somebody chose is likelier to answer
        return min(ANSWERS[kind] + 15 * (invitation.program == HAND), 94) / 100

    def leaves(self, customer: Customer, day: date) -> bool:
        """Tell whether a customer has left by a day, or will within some months."""
        if customer.open or customer.left is None:
            return False
        return self.story._first(customer.left) - timedelta(120) <= day

    def _delay(self) -> timedelta:
        """Half answer within 20 hours, some only when they are reminded."""
        hours = 20 * math.exp(self.random.gauss(0, 1.3))
        return timedelta(minutes=min(60 * hours, 60 * 24 * (EXPIRY_DAYS - 1)))

    def _close_before_asking(self) -> None:
        """A subscription was closed in the morning before the mail could leave."""
        invitation = next(
            each
            for each in reversed(self.invitations)
            if each.program == RENEWAL
            and each.trigger.close_reason
            and each.state in ("sent", "expired")
        )
        invitation.state, invitation.reason = "skipped", "no_longer"
        invitation.planned = invitation.sent = invitation.last_sent = None
        invitation.reminders, invitation.expires = 0, None
        invitation.uncertain = False

    def _try_out(self) -> None:
        """Somebody sent a trial to himself, before the first ones were chosen."""
        at = self.end - timedelta(BY_HAND[0], hours=-9)
        self.invitations.append(
            Invitation(
                HAND,
                self.colleague,
                at,
                at,
                state="answered",
                planned=at,
                sent=at,
                last_sent=at,
                expires=at + timedelta(EXPIRY_DAYS),
                answered=at + timedelta(minutes=4),
                test=True,
            )
        )

    @staticmethod
    def _working(at: datetime) -> datetime:
        """Return the next moment in working hours."""
        if at.hour >= 17:
            at = datetime.combine(at.date() + timedelta(1), time(9))
        if at.hour < 9:
            at = at.replace(hour=9, minute=0, second=0)
        return at + timedelta(max(0, 7 - at.weekday()) if at.weekday() > 4 else 0)
