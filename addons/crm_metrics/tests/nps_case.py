from odoo import fields

from .purchase_case import PurchaseCase

INVITATION = "crm.nps.invitation"


class NpsCase(PurchaseCase):
    """A company that asks its customers; mails are not sent.

    Now is a Monday, 10:00 UTC, in the company's working hours, in UTC as well.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        companies = cls.company | cls.other_company
        companies.resource_calendar_id.tz = "UTC"
        cls.template = cls.env["mail.template"].create(
            {
                "name": "Question",
                "model_id": cls.env["ir.model"]._get_id(INVITATION),
            }
        )

    @classmethod
    def program(cls, start="2026-06-01 00:00:00", **values):
        """Create a program that has been running since some moment; False: a draft."""
        program = cls.env["crm.nps.program"].create(
            {
                "name": "Program",
                "company_id": cls.company.id,
                "user_id": cls.manager.id,
                "mail_template_id": cls.template.id,
                "reminder_template_id": cls.template.id,
                "legal_basis": "other",
                **values,
            }
        )
        if start:
            program.write({"state": "running", "started_at": start})
        return program

    @classmethod
    def contact(cls, name, **values):
        """Create a contact with an e-mail address, in no time zone of its own."""
        email = f"{name.lower()}@example.com"
        return cls._customer(name, **{"email": email, "tz": False, **values})

    def consider(self, program, *contacts, wave="w", **values):
        """Consider contacts, or candidates given as dict."""
        return program._consider(
            [
                {"wave": wave, **values, **contact}
                if isinstance(contact, dict)
                else {"partner_id": contact.id, "wave": wave, **values}
                for contact in contacts
            ]
        )

    def sent(self, program, contact, moment, **values):
        """Create an invitation whose first mail went out at a moment."""
        email = contact.email_normalized
        suppression = self.env["crm.nps.suppression"]
        return self.env[INVITATION].create(
            {
                "program_id": program.id,
                "wave": "before",
                "partner_id": contact.id,
                "email": email,
                "person": suppression._person_key(email, contact),
                "state": "sent",
                "date": moment,
                "sent_at": moment,
                **values,
            }
        )

    def prepare(self):
        """Let the scheduled action run."""
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("crm_metrics.ir_cron_nps_prepare").method_direct_trigger()
        self.env.invalidate_all()

    def assertAsked(self, invitations, *expected):
        """Compare the reasons why they were skipped; None: they are asked."""
        self.assertEqual(
            [invitation.skip_reason or None for invitation in invitations],
            list(expected),
        )
        for invitation in invitations:
            self.assertEqual(
                invitation.state, "skipped" if invitation.skip_reason else "planned"
            )

    def invitations(self, program):
        return self.env[INVITATION].search(
            [("program_id", "=", program.id)], order="id"
        )

    def moment(self, text):
        return fields.Datetime.to_datetime(text)
