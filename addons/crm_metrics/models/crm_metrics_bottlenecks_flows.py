from odoo import models
from odoo.tools import SQL

from .crm_metrics_bottlenecks_stays import GROUPS, SLICES


class CrmMetrics(models.AbstractModel):
    """Reads how the value of open deals changed."""

    _inherit = "crm.metrics"

    def _deal_flows(self, options, *names):
        """Return how each deal came and went between two moments, as one SELECT.

        Two moments are compared: who was lost and came back, rose and fell again, has
        not moved. Who was not there at the start came with the amount of its first
        way in, who is not there at the end went with that of its last way out; what
        lies between start or coming and going or end is the change.

        :param names: further columns of the deal: `lead_id`
        :return: SQL with rows (slice, company_id, those names, kind, amount); a kind
            is one of `kernel.funnel.PARTS`, `start` or `end`; all amounts but those
            of `transfer` are positive
        """
        named = [SQL.identifier(name) for name in names]
        return SQL(
            """
            WITH deal AS MATERIALIZED (%(deals)s), state AS (
                SELECT e.lead_key, e.at, e.id, %(slice)s AS slice,
                       COALESCE(e.company_id, t.company_id, u.company_id)
                           AS company_id,
                       e.team_id, e.user_id, e.type, e.expected_revenue AS value,
                       e.type = 'opportunity' AND e.active AND e.removed IS NULL
                           AND e.stage_is_won IS NOT TRUE
                           AND e.stage_key IS NOT NULL AS is_open,
                       CASE WHEN e.removed = 'merged' THEN 'archived'
                            WHEN NOT e.active AND e.won_status = 'lost' THEN 'lost'
                            WHEN NOT e.active OR e.removed IS NOT NULL
                              OR e.type <> 'opportunity' THEN 'archived'
                            WHEN e.stage_is_won THEN 'won'
                            ELSE 'archived' END AS closing
                  FROM deal
                  JOIN crm_lead_event e USING (lead_key)
                  LEFT JOIN crm_team t ON t.id = e.team_id
                  LEFT JOIN res_users u ON u.id = e.user_id
                 WHERE e.at <= %(moment)s
            ), here AS (
                SELECT *, COALESCE(is_open AND %(kept)s, FALSE) AS is_in
                  FROM state
            ), step AS (
                SELECT lead_key, at >= %(start)s AS in_range, slice, company_id,
                       value, is_open, is_in, closing, row_number() OVER w AS nth,
                       COALESCE(lag(is_open) OVER w, FALSE) AS was_open,
                       COALESCE(lag(is_in) OVER w, FALSE) AS was_in,
                       lag(slice) OVER w AS old_slice,
                       lag(company_id) OVER w AS old_company,
                       lag(value) OVER w AS old_value,
                       COALESCE(bool_or(type = 'opportunity') OVER (
                           w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                       ), FALSE) AS was_deal
                  FROM here
                WINDOW w AS (PARTITION BY lead_key ORDER BY at, id)
            ), moved AS (
                SELECT *, ROW(slice, company_id)
                          IS DISTINCT FROM ROW(old_slice, old_company)
                       OR NOT is_in OR NOT was_in AS is_elsewhere
                  FROM step
                 WHERE was_in OR is_in
            ), flow AS (
                -- `way` is 1 into a slice and -1 out of it. An event changes the
                -- amount first, where the deal was, and takes it away only then
                SELECT lead_key, nth, in_range, way.*
                  FROM moved
                 CROSS JOIN LATERAL (
                       VALUES
                       (old_slice, old_company, 'change', value - old_value, 0,
                        was_in AND value <> old_value),
                       (old_slice, old_company, closing, -value, -1,
                        was_in AND NOT is_open),
                       (old_slice, old_company, 'transfer', -value, -1,
                        was_in AND is_open AND is_elsewhere),
                       (slice, company_id, 'transfer', value, 1,
                        is_in AND was_open AND is_elsewhere),
                       (slice, company_id,
                        CASE WHEN was_deal THEN 'reopened' ELSE 'created' END,
                        value, 1, is_in AND NOT was_open)
                 ) AS way (slice, company_id, kind, amount, way, applies)
                 WHERE applies
            ), net AS (
                SELECT slice, company_id, lead_key,
                       COALESCE(sum(way) FILTER (WHERE NOT in_range), 0) > 0 AS was_in,
                       sum(way) > 0 AS is_in, bool_or(in_range) AS has_moved,
                       sum(amount) FILTER (WHERE NOT in_range) AS opening,
                       sum(amount) AS ending,
                       (array_agg(kind ORDER BY nth)
                            FILTER (WHERE in_range AND way = 1))[1] AS came,
                       (array_agg(amount ORDER BY nth)
                            FILTER (WHERE in_range AND way = 1))[1] AS brought,
                       (array_agg(kind ORDER BY nth DESC)
                            FILTER (WHERE in_range AND way = -1))[1] AS went,
                       (array_agg(-amount ORDER BY nth DESC)
                            FILTER (WHERE in_range AND way = -1))[1] AS took
                  FROM flow
                 GROUP BY slice, company_id, lead_key
            ), changed AS (
                SELECT *, CASE WHEN is_in THEN ending ELSE took END
                        - CASE WHEN was_in THEN opening ELSE brought END AS change
                  FROM net
                 WHERE was_in OR has_moved
            )
            SELECT slice, company_id, kind, amount %(names)s
              FROM changed
              JOIN deal USING (lead_key)
             CROSS JOIN LATERAL (
                   VALUES ('start', opening, was_in),
                          (came, brought, NOT was_in),
                          ('increased', change, change > 0),
                          ('decreased', -change, change < 0),
                          (went, CASE went WHEN 'transfer' THEN -took ELSE took END,
                           NOT is_in),
                          ('end', ending, is_in)
             ) AS part (kind, amount, applies)
             WHERE applies
            """,
            deals=self._flowing_deals(options),
            slice=self._event_slice(options),
            moment=options["moment"],
            start=options["start"],
            kept=self._event_scope(options),
            names=SQL("").join(SQL(", deal.%s", name) for name in named),
        )

    def _value_flows(self, options):
        """Sum up how deals came and went.

        :return: rows (slice, company id, kind, amount), see :meth:`_deal_flows`
        """
        return self.env.execute_query(
            SQL(
                """SELECT slice, company_id, kind, sum(amount)
                     FROM (%s) AS flow WHERE kind <> 'end' GROUP BY 1, 2, 3""",
                self._deal_flows(options),
            )
        )

    def _flow_leads(self, options, kind):
        """Return rows (slice, lead id or None) of the deals of a bar."""
        return self.env.execute_query(
            SQL(
                "SELECT slice, lead_id FROM (%s) AS flow WHERE kind = %s",
                self._deal_flows(options, "lead_id"),
                kind,
            )
        )

    def _flowing_deals(self, options):
        """Return the SELECT of the deals that were open in the range.

        Those that the caller may read in any company: where a deal stays does not
        tell where its value was before.
        """
        companies = self.env.user.company_ids | options["companies"]
        everywhere = self.with_context(allowed_company_ids=companies.ids)
        query = everywhere._stay_query(
            {**options, "companies": companies}, ["source_ids"], window=False
        )
        columns = everywhere._stay_columns(query)
        query.add_where(everywhere._is_alive(columns, options["start"]))
        query.groupby = columns["lead_key"]
        source = everywhere.env["crm.stage.visit"]._field_to_sql(
            query.table, SLICES["source_ids"][1], query
        )
        return query.select(
            columns["lead_key"],
            SQL("max(%s) AS lead_id", columns["lead_id"]),
            *(
                # all visits of a deal have one source
                [SQL("max(%s) AS source_id", source)]
                if options["group"] == GROUPS["source"]
                else []
            ),
        )

    def _event_slice(self, options):
        """Return the SQL of the slice that an event `e` of a `deal` belongs to."""
        group = options["group"]
        if not group:
            return SQL("NULL::int")
        alias = "deal" if group == GROUPS["source"] else "e"
        return SQL.identifier(alias, group)

    def _event_scope(self, options):
        """Return the SQL condition of the states that the options ask for."""
        conditions = [SQL("company_id = ANY(%s)", options["companies"].ids)]
        for key in ("team_ids", "user_ids"):
            if options[key] is not None:
                column = SQL.identifier(SLICES[key][1])
                conditions.append(SQL("%s = ANY(%s)", column, options[key]))
        return SQL("(%s)", SQL(" AND ").join(conditions))
