from odoo import fields

from .common import CrmMetricsCommon

ANSWER, INVITATION = "crm.nps.answer", "crm.nps.invitation"


class NpsAnswerCase(CrmMetricsCommon):
    """A running program, an account of the seller with a contact, and answers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.program = cls._program()
        cls.customer.write({"user_id": cls.seller.id, "is_company": True})
        cls.contact = cls._contact("Ann")
        cls.env.flush_all()

    @classmethod
    def _program(cls, **values):
        program = cls.env["crm.nps.program"].create(
            {
                "name": "Customers",
                "company_id": cls.company.id,
                "user_id": cls.manager.id,
                **values,
            }
        )
        program.write({"state": "running", "started_at": "2026-01-01 00:00:00"})
        return program

    @classmethod
    def _contact(cls, name, parent=None, **values):
        parent = cls.customer if parent is None else parent
        return cls._customer(
            name,
            **{
                "parent_id": parent.id,
                "email": f"{name.lower()}@example.com",
                **values,
            },
        )

    @classmethod
    def invite(cls, partner=None, wave="wave,1", program=None, **values):
        partner = cls.contact if partner is None else partner
        email = values.pop("email", partner.email_normalized)
        return cls.env[INVITATION].create(
            {
                "program_id": (program or cls.program).id,
                "wave": wave,
                "partner_id": partner.id,
                "email": email,
                "person": cls.env["crm.nps.suppression"]._person_key(email, partner),
                "state": "sent",
                "sent_at": "2026-06-10 08:00:00",
                **values,
            }
        )

    @classmethod
    def answer(cls, score, partner=None, wave="wave,1", program=None, **values):
        """Let somebody answer an invitation, as the page does it."""
        invitation = values.pop("invitation", None)
        if invitation is None:
            invitation = cls.invite(partner, wave, program)
        answer = cls.env[ANSWER].create(
            {
                "program_id": invitation.program_id.id,
                "invitation_id": invitation.id,
                "wave": invitation.wave,
                "partner_id": invitation.partner_id.id,
                "lead_id": invitation.lead_id.id,
                "person": invitation.person,
                "score": score,
                "date": fields.Datetime.now(),
                **values,
            }
        )
        invitation.write({"state": "answered", "answered_at": answer.date})
        answer._after_counted()
        return answer

    def as_user(self, records, user):
        return records.with_user(user).with_context(
            allowed_company_ids=user.company_ids.ids
        )
