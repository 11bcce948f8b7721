from odoo import api, fields, models
from odoo.tools import SQL


class CrmSubscriptionLine(models.Model):
    """What a customer pays for, again and again, from one day to another.

    A change of price or quantity is a new line (a *version*) that points to the
    line it follows: the old rate stays on record.
    """

    _name = "crm.subscription.line"
    _inherit = ["crm.metrics.source"]
    _description = "Subscription Line"
    _order = "subscription_id, date_start NULLS FIRST, id"
    _check_company_auto = True

    subscription_id = fields.Many2one(
        "crm.subscription", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="subscription_id.company_id")
    currency_id = fields.Many2one(related="subscription_id.currency_id")
    name = fields.Char(string="Description", required=True)
    recurring = fields.Boolean(
        default=True, help="A one-off line (set-up, training) is no recurring revenue."
    )
    recurring_plan_id = fields.Many2one(
        "crm.recurring.plan",
        ondelete="restrict",
        index="btree_not_null",
        help="How often the price is paid.",
    )
    quantity = fields.Float(default=1.0, digits="Product Unit", required=True)
    price_unit = fields.Float(
        string="Unit Price",
        digits="Product Price",
        required=True,
        help="Untaxed price of one unit for one period of the plan.",
    )
    discount = fields.Float(string="Disc.%", digits="Discount")
    date_start = fields.Date(
        string="Start", help="First day; empty: with the subscription."
    )
    date_end = fields.Date(
        string="End", help="Last day; empty: with the subscription."
    )
    previous_line_id = fields.Many2one(
        "crm.subscription.line",
        string="Follows",
        ondelete="set null",
        index="btree_not_null",
        copy=False,
        domain="[('subscription_id', '=', subscription_id), ('id', '!=', id)]",
        help="The version of the same item that this line follows.",
    )
    mrr = fields.Monetary(
        string="MRR",
        compute="_compute_mrr",
        help="Monthly rate of this line while it runs.",
    )

    _quantity_not_negative = models.Constraint(
        "CHECK (quantity >= 0)", "Quantity: it cannot be negative."
    )
    _price_not_negative = models.Constraint(
        "CHECK (price_unit >= 0)", "Unit Price: it cannot be negative."
    )
    _discount_in_range = models.Constraint(
        "CHECK (discount BETWEEN 0 AND 100)", "Disc.%: it lies between 0 and 100."
    )
    _dates_in_order = models.Constraint(
        "CHECK (date_end >= date_start)", "End: the last day is before the first one."
    )
    _recurring_has_plan = models.Constraint(
        "CHECK (NOT recurring OR recurring_plan_id IS NOT NULL)",
        "Recurring Plan: a recurring line needs one.",
    )

    @api.depends(
        "recurring",
        "quantity",
        "price_unit",
        "discount",
        "recurring_plan_id.number_of_months",
        "currency_id.rounding",
    )
    def _compute_mrr(self):
        self.mrr = 0
        lines = self.filtered("recurring")
        if not lines:
            return
        # by the very expression that makes the facts, also before saving
        rates = self.env.execute_query(
            SQL(
                "SELECT %s FROM (VALUES %s) AS v (quantity, price, discount, months, unit)",
                self._monthly_rate_sql(
                    *map(SQL, ("quantity", "price", "discount", "months", "unit"))
                ),
                SQL(", ").join(
                    SQL(
                        "(%s::numeric, %s::numeric, %s::numeric, %s::int, %s::numeric)",
                        line.quantity,
                        line.price_unit,
                        line.discount,
                        line.recurring_plan_id.number_of_months,
                        line.currency_id.rounding,
                    )
                    for line in lines
                ),
            )
        )
        for line, (rate,) in zip(lines, rates, strict=True):
            line.mrr = rate

    @api.constrains("subscription_id", "previous_line_id", "date_start", "date_end")
    def _check_versions(self):
        """Refuse versions of one item that hold on the same day."""
        # a line that moves away would leave its followers behind
        lines = self | self.search([("previous_line_id", "in", self.ids)])
        for subscription in lines.subscription_id:
            subscription._check_line_versions()

    # ------------------------------------------------------------------
    # recurring source
    # ------------------------------------------------------------------

    @api.model
    def _recurring_rows(self, condition):
        """Return the recurring rows of this source, as one SELECT.

        :param SQL condition: restricts the rows; may use `l` (line), `s`
            (subscription) and `p` (contact of the subscription)
        :return: SQL with the columns `partner_id` (commercial partner),
            `res_model`, `res_id`, `date_from` (None: not dated yet), `date_to`
            (first day without, None: open), `company_id`, `user_id`, `team_id`,
            `lead_id`, `recurring_plan_id`, `currency_id` and `rate_currency`
            (monthly, rounded to its currency; None: the plan has no length)
        """
        return SQL(
            """
            SELECT p.commercial_partner_id AS partner_id, %s AS res_model, l.id AS res_id,
                   -- GREATEST and LEAST pass over NULLs: the line's dates, clipped
                   GREATEST(l.date_start, s.date_start) AS date_from,
                   LEAST(l.date_end, s.date_end) + 1 AS date_to,
                   s.company_id, s.user_id, s.team_id, s.lead_id,
                   l.recurring_plan_id, s.currency_id,
                   %s AS rate_currency
              FROM crm_subscription_line l
              JOIN crm_subscription s ON s.id = l.subscription_id
              JOIN res_partner p ON p.id = s.partner_id
              JOIN crm_recurring_plan plan ON plan.id = l.recurring_plan_id
              JOIN res_currency currency ON currency.id = s.currency_id
             WHERE l.recurring AND %s
            """,
            self._name,
            self._monthly_rate_sql(
                SQL("l.quantity"),
                SQL("l.price_unit"),
                SQL("COALESCE(l.discount, 0)"),
                SQL("plan.number_of_months"),
                SQL("currency.rounding"),
            ),
            condition,
        )

    @api.model
    def _monthly_rate_sql(self, quantity, price, discount, months, unit):
        """Return the SQL of a monthly rate: the one definition of MRR of a line.

        A rate is never prorated: it is the price of one period, after discount,
        divided by the months of the period and rounded to the currency.

        :param SQL quantity: number of units
        :param SQL price: untaxed price of one unit for one period
        :param SQL discount: percentage
        :param SQL months: length of the period; 0 gives NULL, not an error
        :param SQL unit: smallest unit of the currency (`res.currency.rounding`)
        """
        return SQL(
            "round(%(quantity)s * %(price)s * (1 - %(discount)s / 100)"
            " / NULLIF(%(months)s, 0) / %(unit)s) * %(unit)s",
            quantity=quantity,
            price=price,
            discount=discount,
            months=months,
            unit=unit,
        )

    def _metrics_watched(self):
        return frozenset(
            {
                "subscription_id",
                "recurring",
                "recurring_plan_id",
                "quantity",
                "price_unit",
                "discount",
                "date_start",
                "date_end",
            }
        )

    def _metrics_keys(self):
        return {
            "crm.mrr.segment": SQL(
                """SELECT p.commercial_partner_id
                     FROM crm_subscription_line l
                     JOIN crm_subscription s ON s.id = l.subscription_id
                     JOIN res_partner p ON p.id = s.partner_id
                    WHERE l.id = ANY(%s)""",
                self.ids,
            )
        }

    def _metrics_document(self):
        return self.subscription_id

    def _metrics_title(self):
        self.ensure_one()
        customer = self.subscription_id.commercial_partner_id
        return f"{customer.display_name}: {self.display_name}"
