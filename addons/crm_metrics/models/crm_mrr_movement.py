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
    _log_access = False
    _order = "date desc, id desc"
    _rec_name = "partner_id"
    _fact_upstream = ("crm.mrr.segment",)
    _fact_identity = ("segment_id", "date", "kind")
    _fact_values = (
        "company_id",
        "amount",
        "customers",
        "reason",
        "close_reason_id",
        "renewal_due",
        "lead_id",
        "team_id",
        "user_id",
    )

    date = fields.Date(required=True, readonly=True, help="First day of the new rate.")
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
            ("fx", "Currency"),
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
    reason = fields.Selection(
        [
            ("item", "Item"),
            ("quantity", "Quantity"),
            ("price", "Price"),
            ("discount", "Discount"),
            ("plan", "Plan"),
            ("pause", "Pause"),
            ("resume", "Resume"),
            ("free", "Free of Charge"),
            ("voluntary", "Voluntary"),
            ("involuntary", "Involuntary"),
            ("unknown", "Unknown"),
        ],
        readonly=True,
        help="Of a change: what differs between two versions of an item (item: it "
        "came or went as a whole). Of churn: the kind of the close reason.",
    )
    close_reason_id = fields.Many2one(
        "crm.subscription.close.reason", ondelete="set null", readonly=True
    )
    renewal_due = fields.Boolean(
        readonly=True,
        help="A term that merely runs out: nobody has closed the agreement.",
    )
    segment_id = fields.Many2one(
        "crm.mrr.segment", ondelete="set null", readonly=True, index=True
    )
    recurring_plan_id = fields.Many2one(related="segment_id.recurring_plan_id")
    country_id = fields.Many2one(related="partner_id.country_id")
    source_id = fields.Many2one(
        related="lead_id.source_id", help="Campaign source of the opportunity."
    )
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
            WITH segment AS (
                SELECT s.id, s.company_id, s.partner_id, s.lead_id, s.team_id,
                       s.user_id, s.date_from,
                       s.date_to, s.rate, s.rate_currency, s.currency_id,
                       s.close_reason_id, s.start_reason, s.end_reason, s.goes_free,
                       (s.paused OR s.rate_currency > 0)::int AS alive,
                       s.currency_id <> c.currency_id AS is_foreign,
                       -- the line as one number, the same after every rebuild
                       (s.res_id::bigint << 32)
                           | (hashtext(s.res_model)::bigint & 4294967295) AS line
                  FROM crm_mrr_segment s
                  JOIN res_company c ON c.id = s.company_id
                 WHERE %(scope)s
            ), revalued AS (%(revalued)s), edge AS (
                SELECT *, FALSE AS ends, date_from AS date, rate AS amount,
                       alive AS step, start_reason AS reason
                  FROM segment
                 UNION ALL
                SELECT *, TRUE, date_to, -rate, -alive, end_reason
                  FROM segment WHERE date_to IS NOT NULL AND NOT is_foreign
                 UNION ALL
                SELECT segment.*, TRUE, date_to, -revalued.value, -alive, end_reason
                  FROM segment
                  JOIN revalued ON revalued.id = segment.id
                               AND revalued.date = segment.date_to
            ), day AS (
                SELECT company_id, partner_id, date, sum(amount) AS net,
                       sum(step) AS step,
                       -- the line whose row carries the customer
                       min(line) FILTER (WHERE step <> 0) AS carrier
                  FROM edge
                 WHERE step <> 0
                 GROUP BY company_id, partner_id, date
            ), life AS (
                SELECT *, sum(step) OVER w AS is_alive, lag(date) OVER w AS before
                  FROM day
                WINDOW w AS (PARTITION BY company_id, partner_id ORDER BY date)
            ), classified AS (
                SELECT life.company_id, life.partner_id, life.date, life.carrier,
                       CASE WHEN is_alive = step AND is_alive > 0 THEN
                                 CASE WHEN before IS NULL THEN 'new'
                                      WHEN life.date - before
                                           > NULLIF(c.crm_metrics_reactivation_days, 0)
                                      THEN 'new'
                                      ELSE 'reactivation' END
                            WHEN is_alive = 0 THEN 'churn'
                            WHEN net > 0 THEN 'expansion'
                            WHEN net < 0 THEN 'contraction'
                            ELSE 'transfer'
                        END AS kind
                  FROM life
                  JOIN res_company c ON c.id = life.company_id
            )
            SELECT e.partner_id, e.id AS segment_id, e.date, k.kind, e.company_id,
                   e.amount, carried.customers,
                   CASE WHEN k.kind IN ('new', 'reactivation') THEN NULL
                        -- versions that differ in nothing, apart by a gap
                        WHEN k.kind IN ('expansion', 'contraction')
                        THEN COALESCE(e.reason, 'item')
                        WHEN k.kind <> 'churn' THEN e.reason
                        WHEN e.goes_free THEN 'free'
                        ELSE COALESCE(close.kind, 'unknown') END AS reason,
                   CASE WHEN e.ends THEN e.close_reason_id END AS close_reason_id,
                   e.ends AND COALESCE(e.reason, '') = 'item'
                       AND e.close_reason_id IS NULL AS renewal_due,
                   e.lead_id, e.team_id, e.user_id, NULL::text AS issue
              FROM edge e
              JOIN classified k USING (company_id, partner_id, date)
              LEFT JOIN crm_subscription_close_reason close
                     ON close.id = e.close_reason_id
             CROSS JOIN LATERAL (
                SELECT CASE WHEN e.line <> k.carrier THEN 0
                            WHEN k.kind IN ('new', 'reactivation') THEN 1
                            WHEN k.kind = 'churn' THEN -1
                            ELSE 0 END AS customers) AS carried
             WHERE e.amount <> 0 OR carried.customers <> 0
             UNION ALL
            SELECT s.partner_id, s.id, r.date, 'fx', s.company_id, r.gain, 0, NULL,
                   NULL, COALESCE(r.date = s.date_to AND s.end_reason = 'item'
                                  AND s.close_reason_id IS NULL, FALSE),
                   s.lead_id, s.team_id, s.user_id, NULL
              FROM revalued r
              JOIN segment s ON s.id = r.id
             WHERE r.gain <> 0
            """,
            scope=scope(SQL("s.partner_id")),
            revalued=self._revalued(),
        )

    def _revalued(self):
        """Return the SELECT that values foreign segments anew after their start.

        At the end of each segment, and with the company's setting on each first
        of month up to the last known rate: `value` is the rate in company
        currency on that day, `gain` what that is more than before.
        """
        Segment = self.env["crm.mrr.segment"]
        return SQL(
            """
            SELECT id, date, value,
                   value - lag(value, 1, rate) OVER (
                       PARTITION BY id ORDER BY date) AS gain
              FROM (
                SELECT segment.id, segment.rate, due.date, %(value)s AS value
                  FROM segment
                  JOIN res_company c ON c.id = segment.company_id
                  JOIN res_currency company_currency
                    ON company_currency.id = c.currency_id
                 CROSS JOIN LATERAL (
                    SELECT segment.date_to AS date WHERE segment.date_to IS NOT NULL
                     UNION
                    SELECT first::date
                      FROM generate_series(
                               date_trunc('month', segment.date_from::timestamp)
                                   + interval '1 month',
                               %(last_rate)s::timestamp,
                               interval '1 month') AS first
                     WHERE c.crm_metrics_revalue_monthly
                       AND first < COALESCE(segment.date_to, 'infinity')
                 ) AS due
                 WHERE segment.is_foreign
              ) AS valued
            """,
            value=Segment._value_sql(SQL("segment"), SQL("due.date")),
            last_rate=SQL(
                """(SELECT max(known.name) FROM res_currency_rate known
                     WHERE known.currency_id IN (segment.currency_id, c.currency_id)
                       AND COALESCE(known.company_id, %s) = %s)""",
                Segment._root_company_sql(SQL("c")),
                Segment._root_company_sql(SQL("c")),
            ),
        )

    def action_open_source(self):
        """Open the document (subscription, contract, ...) that moved."""
        self.ensure_one()
        self.check_access("read")
        segment = self.segment_id
        return self.env["crm.metrics.source"]._open_document(
            segment.res_model, segment.res_id
        )
