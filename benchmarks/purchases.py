"""Measures of customers: scoring them, and reading customers x value x loyalty."""

import random
from datetime import date, timedelta

from odoo.api import Environment

from . import book
from .harness import Bench, copy, forget_peak, say, twin_of

SEED = 20261122
#: purchases of a customer, on average
EACH = 10
FIRST_DAY, LAST_DAY = date(2024, 11, 1), date(2026, 10, 31)
MONTHS = {"date_from": "2024-11-01", "date_to": "2026-10-31"}

PURCHASE = (
    "partner_key", "partner_id", "company_id", "date", "kind", "amount", "res_model",
    "res_id", "user_id", "team_id",
)  # fmt: skip

SCORES = """
    INSERT INTO bench_score (run_id, date, company_id, partner_id, recency_days,
        frequency, monetary, r, f, m, segment_id, value, loyalty, size)
    SELECT %(run)s, %(date)s, s.company_id, s.partner_id, %(date)s - last, frequency,
           monetary, r, f, m, cell.segment_id, round(spent / frequency, 2),
           frequency * 12.0 / 24, CASE WHEN p.is_company THEN 'small' ELSE 'person' END
      FROM (SELECT *, least(5, (rank() OVER (ORDER BY last) - 1) * 5 / n + 1) AS r,
                   least(5, (rank() OVER (ORDER BY frequency) - 1) * 5 / n + 1) AS f,
                   least(5, (rank() OVER (ORDER BY monetary) - 1) * 5 / n + 1) AS m
              FROM (SELECT company_id, partner_id, count(*) OVER () AS n,
                           max(date) FILTER (WHERE kind = 'purchase') AS last,
                           count(*) FILTER (WHERE kind = 'purchase') AS frequency,
                           sum(amount) AS monetary,
                           sum(amount) FILTER (WHERE kind = 'purchase') AS spent
                      FROM crm_purchase
                     WHERE partner_id IS NOT NULL
                       AND date BETWEEN %(first)s AND %(date)s
                     GROUP BY company_id, partner_id
                    HAVING count(*) FILTER (WHERE kind = 'purchase') > 0) AS sums
           ) AS s
      JOIN res_partner p ON p.id = s.partner_id
      JOIN crm_customer_segment_cell cell
           ON cell.recency = r AND cell.frequency_money = (f + m + 1) / 2
"""

PERIODS = """
    SELECT date_trunc('month', date::timestamp), count(DISTINCT partner_id),
           count(*), sum(amount)
      FROM crm_purchase
     WHERE kind = 'purchase' AND date BETWEEN %(date_from)s AND %(date_to)s
     GROUP BY 1
"""


def measure(bench: Bench, customers: int) -> None:
    """Score customers, and read their periods.

    The purchases are written as they stand in the fact: deriving them has measures of
    its own.
    """
    say(f"writing {EACH * customers} purchases of {customers} customers")
    bench.timed(lambda env: _fill(env, customers))
    _score(bench, EACH * customers)
    _read(bench)


def _fill(env: Environment, customers: int) -> None:
    """Replace what purchases there are."""
    chance = random.Random(SEED)
    first = book._partners(env, customers)
    company, days = env.company.id, (LAST_DAY - FIRST_DAY).days
    users = [env.uid, *env["res.users"].sudo().search([], limit=3).ids]
    teams = env["crm.team"].search([]).ids

    def rows():
        for number in range(EACH * customers):
            # some buy often, and many seldom
            customer = first + int(customers * chance.random() ** 1.5)
            amount = round(chance.lognormvariate(4, 1), 2)
            refund = chance.random() < 0.05
            yield (
                customer, customer, company,
                FIRST_DAY + timedelta(days=int(chance.random() * (days + 1))),
                "refund" if refund else "purchase", -amount if refund else amount,
                "crm.purchase.entry", number + 1, chance.choice(users),
                chance.choice(teams),
            )  # fmt: skip

    env.cr.execute("DELETE FROM crm_purchase")
    copy(env, "crm_purchase", PURCHASE, rows())
    env.cr.execute("ANALYZE")


def _score(bench: Bench, purchases: int) -> None:
    values = {"run": None, "date": LAST_DAY, "first": FIRST_DAY}

    def run(env):
        return env["crm.customer.score.run"].create({"date": LAST_DAY})

    # the run itself, for the keys of the twin
    _seconds, values["run"] = bench.timed(lambda env: run(env).id)
    with twin_of(bench, "crm_customer_score", "bench_score"):
        limit, _none = bench.timed(lambda env: env.cr.execute(SCORES, values))
        with bench.env() as env:
            env.cr.execute("SELECT count(*) FROM bench_score")
            (rows,) = env.cr.fetchone()
    with bench.env() as env:
        env["crm.customer.score.run"].browse(values["run"]).unlink()
    bench.execute("TRUNCATE crm_customer_score")
    forget_peak()
    seconds, scored = bench.timed(lambda env: run(env).customers)
    if scored != rows:
        raise AssertionError(f"{scored} customers were scored, of {rows}")
    bench.report("score_run", purchases, seconds, limit)


def _read(bench: Bench) -> None:
    with bench.env() as env:
        rows = env["crm.purchase"].search_count([])
    days = {name: date.fromisoformat(day) for name, day in MONTHS.items()}
    limit = bench.median(lambda env: env.cr.execute(PERIODS, days))
    forget_peak()
    bench.report(
        "nvl", rows, bench.median(lambda env: env["crm.metrics"].nvl(MONTHS)), limit
    )
