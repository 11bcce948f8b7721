from odoo import models
from odoo.tools import SQL


class CrmRecurringPlan(models.Model):
    _name = "crm.recurring.plan"
    _inherit = ["crm.recurring.plan", "crm.metrics.source"]

    def _metrics_watched(self):
        return frozenset({"number_of_months"})

    def _metrics_keys(self):
        return {
            "crm.mrr.segment": SQL(
                """SELECT p.commercial_partner_id
                     FROM crm_subscription_line l
                     JOIN crm_subscription s ON s.id = l.subscription_id
                     JOIN res_partner p ON p.id = s.partner_id
                    WHERE l.recurring_plan_id = ANY(%s)""",
                self.ids,
            )
        }
