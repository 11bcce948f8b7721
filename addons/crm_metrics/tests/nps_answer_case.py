from odoo import fields

from .nps_making import NpsMaking


class NpsAnswerCase(NpsMaking):
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
        return cls.make_program(
            "2026-01-01 00:00:00", **{"name": "Customers", **values}
        )

    @classmethod
    def _contact(cls, name, parent=None, **values):
        parent = cls.customer if parent is None else parent
        return cls.make_contact(name, **{"parent_id": parent.id, **values})

    @classmethod
    def invite(cls, partner=None, wave="wave,1", program=None, **values):
        partner = cls.contact if partner is None else partner
        return cls.make_invitation(
            program or cls.program,
            partner,
            **{
                "wave": wave,
                "state": "sent",
                "sent_at": "2026-06-10 08:00:00",
                **values,
            },
        )

    @classmethod
    def answer(cls, score, partner=None, wave="wave,1", program=None, **values):
        """Let somebody answer an invitation, as the page does it."""
        invitation = values.pop("invitation", None)
        if invitation is None:
            invitation = cls.invite(partner, wave, program)
        answer = cls.make_answer(
            invitation.program_id,
            score,
            **{
                "invitation_id": invitation.id,
                "wave": invitation.wave,
                "partner_id": invitation.partner_id.id,
                "lead_id": invitation.lead_id.id,
                "person": invitation.person,
                "date": fields.Datetime.now(),
                **values,
            },
        )
        invitation.write({"state": "answered", "answered_at": answer.date})
        answer._after_counted()
        return answer

    def as_user(self, records, user):
        return records.with_user(user).with_context(
            allowed_company_ids=user.company_ids.ids
        )
