"""History of leads from before the installation, read from their tracking.

Odoo keeps it as old and new values of tracked fields, on messages. What is not
tracked (probability, expected closing, company) has no history: the value at its
end is used, except for a probability that the outcome contradicts.
"""

from odoo.tools import SQL

#: tracked fields that the log follows, and the column of the state that they fill
TRACKED = {
    "stage_id": "stage",
    "active": "act",
    "lost_reason_id": "reason",
    "expected_revenue": "expected",
    "recurring_revenue": "recurring",
    "partner_id": "contact",
    "user_id": "usr",
    "team_id": "team",
    "type": "opportunity",
}


def history(leads):
    """Return the events of leads up to their first recorded one, as one SELECT.

    :param leads: SQL name of a table of leads: state at the end of the history,
        dates of the lead, and `until`, when the first recorded event happened
    :return: SQL with the columns of an event, in the order of their happening
    """
    return SQL(
        """
        WITH field AS (
            SELECT id, name FROM ir_model_fields
             WHERE model = 'crm.lead'
               AND (name = 'won_status' OR name = ANY(%(tracked)s))
        ), word AS (
            -- selections are tracked as the writer's words, in any language
            SELECT array_agg(t.value) FILTER (WHERE s.value = 'lost') AS lost,
                   array_agg(t.value) FILTER (WHERE s.value = 'opportunity')
                       AS opportunity
              FROM field
              JOIN ir_model_fields_selection s ON s.field_id = field.id
             CROSS JOIN LATERAL jsonb_each_text(s.name) AS t
             WHERE field.name IN ('won_status', 'type')
        ), track AS (
            SELECT h.lead_key, h.until, h.date_conversion,
                   v.id::bigint AS vid, m.id AS mid, m.author_id, f.name AS field,
                   -- what came with a migration may be older than its lead
                   GREATEST(v.create_date, h.create_date) AS at,
                   CASE f.name
                       WHEN 'won_status' THEN (v.old_value_char = ANY(word.lost))::int
                       WHEN 'type' THEN (v.old_value_char = ANY(word.opportunity))::int
                       WHEN 'expected_revenue' THEN v.old_value_float::numeric
                       WHEN 'recurring_revenue' THEN v.old_value_float::numeric
                       ELSE COALESCE(v.old_value_integer, 0) END AS old,
                   CASE f.name
                       WHEN 'won_status' THEN (v.new_value_char = ANY(word.lost))::int
                       WHEN 'type' THEN (v.new_value_char = ANY(word.opportunity))::int
                       WHEN 'expected_revenue' THEN v.new_value_float::numeric
                       WHEN 'recurring_revenue' THEN v.new_value_float::numeric
                       ELSE COALESCE(v.new_value_integer, 0) END AS new,
                   v.old_value_char AS old_name, v.new_value_char AS new_name,
                   m.subtype_id = %(lost_subtype)s AS lost
              FROM %(leads)s h
              JOIN mail_message m ON m.model = 'crm.lead' AND m.res_id = h.lead_key
              JOIN mail_tracking_value v ON v.mail_message_id = m.id
              JOIN field f ON f.id = v.field_id
             CROSS JOIN word
             -- a merge moves the messages of the other lead here, and gives each a
             -- subject, which messages of tracking do not have
             WHERE COALESCE(m.subject, '') = ''
               AND v.create_date <= COALESCE(h.until, 'infinity')
        ), step AS (
            -- by number: those of one transaction have the same date
            SELECT *, row_number() OVER w = 1 AS first, lag(new) OVER w AS before,
                   lead(vid) OVER w IS NULL AS last,
                   COALESCE(bool_or(lost OR field = 'won_status' AND new = 1
                                    OR field = 'lost_reason_id' AND new <> 0) OVER m,
                            FALSE) AS says_lost,
                   bool_or(field = 'active') OVER m AS says_active,
                   -- recorded by the event at which this history ends
                   COALESCE(at >= until, FALSE) AS recorded
              FROM track
            WINDOW w AS (PARTITION BY lead_key, field ORDER BY vid),
                   m AS (PARTITION BY lead_key, mid)
        ), spelled AS (
            -- a stage that was deleted since lives on as a word only
            SELECT DISTINCT ON (stage) stage, name
              FROM (SELECT old AS stage, old_name AS name, vid FROM track
                     WHERE field = 'stage_id'
                     UNION ALL
                    SELECT new, new_name, vid FROM track
                     WHERE field = 'stage_id') AS any_of
             WHERE stage <> 0
             ORDER BY stage, vid DESC
        ), edge AS (
            SELECT lead_key, %(first_values)s,
                   max(new) FILTER (WHERE field = 'stage_id' AND last) AS last_stage,
                   max(at) FILTER (WHERE field = 'stage_id' AND last) AS last_stage_at,
                   max(new) FILTER (WHERE field = 'active' AND last) AS last_act,
                   max(at) FILTER (WHERE field = 'active' AND last) AS last_act_at
              FROM step GROUP BY lead_key
        ), point AS (
            -- creation is never tracked: the first value is what the first change left
            SELECT h.lead_key, 0::bigint AS ord, NULL::int AS mid, h.create_date AS at,
                   u.partner_id AS author_id, TRUE AS exact,
                   COALESCE(e.stage, h.stage_key, 0)::numeric AS stage,
                   born.act::numeric AS act, 0::numeric AS lost,
                   COALESCE(e.reason, CASE WHEN born.act = 0 THEN h.lost_reason_id END,
                            0)::numeric AS reason,
                   COALESCE(e.expected, h.expected_revenue, 0) AS expected,
                   COALESCE(e.recurring, h.recurring_revenue, 0) AS recurring,
                   COALESCE(e.contact, h.partner_id, 0)::numeric AS contact,
                   COALESCE(e.usr, h.user_key, 0)::numeric AS usr,
                   COALESCE(e.team, h.team_key, 0)::numeric AS team,
                   CASE WHEN h.date_conversion < COALESCE(h.until, 'infinity') THEN 0
                        ELSE COALESCE(e.opportunity, (h.type = 'opportunity')::int)
                    END::numeric AS opportunity
              FROM %(leads)s h
              LEFT JOIN edge e ON e.lead_key = h.lead_key
              LEFT JOIN res_users u ON u.id = h.create_uid
             CROSS JOIN LATERAL (
                   SELECT COALESCE(e.act, CASE WHEN h.active
                                                 OR h.date_closed > h.create_date
                                               THEN 1 ELSE 0 END) AS act) AS born
            UNION ALL
            -- what the change left is not where the lead had come to: somebody had
            -- moved it without tracking
            SELECT lead_key, vid * 2, NULL, at, NULL, FALSE, old, %(no_others)s
              FROM step WHERE field = 'stage_id' AND NOT first AND old <> before
            UNION ALL
            SELECT lead_key, vid * 2 + 1, mid, at, author_id, TRUE,
                   CASE WHEN field = 'stage_id' THEN new END,
                   CASE WHEN field = 'active' THEN new END,
                   CASE WHEN says_active OR says_lost OR field = 'won_status'
                        THEN says_lost::int END,
                   CASE WHEN field = 'lost_reason_id' THEN new END,
                   CASE WHEN field = 'expected_revenue' THEN new END,
                   CASE WHEN field = 'recurring_revenue' THEN new END,
                   CASE WHEN field = 'partner_id' THEN new END,
                   CASE WHEN field = 'user_id' THEN new END,
                   CASE WHEN field = 'team_id' THEN new END,
                   CASE WHEN field = 'type' AND date_conversion IS NULL THEN new END
              FROM step WHERE NOT recorded
            UNION ALL
            -- the date of conversion is a field of its own
            SELECT lead_key, -1, NULL, LEAST(date_conversion, write_date), NULL, TRUE,
                   %(no_others)s, 1
              FROM %(leads)s WHERE date_conversion < COALESCE(until, 'infinity')
            UNION ALL
            -- the last change left another stage than the present one
            SELECT h.lead_key, 9223372036854775805, NULL,
                   GREATEST(h.date_last_stage_update, e.last_stage_at, h.create_date),
                   NULL, FALSE, COALESCE(h.stage_key, 0), %(no_others)s
              FROM %(leads)s h JOIN edge e ON e.lead_key = h.lead_key
             WHERE h.until IS NULL AND COALESCE(h.stage_key, 0) <> e.last_stage
            UNION ALL
            -- closed or reopened without tracking
            SELECT h.lead_key, 9223372036854775806, NULL,
                   GREATEST(CASE WHEN h.active THEN h.write_date
                                 ELSE COALESCE(h.date_closed, h.write_date) END,
                            e.last_act_at, h.create_date),
                   NULL, FALSE, NULL, h.active::int, (h.won_status = 'lost')::int,
                   COALESCE(h.lost_reason_id, 0),
                   NULL, NULL, NULL, NULL, NULL, NULL
              FROM %(leads)s h LEFT JOIN edge e ON e.lead_key = h.lead_key
             WHERE h.until IS NULL
               AND h.active::int <> COALESCE(e.last_act, 1)
            UNION ALL
            -- whatever else nobody has seen changing
            SELECT lead_key, 9223372036854775807, NULL,
                   GREATEST(write_date, create_date), NULL, FALSE,
                   COALESCE(stage_key, 0), active::int,
                   (won_status = 'lost')::int, COALESCE(lost_reason_id, 0),
                   expected_revenue, recurring_revenue, COALESCE(partner_id, 0),
                   COALESCE(user_key, 0), COALESCE(team_key, 0),
                   (type = 'opportunity')::int
              FROM %(leads)s WHERE until IS NULL
        ), dated AS (
            -- time never runs backward inside one lead
            SELECT *, max(at) OVER w AS reached
              FROM point
            WINDOW w AS (PARTITION BY lead_key, ord < 0 ORDER BY ord)
        ), ordered AS (
            -- only the conversion is placed by its date, all others by their number
            SELECT *, row_number() OVER (
                          PARTITION BY lead_key
                          ORDER BY reached, NULLIF(ord, 0) NULLS FIRST) AS nth
              FROM dated
        ), running AS (
            SELECT lead_key, nth, author_id, exact, reached AS at,
                   -- one state a message
                   mid IS NULL OR lead(mid) OVER w IS DISTINCT FROM mid AS whole,
                   %(running)s
              FROM ordered
            WINDOW w AS (PARTITION BY lead_key ORDER BY nth)
        ), state AS (
            SELECT r.lead_key, r.nth, r.author_id, r.exact,
                   -- before the event that is recorded
                   LEAST(r.at, h.until - interval '1 microsecond') AS at,
                   CASE WHEN r.opportunity = 1 THEN 'opportunity' ELSE 'lead' END
                       AS type,
                   r.act = 1 AS active, NULLIF(r.stage, 0)::int AS stage_key,
                   s.id AS stage_id, s.sequence AS stage_sequence,
                   COALESCE(s.name ->> 'en_US', gone.name) AS stage_name,
                   COALESCE(s.is_won, FALSE) AS stage_is_won,
                   CASE WHEN r.act = 0 AND (r.lost = 1 OR h.won_status = 'lost' AND NOT
                                 COALESCE(bool_or(r.act = 1) OVER later, FALSE))
                        THEN 'lost'
                        WHEN s.is_won THEN 'won' ELSE 'pending' END AS won_status,
                   reason.id AS lost_reason_id,
                   r.expected AS expected_revenue, r.recurring AS recurring_revenue,
                   p.commercial_partner_id AS partner_id,
                   u.id AS user_id, NULLIF(r.usr, 0)::int AS user_key,
                   t.id AS team_id, NULLIF(r.team, 0)::int AS team_key
              FROM running r
              JOIN %(leads)s h ON h.lead_key = r.lead_key
              LEFT JOIN crm_stage s ON s.id = r.stage
              LEFT JOIN spelled gone ON gone.stage = r.stage
              LEFT JOIN crm_lost_reason reason ON reason.id = r.reason
              LEFT JOIN res_partner p ON p.id = r.contact
              LEFT JOIN res_users u ON u.id = r.usr
              LEFT JOIN crm_team t ON t.id = r.team
             WHERE r.whole
            WINDOW later AS (PARTITION BY r.lead_key ORDER BY r.nth
                             ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
        ), compared AS (
            SELECT *, lag(%(compared)s) OVER w IS DISTINCT FROM %(compared)s AS differs
              FROM state
            WINDOW w AS (PARTITION BY lead_key ORDER BY nth)
        )
        SELECT h.lead_id, c.lead_key, c.type, c.stage_id, c.stage_key, c.stage_name,
               c.stage_sequence, c.stage_is_won, c.active, c.won_status,
               c.lost_reason_id, c.expected_revenue, c.recurring_revenue,
               CASE WHEN c.won_status = h.won_status THEN h.probability
                    WHEN c.won_status = 'won' THEN 100
                    WHEN c.won_status = 'lost' THEN 0 END,
               h.is_automated_probability, h.date_deadline, h.company_id, c.partner_id,
               c.user_id, c.user_key, c.team_id, c.team_key, NULL,
               c.at, c.author_id, 'backfill', c.exact
          FROM compared c
          JOIN %(leads)s h ON h.lead_key = c.lead_key
         WHERE c.differs
         ORDER BY c.lead_key, c.nth
        """,
        leads=leads,
        tracked=list(TRACKED),
        lost_subtype=SQL(
            """(SELECT res_id FROM ir_model_data
                 WHERE module = 'crm' AND name = 'mt_lead_lost'
                   AND model = 'mail.message.subtype')"""
        ),
        first_values=SQL(", ").join(
            SQL(
                "max(old) FILTER (WHERE first AND field = %s) AS %s",
                field,
                SQL.identifier(column),
            )
            for field, column in TRACKED.items()
        ),
        no_others=SQL("NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL"),
        # the value of the latest point that has one
        running=SQL(", ").join(
            SQL(
                """(max(ARRAY[nth, %(column)s]) FILTER (
                        WHERE %(column)s IS NOT NULL) OVER w)[2] AS %(column)s""",
                column=SQL.identifier(column),
            )
            for column in (*TRACKED.values(), "lost")
        ),
        compared=SQL(
            """ROW(type, active, stage_key, won_status, lost_reason_id,
                   expected_revenue, recurring_revenue, partner_id, user_key,
                   team_key)"""
        ),
    )
