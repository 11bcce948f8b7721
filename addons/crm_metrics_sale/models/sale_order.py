from odoo import api, models
from odoo.tools import SQL


class SaleOrder(models.Model):
    """Confirmed orders as purchases, and what orders say about their invoices."""

    _name = "sale.order"
    _inherit = ["sale.order", "crm.metrics.source"]

    @api.model
    def _purchase_rows(self, condition):
        """Return confirmed orders as purchases, see `crm.purchase.entry`."""
        return SQL(
            """
            SELECT p.commercial_partner_id AS partner_id, o.company_id,
                   %(model)s AS res_model, o.id AS res_id, %(day)s AS date,
                   -- at the rate of the order itself
                   CASE WHEN o.currency_id = c.currency_id THEN o.amount_untaxed
                        ELSE round(o.amount_untaxed / NULLIF(o.currency_rate, 0)
                                   / currency.rounding) * currency.rounding
                    END AS amount,
                   o.user_id, o.team_id
              FROM sale_order o
              JOIN res_company c ON c.id = o.company_id
              JOIN res_currency currency ON currency.id = c.currency_id
              LEFT JOIN res_partner p ON p.id = o.partner_id
             WHERE o.state = 'sale' AND %(condition)s
            """,
            model=self._name,
            day=self.env["res.company"]._metrics_day_sql(SQL("o.date_order")),
            condition=condition,
        )

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
                "currency_rate",
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
