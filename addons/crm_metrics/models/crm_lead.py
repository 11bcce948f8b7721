from odoo import api, models


class CrmLead(models.Model):
    _inherit = "crm.lead"

    @api.depends(
        "recurring_revenue",
        "recurring_plan.interval_number",
        "recurring_plan.interval_type",
    )
    def _compute_recurring_revenue_monthly(self):
        res = super()._compute_recurring_revenue_monthly()
        # the expected MRR of plans by days and weeks, which have no months
        for lead in self:
            plan = lead.recurring_plan
            if plan.interval_type in ("day", "week"):
                lead.recurring_revenue_monthly = plan._per_month(lead.recurring_revenue) or 0
        return res
