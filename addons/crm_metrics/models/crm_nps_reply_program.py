import hashlib
import re

from odoo import api, fields, models

from .crm_nps_reply import secret_hash

#: of `secrets.token_urlsafe(32)`
TOKEN = re.compile(r"[\w-]{43}", re.ASCII)


class CrmNpsProgram(models.Model):
    _name = "crm.nps.program"
    _inherit = ["crm.nps.program", "crm.nps.reply.mixin"]

    def _reply_program(self):
        return self

    def _reply_subject(self):
        return hashlib.sha256((self.public_token or "").encode()).hexdigest()

    def _reply_shared(self):
        return True

    def _reply_open(self, secret):
        return self.public and self.active and self.state == "running"

    @api.model
    def _find_public(self, token):
        """Return the program of a public link as sudo, whatever its state.

        :param str token: as it came from the outside
        """
        # PostgreSQL would not even take some of what an address can hold
        if not TOKEN.fullmatch(token):
            return self.sudo().browse()
        programs = self.sudo().with_context(active_test=False)
        return programs.search([("public_token", "=", token)], limit=1)

    def _record_public(self, score, comment, suspect=None, secret=None):
        """Store what somebody sent by the public link.

        :param suspect: why it does not count, see `SUSPECT_REASONS`
        :param str secret: what this browser keeps until its answer counts
        :return: answer
        """
        program = self._for_replies()
        program.ensure_one()
        answers = program.env["crm.nps.answer"]
        values = {
            **answers._reply_values(score, comment),
            "state": "suspect" if suspect else "counted",
            "suspect_reason": suspect,
            "date": program._reply_date(),
            # once it counts, the browser is free for the next person
            "edit_hash": suspect and secret_hash(secret),
        }
        draft = program._answers_of(secret, [("public", "=", True)])
        if draft:
            draft.write(values)
        else:
            draft = answers.create({**values, "program_id": program.id, "public": True})
        if not suspect:
            draft._after_counted()
        # here, since whoever flushes is written down as the author
        program.env.flush_all()
        return draft

    def _record_reply(self, score, comment, suspect=None, secret=None):
        return self._record_public(score, comment, suspect, secret)

    def _reply_date(self):
        """Return the date of an answer given now."""
        now = fields.Datetime.now()
        return self.company_id._metrics_noon(now) if self.anonymous else now
