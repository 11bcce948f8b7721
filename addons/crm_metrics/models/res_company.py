from datetime import datetime

import pytz

from odoo import fields, models
from odoo.tools import SQL


class ResCompany(models.Model):
    _name = "res.company"
    _inherit = ["res.company", "crm.metrics.source"]

    def _metrics_tz(self):
        """Return the time zone in which the days of this company begin and end."""
        self.ensure_one()
        # not the reader's business who may see the calendar
        return pytz.timezone(self.sudo().resource_calendar_id.tz or "UTC")

    def _metrics_today(self):
        """Return the day that it is now in the company."""
        now = fields.Datetime.now()
        return pytz.utc.localize(now).astimezone(self._metrics_tz()).date()

    def _metrics_end_of_day(self, day):
        """Return the moment at which a day of the company ends (naive UTC)."""
        self.ensure_one()
        last = self._metrics_tz().localize(datetime.combine(day, datetime.max.time()))
        return last.astimezone(pytz.utc).replace(tzinfo=None)

    def _metrics_watched(self):
        # what is in another currency than its company is not counted
        return frozenset({"currency_id"})

    def _metrics_keys(self):
        return {
            "crm.mrr.segment": SQL(
                """SELECT p.commercial_partner_id
                     FROM crm_subscription s
                     JOIN res_partner p ON p.id = s.partner_id
                    WHERE s.company_id = ANY(%s)""",
                self.ids,
            )
        }
