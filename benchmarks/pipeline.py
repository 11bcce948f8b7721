"""Measures of the pipeline: filling and rebuilding the visits."""

from . import deals
from .harness import Bench, forget_peak, say, twin_of

FACT = "crm.stage.visit"

VISITS = """
    INSERT INTO bench_visit (lead_key, visit_no, company_id, lead_id, partner_id,
        stage_id, stage_key, stage_name, stage_sequence, stage_is_won, entered, "left",
        days, outcome, next_stage_id, next_stage_key, skipped, lost_reason_id,
        value_entered, value_left, user_id, team_id, owner_id, inexact, team_reset,
        bulk, merged, deleted)
    WITH tidied AS (
        SELECT at FROM crm_lead_event GROUP BY at HAVING count(*) >= 10
    ), event AS (
        SELECT *, active AND NOT stage_is_won AS stays,
               count(*) OVER w AS nth,
               lag(stage_id) OVER w AS stage_before,
               last_value(user_id) OVER (
                   w ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS owner
          FROM crm_lead_event
        WINDOW w AS (PARTITION BY lead_key ORDER BY at, id)
    ), arrival AS (
        SELECT *, lead(at) OVER w AS gone_at, lead(stage_id) OVER w AS next_id,
               lead(stage_sequence) OVER w AS next_sequence,
               lead(won_status) OVER w AS next_status,
               lead(lost_reason_id) OVER w AS next_reason,
               lead(team_id) OVER w AS next_team,
               lead(expected_revenue) OVER w AS next_value,
               row_number() OVER w AS visit_no
          FROM event
         WHERE nth = 1 OR stage_id <> stage_before OR NOT active
        WINDOW w AS (PARTITION BY lead_key ORDER BY nth)
    )
    SELECT a.lead_key, a.visit_no, a.company_id, a.lead_id, a.partner_id, a.stage_id,
           a.stage_key, a.stage_name, a.stage_sequence, FALSE, a.at, a.gone_at,
           floor(extract(epoch FROM a.gone_at - a.at) / 60) / 1440,
           CASE WHEN a.gone_at IS NULL THEN 'open'
                WHEN a.next_status <> 'pending' THEN a.next_status
                WHEN a.next_sequence > a.stage_sequence THEN 'forward'
                ELSE 'backward' END,
           CASE WHEN a.next_status <> 'lost' THEN a.next_id END,
           CASE WHEN a.next_status <> 'lost' THEN a.next_id END,
           CASE WHEN a.next_sequence > a.stage_sequence
                THEN (SELECT count(*) FROM crm_stage k
                       WHERE NOT k.is_won AND k.sequence > a.stage_sequence
                         AND k.sequence < a.next_sequence) ELSE 0 END,
           a.next_reason, a.expected_revenue,
           COALESCE(a.next_value, a.expected_revenue), a.user_id, a.team_id, a.owner,
           NOT a.exact, a.team_id <> a.next_team,
           nth > 1 AND entry.at IS NOT NULL OR leave.at IS NOT NULL, FALSE, FALSE
      FROM arrival a
      LEFT JOIN tidied entry ON entry.at = a.at
      LEFT JOIN tidied leave ON leave.at = a.gone_at
     WHERE a.stays
"""


def measure(bench: Bench, leads: int) -> None:
    say(f"writing the history of {leads} deals")
    bench.timed(lambda env: deals.fill(env, leads))
    _fill(bench)
    _rebuild(bench)


def _recompute(bench: Bench) -> tuple[float, int, int]:
    """Rebuild the visits: seconds, rows, changed."""
    seconds, result = bench.timed(lambda env: env["crm.metrics.engine"].recompute(FACT))
    return seconds, result["rows"], result["changed"]


def _fill(bench: Bench) -> None:
    bench.execute("TRUNCATE crm_stage_visit")
    with twin_of(bench, "crm_stage_visit", "bench_visit"):
        limit, _none = bench.timed(lambda env: env.cr.execute(VISITS))
    forget_peak()
    seconds, rows, _changed = _recompute(bench)
    bench.report("visit_fill", rows, seconds, limit)


def _rebuild(bench: Bench) -> None:
    forget_peak()
    seconds, rows, changed = _recompute(bench)
    if changed:
        raise AssertionError(f"a rebuild of untouched data changed {changed} rows")
    bench.report("visit_rebuild", rows, seconds)
