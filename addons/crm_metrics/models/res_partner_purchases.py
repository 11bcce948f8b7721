import operator as operators
from decimal import Decimal

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .crm_metrics_levers import twelve_months
from .crm_metrics_purchases import PURCHASE

SCORE = "crm.customer.score"
GROUP = "sales_team.group_sale_salesman"
COMPARISONS = {
    "<": operators.lt,
    "<=": operators.le,
    ">": operators.gt,
    ">=": operators.ge,
}
#: figures of a customer's purchases -> SQL over the rows of one customer; `%(year)s`
#: is the first day of the last 12 months, `%(unit)s` what the currency is rounded to
FIGURES = {
    "crm_purchase_revenue": "COALESCE(sum(amount), 0)",
    "crm_purchase_count": "count(*) FILTER (WHERE kind = 'purchase')",
    "crm_purchase_average": (
        # as it is shown
        "COALESCE(round(avg(amount) FILTER (WHERE kind = 'purchase') / %(unit)s)"
        " * %(unit)s, 0)"
    ),
    "crm_purchases_a_year": (
        "count(*) FILTER (WHERE kind = 'purchase' AND date >= %(year)s)"
    ),
    "crm_last_purchase": "max(date) FILTER (WHERE kind = 'purchase')",
}


class ResPartner(models.Model):
    """What a customer bought, for the contact's form and the list of contacts.

    Of the whole customer, whichever contact one looks at; in the current company, up to
    today, of the purchases that the reader may read. Read for all contacts at once, and
    given as SQL as well, so that lists can be filtered, sorted and grouped by it.
    """

    _inherit = "res.partner"

    crm_purchase_currency_id = fields.Many2one(
        "res.currency", compute="_compute_crm_purchases", groups=GROUP
    )
    crm_purchase_revenue = fields.Monetary(
        string="Customer Revenue",
        currency_field="crm_purchase_currency_id",
        compute="_compute_crm_purchases",
        search="_search_crm_purchase_revenue",
        aggregator=None,
        groups=GROUP,
        help="Purchases less refunds up to today, of the whole customer in the current "
        "company.",
    )
    crm_purchase_count = fields.Integer(
        string="Customer Purchases",  # not those from vendors
        compute="_compute_crm_purchases",
        search="_search_crm_purchase_count",
        aggregator=None,
        groups=GROUP,
        help="Number of purchases up to today.",
    )
    crm_purchase_average = fields.Monetary(
        string="Average Purchase",
        currency_field="crm_purchase_currency_id",
        compute="_compute_crm_purchases",
        search="_search_crm_purchase_average",
        aggregator=None,
        groups=GROUP,
        help="Amount of the purchases / their number; refunds left out.",
    )
    crm_purchases_a_year = fields.Integer(
        string="Purchases a Year",
        compute="_compute_crm_purchases",
        search="_search_crm_purchases_a_year",
        aggregator=None,
        groups=GROUP,
        help="Number of purchases in the last 12 months.",
    )
    crm_last_purchase = fields.Date(
        string="Last Purchase",
        compute="_compute_crm_purchases",
        search="_search_crm_last_purchase",
        groups=GROUP,
    )
    crm_segment_id = fields.Many2one(
        "crm.customer.segment",
        string="Customer Segment",
        compute="_compute_crm_segment_id",
        search="_search_crm_segment_id",
        groups=GROUP,
        help="Of the last scoring run of the current company.",
    )
    crm_score_ids = fields.One2many(SCORE, "partner_id", groups=GROUP)

    @api.depends("commercial_partner_id")
    @api.depends_context("company", "allowed_company_ids", "uid")
    def _compute_crm_purchases(self):
        customers = self.commercial_partner_id._origin
        query = self._crm_purchases_query(Domain("partner_id", "in", customers.ids))
        query.groupby = SQL.identifier(query.table, "partner_id")
        found = {
            customer: dict(zip(FIGURES, figures, strict=True))
            for customer, *figures in self.env.execute_query(
                query.select(
                    SQL.identifier(query.table, "partner_id"),
                    *map(self._crm_figure_sql, FIGURES),
                )
            )
        }
        self.crm_purchase_currency_id = self.env.company.currency_id
        nothing = {**dict.fromkeys(FIGURES, 0), "crm_last_purchase": False}
        for partner in self:
            customer = partner.commercial_partner_id._origin.id
            partner.update(found.get(customer, nothing))

    @api.depends("commercial_partner_id")
    @api.depends_context("company", "allowed_company_ids", "uid")
    def _compute_crm_segment_id(self):
        customers = self.commercial_partner_id._origin
        segments = dict(
            self.env[SCORE]._read_group(
                self._crm_scores_domain() & Domain("partner_id", "in", customers.ids),
                ["partner_id", "segment_id"],
            )
        )
        for partner in self:
            customer = partner.commercial_partner_id._origin
            partner.crm_segment_id = segments.get(customer, False)

    # ------------------------------------------------------------------
    # reading
    # ------------------------------------------------------------------

    def _crm_purchases_query(self, domain=Domain.TRUE):
        """Return the query of the purchases that figures are made of."""
        company = self.env.company
        return self.env[PURCHASE]._search(
            Domain("company_id", "=", company.id)
            & Domain("partner_id", "!=", False)
            & Domain("date", "<=", company._metrics_today())
            & domain
        )

    def _crm_figure_sql(self, name):
        """Return the SQL of a figure over the purchases of one customer."""
        company = self.env.company
        year, _today = twelve_months(company._metrics_today())
        given = {"year": year, "unit": Decimal(str(company.currency_id.rounding))}
        sql = FIGURES[name]
        return SQL(sql, **{key: given[key] for key in given if f"%({key})s" in sql})

    def _crm_scores_domain(self):
        """Return the domain of the scores that customers have now."""
        company = self.env.company
        runs = self.env["crm.customer.score.run"]._latest(
            company, company._metrics_today()
        )
        return Domain("run_id", "in", runs.ids)

    def _field_to_sql(self, alias, field_expr, query=None):
        if field_expr not in FIGURES and field_expr != "crm_segment_id":
            return super()._field_to_sql(alias, field_expr, query)
        self._check_field_access(self._fields[field_expr], "read")
        customer = SQL.identifier(alias, "commercial_partner_id")
        if field_expr in FIGURES:
            found = self._crm_purchases_query()
            found.add_where(
                SQL("%s = %s", SQL.identifier(found.table, "partner_id"), customer)
            )
            return found.subselect(self._crm_figure_sql(field_expr))
        found = self.env[SCORE]._search(self._crm_scores_domain())
        # In a select of its own: rules of scores join contacts, perhaps by this alias.
        return SQL(
            """(SELECT score.segment_id FROM %s AS score
                 WHERE score.partner_id = %s)""",
            found.subselect(
                *(
                    SQL.identifier(found.table, name)
                    for name in ("partner_id", "segment_id")
                )
            ),
            customer,
        )

    # ------------------------------------------------------------------
    # searching
    # ------------------------------------------------------------------

    @api.model
    def _search_crm_purchase_revenue(self, operator, value):
        return self._search_crm_figure("crm_purchase_revenue", operator, value)

    @api.model
    def _search_crm_purchase_count(self, operator, value):
        return self._search_crm_figure("crm_purchase_count", operator, value)

    @api.model
    def _search_crm_purchase_average(self, operator, value):
        return self._search_crm_figure("crm_purchase_average", operator, value)

    @api.model
    def _search_crm_purchases_a_year(self, operator, value):
        return self._search_crm_figure("crm_purchases_a_year", operator, value)

    @api.model
    def _search_crm_last_purchase(self, operator, value):
        return self._search_crm_figure("crm_last_purchase", operator, value)

    @api.model
    def _search_crm_figure(self, name, operator, value):
        """Return the domain of contacts by a figure of their customer.

        Who never bought has 0, or no day: where that is asked for, the others who do
        not have it are left out.
        """
        figure = self._crm_figure_sql(name)
        field = self._fields[name]
        # as in a stored field: False is 0, and no day
        nothing = False if field.type == "date" else 0

        def converted(value):
            return field.convert_to_cache(value, self, validate=False) or nothing

        if operator == "in":
            wanted = [converted(each) for each in value]
            has_nothing = nothing in wanted
            known = [each for each in wanted if each is not False]
            condition = SQL("%s = ANY(%s)", figure, known)
        elif operator in COMPARISONS:
            limit = converted(value)
            if limit is False:
                return Domain.FALSE
            condition = SQL("%s %s %s", figure, SQL(operator), limit)
            has_nothing = nothing is not False and COMPARISONS[operator](0, limit)
        else:
            return NotImplemented
        query = self._crm_purchases_query()
        query.groupby = SQL.identifier(query.table, "partner_id")
        query.having = SQL("NOT (%s)", condition) if has_nothing else condition
        return self._crm_customers_domain(query, not has_nothing)

    @api.model
    def _search_crm_segment_id(self, operator, value):
        if operator == "any" and isinstance(value, Domain):
            value = self.env["crm.customer.segment"].search(value).ids
        elif operator != "in":
            return NotImplemented
        scores = self._crm_scores_domain()
        ids = [id_ for id_ in value if id_]
        domain = self._crm_customers_domain(
            self.env[SCORE]._search(scores & Domain("segment_id", "in", ids))
        )
        if len(ids) < len(value):
            domain |= self._crm_customers_domain(
                self.env[SCORE]._search(scores & Domain("segment_id", "!=", False)),
                is_in=False,
            )
        return domain

    def _crm_customers_domain(self, query, is_in=True):
        """Return the domain of the contacts of the customers that a query gives."""
        # a subselect of the query would be without its HAVING
        customers = query.select(SQL.identifier(query.table, "partner_id"))
        return Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "%s %s (%s)",
                model._field_to_sql(alias, "commercial_partner_id", query),
                SQL("IN") if is_in else SQL("NOT IN"),
                customers,
            )
        )

    # ------------------------------------------------------------------
    # ways out
    # ------------------------------------------------------------------

    def action_view_crm_purchases(self):
        """Open the purchases of the customer in the current company."""
        return self._crm_customer_action("crm_metrics.crm_purchase_action")

    def action_view_crm_scores(self):
        """Open the scores of the customer in the current company, run by run."""
        return self._crm_customer_action("crm_metrics.crm_customer_score_action")

    def _crm_customer_action(self, xml_id):
        self.ensure_one()
        self.check_access("read")
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(xml_id),
            "domain": [
                ("partner_id", "=", self.commercial_partner_id.id),
                ("company_id", "=", self.env.company.id),
            ],
            "context": {},
        }
