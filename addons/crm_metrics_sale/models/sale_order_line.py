from odoo import api, models
from odoo.tools import SQL


class SaleOrderLine(models.Model):
    """The link between orders and their invoices."""

    _name = "sale.order.line"
    _inherit = ["sale.order.line", "crm.metrics.source"]

    def write(self, vals):
        if "invoice_lines" not in vals:
            return super().write(vals)
        # a link between the two tables: nothing of it passes below `write`
        self._metrics_queue()
        res = super().write(vals)
        self._metrics_queue()
        return res

    @api.model
    def _invoice_keys(self, condition):
        """Return the customers of posted invoices of order lines, as one SELECT.

        :param SQL condition: restricts the order lines; may use `s`
        """
        return self.env["account.move"]._purchase_keys(
            SQL(
                """m.id IN (
                       SELECT invoiced.move_id
                         FROM sale_order_line s
                         JOIN sale_order_line_invoice_rel link
                           ON link.order_line_id = s.id
                         JOIN account_move_line invoiced
                           ON invoiced.id = link.invoice_line_id
                        WHERE %s)""",
                condition,
            )
        )

    def _metrics_watched(self):
        return frozenset({"order_id"})

    def _metrics_keys(self):
        return {"crm.purchase": self._invoice_keys(SQL("s.id = ANY(%s)", self.ids))}

    def _metrics_document(self):
        return self.order_id
