from datetime import timedelta

from freezegun import freeze_time

from .nps_case import NpsCase

SECOND = timedelta(seconds=1)


class TestQuarantine(NpsCase):
    """Nobody is asked again within the program's days x 24 hours."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.asking = cls.program(quarantine_days=90, working_hours=False)
        cls.anna = cls.contact("Anna")

    def asked(self, now, sent_at, contact=None, before=None, **values):
        """Tell whether a contact is asked who was asked before."""
        contact = contact or self.anna
        self.sent(self.asking, before or contact, sent_at, **values)
        with freeze_time(now):
            [invitation] = self.consider(self.asking, contact)
        self.assertIn(invitation.skip_reason, (False, "quarantine"))
        return not invitation.skip_reason

    def test_to_the_second(self):
        moment = self.moment(self.now) - timedelta(90)
        self.assertFalse(self.asked(self.now, moment + SECOND))
        self.assertTrue(self.asked(self.now, moment, self.contact("Ben")))

    def test_over_the_change_of_clocks(self):
        """24 hours are 24 hours, in whatever zone company and contact are.

        In Berlin clocks went forward on 29 March 2026 at 1:00 UTC and go back on 25
        October 2026 at 1:00 UTC.
        """
        self.company.resource_calendar_id.tz = "Europe/Berlin"
        for sent_at, now in (
            ("2026-03-01 09:00:00", "2026-05-30 09:00:00"),
            ("2026-03-28 23:30:00", "2026-06-26 23:30:00"),
            ("2026-10-01 09:00:00", "2026-12-30 09:00:00"),
            ("2026-10-25 00:30:00", "2027-01-23 00:30:00"),
        ):
            early, late = (
                self.contact(f"{name}{sent_at[:10]}", tz="Europe/Berlin")
                for name in ("early", "late")
            )
            with self.subTest(sent_at=sent_at):
                self.assertFalse(
                    self.asked(self.moment(now) - SECOND, sent_at, contact=early)
                )
                self.assertTrue(self.asked(now, sent_at, contact=late))

    def test_a_day_that_had_23_hours(self):
        self.asking.quarantine_days = 1
        contact = self.contact("Ben", tz="Europe/Berlin")
        # the same time on the next day by the clock, an hour too early
        self.assertFalse(
            self.asked("2026-03-29 11:00:00", "2026-03-28 12:00:00", contact)
        )

    def test_it_counts_until_the_mail_may_go_out(self):
        """On a Saturday it is too early, on Monday morning no longer."""
        self.asking.working_hours = True
        saturday = "2026-06-13 10:00:00"
        monday = self.moment("2026-06-15 08:00:00")
        self.assertTrue(self.asked(saturday, monday - timedelta(90)))
        self.assertFalse(
            self.asked(saturday, monday - timedelta(90) + SECOND, self.contact("Ben"))
        )

    def test_reminders_do_not_prolong_it(self):
        first = self.moment(self.now) - timedelta(90)
        self.assertTrue(self.asked(self.now, first, last_sent_at=self.now, reminders=2))

    def test_whatever_became_of_it(self):
        moment = self.moment(self.now) - timedelta(1)
        for number, state in enumerate(
            ("sending", "sent", "answered", "declined", "expired")
        ):
            contact = self.contact(f"Ben{number}")
            self.assertFalse(self.asked(self.now, moment, contact, state=state))

    def test_who_was_not_asked_is_free(self):
        for state in ("skipped", "failed"):
            contact = self.contact(state)
            self.sent(self.asking, contact, False, state=state, date=self.now)
            self.assertAsked(self.consider(self.asking, contact), None)
        self.assertTrue(self.asked(self.now, self.now, test=True))

    def test_who_is_about_to_be_asked(self):
        """Over all programs of all companies."""
        boss = self._user("metrics_boss", "group_sale_manager", self.other_company)
        elsewhere = self.program(company_id=self.other_company.id, user_id=boss.id)
        self.assertAsked(self.consider(elsewhere, self.anna), None)
        self.assertAsked(self.consider(self.asking, self.anna), "quarantine")

    def test_a_program_that_was_stopped_asks_nobody(self):
        other = self.program()
        self.consider(other, self.anna)
        other.with_user(self.manager).action_stop()
        invitations = self.consider(self.asking, self.anna)
        self.assertAsked(invitations, None)
        archived = self.program()
        invitations.state = "skipped"
        ben = self.contact("Ben")
        self.consider(archived, ben)
        archived.action_archive()
        # runs, yet nobody sees it
        archived.state = "running"
        self.assertAsked(self.consider(self.asking, ben), None)

    def test_each_program_has_its_own_days(self):
        self.sent(self.asking, self.anna, self.moment(self.now) - timedelta(30))
        shorter = self.program(quarantine_days=30)
        self.assertAsked(self.consider(self.asking, self.anna), "quarantine")
        self.assertAsked(self.consider(shorter, self.anna), None)

    def test_none(self):
        program = self.program(quarantine_days=0)
        self.sent(program, self.anna, self.now)
        self.consider(program, self.anna)
        self.assertAsked(self.consider(program, self.anna, wave="next"), None)

    def test_two_deals_of_one_contact_at_once(self):
        invitations = self.consider(
            self.asking,
            {"partner_id": self.anna.id, "wave": "crm.lead,1"},
            {"partner_id": self.anna.id, "wave": "crm.lead,2"},
            {"email": "anna@example.com", "wave": "crm.lead,3"},
        )
        self.assertAsked(invitations, None, "quarantine", "quarantine")

    def test_one_person_on_two_contacts(self):
        double = self.contact("Double")
        double.email = "Anna@Example.com"
        self.assertFalse(self.asked(self.now, self.now, double, before=self.anna))

    def test_a_contact_whose_address_has_changed(self):
        self.sent(self.asking, self.anna, self.now)
        self.anna.email = "married@example.com"
        self.assertAsked(self.consider(self.asking, self.anna), "quarantine")

    def test_contacts_that_were_merged(self):
        double = self.contact("Double")
        self.sent(self.asking, double, self.now)
        self.merge(double, self.anna)
        self.assertAsked(self.consider(self.asking, self.anna), "quarantine")

    def test_who_was_erased_holds_nobody_back(self):
        """Neither the row that is left, nor others without person, count for them."""
        self.sent(self.asking, self.anna, self.now, partner_id=False, person=False)
        self.assertAsked(self.consider(self.asking, self.contact("Ben")), None)


class TestAccountLimit(NpsCase):
    """At most so many contacts of an account in so many days."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.asking = cls.program(
            quarantine_days=30,
            account_limit=2,
            account_days=60,
            working_hours=False,
        )
        cls.anna, cls.ben, cls.carl = (
            cls.contact(name, parent_id=cls.customer.id)
            for name in ("Anna", "Ben", "Carl")
        )
        cls.stranger = cls.contact("Stranger")

    def test_at_once(self):
        invitations = self.consider(
            self.asking, self.anna, self.ben, self.carl, self.stranger
        )
        self.assertAsked(invitations, None, None, "account", None)
        self.assertAsked(self.consider(self.asking, self.carl, wave="b"), "account")

    def test_to_the_second(self):
        moment = self.moment(self.now) - timedelta(60)
        self.sent(self.asking, self.anna, moment + SECOND)
        self.sent(self.asking, self.ben, moment)
        self.assertAsked(self.consider(self.asking, self.carl), None)
        self.sent(self.asking, self.ben, moment + SECOND)
        dora = self.contact("Dora", parent_id=self.customer.id)
        self.assertAsked(self.consider(self.asking, dora), "account")

    def test_contacts_are_counted_not_mails(self):
        """Neither two mails to another one, nor those to this contact itself."""
        for days in (50, 45, 40):
            moment = self.moment(self.now) - timedelta(days)
            self.sent(self.asking, self.anna, moment)
            self.sent(self.asking, self.carl, moment)
        self.assertAsked(self.consider(self.asking, self.carl), None)

    def test_over_all_programs(self):
        other = self.program(quarantine_days=0)
        self.consider(other, self.anna, self.ben)
        self.assertAsked(self.consider(self.asking, self.carl), "account")

    def test_a_program_that_was_stopped_takes_no_place(self):
        other = self.program(quarantine_days=0)
        self.consider(other, self.anna, self.ben)
        other.with_user(self.manager).action_stop()
        self.assertAsked(self.consider(self.asking, self.carl), None)
        other.with_user(self.manager).action_start()
        dora = self.contact("Dora", parent_id=self.customer.id)
        self.assertAsked(self.consider(self.asking, dora), "account")

    def test_who_is_skipped_takes_no_place(self):
        self.ben.active = False
        invitations = self.consider(self.asking, self.anna, self.ben, self.carl)
        self.assertAsked(invitations, None, "archived", None)

    def test_by_the_account_of_today(self):
        """A contact that moves to another company takes its mails along."""
        self.consider(self.asking, self.anna, self.ben)
        self.anna.parent_id = False
        self.assertAsked(self.consider(self.asking, self.carl), None)

    def test_people_without_account_are_not_limited(self):
        candidates = [{"email": f"p{number}@example.com"} for number in range(5)]
        invitations = self.consider(self.asking, *candidates)
        self.assertAsked(invitations, *[None] * 5)
