from odoo import api, fields, models


class CrmSubscriptionResume(models.TransientModel):
    """Let a paused subscription count again."""

    _name = "crm.subscription.resume"
    _inherit = ["crm.subscription.wizard"]
    _description = "Resume a Subscription"

    date = fields.Date(
        string="From",
        required=True,
        compute="_compute_date",
        store=True,
        readonly=False,
        precompute=True,
        help="First day that counts again. The pause ends on the day before.",
    )

    @api.depends("subscription_id")
    def _compute_date(self):
        for wizard in self:
            wizard.date = wizard._today()

    def _apply(self):
        self.subscription_id._resume(self.date)
