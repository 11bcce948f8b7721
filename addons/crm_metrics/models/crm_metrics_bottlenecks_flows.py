from odoo import models
from odoo.tools import SQL

from .crm_metrics_bottlenecks_stays import GROUPS, SLICES
from .crm_stage_visit_rows import company_of, stays

#: ways into a slice and out of it; SQL speaks of them by number, to sort them with
#: the moment and the amount in one array
WAYS = ("created", "reopened", "transfer", "won", "lost", "archived")


class CrmMetrics(models.AbstractModel):
    """Reads how the value of open deals changed."""

    _inherit = "crm.metrics"

    def _deal_flows(self, options):
        """Return how each deal came and went between two moments, as one SELECT.

        Two moments are compared: who was lost and came back, rose and fell again, has
        not moved. Who was not there at the start came with the amount of its first
        way in, who is not there at the end went with that of its last way out; what
        lies between start or coming and going or end is the change.

        :return: SQL with a row for each deal and slice: `slice`, `company_id`,
            `lead_key`; `opening` and `ending`, amounts or NULL where it is not there;
            `came` and `went`, arrays with the number of a way and the amount, or
            NULL where they do not count; `change`
        """
        return SQL(
            """
            WITH state AS (
                SELECT e.lead_key, e.at, e.id, e.expected_revenue AS value,
                       %(slice)s AS slice, e.team_id, e.user_id,
                       %(company)s AS company_id,
                       e.type = 'opportunity' AS is_deal,
                       %(stays)s AND e.stage_key IS NOT NULL AS is_open,
                       CASE WHEN e.removed = 'merged' THEN %(archived)s
                            WHEN NOT e.active AND e.won_status = 'lost' THEN %(lost)s
                            WHEN NOT e.active OR e.removed IS NOT NULL
                              OR e.type <> 'opportunity' THEN %(archived)s
                            WHEN e.stage_is_won THEN %(won)s
                            ELSE %(archived)s END AS closing
                  FROM (%(deals)s) AS deal
                  JOIN crm_lead_event e USING (lead_key)
                 WHERE e.at <= %(moment)s
                OFFSET 0  -- else each mention of a column computes it again
            ), here AS (
                SELECT lead_key, at, id, value, slice, company_id,
                       -- one array, because each window function costs
                       ARRAY[(is_open AND %(kept)s)::int, slice, company_id,
                             is_open::int, closing, is_deal::int] AS here
                  FROM state
                OFFSET 0
            ), step AS (
                SELECT *, row_number() OVER w AS nth, lag(here) OVER w AS before,
                       lead(here) OVER w AS after, lead(at) OVER w AS next_at,
                       lead(value) OVER w AS next_value
                  FROM here
                WINDOW w AS (PARTITION BY lead_key ORDER BY at, id)
            ), net AS (
                SELECT lead_key, slice, company_id,
                       max(value) FILTER (
                           WHERE at < %(start)s
                             AND (next_at IS NULL OR next_at >= %(start)s)) AS opening,
                       max(value) FILTER (WHERE next_at IS NULL) AS ending,
                       min(ARRAY[nth, CASE
                               WHEN before[4] = 1 THEN %(transfer)s
                               WHEN before IS NULL THEN %(created)s
                               WHEN before[6] = 1 THEN %(reopened)s
                               WHEN EXISTS (
                                   SELECT FROM crm_lead_event earlier
                                    WHERE earlier.lead_key = step.lead_key
                                      AND (earlier.at, earlier.id) < (step.at, step.id)
                                      AND earlier.type = 'opportunity')
                               THEN %(reopened)s ELSE %(created)s END, value]) FILTER (
                           WHERE at >= %(start)s
                             AND before[:3] IS DISTINCT FROM here[:3]) AS came,
                       max(ARRAY[nth, CASE after[4] WHEN 1 THEN %(transfer)s
                                      ELSE after[5] END, next_value]) FILTER (
                           WHERE next_at >= %(start)s
                             AND after[:3] IS DISTINCT FROM here[:3]) AS went
                  FROM step
                 WHERE here[1] = 1 AND (next_at IS NULL OR next_at >= %(start)s)
                 GROUP BY lead_key, slice, company_id
            )
            SELECT lead_key, slice, company_id, opening, ending,
                   CASE WHEN opening IS NULL THEN came[2:3] END AS came,
                   CASE WHEN ending IS NULL THEN went[2:3] END AS went,
                   COALESCE(ending, went[3]) - COALESCE(opening, came[3]) AS change
              FROM net
            """,
            deals=self._flowing_deals(options),
            slice=self._event_slice(options),
            moment=options["moment"],
            start=options["start"],
            company=company_of(SQL("e")),
            stays=stays(SQL("e")),
            kept=self._event_scope(options),
            **{name: SQL(str(WAYS.index(name))) for name in WAYS},
        )

    def _value_flows(self, options):
        """Sum up how deals came and went.

        :return: rows (slice, company id, dict of `start` and the names of
            `kernel.funnel.PARTS` -> amount); all amounts but `transfer` are positive
        """
        way = {name: SQL(str(WAYS.index(name))) for name in WAYS}

        def total(amount, condition):
            return SQL("COALESCE(sum(%s) FILTER (WHERE %s), 0)", amount, condition)

        def came(name):
            return total(SQL("came[2]"), SQL("came[1] = %s", way[name]))

        def went(name):
            return total(SQL("went[2]"), SQL("went[1] = %s", way[name]))

        sums = {
            "start": SQL("COALESCE(sum(opening), 0)"),
            "created": came("created"),
            "reopened": came("reopened"),
            "increased": total(SQL("change"), SQL("change > 0")),
            "decreased": total(SQL("-change"), SQL("change < 0")),
            "won": went("won"),
            "lost": went("lost"),
            "archived": went("archived"),
            "transfer": SQL("%s - %s", came("transfer"), went("transfer")),
        }
        rows = self.env.execute_query(
            SQL(
                "SELECT slice, company_id, %s FROM (%s) AS flow GROUP BY 1, 2",
                SQL(", ").join(sums.values()),
                self._deal_flows(options),
            )
        )
        return [
            (slice_id, company, dict(zip(sums, amounts, strict=True)))
            for slice_id, company, *amounts in rows
        ]

    def _flow_leads(self, options, bar):
        """Return rows (slice, lead id or None) of the deals of a bar."""
        if bar in WAYS:
            condition = SQL("%s IN (came[1], went[1])", WAYS.index(bar))
        else:
            condition = {
                "start": SQL("opening IS NOT NULL"),
                "end": SQL("ending IS NOT NULL"),
                "increased": SQL("change > 0"),
                "decreased": SQL("change < 0"),
            }[bar]
        # who goes from one company to another is in the bar of each
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT flow.slice, deal.lead_id, lead_key
                     FROM (%s) AS flow JOIN (%s) AS deal USING (lead_key) WHERE %s""",
                self._deal_flows(options),
                self._flowing_deals(options),
                condition,
            )
        )
        return [(slice_id, lead_id) for slice_id, lead_id, _key in rows]

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
