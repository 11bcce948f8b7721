"""Measure of feedback: reading scores, trend, change, accounts and response."""

import hashlib
import random
from datetime import date, datetime, timedelta

from odoo.api import Environment

from . import purchases
from .harness import Bench, copy, forget_peak, say

SEED = 20261122
#: answers of a customer, and invitations of an answer, on average
EACH, ASKED = 5, 3
FIRST_DAY, LAST_DAY = date(2022, 11, 1), date(2026, 10, 31)
#: half of the answers are in the span that is compared with
RANGE = {"date_from": "2024-11-01", "date_to": "2026-10-31"}
STATES = ("skipped", "sent", "expired", "bounced", "declined")

ANSWER = (
    "program_id", "company_id", "wave", "partner_id", "account_id", "person", "score",
    "bucket", "comment", "date", "state",
)  # fmt: skip
INVITATION = (
    "program_id", "company_id", "wave", "partner_id", "account_id", "state",
    "skip_reason", "date", "sent_at",
)  # fmt: skip

#: votes by month and score, which is no more than a part of what is asked for
VOTES = """
    SELECT date_trunc('month', date), score, count(*)
      FROM (SELECT DISTINCT ON (program_id, wave, person) date, score
              FROM crm_nps_answer
             WHERE state = 'counted' AND date >= %(date_from)s
             ORDER BY program_id, wave, person, date DESC, id DESC) AS vote
     GROUP BY 1, 2
"""


def measure(bench: Bench, answers: int) -> None:
    """Read scores of that many answers, of customers who have bought something."""
    say(f"writing {answers} answers and {ASKED * answers} invitations")
    bench.timed(lambda env: _fill(env, answers))
    limit = bench.median(lambda env: env.cr.execute(VOTES, RANGE))
    forget_peak()
    seconds = bench.median(lambda env: env["crm.metrics"].nps(RANGE))
    bench.report("nps", answers, seconds, limit)


def _fill(env: Environment, answers: int) -> None:
    """Replace what answers, invitations and purchases there are."""
    chance = random.Random(SEED)
    customers = answers // EACH
    purchases._fill(env, customers)
    env.cr.execute("SELECT min(partner_id) FROM crm_purchase")
    (first,) = env.cr.fetchone()
    env.cr.execute("DELETE FROM crm_nps_answer")
    env.cr.execute("DELETE FROM crm_nps_invitation")
    programs = env["crm.nps.program"].create(
        [{"name": f"Program {number}"} for number in range(4)]
    )
    env.flush_all()
    days, company = (LAST_DAY - FIRST_DAY).days, env.company.id

    def one(number):
        customer = first + chance.randrange(customers)
        moment = datetime(*FIRST_DAY.timetuple()[:3], 10) + timedelta(
            days=int(chance.random() * (days + 1))
        )
        return (
            chance.choice(programs.ids), company, f"wave,{number % 20}", customer,
            customer,
        ), moment  # fmt: skip

    def answer_rows():
        for number in range(answers):
            start, moment = one(number)
            score = min(10, max(0, round(chance.gauss(8, 2.5))))
            yield (
                *start, hashlib.sha256(str(start[3]).encode()).hexdigest(), score,
                "promoter" if score > 8 else "passive" if score > 6 else "detractor",
                "What they say" if chance.random() < 0.3 else None, moment,
                chance.choices(("counted", "excluded", "suspect"), (97, 1, 2))[0],
            )  # fmt: skip

    def invitation_rows():
        for number in range(ASKED * answers):
            start, moment = one(number)
            state = chance.choice(STATES) if number % ASKED else "answered"
            skipped = state == "skipped"
            yield (
                *start, state, "quarantine" if skipped else None, moment,
                None if skipped else moment,
            )  # fmt: skip

    copy(env, "crm_nps_answer", ANSWER, answer_rows())
    copy(env, "crm_nps_invitation", INVITATION, invitation_rows())
    env.cr.execute("ANALYZE")
