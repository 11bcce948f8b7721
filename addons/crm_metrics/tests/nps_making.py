from .common import CrmMetricsCommon

ANSWER, INVITATION = "crm.nps.answer", "crm.nps.invitation"


class NpsMaking(CrmMetricsCommon):
    """Makes programs, invitations and answers; each case has defaults of its own."""

    @classmethod
    def make_program(cls, start, **values):
        """Create a program that has been running since a moment; False: a draft."""
        program = cls.env["crm.nps.program"].create(
            {
                "name": "Program",
                "company_id": cls.company.id,
                "user_id": cls.manager.id,
                **values,
            }
        )
        if start:
            program.write({"state": "running", "started_at": start})
        return program

    @classmethod
    def make_contact(cls, name, **values):
        """Create a contact whose e-mail address is known by the name."""
        return cls._customer(name, **{"email": f"{name.lower()}@example.com", **values})

    @classmethod
    def make_invitation(cls, program, contact=None, **values):
        """Create an invitation of a contact, by its address unless told otherwise."""
        if contact:
            email = values.setdefault("email", contact.email_normalized)
            key = cls.env["crm.nps.suppression"]._person_key(email, contact)
            values = {"partner_id": contact.id, "person": key, **values}
        return cls.env[INVITATION].create({"program_id": program.id, **values})

    @classmethod
    def make_answer(cls, program, score, **values):
        return cls.env[ANSWER].create(
            {"program_id": program.id, "score": score, **values}
        )

    def suppress(self, contact, reason="opted_out"):
        """Put a contact on the list of those whom nobody asks, by its address."""
        suppression = self.env["crm.nps.suppression"]
        key = suppression._person_key(contact.email_normalized, contact)
        suppression._suppress([key], reason)
