"""Visits of deals in stages, computed from the log of leads."""

from odoo.tools import SQL

#: From so many leads on, what one transaction did to them is tidying up, not selling.
BULK_FROM = 10
#: events whose moment is that of a transaction
RECORDED = ["live", "backfill"]


def stays(event):
    """Return the SQL condition that an event leaves its lead in a stage.

    A deal stays nowhere while it is won, archived, gone, or a mere lead.

    :param SQL event: alias of the event
    """
    return SQL(
        """%(event)s.type = 'opportunity' AND %(event)s.active
           AND %(event)s.removed IS NULL AND %(event)s.stage_is_won IS NOT TRUE""",
        event=event,
    )


def company_of(event):
    """Return the SQL of the company that an event belongs to.

    :param SQL event: alias of the event
    """
    return SQL(
        """COALESCE(
               %(event)s.company_id,
               (SELECT company_id FROM crm_team WHERE id = %(event)s.team_id),
               (SELECT company_id FROM res_users WHERE id = %(event)s.user_id),
               -- whoever gives a deal a company at last gives it to the history too
               (SELECT company_id FROM crm_lead_event last
                 WHERE last.lead_key = %(event)s.lead_key
                 ORDER BY at DESC, id DESC LIMIT 1))""",
        event=event,
    )


def crowded(moments):
    """Return the moments at which one transaction changed many leads, as one SELECT.

    :param moments: SQL that selects the moments to look at
    """
    # most moments are of one lead: an index alone tells that
    return SQL(
        """SELECT at
             FROM (SELECT at FROM crm_lead_event WHERE at IN (%(moments)s)
                    GROUP BY at HAVING count(*) >= %(bulk_from)s) AS often
             JOIN crm_lead_event USING (at)
            WHERE source = ANY(%(recorded)s)
            GROUP BY at HAVING count(DISTINCT lead_key) >= %(bulk_from)s""",
        recorded=RECORDED,
        moments=moments,
        bulk_from=BULK_FROM,
    )


def pipelines():
    """Return the place of each stage in the pipeline of each team, as one SELECT.

    Columns: `team` (0: any team without stages of its own), `stage`, and how many
    open stages of that pipeline lie `below` it and `upto` it. Stages of no team belong
    to all pipelines.
    """
    return SQL(
        """
        SELECT teams.team, s.id AS stage,
               count(*) FILTER (WHERE k.sequence < s.sequence) AS below,
               count(*) FILTER (WHERE k.sequence <= s.sequence) AS upto
          FROM (SELECT 0 AS team UNION
                SELECT crm_team_id FROM crm_stage_crm_team_rel) AS teams
         CROSS JOIN crm_stage s
          LEFT JOIN crm_stage k
                 ON k.is_won IS NOT TRUE
                AND (NOT EXISTS (SELECT FROM crm_stage_crm_team_rel r
                                  WHERE r.crm_stage_id = k.id)
                     OR EXISTS (SELECT FROM crm_stage_crm_team_rel r
                                 WHERE r.crm_stage_id = k.id
                                   AND r.crm_team_id = teams.team))
         GROUP BY teams.team, s.id
        """
    )


