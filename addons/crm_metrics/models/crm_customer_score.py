from odoo import fields, models
from odoo.tools import SQL

SCORE_HELP = "From 1 (worst) to 5 (best); equal customers have equal scores."


class CrmCustomerScore(models.Model):
    """What a customer of a company looked like on the day of a scoring run.

    It belongs to its run and is not kept up to date: a later run has other scores.
    """

    _name = "crm.customer.score"
    _description = "Customer Score"
    _log_access = False
    _order = "date desc, monetary desc, id desc"
    _rec_name = "partner_id"

    run_id = fields.Many2one(
        "crm.customer.score.run",
        string="Scoring Run",
        required=True,
        ondelete="cascade",
        index=True,
        readonly=True,
    )
    date = fields.Date(
        required=True, readonly=True, help="The scores are as of the end of this day."
    )
    company_id = fields.Many2one(
        "res.company", required=True, ondelete="cascade", readonly=True
    )
    company_currency_id = fields.Many2one(
        "res.currency", related="company_id.currency_id", string="Company Currency"
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        ondelete="cascade",
        index=True,
        readonly=True,
        help="The commercial partner.",
    )
    recency_days = fields.Integer(
        string="Days Since Last Purchase", aggregator="avg", readonly=True
    )
    frequency = fields.Integer(
        string="Purchases", readonly=True, help="In the window of the run."
    )
    monetary = fields.Monetary(
        string="Revenue",
        currency_field="company_currency_id",
        readonly=True,
        help="In the window of the run, net of refunds.",
    )
    r = fields.Integer(aggregator="avg", readonly=True, help=SCORE_HELP)
    f = fields.Integer(aggregator="avg", readonly=True, help=SCORE_HELP)
    m = fields.Integer(aggregator="avg", readonly=True, help=SCORE_HELP)
    segment_id = fields.Many2one(
        "crm.customer.segment", ondelete="set null", readonly=True
    )
    previous_segment_id = fields.Many2one(
        "crm.customer.segment",
        ondelete="set null",
        readonly=True,
        help="In the run before; empty: the customer was not in it.",
    )
    value = fields.Monetary(
        string="Value of a Purchase",
        currency_field="company_currency_id",
        aggregator="avg",
        readonly=True,
        help="V: amount of the purchases / their number; refunds left out.",
    )
    loyalty = fields.Float(
        string="Purchases a Year",
        aggregator="avg",
        digits=(16, 2),
        readonly=True,
        help="L: purchases in the window, brought to a year.",
    )
    lifetime_value = fields.Monetary(
        currency_field="company_currency_id",
        readonly=True,
        help="Value of a purchase x purchases a year x margin x years as a customer. "
        "Empty while margin or years are not known: see the settings.",
    )
    country_id = fields.Many2one(related="partner_id.country_id")
    industry_id = fields.Many2one(related="partner_id.industry_id")
    salesperson_id = fields.Many2one(
        related="partner_id.user_id", string="Salesperson of the Customer"
    )
    size = fields.Selection(
        [
            ("person", "Person"),
            ("small", "Company, up to 2 contacts"),
            ("medium", "Company, 3 to 9 contacts"),
            ("large", "Company, 10 contacts or more"),
        ],
        readonly=True,
        help="By the contacts that were known on the day of the run.",
    )
    source_id = fields.Many2one(
        "utm.source",
        ondelete="set null",
        readonly=True,
        help="Campaign source of the customer's first opportunity that has one.",
    )

    def _keep_one_of(self, partners):
        """Delete what would be a second score of one customer in a run.

        For a merge of contacts, before it moves the foreign keys.

        :param partners: contacts that become one; the first one stays
        """
        run = self.env["crm.customer.score.run"]
        run.flush_model(["customers"])
        self.env.cr.execute(
            SQL(
                """WITH doubles AS (
                       DELETE FROM crm_customer_score WHERE id IN (
                           SELECT id FROM (
                               SELECT id, row_number() OVER (
                                          PARTITION BY run_id
                                              ORDER BY partner_id <> %s, id) AS number
                                 FROM crm_customer_score
                                WHERE partner_id = ANY(%s)) AS scores
                            WHERE number > 1)
                       RETURNING run_id)
                   UPDATE crm_customer_score_run AS run
                      SET customers = customers - gone.count
                     FROM (SELECT run_id, count(*) FROM doubles GROUP BY 1) AS gone
                    WHERE run.id = gone.run_id""",
                partners[:1].id,
                partners.ids,
            )
        )
        self.invalidate_model()
        run.invalidate_model(["customers"])
