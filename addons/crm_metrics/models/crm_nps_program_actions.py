from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from .crm_nps_post import NoServer, Post


class CrmNpsProgram(models.Model):
    """What managers do with a program."""

    _inherit = "crm.nps.program"

    invitation_count = fields.Integer(
        compute="_compute_invitation_count", help="Persons considered; no trials."
    )
    answer_count = fields.Integer(
        compute="_compute_answer_count", help="Answers that count, and public ones."
    )

    def _compute_invitation_count(self):
        counts = self._count_of("crm.nps.invitation", [("test", "=", False)])
        for program in self:
            program.invitation_count = counts.get(program._origin, 0)

    def _compute_answer_count(self):
        domain = [("test", "=", False), ("state", "=", "counted")]
        counts = self._count_of("crm.nps.answer", domain)
        for program in self:
            program.answer_count = counts.get(program._origin, 0)

    def _count_of(self, model, domain):
        return dict(
            self.env[model]._read_group(
                [("program_id", "in", self._origin.ids), *domain],
                ["program_id"],
                ["__count"],
            )
        )

    def action_start(self):
        """Ask from now on whoever gives a reason to be asked.

        :return: action that warns of mails that will wait, or None
        :raise AccessError: the caller is no sales administrator
        :raise UserError: something is missing
        """
        self._check_manager()
        for program in self:
            program._check_ready()
        now = fields.Datetime.now()
        self.write({"state": "running", "started_at": now, "problem": False})
        self.env.ref("crm_metrics.ir_cron_nps_prepare").sudo()._trigger()
        problem = self._mail_problem()
        return problem and {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "title": self.env._("Mails will wait"),
                "message": problem,
                "sticky": True,
                # shows what has become of the program
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _mail_problem(self):
        """Return why no mail can leave, None if nothing is known against it.

        Tried only where nobody has entered a server: it may have been forgotten.
        Servers that were entered are tried when there is something to send.
        """
        servers = self.env["ir.mail_server"].sudo()
        if servers.search_count(servers._find_mail_server_allowed_domain(), limit=1):
            return None
        company = self.company_id[:1].sudo()
        try:
            with Post(company.with_company(company)) as post:
                post.reach()
        except NoServer as error:
            return str(error)
        return None

    def _check_ready(self):
        self.ensure_one()
        self._mail_template(reminder=False)
        if self.reminder_count != "0":
            self._mail_template(reminder=True)

    def action_stop(self):
        """Ask nobody any more; links that were sent lead nowhere until a new start.

        :raise AccessError: the caller is no sales administrator
        """
        self._check_manager()
        self.write({"state": "stopped"})

    def action_send_trial(self):
        """Send the mail to the caller's own address; an answer to it never counts.

        :raise AccessError: the caller is no sales administrator
        """
        self.ensure_one()
        self._check_manager()
        user = self.env.user
        if not user.email_normalized:
            raise UserError(self.env._("Enter your own e-mail address first."))
        invitation = (
            self.env["crm.nps.invitation"]
            .sudo()
            .create(
                {
                    "program_id": self.id,
                    "wave": "test",
                    "partner_id": user.partner_id.id,
                    "email": user.email_normalized,
                    "lang": user.lang,
                    "test": True,
                    "planned_at": fields.Datetime.now(),
                }
            )
        )
        invitation._send_now()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "Sent to %(email)s. An answer to it does not count.",
                    email=user.email_normalized,
                ),
            },
        }

    def action_view_invitations(self):
        """Open whom this program considered."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_metrics.crm_nps_invitation_action"
        )
        action["domain"] = [("program_id", "=", self.id)]
        action["context"] = {}
        return action

    def action_view_answers(self):
        """Open what this program was answered."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_metrics.crm_nps_answer_action"
        )
        action["domain"] = [("program_id", "=", self.id)]
        return action

    def _check_manager(self):
        if not self.env.user.has_group("sales_team.group_sale_manager"):
            raise AccessError(
                self.env._("Programs are kept by sales administrators alone.")
            )
        self.check_access("write")