def visits(scope):
    """Return the visits of leads, as one SELECT; see `crm.stage.visit`.

    Besides those that are left out: visits in no company, and deals without any.

    :param scope: function from the SQL of a lead's key to a condition, as in
        `crm.metrics.fact._fact_select`
    """
    return SQL(
        """
        WITH crowd AS MATERIALIZED (%(crowd)s), pipeline AS (%(pipelines)s),
        state AS (
            SELECT e.lead_key, e.at, e.id, e AS event, e.active, e.lost_reason_id,
                   e.user_id, e.company_id,
                   NOT e.active AND e.won_status = 'lost' AS lost,
                   CASE WHEN %(stays)s THEN e.stage_key END AS stay
              FROM crm_lead_event e
             WHERE %(scope)s
        ), neighbour AS (
            SELECT *, row_number() OVER w AS nth,
                   stay IS DISTINCT FROM lag(stay) OVER w AS begins,
                   stay IS DISTINCT FROM lead(stay) OVER w AS ends,
                   lead(event) OVER w AS next,
                   -- the same for a state and for those without activity after it
                   count(*) FILTER (WHERE active) OVER w AS run,
                   last_value(user_id) OVER whole AS owner_id,
                   last_value(company_id) OVER whole AS last_company_id
              FROM state
            WINDOW w AS (PARTITION BY lead_key ORDER BY at, id),
                   whole AS (w ROWS BETWEEN UNBOUNDED PRECEDING
                                        AND UNBOUNDED FOLLOWING)
        ), closing AS (
            -- what was archived may be lost later, and be given its reason later still
            SELECT *, bool_or(lost) OVER w AS is_lost,
                   (min(ARRAY[nth, lost_reason_id]) FILTER (
                        WHERE lost AND lost_reason_id IS NOT NULL) OVER w)[2]::int
                       AS reason_id
              FROM neighbour
             WHERE NOT active OR stay IS NOT NULL AND (begins OR ends)
            WINDOW w AS (PARTITION BY lead_key, run)
        ), visit AS (
            -- first and last state of a stay side by side
            SELECT *, event AS last, count(*) FILTER (WHERE begins) OVER w AS visit_no,
                   CASE WHEN begins THEN event ELSE lag(event) OVER w END AS first,
                   CASE WHEN begins THEN nth ELSE lag(nth) OVER w END = 1 AS is_born
              FROM closing
             WHERE stay IS NOT NULL AND (begins OR ends)
            WINDOW w AS (PARTITION BY lead_key ORDER BY nth)
        ), left_to AS (
            SELECT *,
                   CASE WHEN (next).id IS NULL THEN 'open'
                        WHEN (next).removed = 'merged' THEN 'moved'
                        WHEN is_lost THEN 'lost'
                        WHEN NOT (next).active OR (next).removed IS NOT NULL
                          OR (next).type <> 'opportunity' THEN 'archived'
                        WHEN (next).stage_is_won THEN 'won'
                        WHEN ((next).stage_sequence, (next).stage_key)
                           > ((last).stage_sequence, (last).stage_key) THEN 'forward'
                        WHEN ((next).stage_sequence, (next).stage_key)
                           < ((last).stage_sequence, (last).stage_key) THEN 'backward'
                        -- the place of a stage that was deleted long ago is unknown
                        ELSE 'moved' END AS outcome
              FROM visit
             WHERE ends
        )
        SELECT v.lead_key, v.visit_no::int AS visit_no,
               company.id AS company_id,
               (last).lead_id, (last).partner_id, (last).stage_id, (last).stage_key,
               (last).stage_name, (last).stage_sequence, FALSE AS stage_is_won,
               (first).at AS entered, (next).at AS "left",
               floor(extract(epoch FROM (next).at - (first).at) / 60)::float8 / 1440
                   AS days,
               v.outcome,
               CASE WHEN goes.on THEN (next).stage_id END AS next_stage_id,
               CASE WHEN goes.on THEN (next).stage_key END AS next_stage_key,
               CASE WHEN v.outcome IN ('forward', 'won')
                    THEN GREATEST(there.below - here.upto, 0) ELSE 0 END::int
                   AS skipped,
               CASE v.outcome WHEN 'lost' THEN v.reason_id
                              WHEN 'archived' THEN (next).lost_reason_id END
                   AS lost_reason_id,
               (first).expected_revenue AS value_entered,
               COALESCE((next).expected_revenue, (last).expected_revenue)
                   AS value_left,
               -- an issue is for whom the deal has now
               CASE WHEN company.id IS NULL THEN v.owner_id ELSE (last).user_id END
                   AS user_id,
               (last).team_id, v.owner_id,
               NOT (first).exact OR (next).exact IS FALSE AS inexact,
               v.outcome <> 'open'
                   AND (next).team_key IS DISTINCT FROM (last).team_key
                   AND (next).stage_key IS DISTINCT FROM (last).stage_key
                   AS team_reset,
               came.at IS NOT NULL OR went.at IS NOT NULL AS bulk,
               COALESCE((next).removed = 'merged', FALSE) AS merged,
               COALESCE((next).removed = 'deleted', FALSE) AS deleted,
               CASE WHEN company.id IS NULL THEN 'no_company' END AS issue,
               'crm.lead' AS res_model, v.lead_key AS res_id
          FROM left_to v
         CROSS JOIN LATERAL (
               SELECT v.outcome IN ('forward', 'backward', 'won', 'moved')
                      AND (next).removed IS NULL AS on) AS goes
          LEFT JOIN crm_team team ON team.id = (last).team_id
          LEFT JOIN res_users usr ON usr.id = (last).user_id
         CROSS JOIN LATERAL (
               SELECT COALESCE((last).company_id, team.company_id, usr.company_id,
                               v.last_company_id) AS id) AS company
          -- arrays, because they are taken to be short: the planner would prepare
          -- for a crowd at every other moment and sort all visits into files
          LEFT JOIN unnest(ARRAY(SELECT at FROM crowd)) AS came (at)
                 ON came.at = (first).at AND (first).source = ANY(%(recorded)s)
                AND NOT v.is_born
          LEFT JOIN unnest(ARRAY(SELECT at FROM crowd)) AS went (at)
                 ON went.at = (next).at AND (next).source = ANY(%(recorded)s)
          -- teams without stages of their own share a pipeline
          LEFT JOIN (SELECT DISTINCT team FROM pipeline WHERE team <> 0) own
                 ON own.team = (last).team_key
          LEFT JOIN pipeline here
                 ON here.stage = (last).stage_key
                AND here.team = COALESCE(own.team, 0)
          LEFT JOIN pipeline there
                 ON there.stage = (next).stage_key
                AND there.team = COALESCE(own.team, 0)
         UNION ALL %(stayless)s
        """,
        crowd=crowded(
            SQL(
                "SELECT at FROM crm_lead_event WHERE %s",
                scope(SQL.identifier("lead_key")),
            )
        ),
        pipelines=pipelines(),
        stays=stays(SQL("e")),
        scope=scope(SQL("e.lead_key")),
        recorded=RECORDED,
        stayless=stayless(scope),
    )


