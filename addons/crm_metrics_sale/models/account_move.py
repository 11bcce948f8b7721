from odoo import api, models
from odoo.tools import SQL


class AccountMove(models.Model):
    """Invoices joined and split by order: one order is one purchase."""

    _inherit = "account.move"

    @api.model
    def _purchase_rows(self, condition):
        """Return orders by what was invoiced of them, and what belongs to no order.

        All invoiced product lines of an order are one purchase of each customer that
        got an invoice, on the day of the first one: a down payment and its deduction
        cancel out, a later invoice restates the amount. Credit notes stay refunds on
        their own days, whether they belong to an order or not.
        """
        return SQL(
            """
            SELECT r.partner_id, r.company_id,
                   CASE WHEN r.order_id IS NULL THEN 'account.move'
                        ELSE 'sale.order' END AS res_model,
                   COALESCE(r.order_id, r.move_id) AS res_id, r.date, r.amount,
                   CASE WHEN o.id IS NULL THEN alone.invoice_user_id
                        ELSE o.user_id END AS user_id,
                   CASE WHEN o.id IS NULL THEN alone.team_id
                        ELSE o.team_id END AS team_id
              FROM (
                SELECT partner_id, company_id, order_id,
                       CASE WHEN order_id IS NULL THEN move_id END AS move_id,
                       min(date) AS date, sum(amount) AS amount
                  FROM (
                    -- a line of several orders belongs to the first
                    SELECT p.commercial_partner_id AS partner_id, m.company_id,
                           m.id AS move_id, m.invoice_date AS date,
                           -l.balance AS amount, min(s.order_id) AS order_id
                      FROM %(lines)s
                      LEFT JOIN sale_order_line_invoice_rel link
                             ON link.invoice_line_id = l.id
                            AND m.move_type <> 'out_refund'
                      LEFT JOIN sale_order_line s ON s.id = link.order_line_id
                     WHERE %(condition)s
                     GROUP BY l.id, m.id, p.id
                  ) AS line
                 GROUP BY 1, 2, 3, 4
              ) r
              LEFT JOIN sale_order o ON o.id = r.order_id
              LEFT JOIN account_move alone ON alone.id = r.move_id
            """,
            lines=self._purchase_lines(),
            condition=condition,
        )

    def _metrics_watched(self):
        return super()._metrics_watched() | {"team_id"}
