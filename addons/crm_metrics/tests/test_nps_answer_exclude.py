from odoo.exceptions import AccessError, UserError
from odoo.tests import Form

from .nps_answer_case import NpsAnswerCase


class TestNpsExclude(NpsAnswerCase):
    """Only managers leave answers out, with a reason that stays."""

    def setUp(self):
        super().setUp()
        self.env = self.env(context={**self.env.context, "tracking_disable": False})
        self.scored = self.answer(3).with_env(self.env)
        # what is made in a transaction is not tracked in it
        self.env.cr.flush()

    def exclude(self, reason, answers=None, user=None):
        answers = self.scored if answers is None else answers
        wizard = (
            self.as_user(self.env["crm.nps.exclude"], user or self.manager)
            .with_context(active_model="crm.nps.answer", active_ids=answers.ids)
            .create({"reason": reason})
        )
        return wizard.action_apply()

    def log(self):
        self.env.cr.flush()
        self.env.invalidate_all()
        return [
            (value.old_value_char, value.new_value_char)
            for message in self.scored.message_ids.sorted("id")
            for value in message.sudo().tracking_value_ids.sorted("id")
        ]

    def test_excluded_and_included_again(self):
        self.exclude(" Our own employee ")
        self.assertEqual(self.scored.state, "excluded")
        self.assertEqual(self.scored.exclude_reason, "Our own employee")
        self.assertIn(("Counted", "Excluded"), self.log())
        self.as_user(self.scored, self.manager).action_include()
        self.assertEqual(self.scored.state, "counted")
        self.assertFalse(self.scored.exclude_reason)
        self.assertIn(("Excluded", "Counted"), self.log())
        self.assertIn(("Our own employee", False), self.log())
        authors = self.scored.message_ids.author_id
        self.assertEqual(authors, self.manager.partner_id)

    def test_the_log_cannot_be_switched_off(self):
        quiet = self.as_user(self.scored, self.manager).with_context(
            tracking_disable=True, mail_notrack=True
        )
        quiet._exclude("Because")
        self.assertIn((False, "Because"), self.log())

    def test_without_a_reason(self):
        for reason in ("", "  ", False):
            with self.assertRaises(UserError):
                self.as_user(self.scored, self.manager)._exclude(reason)
        wizard = Form(
            self.as_user(self.env["crm.nps.exclude"], self.manager).with_context(
                active_model="crm.nps.answer", active_ids=self.scored.ids
            )
        )
        with self.assertRaisesRegex(AssertionError, "reason is a required field"):
            wizard.save()

    def test_nobody_else(self):
        for user in (self.seller, self.seller_all):
            with self.assertRaises(AccessError):
                self.exclude("Because", user=user)
            with self.assertRaises(AccessError):
                self.as_user(self.scored, user)._exclude("Because")
        self.exclude("Because")
        for user in (self.seller, self.seller_all):
            with self.assertRaises(AccessError):
                self.as_user(self.scored, user).action_include()
        self.assertEqual(self.scored.state, "excluded")

    def test_not_in_another_company(self):
        stranger = self._user("nps_stranger", "group_sale_manager", self.other_company)
        with self.assertRaises(AccessError):
            self.exclude("Because", user=stranger)
        with self.assertRaises(AccessError):
            self.as_user(self.scored, stranger)._exclude("Because")

    def test_only_what_counts(self):
        suspect = self.answer(3, state="suspect", wave="wave,2")
        with self.assertRaisesRegex(UserError, "that count"):
            self.exclude("Because", self.scored | suspect)
        self.assertEqual(self.scored.state, "counted")
        self.as_user(suspect, self.manager).action_include()
        self.assertEqual(suspect.state, "suspect", "only a confirmation makes it count")

    def test_its_activity_goes(self):
        self.scored.followup_due_at = "2026-06-16 10:00:00"
        activity = self.scored.activity_schedule(
            "crm_metrics.mail_activity_type_detractor", user_id=self.seller.id
        )
        self.exclude("Because")
        self.assertFalse(activity.exists() or self.scored.followup_due_at)
