"""What the customers of the demo data answered, and who called them back.

Plain Python, no Odoo. Before the prices rose most were content; in the months after
that fewer were, and it is slowly getting better. Who spends little and keeps buying is
treated badly, and says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from .comments import COMMENTS, DETRACTOR, PASSIVE, PROMOTER, SUPPORT, language
from .story import BAD_QUARTER, PRICE_RISE, SEED

if TYPE_CHECKING:
    from .feedback import Feedback, Invitation

#: bucket -> scores and how often they are given
SCORES = {
    PROMOTER: {10: 55, 9: 45},
    PASSIVE: {8: 55, 7: 45},
    DETRACTOR: {6: 30, 5: 26, 4: 13, 3: 12, 2: 8, 1: 3, 0: 8},
}
#: promoters, passives and detractors in hundredths, by how things are
MOODS = {
    "complains": (0, 0, 100),
    "leaves": (18, 34, 48),
    "bad": (52, 32, 16),
    "later": (60, 30, 10),
    "good": (57, 29, 14),
    "passer-by": (40, 25, 35),
}
#: share of those who write something, in hundredths
WRITES = {PROMOTER: 58, PASSIVE: 55, DETRACTOR: 82}
FOLLOW_UP_HOURS = 24
#: half of the detractors are called within so many hours; salesperson -> hours
CALLED_WITHIN = (19, 15, 6, 11)
OUTCOMES = {"recovered": 42, "understood": 28, "not_reached": 12, "lost": 18}
#: answers by the public link, over so many days
PUBLIC, PUBLIC_DAYS = 26, 240
#: why a manager took answers out of the score
EXCLUDED = ("Meant another supplier, said so on the phone", "Answered by mistake")
#: who waits for a call: score, comment and what it is about
YESTERDAY = (3, "Third ticket about the same thing. Nobody calls back.", (SUPPORT,))
#: what programs that open links in mails did, and how it was noticed
SUSPECT = ("automatic", "early", "scores")


@dataclass(eq=False)
class Answer:
    at: datetime
    score: int
    comment: str | None = None
    tags: tuple[str, ...] = ()
    #: None: by the public link
    invitation: Invitation | None = None
    state: str = "counted"
    #: why it is not counted
    reason: str | None = None
    due: datetime | None = None
    contacted: datetime | None = None
    escalated: datetime | None = None
    outcome: str | None = None

    @property
    def bucket(self) -> str:
        return (
            PROMOTER if self.score >= 9 else PASSIVE if self.score >= 7 else DETRACTOR
        )


class Answers:
    """All answers, the oldest first."""

    def __init__(self, feedback: Feedback):
        self.feedback = feedback
        self.end = feedback.end
        self.random = Random(SEED + 4)
        self.unsaid: dict[tuple[str, str], list] = {}
        self.all: list[Answer] = []
        for invitation in feedback.invitations:
            if invitation.answered:
                self._answer(invitation)
        self._complain_yesterday()
        self._doubt()
        self._exclude()
        for answer in self.all:
            if answer.bucket == DETRACTOR and answer.state == "counted":
                if not answer.invitation.test:
                    self._follow_up(answer)
        self._answer_in_public()
        self.all.sort(key=lambda answer: answer.at)

    def _complain_yesterday(self) -> None:
        """Let one of those asked last be unhappy, and nobody have called yet."""
        invitation = next(
            invitation
            for invitation in self.feedback.invitations
            if invitation.state == "sent"
            and invitation.program == "manual"
            and self.end - invitation.at < timedelta(7)
        )
        invitation.state = "answered"
        invitation.answered = self.end - timedelta(hours=8, minutes=21)
        score, comment, tags = YESTERDAY
        self.all.append(
            Answer(invitation.answered, score, comment, tags, invitation=invitation)
        )

    def _answer(self, invitation: Invitation) -> None:
        person = invitation.person
        bucket = self._weighted(dict(zip(SCORES, self._mood(invitation), strict=True)))
        answer = Answer(invitation.answered, self._weighted(SCORES[bucket]))
        answer.invitation = invitation
        if person.customer:
            self._write(answer, language(person.name, person.customer.country))
        self.all.append(answer)

    def _mood(self, invitation: Invitation) -> tuple[int, ...]:
        customer = invitation.person.customer
        if not customer:
            return MOODS["good"]
        day, first = invitation.answered.date(), self.feedback.story._first
        complains = id(customer) in self.feedback.complaining
        if complains and day >= first(PRICE_RISE):
            return MOODS["complains"]
        if self.feedback.leaves(customer, day):
            return MOODS["leaves"]
        if day < first(PRICE_RISE):
            return MOODS["good"]
        if day < first(BAD_QUARTER.stop + 1):
            return MOODS["bad"]
        # key accounts are looked after
        return MOODS["good" if customer.seller > 1 else "later"]

    def _write(self, answer: Answer, tongue: str) -> None:
        """Let most say why, each sentence as late again as can be."""
        if self.random.randrange(100) >= WRITES[answer.bucket]:
            return
        if tongue not in ("ru", "ar") and self.random.random() < 0.4:
            tongue = "en"
        left = self.unsaid.setdefault((answer.bucket, tongue), [])
        if not left:
            left += COMMENTS[answer.bucket][tongue]
            self.random.shuffle(left)
        answer.comment, answer.tags = left.pop()

    # -- what does not count ------------------------------------------------

    def _doubt(self) -> None:
        """Programs looked into some mails and voted; two of the people did later."""
        wave = [
            invitation
            for invitation in self.feedback.invitations
            if invitation.program == "wave"
        ]
        answered = [each for each in wave if each.state == "answered"]
        expired = [each for each in wave if each.state == "expired"]
        for invitation, reason, score in zip(
            (answered[-9], answered[-23], expired[-4]), SUSPECT, (0, 0, 10), strict=True
        ):
            self.all.append(
                Answer(
                    invitation.sent + timedelta(seconds=4),
                    score,
                    invitation=invitation,
                    state="suspect",
                    reason=reason,
                )
            )

    def _exclude(self) -> None:
        counted = [
            answer
            for answer in self.all
            if answer.state == "counted"
            and answer.bucket == DETRACTOR
            and answer.invitation.program != "manual"
            and id(answer.invitation.person.customer) not in self.feedback.complaining
        ]
        for answer, reason in zip((counted[5], counted[-3]), EXCLUDED, strict=True):
            answer.state, answer.reason = "excluded", reason

    # -- what is done about it ----------------------------------------------

    def _follow_up(self, answer: Answer) -> None:
        """Let a salesperson call a detractor, mostly in time."""
        customer = answer.invitation.person.customer
        answer.due = answer.at + timedelta(hours=FOLLOW_UP_HOURS)
        hours = CALLED_WITHIN[customer.seller] * math.exp(self.random.gauss(0, 0.7))
        called = answer.at + timedelta(minutes=60 * hours)
        called += timedelta(max(0, 7 - called.weekday()) if called.weekday() > 4 else 0)
        if answer.due < min(called, self.end):
            answer.escalated = answer.due + timedelta(minutes=10)
        if called < self.end and self.end - answer.at > timedelta(1):
            answer.contacted = called
            outcome = self._weighted(OUTCOMES)
            # nobody is lost who still pays
            lost = outcome == "lost" and customer.open
            answer.outcome = "understood" if lost else outcome

    def _answer_in_public(self) -> None:
        """Passers-by found the link on the counter or under a letter."""
        for _each in range(PUBLIC):
            minutes = self.random.randrange(PUBLIC_DAYS * 24 * 60)
            bucket = self._weighted(
                dict(zip(SCORES, MOODS["passer-by"], strict=True)),
            )
            answer = Answer(
                self.end - timedelta(minutes=minutes + 60),
                self._weighted(SCORES[bucket]),
            )
            self._write(answer, "en")
            self.all.append(answer)

    def _weighted(self, choices: dict):
        return self.random.choices(list(choices), list(choices.values()))[0]
