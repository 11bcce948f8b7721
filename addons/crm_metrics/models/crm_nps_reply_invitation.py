from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .crm_nps_reply import secret_hash

#: rows of replies that do not count, at most, for one invitation
SUSPECTS = 5
#: states in which an invitation may be answered: its mail has left
ANSWERABLE = ("sending", "sent", "bounced")


class CrmNpsInvitation(models.Model):
    _name = "crm.nps.invitation"
    _inherit = ["crm.nps.invitation", "crm.nps.reply.mixin"]

    def _reply_program(self):
        return self.program_id

    def _reply_subject(self):
        return self.token_hash

    def _reply_lang(self):
        return self.lang or self.partner_id.lang

    def _reply_mailed_at(self):
        return self.last_sent_at or self.sent_at

    def _reply_open(self, secret):
        return self._reply_awaited() and bool(
            self.state in ANSWERABLE or self._reply_own(secret)
        )

    def _reply_locked(self):
        return self.state == "answered" and self._reply_awaited()

    def _reply_awaited(self):
        """Tell whether its program still asks, and the time is not over."""
        program = self.program_id
        return (self.test or (program.active and program.state == "running")) and not (
            self.expires_at and self.expires_at <= fields.Datetime.now()
        )

    def _reply_own(self, secret):
        if self.state != "answered":
            return self.env["crm.nps.answer"]
        answer = self._answers_of(secret, [("state", "!=", "suspect")])
        return answer.filtered(lambda answer: answer._may_change())

    def _reply_refuses(self, user):
        # who is not logged in proves by the link itself that the mail was his
        customer = user.share and not user._is_public()
        account = self.partner_id.commercial_partner_id
        return bool(
            customer and account and user.partner_id.commercial_partner_id != account
        )

    def _reply_suspects(self, user):
        mine = user.partner_id == self.partner_id or (
            self.email and user.email_normalized == self.email
        )
        return user._is_internal() and not mine

    def _answers_of(self, secret, domain):
        # answers of an anonymous program do not know their invitation
        invitation_id = False if self.program_id.anonymous else self.id
        mine = Domain("invitation_id", "=", invitation_id)
        return super()._answers_of(secret, mine & Domain(domain))

    def _record_reply(self, score, comment, suspect=None, secret=None):
        return self._record_answer(score, comment, suspect, secret)

    def _record_answer(self, score, comment, suspect=None, secret=None):
        """Store what somebody sent by the link of this invitation.

        The first answer counts and locks the invitation; after that it is changed by
        who has the secret. What does not count is stored beside it and changes nothing.

        :param int score: 0 to 10
        :param str comment: text
        :param suspect: why it does not count, see `SUSPECT_REASONS`; None: it does
        :param str secret: what the browser keeps to change its answer
        :return: answer; an empty one if there are suspect ones enough
        """
        invitation = self._for_replies()
        invitation.ensure_one()
        values = invitation.env["crm.nps.answer"]._reply_values(score, comment)
        invitation._lock_reply()
        own = invitation._reply_own(secret)
        if not suspect and invitation.state == "answered" and not own:
            suspect = "locked"
        if suspect:
            own = invitation._record_suspect(values, suspect, secret)
        elif own:
            own._change(values)
        else:
            own = invitation._record_first(values, secret)
        # here, since whoever flushes is written down as the author
        invitation.env.flush_all()
        return own

    def _lock_reply(self):
        """Let nobody else answer meanwhile.

        Who waited for another answer to be stored begins anew after it: the
        transaction fails to serialize, and Odoo repeats the request.
        """
        self.flush_recordset()
        self.env.execute_query(
            SQL("SELECT id FROM crm_nps_invitation WHERE id = %s FOR UPDATE", self.id)
        )

    def _record_first(self, values, secret):
        """Store the answer that counts."""
        date = self.program_id._reply_date()
        values = {
            **values,
            "state": "counted",
            "suspect_reason": False,
            "date": date,
            "edit_hash": secret_hash(secret),
        }
        # what this browser sent before, and nobody had confirmed
        answer = self._answers_of(secret, [("state", "=", "suspect")])
        if answer:
            answer.write(values)
        else:
            answer = answer.create({**self._answer_values(), **values})
        self.write({"state": "answered", "answered_at": date})
        answer._after_counted()
        if self.program_id.anonymous:
            self._forget_moment()
        return answer

    def _record_suspect(self, values, suspect, secret):
        """Store what does not count, beside what does.

        Of an anonymous program nothing: it could not be told whose it is, so there
        would be no end to it.
        """
        answers = self.env["crm.nps.answer"]
        if self.program_id.anonymous:
            return answers
        values = {**values, "suspect_reason": suspect}
        draft = self._answers_of(secret, [("state", "=", "suspect")])
        if draft:
            draft.write(values)
            return draft
        stored = answers.search_count(
            [("invitation_id", "=", self.id), ("state", "=", "suspect")], limit=SUSPECTS
        )
        if stored >= SUSPECTS:
            return answers
        return answers.create(
            {
                **self._answer_values(),
                **values,
                "state": "suspect",
                "edit_hash": secret_hash(secret),
            }
        )

    def _answer_values(self):
        """Return what an answer has from its invitation."""
        values = {"program_id": self.program_id.id, "test": self.test}
        if self.program_id.anonymous:
            # its wave, if it tells nobody's name, is kept by the answer's guard
            return {**values, "wave": self.wave}
        return {
            **values,
            "invitation_id": self.id,
            "wave": self.wave,
            "partner_id": self.partner_id.id,
            "person": self.person,
            "lead_id": self.lead_id.id,
        }

    # -- opting out ------------------------------------------------------

    def _stop_open(self):
        """Tell whether one may opt out by its link: always, once a mail has left."""
        return bool(self.test or (self.person and self.sent_at))

    def _opt_out(self):
        """Never ask this person again; twice is as good as once.

        Who tries out a program has not been asked: nothing is changed by it.
        """
        if self.test:
            return
        invitation = self._for_replies()
        invitation.ensure_one()
        invitation._lock_reply()
        if invitation.state in ("planned", "sending", "sent"):
            invitation.state = "declined"
        invitation._suppress_persons("opted_out")
