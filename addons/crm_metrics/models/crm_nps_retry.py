from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

#: certainly not in any mailbox, and still with its link and address
NOT_SENT = (
    Domain("state", "=", "failed")
    & Domain("sent_at", "=", False)
    & Domain("uncertain", "=", False)
    & Domain("test", "=", False)
    & Domain("email", "!=", False)
)


class CrmNpsInvitation(models.Model):
    """What managers do about mails that were given up."""

    _inherit = "crm.nps.invitation"

    def action_try_again(self):
        """Send what could not be sent; what keeps a first mail back keeps it back.

        Only where no server has taken the mail: what may have arrived is `sent`.

        :return: action that tells how many there are
        :raise AccessError: the caller is no sales administrator
        :raise UserError: nothing of it can be tried again
        """
        if not self.env.user.has_group("sales_team.group_sale_manager"):
            raise AccessError(
                self.env._("Only sales administrators may send invitations again.")
            )
        self.check_access("read")
        failed = self.sudo().filtered_domain(NOT_SENT)
        if not failed:
            raise UserError(
                self.env._("Only invitations that were not sent can be tried again.")
            )
        now = fields.Datetime.now()
        failed.write(
            {"state": "planned", "planned_at": now, "attempts": 0, "error": False}
        )
        self.env.ref("crm_metrics.ir_cron_nps_send").sudo()._trigger()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "To be sent again: %(count)s of %(all)s.",
                    count=len(failed),
                    all=len(self),
                ),
                # shows what has become of them
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
