from datetime import timedelta
from unittest.mock import patch

from lxml import html

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import HttpCase, new_test_user, tagged

from ..controllers import crm_nps, crm_nps_guard
from ..models import crm_nps_nonce
from ..models.crm_nps_reply import clean_text
from .nps_answer_case import ANSWER, NpsAnswerCase

SECRET, OTHER = "s" * 43, "o" * 43


class TestNonce(NpsAnswerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.nonces = cls.env["crm.nps.nonce"]

    def read_after(self, seconds, **changes):
        with patch.object(crm_nps_nonce.time, "time", return_value=1_800_000_000.0):
            text = self.nonces._issue("vote", "subject")
        for old, new in changes.items():
            text = text.replace(old, new)
        moment = 1_800_000_000.0 + seconds
        with patch.object(crm_nps_nonce.time, "time", return_value=moment):
            return self.nonces._read_nonce(text, "subject")

    def test_it_is_good_for_half_an_hour(self):
        for seconds in (0, 1, 1800):
            nonce = self.read_after(seconds)
            self.assertEqual(nonce[:2], ("vote", 1_800_000_000.0))
        for seconds in (-1, 1801, 86400):
            self.assertIsNone(self.read_after(seconds))

    def test_it_says_what_was_signed(self):
        self.assertIsNone(self.read_after(0, vote="stop"))
        text = self.nonces._issue("vote", "subject")
        self.assertIsNone(self.nonces._read_nonce(text, "another"))
        for nonsense in (None, "", 7, b"x", text.upper(), text + "\n", text[:-1]):
            self.assertIsNone(self.nonces._read_nonce(nonsense, "subject"))

    def test_it_is_spent_once(self):
        text = self.nonces._issue("vote", "subject")
        nonce = self.nonces._read_nonce(text, "subject")
        self.assertTrue(self.nonces._spend(nonce))
        self.assertFalse(self.nonces._spend(nonce))
        self.assertFalse(self.nonces._has_counted(nonce))
        self.nonces._set_counted(nonce)
        self.assertTrue(self.nonces._has_counted(nonce))

    def test_old_ones_are_forgotten(self):
        self.nonces.search([]).unlink()
        now = fields.Datetime.now()
        for digest, minutes in (("old", -1), ("new", 1)):
            expires_at = now + timedelta(minutes=minutes)
            self.nonces.create({"digest": digest, "expires_at": expires_at})
        self.assertEqual(self.nonces._gc_nonces(), (1, False))
        self.assertEqual(self.nonces.search([]).digest, "new")


class TestGuard(NpsAnswerCase):
    def test_a_limit_lasts_a_minute(self):
        limiter = crm_nps_guard.Limiter(2)
        clock = patch.object(crm_nps_guard.time, "monotonic").start()
        self.addCleanup(patch.stopall)
        allowed = []
        for clock.return_value in (0, 59, 59.9, 60, 61, 62, 119.9, 120):
            allowed.append(limiter.allows("key"))
        self.assertEqual(allowed, [True, True, False, True, True, False, False, True])
        self.assertTrue(limiter.allows("another"))

    def test_memory_is_bounded(self):
        limiter = crm_nps_guard.Limiter(1, size=10)
        views = crm_nps_guard.Views(size=10, each=3)
        for number in range(100):
            limiter.allows(number)
            for score in range(5):
                views.note(number, score)
        self.assertEqual(list(limiter.windows), list(range(90, 100)))
        self.assertEqual(list(views.pages), list(range(90, 100)))
        self.assertEqual([score for _at, score in views.pages[99]], [2, 3, 4])

    def test_several_scores_at_once(self):
        views = crm_nps_guard.Views()
        for at, score in ((100, 9), (105, None), (108, 9), (130, 3), (200, 3)):
            with patch.object(crm_nps_guard.time, "time", return_value=at):
                views.note("page", score)
        found = {
            issued: views.suspicion("page", issued)
            for issued in (100, 109, 115, 120, 141, 200)
        }
        # within ten seconds before and after; no score chosen is none
        expected = dict.fromkeys(found) | {120: None}
        self.assertEqual(found, expected)
        with patch.object(crm_nps_guard.time, "time", return_value=110):
            views.note("page", 8)
        self.assertEqual(views.suspicion("page", 109), "scores")
        self.assertIsNone(views.suspicion("page", 109, before=0))
        with patch.object(crm_nps_guard.time, "time", return_value=300):
            views.note("page", crm_nps_guard.TRAP)
        self.assertEqual(views.suspicion("page", 250), "honeypot")
        self.assertIsNone(views.suspicion("page", 311))

    def test_addresses(self):
        for address, expected in (
            ("192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("nonsense", "nonsense"),
            (None, None),
        ):
            self.assertEqual(crm_nps_guard.network(address), expected)


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


@tagged("post_install", "-at_install")
class TestPage(HttpCase, NpsAnswerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for login, parent in (("portal_same", cls.customer), ("portal_other", None)):
            user = new_test_user(cls.env, login, "base.group_portal")
            user.partner_id.parent_id = parent

    def setUp(self):
        super().setUp()
        self.invitation = self.invite(sent_at=fields.Datetime.now() - timedelta(days=1))
        self.path = f"/nps/{self.invitation._token()}"
        for name in ("viewers", "repliers", "addresses"):
            limiter = crm_nps_guard.Limiter(100)
            self.patch(crm_nps_guard, name, limiter)
        self.patch(crm_nps, "LEAST_SECONDS", 0)

    def form(self, page):
        [form] = html.fromstring(page.text).xpath("//main//form")
        return dict(form.form_values())

    def send(self, page, path=None, **values):
        return self.url_open(path or self.path, {**self.form(page), **values})

    def test_looking_writes_nothing(self):
        """The test's cursor refuses writing where the route says that it only reads."""
        for suffix in ("", "?s=0", "?s=10", "?more=1", "/stop"):
            with self.assertNoLogs("odoo.http", "WARNING"):
                page = self.url_open(self.path + suffix)
            self.assertEqual(page.status_code, 200)
        self.assertFalse(self.invitation.answer_ids)
        self.assertEqual(self.invitation.state, "sent")

    def test_score_0_is_a_score(self):
        page = self.url_open(f"{self.path}?s=0")
        self.assertEqual(self.form(page)["score"], "0")
        page = self.send(page)
        self.assertEqual(self.form(page)["score"], "0")
        self.assertFalse(self.invitation.answer_ids)
        self.send(page, comment="Nothing works")
        self.assertRecordValues(
            self.invitation.answer_ids,
            [{"score": 0, "comment": "Nothing works", "state": "counted"}],
        )

    def test_links_lead_out_to_the_web_only(self):
        self.program.flush_recordset()
        for url, shown in (
            ("https://example.com/review", True),
            ("javascript:alert(1)", False),
            ("/odoo", False),
        ):
            invitation = self.invite(sent_at=self.invitation.sent_at)
            path = f"/nps/{invitation._token()}"
            # past the constraint
            self.env.cr.execute(
                "UPDATE crm_nps_program SET promoter_url = %s WHERE id = %s",
                [url, self.program.id],
            )
            self.program.invalidate_recordset()
            page = self.url_open(f"{path}?s=9")
            page = self.send(page, path, gesture="click")
            self.assertIn("Thank you", page.text)
            self.assertEqual(url in page.text, shown)

    def test_a_portal_user_of_another_account(self):
        for login, status in (("portal_same", 200), ("portal_other", 404)):
            self.authenticate(login, login)
            self.assertEqual(self.url_open(self.path).status_code, status)
            stop = self.url_open(f"{self.path}/stop")
            self.assertEqual(stop.status_code, status)

    def test_the_logo_is_the_programs(self):
        page = self.url_open(self.path)
        self.assertIn(self.company.name, page.text)
        self.assertNotIn(self.contact.name, page.text)
        self.company.logo = (
            "R0lGODlhAQABAIAAAAUEBAAAACwAAAAAAQABAAACAkQBADs="  # one pixel
        )
        self.assertIn(
            f"/logo.png?company={self.company.id}", self.url_open(self.path).text
        )

    def test_opting_out_by_one_click(self):
        stop = f"{self.path}/stop"
        self.assertEqual(
            self.url_open(stop, {"List-Unsubscribe": "no"}).status_code, 200
        )
        self.assertEqual(self.invitation.state, "sent")
        self.url_open(stop, {"List-Unsubscribe": "One-Click"})
        self.assertEqual(self.invitation.state, "declined")
        person = self.invitation.sudo().person
        suppressed = self.env["crm.nps.suppression"]._suppressed([person])
        self.assertEqual(suppressed, {person: "opted_out"})

    def test_too_many_requests(self):
        self.patch(crm_nps_guard, "addresses", crm_nps_guard.Limiter(1))
        self.assertEqual(self.url_open(self.path).status_code, 200)
        page = self.url_open(self.path)
        self.assertEqual(page.status_code, 429)
        self.assertEqual(page.headers["Retry-After"], "60")
