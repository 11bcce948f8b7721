from odoo import models
from odoo.tools import SQL


class ResCurrencyRate(models.Model):
    """A rate that is entered, changed or deleted moves foreign agreements."""

    _name = "res.currency.rate"
    _inherit = ["res.currency.rate", "crm.metrics.source"]

    def _metrics_watched(self):
        return frozenset({"rate", "name", "currency_id", "company_id"})

    def _metrics_keys(self):
        Segment = self.env["crm.mrr.segment"]
        customers = SQL(
            """SELECT r.partner_id
                 FROM (%s) r
                 JOIN res_company c ON c.id = r.company_id
                 JOIN res_currency_rate rate
                   ON rate.currency_id IN (r.currency_id, c.currency_id)
                  AND COALESCE(rate.company_id, %s) = %s
                WHERE r.currency_id <> c.currency_id AND rate.id = ANY(%s)""",
            Segment._recurring_rows(SQL("TRUE")),
            Segment._root_company_sql(SQL("c")),
            Segment._root_company_sql(SQL("c")),
            self.ids,
        )
        # a rate that comes after the first day concerns the movements alone
        return {"crm.mrr.segment": customers, "crm.mrr.movement": customers}
