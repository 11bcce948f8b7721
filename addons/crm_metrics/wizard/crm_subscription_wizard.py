from odoo import api, fields, models


class CrmSubscriptionWizard(models.AbstractModel):
    """A question about one subscription, asked from its form."""

    _name = "crm.subscription.wizard"
    _description = "Wizard of a Subscription"

    subscription_id = fields.Many2one(
        "crm.subscription",
        required=True,
        ondelete="cascade",
        default=lambda self: self._default_subscription_id(),
    )

    @api.model
    def _default_subscription_id(self):
        if self.env.context.get("active_model") == "crm.subscription":
            return self.env.context.get("active_id")
        return False

    def _today(self):
        """Return the day that it is in the subscription's company."""
        return (self.subscription_id.company_id or self.env.company)._metrics_today()

    def _apply(self):
        """Do what was asked for, on `self.subscription_id`."""
        raise NotImplementedError(self._name)

    def action_apply(self):
        """Do what was asked for, and return to the form."""
        self.ensure_one()
        self.subscription_id.check_access("write")
        self._apply()
        return {"type": "ir.actions.act_window_close"}
