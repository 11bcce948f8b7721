from odoo import api, fields, models
from odoo.tools import SQL


class CrmMrrSegment(models.Model):
    """A recurring line over a stretch of time with one monthly rate."""

    _name = "crm.mrr.segment"
    _inherit = ["crm.metrics.fact"]
    _description = "MRR Segment"
    _log_access = False
    _order = "date_from desc, id desc"
    _rec_name = "res_model"
    _fact_has_issues = True
    _fact_identity = ("res_model", "res_id", "date_from")
    _fact_values = (
        "company_id",
        "user_id",
        "team_id",
        "lead_id",
        "recurring_plan_id",
        "currency_id",
        "date_to",
        "rate_currency",
        "rate",
        "paused",
        "close_reason_id",
        "start_reason",
        "end_reason",
        "goes_free",
    )

    company_id = fields.Many2one(
        "res.company", required=True, ondelete="cascade", readonly=True
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        ondelete="cascade",
        readonly=True,
        index=True,
        help="The commercial partner.",
    )
    user_id = fields.Many2one(
        "res.users", string="Salesperson", ondelete="set null", readonly=True
    )
    team_id = fields.Many2one(
        "crm.team", string="Sales Team", ondelete="set null", readonly=True
    )
    res_model = fields.Char(string="Line Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Line", model_field="res_model", required=True, readonly=True
    )
    lead_id = fields.Many2one(
        "crm.lead",
        string="Opportunity",
        ondelete="set null",
        readonly=True,
        index="btree_not_null",
    )
    recurring_plan_id = fields.Many2one(
        "crm.recurring.plan", ondelete="set null", readonly=True
    )
    currency_id = fields.Many2one(
        "res.currency", required=True, ondelete="cascade", readonly=True
    )
    company_currency_id = fields.Many2one(
        "res.currency", related="company_id.currency_id", string="Company Currency"
    )
    date_from = fields.Date(string="From", required=True, readonly=True)
    date_to = fields.Date(
        string="To", readonly=True, help="First day without this rate; empty: open."
    )
    rate_currency = fields.Monetary(
        string="MRR in Currency",
        currency_field="currency_id",
        readonly=True,
        aggregator=None,
    )
    rate = fields.Monetary(
        string="MRR", currency_field="company_currency_id", readonly=True
    )

    paused = fields.Boolean(
        readonly=True, help="The line rests: it counts nothing, but is not lost."
    )
    close_reason_id = fields.Many2one(
        "crm.subscription.close.reason",
        ondelete="set null",
        readonly=True,
        index="btree_not_null",
        help="Why the agreement was closed at the end of this stretch.",
    )
    start_reason = fields.Char(readonly=True)
    end_reason = fields.Char(readonly=True)
    goes_free = fields.Boolean(
        readonly=True, help="At the end the item goes on for nothing."
    )

    _line_idx = models.Index("(res_id, res_model)")

    def _recurring_sources(self):
        """Return the names of the models that give recurring rows.

        Each has `_recurring_rows(condition)`, see `crm.subscription.line`; an
        addon with a source of its own appends its model here.
        """
        return ["crm.subscription.line"]

    def _recurring_rows(self, condition):
        """Return the rows of all sources, see `crm.subscription.line`."""
        return SQL(" UNION ALL ").join(
            SQL(
                """SELECT partner_id, res_model, res_id, date_from, date_to, company_id,
                          user_id, team_id, lead_id, recurring_plan_id, currency_id,
                          close_reason_id, rate_currency, paused, start_reason,
                          end_reason, goes_free
                     FROM (%s) AS source""",
                self.env[source]._recurring_rows(condition),
            )
            for source in self._recurring_sources()
        )

    def _fact_select(self, scope):
        rows = SQL(
            """
            SELECT r.*,
                   -- it counts, or would count if it did not rest
                   r.rate_currency > 0 AS alive,
                   CASE WHEN c.id IS NULL THEN 'no_company'
                        WHEN r.date_to <= r.date_from THEN 'outside_subscription'
                        WHEN r.rate_currency IS NULL THEN 'plan_without_period'
                        WHEN %(factor)s IS NULL THEN 'missing_rate'
                    END AS issue
              FROM (%(sources)s) r
              LEFT JOIN res_company c ON c.id = r.company_id
             WHERE r.date_from IS NOT NULL
            """,
            factor=self._factor_sql(SQL("r.currency_id"), SQL("c"), SQL("r.date_from")),
            sources=self._recurring_rows(scope(SQL("p.commercial_partner_id"))),
        )
        companies_sudo = self.env["res.company"].sudo()
        if companies_sudo.search_count([("crm_metrics_grace_days", ">", 0)], limit=1):
            rows = self._bridged(rows)
        return SQL(
            """
            SELECT r.partner_id, r.res_model, r.res_id, r.date_from,
                   r.company_id, r.user_id, r.team_id, r.lead_id,
                   r.recurring_plan_id, r.currency_id, r.date_to, r.rate_currency,
                   %(value)s AS rate, r.paused, r.close_reason_id, r.start_reason,
                   r.end_reason, r.goes_free, r.issue
              FROM (SELECT partner_id, res_model, res_id, date_from, company_id,
                           user_id, team_id, lead_id, recurring_plan_id, currency_id,
                           date_to,
                           CASE WHEN paused THEN 0
                                ELSE rate_currency END AS rate_currency,
                           paused AND alive AS paused,
                           -- the agreement ends with its last stretch
                           CASE WHEN date_to IS NULL
                                     OR end_reason IN ('pause', 'resume') THEN NULL
                                ELSE close_reason_id END AS close_reason_id,
                           start_reason, end_reason, goes_free, issue
                      FROM (%(rows)s) AS counted) r
              LEFT JOIN res_company c ON c.id = r.company_id
              LEFT JOIN res_currency company_currency
                     ON company_currency.id = c.currency_id
            """,
            value=self._value_sql(SQL("r"), SQL("r.date_from")),
            rows=rows,
        )

    def _bridged(self, rows):
        """Return rows in which late renewals within the grace follow on.

        A gap is a stretch in which a customer has nothing, not even a pause. If
        it is short enough, the lines that ended where it begins run on to the
        day before the return.
        """
        return SQL(
            """
            WITH given AS (%s), reach AS (
                SELECT g.company_id, g.partner_id, g.date_from,
                       max(COALESCE(g.date_to, 'infinity')) OVER (
                           PARTITION BY g.company_id, g.partner_id
                           ORDER BY g.date_from
                           RANGE BETWEEN UNBOUNDED PRECEDING AND '1 day' PRECEDING
                       ) AS covered_to
                  FROM given g
                 WHERE g.alive AND g.issue IS NULL
            ), gap AS (
                SELECT DISTINCT reach.company_id, reach.partner_id, covered_to AS lost,
                       date_from AS back
                  FROM reach
                  JOIN res_company c ON c.id = reach.company_id
                 WHERE CASE WHEN covered_to < date_from
                            THEN date_from - covered_to <= c.crm_metrics_grace_days END
            )
            SELECT given.partner_id, res_model, res_id, date_from,
                   COALESCE(gap.back, date_to) AS date_to, given.company_id, user_id,
                   team_id, lead_id, recurring_plan_id, currency_id, close_reason_id,
                   rate_currency, paused, start_reason, end_reason, goes_free, alive,
                   issue
              FROM given
              LEFT JOIN gap
                     ON gap.company_id = given.company_id
                    AND gap.partner_id = given.partner_id
                    AND gap.lost = given.date_to
                    AND given.alive AND given.issue IS NULL
            """,
            rows,
        )

    # ------------------------------------------------------------------
    # currency
    # ------------------------------------------------------------------

    @api.model
    def _root_company_sql(self, company):
        """Return the SQL of the company to which the rates of a company belong."""
        return SQL("split_part(%s.parent_path, '/', 1)::int", company)

    @api.model
    def _rate_on_sql(self, currency, company, day):
        """Return the SQL of a currency's last rate on or before a day, or NULL.

        Unlike `res.currency._get_rates`, a later rate never stands in.
        """
        return SQL(
            """(SELECT rate.rate FROM res_currency_rate rate
                 WHERE rate.currency_id = %s AND rate.name <= %s
                   AND COALESCE(rate.company_id, %s) = %s
                 ORDER BY rate.name DESC, rate.company_id LIMIT 1)""",
            currency,
            day,
            self._root_company_sql(company),
            self._root_company_sql(company),
        )

    @api.model
    def _factor_sql(self, currency, company, day):
        """Return the SQL of what one unit of a currency is worth in a company.

        The company's own currency is 1, a currency without a rate NULL.
        """
        return SQL(
            """CASE WHEN %(currency)s = %(company)s.currency_id THEN 1
                    ELSE COALESCE(%(own_rate)s, 1) / %(rate)s END""",
            currency=currency,
            company=company,
            own_rate=self._rate_on_sql(SQL("%s.currency_id", company), company, day),
            rate=self._rate_on_sql(currency, company, day),
        )

    @api.model
    def _value_sql(self, row, day):
        """Return the SQL of a row's rate in company currency, valued on a day.

        To be used where `c` is the company and `company_currency` its currency.

        :param SQL row: alias with `currency_id` and `rate_currency`
        :param SQL day: date whose rate counts
        """
        return self._converted_sql(
            SQL("%s.rate_currency", row), SQL("%s.currency_id", row), day
        )

    @api.model
    def _converted_sql(self, amount, currency, day):
        """Return the SQL of an amount in company currency, at the rate of a day.

        To be used where `c` is the company and `company_currency` its currency. NULL
        where there is no rate on or before the day.

        :param SQL amount: in the currency, rounded to it
        :param SQL currency: id of the currency
        :param SQL day: date whose rate counts
        """
        return SQL(
            """CASE WHEN %(currency)s = c.currency_id THEN %(amount)s
                    ELSE round(%(amount)s * %(factor)s / company_currency.rounding)
                         * company_currency.rounding
                END""",
            currency=currency,
            amount=amount,
            factor=self._factor_sql(currency, SQL("c"), day),
        )
