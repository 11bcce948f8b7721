from odoo import api, fields, models


class CrmSubscriptionClose(models.TransientModel):
    """End subscriptions for good, with the reason."""

    _name = "crm.subscription.close"
    _description = "Close Subscriptions"

    subscription_ids = fields.Many2many(
        "crm.subscription",
        string="Subscriptions",
        required=True,
        default=lambda self: self._default_subscription_ids(),
    )
    notice = fields.Char(compute="_compute_notice")
    last_day = fields.Date(
        required=True,
        compute="_compute_last_day",
        store=True,
        readonly=False,
        precompute=True,
        help="The last day that counts; the customer is lost on the day after.",
    )
    close_reason_id = fields.Many2one("crm.subscription.close.reason", required=True)
    kind = fields.Selection(related="close_reason_id.kind")

    def _default_subscription_ids(self):
        if self.env.context.get("active_model") == "crm.subscription":
            return self.env.context.get("active_ids")
        return False

    @api.depends("subscription_ids")
    def _compute_notice(self):
        for wizard in self:
            count = len(wizard.subscription_ids)
            wizard.notice = count > 1 and self.env._(
                "%(count)s subscriptions will be closed.", count=count
            )

    @api.depends("subscription_ids")
    def _compute_last_day(self):
        for wizard in self:
            subscriptions = wizard.subscription_ids
            company = subscriptions.company_id[:1] or self.env.company
            ends = [subscription._term()[1] for subscription in subscriptions]
            # what has run out already is closed as of then
            wizard.last_day = min([company._metrics_today(), *filter(None, ends)])

    def action_apply(self):
        """Close the subscriptions: all of them, or none."""
        self.ensure_one()
        self.subscription_ids.check_access("write")
        with self.env.cr.savepoint():
            for subscription in self.subscription_ids:
                subscription._close(self.last_day, self.close_reason_id)
        return {"type": "ir.actions.act_window_close"}
