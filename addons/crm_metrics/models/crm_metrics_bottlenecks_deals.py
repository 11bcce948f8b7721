from odoo import models
from odoo.tools import SQL

from ..kernel import funnel
from .crm_metrics_bottlenecks_stays import SLICES
from .crm_stage_norm import minutes
from .crm_stage_visit_rows import company_of

#: options that choose among deals by the last of their visits -> place in `last`
BY_LAST_VISIT = {"team_ids": 4, "user_ids": 5}


class CrmMetrics(models.AbstractModel):
    """Reads the deals of the funnel."""

    _inherit = "crm.metrics"

    def _deals(self, options):
        """Return the deals of the funnel, as one SELECT.

        A deal is where its last visit was, and nowhere else. What happens to it in
        another company afterwards is none of its business there.

        :return: SQL with a row for each deal: `slice` and `company_id` (those of its
            last visit), `lead_key`, `lead_id`, `state` (as of the end), `value` (of
            its last event in that company), `first_stage`, `furthest` (place of its
            furthest stage), `touched` (a bit for each stage), `life` and `unseen`:
            whole minutes from its first visit to its end, and until the range began
        """
        keys = [key for key in SLICES if key not in BY_LAST_VISIT]
        query = self._stay_query(options, keys, window=False)
        columns = self._stay_columns(query)
        order = options["order"]
        # one more than there are: there may be none
        size = len(order) + 1
        places = SQL(", ").join(
            SQL(
                "(%s, %s, %s::bit(%s))",
                stage["id"] if stage else 0,
                place,
                f"{1 << (size - 1 - place):0{size}b}",
                SQL(str(size)),
            )
            for place, stage in enumerate([*order, None])
        )
        kept = [
            SQL("last[%s] = ANY(%s)", place, options[key])
            for key, place in BY_LAST_VISIT.items()
            if options[key] is not None
        ]
        if options["view"] == "cohort":
            kept.append(SQL("entered >= %s", options["start"]))
        else:
            kept.append(SQL("is_alive"))
        kept += self._at_home(options)
        return SQL(
            """
            WITH place (stage_key, place, bits) AS (VALUES %(places)s),
            life AS (
                SELECT lead_key, min(entered) AS entered,
                       bool_or(is_alive) AS is_alive,
                       max(place) AS furthest, bit_or(bits) AS touched,
                       CASE WHEN bool_and("left" IS NOT NULL) THEN max("left") END
                           AS "left",
                       min(ARRAY[visit_no, stage_key]) AS first,
                       max(ARRAY[visit_no, lead_id, company_id, team_id, user_id,
                                 slice]) AS last
                  FROM (%(stays)s) AS stays
                  JOIN place USING (stage_key)
                 GROUP BY lead_key
            )
            SELECT last[6] AS slice, last[3] AS company_id, lead_key,
                   last[2] AS lead_id, state, value, first[2] AS first_stage,
                   furthest, touched, %(life)s AS life,
                   GREATEST(%(unseen)s, 0) AS unseen
              FROM life
             CROSS JOIN LATERAL (
                   SELECT e.removed,
                          CASE WHEN e.at = "left" AND %(company)s <> last[3]
                               -- it left the stage and the company at once
                               THEN (SELECT expected_revenue
                                       FROM crm_lead_event before
                                      WHERE before.lead_key = e.lead_key
                                        AND (before.at, before.id) < (e.at, e.id)
                                      ORDER BY before.at DESC, before.id DESC LIMIT 1)
                               ELSE e.expected_revenue END AS value,
                          CASE WHEN e.stage_is_won THEN 'won'
                               WHEN NOT e.active AND e.won_status = 'lost' THEN 'lost'
                               WHEN NOT e.active OR e.removed IS NOT NULL
                                 OR e.type <> 'opportunity' THEN 'archived'
                               ELSE 'open' END AS state
                     FROM crm_lead_event e
                    WHERE e.lead_key = life.lead_key AND e.at <= %(moment)s
                      AND ((e.at > "left") IS NOT TRUE OR e.removed = 'merged'
                           OR %(company)s = last[3])
                    ORDER BY e.at DESC, e.id DESC LIMIT 1) AS event
             WHERE %(kept)s AND removed IS DISTINCT FROM 'merged'
            """,
            places=places,
            stays=self._select(
                options,
                query,
                "slice",
                "company_id",
                "lead_key",
                "lead_id",
                "visit_no",
                "stage_key",
                "entered",
                "left",
                "team_id",
                "user_id",
                is_alive=self._is_alive(columns, options["start"]),
            ),
            life=minutes(
                SQL("entered"),
                SQL(
                    """CASE WHEN state <> 'open' AND "left" <= %(moment)s
                            THEN "left" ELSE %(moment)s END""",
                    moment=options["moment"],
                ),
            ),
            unseen=minutes(SQL("entered"), SQL("%s", options["start"])),
            moment=options["moment"],
            kept=SQL(" AND ").join(kept),
            company=company_of(SQL("e")),
        )

    def _at_home(self, options):
        """Return the SQL conditions that a deal is nowhere else, as a list.

        Its last visit was in no other company, and in a cohort its first one neither.
        """
        # visits in any company, whoever may read them: only that they exist counts
        companies_sudo = self.env["res.company"].sudo().with_context(active_test=False)
        domain = [("id", "not in", options["companies"].ids)]
        if not companies_sudo.search_count(domain, limit=1):
            return []
        elsewhere = [SQL("v.visit_no > last[1] AND v.entered <= %s", options["moment"])]
        if options["view"] == "cohort":
            elsewhere.append(SQL("v.entered < %s", options["start"]))
        return [
            SQL(
                """NOT EXISTS (SELECT FROM crm_stage_visit v
                                WHERE v.lead_key = life.lead_key AND %s)""",
                condition,
            )
            for condition in elsewhere
        ]

    def _deal_readings(self, options):
        """Read the deals of the funnel.

        :return: dict of lists of rows: `deals` (slice, company id, first stage, and
            the values of `kernel.funnel.Deals`), `cycles` (slice, state, minutes from
            begin to end, minutes that were not seen, number)
        """
        keys = [stage["id"] for stage in options["order"]]
        rows = self.env.execute_query(
            SQL(
                """
                WITH deal AS MATERIALIZED (%s)
                SELECT slice, state, company_id, first_stage, furthest,
                       touched::text, count(*)::int, sum(value), NULL, NULL, NULL
                  FROM deal GROUP BY 1, 2, 3, 4, 5, 6
                 UNION ALL
                SELECT slice, state, NULL, NULL, NULL, NULL, NULL, NULL,
                       array_agg(life), array_agg(unseen), array_agg(deals)
                  FROM (SELECT slice, state, life, unseen, count(*)::int AS deals
                          FROM deal GROUP BY 1, 2, 3, 4) AS cycle
                 GROUP BY 1, 2
                """,
                self._deals(options),
            )
        )
        deals, cycles = [], []
        stages_of = {}
        for slice_id, state, company, first, furthest, bits, *sums in rows:
            count, value, *arrays = sums
            if count is None:
                cycles.append((slice_id, state, *arrays))
                continue
            if bits not in stages_of:
                stages_of[bits] = frozenset(
                    key for key, bit in zip(keys, bits, strict=False) if bit == "1"
                )
            deals.append(
                (
                    slice_id,
                    company,
                    first,
                    funnel.Deals(
                        state,
                        keys[furthest],
                        stages_of[bits],
                        count,
                        float(value or 0) * options["rates"][company],
                    ),
                )
            )
        return {"deals": deals, "cycles": cycles}

    def _deal_leads(self, options, figure, stage_id):
        """Return rows (slice, lead id or None) of the deals of a figure."""
        order = [stage["id"] for stage in options["order"]]
        place = order.index(stage_id) if stage_id is not None else None
        condition = SQL("TRUE")
        if figure in funnel.STATES:
            condition = SQL("state = %s", figure)
        if figure in funnel.STATES and place is not None:
            condition = SQL("%s AND furthest = %s", condition, place)
        elif figure == "touched":
            condition = SQL("get_bit(touched, %s) = 1", place)
        elif figure == "reached":
            condition = SQL("(state = 'won' OR furthest >= %s)", place)
        return self.env.execute_query(
            SQL(
                "SELECT slice, lead_id FROM (%s) AS deal WHERE %s",
                self._deals(options),
                condition,
            )
        )
