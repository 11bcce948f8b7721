from odoo import fields, models
from odoo.exceptions import UserError


class CrmNpsProgram(models.Model):
    """By which templates a program writes."""

    _inherit = "crm.nps.program"

    mail_template_id = fields.Many2one(
        default=lambda self: self._default_mail_template(reminder=False)
    )
    reminder_template_id = fields.Many2one(
        default=lambda self: self._default_mail_template(reminder=True)
    )

    def _default_mail_template(self, *, reminder):
        name = "reminder" if reminder else "invitation"
        return self.env.ref(
            f"crm_metrics.mail_template_nps_{name}", raise_if_not_found=False
        )

    def _mail_template(self, *, reminder):
        """Return the template of the invitation or of its reminders.

        :raise UserError: there is none
        """
        self.ensure_one()
        template = self.reminder_template_id if reminder else self.mail_template_id
        template = template or self._default_mail_template(reminder=reminder)
        if not template:
            raise UserError(
                self.env._("%(program)s: choose a mail template.", program=self.name)
            )
        return template
