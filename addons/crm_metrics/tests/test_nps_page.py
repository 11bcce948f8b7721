from datetime import timedelta
from unittest.mock import patch

from lxml import html

from odoo import fields
from odoo.tests import HttpCase, new_test_user, tagged

from ..controllers import crm_nps, crm_nps_guard, crm_nps_pages
from ..models import crm_nps_nonce
from .nps_answer_case import NpsAnswerCase


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

    def test_it_remembers_what_came_of_it(self):
        nonce = self.nonces._read_nonce(
            self.nonces._issue("vote", "subject"), "subject"
        )
        self.nonces._spend(nonce)
        self.assertFalse(self.nonces._has_counted(nonce, 9, "Good"))
        self.nonces._set_counted(nonce, 9, "Good")
        for reply in ((9, "Good"), (9, ""), (3, "Good")):
            same = self.nonces._has_counted(nonce, *reply)
            self.assertEqual(same, reply == (9, "Good"))
        self.assertNotIn("Good", self.nonces._of(nonce).counted)

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

    def test_a_page_of_the_history_sent_again(self):
        """Whatever the page says then, it is what is stored."""
        page = self.url_open(f"{self.path}?s=9")
        self.assertIn("9 of 10", self.send(page, gesture="click").text)
        for score, comment in (("0", ""), ("9", "More")):
            again = self.send(page, score=score, comment=comment, gesture="click")
            self.assertIn("Your answer is 9 of 10.", again.text)
            self.assertNotIn("You answered", again.text)
            # what was entered is still there
            form = self.form(again)
            self.assertEqual((form["score"], form["comment"].strip()), (score, comment))
            self.assertEqual(self.invitation.answer_ids.score, 9)
            self.assertFalse(self.invitation.answer_ids.comment)
        done = self.send(again, score="2", gesture="click")
        self.assertIn("2 of 10", done.text)
        self.assertEqual(self.invitation.answer_ids.score, 2)
        # the first page loaded anew takes nothing back
        again = self.send(page, gesture="click")
        self.assertIn("Your answer is 2 of 10.", again.text)
        self.assertRecordValues(
            self.invitation.answer_ids,
            [{"score": 2, "comment": "More", "state": "counted"}],
        )

    def test_a_double_click_is_thanked_for(self):
        page = self.url_open(f"{self.path}?s=9")
        for _each in range(2):
            again = self.send(page, comment="Good\r\nfor us", gesture="click")
            self.assertIn("You answered: <strong>9 of 10", again.text)
        self.assertEqual(len(self.invitation.answer_ids), 1)
        # of what is kept in the answer nothing is kept elsewhere
        latest = self.env["crm.nps.nonce"].search([], order="id desc", limit=1)
        self.assertFalse(latest.counted)

    def public_path(self):
        self.program.public = True
        self.env.flush_all()
        return f"/nps/p/{self.program.public_token}"

    def public_scores(self):
        answers = self.program.answer_ids.filtered("public")
        return sorted(answers.mapped("score"))

    def test_a_public_page_of_the_history_sent_again(self):
        path = self.public_path()
        page = self.url_open(f"{path}?s=9")
        for _each in range(2):
            again = self.send(page, path, gesture="click")
            self.assertIn("You answered: <strong>9 of 10", again.text)
        again = self.send(page, path, score="0", gesture="click")
        self.assertNotIn("You answered", again.text)
        self.assertEqual(self.form(again)["score"], "0")
        self.assertEqual(self.public_scores(), [9])
        self.assertIn("0 of 10", self.send(again, path, gesture="click").text)
        self.assertEqual(self.public_scores(), [0, 9])

    def test_who_comes_without_cookie_gets_one(self):
        """On the page that asks again, and on the one to confirm."""
        page = self.url_open(self.path)
        for values in ({}, {"score": "9"}):
            self.opener.cookies.pop(crm_nps_pages.COOKIE, None)
            page = self.send(page, **values)
            self.assertIn(crm_nps_pages.COOKIE, page.cookies)
        self.send(page)
        self.assertTrue(self.invitation.answer_ids.sudo().edit_hash)

    def test_a_public_link_is_not_one_visitors(self):
        """Only what comes from one address is limited, and held against each other."""
        path = self.public_path()
        for name in ("viewers", "repliers"):
            self.patch(crm_nps_guard, name, crm_nps_guard.Limiter(1))
        with patch.object(crm_nps_guard, "network") as network:
            for number in range(3):
                network.return_value = f"192.0.2.{number}"
                page = self.url_open(f"{path}?s={number}")
                self.assertIn(
                    "You answered", self.send(page, path, gesture="click").text
                )
            self.url_open(f"{path}?s=8")
            page = self.url_open(f"{path}?s=9")
            page = self.send(page, path, gesture="click")
            self.assertIn("Please confirm", page.text)
        self.assertEqual(self.public_scores(), [0, 1, 2, 9])
        self.patch(crm_nps_guard, "addresses", crm_nps_guard.Limiter(1))
        codes = [self.url_open(path).status_code for _each in range(2)]
        self.assertEqual(codes, [200, 429])

    def test_messages_are_in_the_language_of_the_page(self):
        self.env["res.lang"]._activate_lang("ru_RU")
        self.invitation.lang = "ru_RU"
        page = self.url_open(self.path)
        for values, message in (
            ({}, "Выберите число от 0 до 10."),
            ({"score": "9", "comment": "x" * 5001}, "Не более 5000 символов"),
            ({"score": "9", "nonce": ""}, "Отправьте"),
        ):
            again = self.send(page, **values)
            self.assertIn('<html lang="ru-RU"', again.text)
            [problem] = html.fromstring(again.text).xpath("//*[@role='alert']")
            self.assertIn(message, problem.text_content())
        # the page that tells nothing is in that of who asks
        self.invitation.state = "declined"
        gone = self.url_open(self.path, {"score": "11"})
        unknown = self.url_open("/nps/unknown", {"score": "11"})
        self.assertEqual(gone.status_code, 404)
        self.assertIn("There is nothing to answer here", gone.text)
        self.assertEqual(len(gone.text), len(unknown.text))

    def test_too_much_text(self):
        page = self.url_open(self.path)
        for path in (self.path, f"{self.path}/stop", "/nps/p/unknown"):
            refused = self.send(page, path, comment="x" * 20_000)
            self.assertEqual(refused.status_code, 413)
            self.assertEqual(refused.text, "That was too much text.")
            for name, value in crm_nps_pages.HEADERS.items():
                self.assertEqual(refused.headers[name], value)

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

    def test_one_click_is_limited_by_its_link_alone(self):
        for name in ("addresses", "repliers"):
            self.patch(crm_nps_guard, name, crm_nps_guard.Limiter(2))
        paths = [self.path]
        for wave in ("wave,2", "wave,3"):
            invitation = self.invite(wave=wave)
            paths.append(f"/nps/{invitation._token()}")
        paths += [self.path] * 2 + ["/nps/unknown"] * 3
        body = {"List-Unsubscribe": "One-Click"}
        codes = [self.url_open(f"{path}/stop", body).status_code for path in paths]
        self.assertEqual(codes, [200] * 4 + [429] + [404] * 2 + [429])

    def test_opting_out_of_a_trial(self):
        trial = self.invite(test=True, wave="test")
        path = f"/nps/{trial._token()}/stop"
        page = self.send(self.url_open(path), path)
        self.assertIn("A trial changes nothing", page.text)
        self.url_open(path, {"List-Unsubscribe": "One-Click"})
        person = trial.sudo().person
        self.assertFalse(self.env["crm.nps.suppression"]._suppressed([person]))
        self.assertEqual(trial.state, "sent")
        page = self.url_open(f"{self.path}/stop")
        self.assertNotIn("trial", self.send(page, f"{self.path}/stop").text)

    def test_nothing_on_a_page_is_anybody_elses(self):
        """Its address is all it takes to answer; those of a website's guests see it."""
        layout = self.env["ir.ui.view"].search([("key", "=", "portal.frontend_layout")])
        self.env["ir.ui.view"].create(
            {
                "name": "Counter of visitors",
                "type": "qweb",
                "inherit_id": layout.id,
                "arch": """<xpath expr="//head" position="inside">
                    <script src="https://counter.example/count.js" /></xpath>""",
            }
        )
        login = self.url_open("/web/login")
        self.assertIn("counter.example", login.text)
        for path in (self.path, f"{self.path}/stop", "/nps/unknown"):
            page = html.fromstring(self.url_open(path).text)
            links = page.xpath("//script/@src | //link/@href | //img/@src")
            self.assertTrue(links)
            for link in links:
                self.assertRegex(link, "^/(web|logo.png)")

    def test_who_is_asked_again_is_where_it_says_so(self):
        page = self.send(self.url_open(self.path))
        [problem] = html.fromstring(page.text).xpath("//*[@role='alert']")
        self.assertIn("autofocus", problem.attrib)
        self.assertEqual(problem.get("tabindex"), "-1")

    def test_too_many_requests(self):
        self.patch(crm_nps_guard, "addresses", crm_nps_guard.Limiter(1))
        self.assertEqual(self.url_open(self.path).status_code, 200)
        page = self.url_open(self.path)
        self.assertEqual(page.status_code, 429)
        self.assertEqual(page.headers["Retry-After"], "60")