def stayless(scope):
    """Return the deals that are closed and never stayed anywhere, as one SELECT.

    They came into the log as won, lost or archived ones, by an import for example. In
    no figure of the pipeline is anything of them, so each is an issue.

    :param scope: as in :func:`visits`
    :return: SQL with the columns of :func:`visits`
    """
    return SQL(
        """
        SELECT e.lead_key, 0, company.id, e.lead_id, e.partner_id, e.stage_id,
               e.stage_key, e.stage_name, e.stage_sequence, e.stage_is_won, e.at, e.at,
               0, 'open', NULL, NULL, 0, NULL, e.expected_revenue, e.expected_revenue,
               e.user_id, e.team_id, e.user_id, FALSE, FALSE, FALSE, FALSE, FALSE,
               'no_stay', 'crm.lead', e.lead_key
          FROM (SELECT lead_key FROM crm_lead_event e
                 WHERE %(scope)s
                 GROUP BY lead_key
                HAVING NOT bool_or(COALESCE(%(stays)s AND e.stage_key IS NOT NULL,
                                            FALSE))) AS none
         CROSS JOIN LATERAL (
               SELECT * FROM crm_lead_event e
                WHERE e.lead_key = none.lead_key
                ORDER BY e.at DESC, e.id DESC LIMIT 1) AS e
         CROSS JOIN LATERAL (SELECT %(company)s AS id) AS company
         WHERE e.type = 'opportunity' AND e.removed IS NULL
           AND (e.stage_is_won OR e.active IS NOT TRUE)
        """,
        scope=scope(SQL("e.lead_key")),
        stays=stays(SQL("e")),
        company=company_of(SQL("e")),
    )
