from datetime import timedelta

from ..models.crm_nps_invitation import SKIP_REASONS
from .nps_case import NpsCase
from .nps_making import INVITATION


class TestReasons(NpsCase):
    """Everybody who is considered becomes one row that says what happened."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.suppression = cls.env["crm.nps.suppression"]

    def blacklist(self, contact):
        self.env["mail.blacklist"]._add(contact.email)

    def test_who_may_be_asked_is_planned(self):
        program = self.program()
        anna = self.contact("Anna", parent_id=self.customer.id, lang="en_US")
        [invitation] = self.consider(program, anna)
        self.assertAsked(invitation, None)
        self.assertRecordValues(
            invitation,
            [
                {
                    "program_id": program.id,
                    "company_id": self.company.id,
                    "wave": "w",
                    "partner_id": anna.id,
                    "account_id": self.customer.id,
                    "email": "anna@example.com",
                    "lang": "en_US",
                    "date": self.moment(self.now),
                    "planned_at": self.moment(self.now),
                    "sent_at": False,
                    "expires_at": False,
                    "test": False,
                }
            ],
        )
        self.assertEqual(len(invitation.token_hash), 64)

    def test_an_unknown_language_is_the_companys(self):
        self.env["res.lang"]._activate_lang("ru_RU")
        self.company.partner_id.lang = "ru_RU"
        program = self.program()
        invitations = self.consider(
            program,
            {"email": "anna@example.com", "lang": "en_US"},
            {"email": "bert@example.com", "lang": "xx_XX"},
            {"email": "carl@example.com", "lang": None},
        )
        self.assertEqual(invitations.mapped("lang"), ["en_US", "ru_RU", "ru_RU"])
        self.company.partner_id.lang = False
        invitation = self.consider(program, {"email": "dora@example.com"})
        self.assertFalse(invitation.lang)

    def test_who_is_skipped_has_no_link(self):
        [invitation] = self.consider(self.program(), self.contact("Anna", email=False))
        self.assertFalse(invitation.token_hash)
        self.assertFalse(invitation.salt)

    def test_no_address(self):
        contacts = [self.contact("Anna", email=email) for email in (False, "", "  ")]
        invitations = self.consider(self.program(), *contacts, {"email": None})
        self.assertAsked(invitations, *["no_email"] * 4)

    def test_an_address_that_is_none(self):
        texts = ("anna", "anna@", "@example.com", "anna@gmail", "a b")
        contacts = [self.contact("Anna", email=text) for text in texts]
        invitations = self.consider(self.program(), *contacts)
        self.assertAsked(invitations, *["bad_email"] * len(texts))
        self.assertEqual(set(invitations.mapped("email")), {False})
        # told from each other all the same
        self.assertEqual(len(set(invitations.mapped("person"))), len(texts))

    def test_addresses_are_normalised(self):
        anna = self.contact("Anna", email="Anna Smith <ANNA@Example.COM>")
        [invitation] = self.consider(self.program(), anna)
        self.assertEqual(invitation.email, "anna@example.com")

    def test_who_works_here(self):
        """By the contact, by the address of an employee, by the company's own card."""
        self.manager.email = "boss@example.com"
        private = self.contact("Private", email="boss@example.com")
        desk = self.contact("Desk", parent_id=self.company.partner_id.id)
        portal = self._user("metrics_portal", "base.group_portal")
        portal.email = "portal@example.com"
        invitations = self.consider(
            self.program(),
            self.manager.partner_id,
            private,
            desk,
            {"email": "boss@example.com"},
            portal.partner_id,
        )
        self.assertAsked(invitations, *["internal"] * 4, None)

    def test_archived(self):
        anna = self.contact("Anna", active=False)
        self.assertAsked(self.consider(self.program(), anna), "archived")

    def test_one_address_is_asked_once_a_wave(self):
        anna, other = self.contact("Anna"), self.contact("Other")
        other.email = "ANNA@example.com"
        program = self.program(quarantine_days=0)
        invitations = self.consider(program, anna, other, {"email": "anna@example.com"})
        self.assertAsked(invitations, None, "double", "double")
        # the same wave again, and another one
        self.assertAsked(self.consider(program, other), "double")
        self.assertAsked(self.consider(program, other, wave="next"), None)

    def test_who_never_could_be_asked_does_not_stand_in_for_another(self):
        archived = self.contact("Anna", active=False)
        anna = self.contact("Anna")
        invitations = self.consider(self.program(), archived, anna)
        self.assertAsked(invitations, "archived", None)

    def test_who_is_not_asked_does_not_stand_in_for_another(self):
        """By no later reason, at once or one after the other."""
        silent, double, third = (
            self.contact(name, email="anna@example.com", crm_nps_consent=consent)
            for name, consent in (("Silent", False), ("Double", True), ("Third", True))
        )
        program = self.program(legal_basis="consent", quarantine_days=0)
        invitations = self.consider(program, silent, double, third, silent)
        self.assertAsked(invitations, "no_consent", None, "double", "double")
        self.assertAsked(self.consider(program, silent, wave="next"), "no_consent")
        self.assertAsked(self.consider(program, double, wave="next"), None)
        self.assertAsked(self.consider(program, third, wave="next"), "double")

    def test_who_opted_out_or_was_erased(self):
        anna, ben = self.contact("Anna"), self.contact("Ben")
        self.suppress(anna, "opted_out")
        self.suppress(ben, "erased")
        invitations = self.consider(self.program(), anna, ben)
        self.assertAsked(invitations, "opted_out", "erased")
        self.assertEqual(invitations[0].email, "anna@example.com")
        self.assertFalse(invitations[1].email)

    def test_blacklisted(self):
        anna = self.contact("Anna")
        self.blacklist(anna)
        self.assertAsked(self.consider(self.program(), anna), "blacklisted")
        self.env["mail.blacklist"]._remove(anna.email)
        self.assertAsked(self.consider(self.program(), anna, wave="next"), None)

    def test_whose_address_bounces(self):
        """What Odoo counts, and our own mails of the last 180 days."""
        anna, ben, carl = (self.contact(name) for name in ("Anna", "Ben", "Carl"))
        anna.message_bounce = 1
        program = self.program(quarantine_days=0)
        day = self.moment(self.now) - timedelta(180)
        self.sent(program, ben, day + timedelta(seconds=1), state="bounced")
        self.sent(program, carl, day, state="bounced")
        invitations = self.consider(program, anna, ben, carl)
        self.assertAsked(invitations, "bounces", "bounces", None)

    def test_consent(self):
        anna = self.contact("Anna", crm_nps_consent=True)
        program = self.program(legal_basis="consent")
        invitations = self.consider(
            program, anna, self.contact("Ben"), {"email": "carl@example.com"}
        )
        self.assertAsked(invitations, None, "no_consent", "no_consent")

    def test_existing_customers(self):
        """Of this company; a subscription or a purchase, of whoever of the account."""
        self.enter(100)
        elsewhere = self.contact("Elsewhere")
        self.enter(100, partner=elsewhere, company_id=self.other_company.id)
        subscriber = self.contact("Subscriber")
        self.subscribe(10, partner=subscriber)
        refunded = self.contact("Refunded")
        self.enter(-10, partner=refunded)
        self.refresh()
        anna = self.contact("Anna", parent_id=self.customer.id)
        invitations = self.consider(
            self.program(legal_basis="customer"),
            anna,
            subscriber,
            elsewhere,
            refunded,
            self.contact("New"),
            {"email": "lead@example.com"},
            {"email": "winner@example.com", "customer": True},
        )
        self.assertAsked(invitations, None, None, *["no_customer"] * 4, None)

    def test_the_first_reason_that_holds_is_told(self):
        """Take away one reason after the other: the next in the list shows."""
        anna = self.contact("Anna", email=False, active=False, message_bounce=1)
        program = self.program(
            legal_basis="consent", sample_percent=0.0001, account_limit=1
        )
        ben = self.contact("Ben", parent_id=anna.id)
        anna.message_bounce = 1

        def reason():
            # each time in a wave of its own
            count = self.env[INVITATION].search_count([])
            candidate = {"partner_id": anna.id, "wave": f"w{count}"}
            [invitation] = program._consider([candidate])
            return invitation.skip_reason

        found = [reason()]
        anna.email = "anna"
        found.append(reason())
        anna.email = self.manager.email = "anna@example.com"
        found.append(reason())
        self.manager.email = "other@example.com"
        found.append(reason())
        anna.active = True
        self.suppress(anna, "opted_out")
        self.blacklist(anna)
        self.sent(program, anna, self.now, state="expired")
        self.sent(program, ben, self.now, state="expired")
        found.append(reason())
        self.suppression._allow(anna)
        found.append(reason())
        self.env["mail.blacklist"]._remove(anna.email)
        found.append(reason())
        anna.message_bounce = 0
        found.append(reason())
        anna.crm_nps_consent = True
        found.append(reason())
        program.quarantine_days = 0
        found.append(reason())
        program.account_limit = 0
        found.append(reason())
        program.sample_percent = 100
        found.append(reason())
        expected = [
            "no_email", "bad_email", "internal", "archived", "opted_out",
            "blacklisted", "bounces", "no_consent", "quarantine", "account",
            "not_sampled", False,
        ]  # fmt: skip
        self.assertEqual(found, expected)
        order = [name for name, _label in SKIP_REASONS]
        self.assertEqual(
            [order.index(name) for name in expected[:-1]],
            sorted(order.index(name) for name in expected[:-1]),
        )

    def test_the_number_of_queries_does_not_grow(self):
        program = self.program(legal_basis="customer", account_limit=1)
        contacts = [self.contact(f"Anna{number}") for number in range(60)]
        self.env.flush_all()

        def queries(contacts, wave):
            candidates = [
                {"partner_id": contact.id, "wave": wave, "customer": True}
                for contact in contacts
            ]
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            program._consider(candidates)
            self.env.flush_all()
            return self.cr.sql_log_count - before

        queries(contacts[:1], "warm")
        few = queries(contacts[1:4], "few")
        self.assertLessEqual(queries(contacts[4:], "many"), few)

    def test_many_are_considered_in_order(self):
        contacts = self.env["res.partner"].create(
            [
                {"name": "Many", "email": f"many{number}@example.com"}
                for number in range(1100)
            ]
        )
        invitations = self.consider(self.program(), *contacts)
        self.assertEqual(invitations.partner_id, contacts)
        # across the border of batches, too
        again = self.consider(self.program(), *contacts)
        self.assertEqual(set(again.mapped("skip_reason")), {"quarantine"})
