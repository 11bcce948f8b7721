from odoo import models
from odoo.exceptions import AccessError, UserError


class CrmNpsAnswer(models.Model):
    """An answer that says nothing about customers can be left out, with a reason."""

    _inherit = "crm.nps.answer"

    def action_include(self):
        """Let excluded answers count again."""
        self._check_may_exclude()
        excluded = self.filtered(lambda answer: answer.state == "excluded")
        excluded._logged_sudo().write({"state": "counted", "exclude_reason": False})
        excluded._after_counted()

    def _exclude(self, reason):
        """Leave counted answers out of the score.

        :param str reason: stands in the chatter for good
        :raise AccessError: the caller is no sales administrator
        """
        self._check_may_exclude()
        reason = (reason or "").strip()
        if not reason:
            raise UserError(self.env._("Reason: say why the answer is not to count."))
        if self.filtered(lambda answer: answer.state != "counted"):
            raise UserError(
                self.env._("Only answers that count can be excluded. Choose those.")
            )
        self._logged_sudo().write({"state": "excluded", "exclude_reason": reason})
        self._after_counted()

    def _check_may_exclude(self):
        if not self.env.user.has_group("sales_team.group_sale_manager"):
            raise AccessError(
                self.env._("Only sales administrators say which answers count.")
            )
        self.check_access("write")

    def _logged_sudo(self):
        # whatever the caller's context says: it stands in the chatter
        return self.sudo().with_context(tracking_disable=False, mail_notrack=False)
