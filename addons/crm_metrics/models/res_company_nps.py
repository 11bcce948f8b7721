from datetime import datetime, time

import pytz

from odoo import fields, models


class ResCompany(models.Model):
    """How long a company keeps who gave which feedback."""

    _inherit = "res.company"

    crm_nps_retention_months = fields.Integer(
        string="Keep Who Answered",
        help="Answers and invitations that are older are made anonymous; 0: they are "
        "kept as they are.",
    )

    _crm_nps_retention_not_negative = models.Constraint(
        "CHECK (crm_nps_retention_months >= 0)",
        "Keep Who Answered: the months cannot be negative.",
    )

    def _metrics_noon(self, moment):
        """Return noon of a moment's day in this company: only its day is left."""
        zone = self._metrics_tz()
        day = pytz.utc.localize(moment).astimezone(zone).date()
        noon = zone.localize(datetime.combine(day, time(12)))
        return noon.astimezone(pytz.utc).replace(tzinfo=None)
