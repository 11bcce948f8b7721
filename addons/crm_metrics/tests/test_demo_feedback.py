import re
from collections import Counter
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from odoo import fields
from odoo.tests import TransactionCase, tagged

from ..demo.comments import COMMENTS, TAGS
from ..demo.feedback import ACCOUNT_LIMIT, QUARANTINE, Feedback
from ..demo.pipeline import Pipeline
from ..demo.purchases import Purchases
from ..demo.story import Story
from ..models.crm_nps_invitation import SKIP_REASONS, STATES
from .demo_case import TODAY, DemoCase

#: what would still have to be sent
UNSENT = {"planned", "sending"}


@tagged("post_install", "-at_install")
class TestDemoFeedback(DemoCase):
    """The demo data has feedback of all sorts, and mails nobody."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        domain = [("company_id", "=", cls.company.id)]
        cls.programs = cls.env["crm.nps.program"].search(domain)
        cls.invitations = cls.env["crm.nps.invitation"].search(domain)
        cls.asked = cls.invitations.filtered(
            lambda each: each.sent_at and not each.test
        )
        cls.answers = cls.env["crm.nps.answer"].search(domain)
        cls.votes = cls.answers.filtered(
            lambda answer: (
                answer.state == "counted" and not answer.public and not answer.test
            )
        )

    def test_size(self):
        self.assertEqual(
            set(self.programs.mapped("trigger")), {"won", "renewal", "wave", "manual"}
        )
        self.assertGreaterEqual(len(self.invitations), 600)
        self.assertGreaterEqual(len(self.votes), 180)
        self.assertEqual(self.votes.program_id, self.programs)
        waves = Counter(
            answer.wave for answer in self.votes if answer.wave.startswith("wave,")
        )
        self.assertEqual(set(waves), {"wave,1", "wave,2"})
        self.assertGreater(min(waves.values()), 30)
        first, last = min(self.asked.mapped("date")), max(self.asked.mapped("date"))
        self.assertGreater((last - first).days, 500)
        self.assertLess(max(self.answers.mapped("date")).date(), TODAY)

    def test_every_fate_of_an_invitation(self):
        states = {state for state, _name in STATES}
        self.assertEqual(set(self.invitations.mapped("state")), states - UNSENT)
        skipped = self.invitations.filtered("skip_reason")
        self.assertEqual(
            set(skipped.mapped("skip_reason")), {reason for reason, _n in SKIP_REASONS}
        )
        self.assertEqual(set(skipped.mapped("state")), {"skipped"})
        self.assertEqual(
            self.invitations.filtered("test").mapped("state"), ["answered"]
        )
        self.assertTrue(self.invitations.filtered("uncertain"))

    def test_nobody_is_ever_mailed(self):
        running = self.programs.filtered(lambda program: program.state == "running")
        self.assertEqual(running.mapped("trigger"), ["manual"])
        self.assertEqual(running.mapped("reminder_count"), ["0"])
        self.assertEqual(running._trigger_candidates(), [])
        for reminder in (False, True):
            self.assertFalse(self.invitations._due_count(reminder=reminder))
        domain = [("model", "in", ["crm.nps.answer", "crm.nps.invitation"])]
        ours = self.answers.ids + self.invitations.ids
        about = [*domain, ("res_id", "in", ours)]
        self.assertFalse(self.env["mail.mail"].search(about))
        self.assertFalse(self.env["mail.message"].search(about))

    def test_rules_of_asking(self):
        for person, asked in self.asked.grouped("person").items():
            moments = sorted(asked.mapped("sent_at"))
            for before, after in pairwise(moments):
                self.assertGreaterEqual(after - before, timedelta(QUARANTINE), person)
        for account, asked in self.asked.grouped("account_id").items():
            for moment in asked.mapped("sent_at"):
                near = asked.filtered(
                    lambda each, since=moment: (
                        timedelta(0) <= each.sent_at - since < timedelta(20)
                    )
                )
                self.assertLessEqual(len(near), ACCOUNT_LIMIT, account.name)
        for invitation in self.asked:
            self.assertLess(invitation.sent_at.weekday(), 5)
            self.assertGreaterEqual(invitation.sent_at, invitation.date)
        suppressed = self.env["crm.nps.suppression"]._suppressed(
            self.invitations.mapped("person")
        )
        for invitation in self.invitations:
            if invitation.state == "declined":
                self.assertEqual(suppressed[invitation.person], "opted_out")

    def test_what_is_known_of_people_fits(self):
        by_reason = self.invitations.filtered("skip_reason").grouped("skip_reason")
        emails = by_reason["no_email"].partner_id.mapped("email")
        self.assertEqual(set(emails), {False})
        contacts = by_reason["bad_email"].partner_id
        self.assertTrue(all(contacts.mapped("email")))
        self.assertEqual(set(contacts.mapped("email_normalized")), {False})
        self.assertFalse(any(by_reason["archived"].partner_id.mapped("active")))
        self.assertTrue(
            all(by_reason["blacklisted"].partner_id.mapped("is_blacklisted"))
        )
        for contact in by_reason["double"].partner_id:
            self.assertEqual(contact.email, contact.parent_id.email)
        self.assertFalse(any(by_reason["erased"].mapped("email")))
        self.assertTrue(by_reason["internal"].partner_id.user_ids)
        prospects = by_reason["no_customer"]
        self.assertFalse(prospects.partner_id)
        self.assertEqual(
            prospects.mapped("email"), prospects.lead_id.mapped("email_from")
        )

    def test_answers_belong_to_what_was_asked(self):
        for answer in self.answers.filtered("invitation_id"):
            invitation = answer.invitation_id
            self.assertEqual(answer.partner_id, invitation.partner_id)
            self.assertEqual(answer.person, invitation.person)
            self.assertEqual(answer.wave, invitation.wave)
            self.assertEqual(answer.lead_id, invitation.lead_id)
            self.assertTrue(invitation.sent_at <= answer.date <= invitation.expires_at)
            if answer.state != "suspect":
                self.assertEqual(answer.date, invitation.answered_at)
        answered = self.invitations.filtered(lambda each: each.state == "answered")
        given = self.answers.filtered(lambda answer: answer.state != "suspect")
        self.assertEqual(given.invitation_id, answered)

    def test_every_sort_of_answer(self):
        self.assertEqual(set(self.votes.mapped("score")), set(range(11)))
        states = Counter(self.answers.mapped("state"))
        self.assertGreaterEqual(states["suspect"], 2)
        self.assertGreaterEqual(states["excluded"], 2)
        excluded = self.answers.filtered(lambda each: each.state == "excluded")
        self.assertTrue(all(excluded.mapped("exclude_reason")))
        public = self.answers.filtered("public")
        self.assertGreater(len(public), 20)
        self.assertFalse(public.partner_id | public.invitation_id.partner_id)
        self.assertEqual(set(public.tag_ids.mapped("name")) - set(TAGS), set())
        self.assertEqual(set(self.votes.tag_ids.mapped("name")), set(TAGS))
        comments = " ".join(filter(None, self.votes.mapped("comment")))
        self.assertTrue(re.search("[А-я]{4}", comments), "Russian")
        self.assertTrue(re.search("[آ-ي]{4}", comments), "Arabic")

    def test_who_is_unhappy_is_contacted(self):
        unhappy = self.answers.filtered_domain(self.answers._unhappy_domain())
        self.assertGreater(len(unhappy), 40)
        self.assertTrue(all(unhappy.mapped("followup_due_at")))
        waiting = unhappy.filtered(lambda answer: not answer.first_contact_at)
        self.assertTrue(1 <= len(waiting) <= 8, waiting)
        for answer in waiting:
            self.assertEqual(answer.activity_ids.user_id, answer.account_id.user_id)
        called = unhappy - waiting
        self.assertFalse(called.activity_ids)
        for answer in called:
            self.assertGreater(answer.first_contact_at, answer.date)
            self.assertLess(answer.first_contact_at.date(), TODAY)
        outcomes = self.answers._fields["outcome"].get_values(self.env)
        self.assertEqual(set(called.mapped("outcome")), set(outcomes))
        late = called.filtered(
            lambda answer: answer.first_contact_at > answer.followup_due_at
        )
        self.assertEqual(late, called.filtered("escalated_at"))
        self.assertTrue(0.1 < len(late) / len(called) < 0.6)

    def test_who_spends_little_and_keeps_buying_complains(self):
        run = self.env["crm.customer.score.run"].search(
            [("company_id", "=", self.company.id)], order="date desc", limit=1
        )
        scores = self.env["crm.customer.score"].search([("run_id", "=", run.id)])
        complaints = Counter(scores.mapped("complaint"))
        self.assertGreaterEqual(complaints["yes"], 4)
        self.assertGreater(complaints["no"], 40)
        self.assertGreater(complaints[False], 20, "never answered")

    def test_the_prices_rose_and_the_score_fell(self):
        wave = self.programs.filtered(lambda program: program.trigger == "wave")

        def score(date_from, date_to):
            return self.env["crm.metrics"].nps(
                {
                    "date_from": fields.Date.to_string(date_from),
                    "date_to": fields.Date.to_string(date_to),
                    "program_ids": wave.ids,
                }
            )["score"]

        before = score(date(2025, 4, 1), date(2025, 6, 30))
        after = score(date(2026, 1, 1), date(2026, 3, 31))
        self.assertGreater(before, after + 20)

    def test_uninstalling_finds_what_was_made_elsewhere(self):
        colleagues = self.invitations.partner_id.filtered(
            lambda contact: contact.company_type == "person" and not contact.user_ids
        )
        blacklist = self.env["mail.blacklist"].search(
            [("email", "in", colleagues.mapped("email_normalized"))]
        )
        self.assertTrue(blacklist)
        for records in (colleagues, blacklist):
            for names in records._get_external_ids().values():
                self.assertTrue([n for n in names if n.startswith("crm_metrics.")])


@tagged("post_install", "-at_install")
class TestFeedbackStory(TransactionCase):
    """The feedback is the same on the same day, and holds on every day."""

    def test_any_day(self):
        for day in (
            TODAY,
            date(2026, 1, 1),
            date(2026, 3, 31),
            date(2026, 8, 31),
            date(2027, 12, 1),
            date(2028, 2, 29),
        ):
            with self.subTest(day):
                feedback = self._feedback(day)
                again = self._feedback(day)
                self.assertEqual(
                    [(each.at, each.score, each.comment) for each in feedback.answers],
                    [(each.at, each.score, each.comment) for each in again.answers],
                )
                self._check(feedback, datetime.combine(day, time.min))

    def _feedback(self, day):
        story = Story(day)
        return Feedback(story, Purchases(story), Pipeline(story, day).deals, day)

    def _check(self, feedback, end):
        self.assertGreater(len(feedback.answers), 200)
        reasons = {invitation.reason for invitation in feedback.invitations}
        self.assertEqual(reasons - {None}, {reason for reason, _name in SKIP_REASONS})
        for invitation in feedback.invitations:
            self.assertNotIn(invitation.state, UNSENT)
            self.assertEqual(bool(invitation.reason), invitation.state == "skipped")
            for moment in (invitation.sent, invitation.last_sent, invitation.answered):
                self.assertTrue(moment is None or moment < end)
        for answer in feedback.answers:
            self.assertLess(answer.at, end)
            for moment in (answer.contacted, answer.escalated):
                self.assertTrue(moment is None or answer.at < moment < end)
        waiting = [
            answer for answer in feedback.answers if answer.due and not answer.contacted
        ]
        self.assertTrue(1 <= len(waiting) <= 10)

    def test_every_language_has_something_to_say(self):
        for by_language in COMMENTS.values():
            self.assertEqual(set(by_language), set(COMMENTS["promoter"]))
            for comments in by_language.values():
                for comment, tags in comments:
                    self.assertTrue(comment)
                    self.assertLessEqual(set(tags), set(TAGS))
