from odoo import models


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def write(self, vals):
        if "sale_line_ids" not in vals:
            return super().write(vals)
        # a link between the two tables: nothing of it passes below `write`
        self._metrics_queue()
        res = super().write(vals)
        self._metrics_queue()
        return res
