import re
import secrets
from collections import defaultdict

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import SQL, is_html_empty

from .crm_nps_judge import BOUNCE_DAYS, normal_address

ANSWER, INVITATION = "crm.nps.answer", "crm.nps.invitation"
#: begins the key of a person whom nobody can tell from others any more
NOBODY = "anonymous,"
#: a wave that names the record which triggered it
OF_RECORD = re.compile(r"^([a-z0-9_]+(?:\.[a-z0-9_]+)+),")
#: so many rows a transaction
BATCH = 1000


class CrmNpsAnonymisable(models.AbstractModel):
    """Rows that forget whom they are about, and count on.

    One person keeps one key, made up at random, within what is anonymised at once: so
    one vote stays one vote.
    """

    _name = "crm.nps.anonymisable"
    _description = "NPS Rows That Can Be Made Anonymous"

    anonymised = fields.Boolean(
        readonly=True, copy=False, help="What told who it is about was erased."
    )

    _to_anonymise = models.Index("(company_id, date) WHERE anonymised IS NOT TRUE")

    def _anonymise(self, keys=None):
        """Erase what tells whom these rows are about; doing it twice changes nothing.

        :param dict keys: what stands for the keys of persons and for waves, to be
            shared by rows that belong together
        """
        keys = keys if keys is not None else Keys()
        rows = self.sudo().with_context(tracking_disable=True)
        rows = rows.filtered(lambda row: not row.anonymised)
        rows._drop_what_hangs_on()
        for row in rows:
            row.write(row._anonymous_values(keys))
        rows._blur_rows()

    def _anonymous_values(self, keys):
        """Return what is written into a row so that nobody is known by it."""
        return {
            "anonymised": True,
            "partner_id": False,
            "lead_id": False,
            "person": self.person and keys[self.person],
            "wave": self._anonymous_wave(keys),
            "date": self.company_id._metrics_noon(self.date),
        }

    def _anonymous_wave(self, keys):
        record = OF_RECORD.match(self.wave or "")
        return f"{record[1]},{keys[self.wave]}" if record else self.wave

    def _drop_what_hangs_on(self):
        """Delete messages, files, followers and activities that name somebody.

        What stays are changes of fields that our own people made.
        """
        of_rows = [("res_model", "=", self._name), ("res_id", "in", self.ids)]
        for model in ("mail.activity", "mail.followers", "ir.attachment"):
            found = self.env[model].with_context(active_test=False).search(of_rows)
            found.unlink()
        messages = self.env["mail.message"].search(
            [("model", "=", self._name), ("res_id", "in", self.ids)]
        )
        messages.filtered(
            lambda message: (
                not is_html_empty(message.body)
                or not any(user._is_internal() for user in message.author_id.user_ids)
            )
        ).unlink()

    def _blur_rows(self):
        """Leave of when and by whom rows were written only their day."""
        self.flush_recordset()
        self.env.cr.execute(
            SQL(
                """UPDATE %s SET create_date = date, write_date = date,
                                 create_uid = NULL, write_uid = NULL
                    WHERE id = ANY(%s)""",
                SQL.identifier(self._table),
                self.ids,
            )
        )
        self.invalidate_recordset(
            ["create_date", "write_date", "create_uid", "write_uid"]
        )

    def _erase(self):
        """Make rows anonymous as somebody wishes, who is never asked again.

        Nor does a score of customers tell on what somebody answered.
        """
        self._suppress_erased()
        customers = self.sudo().filtered(lambda row: row.partner_id == row.account_id)
        self.env["crm.customer.score"]._forget_feedback(customers.account_id)
        self._anonymise()

    def _suppress_erased(self):
        """Never ask again whom these rows are about."""
        self._suppress_persons("erased")

    def _suppress_persons(self, reason):
        """Never ask these persons again, by whatever address they are known now.

        :param str reason: see :meth:`_suppress` of the list
        """
        suppression = self.env["crm.nps.suppression"].sudo()
        rows = self.sudo()
        keys = set(rows.mapped("person")) - {False}
        for partner in rows.partner_id:
            email = normal_address(partner.email_normalized)
            keys.add(suppression._person_key(email, partner))
        suppression._suppress(
            [key for key in keys if not key.startswith(NOBODY)], reason
        )

    # ------------------------------------------------------------------
    # retention
    # ------------------------------------------------------------------

    def _forget_old(self):
        """Make anonymous what is older than its company keeps it.

        :return: tuple (rows done, whether there may be more), as autovacuum wants it
        """
        done = 0
        for company in self.env["res.company"].search(
            [("crm_nps_retention_months", ">", 0)]
        ):
            months = relativedelta(months=company.crm_nps_retention_months)
            before = company._metrics_start_of_day(company._metrics_today() - months)
            rows = self._too_old(company, before)
            rows._anonymise_old()
            done += len(rows)
        return done, done

    def _anonymise_old(self):
        """Make rows anonymous because of their age."""
        self._anonymise()

    def _too_old(self, company, before):
        """Return rows of a company from before a moment, not all of them at once."""
        self.env.flush_all()
        return self.browse(
            id_
            for (id_,) in self.env.execute_query(
                SQL(
                    """SELECT id FROM %s AS row
                        WHERE company_id = %s AND date < %s AND anonymised IS NOT TRUE
                          AND %s
                        ORDER BY id LIMIT %s""",
                    SQL.identifier(self._table),
                    company.id,
                    before,
                    self._settled_sql(before),
                    BATCH,
                )
            )
        )


