"""The statement that logs leads, as a function of the database.

It runs at the end of each transaction that changes a lead, mostly for a single one.
PostgreSQL takes three times longer to parse and plan it than to execute it; the plan
of a function is made once per connection.
"""

from odoo.tools import SQL

from .crm_metrics_fact import CrmMetricsFact

columns = CrmMetricsFact._fact_sql_columns

#: what an event says of its lead
STATE = (
    "lead_id",
    "lead_key",
    "type",
    "stage_id",
    "stage_key",
    "stage_name",
    "stage_sequence",
    "stage_is_won",
    "active",
    "won_status",
    "lost_reason_id",
    "expected_revenue",
    "recurring_revenue",
    "probability",
    "is_automated_probability",
    "date_deadline",
    "company_id",
    "partner_id",
    "user_id",
    "user_key",
    "team_id",
    "team_key",
    "removed",
)
#: what it does not make an event when it changes: nothing happens to a lead when its
#: stage is renamed or the scoring runs; records that are deleted leave their keys
SILENT = {
    "lead_id",
    "lead_key",
    "stage_id",
    "stage_name",
    "stage_sequence",
    "probability",
    "user_id",
    "team_id",
}
#: what it says of itself
ABOUT = ("at", "author_id", "source", "exact")


def lead_state(condition, removed=None):
    """Return the present state of leads, as one SELECT.

    :param condition: SQL on `l`, the table of leads
    :param removed: SQL that says how they go, or NULL
    """
    return SQL(
        """
        SELECT l.id AS lead_id, l.id AS lead_key, l.type, l.stage_id,
               l.stage_id AS stage_key, s.name ->> 'en_US' AS stage_name,
               s.sequence AS stage_sequence, COALESCE(s.is_won, FALSE) AS stage_is_won,
               %(removed)s IS NULL AND l.active IS TRUE AS active,
               l.won_status, l.lost_reason_id,
               COALESCE(l.expected_revenue, 0) AS expected_revenue,
               COALESCE(l.recurring_revenue, 0) AS recurring_revenue,
               l.probability,
               round(l.probability::numeric, 2)
                   IS NOT DISTINCT FROM round(l.automated_probability::numeric, 2)
                   AS is_automated_probability,
               l.date_deadline, l.company_id, p.commercial_partner_id AS partner_id,
               l.user_id, l.user_id AS user_key, l.team_id, l.team_id AS team_key,
               %(removed)s AS removed, l.write_date, l.write_uid
          FROM crm_lead l
          LEFT JOIN crm_stage s ON s.id = l.stage_id
          LEFT JOIN res_partner p ON p.id = l.partner_id
         WHERE %(condition)s
        """,
        removed=removed or SQL("NULL::varchar"),
        condition=condition,
    )


def followed(alias):
    """Return what of a state is compared, as a list of SQL columns."""
    return SQL(
        """%(columns)s,
           CASE WHEN NOT %(alias)s.is_automated_probability
                THEN %(alias)s.probability END""",
        columns=columns([name for name in STATE if name not in SILENT], alias),
        alias=SQL.identifier(alias),
    )


def log_function():
    """Return the SQL that creates the function; see `crm.lead.event._log`.

    Its author is whoever wrote the lead in this transaction, else who changed it from
    outside, as the deletion of a team does; nobody knows whom an audit comes after.
    """
    return SQL(
        """
        CREATE OR REPLACE FUNCTION crm_metrics_log_leads(
            this_leads int[], this_at timestamp, this_user int, this_removed varchar,
            this_exact boolean, this_replace boolean, this_facts text[],
            -- never given: it makes the function go when the table goes, not before
            this_table crm_lead_event DEFAULT NULL)
        RETURNS bigint LANGUAGE plpgsql
        -- a plan for few leads, whatever their number
        SET plan_cache_mode = force_generic_plan
        AS $function$
        DECLARE
            logged bigint;
        BEGIN
            WITH state AS MATERIALIZED (%(state)s),
            forgotten AS (
                DELETE FROM crm_lead_event e USING state
                 WHERE e.lead_key = state.lead_key AND %(own)s
            ), written AS (
                INSERT INTO crm_lead_event (%(columns)s, at, author_id, source, exact)
                SELECT %(values)s, this_at,
                       CASE WHEN this_exact THEN (
                           SELECT u.partner_id FROM res_users u
                            WHERE u.id = CASE WHEN state.write_date = this_at
                                              THEN state.write_uid
                                              ELSE this_user END) END,
                       'live', this_exact
                  FROM state
                  LEFT JOIN LATERAL (
                       SELECT * FROM crm_lead_event e
                        WHERE e.lead_key = state.lead_key AND NOT (%(own)s)
                        ORDER BY e.at DESC, e.id DESC LIMIT 1) AS last ON TRUE
                 WHERE CASE WHEN this_removed IS NULL
                            THEN last.id IS NULL
                              OR ROW(%(now)s) IS DISTINCT FROM ROW(%(then)s)
                            ELSE last.id IS NOT NULL AND last.removed IS NULL END
                RETURNING lead_key AS key
            ), queued AS (
                INSERT INTO crm_metrics_queue (fact, key)
                SELECT fact, key FROM unnest(this_facts) AS fact, written)
            SELECT count(*) INTO logged FROM written;
            RETURN logged;
        END $function$
        """,
        state=lead_state(SQL("l.id = ANY(this_leads)"), SQL("this_removed")),
        own=SQL(
            """this_replace AND e.at = this_at AND e.source = 'live'
               AND (this_removed IS NULL OR e.removed IS NULL)"""
        ),
        columns=columns(STATE),
        values=columns(STATE, "state"),
        now=followed("state"),
        then=followed("last"),
    )
