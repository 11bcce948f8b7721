from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import UserError

from ..models.crm_nps_invitation import SENDING, SKIP_REASONS
from .nps_case import INVITATION, NpsCase


class TestReasons(NpsCase):
    """Everybody who is considered becomes one row that says what happened."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.suppression = cls.env["crm.nps.suppression"]

    def suppress(self, contact, reason):
        key = self.suppression._person_key(contact.email_normalized, contact)
        self.suppression._suppress([key], reason)

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


class TestSample(NpsCase):
    def sampled(self, program, count=2000, wave="w"):
        """Return the addresses that the sample takes."""
        invitations = program._consider(
            [
                {"email": f"person{number}@example.com", "wave": wave}
                for number in range(count)
            ]
        )
        planned = invitations.filtered(lambda one: one.state == "planned")
        self.assertEqual(
            set((invitations - planned).mapped("skip_reason")), {"not_sampled"}
        )
        return set(planned.mapped("email"))

    def test_the_share_is_kept(self):
        """25 % of 2,000: within four standard deviations."""
        program = self.program(sample_percent=25, quarantine_days=0)
        self.assertAlmostEqual(len(self.sampled(program)), 500, delta=78)

    def test_the_same_ones_each_time(self):
        program = self.program(sample_percent=25, quarantine_days=0)
        first = self.sampled(program, 200)
        self.invitations(program).unlink()
        self.assertEqual(self.sampled(program, 200), first)

    def test_other_ones_in_the_next_wave(self):
        program = self.program(sample_percent=50, quarantine_days=0)
        first = self.sampled(program, 200)
        second = self.sampled(program, 200, wave="next")
        self.assertNotEqual(first, second)
        # half of them again, not none: within four standard deviations
        self.assertAlmostEqual(len(first & second), 50, delta=25)

    def test_a_larger_sample_keeps_the_smaller_one(self):
        program = self.program(sample_percent=20, quarantine_days=0)
        first = self.sampled(program, 200)
        self.invitations(program).unlink()
        program.sample_percent = 60
        self.assertLess(first, self.sampled(program, 200))

    def test_by_hand_everybody_is_asked(self):
        program = self.program(sample_percent=0.0001)
        anna = self.contact("Anna")
        candidates = [{"partner_id": anna.id, "wave": "w"}]
        self.assertAsked(program._consider(candidates, sample=False), None)


class TestMoment(NpsCase):
    """When mails may go out: in the company's hours, in the contact's zone."""

    def at(self, now, zone="UTC", **values):
        program = self.program(**values)
        moment = program._next_moment(zone, self.moment(now))
        return fields.Datetime.to_string(moment)

    def test_in_the_hours_at_once(self):
        self.assertEqual(self.at("2026-06-15 10:00:01"), "2026-06-15 10:00:01")

    def test_before_and_after_the_hours(self):
        self.assertEqual(self.at("2026-06-15 05:00:00"), "2026-06-15 08:00:00")
        self.assertEqual(self.at("2026-06-15 17:00:00"), "2026-06-16 08:00:00")
        self.assertEqual(self.at("2026-06-15 16:59:59"), "2026-06-15 16:59:59")

    def test_over_the_week_end(self):
        self.assertEqual(self.at("2026-06-19 17:00:00"), "2026-06-22 08:00:00")

    def test_in_the_zone_of_the_contact(self):
        """8:00 in New York is 12:00 UTC in summer, 13:00 in winter."""
        self.assertEqual(
            self.at("2026-06-15 10:00:00", "America/New_York"), "2026-06-15 12:00:00"
        )
        self.assertEqual(
            self.at("2026-12-15 10:00:00", "America/New_York"), "2026-12-15 13:00:00"
        )
        # over there the day is over: 19:00
        self.assertEqual(
            self.at("2026-06-15 10:00:00", "Asia/Tokyo"), "2026-06-15 23:00:00"
        )

    def test_on_a_holiday_of_the_company(self):
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "company_id": self.company.id,
                "calendar_id": self.company.resource_calendar_id.id,
                "date_from": "2026-06-15 00:00:00",
                "date_to": "2026-06-15 23:59:59",
            }
        )
        self.assertEqual(self.at("2026-06-15 10:00:00"), "2026-06-16 08:00:00")

    def test_whenever_where_there_are_no_hours(self):
        night = "2026-06-14 02:00:00"
        self.assertEqual(self.at(night, working_hours=False), night)
        self.company.resource_calendar_id.attendance_ids.unlink()
        self.assertEqual(self.at(night), night)
        self.company.resource_calendar_id = False
        self.assertEqual(self.at(night), night)

    def test_an_invitation_waits_for_its_moment(self):
        contacts = [
            self.contact("Here"),
            self.contact("There", tz="America/New_York"),
        ]
        invitations = self.consider(self.program(), *contacts)
        self.assertEqual(
            invitations.mapped("planned_at"),
            [self.moment("2026-06-15 10:00:00"), self.moment("2026-06-15 12:00:00")],
        )

    def test_what_was_not_sent_in_time_is_late(self):
        program = self.program(expiry_days=30)
        before = self.moment(self.now) - timedelta(30)
        anna, ben = self.contact("Anna"), self.contact("Ben")
        late, waiting = self.consider(program, anna, ben)
        late.date, waiting.date = before, before + timedelta(seconds=1)
        program.action_stop()
        self.prepare()
        self.assertEqual((late.state, late.skip_reason), ("skipped", "late"))
        self.assertEqual((waiting.state, waiting.skip_reason), ("planned", False))


class TestLinks(NpsCase):
    """A link votes for whoever holds it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.running = cls.program()
        cls.anna = cls.contact("Anna")

    def test_a_token_opens_one_invitation(self):
        one, other = self.consider(self.running, self.anna, self.contact("Ben"))
        token = one._token()
        self.assertRegex(token, r"\A[A-Za-z0-9_-]{43}\Z")
        self.assertNotEqual(token, other._token())
        self.assertEqual(one.browse()._find(token), one)
        # a reminder repeats it
        self.env.invalidate_all()
        self.assertEqual(one._token(), token)
        for wrong in ("", "x", token[:-1], token + "=", token.swapcase(), "\udc80"):
            self.assertFalse(one._find(wrong))

    def test_nothing_stored_opens_anything(self):
        [invitation] = self.consider(self.running, self.anna)
        for stored in (invitation.salt, invitation.token_hash):
            self.assertNotIn(invitation._token(), stored)
            self.assertFalse(invitation._find(stored))

    def test_sellers_are_told_no_link(self):
        """Neither by a preview, nor by a context of their own, nor by the fields."""
        [invitation] = self.consider(self.running, self.anna)
        theirs = invitation.with_user(self.seller).with_context(
            crm_nps_sending={"crm_nps_sending": True}
        )
        base = invitation.get_base_url()
        self.assertEqual(theirs._url(), f"{base}/nps/preview")
        self.assertEqual(theirs._url(0), f"{base}/nps/preview?s=0")
        self.assertEqual(theirs._stop_url(), f"{base}/nps/preview/stop")
        for name in ("salt", "token_hash", "person"):
            self.assertNotIn(name, theirs.fields_get())

    def test_the_mail_has_the_link(self):
        [invitation] = self.consider(self.running, self.anna)
        sending = invitation.with_context(crm_nps_sending=SENDING)
        link = f"{invitation.get_base_url()}/nps/{invitation._token()}"
        self.assertEqual(sending._url(), link)
        self.assertEqual(sending._url(0), f"{link}?s=0")
        self.assertEqual(sending._stop_url(), f"{link}/stop")


