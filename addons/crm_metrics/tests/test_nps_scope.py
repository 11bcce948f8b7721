from odoo import Command
from odoo.exceptions import ValidationError

from .nps_figures_case import NpsFiguresCase


class ScopeCase(NpsFiguresCase):
    """Accounts of two salespersons of two teams, and of nobody."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["crm.team.member"].create(
            [
                {"crm_team_id": team.id, "user_id": user.id}
                for team, user in (
                    (cls.team, cls.seller),
                    (cls.team_2, cls.seller_2),
                )
            ]
        )
        cls.peru, cls.fiji = cls.env.ref("base.pe"), cls.env.ref("base.fj")
        cls.own = cls._customer(
            "Own", user_id=cls.seller.id, country_id=cls.peru.id, is_company=True
        )
        cls.others = cls._customer(
            "Other's", user_id=cls.seller_2.id, country_id=cls.fiji.id
        )
        # a person of a company has the salesperson of the company
        cls.employee = cls._customer(
            "Employee", parent_id=cls.own.id, user_id=cls.seller_2.id
        )


class TestGroups(ScopeCase):
    def make_answers(self, own, others, nobodys=(), **values):
        self.answers(*own, partner_id=self.employee.id, **values)
        self.answers(*others, partner_id=self.others.id, **values)
        self.answers(*nobodys, **values)

    def groups(self, by="user", **asked):
        result = self.nps(group_by=by, **asked)
        return {group["id"]: group for group in result["groups"]}, result["hidden"]

    def test_by_salesperson_team_and_country_of_the_account(self):
        self.make_answers([9] * 6, [0] * 5, [7] * 5)
        for by, first, second in (
            ("user", self.seller, self.seller_2),
            ("team", self.team, self.team_2),
            ("country", self.peru, self.fiji),
        ):
            with self.subTest(by):
                groups, hidden = self.groups(by)
                self.assertEqual(
                    {id_: (g["score"], g["answers"]) for id_, g in groups.items()},
                    {first.id: (100, 6), second.id: (-100, 5), None: (0, 5)},
                )
                self.assertEqual(groups[first.id]["name"], first.display_name)
                self.assertEqual(groups[None]["name"], "Not set")
                self.assertEqual(hidden, {"groups": 0, "answers": 0})

    def test_filters_give_what_the_groups_give(self):
        self.make_answers([9] * 6, [0] * 5, [7] * 5)
        # one person under two accounts: the later answer counts, wherever one looks
        self.answer(9, "2026-03-10 10:00:00", "p1", partner_id=self.own.id)
        self.answer(0, "2026-03-11 10:00:00", "p1", partner_id=self.others.id)
        self.invite("answered", partner_id=self.employee.id)
        self.invite("sent", partner_id=self.others.id)
        self.enter(70, "2026-03-01", self.own)
        self.enter(30, "2026-03-01", self.others)
        for by, ids in (
            ("user", (self.seller + self.seller_2).ids),
            ("team", (self.team + self.team_2).ids),
            ("country", (self.peru + self.fiji).ids),
        ):
            groups, _hidden = self.groups(by)
            for id_ in ids:
                with self.subTest(by, id=id_):
                    alone = self.nps(**{f"{by}_ids": [id_]})
                    group = {
                        key: value
                        for key, value in groups[id_].items()
                        if key not in ("id", "name", "public")
                    }
                    self.assertEqual({key: alone[key] for key in group}, {**group})
        self.assertEqual(groups[self.peru.id]["answers"], 6)
        self.assertEqual(groups[self.peru.id]["accounts"]["coverage"], 1)

    def test_a_small_group_takes_the_next_one_with_it(self):
        self.make_answers([9] * 4, [0] * 6, [7] * 9)
        groups, hidden = self.groups()
        self.assertEqual(set(groups), {None})
        self.assertEqual(hidden, {"groups": 2, "answers": 10})

    def test_two_small_ones_that_are_enough_together(self):
        self.make_answers([9] * 4, [0] * 1, [7] * 9)
        groups, hidden = self.groups()
        self.assertEqual(set(groups), {None})
        self.assertEqual(hidden, {"groups": 2, "answers": 5})

    def test_the_whole_is_shown_from_one_answer_on(self):
        self.make_answers([9], [])
        result = self.nps(group_by="user")
        self.assertEqual((result["score"], result["groups"]), (100, []))
        self.assertEqual(result["hidden"], {"groups": 1, "answers": 1})

    def test_small_parts_of_large_groups(self):
        """A single answer of May, and what would tell it."""
        self.make_answers([9] * 8, [9] * 8, date="2026-04-10 10:00:00")
        self.make_answers([9] * 9, [9] * 9, date="2026-06-10 10:00:00")
        self.make_answers([0], [9] * 7, date="2026-05-10 10:00:00")
        result = self.nps("2026-04-01", "2026-06-15", group_by="user")
        for group in result["groups"]:
            april, may, june = group["trend"]
            for point in (april, may):
                self.assertEqual(
                    [point[key] for key in ("score", "low", "high", "answers")],
                    [None] * 4,
                )
            self.assertEqual(june["score"], 100)
        self.assertEqual([p["answers"] for p in result["trend"]], [16, 8, 18])

    def test_a_small_span_before(self):
        self.make_answers([0], [9] * 7, [9] * 8, date="2026-02-10 10:00:00")
        self.make_answers([9] * 5, [9] * 5, [9] * 5, date="2026-03-10 10:00:00")
        groups, hidden = self.groups(date_from="2026-03-01", date_to="2026-03-31")
        self.assertEqual(hidden["groups"], 0)
        for seller in (self.seller, self.seller_2):
            change = groups[seller.id]["change"]
            self.assertTrue(change.pop("compared_to"))
            self.assertEqual(set(change.values()), {None})
        self.assertEqual(groups[None]["change"]["delta"], 0)


class TestRights(ScopeCase):
    def setUp(self):
        super().setUp()
        self.answers(9, 9, partner_id=self.employee.id)
        self.answers(0, partner_id=self.others.id)
        self.answers(7)
        self.invite("answered", partner_id=self.employee.id)
        self.invite("sent", partner_id=self.others.id)
        self.invite("bounced")
        self.enter(100, "2026-03-01", self.own, user_id=self.seller.id)
        self.enter(300, "2026-03-01", self.others, user_id=self.seller_2.id)

    def test_a_salesperson_sees_own_accounts_and_those_of_nobody(self):
        result = self.nps(user=self.seller)
        self.assertEqual(result["scores"], [0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 0])
        self.assertEqual(result["response"]["considered"], 2)
        self.assertEqual(result["accounts"]["coverage"], 1)
        records = self.records("answers", user=self.seller)
        self.assertEqual(len(records), 3)
        self.assertFalse(records.account_id - self.own)

    def test_who_may_see_all(self):
        for user in (self.seller_all, self.manager):
            result = self.nps(user=user)
            self.assertEqual(result["answers"], 4)
            self.assertEqual(result["accounts"]["coverage"], 1)
            self.assertEqual(result["accounts"]["weighted_score"], -50)

    def test_of_an_archived_account_too(self):
        self.own.active = False
        self.assertEqual(self.nps(user=self.seller)["answers"], 3)

    def test_an_account_changes_hands(self):
        self.own.user_id = self.seller_2
        self.assertEqual(self.nps(user=self.seller)["answers"], 1)
        self.assertEqual(self.nps(user=self.seller_2)["answers"], 4)


class TestCompanies(NpsFiguresCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.both = cls.company | cls.other_company
        cls.other_company.currency_id = cls.eur
        cls.manager_2 = cls._user("nps_manager_2", "group_sale_manager", cls.both)
        cls.other = cls._customer("Other")

    def setUp(self):
        super().setUp()
        self.eur_rate = self.rate(self.eur, "2026-01-01", 0.5)
        self.rate(self.usd, "2026-01-01", 2, self.other_company)

    def nps(self, *dates, **asked):
        return super().nps(*dates, user=self.manager_2, **asked)

    def test_selected_and_asked_for(self):
        self.answers(9)
        self.answers(0, program_id=self.program_elsewhere.id)
        self.invite("sent", program_id=self.program_elsewhere.id)
        self.assertEqual(self.nps()["score"], 100)
        self.assertEqual(self.nps()["response"]["considered"], 0)
        self.assertEqual(self.nps(company_ids=self.other_company.ids)["score"], -100)
        self.assertEqual(self.nps(company_ids=self.both.ids)["answers"], 2)
        with self.assertRaisesRegex(ValidationError, "^company_ids: "):
            NpsFiguresCase.nps(self, company_ids=self.both.ids)

    def test_a_person_of_both(self):
        """Programs belong to a company, so do waves."""
        self.answers(9, person="p1")
        self.answers(0, person="p1", program_id=self.program_elsewhere.id)
        self.assertEqual(self.nps(company_ids=self.both.ids)["answers"], 2)

    def test_weights_in_the_currency_of_the_main_one(self):
        """1,000 euros are 2,000 dollars; 500 dollars came back elsewhere."""
        self.answers(9, partner_id=self.customer.id)
        self.answers(0, partner_id=self.other.id, program_id=self.program_elsewhere.id)
        self.enter(1000, partner=self.other, company_id=self.other_company.id)
        self.enter(-500, partner=self.other)
        self.enter(500)
        result = self.nps(company_ids=self.both.ids)
        self.assertEqual(result["meta"]["currency"], "USD")
        self.assertEqual(
            result["accounts"],
            {
                "score": 0,
                "count": 2,
                "weighted_score": -50,
                "coverage": 1,
                "revenue": 2000,
            },
        )
        result = self.nps(company_ids=self.both[::-1].ids)
        self.assertEqual(result["meta"]["currency"], "EUR")
        self.assertEqual(result["accounts"]["revenue"], 1000)

    def test_no_rate(self):
        self.eur_rate.unlink()
        with self.assertRaisesRegex(ValidationError, "no rate of EUR"):
            self.nps(company_ids=self.both.ids)

    def test_days_of_the_main_one(self):
        self.company.resource_calendar_id.tz = "Asia/Tokyo"
        self.other_company.resource_calendar_id.tz = "America/New_York"
        self.answers(9, date="2026-01-31 20:00:00")
        for companies, months in ((self.both, [0, 1]), (self.both[::-1], [1, 0])):
            trend = self.nps(company_ids=companies.ids)["trend"]
            self.assertEqual([point["answers"] for point in trend[:2]], months)


class TestRecords(ScopeCase):
    """What is behind a number is what the number counts."""

    def setUp(self):
        super().setUp()
        tag = self.tag = self.env["crm.nps.tag"].create({"name": "Price"})
        due = {"followup_due_at": "2026-03-11 10:00:00"}
        for score in range(11):
            self.answer(
                score,
                partner_id=(self.own, self.others, self.employee)[score % 3].id,
                person=f"p{score}",
                comment=score % 2 and "Comment",
                tag_ids=[Command.set(tag.ids if score % 4 == 0 else [])],
            )
        # the first answer of p10, which counts no more
        self.answer(0, "2026-03-09 10:00:00", "p10", comment="Before")
        self.answer(1, first_contact_at="2026-03-10 14:00:00", **due)
        self.answer(
            2, first_contact_at="2026-03-12 14:00:00", outcome="recovered", **due
        )
        self.answer(3, **due)
        self.answer(4, followup_due_at="2026-06-16 10:00:00", outcome="lost")
        self.answer(9, public=True, partner_id=self.own.id)
        self.answer(9, state="excluded")
        self.answer(9, state="suspect")
        self.answer(9, "2026-07-10 10:00:00")
        for state in ("planned", "failed", "sending", "sent", "answered"):
            self.invite(state, partner_id=self.own.id)
        for state in ("declined", "expired", "bounced"):
            self.invite(state)
        for reason in ("late", "late", "no_email"):
            self.invite("skipped", skip_reason=reason, partner_id=self.others.id)
        self.invite("sent", test=True)

    def test_each_figure(self):
        result = self.nps()
        numbers = {
            **{
                (name, None): result[name]
                for name in ("answers", "promoters", "passives", "detractors")
            },
            **{("score", n): count for n, count in enumerate(result["scores"])},
            **{("tag", row["id"]): row["answers"] for row in result["tags"]},
            **{
                (name, None): count
                for name, count in result["response"].items()
                if name != "rate"
            },
            **{("skipped", row["reason"]): row["count"] for row in result["skipped"]},
            **{
                (name, None): result["followup"][name]
                for name in ("due", "contacted", "in_time", "overdue")
            },
            **{
                ("outcome", row["outcome"]): row["count"]
                for row in result["followup"]["outcomes"]
            },
            ("outcome", "understood"): 0,
            ("public", None): result["public"]["answers"],
            ("excluded", None): result["excluded"]["answers"],
            ("suspects", None): result["suspects"],
            ("accounts", None): result["accounts"]["count"],
        }
        for (figure, value), number in numbers.items():
            with self.subTest(figure, value=value):
                self.assertEqual(len(self.records(figure, value)), number)
        self.assertEqual(numbers["detractors", None], 11)
        detractors = self.records("detractors")
        self.assertEqual(
            detractors,
            self.records("contacted") | self.records("not_contacted"),
        )
        self.assertEqual(
            detractors - self.records("outcome", None),
            self.records("outcome", "recovered") | self.records("outcome", "lost"),
        )

    def test_by_group(self):
        for figure in ("answers", "detractors", "public", "considered", "skipped"):
            whole = self.records(figure)
            parts = [
                self.records(figure, None, group, group_by="user")
                for group in (self.seller.id, self.seller_2.id, None)
            ]
            with self.subTest(figure):
                self.assertEqual(sum(map(len, parts)), len(whole))
                self.assertEqual(parts[0] | parts[1] | parts[2], whole)
                self.assertLessEqual(parts[0].account_id, self.own)
                self.assertLessEqual(parts[1].account_id, self.others)
                self.assertFalse(parts[2].account_id)

    def test_a_point_of_the_trend(self):
        """p10 has a vote in both halves of March, and one in both together."""
        self.answer(0, "2026-03-01 10:00:00", "p10")
        answers = self.records("score", 0, date_to="2026-03-05")
        self.assertEqual(answers.mapped("person"), ["p10"])
        self.assertNotIn("p10", self.records("score", 0).mapped("person"))

    def test_what_does_not_go_together(self):
        for figure, value, group in (
            ("nothing", None, False),
            ("rate", None, False),
            ("score", None, False),
            ("score", 11, False),
            ("score", "9", False),
            ("score", True, False),
            ("tag", "Price", False),
            ("outcome", "won", False),
            ("skipped", "nothing", False),
            ("answers", 1, False),
            ("answers", None, 1),
            ("answers", None, None),
        ):
            with (
                self.subTest(figure, value=value, group=group),
                self.assertRaisesRegex(ValidationError, "^(figure|value|group): "),
            ):
                self.records(figure, value, group)
