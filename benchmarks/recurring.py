"""Measures of recurring revenue: filling, rebuilding, refreshing, reading."""

import json
from datetime import date

from . import book
from .harness import Bench, forget_peak, say

FACTS = ("crm.mrr.segment", "crm.mrr.movement")
MONTHS = {"date_from": "2021-11-01", "date_to": "2026-10-31"}

SEGMENTS = """
    INSERT INTO bench_segment (partner_id, res_model, res_id, date_from, company_id,
        user_id, team_id, lead_id, recurring_plan_id, currency_id, date_to,
        rate_currency, rate)
    SELECT p.commercial_partner_id, 'crm.subscription.line', l.id, l.date_start,
        s.company_id, s.user_id, s.team_id, s.lead_id, l.recurring_plan_id,
        s.currency_id, l.date_end + 1,
        round(l.quantity * l.price_unit * (1 - l.discount / 100)
              / r.number_of_months, 2),
        round(l.quantity * l.price_unit * (1 - l.discount / 100)
              / r.number_of_months, 2)
      FROM crm_subscription_line l
      JOIN crm_subscription s ON s.id = l.subscription_id
      JOIN res_partner p ON p.id = s.partner_id
      JOIN crm_recurring_plan r ON r.id = l.recurring_plan_id
"""

MOVEMENTS = """
    INSERT INTO bench_movement (partner_id, segment_id, date, kind, company_id, amount,
        customers, lead_id, team_id, user_id)
    WITH edge AS (
        SELECT s.*, e.date, e.amount, s.res_id AS line
          FROM bench_segment s
         CROSS JOIN LATERAL (
               VALUES (s.date_from, s.rate), (s.date_to, -s.rate)) AS e (date, amount)
         WHERE e.date IS NOT NULL
    ), day AS (
        SELECT company_id, partner_id, date, sum(amount) AS net, min(line) AS line
          FROM edge GROUP BY company_id, partner_id, date
    ), balance AS (
        SELECT *, sum(net) OVER w AS closing, row_number() OVER w AS nth
          FROM day WINDOW w AS (PARTITION BY company_id, partner_id ORDER BY date)
    )
    SELECT e.partner_id, e.id, e.date, k.kind, e.company_id, e.amount,
           CASE WHEN b.line <> e.line THEN 0
                WHEN k.kind IN ('new', 'reactivation') THEN 1
                WHEN k.kind = 'churn' THEN -1 ELSE 0 END,
           e.lead_id, e.team_id, e.user_id
      FROM edge e
      JOIN balance b USING (company_id, partner_id, date)
     CROSS JOIN LATERAL (
           SELECT CASE WHEN b.net = 0 THEN 'transfer' WHEN b.nth = 1 THEN 'new'
                       WHEN b.closing = b.net THEN 'reactivation'
                       WHEN b.closing = 0 THEN 'churn'
                       WHEN b.net > 0 THEN 'expansion'
                       ELSE 'contraction' END AS kind) AS k
"""

WATERFALL = """
    SELECT company_id, CASE WHEN date >= %(date_from)s
                            THEN date_trunc('month', date::timestamp)::date END,
           kind, sum(amount), sum(customers)
      FROM crm_mrr_movement
     WHERE date <= %(date_to)s
     GROUP BY 1, 2, 3
"""


def measure(bench: Bench, customers: int) -> None:
    say(f"writing a book of {customers} customers")
    _seconds, lines = bench.timed(lambda env: book.fill(env, customers))
    _fill(bench, lines)
    _rebuild(bench)
    _refresh(bench)
    _read(bench)


def _recompute(bench: Bench) -> tuple[float, int, int]:
    """Rebuild both facts, one transaction each: seconds, rows, changed."""
    seconds = rows = changed = 0
    for fact in FACTS:
        spent, result = bench.timed(
            lambda env, fact=fact: env["crm.metrics.engine"].recompute(fact)
        )
        seconds += spent
        rows += result["rows"]
        changed += result["changed"]
    return seconds, rows, changed


def _fill(bench: Bench, lines: int) -> None:
    limit = _bare_fill(bench)
    forget_peak()
    seconds, rows, _changed = _recompute(bench)
    bench.report("mrr_fill", rows, seconds, limit)


def _bare_fill(bench: Bench) -> float:
    """Seconds of two bare INSERTs into twins of the facts."""
    for name in ("segment", "movement"):
        table, twin = f"crm_mrr_{name}", f"bench_{name}"
        bench.execute(f"CREATE TABLE {twin} (LIKE {table} INCLUDING ALL)")
        with bench.registry.cursor() as cr:
            cr.execute(
                """SELECT pg_get_constraintdef(oid) FROM pg_constraint
                    WHERE conrelid = %s::regclass AND contype = 'f'""",
                [table],
            )
            for (definition,) in cr.fetchall():
                definition = definition.replace("crm_mrr_segment", "bench_segment")
                cr.execute(f"ALTER TABLE {twin} ADD {definition}")
    segments, _none = bench.timed(lambda env: env.cr.execute(SEGMENTS))
    bench.execute("ANALYZE bench_segment")
    movements, _none = bench.timed(lambda env: env.cr.execute(MOVEMENTS))
    bench.execute("DROP TABLE bench_movement, bench_segment")
    return segments + movements


def _rebuild(bench: Bench) -> None:
    forget_peak()
    seconds, rows, changed = _recompute(bench)
    if changed:
        raise AssertionError(f"a rebuild of untouched data changed {changed} rows")
    bench.report("mrr_rebuild", rows, seconds)
    bench.execute(
        "UPDATE crm_subscription_line SET price_unit = price_unit + 1 WHERE id % 100 = 0"
    )
    forget_peak()
    seconds, rows, changed = _recompute(bench)
    if not changed:
        raise AssertionError("a rebuild after changes changed nothing")
    bench.report("mrr_rebuild_1pct", rows, seconds)


def _refresh(bench: Bench) -> None:
    def change(env):
        env.cr.execute(
            """UPDATE crm_subscription_line l SET price_unit = price_unit + 1
                 FROM crm_subscription s
                WHERE s.id = l.subscription_id AND s.partner_id % 200 = 7
                  AND s.partner_id IN (
                      SELECT partner_id FROM crm_mrr_segment
                       WHERE partner_id % 200 = 7 GROUP BY 1 LIMIT 100)
            RETURNING s.partner_id"""
        )
        customers = {partner for (partner,) in env.cr.fetchall()}
        env["crm.metrics.queue"]._push_customers(customers)
        return customers

    _seconds, customers = bench.timed(change)
    forget_peak()
    seconds, _none = bench.timed(lambda env: env["crm.metrics.engine"]._cron_refresh())
    with bench.env() as env:
        waiting = env["crm.metrics.queue"]._waiting()
    if waiting:
        raise AssertionError(f"a refresh left keys in the queue: {json.dumps(waiting)}")
    bench.report("mrr_refresh", len(customers), seconds)


def _read(bench: Bench) -> None:
    rows = bench.timed(lambda env: env["crm.mrr.movement"].search_count([]))[1]
    days = {name: date.fromisoformat(day) for name, day in MONTHS.items()}
    limit = bench.median(lambda env: env.cr.execute(WATERFALL, days))
    for name, view in (("recurring", "activity"), ("recurring_net", "net")):
        options = {**MONTHS, "view": view}
        forget_peak()
        seconds = bench.median(
            lambda env, options=options: env["crm.metrics"].recurring(options)
        )
        bench.report(name, rows, seconds, limit if view == "activity" else None)