class TestSuppression(NpsCase):
    def test_once_and_the_stronger_reason(self):
        suppression = self.env["crm.nps.suppression"]
        suppression._suppress(["a", "b", "", "a"], "opted_out")
        suppression._suppress(["a"], "opted_out")
        suppression._suppress(["b"], "erased")
        suppression._suppress(["b"], "opted_out")
        self.assertEqual(
            suppression._suppressed(["a", "b", "c"]), {"a": "opted_out", "b": "erased"}
        )
        self.assertEqual(
            suppression.search_count([("person", "in", ["a", "b", ""])]), 2
        )

    def test_surveys_can_be_allowed_again(self):
        """By managers; not for those whose data was erased."""
        suppression = self.env["crm.nps.suppression"]
        anna = self.contact("Anna")
        key = suppression._person_key(anna.email_normalized, anna)
        suppression._suppress([key], "opted_out")
        self.assertEqual(anna.crm_nps_suppressed, "opted_out")
        with self.assertRaises(UserError):
            anna.with_user(self.seller_all).action_nps_allow()
        anna.with_user(self.manager).action_nps_allow()
        self.assertFalse(anna.crm_nps_suppressed)
        self.assertAsked(self.consider(self.program(), anna), None)
        suppression._suppress([key], "erased")
        anna.invalidate_recordset()
        with self.assertRaises(UserError):
            anna.with_user(self.manager).action_nps_allow()

    def test_a_contact_without_address(self):
        anna = self.contact("Anna", email=False)
        self.env["crm.nps.suppression"]._suppress([f"partner,{anna.id}"], "opted_out")
        self.assertEqual(anna.crm_nps_suppressed, "opted_out")


