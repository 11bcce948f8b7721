from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.tools import SQL, clean_context, email_normalize

#: what a manager gives who enters or imports an answer
ENTERED = frozenset(
    {"program_id", "wave", "partner_id", "email", "score", "comment", "date", "tag_ids"}
)
#: what users may change of an answer, beside its chatter and its activities
CHANGED = frozenset({"tag_ids", "outcome"})
#: what an anonymous answer does not keep
LINKS = ("partner_id", "lead_id", "invitation_id", "person", "email")


class CrmNpsAnswer(models.Model):
    """What customers said is nobody's to change.

    Answers come from the pages that customers see, with superuser rights, or from a
    file. Users add tags and what came of it.
    """

    _inherit = "crm.nps.answer"

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            # a default would be a way around
            self = self.with_context(clean_context(self.env.context))
            for vals in vals_list:
                self._check_entered(vals)
        vals_list = self._complete([dict(vals) for vals in vals_list])
        if not self.env.su and any(self._replacing(vals_list)):
            raise ValidationError(self._replacing_message())
        persons = [vals.pop("person") for vals in vals_list]
        # the line "created" would tell when an anonymous answer came
        answers = super(
            CrmNpsAnswer,
            self.with_context(mail_create_nolog=True, mail_create_nosubscribe=True),
        ).create(vals_list)
        for answer_sudo, person in zip(answers.sudo(), persons, strict=True):
            answer_sudo.person = person
        answers._forget_moments()
        return answers.with_env(self.env)

    def write(self, vals):
        if not self.env.su and (names := vals.keys() - self._changed_by_users()):
            raise AccessError(
                self.env._(
                    "%(fields)s: what was answered stays as it is. Tags and the "
                    "outcome can be changed.",
                    fields=", ".join(self._labels(names)),
                )
            )
        if "score" in vals:
            self._check_score(vals["score"])
        is_anonymous = any(self.sudo().program_id.mapped("anonymous"))
        if not is_anonymous or vals.get("anonymised"):
            return super().write(vals)
        # no line in the chatter tells when an anonymous answer was changed
        res = super(CrmNpsAnswer, self.with_context(mail_notrack=True)).write(vals)
        self._forget_moments()
        return res

    def _changed_by_users(self):
        """Return the names of the fields that users may change."""
        mixins = ("mail.thread", "mail.activity.mixin")
        return CHANGED.union(*(self.env[mixin]._fields for mixin in mixins))

    def _labels(self, names):
        return sorted(
            field["string"] for field in self.fields_get(list(names)).values()
        ) or sorted(names)

    # ------------------------------------------------------------------
    # checking
    # ------------------------------------------------------------------

    def _check_entered(self, vals):
        """Refuse what a user enters and only the pages may know."""
        if names := vals.keys() - ENTERED:
            raise AccessError(
                self.env._(
                    "%(fields)s: that cannot be entered or imported.",
                    fields=", ".join(self._labels(names)),
                )
            )
        date = fields.Datetime.to_datetime(vals.get("date"))
        if date and date > fields.Datetime.now():
            raise ValidationError(
                self.env._("Date: %(date)s lies ahead.", date=vals["date"])
            )

    def _check_score(self, score):
        """Refuse what is no score; an empty one would be stored as 0."""
        if type(score) is not int or not 0 <= score <= 10:
            raise ValidationError(self._score_message(score))

    def _score_message(self, score):
        if score is None or score is False:
            return self.env._("Score: enter a whole number from 0 to 10.")
        return self.env._(
            "Score: “%(score)s” is no whole number from 0 to 10.", score=score
        )

    def _replacing(self, vals_list):
        """Tell of each answer whether it would take the place of a customer's own one.

        That is one that counts, to an invitation: of one person and wave the latest
        answer counts alone.

        :param vals_list: what :meth:`_add_persons` returns
        :return: list of bool
        """
        self.sudo().flush_model()
        columns = (
            [vals.get(name) or None for vals in vals_list]
            for name in ("program_id", "wave", "person", "partner_id")
        )
        same_vote = SQL(
            """SELECT FROM crm_nps_answer a
                WHERE a.program_id = given.program AND a.wave = given.wave
                  AND a.invitation_id IS NOT NULL AND a.state = 'counted'"""
        )
        rows = self.env.execute_query(
            SQL(
                """SELECT EXISTS (%s AND a.person = given.person)
                          OR EXISTS (%s AND a.partner_id = given.partner)
                     FROM unnest(%s::int[], %s::varchar[], %s::varchar[], %s::int[])
                          WITH ORDINALITY AS given (program, wave, person, partner, nth)
                    ORDER BY nth""",
                same_vote,
                same_vote,
                *columns,
            )
        )
        return [is_replacing for (is_replacing,) in rows]

    def _replacing_message(self):
        return self.env._(
            "Wave: this person has answered it by an invitation, and what was answered "
            "stays as it is. If it is not to count, exclude that answer with a reason "
            "before another one is entered."
        )

    # ------------------------------------------------------------------
    # completing
    # ------------------------------------------------------------------

    def _complete(self, vals_list):
        """Check values and add who answered; of anonymous answers, forget it."""
        for vals in vals_list:
            self._check_score(vals.get("score"))
        return self._add_persons(vals_list)

    def _add_persons(self, vals_list):
        contacts = self._contacts_by_email(vals_list)
        suppression = self.env["crm.nps.suppression"]
        programs_sudo = self.env["crm.nps.program"].sudo()
        for vals in vals_list:
            program_sudo = programs_sudo.browse(vals.get("program_id") or [])
            if program_sudo.anonymous:
                vals.update(dict.fromkeys(LINKS, False))
                # a deal, or a batch of one, would name the customer
                if not (vals.get("wave") or "").startswith("wave,"):
                    vals["wave"] = False
                date = fields.Datetime.to_datetime(vals.get("date"))
                vals["date"] = program_sudo.company_id._metrics_noon(
                    date or fields.Datetime.now()
                )
            email = email_normalize(vals.pop("email", None) or "")
            if email and not vals.get("partner_id"):
                vals["partner_id"] = contacts.get(email, False)
            if "person" not in vals:
                partner = self.env["res.partner"].browse(vals.get("partner_id") or [])
                vals["person"] = suppression._person_key(
                    email or partner.email_normalized, partner
                )
        return vals_list

    def _contacts_by_email(self, vals_list):
        """Return the id of the contact of each address that only one contact has."""
        emails = {email_normalize(vals.get("email") or "") for vals in vals_list}
        if not (emails := emails - {False}):
            return {}
        groups = self.env["res.partner"]._read_group(
            [("email_normalized", "in", list(emails))],
            ["email_normalized"],
            ["id:recordset"],
        )
        return {email: found.id for email, found in groups if len(found) == 1}

    def _forget_moments(self):
        """Leave of anonymous answers only their day.

        Else the moments at which rows were written would tell which answer belongs to
        which invitation.
        """
        anonymous = self.sudo().filtered("program_id.anonymous")
        if anonymous:
            anonymous._blur_rows()
