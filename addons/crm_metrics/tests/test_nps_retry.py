from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError

from .nps_mail_case import NpsMailCase
from .nps_making import INVITATION


class TestTryAgain(NpsMailCase):
    def failed(self, *contacts, program=None, **values):
        values = {"state": "failed", "attempts": 3, "error": "554 5.6.0 no", **values}
        return self.planned(program or self.program(), *contacts, **values)

    def try_again(self, invitations, user=None):
        return invitations.with_user(user or self.manager).action_try_again()

    def test_what_could_not_be_sent_is_sent(self):
        ada, bob = self.contact("Ada"), self.contact("Bob")
        failed = self.failed(ada, bob)
        token = failed[0]._token()
        others = self.planned(self.program(), self.contact("Cyd"), state="bounced")
        notice = self.try_again(failed | others)
        self.assertIn("2 of 3", notice["params"]["message"])
        self.assertEqual(set(failed.mapped("state")), {"planned"})
        self.assertEqual(failed.mapped("attempts"), [0, 0])
        self.assertFalse(failed[0].error)
        self.assertEqual(others.state, "bounced")
        self.send()
        self.assertSent(ada, bob)
        self.assertIn(token, self.body(0))
        self.assertEqual(set(failed.mapped("state")), {"sent"})

    def test_the_scheduled_action_is_woken(self):
        cron = self.env.ref("crm_metrics.ir_cron_nps_send")
        domain = [("cron_id", "=", cron.id)]
        before = self.env["ir.cron.trigger"].search_count(domain)
        self.try_again(self.failed(self.contact("Ada")))
        self.assertEqual(self.env["ir.cron.trigger"].search_count(domain), before + 1)

    def test_who_may(self):
        failed = self.failed(self.contact("Ada"))
        for user in (self.seller, self.env.ref("base.public_user")):
            for invitations in (failed, self.env[INVITATION]):
                with self.assertRaises(AccessError):
                    self.try_again(invitations, user)
        self.assertEqual(failed.state, "failed")

    def test_only_what_has_certainly_not_arrived(self):
        """A crash leaves `sending`, which becomes `sent`; nothing of it goes twice."""
        ada = self.contact("Ada")
        for values in (
            {"state": "sending", "sent_at": self.now},
            {"state": "sent", "sent_at": self.now, "uncertain": True},
            {"state": "bounced", "sent_at": self.now},
            {"state": "answered", "sent_at": self.now},
            {"state": "planned"},
            {"state": "skipped", "skip_reason": "opted_out"},
            # whatever somebody may have written there
            {"uncertain": True},
            {"sent_at": self.now},
            {"test": True},
            # what was anonymised
            {"email": False},
        ):
            with self.subTest(**values):
                invitation = self.failed(ada, **values)
                before = invitation.read(["state", "planned_at", "attempts"])
                with self.assertRaises(UserError):
                    self.try_again(invitation)
                self.assertEqual(
                    invitation.read(["state", "planned_at", "attempts"]), before
                )

    def test_what_keeps_a_first_mail_back(self):
        """Too late, opted out, asked by another program meanwhile; hours of work."""
        late = self.failed(
            self.contact("Ada"),
            program=self.program(expiry_days=5),
            date="2026-06-10 10:00:00",
        )
        out = self.failed(self.contact("Bob"))
        self.env["crm.nps.suppression"]._suppress([out.person], "opted_out")
        cyd = self.contact("Cyd")
        self.sent(self.program(), cyd, "2026-06-14 10:00:00")
        asked = self.failed(cyd)
        asleep = self.failed(
            self.contact("Dan", tz="America/New_York"),
            program=self.program(working_hours=True),
        )
        self.try_again(late | out | asked | asleep)
        self.send()
        self.assertSent()
        self.assertEqual(
            (late | out | asked).mapped("skip_reason"),
            ["late", "opted_out", "quarantine"],
        )
        with freeze_time(asleep.planned_at):
            self.send()
        self.assertSent(asleep.partner_id)

    def test_where_it_is_offered(self):
        for view in ("list", "form"):
            for user, shown in ((self.manager, True), (self.seller, False)):
                arch = self.env[INVITATION].with_user(user).get_view(view_type=view)
                self.assertEqual("action_try_again" in arch["arch"], shown)
