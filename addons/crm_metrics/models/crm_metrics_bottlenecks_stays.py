from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL

from .crm_stage_norm import MINUTES_OF_DAY, durations, grouped, minutes

VISIT, EVENT = "crm.stage.visit", "crm.lead.event"

#: options that take ids -> model of the ids, field of the visit
SLICES = {
    "team_ids": ("crm.team", "team_id"),
    "user_ids": ("res.users", "user_id"),
    "source_ids": ("utm.source", "source_id"),
}
#: values of `group_by` -> field of the visit
GROUPS = {key.removesuffix("_ids"): field for key, (_model, field) in SLICES.items()}


class CrmMetrics(models.AbstractModel):
    """Reads the stays of deals in stages."""

    _inherit = "crm.metrics"

    # ------------------------------------------------------------------
    # which stays
    # ------------------------------------------------------------------

    def _stay_query(self, options, keys=tuple(SLICES), window=True):
        """Return the query of the visits that the options ask for.

        :param keys: which options choose among them; a deal is chosen by its last
            visit, or by its source alone
        :param window: only those of the view: under way in the range, or begun in it;
            else all that began before its end
        """
        fields_by_key = {key: SLICES[key][1] for key in keys}
        visit = self.env[VISIT]
        query = visit._search(self._scope_domain(options, fields_by_key))
        columns = self._stay_columns(query)
        query.add_where(SQL("%s <= %s", columns["entered"], options["moment"]))
        if window:
            query.add_where(self._in_view(options, columns))
        if options["reason_ids"] is not None:
            query.add_where(
                SQL("%s IN (%s)", columns["lead_key"], self._lost_leads(options))
            )
        return query

    def _lost_leads(self, options):
        """Return the SELECT of the deals that were lost for one of some reasons."""
        lost = self.env[VISIT]._search(
            self._scope_domain(options, {})
            & Domain("outcome", "=", "lost")
            & Domain("lost_reason_id", "in", options["reason_ids"])
        )
        columns = self._stay_columns(lost)
        lost.add_where(SQL("%s <= %s", columns["left"], options["moment"]))
        return lost.select(columns["lead_key"])

    def _in_view(self, options, columns):
        """Return the SQL condition of the visits of the view."""
        if options["view"] == "cohort":
            return SQL("%s >= %s", columns["entered"], options["start"])
        return self._is_alive(columns, options["start"])

    @staticmethod
    def _is_alive(columns, start):
        return SQL(
            "(%(left)s IS NULL OR %(left)s >= %(start)s)",
            left=columns["left"],
            start=start,
        )

    def _stay_columns(self, query, group=None):
        """Return the SQL of all columns of the visits in a query, by name.

        :param group: field that gives the column `slice`, or None
        """
        visit = self.env[VISIT]
        columns = {
            name: SQL.identifier(query.table, name) for name in visit._fact_columns()
        }
        columns["slice"] = (
            visit._field_to_sql(query.table, group, query)
            if group
            else SQL("NULL::int")
        )
        return columns

    def _select(self, options, query, *names, **expressions):
        """Return a query as the SELECT of columns of its visits and of expressions."""
        columns = self._stay_columns(query, options["group"])
        return query.select(
            *(SQL("%s AS %s", columns[name], SQL.identifier(name)) for name in names),
            *(
                SQL("%s AS %s", expression, SQL.identifier(name))
                for name, expression in expressions.items()
            ),
        )

    def _stage_order(self, options):
        """Return all stages in their present order, as dicts.

        Deleted ones stand where their last visit says; their id is the key that they
        had. `teams` are the ids of those that a stage is restricted to.
        """
        # whether a stage is on the way depends on all its teams
        stages_sudo = (
            self.env["crm.stage"]
            .with_context(lang=self.env.lang)
            .sudo()
            .search_fetch([], ["name", "sequence", "is_won", "team_ids"])
        )
        order = [
            {
                "id": stage.id,
                "name": stage.name,
                "sequence": stage.sequence,
                "is_won": stage.is_won,
                "teams": frozenset(stage.team_ids.ids),
                "is_there": True,
            }
            for stage in stages_sudo
        ]
        query = self.env[VISIT]._search(
            self._scope_domain(options, {}) & Domain("stage_id", "=", False)
        )
        columns = self._stay_columns(query)
        query.order = SQL("%s, %s DESC", columns["stage_key"], columns["entered"])
        for key, name, sequence in self.env.execute_query(
            query.select(
                SQL("DISTINCT ON (%s) %s", columns["stage_key"], columns["stage_key"]),
                columns["stage_name"],
                columns["stage_sequence"],
            )
        ):
            order.append(
                {
                    "id": key,
                    "name": name or self.env._("Stage %(id)s", id=key),
                    "sequence": sequence,
                    "is_won": False,
                    "teams": frozenset(),
                    "is_there": False,
                }
            )
        return sorted(
            order,
            key=lambda stage: (
                stage["sequence"] is None,
                stage["sequence"] or 0,
                stage["id"],
            ),
        )

    # ------------------------------------------------------------------
    # what they show
    # ------------------------------------------------------------------

    def _stay_counts(self, options):
        """Count stays by what became of them.

        :return: rows (slice, company id, stage, outcome as of the end, next stage,
            lost reason, team of an exit that jumped over stages (0: none), stays,
            those begun in the range, their value at entry, value at exit)
        """
        query = self._stay_query(options)
        stays = self._select(
            options,
            query,
            "slice",
            "company_id",
            "stage_key",
            "outcome",
            "entered",
            "left",
            "next_stage_key",
            "lost_reason_id",
            "skipped",
            "team_id",
            "value_entered",
            "value_left",
        )
        return self.env.execute_query(
            SQL(
                """
                SELECT slice, company_id, stage_key, known, next, reason, jumper,
                       count(*), count(*) FILTER (WHERE begins),
                       sum(value_entered) FILTER (WHERE begins),
                       sum(value_left) FILTER (WHERE known <> 'open')
                  FROM (
                    SELECT slice, company_id, stage_key, value_entered, value_left,
                           entered >= %(start)s AS begins,
                           CASE WHEN is_over THEN outcome ELSE 'open' END AS known,
                           CASE WHEN is_over THEN next_stage_key END AS next,
                           CASE WHEN is_over AND outcome = 'lost'
                                THEN lost_reason_id END AS reason,
                           CASE WHEN is_over AND skipped > 0
                                THEN COALESCE(team_id, 0) END AS jumper
                      FROM (SELECT *, COALESCE("left" <= %(moment)s, FALSE) AS is_over
                              FROM (%(stays)s) AS stays) AS stays
                  ) AS stays
                 GROUP BY 1, 2, 3, 4, 5, 6, 7
                """,
                start=options["start"],
                moment=options["moment"],
                stays=stays,
            )
        )

    def _returns(self, options):
        """Return the query of stays begun in the range of deals that had been in the
        stage before."""
        query = self._stay_query(options)
        columns = self._stay_columns(query, options["group"])
        query.add_where(SQL("%s >= %s", columns["entered"], options["start"]))
        query.add_where(SQL("%s > 1", columns["visit_no"]))
        query.add_where(
            SQL(
                """EXISTS (SELECT FROM crm_stage_visit before
                            WHERE before.lead_key = %s AND before.stage_key = %s
                              AND before.visit_no < %s)""",
                columns["lead_key"],
                columns["stage_key"],
                columns["visit_no"],
            )
        )
        return query

    def _stay_returns(self, options):
        """Count returns: rows (slice, stage, number)."""
        query = self._returns(options)
        columns = self._stay_columns(query, options["group"])
        query.groupby = SQL("1, 2")
        return self.env.execute_query(
            query.select(columns["slice"], columns["stage_key"], SQL("count(*)"))
        )

    def _return_leads(self, options, stage_id):
        """Return rows (slice, lead id or None) of the deals that returned."""
        query = self._returns(options)
        return self._stay_leads(options, query, stage_id)

    def _skip_leads(self, options, stage_id):
        """Return rows (slice, lead id or None) of the deals that jumped over."""
        query = self._stay_query(options)
        columns = self._stay_columns(query)
        query.add_where(SQL("%s <= %s", columns["left"], options["moment"]))
        query.add_where(SQL("%s > 0", columns["skipped"]))
        jump = [
            columns["stage_key"],
            columns["next_stage_key"],
            SQL("COALESCE(%s, 0)", columns["team_id"]),
        ]
        jumps = self.env.execute_query(
            query.select(SQL("DISTINCT %s", jump[0]), *jump[1:])
        )
        over = [
            SQL("(%s, %s, %s)", *each)
            for each in jumps
            if stage_id in self._jumped_over(options, *each)
        ]
        query.add_where(
            SQL(
                "(%s) IN (VALUES %s)",
                SQL(", ").join(jump),
                SQL(", ").join(over),
            )
            if over
            else SQL("FALSE")
        )
        return self._stay_leads(options, query)

    def _stay_leads(self, options, query, stage_id=None):
        """Return rows (slice, lead id or None) of the deals of some stays."""
        columns = self._stay_columns(query, options["group"])
        if stage_id is not None:
            query.add_where(SQL("%s = %s", columns["stage_key"], stage_id))
        query.groupby = SQL("%s, 1, 2", columns["lead_key"])
        return self.env.execute_query(
            query.select(columns["slice"], columns["lead_id"])
        )

    def _stay_durations(self, options):
        """Return how long stays last.

        :return: rows (slice, stage, left out, ended, censored, entered); the last
            three are dicts of minutes -> number
        """
        query = self._stay_query(options)
        columns = self._stay_columns(query)
        stays = self._select(
            options,
            query,
            "slice",
            "stage_key",
            "entered",
            "left",
            "outcome",
            doubtful=SQL("(%s OR %s)", columns["inexact"], columns["bulk"]),
        )
        start = options["start"] if options["view"] == "period" else None
        return [
            (slice_id, stage, left_out, *grouped(*arrays))
            for slice_id, stage, left_out, *arrays in self.env.execute_query(
                durations(stays, start, options["moment"])
            )
        ]

    # ------------------------------------------------------------------
    # what still waits
    # ------------------------------------------------------------------

    def _waiting(self, options, *names):
        """Return the SELECT of the stays that are open at the end.

        :param names: further columns
        :return: SQL with `slice`, `company_id`, `stage_key`, those names, `minutes`
            so far, `value` as of the end and `is_stuck`
        """
        query = self._stay_query(options)
        columns = self._stay_columns(query)
        query.add_where(
            SQL(
                "(%(left)s IS NULL OR %(left)s > %(moment)s)",
                left=columns["left"],
                moment=options["moment"],
            )
        )
        limits = [
            SQL("(%s, %s, %s)", company, stage, round(days * MINUTES_OF_DAY))
            for company, by_stage in options["norms"].items()
            for stage, days in by_stage.items()
            if days is not None
        ]
        return SQL(
            """
            SELECT stay.*, event.expected_revenue AS value,
                   COALESCE(stay.minutes > norm.minutes, FALSE) AS is_stuck
              FROM (%(stays)s) AS stay
             CROSS JOIN LATERAL (
                   SELECT expected_revenue FROM crm_lead_event
                    WHERE lead_key = stay.lead_key AND at <= %(moment)s
                    ORDER BY at DESC, id DESC LIMIT 1) AS event
              LEFT JOIN (VALUES %(limits)s) AS norm (company_id, stage_key, minutes)
                   USING (company_id, stage_key)
            """,
            stays=self._select(
                options,
                query,
                "slice",
                "company_id",
                "stage_key",
                "lead_key",
                *names,
                minutes=minutes(columns["entered"], SQL("%s", options["moment"])),
            ),
            moment=options["moment"],
            limits=SQL(", ").join([*limits, SQL("(0, 0, 0)")]),
        )

    def _stay_waiting(self, options):
        """Sum up the stays that are open at the end.

        :return: rows (slice, company id, stage, money-days, stuck ones, their value)
        """
        rows = self.env.execute_query(
            SQL(
                """SELECT slice, company_id, stage_key, sum(value * minutes),
                          count(*) FILTER (WHERE is_stuck),
                          sum(value) FILTER (WHERE is_stuck)
                     FROM (%s) AS waiting GROUP BY 1, 2, 3""",
                self._waiting(options),
            )
        )
        return [
            (slice_id, company, stage, float(work or 0) / MINUTES_OF_DAY, *stuck)
            for slice_id, company, stage, work, *stuck in rows
        ]

    def _stuck_leads(self, options, stage_id):
        """Return rows (slice, lead id or None) of the deals that are stuck."""
        waiting = self._waiting(options, "lead_id")
        return self.env.execute_query(
            SQL(
                """SELECT slice, lead_id FROM (%s) AS waiting
                    WHERE is_stuck AND (%s OR stage_key = %s)""",
                waiting,
                stage_id is None,
                stage_id,
            )
        )
