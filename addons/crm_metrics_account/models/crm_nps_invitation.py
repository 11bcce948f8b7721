from odoo import models
from odoo.tools import SQL

#: an invoice `m` that was paid in full; one that was reversed is not
PAID = SQL("m.state = 'posted' AND m.payment_state IN ('paid', 'in_payment')")


class CrmNpsInvitation(models.Model):
    """Asks nobody whose invoice is open again when the mail could go out."""

    _inherit = "crm.nps.invitation"

    def _reasons_sql(self):
        return {
            **super()._reasons_sql(),
            "account.move": SQL(
                "EXISTS (SELECT FROM account_move m WHERE m.id = i.res_id AND %s)", PAID
            ),
        }
