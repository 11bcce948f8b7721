from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    crm_metrics_grace_days = fields.Integer(
        related="company_id.crm_metrics_grace_days", readonly=False
    )
    crm_metrics_reactivation_days = fields.Integer(
        related="company_id.crm_metrics_reactivation_days", readonly=False
    )
    crm_metrics_revalue_monthly = fields.Boolean(
        related="company_id.crm_metrics_revalue_monthly", readonly=False
    )
    crm_metrics_renewal_days = fields.Integer(
        related="company_id.crm_metrics_renewal_days", readonly=False
    )
    crm_metrics_stuck_activity = fields.Boolean(
        related="company_id.crm_metrics_stuck_activity", readonly=False
    )
    crm_metrics_won_subscription = fields.Selection(
        related="company_id.crm_metrics_won_subscription",
        readonly=False,
        # the form shows and saves the company's
        required=True,
    )
    crm_metrics_purchase_source = fields.Selection(
        related="company_id.crm_metrics_purchase_source", readonly=False
    )
    crm_metrics_margin = fields.Float(
        related="company_id.crm_metrics_margin", readonly=False
    )
    crm_metrics_lifetime_years = fields.Float(
        related="company_id.crm_metrics_lifetime_years", readonly=False
    )
    crm_nps_retention_months = fields.Integer(
        related="company_id.crm_nps_retention_months", readonly=False
    )
    crm_metrics_refreshed_at = fields.Datetime(
        string="Metrics Refreshed At", compute="_compute_crm_metrics_freshness"
    )
    crm_metrics_queued = fields.Integer(
        string="Customers Waiting for a Refresh",
        compute="_compute_crm_metrics_freshness",
    )

    def _compute_crm_metrics_freshness(self):
        moments = self.env["crm.metrics.slot"]._refreshed_at().values()
        self.crm_metrics_refreshed_at = max(filter(None, moments), default=False)
        waiting = self.env["crm.metrics.queue"]._waiting()
        self.crm_metrics_queued = max(waiting.values(), default=0)

    def action_crm_metrics_recompute(self):
        """Rebuild all facts from their sources and tell what came out."""
        engine = self.env["crm.metrics.engine"]
        results = [engine.recompute(fact) for fact in engine._facts()]
        if any(result.get("busy") for result in results):
            message = self.env._(
                "A refresh is at work just now. Try again in a minute."
            )
        else:
            message = self.env._(
                "%(rows)s rows stand, %(changed)s of them have changed.",
                rows=sum(result["rows"] for result in results),
                changed=sum(result["changed"] for result in results),
            )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": self.env._("CRM Metrics recomputed"),
                "message": message,
                "type": "info",
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
