from odoo import fields, models
from odoo.tools import SQL


class CrmSubscriptionCloseReason(models.Model):
    _name = "crm.subscription.close.reason"
    _inherit = ["crm.metrics.source"]
    _description = "Subscription Close Reason"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    kind = fields.Selection(
        [("voluntary", "Voluntary"), ("involuntary", "Involuntary")],
        required=True,
        default="voluntary",
        help="Voluntary: the customer wanted to leave. Involuntary: the customer "
        "went lost otherwise (payment failed, went out of business).",
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)

    def _metrics_watched(self):
        return frozenset({"kind"})

    def _metrics_keys(self):
        # only the movements tell the kind of a reason
        return {
            "crm.mrr.movement": SQL(
                """SELECT partner_id FROM crm_mrr_segment
                    WHERE close_reason_id = ANY(%s)""",
                self.ids,
            )
        }
