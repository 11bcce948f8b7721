from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import ValidationError

from ..models.crm_nps_reply import clean_text
from .nps_answer_case import NpsAnswerCase
from .nps_making import ANSWER

SECRET, OTHER = "s" * 43, "o" * 43


class TestReply(NpsAnswerCase):
    def reply(self, score, comment="", invitation=None, **values):
        return (invitation or self.invitation)._record_answer(score, comment, **values)

    def setUp(self):
        super().setUp()
        self.invitation = self.invite(wave="crm.lead,7")

    def test_the_first_answer_counts(self):
        answer = self.reply(9, " Good\r\n", secret=SECRET)
        self.assertRecordValues(
            answer,
            [
                {
                    "program_id": self.program.id,
                    "invitation_id": self.invitation.id,
                    "wave": "crm.lead,7",
                    "partner_id": self.contact.id,
                    "account_id": self.customer.id,
                    "score": 9,
                    "bucket": "promoter",
                    "comment": "Good",
                    "state": "counted",
                    "public": False,
                    "test": False,
                }
            ],
        )
        self.assertEqual(answer.sudo().person, self.invitation.sudo().person)
        self.assertEqual(self.invitation.state, "answered")
        self.assertEqual(self.invitation.answered_at, answer.date)
        self.assertNotIn(SECRET, answer.sudo().edit_hash)

    def test_it_is_changed_by_who_gave_it(self):
        answer = self.reply(9, "Good", secret=SECRET)
        self.assertEqual(self.reply(2, "Bad", secret=SECRET), answer)
        self.assertEqual((answer.score, answer.comment), (2, "Bad"))
        for secret in (OTHER, None):
            doubtful = self.reply(10, "", secret=secret)
            self.assertNotEqual(doubtful, answer)
            self.assertEqual(doubtful.state, "suspect")
            self.assertEqual(doubtful.suspect_reason, "locked")
        self.assertEqual((answer.score, answer.comment), (2, "Bad"))
        answer.date -= timedelta(hours=24, seconds=5)
        self.assertEqual(self.reply(10, secret=SECRET).suspect_reason, "locked")
        self.assertEqual(answer.score, 2)

    def test_followers_of_an_answer_are_told_of_changes(self):
        with patch.object(type(self.env[ANSWER]), "_after_counted") as told:
            self.reply(9, "", suspect="fast", secret=SECRET)
            self.assertFalse(told.called)
            for times, (score, comment) in enumerate([(9, ""), (3, ""), (3, "x")], 1):
                self.reply(score, comment, secret=SECRET)
                self.reply(score, comment, secret=SECRET)
                self.assertEqual(told.call_count, times)

    def test_an_excluded_answer_stays_so(self):
        answer = self.reply(9, secret=SECRET)
        answer.sudo().state = "excluded"
        self.reply(3, secret=SECRET)
        self.assertEqual((answer.score, answer.state), (3, "excluded"))

    def test_what_is_no_answer(self):
        for score in (-1, 11, 9.0, "9", None, True):
            with self.assertRaises(ValidationError):
                self.reply(score)
        with self.assertRaises(ValidationError):
            self.reply(9, "x" * 5001)
        self.assertEqual(len(self.reply(0, "x" * 5000).comment), 5000)

    def test_clean_text(self):
        for text, expected in (
            (" a\r\nb\rc\td ", "a\nb\nc\td"),
            ("\x00\x07\x1b[1m\x7f\x9f", "[1m"),
            ("\u202eabc\u2069\u200f", "abc\u200f"),
            ("\ud800x", "x"),
            ("مرحبا 🎉", "مرحبا 🎉"),
        ):
            self.assertEqual(clean_text(text), expected)

    def test_a_trial_never_counts(self):
        draft = self._program()
        draft.state = "draft"
        trial = self.invite(program=draft, test=True)
        self.assertTrue(trial._reply_open(None))
        self.assertTrue(self.reply(10, invitation=trial).test)

    def test_an_anonymous_answer(self):
        program = self._program(anonymous=True)
        invitations = [
            self.invite(program=program, wave=wave)
            for wave in ("crm.lead,7", "wave,2", "batch,2026-01-01-2")
        ]
        answers = [
            self.reply(4, invitation=invitation, secret=SECRET[:-1] + str(number))
            for number, invitation in enumerate(invitations)
        ]
        waves = [answer.wave for answer in answers]
        self.assertEqual(waves, [False, "wave,2", False])
        for answer in answers:
            for name in ("partner_id", "invitation_id", "lead_id", "account_id"):
                self.assertFalse(answer[name])
            self.assertFalse(answer.sudo().person)
            self.assertEqual(answer.create_date, answer.date)
        self.assertEqual(len({answer.id for answer in answers}), 3)
        first = invitations[0]
        self.assertEqual(first.answered_at, answers[0].date)
        # a second one from elsewhere leaves no trace at all
        self.assertFalse(self.reply(9, invitation=first, secret=OTHER))
        self.assertFalse(self.reply(9, invitation=first, suspect="fast"))
        self.assertEqual(len(program.answer_ids), 3)
