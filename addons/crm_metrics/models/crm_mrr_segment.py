from odoo import fields, models
from odoo.tools import SQL


class CrmMrrSegment(models.Model):
    """A recurring line over a stretch of time with one monthly rate."""

    _name = "crm.mrr.segment"
    _inherit = ["crm.metrics.fact"]
    _description = "MRR Segment"
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

    _line_idx = models.Index("(res_id, res_model)")

    def _recurring_sources(self):
        """Return the names of the models that give recurring rows.

        Each has `_recurring_rows(condition)`, see `crm.subscription.line`; an
        addon with a source of its own appends its model here.
        """
        return ["crm.subscription.line"]

    def _fact_select(self, scope):
        condition = scope(SQL("p.commercial_partner_id"))
        rows = SQL(" UNION ALL ").join(
            self.env[source]._recurring_rows(condition)
            for source in self._recurring_sources()
        )
        return SQL(
            """
            SELECT r.partner_id, r.res_model, r.res_id, r.date_from,
                   r.company_id, r.user_id, r.team_id, r.lead_id,
                   r.recurring_plan_id, r.currency_id, r.date_to,
                   r.rate_currency, r.rate_currency AS rate,
                   CASE WHEN r.date_to <= r.date_from THEN 'outside_subscription'
                        WHEN r.rate_currency IS NULL THEN 'plan_without_period'
                        WHEN r.currency_id <> c.currency_id THEN 'foreign_currency'
                    END AS issue
              FROM (%s) r
              JOIN res_company c ON c.id = r.company_id
             WHERE r.date_from IS NOT NULL
            """,
            rows,
        )
