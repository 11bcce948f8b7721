from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form
from odoo.tools import mute_logger

from .nps_answer_case import NpsAnswerCase
from .nps_making import ANSWER


class TestNpsAnswer(NpsAnswerCase):
    """What was answered is nobody's to change."""

    def test_buckets(self):
        for score, bucket in (
            (0, "detractor"),
            (6, "detractor"),
            (7, "passive"),
            (8, "passive"),
            (9, "promoter"),
            (10, "promoter"),
        ):
            self.assertEqual(self.answer(score).bucket, bucket, score)

    def test_nobody_changes_an_answer(self):
        answer = self.answer(3, comment="No good")
        for user in (self.seller, self.manager):
            mine = self.as_user(answer, user)
            for name, value in (
                ("score", 10),
                ("comment", ""),
                ("state", "counted"),
                ("partner_id", False),
                ("program_id", self.program.id),
                ("wave", "x"),
                ("date", "2026-06-01 00:00:00"),
                ("first_contact_at", "2026-06-01 00:00:00"),
                ("exclude_reason", "mine"),
                ("public", True),
                ("test", True),
                ("email", "else@example.com"),
            ):
                with self.assertRaises(AccessError, msg=name):
                    mine.write({name: value})
        self.assertEqual((answer.score, answer.comment), (3, "No good"))

    def test_the_refusal_names_the_field(self):
        answer = self.as_user(self.answer(3), self.seller)
        with self.assertRaisesRegex(AccessError, "Comment, Score"):
            answer.write({"score": 5, "comment": "x", "outcome": "lost"})

    def test_tags_outcome_and_chatter_are_for_the_seller(self):
        answer = self.as_user(self.answer(3), self.seller)
        tag = self.env["crm.nps.tag"].with_user(self.seller).create({"name": "Price"})
        answer.write({"tag_ids": tag.ids, "outcome": "recovered"})
        answer.message_post(body="Called them")
        answer.activity_schedule("mail.mail_activity_data_todo", user_id=self.seller.id)
        self.assertEqual((answer.tag_ids, answer.outcome), (tag, "recovered"))
        self.assertTrue(answer.activity_ids)

    def test_nobody_deletes_an_answer(self):
        answer = self.answer(3)
        for user in (self.seller, self.manager):
            with self.assertRaises(AccessError):
                self.as_user(answer, user).unlink()

    def test_own_and_unassigned_accounts(self):
        own = self.answer(3)
        others = self.answer(4, self._customer("Theirs", user_id=self.seller_2.id))
        nobodys = self.answer(5, self._customer("Nobody's"))
        unknown = self.answer(6, partner_id=False)
        elsewhere = self.answer(
            7, program=self._program(company_id=self.other_company.id, user_id=1)
        )
        answers = own | others | nobodys | unknown | elsewhere
        answers = answers.with_context(active_test=False)

        def seen(user):
            domain = [("id", "in", answers.ids)]
            return self.as_user(answers, user).search(domain).sudo()

        self.assertEqual(seen(self.seller), own | nobodys | unknown)
        self.assertEqual(seen(self.seller_2), others | nobodys | unknown)
        self.assertEqual(seen(self.seller_all), answers - elsewhere)
        with self.assertRaises(AccessError):
            self.as_user(others, self.seller).read(["comment"])
        with self.assertRaises(AccessError):
            self.as_user(others, self.seller).write({"outcome": "lost"})

    def test_who_is_known_by_an_address_only(self):
        """Won without a contact: there is somebody to write to all the same."""
        lead = self.env["crm.lead"].create({"name": "Deal", "partner_id": False})
        nobody = self.env["res.partner"]
        values = {"person": "p", "lead_id": lead.id}
        asked = self.invite(nobody, email="zoe@example.com", **values)
        silent = self.invite(nobody, **values)
        known = self.answer(1, invitation=asked)
        by_deal = self.answer(1, invitation=silent)
        unknown = self.make_answer(self.program, 1)
        for user in (self.seller, self.seller_2, self.manager):
            answers = self.as_user(known | by_deal | unknown, user)
            self.assertEqual(
                answers.mapped("display_name"), ["zoe@example.com", "Deal", "Anonymous"]
            )
            self.assertEqual(
                answers.invitation_id.mapped("display_name"),
                ["zoe@example.com", "Deal"],
            )
        self.assertEqual(self.answer(1).display_name, self.contact.display_name)
        mine = self.as_user(known, self.seller)
        with Form(mine) as form:
            self.assertEqual(form.invitation_email, "zoe@example.com")
            form.outcome = "not_reached"
        self.assertEqual(known.outcome, "not_reached")
        with self.assertRaises(AssertionError), Form(unknown) as form:
            form.outcome = "not_reached"
        # what was erased is gone from here as well
        known._anonymise()
        asked._anonymise()
        names = known.display_name, asked.display_name
        self.assertEqual(names, ("Anonymous", "Anonymous"))

    def test_scores_that_are_none(self):
        for score in (None, False, True, 11, -1, 7.5, "7", ""):
            with self.assertRaisesRegex(ValidationError, "Score"):
                self.answer(score)
        answer = self.answer(0)
        with self.assertRaisesRegex(ValidationError, "Score"):
            answer.write({"score": False})
        self.assertEqual(answer.score, 0)

    def enter(self, *rows):
        """Let a manager enter answers."""
        answers = self.as_user(self.env[ANSWER], self.manager)
        return answers.create(
            [
                {"program_id": self.program.id, "wave": "batch,v", "score": 10, **row}
                for row in rows
            ]
        )

    def test_nobody_votes_in_the_place_of_a_customer(self):
        """By the contact, the address or both; with whatever is entered beside it."""
        answer = self.answer(0, wave="batch,v")
        other = self._contact("Bob")
        for given in (
            {"partner_id": self.contact.id},
            {"email": "Ann@Example.com"},
            {"partner_id": self.contact.id, "email": "other@example.com"},
            {"partner_id": other.id, "email": "ann@example.com"},
            {"partner_id": self.contact.id, "date": "2026-06-01 00:00:00"},
        ):
            with self.assertRaisesRegex(ValidationError, "Wave.*exclude", msg=given):
                self.enter({"partner_id": other.id}, given)
        # what is another vote
        self.enter(
            {"partner_id": other.id},
            {"partner_id": self.contact.id, "wave": "batch,w"},
            {"partner_id": self.contact.id, "wave": False},
            {"partner_id": self.contact.id, "program_id": self._program().id},
            {},
        )
        mine = self.as_user(answer, self.manager)
        mine._exclude("Vic had it explained")
        self.enter({"partner_id": self.contact.id})
        self.assertEqual(answer.exclude_reason, "Vic had it explained")

    def test_what_stands_in_nobodys_way(self):
        """Neither an answer that was entered itself, nor one that does not count."""
        self.enter({"partner_id": self.contact.id})
        self.enter({"partner_id": self.contact.id, "score": 9})
        self.answer(0, wave="batch,w", state="suspect", suspect_reason="fast")
        self.enter({"partner_id": self.contact.id, "wave": "batch,w"})

    def test_whose_address_was_corrected(self):
        self.answer(0, wave="batch,v")
        self.contact.email = "ann@elsewhere.example"
        with self.assertRaisesRegex(ValidationError, "Wave"):
            self.enter({"email": "ann@elsewhere.example"})

    def test_as_many_queries_for_many_that_are_entered(self):
        def queries(wave, count):
            self.env.flush_all()
            before = self.cr.sql_log_count
            self.enter(
                *({"email": f"e{n}@example.com", "wave": wave} for n in range(count))
            )
            self.env.flush_all()
            return self.cr.sql_log_count - before

        queries("warm", 1)
        few = queries("few", 3)
        self.assertLessEqual(queries("many", 40), few)

    def test_a_comment_is_text(self):
        comment = "<script>alert(1)</script> =1+1 \u202eabc & ümlaut"
        answer = self.answer(3, comment=comment)
        self.assertEqual(answer.comment, comment)
        self.assertEqual(type(answer.comment), str)


