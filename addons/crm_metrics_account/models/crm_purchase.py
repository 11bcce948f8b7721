from odoo import models


class CrmPurchase(models.Model):
    _inherit = "crm.purchase"

    def _purchase_sources(self):
        return {**super()._purchase_sources(), "account.move": "invoice"}

    def _automatic_source(self):
        # what was invoiced says more than what was agreed on
        return "invoice"
