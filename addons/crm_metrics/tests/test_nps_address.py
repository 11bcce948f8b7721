from datetime import timedelta

from .nps_mail_case import NpsMailCase


class TestNpsAddress(NpsMailCase):
    """The e-mail address of a contact is corrected."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.suppression = cls.env["crm.nps.suppression"]
        cls.anna = cls.contact("Anna")
        cls.env.flush_all()

    def reasons(self, *contacts):
        return [
            one.skip_reason or None
            for one in self.consider(self.program(quarantine_days=0), *contacts)
        ]

    # -- whoever is never asked ------------------------------------------

    def test_an_opt_out_comes_along(self):
        self.suppress(self.anna)
        for email in ("anna@elsewhere.example", "ANNA@third.example"):
            self.anna.email = email
            self.assertEqual(self.anna.crm_nps_suppressed, "opted_out")
            self.assertEqual(self.reasons(self.anna), ["opted_out"])

    def test_through_a_time_without_address(self):
        self.suppress(self.anna, "erased")
        self.anna.email = False
        self.assertEqual(self.anna.crm_nps_suppressed, "erased")
        # that is none, either
        self.anna.email = "anna@gmail"
        self.env.flush_all()
        self.anna.email = "anna@elsewhere.example"
        self.assertEqual(self.reasons(self.anna), ["erased"])

    def test_the_deal_has_an_address_that_the_contact_has_not(self):
        self.suppress(self.anna)
        self.anna.email = False
        candidate = {"partner_id": self.anna.id, "email": "anna@deal.example"}
        self.assertEqual(self.reasons(candidate), ["opted_out"])

    def test_many_at_once(self):
        """As many queries for many as for one; an erasure stays one."""
        others = self.env["res.partner"].create(
            [{"name": "Many", "email": f"m{n}@example.com"} for n in range(60)]
        )
        self.env.flush_all()
        self.suppress(others[0])
        self.suppress(others[1], "erased")
        self.suppress(others[2])

        def queries(contacts, text):
            self.env.invalidate_all()
            for number, contact in enumerate(contacts):
                contact.email = text % number
            contacts.mapped("email_normalized")
            before = self.cr.sql_log_count
            self.env.flush_all()
            return self.cr.sql_log_count - before

        queries(others[3], "warm%s@elsewhere.example")
        few = queries(others[4:6], "few%s@elsewhere.example")
        self.assertLessEqual(queries(others[6:], "x%s@elsewhere.example"), few)
        # both to one address
        (others[0] | others[1]).write({"email": "both@elsewhere.example"})
        others[2].email = "alone@elsewhere.example"
        self.assertEqual(
            others[:4].mapped("crm_nps_suppressed"),
            ["erased", "erased", "opted_out", False],
        )

    def test_of_whoever_has_the_address_now(self):
        """Who opts out by a link that went to the old one, or has it erased."""
        ben = self.contact("Ben")
        program = self.program()
        invitations = self.sent(program, self.anna, self.now)
        invitations |= self.sent(program, ben, self.now)
        self.env.flush_all()
        self.anna.email = "anna@elsewhere.example"
        ben.email = "ben@elsewhere.example"
        self.env.flush_all()
        invitations[0]._opt_out()
        invitations[1]._erase()
        self.assertEqual(self.reasons(self.anna, ben), ["opted_out", "erased"])

    def test_a_new_contact_with_an_address_that_opted_out(self):
        self.suppress(self.anna)
        self.assertEqual(self.contact("Anna").crm_nps_suppressed, "opted_out")

    # -- what is planned -------------------------------------------------

    def test_what_is_planned_goes_to_the_new_address(self):
        invitation = self.planned(self.program(), self.anna)
        self.anna.email = "Anna <ANNA@elsewhere.example>"
        self.env.flush_all()
        self.assertEqual(invitation.email, "anna@elsewhere.example")
        self.assertEqual(
            invitation.person, self.suppression._person_key("anna@elsewhere.example")
        )
        self.send()
        self.assertSent(self.anna)
        # it is written down where it went
        self.anna.email = "anna@third.example"
        self.env.flush_all()
        self.assertEqual(invitation.email, "anna@elsewhere.example")

    def test_what_goes_to_another_address_stays(self):
        invitation = self.planned(
            self.program(), self.anna, email="deal@example.com", person="deal"
        )
        self.anna.email = "anna@elsewhere.example"
        self.env.flush_all()
        self.assertEqual(
            (invitation.email, invitation.person), ("deal@example.com", "deal")
        )

    def test_an_address_that_is_taken_away(self):
        first = self.planned(self.program(), self.anna)
        for email in ("anna@gmail", "anna", False):
            self.anna.email = email
            self.env.flush_all()
            self.assertFalse(first.email)
            self.assertEqual(first.person, f"partner,{self.anna.id}")
        for email in ("anna@elsewhere.example", "anna@gmail", "anna@third.example"):
            self.anna.email = email
            self.env.flush_all()
        self.assertEqual(first.email, "anna@third.example")
        self.anna.email = False
        self.send()
        self.assertSent()
        self.assertEqual((first.state, first.skip_reason), ("skipped", "no_email"))

    def test_two_contacts_get_one_address(self):
        ben, carl = self.contact("Ben"), self.contact("Carl")
        self.env.flush_all()
        program = self.program(quarantine_days=0)
        first = self.planned(program, self.anna, ben, carl)
        second = self.planned(program, carl, wave="next")
        (self.anna | carl).write({"email": "ben@example.com"})
        self.env.flush_all()
        self.assertAsked(first | second, "double", None, "double", None)
        self.assertFalse(first[0].token_hash)
        ben.email = carl.email = "both@example.com"
        self.env.flush_all()
        self.assertAsked(first | second, "double", None, "double", None)

    def test_of_two_that_move_together_one_is_asked(self):
        ben = self.contact("Ben")
        self.env.flush_all()
        invitations = self.planned(self.program(quarantine_days=0), self.anna, ben)
        (self.anna | ben).write({"email": "both@example.com"})
        self.send()
        self.assertAsked(invitations[1], "double")
        self.assertEqual(invitations[0].state, "sent")

    # -- bounces ---------------------------------------------------------

    def test_a_new_address_has_not_bounced(self):
        """Neither by Odoo's counter nor by our own mails."""
        self.anna.message_bounce = 3
        self.sent(self.program(), self.anna, self.now, state="bounced")
        self.assertEqual(self.reasons(self.anna), ["bounces"])
        # it is the same one
        self.anna.email = "ANNA@example.com"
        self.env.flush_all()
        self.assertEqual(self.anna.message_bounce, 3)
        self.anna.email = "anna@elsewhere.example"
        self.assertEqual(self.reasons(self.anna), [None])
        self.assertEqual(self.anna.message_bounce, 0)
        # our own mails still did
        self.anna.email = "anna@example.com"
        self.assertEqual(self.reasons(self.anna), ["bounces"])

    def test_a_count_that_comes_with_the_address(self):
        self.anna.write({"email": "anna@elsewhere.example", "message_bounce": 2})
        self.env.flush_all()
        self.assertEqual(self.anna.message_bounce, 2)
        silent = self.contact("Silent", email=False, message_bounce=1)
        silent.email = "silent@example.com"
        self.env.flush_all()
        self.assertEqual(silent.message_bounce, 1)

    def test_after_180_days_an_address_is_tried_again(self):
        day = self.moment(self.now) - timedelta(180)
        self.sent(self.program(), self.anna, day, state="bounced")
        self.assertEqual(self.reasons(self.anna), [None])
