from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tools import mute_logger

from .nps_mail_case import NpsMailCase
from .nps_making import INVITATION

SEND = "odoo.addons.crm_metrics.models.crm_nps_send"
FIRST_NAME = "{{ object.partner_id.name.split()[0] }}, would you recommend us?"


class TestLettersThatCannotBeWritten(NpsMailCase):
    def program(self, start="2026-06-01 00:00:00", template=None, **values):
        if template:
            template = self.templates["mail_template_id"].copy(template)
            values["mail_template_id"] = template.id
        return super().program(start, **values)

    def stranger(self, program, number=0):
        """Plan an invitation of somebody who is known by an address alone."""
        email = f"stranger{number}@example.com"
        return self.make_invitation(
            program,
            wave="w",
            email=email,
            person=self.env["crm.nps.suppression"]._person_key(email),
            lang="en_US",
            planned_at=self.now,
        )

    @mute_logger(SEND)
    def test_the_others_are_mailed(self):
        program = self.program(template={"subject": FIRST_NAME}, working_hours=False)
        stranger = self.stranger(program)
        contacts = [self.contact(name) for name in ("Ada", "Bob", "Cyd")]
        self.planned(program, *contacts)
        self.send()
        self.assertSent(*contacts)
        self.assertEqual((stranger.state, stranger.attempts), ("planned", 1))
        self.assertTrue(stranger.error)
        self.assertEqual(stranger.planned_at, self.moment("2026-06-15 10:05:00"))
        # on its own it waits longer each time, and nobody waits for it
        other = self.planned(program, self.contact("Dan"), planned_at=self.now)
        other.planned_at = "2026-06-15 10:20:00"
        with freeze_time("2026-06-15 10:05:00"):
            self.send()
        self.assertEqual(stranger.planned_at, self.moment("2026-06-15 10:15:00"))
        self.assertEqual(other.planned_at, self.moment("2026-06-15 10:20:00"))

    @mute_logger(SEND)
    def test_what_postgresql_refuses(self):
        """The transaction goes on with the next one."""
        query = "env.cr.execute('SELECT 1 / %s', [object.partner_id.color])"
        subject = "{{ object." + query + " or 'Well?' }}"
        program = self.program(template={"subject": subject})
        bad, good = self.contact("Ada"), self.contact("Bob", color=1)
        invitation = self.planned(program, bad)
        self.planned(program, good)
        with mute_logger("odoo.sql_db"):
            self.send()
        self.assertSent(good)
        self.assertIn("division by zero", invitation.error)

    @mute_logger(SEND)
    def test_a_few_do_not_hold_up_the_others_for_good(self):
        """Enough of them for a batch of their own, which tells nothing of the rest."""
        program = self.program(template={"subject": FIRST_NAME}, working_hours=False)
        strangers = self.env[INVITATION].concat(
            *(self.stranger(program, number) for number in range(60))
        )
        contact = self.contact("Ada")
        self.planned(program, contact)
        self.send()
        self.assertSent()
        with freeze_time("2026-06-15 10:10:00"):
            self.send()
        self.assertSent(contact)
        self.assertEqual(set(strangers.mapped("state")), {"planned"})

    def test_line_breaks_in_names(self):
        subject = "{{ object.partner_id.name }}, {{ object.company_id.name }} asks"
        program = self.program(template={"subject": subject})
        contact = self.contact("Bob")
        contact.name = "Bob\nBcc: x@example.com"
        self.company.name = "The\r\n Seller"
        self.planned(program, contact)
        self.send()
        self.assertSent(contact)
        message = self.server.mails[0][1]
        self.assertEqual(message["Subject"], "Bob Bcc: x@example.com, The Seller asks")
        self.assertIn("The Seller", message["From"])
        self.assertEqual(message["To"], '"Bob Bcc: x@example.com" <bob@example.com>')
        self.assertNotIn("Bcc", message)

    @mute_logger(SEND)
    def test_a_sender_that_is_no_address(self):
        """The template is to blame, and nobody is given up for it."""
        for name, label in (("email_from", "Send From"), ("reply_to", "Reply To")):
            for address in ("sales team", "sales@"):
                with self.subTest(name, address=address):
                    self.server.mails.clear()
                    template = {name: address, "name": "Ours"}
                    program = self.program(template=template)
                    contacts = [
                        self.contact(f"{letter}{len(address)}{name}")
                        for letter in "abcd"
                    ]
                    invitations = self.planned(program, *contacts)
                    self.send()
                    self.assertSent()
                    self.assertEqual(set(invitations.mapped("state")), {"planned"})
                    self.assertEqual(invitations.mapped("attempts"), [0] * 4)
                    for words in ("“Ours”", f"“{address}”", f"“{label}”"):
                        self.assertIn(words, invitations[0].error)
                    program.mail_template_id[name] = "sales@seller.example"
                    with freeze_time("2026-06-15 10:10:01"):
                        self.send()
                    self.assertSent(*contacts)

    @mute_logger(SEND)
    def test_a_company_without_an_address(self):
        self.company.email = "nowhere"
        invitation = self.planned(self.program(), self.contact("Ada"))
        self.send()
        self.assertEqual((invitation.state, invitation.attempts), ("planned", 0))
        self.assertIn("has no e-mail address to send from", invitation.error)

    def test_who_tries_it_is_told(self):
        program = self.program(template={"email_from": "sales team"})
        with self.serving(), self.assertRaisesRegex(UserError, "“sales team”"):
            program.with_user(self.manager).action_send_trial()
