from odoo import api, fields, models
from odoo.tools import SQL


class CrmPurchase(models.Model):
    """A purchase of a customer, or a refund, as its document says it now.

    Where the purchases of a company come from is a setting of the company; those
    that were imported count beside it. Each source is a model that gives its rows
    as one SELECT, see :meth:`_purchase_sources`.
    """

    _name = "crm.purchase"
    _inherit = ["crm.metrics.fact"]
    _description = "Purchase"
    _log_access = False
    _order = "date desc, id desc"
    _rec_name = "partner_id"
    _fact_key = "partner_key"
    _fact_has_issues = True
    _fact_identity = ("company_id", "res_model", "res_id", "kind")
    _fact_values = ("partner_id", "date", "amount", "user_id", "team_id")

    # A number beside the record: purchases without a customer have one as well, and
    # that of a deleted customer stays until the refresh has come.
    partner_key = fields.Integer(
        string="Customer Number",
        required=True,
        readonly=True,
        index=True,
        aggregator=None,
        help="0: a purchase without a customer.",
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        ondelete="set null",
        readonly=True,
        index="btree_not_null",
        help="The commercial partner; empty: an anonymous purchase.",
    )
    company_id = fields.Many2one(
        "res.company", required=True, ondelete="cascade", readonly=True
    )
    company_currency_id = fields.Many2one(
        "res.currency", related="company_id.currency_id", string="Company Currency"
    )
    date = fields.Date(required=True, readonly=True)
    kind = fields.Selection(
        [("purchase", "Purchase"), ("refund", "Refund")],
        required=True,
        readonly=True,
    )
    amount = fields.Monetary(
        currency_field="company_currency_id",
        readonly=True,
        help="Untaxed, in the currency of the company; that of a refund is negative.",
    )
    res_model = fields.Char(string="Document Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Document Number",
        model_field="res_model",
        required=True,
        readonly=True,
        aggregator=None,
    )
    document_name = fields.Char(string="Document", compute="_compute_document_name")
    user_id = fields.Many2one(
        "res.users", string="Salesperson", ondelete="set null", readonly=True
    )
    team_id = fields.Many2one(
        "crm.team", string="Sales Team", ondelete="set null", readonly=True
    )
    country_id = fields.Many2one(related="partner_id.country_id")

    @api.depends("res_model", "res_id")
    def _compute_document_name(self):
        titles = self.env["crm.metrics.source"]._document_titles(
            (purchase.res_model, purchase.res_id) for purchase in self
        )
        for purchase in self:
            purchase.document_name = titles.get((purchase.res_model, purchase.res_id))

    # ------------------------------------------------------------------
    # sources
    # ------------------------------------------------------------------

    def _purchase_sources(self):
        """Return which models give purchases, and when.

        Each has `_purchase_rows(condition)`, see `crm.purchase.entry`; an addon with
        a source of its own adds its model here.

        :return: dict, technical name of a model -> value of the company's setting
            `crm_metrics_purchase_source` under which it counts, None: always
        """
        return {"crm.purchase.entry": None, "crm.lead": "won"}

    def _automatic_source(self):
        """Return what counts in a company that has not chosen a source."""
        return "won"

    def _source_sql(self, company):
        """Return the SQL of what counts in a company: its setting, else the automatic.

        :param SQL company: alias of the table of companies
        """
        return SQL(
            "COALESCE(%s.crm_metrics_purchase_source, %s)",
            company,
            self._automatic_source(),
        )

    def _counts_sql(self, source):
        """Return the SQL condition that a source counts in the company `c`.

        A document without a company is looked at where the source counts in any.
        """
        return SQL(
            """CASE WHEN c.id IS NULL
                    THEN EXISTS (SELECT FROM res_company any_company WHERE %s = %s)
                    ELSE %s = %s END""",
            self._source_sql(SQL("any_company")),
            source,
            self._source_sql(SQL("c")),
            source,
        )

    def _purchase_rows(self, condition, everywhere=False):
        """Return the rows of all sources.

        :param SQL condition: restricts the rows, see `crm.purchase.entry`
        :param everywhere: also rows of sources that a company has not chosen
        """
        sources = self._purchase_sources().items()
        if not everywhere:
            # a source that nobody has chosen is not even looked at
            chosen = {None, *self._chosen_sources()}
            sources = [(model, value) for model, value in sources if value in chosen]
        return SQL(" UNION ALL ").join(
            SQL(
                """SELECT partner_id, company_id, res_model, res_id, date, amount,
                          user_id, team_id
                     FROM (%s) AS source""",
                self.env[model]._purchase_rows(
                    condition
                    if value is None or everywhere
                    else SQL("%s AND %s", condition, self._counts_sql(value))
                ),
            )
            for model, value in sources
        )

    def _chosen_sources(self):
        """Return what counts in any company, as a set."""
        self.env.cr.execute(
            SQL("SELECT DISTINCT %s FROM res_company c", self._source_sql(SQL("c")))
        )
        return {value for (value,) in self.env.cr.fetchall()}

    def _fact_select(self, scope):
        # Where nobody asks for the anonymous, the planner sees that the second half is
        # false, and goes by the index of the customers' contacts.
        condition = SQL(
            "(%s OR (p.id IS NULL AND %s))",
            scope(SQL("p.commercial_partner_id")),
            scope(SQL("0")),
        )
        return SQL(
            """
            SELECT COALESCE(r.partner_id, 0) AS partner_key, r.company_id, r.res_model,
                   r.res_id,
                   CASE WHEN r.amount > 0 THEN 'purchase' ELSE 'refund' END AS kind,
                   r.partner_id, r.date, r.amount, r.user_id, r.team_id,
                   CASE WHEN r.company_id IS NULL THEN 'no_company'
                        WHEN r.amount IS NULL THEN 'missing_rate'
                        WHEN r.date IS NULL THEN 'no_date' END AS issue
              FROM (%s) r
             WHERE r.amount IS DISTINCT FROM 0
            """,
            self._purchase_rows(condition),
        )

    # ------------------------------------------------------------------
    # queueing
    # ------------------------------------------------------------------

    def _queue_companies(self, companies=None):
        """Queue all customers of companies, of whatever source.

        For settings that move all rows: it does not matter whether they have been
        written yet.

        :param companies: SQL condition on `company_id`, default all
        """
        companies = companies or SQL("TRUE")
        self.env["crm.metrics.queue"]._push(
            self._name,
            SQL(
                """SELECT partner_key FROM crm_purchase WHERE %(companies)s
                   UNION
                   SELECT COALESCE(partner_id, 0) FROM (%(rows)s) AS r
                    WHERE %(companies)s""",
                companies=companies,
                rows=self._purchase_rows(SQL("TRUE"), everywhere=True),
            ),
        )

    def _push_without_company(self, column, ids):
        """Queue the customers of wins whose company is that of a team or salesperson.

        :param column: `team_id` or `user_id` of leads
        :param ids: of the teams or users
        """
        keys = self.env["crm.lead"]._purchase_keys(
            SQL(
                "l.company_id IS NULL AND %s = ANY(%s)",
                SQL.identifier("l", column),
                list(ids),
            )
        )
        self.env["crm.metrics.queue"]._push(self._name, keys)

    def _remove_source(self, *res_models):
        """Take out the rows of a source whose addon goes; for its uninstall hook.

        What counts instead follows with the next refresh.
        """
        # while it is still known who is concerned
        self._queue_companies()
        for table in ("crm_purchase", "crm_metrics_issue"):
            self.env.cr.execute(
                SQL(
                    "DELETE FROM %s WHERE res_model = ANY(%s)",
                    SQL.identifier(table),
                    list(res_models),
                )
            )
        self.env.invalidate_all()

    def action_open_source(self):
        """Open the document of a purchase."""
        self.ensure_one()
        self.check_access("read")
        return self.env["crm.metrics.source"]._open_document(
            self.res_model, self.res_id
        )
