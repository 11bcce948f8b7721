from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class CrmSubscription(models.Model):
    """What a subscription is and pays today, and its rate from day to day."""

    _inherit = "crm.subscription"

    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("upcoming", "Upcoming"),
            ("active", "Active"),
            ("paused", "Paused"),
            ("closed", "Closed"),
        ],
        compute="_compute_today",
        search="_search_state",
        group_expand=True,
        help="Draft: no recurring line with a date. Upcoming: begins later.",
    )
    mrr = fields.Monetary(
        string="MRR",
        compute="_compute_today",
        aggregator="sum",
        help="Monthly recurring revenue today, in the subscription's currency.",
    )
    arr = fields.Monetary(
        string="ARR",
        compute="_compute_today",
        aggregator="sum",
        help="Annual run rate today: 12 times the MRR.",
    )
    rate_timeline = fields.Json(
        compute="_compute_rate_timeline",
        help="The stretches of constant MRR: from, to (first day after), amount.",
    )

    @api.depends(
        "line_ids.mrr",
        "line_ids.date_start",
        "line_ids.date_end",
        "date_start",
        "date_end",
    )
    @api.depends_context("company")
    def _compute_today(self):
        figures = {}
        if ids := self._origin.ids:
            self.env.flush_all()
            figures = {
                id_: (state, mrr)
                for id_, state, mrr in self.env.execute_query(
                    SQL(
                        # another alias than those inside of the expressions
                        "SELECT doc.id, (%s), (%s) FROM crm_subscription doc"
                        " WHERE doc.id = ANY(%s)",
                        self._state_sql(SQL("doc.id")),
                        self._mrr_sql(SQL("doc.id")),
                        ids,
                    )
                )
            }
        for subscription in self:
            state, mrr = figures.get(subscription._origin.id, ("draft", 0))
            subscription.state = state
            subscription.mrr = mrr
            subscription.arr = 12 * mrr

    def _compute_rate_timeline(self):
        self.rate_timeline = []
        if not (ids := self._origin.ids):
            return
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                WITH rate AS (%s), edge AS (
                    SELECT id, date, sum(amount) AS amount
                      FROM rate CROSS JOIN LATERAL (
                           VALUES (date_from, rate_currency), (date_to, -rate_currency)
                      ) AS e (date, amount)
                     WHERE date IS NOT NULL
                     GROUP BY id, date
                )
                SELECT id, date, lead(date) OVER w, sum(amount) OVER w
                  FROM edge
                WINDOW w AS (PARTITION BY id ORDER BY date)
                 ORDER BY id, date
                """,
                self._dated_rows(SQL("s.id = ANY(%s)", ids)),
            )
        )
        timelines = {}
        for id_, date_from, date_to, amount in rows:
            timelines.setdefault(id_, []).append(
                {
                    "date_from": fields.Date.to_string(date_from),
                    "date_to": date_to and fields.Date.to_string(date_to),
                    "rate": float(amount),
                }
            )
        for subscription in self:
            subscription.rate_timeline = timelines.get(subscription._origin.id, [])

    # ------------------------------------------------------------------
    # figures of today, in SQL: they can be grouped, sorted and summed
    # ------------------------------------------------------------------

    def _dated_rows(self, condition):
        """Return the dated recurring rows of subscriptions, as one SELECT.

        :param SQL condition: as in `crm.subscription.line._recurring_rows`
        """
        return SQL(
            """SELECT r.subscription_id AS id, r.date_from, r.date_to, r.paused,
                      CASE WHEN r.paused THEN 0
                           ELSE r.rate_currency END AS rate_currency
                 FROM (%s) r
                WHERE r.date_from < COALESCE(r.date_to, 'infinity')""",
            self.env["crm.subscription.line"]._recurring_rows(condition),
        )

    def _state_sql(self, id_sql):
        today = self.env.company._metrics_today()
        return SQL(
            """SELECT CASE WHEN count(*) = 0 THEN 'draft'
                           WHEN bool_or(date_from <= %(today)s
                                AND COALESCE(date_to, 'infinity') > %(today)s
                                AND NOT paused) THEN 'active'
                           WHEN bool_or(date_from <= %(today)s
                                AND COALESCE(date_to, 'infinity') > %(today)s)
                           THEN 'paused'
                           WHEN bool_or(date_from > %(today)s) THEN 'upcoming'
                           ELSE 'closed' END
                 FROM (%(rows)s) dated""",
            today=today,
            rows=self._dated_rows(SQL("s.id = %s", id_sql)),
        )

    def _mrr_sql(self, id_sql):
        return SQL(
            """SELECT COALESCE(sum(rate_currency), 0)
                 FROM (%(rows)s) dated
                WHERE date_from <= %(today)s
                  AND COALESCE(date_to, 'infinity') > %(today)s""",
            today=self.env.company._metrics_today(),
            rows=self._dated_rows(SQL("s.id = %s", id_sql)),
        )

    def _field_to_sql(self, alias, field_expr, query=None):
        if field_expr == "state":
            return SQL("(%s)", self._state_sql(SQL.identifier(alias, "id")))
        if field_expr == "mrr":
            return SQL("(%s)", self._mrr_sql(SQL.identifier(alias, "id")))
        if field_expr == "arr":
            return SQL("(12 * (%s))", self._mrr_sql(SQL.identifier(alias, "id")))
        return super()._field_to_sql(alias, field_expr, query)

    @api.model
    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        # each has one
        states = [state for state in value if state]
        return Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "%s = ANY(%s)", model._field_to_sql(alias, "state", query), states
            )
        )
