from odoo import fields, models
from odoo.tools import SQL

ANSWER, INVITATION = "crm.nps.answer", "crm.nps.invitation"
#: of several invitations to one person the first of these is the one that matters
MATTERS = (
    "answered",
    "declined",
    "sent",
    "sending",
    "bounced",
    "expired",
    "failed",
    "planned",
    "skipped",
)


class CrmNpsInvitation(models.Model):
    """Two contacts that turn out to be one person.

    No row goes: every answer is kept, and so is what was sent. But the person is not
    asked twice, has one vote a wave from now on, and stays left alone where one of the
    contacts was.
    """

    _inherit = INVITATION

    def _merge_contacts(self, sources, destination):
        """Prepare a merge of contacts, before it moves the foreign keys.

        :param sources: contacts that go
        :param destination: the contact that stays
        """
        partners = destination | sources
        invitations = self.sudo().search([("partner_id", "in", partners.ids)])
        for doubles in invitations.grouped(
            lambda invitation: (invitation.program_id, invitation.wave)
        ).values():
            doubles._settle_doubles()
        self._merge_persons(sources, destination)

    def _settle_doubles(self):
        """Of invitations of one person to one wave, let one go on."""
        first, *others = self.sorted(
            lambda invitation: (MATTERS.index(invitation.state), -invitation.id)
        )
        others = self.browse(other.id for other in others)
        others.filtered(lambda other: other.state == "planned").write(
            {"state": "skipped", "skip_reason": "double", "token_hash": False}
        )
        if first.state != "planned":
            # no reminder to the other address, no second answer
            others.filtered(lambda other: other.state == "sent").write(
                {"state": "expired", "expires_at": fields.Datetime.now()}
            )

    def _merge_persons(self, sources, destination):
        """Give all that was asked and answered to one person."""
        partners = destination | sources
        suppression = self.env["crm.nps.suppression"].sudo()
        # the wizard keeps the address of the contact that stays, if it has one
        emails = [partner.email_normalized for partner in destination + sources[::-1]]
        person = suppression._person_key(next(filter(None, emails), ""), destination)
        known = [suppression._person_key("", partner) for partner in partners]
        known += [suppression._person_key(email) for email in emails if email]
        reasons = set(suppression._suppressed(known).values())
        if reasons:
            suppression._suppress(
                [person], "erased" if "erased" in reasons else "opted_out"
            )
        for name in (ANSWER, INVITATION):
            model = self.env[name]
            model.flush_model()
            self.env.cr.execute(
                SQL(
                    """UPDATE %s SET person = %s
                        WHERE partner_id = ANY(%s) AND person <> %s""",
                    SQL.identifier(model._table),
                    person,
                    partners.ids,
                    person,
                )
            )
            model.invalidate_model()

    def _follow_contact(self, partner):
        """Give what was asked of a contact, and answered, to the account it has now."""
        for name in (ANSWER, INVITATION):
            model = self.env[name].sudo()
            rows = model.search([("partner_id", "=", partner.id)])
            self.env.add_to_compute(model._fields["account_id"], rows)
        self.env.flush_all()
