from odoo import api, fields, models


class CrmSubscriptionChange(models.TransientModel):
    """New plan, quantity, price or discount of lines from a day on."""

    _name = "crm.subscription.change"
    _inherit = ["crm.subscription.wizard"]
    _description = "Change the Terms of a Subscription"

    date = fields.Date(
        string="From",
        required=True,
        compute="_compute_date",
        store=True,
        readonly=False,
        precompute=True,
        help="First day of the new terms. The old ones hold until the day before.",
    )
    terms_ids = fields.One2many(
        "crm.subscription.terms",
        "change_id",
        string="Lines",
        compute="_compute_terms_ids",
        store=True,
        readonly=False,
    )

    @api.depends("subscription_id")
    def _compute_date(self):
        for wizard in self:
            wizard.date = wizard._today()

    @api.depends("subscription_id", "date")
    def _compute_terms_ids(self):
        for wizard in self:
            lines = wizard.subscription_id.line_ids
            lines = lines._holds_on(wizard.date) if wizard.date else lines.browse()
            wizard.terms_ids = wizard.terms_ids._rows(wizard.terms_ids, lines)

    def _apply(self):
        self.subscription_id._change_lines(self.date, self.terms_ids._changes())
