"""Measures of recurring revenue: filling, rebuilding, refreshing, reading."""

import json
from datetime import date

from . import book
from .harness import Bench, forget_peak, say, twin_of

FACTS = ("crm.mrr.segment", "crm.mrr.movement")
MONTHS = {"date_from": "2021-11-01", "date_to": "2026-10-31"}

CHANGE = """
    CASE WHEN {old}.id IS NULL OR {new}.id IS NULL THEN 'item'
         WHEN {old}.recurring_plan_id <> {new}.recurring_plan_id THEN 'plan'
         WHEN {old}.discount <> {new}.discount THEN 'discount'
         WHEN {old}.price_unit <> {new}.price_unit THEN 'price'
         WHEN {old}.quantity <> {new}.quantity THEN 'quantity' END
"""

SEGMENTS = f"""
    INSERT INTO bench_segment (partner_id, res_model, res_id, date_from, company_id,
        user_id, team_id, lead_id, recurring_plan_id, currency_id, date_to,
        rate_currency, rate, paused, close_reason_id, start_reason, end_reason)
    SELECT p.commercial_partner_id, 'crm.subscription.line', l.id, l.date_start,
        s.company_id, s.user_id, s.team_id, s.lead_id, l.recurring_plan_id,
        s.currency_id, l.date_end + 1, rate.rate, rate.rate, FALSE, s.close_reason_id,
        {CHANGE.format(old="previous", new="l")}, {CHANGE.format(old="l", new="next")}
      FROM crm_subscription_line l
      JOIN crm_subscription s ON s.id = l.subscription_id
      JOIN res_partner p ON p.id = s.partner_id
      JOIN crm_recurring_plan r ON r.id = l.recurring_plan_id
      LEFT JOIN crm_subscription_line previous ON previous.id = l.previous_line_id
      LEFT JOIN crm_subscription_line next ON next.previous_line_id = l.id
     CROSS JOIN LATERAL (
           SELECT round(l.quantity * l.price_unit * (1 - l.discount / 100)
                        / r.number_of_months, 2) AS rate) AS rate
"""

MOVEMENTS = """
    INSERT INTO bench_movement (partner_id, segment_id, date, kind, company_id, amount,
        customers, reason, close_reason_id, renewal_due, lead_id, team_id, user_id)
    WITH edge AS (
        SELECT s.*, e.date, e.amount, e.ends, e.reason, s.res_id AS line
          FROM bench_segment s
         CROSS JOIN LATERAL (
               VALUES (s.date_from, s.rate, FALSE, s.start_reason),
                      (s.date_to, -s.rate, TRUE, s.end_reason)
         ) AS e (date, amount, ends, reason)
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
           CASE WHEN k.kind IN ('new', 'reactivation') THEN NULL
                WHEN k.kind = 'churn' THEN 'unknown' ELSE e.reason END,
           e.close_reason_id, e.ends AND e.reason = 'item',
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
    with (
        twin_of(bench, "crm_mrr_segment", "bench_segment"),
        twin_of(
            bench, "crm_mrr_movement", "bench_movement", crm_mrr_segment="bench_segment"
        ),
    ):
        segments, _none = bench.timed(lambda env: env.cr.execute(SEGMENTS))
        bench.execute("ANALYZE bench_segment")
        movements, _none = bench.timed(lambda env: env.cr.execute(MOVEMENTS))
    return segments + movements


def _rebuild(bench: Bench) -> None:
    forget_peak()
    seconds, rows, changed = _recompute(bench)
    if changed:
        raise AssertionError(f"a rebuild of untouched data changed {changed} rows")
    bench.report("mrr_rebuild", rows, seconds)
    bench.execute(
        "UPDATE crm_subscription_line SET price_unit = price_unit + 1"
        " WHERE id % 100 = 0"
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

    def periods(env):
        metrics = env["crm.metrics"]
        options = metrics._recurring_options(MONTHS, {"view": ("activity",)})
        last, _moment = metrics._as_of(options)
        rates = metrics._conversion_rates(options["companies"], last)
        return metrics._recurring_periods(options, last, None, rates)

    def whole(view):
        return lambda env: env["crm.metrics"].recurring({**MONTHS, "view": view})

    for name, work, bare in (
        ("recurring", periods, limit),
        ("recurring_kpis", whole("activity"), None),
        ("recurring_net", whole("net"), None),
    ):
        forget_peak()
        bench.report(name, rows, bench.median(work), bare)
