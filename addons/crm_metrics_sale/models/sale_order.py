from odoo import api, models
from odoo.tools import SQL


class SaleOrder(models.Model):
    """Confirmed orders as purchases, and what orders say about their invoices."""

    _name = "sale.order"
    _inherit = ["sale.order", "crm.metrics.source"]

    @api.model
    def _purchase_rows(self, condition):
        """Return confirmed orders as purchases, see `crm.purchase.entry`.

        The rate of an order (`currency_rate`) is none to go by: where no rate was known
        on its day, it is a later one or 1.
        """
        day = self._purchase_day()
        return SQL(
            """
            SELECT p.commercial_partner_id AS partner_id, o.company_id,
                   %(model)s AS res_model, o.id AS res_id, %(day)s AS date,
                   %(amount)s AS amount, o.user_id, o.team_id
              FROM sale_order o
              JOIN res_company c ON c.id = o.company_id
              JOIN res_currency company_currency
                ON company_currency.id = c.currency_id
              LEFT JOIN res_partner p ON p.id = o.partner_id
             WHERE o.state = 'sale' AND %(condition)s
            """,
            model=self._name,
            day=day,
            amount=self.env["crm.mrr.segment"]._converted_sql(
                SQL("o.amount_untaxed"), SQL("o.currency_id"), day
            ),
            condition=condition,
        )

    def _purchase_day(self):
        """Return the SQL of the day of an order `o` in its company `c`."""
        return self.env["res.company"]._metrics_day_sql(SQL("o.date_order"))

    @api.model
    def _purchase_keys(self, condition):
        """Return the customers of confirmed orders, as one SELECT.

        :param SQL condition: restricts the orders; may use `o` and `c` (company)
        """
        return SQL(
            """SELECT COALESCE(p.commercial_partner_id, 0)
                 FROM sale_order o
                 JOIN res_company c ON c.id = o.company_id
                 LEFT JOIN res_partner p ON p.id = o.partner_id
                WHERE o.state = 'sale' AND %s AND %s""",
            self.env["crm.purchase"]._counts_sql("order"),
            condition,
        )

    def _metrics_watched(self):
        return frozenset(
            {
                "amount_untaxed",
                "company_id",
                "currency_id",
                "date_order",
                "partner_id",
                "state",
                "team_id",
                "user_id",
            }
        )

    def _metrics_keys(self):
        # the salesperson of an order is that of its joined invoices
        return {
            "crm.purchase": SQL(
                "%s UNION %s",
                self._purchase_keys(SQL("o.id = ANY(%s)", self.ids)),
                self.env["sale.order.line"]._invoice_keys(
                    SQL("s.order_id = ANY(%s)", self.ids)
                ),
            )
        }