class TestNpsAnonymous(NpsAnswerCase):
    """Anonymous answers keep no link, and no time but the day."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.secret = cls._program(anonymous=True)

    def stored(self, answer):
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT partner_id, account_id, lead_id, invitation_id, person, date, "
            "create_date, write_date FROM crm_nps_answer WHERE id = %s",
            [answer.id],
        )
        return self.env.cr.fetchone()

    def test_no_link_and_no_moment(self):
        answer = self.answer(2, program=self.secret, date="2026-06-12 21:34:56")
        *links, date, created, written = self.stored(answer)
        self.assertEqual(links, [None] * 5)
        self.assertEqual(str(date), "2026-06-12 12:00:00")
        self.assertEqual((created, written), (date, date))
        self.assertFalse(answer.message_ids)
        self.assertFalse(answer.message_partner_ids)

    def test_no_wave_that_names_somebody(self):
        for wave, kept in (
            ("wave,2", "wave,2"),
            ("crm.lead,5", False),
            ("batch,2026-06-12 08:00:00-2", False),
        ):
            answer = self.answer(2, wave=wave, program=self.secret)
            self.assertEqual(answer.wave, kept)

    def test_nor_by_a_correction(self):
        tracked = {"tracking_disable": False}
        answer = self.answer(2, program=self.secret).with_context(**tracked)
        answer.write({"score": 9, "comment": "Better"})
        self.env.cr.precommit.run()
        date, *moments = self.stored(answer)[5:]
        self.assertEqual(moments, [date, date])
        self.assertFalse(answer.message_ids)

    def test_the_day_is_the_company_s(self):
        self.company.resource_calendar_id.tz = "Pacific/Auckland"
        answer = self.answer(2, program=self.secret, date="2026-06-12 21:34:56")
        # the 13th there
        self.assertEqual(str(answer.date), "2026-06-13 00:00:00")

    def test_none_is_followed_up(self):
        answer = self.answer(0, program=self.secret)
        self.assertNotIn(answer, answer.search(answer._unhappy_domain()))

    def test_the_invitation_knows_no_moment_either(self):
        invitation = self.invite(program=self.secret)
        invitation.write({"state": "answered", "answered_at": "2026-06-12 21:34:56"})
        invitation._forget_moment()
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT answered_at, write_date = create_date FROM crm_nps_invitation "
            "WHERE id = %s",
            [invitation.id],
        )
        answered_at, is_blurred = self.env.cr.fetchone()
        self.assertEqual(str(answered_at), "2026-06-12 12:00:00")
        self.assertTrue(is_blurred)


class TestNpsEntered(NpsAnswerCase):
    """A manager enters or imports what was answered elsewhere."""

    def enter(self, user=None, **values):
        answers = self.as_user(self.env[ANSWER], user or self.manager)
        return answers.create(
            {"program_id": self.program.id, "wave": "2025", "score": 3, **values}
        )

    def test_the_contact_is_known(self):
        answer = self.enter(partner_id=self.contact.id).sudo()
        self.assertEqual(answer.person, self.invite().person)
        self.assertEqual(answer.account_id, self.customer)
        self.assertEqual(answer.state, "counted")

    def test_the_address_is_known(self):
        answer = self.enter(email="  Ann <ANN@example.com> ").sudo()
        self.assertEqual(answer.partner_id, self.contact)
        self.assertEqual(answer.person, self.invite().person)

    def test_an_address_of_nobody_or_of_two(self):
        self._contact("Ann")
        person = self.invite().person
        both = self.enter(email="ann@example.com").sudo()
        self.assertEqual((both.partner_id.ids, both.person), ([], person))
        nobody = self.enter(email="zoe@example.com").sudo()
        self.assertFalse(nobody.partner_id)
        self.assertTrue(nobody.person)
        self.assertNotEqual(nobody.person, person)

    def test_nobody_at_all(self):
        self.assertFalse(self.enter().sudo().person)

    def test_what_only_the_pages_know(self):
        for name, value in (
            ("state", "excluded"),
            ("public", True),
            ("test", True),
            ("invitation_id", self.invite().id),
            ("person", "x"),
            ("edit_hash", "x"),
            ("first_contact_at", "2026-06-01 00:00:00"),
            ("company_id", self.other_company.id),
        ):
            with self.assertRaises(AccessError, msg=name):
                self.enter(**{name: value})
        answers = self.env[ANSWER].with_context(default_public=True, default_test=True)
        answer = self.as_user(answers, self.manager).create(
            {"program_id": self.program.id, "score": 3}
        )
        self.assertFalse(answer.public or answer.test)

    def test_a_seller_enters_none(self):
        for user in (self.seller, self.seller_all):
            with self.assertRaises(AccessError):
                self.enter(user)

    def test_a_date_ahead(self):
        with self.assertRaisesRegex(ValidationError, "Date"):
            self.enter(date="2026-06-15 10:00:01")

    @mute_logger("odoo.sql_db")
    def test_the_database_minds_as_well(self):
        answer = self.answer(3)
        with self.assertRaises(CheckViolation), self.env.cr.savepoint():
            self.env.cr.execute(
                "UPDATE crm_nps_answer SET score = 11 WHERE id = %s", [answer.id]
            )
