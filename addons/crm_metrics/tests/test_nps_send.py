import smtplib
from datetime import timedelta

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tools import mute_logger

from .nps_case import INVITATION
from .nps_mail_case import NpsMailCase, refusing

SEND = "odoo.addons.crm_metrics.models.crm_nps_send"
POST = "odoo.addons.crm_metrics.models.crm_nps_post"


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


class TestReminders(NpsMailCase):
    def remind(self, state="sent", moment="2026-06-10 10:00:00", **values):
        program = self.program(
            **{"reminder_count": "1", "reminder_days": 5, **values.pop("program", {})}
        )
        return self.sent(
            program,
            self.contact("Ada"),
            moment,
            **{
                "state": state,
                "lang": "en_US",
                "planned_at": moment,
                "last_sent_at": moment,
                "expires_at": "2026-07-10 10:00:00",
                **values,
            },
        )

    def test_after_so_many_days_and_once(self):
        invitation = self.remind(moment="2026-06-10 10:00:01")
        self.send()
        self.assertSent()
        with freeze_time("2026-06-15 10:00:01"):
            self.send()
            self.send()
        self.assertSent(invitation.partner_id)
        self.assertEqual(invitation.reminders, 1)
        self.assertEqual(
            invitation.sent_at, self.moment("2026-06-10 10:00:01"), "of the first mail"
        )
        self.assertEqual(
            invitation.expires_at, self.moment("2026-07-10 10:00:00"), "as it was"
        )

    def test_of_whom_nobody_is_reminded(self):
        for state in ("answered", "declined", "expired", "bounced", "failed"):
            with self.subTest(state):
                self.remind(state)
                self.send()
                self.assertSent()

    def test_not_when_there_is_a_reason(self):
        for name, values in (
            ("no reminders", {"program": {"reminder_count": "0"}}),
            ("stopped", {"program": {"start": False}}),
            ("a trial", {"test": True}),
        ):
            with self.subTest(name):
                self.remind(**values)
                self.send()
                self.assertSent()
        suppressed = self.remind()
        self.env["crm.nps.suppression"]._suppress([suppressed.person], "opted_out")
        self.send()
        self.assertSent()
        self.assertEqual(suppressed.state, "sent", "it was")

    def test_reminders_are_no_first_mails(self):
        """Neither the quarantine nor the daily cap hold them up."""
        invitation = self.remind(program={"daily_cap": 1})
        self.sent(invitation.program_id, self.contact("Bob"), self.now)
        self.send()
        self.assertSent(invitation.partner_id)

    def test_expiry(self):
        over = self.remind(expires_at=self.now)
        self.send()
        self.assertEqual(over.state, "expired")
        self.assertSent()


