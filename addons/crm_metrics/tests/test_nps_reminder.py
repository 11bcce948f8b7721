from freezegun import freeze_time

from .nps_mail_case import NpsMailCase


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
