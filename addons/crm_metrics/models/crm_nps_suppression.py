import hashlib
import hmac

from odoo import api, fields, models


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
