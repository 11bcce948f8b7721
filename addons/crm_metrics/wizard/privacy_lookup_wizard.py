from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, email_normalize

from ..models.crm_nps_privacy import ANSWER, INVITATION


class PrivacyLookupWizard(models.TransientModel):
    """Finds what somebody answered who is known by the e-mail address alone."""

    _inherit = "privacy.lookup.wizard"

    def _get_query(self):
        query = super()._get_query()
        suppression = self.env["crm.nps.suppression"]
        person = suppression._person_key(email_normalize(self.email.strip()))
        for name in (ANSWER, INVITATION):
            is_found = SQL(
                """partner_id IN (SELECT id FROM indirect_references)
                   OR account_id IN (SELECT id FROM indirect_references)"""
            )
            if name == INVITATION:
                is_found = SQL(
                    "%s OR email ilike %s", is_found, f"%{self.email.strip()}%"
                )
            query = SQL(
                """%s
                UNION ALL
                SELECT %s AS res_model_id, id AS res_id, True AS is_active
                  FROM %s WHERE person = %s AND (%s) IS NOT TRUE""",
                query,
                self.env["ir.model"]._get_id(name),
                SQL.identifier(self.env[name]._table),
                person,
                is_found,
            )
        return query


class PrivacyLookupWizardLine(models.TransientModel):
    """Feedback of somebody can be made anonymous: the score stays as it is.

    Whoever asked for it, by this or by a deletion, is never asked for feedback again.
    """

    _inherit = "privacy.lookup.wizard.line"

    crm_nps_anonymised = fields.Boolean(readonly=True)

    def action_crm_nps_anonymise(self):
        """Make the feedback of this line anonymous."""
        self.ensure_one()
        records = self._crm_nps_records()
        if not records:
            raise UserError(self.env._("Only answers and invitations are anonymised."))
        records._erase()
        self._crm_nps_note()

    def action_crm_nps_anonymise_all(self):
        """Make the feedback among these lines anonymous."""
        for line in self:
            if line._crm_nps_records() and not line.crm_nps_anonymised:
                line.action_crm_nps_anonymise()

    def action_unlink(self):
        self._crm_nps_records()._suppress_erased()
        return super().action_unlink()

    def _crm_nps_records(self):
        """Return the answer or invitation of this line, if it is one that is there."""
        self.check_access("write")
        name = self.res_model if self.res_model in (ANSWER, INVITATION) else ANSWER
        ids = self.res_id if name == self.res_model and not self.is_unlinked else []
        return self.env[name].sudo().browse(ids).exists()

    def _crm_nps_note(self):
        self.crm_nps_anonymised = True
        self.execution_details = self.env._(
            "Anonymised %(model)s #%(id)s", model=self.res_model_id.name, id=self.res_id
        )
