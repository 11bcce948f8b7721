import smtplib
from datetime import timedelta

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tools import mute_logger

from .nps_mail_case import NpsMailCase, refusing
from .nps_making import INVITATION

SEND = "odoo.addons.crm_metrics.models.crm_nps_send"
POST = "odoo.addons.crm_metrics.models.crm_nps_post"
WAY_OUT = "Settings › Technical › Outgoing Mail Servers"


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
        """Three are tried, the others wait with the program; it counts against none."""
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
        self.assertEqual(invitations.mapped("attempts"), [0] * 5)
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
        self.assertEqual((invitation.state, invitation.attempts), ("planned", 0))
        self.assertIn("(Missing SMTP Server)", invitation.error)
        self.assertIn(WAY_OUT, invitation.error)
        self.assertEqual(invitation.planned_at, self.moment("2026-06-15 10:10:00"))

    def test_back_off(self):
        contact = self.contact("Ada")
        invitation = self.planned(self.program(working_hours=False), contact)
        self.server.recipient[contact.email] = refusing(contact.email, 450, "busy")
        waits = []
        for attempt in range(1, 12):
            now = invitation.planned_at
            with freeze_time(now):
                self.send()
            self.assertEqual(invitation.state, "planned")
            self.assertEqual(invitation.attempts, attempt)
            waits.append((invitation.planned_at - now).total_seconds() / 60)
        day = 24 * 60
        self.assertEqual(waits, [5, 10, 20, 40, 80, 160, 320, 640, 1280, day, day])
        with freeze_time(invitation.date + timedelta(29)):
            self.send()
        self.assertEqual((invitation.state, invitation.error), ("planned", "450 busy"))
        with freeze_time(invitation.date + timedelta(31)):
            self.send()
        self.assertEqual(invitation.state, "skipped")
        self.assertEqual(invitation.skip_reason, "late")
        self.assertEqual(invitation.error, "450 busy", "it still tells why")

    def refused(self, *errors):
        """Return what becomes of an invitation whose mail fails so many times."""
        contact = self.contact(f"Ada{self.server.connections}")
        invitation = self.planned(self.program(working_hours=False), contact)
        for error in errors:

            def fail(error=error):
                raise error

            self.server.recipient[contact.email] = fail
            with freeze_time(invitation.planned_at):
                self.send()
        self.assertNotIn(contact.email, self.server.addresses())
        return invitation.state, invitation.attempts, invitation.error

    def test_what_has_nothing_to_do_with_the_mail(self):
        """Whether it is said of the sender or of nobody, it never counts."""
        sender = b"451 4.3.0 queue file write error"
        for error, words in (
            (smtplib.SMTPSenderRefused(451, sender, "hello@seller.example"), "451"),
            (smtplib.SMTPSenderRefused(550, b"5.7.1 not yours", "hello"), "550"),
            (smtplib.SMTPHeloError(504, b"who are you"), "504"),
            (smtplib.SMTPDataError(421, b"4.3.2 shutting down"), "421"),
            (
                smtplib.SMTPRecipientsRefused({"a": (550, b"5.1.8 no such sender")}),
                "550",
            ),
            (OSError("gone"), "gone"),
            (AssertionError("Malformed From"), "Malformed From"),
        ):
            with self.subTest(error=error):
                state, attempts, said = self.refused(*[error] * 8)
                self.assertEqual((state, attempts), ("planned", 0))
                self.assertIn(words, said)

    @mute_logger(POST)
    def test_what_is_final(self):
        for error, state in (
            # the whole mail was read
            (smtplib.SMTPDataError(550, b"5.4.5 daily limit exceeded"), "planned"),
            (smtplib.SMTPDataError(550, b"5.7.1 looks like spam"), "planned"),
            (smtplib.SMTPDataError(554, b"rejected for policy reasons"), "planned"),
            (smtplib.SMTPDataError(552, b"5.3.4 too big"), "planned"),
            (smtplib.SMTPDataError(452, b"4.3.1 full"), "planned"),
            (smtplib.SMTPDataError(550, b"5.1.1 no such user"), "bounced"),
            (smtplib.SMTPDataError(550, b"#5.1.0 rejected"), "bounced"),
            (smtplib.SMTPDataError(552, b"5.2.2 mailbox full"), "bounced"),
            (smtplib.SMTPDataError(550, b"User unknown"), "bounced"),
            (smtplib.SMTPDataError(554, b"5.6.0 broken"), "failed"),
            # the recipient
            (smtplib.SMTPRecipientsRefused({"a": (550, b"5.4.5 limit")}), "planned"),
            (smtplib.SMTPRecipientsRefused({"a": (550, b"5.1.1 who")}), "bounced"),
            (smtplib.SMTPRecipientsRefused({"a": (550, b"who")}), "bounced"),
            # neither
            (smtplib.SMTPNotSupportedError("no SMTPUTF8"), "failed"),
            (ValueError("nobody knows"), "planned"),
        ):
            with self.subTest(error=error):
                self.assertEqual(self.refused(error)[:2], (state, 1))

    @mute_logger(SEND)
    def test_mails_that_break_the_connection_hold_up_nobody_for_good(self):
        program = self.program(working_hours=False)
        contacts = [self.contact(name) for name in ("Ada", "Bob", "Cyd", "Dan")]
        self.planned(program, *contacts)

        def breaks():
            raise smtplib.SMTPServerDisconnected("gone")

        for contact in contacts[:3]:
            self.server.recipient[contact.email] = breaks
        self.send()
        self.assertSent()
        with freeze_time("2026-06-15 10:10:00"):
            self.send()
        self.assertSent(contacts[3])

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
        with self.serving(), self.assertRaisesRegex(UserError, "Nobody there") as told:
            invitation._send_now()
        self.assertIn(WAY_OUT, str(told.exception))

    def test_who_starts_a_program_learns_that_its_mails_will_wait(self):
        self.env["ir.mail_server"].search([]).action_archive()
        self.server.away = ConnectionRefusedError(111, "Connection refused")

        def start():
            program = self.program(False)
            with self.serving():
                notice = program.with_user(self.manager).action_start()
            self.assertEqual(program.state, "running")
            return notice

        notice = start()["params"]
        self.assertIn("Connection refused", notice["message"])
        self.assertIn(WAY_OUT, notice["message"])
        # once there is a server, it is tried when there are mails
        self.env["ir.mail_server"].create({"name": "M", "smtp_host": "mail.example"})
        self.assertIsNone(start())
        self.env["ir.mail_server"].search([]).action_archive()
        self.server.away = None
        self.assertIsNone(start())

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
