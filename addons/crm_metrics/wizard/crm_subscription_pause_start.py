from odoo import api, fields, models


class CrmSubscriptionPauseStart(models.TransientModel):
    """Let a subscription rest."""

    _name = "crm.subscription.pause.start"
    _inherit = ["crm.subscription.wizard"]
    _description = "Pause a Subscription"

    date_from = fields.Date(
        string="From",
        required=True,
        compute="_compute_date_from",
        store=True,
        readonly=False,
        precompute=True,
        help="First day of the pause.",
    )
    date_to = fields.Date(
        string="To", help="Last day of the pause; empty: until it is resumed."
    )
    reason = fields.Char()

    @api.depends("subscription_id")
    def _compute_date_from(self):
        for wizard in self:
            wizard.date_from = wizard._today()

    def _apply(self):
        self.subscription_id._pause(self.date_from, self.date_to, self.reason)
