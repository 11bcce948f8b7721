import hashlib
import unicodedata
from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from .crm_nps_answer import EDIT_HOURS

COMMENT_LENGTH = 5000
#: they turn the writing direction of whatever is shown after them
DIRECTIONS = {*"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"}


def clean_text(text):
    """Return text without control characters, with plain ends of lines."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        character
        for character in lines
        if character in "\n\t"
        or (
            unicodedata.category(character) not in ("Cc", "Cs")
            and character not in DIRECTIONS
        )
    ).strip()


def secret_hash(secret):
    """Return what is stored of the secret that a browser keeps to change its answer."""
    return hashlib.sha256(secret.encode()).hexdigest() if secret else False


class CrmNpsAnswer(models.Model):
    _inherit = "crm.nps.answer"

    @api.model
    def _reply_values(self, score, comment):
        """Return checked values of what somebody outside sent.

        :param int score: 0 to 10
        :param str comment: at most `COMMENT_LENGTH` characters
        """
        if type(score) is not int or not 0 <= score <= 10:
            raise ValidationError(self.env._("Score: a whole number from 0 to 10."))
        comment = clean_text(comment or "")
        if len(comment) > COMMENT_LENGTH:
            raise ValidationError(
                self.env._("Comment: at most %s characters.", COMMENT_LENGTH)
            )
        return {"score": score, "comment": comment or False}

    def _may_change(self):
        """Tell whether it is not too late to change it."""
        until = self.date + timedelta(hours=EDIT_HOURS)
        return fields.Datetime.now() <= until

    def _change(self, values):
        """Write what is new in values, and tell those who follow up."""
        if any(self[name] != value for name, value in values.items()):
            self.write(values)
            if self.state == "counted":
                self._after_counted()


class CrmNpsReplyMixin(models.AbstractModel):
    """What pages ask of what is replied to: an invitation, or a public link."""

    _name = "crm.nps.reply.mixin"
    _description = "Replies to NPS Pages"

    def _reply_program(self):
        raise NotImplementedError

    def _reply_subject(self):
        """Return what nonces of its pages are signed with."""
        raise NotImplementedError

    def _reply_open(self, secret):
        """Tell whether whoever has the secret may answer it."""
        raise NotImplementedError

    def _reply_locked(self):
        """Tell whether it was answered, and others try in vain."""
        return False

    def _record_reply(self, score, comment, suspect=None, secret=None):
        """Store what somebody sent.

        :param int score: 0 to 10
        :param str comment: text
        :param suspect: why it does not count, see `SUSPECT_REASONS`; None: it does
        :param str secret: what his browser keeps
        :return: answer
        """
        raise NotImplementedError

    def _reply_own(self, secret):
        """Return the answer that whoever has the secret may change."""
        return self.env["crm.nps.answer"]

    def _reply_lang(self):
        """Return the language of its pages, if it is not the visitor's."""
        return False

    def _reply_mailed_at(self):
        """Return when a link to it was mailed."""
        return False

    def _reply_refuses(self, user):
        """Tell whether this user, logged in, may not even see it."""
        return False

    def _reply_suspects(self, user):
        """Tell whether an answer of this user, logged in, does not count."""
        return user._is_internal()

    def _answers_of(self, secret, domain):
        """Return the latest answer that was given with a secret.

        :param domain: what it has to be besides
        """
        answers = self.env["crm.nps.answer"]
        if not secret:
            return answers
        mine = Domain("edit_hash", "=", secret_hash(secret))
        mine &= Domain("program_id", "=", self._reply_program().id)
        return answers.search(mine & Domain(domain), limit=1)

    def _for_replies(self):
        """Return it for writing: nobody is the author of what comes from outside.

        Whoever is logged in, or whatever language he speaks, leaves no trace.
        """
        program = self._reply_program().sudo()
        return self.with_user(SUPERUSER_ID).with_context(
            lang=None,
            tz=None,
            allowed_company_ids=program.company_id.ids,
            mail_create_nolog=True,
            mail_create_nosubscribe=True,
            tracking_disable=program.anonymous,
        )
