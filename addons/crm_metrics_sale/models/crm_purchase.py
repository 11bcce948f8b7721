from odoo import models


class CrmPurchase(models.Model):
    _inherit = "crm.purchase"

    def _purchase_sources(self):
        # `account.move` gives the invoices joined by order, also under this name
        return {**super()._purchase_sources(), "sale.order": "order"}
