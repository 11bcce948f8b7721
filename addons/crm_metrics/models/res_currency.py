from odoo import models
from odoo.tools import SQL


class ResCurrency(models.Model):
    _name = "res.currency"
    _inherit = ["res.currency", "crm.metrics.source"]

    def _metrics_watched(self):
        return frozenset({"rounding"})

    def _metrics_keys(self):
        customers = SQL(
            """SELECT p.commercial_partner_id
                 FROM crm_subscription s
                 JOIN res_partner p ON p.id = s.partner_id
                 JOIN res_company c ON c.id = s.company_id
                WHERE s.currency_id = ANY(%(ids)s) OR c.currency_id = ANY(%(ids)s)""",
            ids=self.ids,
        )
        # what foreign rates are worth later concerns the movements alone
        return {"crm.mrr.segment": customers, "crm.mrr.movement": customers}
