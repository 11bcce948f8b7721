from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .crm_nps_privacy import ANSWER, BATCH, INVITATION, NOBODY, Keys


class CrmNpsInvitation(models.Model):
    """What is left of those who were erased, or whose contact is deleted."""

    _inherit = INVITATION

    # -- erased, and considered once more ----------------------------------

    def _mark_erased(self, program, considered):
        """Give those whose data was erased a key that names nobody.

        It is the same whenever the same event considers the same person: so it is
        written down once. Who does not have the secret of the database cannot tell what
        it was made of.

        :param considered: list of what the judge returns
        :return: list of those to write down
        """
        suppression = self.env["crm.nps.suppression"]
        erased = [one for one in considered if one.skip_reason == "erased"]
        if not erased:
            return considered
        for one in erased:
            parts = "erased", str(program.id), one.candidate["wave"], one.person
            one.person = NOBODY + suppression._keyed_hash(*parts)
        known = self.env.execute_query(
            SQL(
                "SELECT person FROM crm_nps_invitation WHERE person = ANY(%s)",
                [one.person for one in erased],
            )
        )
        known = {person for (person,) in known}
        return [one for one in considered if one.person not in known]

    def _anonymise_marked(self, considered):
        """Leave of those who were skipped as erased nothing but their key.

        :param considered: whom these invitations were made of, in the same order
        """
        keys, ids = Keys(), []
        for id_, one in zip(self.ids, considered, strict=True):
            if one.skip_reason == "erased":
                keys[one.person] = one.person
                ids.append(id_)
        if ids:
            self.browse(ids)._anonymise(keys)

    # -- deleted -----------------------------------------------------------

    def _forget_contact(self):
        """Make anonymous what was sent to contacts that are deleted.

        What tells whom not to ask again yet keeps the keyed hash of the address and
        what triggered it, until it is old enough.
        """
        needed = self._still_needed()
        (self - needed)._anonymise()
        names = (
            "partner_id", "account_id", "lead_id", "email", "lang", "res_model",
            "res_id", "message_id", "error", "salt", "token_hash",
        )  # fmt: skip
        needed.write(dict.fromkeys(names, False))
        for states, values in (
            (("planned",), {"state": "skipped", "skip_reason": "erased"}),
            (("sending", "sent"), {"state": "expired"}),
        ):
            needed.filtered(lambda one, states=states: one.state in states).write(
                values
            )

    @api.autovacuum
    def _gc_gone(self):
        """Make anonymous what was kept of deleted contacts and is needed no more."""
        self.env.flush_all()
        rows = self.browse(
            id_
            for (id_,) in self.env.execute_query(
                SQL(
                    # whoever never had a contact has an address, or no key either
                    """SELECT id FROM crm_nps_invitation AS row
                        WHERE anonymised IS NOT TRUE AND partner_id IS NULL
                          AND email IS NULL AND person <> '' AND %s
                        ORDER BY id LIMIT %s""",
                    self._settled_sql(fields.Datetime.now()),
                    BATCH,
                )
            )
        )
        rows._anonymise()
        return len(rows), len(rows)


class ResPartner(models.Model):
    """Whose contact is deleted is not known by what they answered either."""

    _inherit = "res.partner"

    def unlink(self):
        # of the contact; or of nobody any more, and still of the account
        theirs = Domain("partner_id", "in", self.ids) | (
            Domain("partner_id", "=", False) & Domain("account_id", "in", self.ids)
        )
        answers, invitations = (
            self.env[name].sudo().search(theirs) for name in (ANSWER, INVITATION)
        )
        res = super().unlink()
        if answers:
            answers._anonymise_old()
        if invitations:
            invitations._forget_contact()
        return res
