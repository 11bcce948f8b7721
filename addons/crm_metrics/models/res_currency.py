from odoo import models
from odoo.tools import SQL


class ResCurrency(models.Model):
    _name = "res.currency"
    _inherit = ["res.currency", "crm.metrics.source"]

    def _metrics_watched(self):
        return frozenset({"rounding"})

    def _metrics_keys(self):
        return {
            "crm.mrr.segment": SQL(
                """SELECT p.commercial_partner_id
                     FROM crm_subscription s
                     JOIN res_partner p ON p.id = s.partner_id
                    WHERE s.currency_id = ANY(%s)""",
                self.ids,
            )
        }
