from odoo import models
from odoo.tools import SQL


class AccountMoveLine(models.Model):
    """What changes in a posted invoice itself; a draft counts when it is posted."""

    _name = "account.move.line"
    _inherit = ["account.move.line", "crm.metrics.source"]

    def _metrics_watched(self):
        return frozenset({"balance", "display_type", "move_id"})

    def _metrics_keys(self):
        condition = SQL(
            "m.id IN (SELECT move_id FROM account_move_line WHERE id = ANY(%s))",
            self.ids,
        )
        return {"crm.purchase": self.env["account.move"]._purchase_keys(condition)}

    def _metrics_document(self):
        return self.move_id
