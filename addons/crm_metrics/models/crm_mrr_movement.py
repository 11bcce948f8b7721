from odoo import fields, models
from odoo.tools import SQL


class CrmMrrMovement(models.Model):
    """A change of recurring revenue: one edge of a segment on its day.

    Every edge of a customer's day carries the kind that the customer's net of
    that day gives, so that the slices of a kind (by team, plan, ...) add up to
    the whole. `customers` is filled on one row of a customer-day, so that the
    number of customers is a sum as well.
    """

    _name = "crm.mrr.movement"
    _inherit = ["crm.metrics.fact"]
    _description = "MRR Movement"
    _order = "date desc, id desc"
    _rec_name = "partner_id"
    _fact_upstream = ("crm.mrr.segment",)
    _fact_identity = ("segment_id", "date", "kind")
    _fact_values = ("company_id", "amount", "customers", "lead_id", "team_id", "user_id")

    date = fields.Date(
        required=True, readonly=True, help="First day of the new rate."
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
    )
    kind = fields.Selection(
        [
            ("new", "New"),
            ("reactivation", "Reactivation"),
            ("expansion", "Expansion"),
            ("contraction", "Contraction"),
            ("churn", "Churn"),
            ("transfer", "Transfer"),
        ],
        required=True,
        readonly=True,
    )
    amount = fields.Monetary(
        string="MRR Change", currency_field="company_currency_id", readonly=True
    )
    company_currency_id = fields.Many2one(
        "res.currency", related="company_id.currency_id", string="Company Currency"
    )
    customers = fields.Integer(
        string="Customer Change",
        readonly=True,
        help="+1 for a customer won, -1 for a customer lost, on one row of the day.",
    )
    segment_id = fields.Many2one(
        "crm.mrr.segment", ondelete="set null", readonly=True, index=True
    )
    recurring_plan_id = fields.Many2one(related="segment_id.recurring_plan_id")
    lead_id = fields.Many2one(
        "crm.lead",
        string="Opportunity",
        ondelete="set null",
        readonly=True,
        index="btree_not_null",
    )
    team_id = fields.Many2one(
        "crm.team", string="Sales Team", ondelete="set null", readonly=True
    )
    user_id = fields.Many2one(
        "res.users", string="Salesperson", ondelete="set null", readonly=True
    )

    def _fact_select(self, scope):
        # edges -> net of each customer's day -> running balance -> kind of the
        # day -> back to the edges
        return SQL(
            """
            WITH edge AS (
                SELECT s.id AS segment_id, s.company_id, s.partner_id, s.lead_id,
                       s.team_id, s.user_id, e.date, e.amount,
                       -- the line as one number, the same after every rebuild
                       (s.res_id::bigint << 32)
                           | (hashtext(s.res_model)::bigint & 4294967295) AS line
                  FROM crm_mrr_segment s
                 CROSS JOIN LATERAL (
                       VALUES (s.date_from, s.rate), (s.date_to, -s.rate)
                 ) AS e (date, amount)
                 WHERE %(scope)s AND e.date IS NOT NULL AND e.amount <> 0
            ), day AS (
                SELECT company_id, partner_id, date, sum(amount) AS net,
                       -- the row of the day that carries the customer
                       CASE WHEN sum(amount) > 0
                            THEN min(line) FILTER (WHERE amount > 0)
                            ELSE min(line) FILTER (WHERE amount < 0)
                        END AS carrier
                  FROM edge
                 GROUP BY company_id, partner_id, date
            ), balance AS (
                SELECT *,
                       sum(net) OVER w AS closing,
                       row_number() OVER w AS nth
                  FROM day
                WINDOW w AS (PARTITION BY company_id, partner_id ORDER BY date)
            ), classified AS (
                SELECT company_id, partner_id, date, net, carrier,
                       CASE WHEN net = 0 THEN 'transfer'
                            -- the first day of a customer is always a rise from 0
                            WHEN nth = 1 THEN 'new'
                            WHEN closing = net THEN 'reactivation'
                            WHEN closing = 0 THEN 'churn'
                            WHEN net > 0 THEN 'expansion'
                            ELSE 'contraction'
                        END AS kind
                  FROM balance
            )
            SELECT e.partner_id, e.segment_id, e.date, c.kind, e.company_id, e.amount,
                   CASE WHEN e.line <> c.carrier OR sign(e.amount) <> sign(c.net) THEN 0
                        WHEN c.kind IN ('new', 'reactivation') THEN 1
                        WHEN c.kind = 'churn' THEN -1
                        ELSE 0
                    END AS customers,
                   e.lead_id, e.team_id, e.user_id, NULL::text AS issue
              FROM edge e
              JOIN classified c USING (company_id, partner_id, date)
            """,
            scope=scope(SQL("s.partner_id")),
        )

    def action_open_source(self):
        """Open the document (subscription, contract, ...) that moved."""
        self.ensure_one()
        self.check_access("read")
        segment = self.segment_id
        line = self.env[segment.res_model].browse(segment.res_id)
        line.check_access("read")
        return line._metrics_document()._get_records_action()