class Keys(defaultdict):
    """Old key -> a new one, made up when it is asked for."""

    def __init__(self):
        super().__init__(lambda: NOBODY + secrets.token_hex(16))


class CrmNpsAnswer(models.Model):
    _name = ANSWER
    _inherit = [ANSWER, "crm.nps.anonymisable"]

    def _anonymise(self, keys=None):
        # all answers of a vote: else the older ones would count as votes of others
        answers = self.sudo()._of_same_votes()
        keys = keys if keys is not None else Keys()
        # through it one would find back to who answered
        invitations = answers.invitation_id
        res = super(CrmNpsAnswer, answers)._anonymise(keys)
        invitations._anonymise(keys)
        return res

    def _of_same_votes(self):
        """Return these answers and all others of the same person and wave."""
        self.flush_model()
        others = self.env.execute_query(
            SQL(
                """SELECT DISTINCT other.id
                     FROM crm_nps_answer this
                     JOIN crm_nps_answer other
                          ON other.program_id = this.program_id
                         AND other.person = this.person
                         AND other.wave IS NOT DISTINCT FROM this.wave
                    WHERE this.id = ANY(%s) AND this.person <> ''""",
                self.ids,
            )
        )
        return self | self.browse(id_ for (id_,) in others)

    @api.autovacuum
    def _gc_retention(self):
        return self._forget_old()

    def _anonymise_old(self):
        """Leave invitations that are needed as they are, but nothing leads to them."""
        answers = self.sudo()._of_same_votes()
        needed = answers.invitation_id._still_needed()
        answers.filtered(lambda answer: answer.invitation_id in needed).write(
            {"invitation_id": False}
        )
        res = super()._anonymise_old()
        needed._forget_moment()
        return res

    def _anonymous_values(self, keys):
        return {
            **super()._anonymous_values(keys),
            "comment": False,
            "edit_hash": False,
        }

    def _settled_sql(self, before):
        # a vote is as old as its latest answer
        return SQL(
            """NOT EXISTS (SELECT FROM crm_nps_answer later
                            WHERE later.program_id = row.program_id
                              AND later.wave IS NOT DISTINCT FROM row.wave
                              AND later.person = row.person AND later.date >= %s)""",
            before,
        )


class CrmNpsInvitation(models.Model):
    _name = INVITATION
    _inherit = [INVITATION, "crm.nps.anonymisable"]

    @api.autovacuum
    def _gc_retention(self):
        return self._forget_old()

    def _anonymous_values(self, keys):
        noon = self.company_id._metrics_noon
        values = {
            **super()._anonymous_values(keys),
            **{
                name: self[name] and noon(self[name])
                for name in (
                    "planned_at",
                    "sent_at",
                    "last_sent_at",
                    "expires_at",
                    "answered_at",
                )
            },
            **dict.fromkeys(
                ("email", "lang", "res_model", "res_id", "message_id", "error"), False
            ),
            # its link leads nowhere
            "salt": False,
            "token_hash": False,
        }
        if self.state == "planned":
            values |= {"state": "skipped", "skip_reason": "erased"}
        elif self.state in ("sending", "sent"):
            values["state"] = "expired"
        return values

    def _settled_sql(self, before):
        # not while it may be answered, nor while an answer with a name leads to it
        return SQL(
            """state NOT IN ('planned', 'sending')
               AND (state <> 'sent' OR expires_at < %s)
               AND NOT EXISTS (SELECT FROM crm_nps_answer a
                                WHERE a.invitation_id = row.id
                                  AND a.anonymised IS NOT TRUE)
               AND (%s) IS NOT TRUE""",
            fields.Datetime.now(),
            self._still_needed_sql(),
        )

    def _still_needed(self):
        """Return those that tell whom not to ask again yet."""
        self.env.flush_all()
        return self.browse(
            id_
            for (id_,) in self.env.execute_query(
                SQL(
                    "SELECT id FROM %s AS row WHERE id = ANY(%s) AND %s",
                    SQL.identifier(self._table),
                    self.ids,
                    self._still_needed_sql(),
                )
            )
        )

    def _still_needed_sql(self):
        """Return an expression: whether forgetting `row` would ask somebody too early.

        As long as any program looks back to the first mail for its person or account,
        as long as a bounce is remembered, and as long as what triggered it may be
        considered once more: see `_first_obstacle_sql`, `_read_bounced` of the judge
        and `_candidates_of`.
        """
        return SQL(
            """test IS NOT TRUE AND (
                   sent_at > %(now)s - interval '1 day' * greatest(
                       (SELECT max(greatest(p.quarantine_days,
                                            CASE WHEN p.account_limit > 0
                                                 THEN p.account_days END))
                          FROM crm_nps_program p WHERE p.active),
                       CASE WHEN state = 'bounced' THEN %(bounce_days)s END)
                   OR date > %(now)s - interval '1 day' * (
                       SELECT p.expiry_days FROM crm_nps_program p
                        WHERE p.id = row.program_id))""",
            now=fields.Datetime.now(),
            bounce_days=BOUNCE_DAYS,
        )

    def _forget_moment(self):
        """Leave of when these were answered only the day.

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
