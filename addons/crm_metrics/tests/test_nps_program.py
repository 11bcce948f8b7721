from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError

from ..models.crm_nps_program import TEXTS
from .nps_case import NpsCase
from .nps_making import INVITATION


class TestPrograms(NpsCase):
    """Managers keep programs; what people answered to stays as it was."""

    def test_only_managers_start_stop_and_try(self):
        program = self.program(start=False)
        for name in ("action_start", "action_stop", "action_send_trial"):
            with self.assertRaises(AccessError):
                getattr(program.with_user(self.seller_all), name)()
        program.with_user(self.manager).action_start()
        self.assertEqual(program.state, "running")
        self.assertEqual(program.started_at, self.moment(self.now))
        program.with_user(self.manager).action_stop()
        self.assertEqual(program.state, "stopped")

    def test_what_is_missing_is_told_at_the_start(self):
        no_day = self.program(start=False, trigger="wave", wave_date=False)
        over = self.program(start=False, trigger="wave", wave_date="2026-06-14")
        for program in (no_day, over):
            with self.assertRaises(UserError):
                program.action_start()
        today = self.program(start=False, trigger="wave", wave_date="2026-06-15")
        today.action_start()
        with self.assertRaises(ValidationError):
            today.wave_date = False

    def test_a_wave_of_the_past_is_refused_while_it_runs(self):
        """It would mail everybody at once."""
        program = self.program(wave_date="2026-06-13")
        with self.assertRaises(ValidationError):
            program.trigger = "wave"
        with self.assertRaises(ValidationError):
            program.write({"trigger": "wave", "wave_date": "2026-06-14"})
        program.write({"trigger": "wave", "wave_date": "2026-06-15"})
        with self.assertRaises(ValidationError):
            program.wave_date = "2026-06-14"
        program.wave_date = "2026-12-01"
        program.action_stop()
        program.wave_date = "2026-06-14"

    def test_texts_in_the_languages_of_customers(self):
        """Those that were left as they are offered; a typed one stays as it is."""
        offered = self.env["crm.nps.program"].default_get(TEXTS)
        before = self.program(detractor_question="Why?")
        self.env["res.lang"]._activate_lang("ru_RU")
        self.env["res.lang"]._activate_lang("fr_FR")
        russian = self.env["crm.nps.program"].with_context(lang="ru_RU")
        # as the form does it, which sends all of them
        made = russian.create(
            {**russian.default_get([*TEXTS, "user_id"]), "name": "По-русски"}
        )
        after = self.program(detractor_question="Why?")
        for program in before | after | made:
            for code in ("en_US", "ru_RU", "fr_FR"):
                told = program.with_context(lang=code)
                texts = told.default_get(TEXTS)
                for name in TEXTS:
                    typed = name == "detractor_question" and program != made
                    self.assertEqual(told[name], "Why?" if typed else texts[name])
        self.assertIn("рекомендуете", russian.default_get(TEXTS)["question"])
        self.assertEqual(made.with_context(lang="en_US").question, offered["question"])
        # what was translated by hand stays when a language is chosen again
        after.with_context(lang="fr_FR").question = "Recommandez ?"
        french = self.env["res.lang"]._get_data(code="fr_FR").id
        self.env["res.lang"].browse(french).active = False
        self.env["res.lang"]._activate_lang("fr_FR")
        self.assertEqual(after.with_context(lang="fr_FR").question, "Recommandez ?")

    def test_links_lead_to_the_web_only(self):
        program = self.program()
        for url in ("javascript:alert(1)", "//evil", "evil", "ftp://a.com", "http://"):
            with self.assertRaises(ValidationError):
                program.passive_url = url
        program.promoter_url = "https://example.com/review?a=1"
        program.promoter_url = False

    def test_an_audience_has_to_be_understood(self):
        program = self.program()
        for text in ("[('nothing', '=', 1)]", "[(", "1", "[('id', '=', uid)]"):
            with self.assertRaises(ValidationError):
                program.audience_domain = text
        program.audience_domain = False
        program.audience_domain = "[('country_id.code', '=', 'US')]"

    def test_an_audience_finds_out_nothing_that_its_author_may_not_see(self):
        program = self.program().with_user(self.manager)
        with self.assertRaises(UserError):
            program.audience_domain = "[('signup_type', '=', 'reset')]"

    def test_numbers_make_sense(self):
        for values in (
            {"sample_percent": 0},
            {"sample_percent": 101},
            {"quarantine_days": -1},
            {"daily_cap": -1},
            {"expiry_days": 0},
            {"reminder_days": 0},
            {"wave_interval_number": 0},
        ):
            with self.subTest(values), self.assertRaises(Exception) as raised:
                with self.cr.savepoint():
                    self.program(**values)
                    self.env.flush_all()
            self.assertIn("crm_nps_program", str(raised.exception))

    def test_the_public_link_is_kept(self):
        program = self.program()
        self.assertFalse(program.public_url)
        program.public = True
        url, token = program.public_url, program.public_token
        self.assertEqual(url, f"{program.get_base_url()}/nps/p/{token}")
        self.assertGreaterEqual(len(token), 43)
        self.assertTrue(program.public_qr.startswith("data:image/svg+xml;base64,"))
        program.public = False
        self.assertFalse(program.public_url)
        program.public = True
        # a QR code that hangs on a wall
        self.assertEqual(program.public_url, url)
        other = self.program(public=True)
        self.assertNotEqual(other.public_token, token)
        self.assertNotEqual(program.copy().public_token, token)

    def test_anonymity_is_chosen_before_anybody_is_asked(self):
        program = self.program()
        anna = self.contact("Anna")
        self.consider(program, anna)
        program.anonymous = True
        self.sent(program, anna, self.now)
        with self.assertRaises(UserError):
            program.anonymous = False
        with self.assertRaises(UserError):
            program.company_id = self.other_company
        program.write({"anonymous": True, "company_id": self.company.id})

    def test_who_was_asked_is_not_forgotten(self):
        planned, asked = self.program(), self.program()
        anna = self.contact("Anna")
        self.consider(planned, anna)
        self.sent(asked, anna, self.now)
        planned.with_user(self.manager).unlink()
        with self.assertRaises(UserError):
            asked.with_user(self.manager).unlink()
        asked.action_archive()
        self.assertEqual(asked.state, "stopped")

    def test_counts(self):
        program = self.program()
        anna = self.contact("Anna")
        self.consider(program, anna, self.contact("Ben", email=False))
        self.sent(program, anna, self.now, test=True)
        self.env["crm.nps.answer"].create(
            [
                {"program_id": program.id, "score": 9},
                {"program_id": program.id, "score": 9, "test": True},
                {"program_id": program.id, "score": 9, "state": "suspect"},
            ]
        )
        self.assertEqual(program.invitation_count, 2)
        self.assertEqual(program.answer_count, 1)
        found = self.env[INVITATION].search(program.action_view_invitations()["domain"])
        self.assertEqual(found, self.invitations(program))

    def test_a_trial_goes_to_who_asks_for_it(self):
        program = self.program(start=False).with_user(self.manager)
        self.manager.email = False
        with self.assertRaises(UserError):
            program.action_send_trial()
        self.manager.email = "Boss <boss@example.com>"
        sent = []
        model = self.registry[INVITATION]
        with patch.object(
            model, "_send_now", lambda invitation: sent.append(invitation)
        ):
            program.action_send_trial()
        [invitation] = sent
        self.assertRecordValues(
            invitation,
            [
                {
                    "program_id": program.id,
                    "partner_id": self.manager.partner_id.id,
                    "email": "boss@example.com",
                    "wave": "test",
                    "state": "planned",
                    "test": True,
                }
            ],
        )
        self.assertTrue(invitation.token_hash)
