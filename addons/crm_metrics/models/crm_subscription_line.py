from odoo import api, fields, models
from odoo.tools import SQL

from .date_range import in_range


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
    date_end = fields.Date(string="End", help="Last day; empty: with the subscription.")
    previous_line_id = fields.Many2one(
        "crm.subscription.line",
        string="Follows",
        ondelete="set null",
        index="btree_not_null",
        copy=False,
        domain="[('subscription_id', '=', subscription_id), ('id', '!=', id)]",
        help="The version of the same item that this line follows.",
    )
    close_reason_id = fields.Many2one(
        "crm.subscription.close.reason",
        ondelete="restrict",
        index="btree_not_null",
        copy=False,
        help="Why the customer left when this version ended, kept after a return; "
        "empty: as the subscription says.",
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
    _start_in_range = models.Constraint(
        in_range("date_start"),
        "Start: it lies between 1900 and 9998.",
    )
    _end_in_range = models.Constraint(
        in_range("date_end"),
        "End: it lies between 1900 and 9998. Leave it empty where there is no end.",
    )
    _one_successor = models.UniqueIndex(
        "(previous_line_id) WHERE previous_line_id IS NOT NULL",
        "Follows: another line follows this one already.",
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
        "recurring_plan_id.interval_number",
        "recurring_plan_id.interval_type",
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
                "SELECT %s FROM (VALUES %s)"
                " AS v (quantity, price, discount, number, interval, unit)",
                self._monthly_rate_sql(
                    *(
                        SQL.identifier("v", name)
                        for name in ("quantity", "price", "discount")
                        + ("number", "interval", "unit")
                    )
                ),
                SQL(", ").join(
                    SQL(
                        "(%s::numeric, %s::numeric, %s::numeric,"
                        " %s::int, %s::text, %s::numeric)",
                        line.quantity,
                        line.price_unit,
                        line.discount,
                        line.recurring_plan_id.interval_number,
                        line.recurring_plan_id.interval_type or None,
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
        :return: SQL with the columns

            - `partner_id` (commercial partner), `company_id`, `user_id`,
              `team_id`, `lead_id`, `recurring_plan_id`, `currency_id`,
              `close_reason_id` (of the agreement, where it ends with the line)
            - `res_model`, `res_id`: the line
            - `date_from` (None: not dated yet), `date_to` (first day without,
              None: open), `paused`: a line with pauses gives several rows
            - `rate_currency`: monthly, rounded to its currency, the same while it
              rests; None: the plan has no length
            - `start_reason`, `end_reason`: why the rate begins and ends;
              `goes_free`: at its end the item goes on for nothing
        """
        has_pause = SQL(
            "EXISTS (SELECT FROM crm_subscription_pause pause"
            " WHERE pause.subscription_id = s.id)"
        )
        # the many lines without pauses are spared the cutting
        return SQL(
            """
            SELECT whole.*, first_day AS date_from, day_after AS date_to,
                   FALSE AS paused, rate AS rate_currency,
                   first_reason AS start_reason, last_reason AS end_reason,
                   free_next AS goes_free
              FROM (%(whole)s) AS whole
             UNION ALL
            SELECT base.*, stretch.date_from, stretch.date_to, stretch.paused,
                   base.rate,
                   COALESCE(stretch.start_reason, base.first_reason),
                   COALESCE(stretch.end_reason, base.last_reason),
                   base.free_next AND stretch.end_reason IS NULL
              FROM (%(cut)s) AS base
             CROSS JOIN LATERAL (%(stretches)s) AS stretch
            """,
            whole=self._dated_lines(SQL("%s AND NOT %s", condition, has_pause)),
            cut=self._dated_lines(SQL("%s AND %s", condition, has_pause)),
            stretches=self._stretches(),
        )

    def _dated_lines(self, condition):
        """Return the SELECT of recurring lines before pauses cut them."""
        return SQL(
            """
            SELECT p.commercial_partner_id AS partner_id, %(model)s AS res_model,
                   l.id AS res_id, l.subscription_id,
                   -- GREATEST and LEAST pass over NULLs: the line's dates, clipped
                   GREATEST(l.date_start, s.date_start) AS first_day,
                   %(day_after)s AS day_after,
                   s.company_id, s.user_id, s.team_id, s.lead_id,
                   l.recurring_plan_id, s.currency_id,
                   COALESCE(l.close_reason_id,
                            CASE WHEN l.date_end IS NULL OR l.date_end >= s.date_end
                                 THEN s.close_reason_id END) AS close_reason_id,
                   %(rate)s AS rate,
                   %(change_from_previous)s AS first_reason,
                   CASE WHEN next.id IS NULL THEN 'item'
                        ELSE %(change_to_next)s END AS last_reason,
                   COALESCE(
                       next.price_unit * next.quantity
                           * (100 - COALESCE(next.discount, 0)) = 0
                       AND next.date_start = %(day_after)s,
                       FALSE) AS free_next
              FROM crm_subscription_line l
              JOIN crm_subscription s ON s.id = l.subscription_id
              JOIN res_partner p ON p.id = s.partner_id
              JOIN crm_recurring_plan plan ON plan.id = l.recurring_plan_id
              JOIN res_currency currency ON currency.id = s.currency_id
              LEFT JOIN crm_subscription_line previous
                     ON previous.id = l.previous_line_id
              LEFT JOIN crm_subscription_line next
                     ON next.previous_line_id = l.id AND next.recurring
             WHERE l.recurring AND %(condition)s
            """,
            model=self._name,
            # Python has no day after the last of 9999: that one is no end
            day_after=SQL("NULLIF(LEAST(l.date_end, s.date_end), '9999-12-31') + 1"),
            rate=self._monthly_rate_sql(
                SQL("l.quantity"),
                SQL("l.price_unit"),
                SQL("COALESCE(l.discount, 0)"),
                SQL("plan.interval_number"),
                SQL("plan.interval_type"),
                SQL("currency.rounding"),
            ),
            change_from_previous=self._change_sql(SQL("previous"), SQL("l")),
            change_to_next=self._change_sql(SQL("l"), SQL("next")),
            condition=condition,
        )

    @api.model
    def _change_sql(self, old, new):
        """Return the SQL of the first thing that differs between two versions."""
        return SQL(
            """CASE WHEN %(old)s.id IS NULL THEN 'item'
                    WHEN %(old)s.recurring_plan_id <> %(new)s.recurring_plan_id
                    THEN 'plan'
                    WHEN COALESCE(%(old)s.discount, 0) <> COALESCE(%(new)s.discount, 0)
                    THEN 'discount'
                    WHEN %(old)s.price_unit <> %(new)s.price_unit THEN 'price'
                    WHEN %(old)s.quantity <> %(new)s.quantity THEN 'quantity'
                END""",
            old=old,
            new=new,
        )

    @api.model
    def _stretches(self):
        """Return the SELECT that cuts a line (`base`) at the pauses around it.

        Pauses of a subscription do not overlap, so that a stretch begins with
        the line, with a pause, or on the day after one.
        """
        return SQL(
            """
            SELECT day AS date_from,
                   lead(day, 1, base.day_after) OVER w AS date_to,
                   paused,
                   CASE WHEN day = base.first_day THEN NULL
                        WHEN paused THEN 'pause' ELSE 'resume' END AS start_reason,
                   CASE lead(paused) OVER w
                        WHEN TRUE THEN 'pause'
                        WHEN FALSE THEN 'resume' END AS end_reason
              FROM (
                SELECT base.first_day AS day, EXISTS (
                           SELECT FROM crm_subscription_pause pause
                            WHERE pause.subscription_id = base.subscription_id
                              AND pause.date_from <= base.first_day
                              AND COALESCE(pause.date_to, 'infinity') >= base.first_day
                       ) AS paused
                 UNION ALL
                SELECT pause.date_from, TRUE
                  FROM crm_subscription_pause pause
                 WHERE pause.subscription_id = base.subscription_id
                   AND pause.date_from > base.first_day
                   AND pause.date_from < COALESCE(base.day_after, 'infinity')
                 UNION ALL
                SELECT pause.date_to + 1, FALSE
                  FROM crm_subscription_pause pause
                 WHERE pause.subscription_id = base.subscription_id
                   AND pause.date_to >= base.first_day
                   AND pause.date_to < '9999-12-31'
                   AND pause.date_to + 1 < COALESCE(base.day_after, 'infinity')
                   AND NOT EXISTS (
                       SELECT FROM crm_subscription_pause following
                        WHERE following.subscription_id = pause.subscription_id
                          AND following.date_from = pause.date_to + 1)
              ) AS points
            WINDOW w AS (ORDER BY day)
            """
        )

    @api.model
    def _monthly_rate_sql(self, quantity, price, discount, number, interval, unit):
        """Return the SQL of a monthly rate: the one definition of MRR of a line.

        A rate is never prorated: it is the price of one period, after discount,
        brought to a month and rounded to the currency.

        :param SQL quantity: number of units
        :param SQL price: untaxed price of one unit for one period
        :param SQL discount: percentage
        :param SQL number: number of intervals in the period
        :param SQL interval: name of the interval; see `crm.recurring.plan`
        :param SQL unit: smallest unit of the currency (`res.currency.rounding`)
        """
        amount = SQL("(%s * %s * (1 - %s / 100))", quantity, price, discount)
        return SQL(
            "round(%(monthly)s / %(unit)s) * %(unit)s",
            monthly=self.env["crm.recurring.plan"]._per_month_sql(
                amount, number, interval
            ),
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
                "previous_line_id",
                "close_reason_id",
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
