from odoo import api, fields, models
from odoo.tools import SQL

#: Days of a month, for periods counted in days or weeks: 365.25 / 12.
DAYS_OF_MONTH = 30.4375


class CrmRecurringPlan(models.Model):
    _name = "crm.recurring.plan"
    _inherit = ["crm.recurring.plan", "crm.metrics.source"]

    # a new plan is paid by the month until somebody says otherwise
    number_of_months = fields.Integer(default=1)
    interval_number = fields.Integer(
        string="Paid Every",
        compute="_compute_interval",
        inverse="_inverse_interval",
        store=True,
        readonly=False,
        help="Length of the period that one price is paid for.",
    )
    interval_type = fields.Selection(
        [
            ("day", "Days"),
            ("week", "Weeks"),
            ("month", "Months"),
            ("year", "Years"),
        ],
        string="Period",
        compute="_compute_interval",
        inverse="_inverse_interval",
        store=True,
        readonly=False,
    )

    _interval_not_negative = models.Constraint(
        "CHECK (interval_number >= 0)", "Paid Every: it cannot be negative."
    )

    @api.depends("number_of_months")
    def _compute_interval(self):
        for plan in self:
            # 12 months stay the year, 0 months the two weeks that were entered
            if not plan.interval_type or plan._whole_months() != plan.number_of_months:
                plan.interval_number = plan.number_of_months
                plan.interval_type = "month"

    def _inverse_interval(self):
        # number_of_months stays in step for whoever else reads it
        for plan in self:
            plan.number_of_months = plan._whole_months()

    def _whole_months(self):
        """Return the months of one period, 0 when they are no whole number."""
        months = {"month": 1, "year": 12}.get(self.interval_type, 0)
        return self.interval_number * months

    def _per_month(self, amount):
        """Return what an amount a period is a month; None for a plan without length.

        The same rule in Python as :meth:`_per_month_sql`, for single records.
        """
        if not self.interval_number:
            return None
        if months := self._whole_months():
            return amount / months
        days = self.interval_number * (7 if self.interval_type == "week" else 1)
        return amount * DAYS_OF_MONTH / days

    @api.model
    def _per_month_sql(self, amount, number, interval_type):
        """Return the SQL of what an amount a period is a month.

        Months and years divide by whole months; days and weeks by a month of
        30.4375 days. NULL for a plan without length.

        :param SQL amount: numeric, what is paid for one period
        :param SQL number: number of intervals in the period
        :param SQL interval_type: name of the interval
        """
        return SQL(
            """CASE %(type)s
                    WHEN 'month' THEN %(amount)s / %(number)s
                    WHEN 'year' THEN %(amount)s / (12 * %(number)s)
                    WHEN 'week' THEN %(amount)s * %(days)s / (7 * %(number)s)
                    WHEN 'day' THEN %(amount)s * %(days)s / %(number)s
                END""",
            type=interval_type,
            amount=amount,
            number=SQL("NULLIF(%s, 0)", number),
            days=SQL(str(DAYS_OF_MONTH)),
        )

    def _metrics_watched(self):
        return frozenset({"interval_number", "interval_type"})

    def _metrics_keys(self):
        return {
            "crm.mrr.segment": SQL(
                """SELECT p.commercial_partner_id
                     FROM crm_subscription_line l
                     JOIN crm_subscription s ON s.id = l.subscription_id
                     JOIN res_partner p ON p.id = s.partner_id
                    WHERE l.recurring_plan_id = ANY(%s)""",
                self.ids,
            )
        }
