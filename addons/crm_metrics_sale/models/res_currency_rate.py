from odoo import models
from odoo.tools import SQL


class ResCurrencyRate(models.Model):
    _inherit = "res.currency.rate"

    def _metrics_keys(self):
        # the orders from its day on, in another currency than the company's
        Segment, Order = self.env["crm.mrr.segment"], self.env["sale.order"]
        root = Segment._root_company_sql(SQL("c"))
        orders = SQL(
            """o.currency_id <> c.currency_id AND EXISTS (
                   SELECT FROM res_currency_rate rate
                    WHERE rate.id = ANY(%s)
                      AND rate.currency_id IN (o.currency_id, c.currency_id)
                      AND COALESCE(rate.company_id, %s) = %s
                      AND rate.name <= %s)""",
            self.ids,
            root,
            root,
            Order._purchase_day(),
        )
        return {**super()._metrics_keys(), "crm.purchase": Order._purchase_keys(orders)}
