from odoo import models

from .crm_nps_follow_up import ANSWER, DETRACTOR


class MailActivity(models.Model):
    """An activity that is done is how most follow-ups of detractors end."""

    _inherit = "mail.activity"

    def _action_done(self, feedback=False, attachment_ids=None):
        kind = self.env.ref(DETRACTOR, raise_if_not_found=False)
        done_sudo = self.sudo().filtered(
            lambda activity: (
                kind
                and activity.res_model == ANSWER
                and activity.activity_type_id == kind
            )
        )
        answers_sudo = self.env[ANSWER].sudo().browse(done_sudo.mapped("res_id"))
        res = super()._action_done(feedback=feedback, attachment_ids=attachment_ids)
        reached = answers_sudo.exists().filtered(
            lambda answer: answer.outcome != "not_reached"
        )
        reached._contacted()
        # whoever else was to do it need not any more
        reached._open_follow_ups().unlink()
        return res
