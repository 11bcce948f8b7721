from odoo import fields, models


class CrmNpsAnswer(models.Model):
    _inherit = "crm.nps.answer"

    anonymised = fields.Boolean(
        readonly=True,
        copy=False,
        help="What told who gave it was erased; it still counts.",
    )

    def _blur_rows(self):
        self.flush_recordset()
        self.env.cr.execute(
            "UPDATE crm_nps_answer SET create_date = date, write_date = date "
            "WHERE id = ANY(%s)",
            [self.ids],
        )
        self.invalidate_recordset(["create_date", "write_date"])


class CrmNpsInvitation(models.Model):
    _inherit = "crm.nps.invitation"

    def _forget_moment(self):
        """Leave of the answers to anonymous programs only their day.

        The last thing to do in a transaction: what is written later has a moment.
        """
        for invitation in self:
            if invitation.answered_at:
                company = invitation.company_id
                invitation.answered_at = company._metrics_noon(invitation.answered_at)
        self.flush_recordset()
        self.env.cr.execute(
            "UPDATE crm_nps_invitation SET write_date = create_date WHERE id = ANY(%s)",
            [self.ids],
        )
        self.invalidate_recordset(["write_date"])