class TestWhatBecomesOfAMail(NpsMailCase):
    def test_the_customer_is_faster_than_the_server(self):
        """The answer stays, and the row is free for it while the mail goes out."""
        contact = self.contact("Ada")
        invitation = self.planned(self.program(), contact)

        def answer():
            with self.registry.cursor() as cr:
                mine = invitation.with_env(self.env(cr=cr))
                self.assertEqual(mine.state, "sending")
                self.assertTrue(mine.sent_at)
                mine.state = "answered"

        self.server.before_text[contact.email] = answer
        self.send()
        self.assertSent(contact)
        self.assertEqual(invitation.state, "answered")

    @mute_logger(SEND)
    def test_left_behind_by_a_crash(self):
        invitation = self.sent(
            self.program(), self.contact("Ada"), self.now, state="sending"
        )
        self.send()
        self.assertSent()
        self.assertEqual((invitation.state, invitation.uncertain), ("sent", True))

    @mute_logger(SEND)
    def test_a_connection_that_breaks_again_and_again(self):
        """Three are tried, the others wait with the program; nobody is given up."""
        program, other = self.program(), self.program()
        contacts = [self.contact(f"No{number}") for number in range(5)]
        invitations = self.planned(program, *contacts)
        free = self.contact("Free")
        self.planned(other, free)

        def breaks():
            raise smtplib.SMTPServerDisconnected("gone")

        for contact in contacts:
            self.server.recipient[contact.email] = breaks
        self.send()
        self.assertSent(free)
        self.assertEqual(invitations.mapped("attempts"), [1, 1, 1, 0, 0])
        self.assertEqual(set(invitations.mapped("state")), {"planned"})
        self.assertEqual(set(invitations.mapped("error")), {"gone"})
        self.server.recipient.clear()
        with freeze_time("2026-06-15 10:15:00"):
            self.send()
        self.assertCountEqual(
            self.server.addresses(), (free | sum(contacts, free)).mapped("email")
        )

    @mute_logger(SEND)
    def test_no_server(self):
        invitation = self.planned(self.program(), self.contact("Ada"))
        self.server.away = UserError("Missing SMTP Server")
        self.send()
        self.assertEqual(
            (invitation.state, invitation.attempts, invitation.error),
            ("planned", 0, "Missing SMTP Server"),
        )
        self.assertEqual(invitation.planned_at, self.moment("2026-06-15 10:10:00"))

    def test_back_off(self):
        contact = self.contact("Ada")
        invitation = self.planned(self.program(working_hours=False), contact)
        self.server.recipient[contact.email] = refusing(contact.email, 450, "busy")
        waits = []
        for attempt in range(1, 6):
            now = invitation.planned_at
            with freeze_time(now):
                self.send()
            self.assertEqual(invitation.state, "planned")
            self.assertEqual(invitation.attempts, attempt)
            waits.append((invitation.planned_at - now).total_seconds() / 60)
        self.assertEqual(waits, [5, 10, 20, 40, 80])
        with freeze_time(invitation.planned_at):
            self.send()
        self.assertEqual((invitation.state, invitation.error), ("failed", "450 busy"))

    def test_refused_by_the_server_of_the_contact(self):
        contact = self.contact("Ada")
        invitation = self.planned(self.program(), contact)
        self.server.recipient[contact.email] = refusing(contact.email, 550, "unknown")
        self.send()
        self.assertEqual(invitation.state, "bounced")
        self.assertEqual(invitation.error, "550 unknown")
        self.assertEqual(invitation.sent_at, self.moment(self.now))

    @mute_logger(POST)
    def test_an_address_that_no_mail_can_go_to(self):
        program = self.program()
        broken = self.planned(program, self.contact("Ada"), email="not an address")
        good = self.contact("Bob")
        self.planned(program, good)
        self.send()
        self.assertSent(good)
        self.assertEqual(broken.state, "failed")
        self.assertTrue(broken.error)

    @mute_logger(SEND)
    def test_a_template_that_fails_holds_up_its_own_program(self):
        broken = self.template.copy({"body_html": '<t t-out="object.nonsense"/>'})
        program = self.program(mail_template_id=broken.id)
        invitation = self.planned(program, self.contact("Ada"))
        good = self.contact("Bob")
        self.planned(self.program(), good)
        self.send()
        self.assertSent(good)
        self.assertEqual(invitation.state, "planned")
        self.assertIn("nonsense", invitation.error)
        program.mail_template_id = self.templates["mail_template_id"]
        with freeze_time("2026-06-15 10:10:00"):
            self.send()
        self.assertEqual(invitation.state, "sent")
        self.assertFalse(invitation.error)


class TestTrial(NpsMailCase):
    def trial(self, program):
        return self.planned(program, self.manager.partner_id, test=True, wave="test")

    def test_sent_at_once_whatever_the_program_is_at(self):
        for start in (False, "2026-06-01 00:00:00"):
            invitation = self.trial(self.program(start))
            with self.serving():
                invitation.with_user(self.manager)._send_now()
            self.assertEqual(invitation.state, "sent")
            self.assertTrue(invitation.expires_at)
            self.assertIn(invitation._token(), self.body())

    def test_what_the_server_says_is_told(self):
        invitation = self.trial(self.program())
        address = invitation.email
        self.server.recipient[address] = refusing(address, 550, "unknown")
        with self.serving(), self.assertRaisesRegex(UserError, "550 unknown"):
            invitation._send_now()
        self.server.away = OSError("Nobody there")
        with self.serving(), self.assertRaisesRegex(UserError, "Nobody there"):
            invitation._send_now()

    def test_by_no_scheduled_action(self):
        invitation = self.trial(self.program())
        self.send()
        self.assertSent()
        self.assertEqual(invitation.state, "planned")


class TestNothingElse(NpsMailCase):
    def test_no_trace_but_the_invitation(self):
        models = ["mail.mail", "mail.message", "mail.notification"]
        before = {model: self.env[model].search_count([]) for model in models}
        program = self.program()
        self.planned(program, self.contact("Ada"))
        after = {model: self.env[model].search_count([]) for model in models}
        self.send()
        self.assertEqual(
            {model: self.env[model].search_count([]) for model in models}, after
        )
        self.assertGreaterEqual(after["mail.message"], before["mail.message"])

    def test_a_preview_shows_nobodys_link(self):
        invitation = self.planned(self.program(), self.contact("Ada"))
        template = self.templates["mail_template_id"]
        for context in ({}, {"crm_nps_sending": True}):
            rendered = template.with_context(**context)._generate_template(
                invitation.ids, ["body_html"]
            )[invitation.id]["body_html"]
            self.assertIn("https://seller.example/nps/preview?s=10", rendered)
            self.assertNotIn(invitation._token(), rendered)

    def test_the_cron_is_there(self):
        cron = self.env.ref("crm_metrics.ir_cron_nps_send")
        self.assertEqual(cron.model_id.model, INVITATION)
        self.assertEqual(cron.code, "model._cron_send()")
