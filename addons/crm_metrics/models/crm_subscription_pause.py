from odoo import api, fields, models
from odoo.tools import SQL

from .date_range import in_range


class CrmSubscriptionPause(models.Model):
    """Days on which a subscription rests: it counts nothing, but is not lost."""

    _name = "crm.subscription.pause"
    _inherit = ["crm.metrics.source"]
    _description = "Subscription Pause"
    _order = "subscription_id, date_from"
    _rec_name = "reason"

    subscription_id = fields.Many2one(
        "crm.subscription", required=True, ondelete="cascade", index=True
    )
    date_from = fields.Date(
        string="From", required=True, help="First day of the pause."
    )
    date_to = fields.Date(
        string="To", help="Last day of the pause; empty: until it is resumed."
    )
    reason = fields.Char()

    _dates_in_order = models.Constraint(
        "CHECK (date_to >= date_from)", "To: the last day is before the first one."
    )
    _from_in_range = models.Constraint(
        in_range("date_from"),
        "From: it lies between 1900 and 9998.",
    )
    _to_in_range = models.Constraint(
        in_range("date_to"),
        "To: it lies between 1900 and 9998. Leave it empty where there is no end.",
    )

    @api.constrains("subscription_id", "date_from", "date_to")
    def _check_overlap(self):
        """Refuse two pauses of one subscription on the same day."""
        self.subscription_id._check_pauses()

    def _metrics_watched(self):
        return frozenset({"subscription_id", "date_from", "date_to"})

    def _metrics_keys(self):
        return {
            "crm.mrr.segment": SQL(
                """SELECT p.commercial_partner_id
                     FROM crm_subscription_pause pause
                     JOIN crm_subscription s ON s.id = pause.subscription_id
                     JOIN res_partner p ON p.id = s.partner_id
                    WHERE pause.id = ANY(%s)""",
                self.ids,
            )
        }
