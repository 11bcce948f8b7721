from datetime import date, timedelta

from freezegun import freeze_time

from .nps_mail_case import NpsMailCase


class TestWhoIsStillAsked(NpsMailCase):
    """Between preparing and sending the world goes on."""

    def test_a_first_mail(self):
        ada = self.contact("Ada")
        invitation = self.planned(self.program(expiry_days=10), ada)
        self.send()
        self.assertSent(ada)
        self.assertEqual(invitation.state, "sent")
        self.assertEqual(invitation.sent_at, self.moment(self.now))
        self.assertEqual(invitation.last_sent_at, invitation.sent_at)
        self.assertEqual(invitation.expires_at, invitation.sent_at + timedelta(days=10))
        self.assertFalse(invitation.uncertain)
        self.send()
        self.assertSent(ada)

    def test_not_before_its_time_nor_of_a_program_that_stopped(self):
        program, stopped = self.program(), self.program()
        later = self.planned(
            program, self.contact("Ada"), planned_at="2026-06-15 10:00:01"
        )
        waiting = self.planned(stopped, self.contact("Bob"))
        stopped.with_user(self.manager).action_stop()
        self.send()
        self.assertSent()
        self.assertEqual((later | waiting).mapped("state"), ["planned", "planned"])

    def assertSkipped(self, reason, invitation):
        self.send()
        self.assertSent()
        self.assertEqual(invitation.state, "skipped")
        self.assertEqual(invitation.skip_reason, reason)
        self.assertFalse(invitation.sent_at)

    def test_reasons_that_have_come_since(self):
        suppress = self.env["crm.nps.suppression"]._suppress
        block = self.env["mail.blacklist"]._add

        def erase(invitation):
            invitation.write({"email": False, "person": "x"})

        for reason, happens in (
            ("opted_out", lambda one: suppress([one.person], "opted_out")),
            ("erased", lambda one: suppress([one.person], "erased")),
            ("blacklisted", lambda one: block(one.email)),
            ("archived", lambda one: one.partner_id.action_archive()),
            ("no_email", erase),
        ):
            with self.subTest(reason):
                program = self.program()
                invitation = self.planned(program, self.contact(f"For {reason}"))
                happens(invitation)
                self.assertSkipped(reason, invitation)

    def test_consent_that_was_withdrawn(self):
        program = self.program(legal_basis="consent")
        agreed = self.contact("Ada", crm_nps_consent=True)
        not_any_more = self.planned(program, self.contact("Bob"))
        self.planned(program, agreed)
        self.send()
        self.assertSent(agreed)
        self.assertEqual(not_any_more.skip_reason, "no_consent")

    def test_quarantine_ends_to_the_second(self):
        """90 days are 90 x 24 hours, though the clocks were changed meanwhile."""
        program, other = self.program(quarantine_days=90), self.program()
        for moment, reason in (
            ("2026-03-17 10:00:01", "quarantine"),
            ("2026-03-17 10:00:00", False),
        ):
            with self.subTest(moment):
                contact = self.contact(f"At {moment[-1]}")
                self.sent(other, contact, moment)
                invitation = self.planned(program, contact)
                self.send()
                self.assertEqual(invitation.skip_reason, reason)

    def test_quarantine_of_a_contact_with_another_address(self):
        program = self.program()
        contact = self.contact("Ada")
        self.sent(program, contact, "2026-06-01 10:00:00")
        contact.email = "new@example.com"
        self.assertSkipped("quarantine", self.planned(program, contact))

    def test_two_programs_at_once_ask_once(self):
        contact = self.contact("Ada")
        first = self.planned(self.program(), contact)
        second = self.planned(self.program(), contact)
        self.send()
        self.assertSent(contact)
        self.assertEqual(first.state, "sent")
        self.assertEqual(second.skip_reason, "quarantine")

    def test_what_a_stopped_program_had_planned_is_looked_at_anew(self):
        """Others could ask meanwhile; it starts again with what it had planned."""
        ada, bob = self.contact("Ada"), self.contact("Bob")
        stopped, other = self.program(), self.program()
        waiting = self.consider(stopped, ada, bob)
        stopped.with_user(self.manager).action_stop()
        self.assertAsked(self.consider(other, ada), None)
        self.send()
        self.assertSent(ada)
        stopped.with_user(self.manager).action_start()
        self.send()
        self.assertSent(ada, bob)
        self.assertEqual(waiting.mapped("skip_reason"), ["quarantine", False])

    def test_trials_are_in_nobodys_way(self):
        contact = self.contact("Ada")
        self.sent(self.program(), contact, "2026-06-14 10:00:00", test=True)
        self.planned(self.program(), contact)
        self.send()
        self.assertSent(contact)

    def test_contacts_of_an_account(self):
        program = self.program(account_limit=2, account_days=30)
        account = self._customer("Account", is_company=True)
        contacts = [
            self.contact(name, parent_id=account.id) for name in ("Ada", "Bob", "Cyd")
        ]
        # who was asked before takes no place but the own one
        self.sent(program, contacts[0], "2026-05-20 10:00:00")
        program.quarantine_days = 10
        invitations = self.planned(program, *contacts)
        self.send()
        self.assertSent(*contacts[:2])
        self.assertEqual(invitations[2].skip_reason, "account")

    def triggered(self, record, suffix=""):
        """Plan an invitation as the trigger of a program does."""
        return self.planned(
            self.program(),
            self.contact(f"Of {record._name}{record.id}"),
            res_model=record._name,
            res_id=record.id,
            wave=f"{record._name},{record.id}{suffix}",
        )

    def lose(self, deal):
        deal.write({"stage_id": self.stage_open.id, "probability": 20})
        deal.action_set_lost()

    def test_a_deal_that_is_won_no_longer(self):
        lost, opened, gone, won, archived = deals = [
            self.deal(100, "2026-06-02 12:00:00") for _number in range(5)
        ]
        first = [self.triggered(deal) for deal in deals]
        for deal in deals:
            # chosen by hand, whatever became of it
            self.planned(
                self.program(quarantine_days=1),
                self.contact(f"Hand{deal.id}"),
                res_model=deal._name,
                res_id=deal.id,
                lead_id=deal.id,
                wave="batch,1",
            )
        self.lose(lost)
        opened.write({"stage_id": self.stage_open.id, "probability": 20})
        gone.unlink()
        archived.active = False
        self.env.flush_all()
        self.assertEqual((won | archived).mapped("won_status"), ["won"] * 2)
        self.send()
        self.assertEqual(
            [invitation.skip_reason for invitation in first],
            ["no_longer", "no_longer", "no_longer", False, False],
        )
        self.assertEqual(len(self.server.mails), 2 + len(deals))

    def test_a_deal_that_was_won_again(self):
        deal = self.deal(100, "2026-06-02 12:00:00")
        invitation = self.triggered(deal)
        self.lose(deal)
        deal.action_unarchive()
        deal.action_set_won()
        self.send()
        self.assertEqual(invitation.state, "sent")

    def test_a_term_that_ends_no_longer(self):
        closed, ended, renewed, prolonged, running = [
            self.subscribe(10, date_end="2026-07-10") for _number in range(5)
        ]
        subscriptions = closed, ended, renewed, prolonged, running
        first = [self.triggered(each, ",2026-07-10") for each in subscriptions]
        reason = self.env["crm.subscription.close.reason"].search([], limit=1)
        closed._close(date(2026, 7, 10), reason)
        ended._close(date(2026, 6, 30), reason)
        renewed._renew(date(2026, 7, 11), date(2027, 7, 10))
        prolonged.date_end = False
        self.send()
        self.assertEqual(
            [invitation.skip_reason for invitation in first],
            ["no_longer"] * 4 + [False],
        )
        self.assertSent(first[-1].partner_id)

    def test_a_reason_that_stands_before_it(self):
        deal = self.deal(100, "2026-06-02 12:00:00")
        invitation = self.triggered(deal)
        invitation.partner_id.action_archive()
        self.lose(deal)
        self.assertSkipped("archived", invitation)

    def test_too_late(self):
        program = self.program(expiry_days=5)
        late, not_yet = self.contact("Ada"), self.contact("Bob")
        invitation = self.planned(program, late, date="2026-06-10 10:00:00")
        self.planned(program, not_yet, date="2026-06-10 10:00:01")
        self.send()
        self.assertSent(not_yet)
        self.assertEqual(invitation.skip_reason, "late")

    def test_daily_cap_of_the_company(self):
        """Its day begins at 22:00 UTC the day before."""
        self.company.resource_calendar_id.tz = "Europe/Berlin"
        program = self.program(daily_cap=2, working_hours=False)
        contacts = [self.contact(f"No{number}") for number in range(5)]
        invitations = self.planned(program, *contacts)
        # one of yesterday, a trial and one of another program do not count
        self.sent(program, self.contact("Eve"), "2026-06-14 21:59:59")
        self.sent(program, self.contact("Tim"), "2026-06-15 09:00:00", test=True)
        self.sent(self.program(), self.contact("Zoe"), "2026-06-15 09:00:00")
        free = self.contact("Free")
        self.planned(self.program(working_hours=False), free)
        self.send()
        self.assertSent(*contacts[:2], free)
        self.assertEqual(
            set(invitations[2:].mapped("planned_at")),
            {self.moment("2026-06-15 22:00:00")},
        )
        with freeze_time("2026-06-15 22:00:00"):
            self.send()
        self.assertSent(*contacts[:2], free, *contacts[2:4])

    def test_in_working_hours_of_the_contact(self):
        """10:00 UTC on a Monday: work in London, night in New York."""
        program = self.program(working_hours=True)
        awake = self.contact("Ada", tz="Europe/London")
        asleep = self.contact("Bob", tz="America/New_York")
        invitation = self.planned(program, asleep)
        self.planned(program, awake)
        self.send()
        self.assertSent(awake)
        self.assertEqual(invitation.state, "planned")
        self.assertEqual(
            invitation.planned_at,
            program._next_moment("America/New_York", self.moment(self.now)),
        )
        with freeze_time(invitation.planned_at):
            self.send()
        self.assertSent(awake, asleep)
