import hashlib
import hmac

from odoo import api, fields, models
from odoo.tools import SQL


class CrmNpsSuppression(models.Model):
    """Persons who are never asked: they opted out, or had their data erased.

    Only a keyed hash of the e-mail address is kept, so that the list itself tells
    nothing about anybody.
    """

    _name = "crm.nps.suppression"
    _description = "NPS Suppression"
    _order = "id desc"
    _rec_name = "reason"

    person = fields.Char(required=True, readonly=True, groups="base.group_system")
    reason = fields.Selection(
        [("opted_out", "Opted out"), ("erased", "Data erased")],
        required=True,
        readonly=True,
    )
    date = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)

    _one_person = models.Constraint("UNIQUE (person)", "This person is listed already.")

    @api.model
    def _person_key(self, email, partner=None):
        """Return what tells a person from others, without naming anybody.

        :param str email: normalised, or empty
        :param partner: contact, for a person without e-mail address
        :return: str; empty when neither is known
        """
        if email:
            return self._keyed_hash("person", email)
        return f"partner,{partner.id}" if partner else ""

    @api.model
    def _keyed_hash(self, *parts):
        """Return an HMAC under the secret of this database, in hexadecimal."""
        secret = self.env["ir.config_parameter"].sudo().get_param("database.secret")
        message = "\0".join(("crm_nps", *parts))
        return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()

    @api.model
    def _suppress(self, person_keys, reason):
        """Never ask these persons again.

        Saying it twice changes nothing; an erasure stays one, whoever opts out later.

        :param person_keys: see :meth:`_person_key`; empty ones are left out
        :param reason: "opted_out" or "erased"
        """
        keys = sorted({key for key in person_keys if key})
        self._list(
            SQL("SELECT key, %s FROM unnest(%s::varchar[]) AS key", reason, keys)
        )

    @api.model
    def _carry_over(self, old_keys, new_keys):
        """Never ask persons under a new key either whom nobody asks under the old one.

        :param old_keys: list of keys, see :meth:`_person_key`
        :param new_keys: list of as many
        """
        self._list(
            SQL(
                # erased comes before opted out
                """SELECT move.goal, min(s.reason)
                     FROM unnest(%s::varchar[], %s::varchar[]) AS move (start, goal)
                     JOIN crm_nps_suppression s ON s.person = move.start
                    WHERE move.goal <> '' GROUP BY move.goal ORDER BY move.goal""",
                old_keys,
                new_keys,
            )
        )

    def _list(self, persons):
        """Put persons on the list.

        :param SQL persons: SELECT of their keys and the reasons
        """
        listed = self.env.execute_query(
            SQL(
                """
                INSERT INTO crm_nps_suppression AS s (
                       person, reason, date, create_uid, create_date, write_uid,
                       write_date)
                SELECT key, reason, %(now)s, %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM (%(persons)s) AS persons (key, reason)
                    ON CONFLICT (person) DO UPDATE
                   SET reason = EXCLUDED.reason, date = EXCLUDED.date,
                       write_uid = EXCLUDED.write_uid, write_date = EXCLUDED.write_date
                 WHERE s.reason = 'opted_out' AND EXCLUDED.reason = 'erased'
             RETURNING s.id
                """,
                persons=persons,
                now=fields.Datetime.now(),
                uid=self.env.uid,
            )
        )
        if listed:
            self.invalidate_model()

    @api.model
    def _suppressed(self, person_keys):
        """Return which of these persons are never asked: {person key: reason}."""
        listed = self.sudo().search_fetch(
            [("person", "in", list(person_keys))], ["person", "reason"]
        )
        return {line.person: line.reason for line in listed}

    @api.model
    def _allow(self, partner):
        """Take a contact who had opted out off the list."""
        key = self._person_key(partner.email_normalized, partner)
        self.search([("person", "=", key), ("reason", "=", "opted_out")]).unlink()