class TestAskByHand(NpsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.running = cls.program(sample_percent=0.0001)
        cls.anna = cls.contact("Anna", user_id=cls.seller.id)
        cls.ben = cls.contact("Ben")

    def ask(self, user=None, records=None, **values):
        """Open the dialog from a list."""
        wizards = self.env["crm.nps.ask"].with_user(user or self.seller)
        if records is not None:
            wizards = wizards.with_context(
                active_model=records._name, active_ids=records.ids
            )
        values.setdefault("program_id", self.running.id)
        return wizards.create(values)

    def test_from_contacts(self):
        archived = self.contact("Old", active=False)
        wizard = self.ask(records=self.anna | self.ben | archived)
        self.assertEqual(wizard.planned_count, 2)
        self.assertEqual(wizard.skipped, "1 × Contact is archived")
        self.assertFalse(self.invitations(self.running))
        action = wizard.action_ask()
        invitations = self.env[INVITATION].search(action["domain"], order="id")
        self.assertAsked(invitations, None, None, "archived")
        self.assertEqual(
            set(invitations.mapped("wave")), {f"batch,{self.now}-{self.seller.id}"}
        )

    def test_from_opportunities(self):
        """Contacts, and who left nothing but an address; a won deal is a purchase."""
        leads = self.env["crm.lead"].create(
            [
                {"name": "A", "type": "opportunity", "partner_id": self.anna.id},
                {"name": "B", "type": "opportunity", "email_from": "b@example.com"},
                {"name": "C", "type": "opportunity"},
                {"name": "D", "type": "opportunity", "partner_id": self.anna.id},
            ]
        )
        won = self.deal(100, partner=self.ben)
        self.running.legal_basis = "customer"
        wizard = self.ask(self.seller_all, leads | won)
        self.assertEqual(wizard.planned_count, 1)
        wizard.action_ask()
        invitations = self.invitations(self.running)
        self.assertEqual(invitations.lead_id, leads | won)
        reasons = {one.lead_id: one.skip_reason for one in invitations}
        self.assertEqual(
            [reasons[lead] for lead in leads | won],
            ["no_customer", "no_customer", "no_email", "double", False],
        )
        self.running.legal_basis = "other"
        self.assertEqual(self.ask(self.seller_all, leads[1]).planned_count, 1)

    def test_a_second_time(self):
        self.ask(partner_ids=self.anna.ids).action_ask()
        wizard = self.ask(partner_ids=self.anna.ids)
        self.assertEqual(wizard.planned_count, 0)
        self.assertEqual(wizard.skipped, "1 × Asked not long ago")

    def test_customers_of_somebody_else(self):
        """Who sees their answers may ask them."""
        with self.assertRaises(UserError):
            self.ask(self.seller_2, partner_ids=self.anna.ids).action_ask()
        self.ask(self.seller_2, partner_ids=self.ben.ids).action_ask()
        self.ask(self.seller_all, partner_ids=self.anna.ids).action_ask()
        lead = self.env["crm.lead"].create({"name": "A", "user_id": self.seller.id})
        with self.assertRaises(UserError):
            self.ask(self.seller_2, lead_ids=lead.ids).action_ask()

    def test_only_running_programs_ask(self):
        self.running.action_stop()
        with self.assertRaises(UserError):
            self.ask(partner_ids=self.anna.ids).action_ask()
        self.assertFalse(self.ask().with_user(self.seller)._default_program_id())

    def test_other_companies_do_not_ask(self):
        boss = self._user("metrics_boss", "group_sale_manager", self.other_company)
        program = self.program(company_id=self.other_company.id, user_id=boss.id)
        with self.assertRaises(UserError):
            self.ask(program_id=program.id, partner_ids=self.anna.ids).action_ask()

    def test_the_button_of_a_form(self):
        action = self.env["crm.nps.ask"]._action_for(self.anna)
        self.assertEqual(action["context"], {"default_partner_ids": self.anna.ids})
        lead = self.env["crm.lead"].create({"name": "A"})
        action = self.env["crm.nps.ask"]._action_for(lead)
        self.assertEqual(action["context"], {"default_lead_ids": lead.ids})

    def test_the_right_contacts_are_chosen_from_lists(self):
        """The action's list menu hands over ids; other fields stay empty."""
        wizard = self.ask(records=self.anna | self.ben)
        self.assertEqual(wizard.partner_ids, self.anna | self.ben)
        self.assertFalse(wizard.lead_ids)
        lead = self.env["crm.lead"].create({"name": "A"})
        wizard = self.ask(self.seller_all, lead)
        self.assertEqual(wizard.lead_ids, lead)
        self.assertEqual(
            self.ask(partner_ids=[Command.set(self.ben.ids)]).partner_ids, self.ben
        )
