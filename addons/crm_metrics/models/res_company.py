from datetime import datetime

import pytz

from odoo import fields, models
from odoo.tools import SQL


class ResCompany(models.Model):
    _name = "res.company"
    _inherit = ["res.company", "crm.metrics.source"]

    crm_metrics_grace_days = fields.Integer(
        string="Grace for Late Renewals",
        help="A renewal that comes up to so many days late follows on; 0: every "
        "gap is churn.",
    )
    crm_metrics_reactivation_days = fields.Integer(
        string="Reactivation Window",
        help="A customer who was away for more days counts as new; 0: whoever "
        "comes back is a reactivation.",
    )
    crm_metrics_revalue_monthly = fields.Boolean(
        string="Revalue Monthly",
        help="Value agreements in other currencies anew on each first of month, "
        "not only when they change.",
    )
    crm_metrics_renewal_days = fields.Integer(
        string="Renewal Activities",
        default=30,
        help="So many days before a term runs out, its salesperson gets an activity; "
        "0: none.",
    )
    crm_metrics_stuck_activity = fields.Boolean(
        string="Activities for Stuck Deals",
        help="The salesperson gets an activity when an opportunity has been in its "
        "stage for longer than nine of ten.",
    )
    crm_metrics_won_subscription = fields.Selection(
        [("manual", "By a button"), ("automatic", "Automatically")],
        string="Subscription of a Won Opportunity",
        required=True,
        default="manual",
        help="How an opportunity that is won with a recurring plan becomes a "
        "subscription.",
    )

    _crm_metrics_renewal_not_negative = models.Constraint(
        "CHECK (crm_metrics_renewal_days >= 0)",
        "Renewal Activities: the days cannot be negative.",
    )
    _crm_metrics_grace_in_range = models.Constraint(
        "CHECK (crm_metrics_grace_days BETWEEN 0 AND 90)",
        "Grace for Late Renewals: it lies between 0 and 90 days.",
    )
    _crm_metrics_reactivation_not_negative = models.Constraint(
        "CHECK (crm_metrics_reactivation_days >= 0)",
        "Reactivation Window: it cannot be negative.",
    )

    def _metrics_tz(self):
        """Return the time zone in which the days of this company begin and end."""
        self.ensure_one()
        # not the reader's business who may see the calendar
        return pytz.timezone(self.sudo().resource_calendar_id.tz or "UTC")

    def _metrics_today(self):
        """Return the day that it is now in the company."""
        now = fields.Datetime.now()
        return pytz.utc.localize(now).astimezone(self._metrics_tz()).date()

    def _metrics_start_of_day(self, day):
        """Return the moment at which a day of the company begins (naive UTC)."""
        self.ensure_one()
        first = self._metrics_tz().localize(datetime.combine(day, datetime.min.time()))
        return first.astimezone(pytz.utc).replace(tzinfo=None)

    def _metrics_end_of_day(self, day):
        """Return the moment at which a day of the company ends (naive UTC)."""
        self.ensure_one()
        last = self._metrics_tz().localize(datetime.combine(day, datetime.max.time()))
        return last.astimezone(pytz.utc).replace(tzinfo=None)

    def _metrics_watched(self):
        return frozenset(
            {
                "currency_id",
                "crm_metrics_grace_days",
                "crm_metrics_reactivation_days",
                "crm_metrics_revalue_monthly",
            }
        )

    def _metrics_keys(self):
        customers = SQL(
            """SELECT p.commercial_partner_id
                 FROM crm_subscription s
                 JOIN res_partner p ON p.id = s.partner_id
                WHERE s.company_id = ANY(%s)""",
            self.ids,
        )
        # the window and the revaluation concern the movements alone
        return {"crm.mrr.segment": customers, "crm.mrr.movement": customers}

    def unlink(self):
        # visits go with their company, and fall to another one with its events
        self.env["crm.stage.visit"]._push_company(self.ids)
        return super().unlink()
