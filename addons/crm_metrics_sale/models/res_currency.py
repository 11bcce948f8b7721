from odoo import models
from odoo.tools import SQL


class ResCurrency(models.Model):
    _inherit = "res.currency"

    def _metrics_keys(self):
        # the amounts of orders in other currencies are rounded to the company's
        return {
            **super()._metrics_keys(),
            "crm.purchase": self.env["sale.order"]._purchase_keys(
                SQL("c.currency_id = ANY(%s)", self.ids)
            ),
        }
