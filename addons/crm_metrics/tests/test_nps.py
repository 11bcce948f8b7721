from odoo.exceptions import AccessError, ValidationError

from ..kernel import nps
from .nps_figures_case import NpsFiguresCase

#: wave, person, moment, score: nine answers of four persons and two nobodies
DEDUP = (
    ("w1", "p1", "2026-01-05 10:00:00", 6),
    ("w1", "p1", "2026-01-06 09:00:00", 9),
    ("w1", "p2", "2026-01-05 11:00:00", 10),
    ("w1", "p3", "2026-01-07 08:00:00", 0),
    ("w1", None, "2026-01-08 12:00:00", 8),
    ("w1", None, "2026-01-08 12:01:00", 3),
    ("w2", "p1", "2026-04-10 10:00:00", 7),
    ("w2", "p3", "2026-04-11 10:00:00", 9),
    ("w2", "p4", "2026-04-12 10:00:00", 10),
)


class TestVotes(NpsFiguresCase):
    """Which answers are votes, and of when."""

    def brief(self, **asked):
        result = self.nps(**asked)
        names = ("score", "promoters", "passives", "detractors")
        return tuple(result[name] for name in names)

    def make_dedup(self, **values):
        for wave, person, date, score in DEDUP:
            self.answer(score, date, person, wave=wave, **values)

    def test_one_vote_of_each_person_and_wave(self):
        self.make_dedup()
        self.assertEqual(self.brief(date_to="2026-01-31"), (0, 2, 1, 2))
        self.assertEqual(self.brief(date_from="2026-04-01"), (67, 2, 1, 0))
        self.assertEqual(self.brief(), (25, 4, 2, 2))

    def test_the_latest_of_the_range_counts(self):
        """Who has changed the mind after the range, has not done so in it."""
        self.make_dedup()
        self.assertEqual(self.brief(date_to="2026-01-05"), (0, 1, 0, 1))

    def test_waves_are_those_of_a_program(self):
        self.answer(9, person="p1")
        self.answer(9, person="p1", program_id=self.program_2.id)
        self.assertEqual(self.nps()["answers"], 2)

    def test_no_wave_is_one(self):
        self.answer(9, person="p1", wave=False)
        self.answer(3, "2026-03-11 10:00:00", person="p1", wave=False)
        self.answer(4, person="p1", wave="1")
        self.assertEqual(self.nps()["scores"], [0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0])

    def test_of_the_same_moment_the_later_one(self):
        self.answer(9, person="p1")
        self.answer(2, person="p1")
        self.assertEqual(self.brief(), (-100, 0, 0, 1))

    def test_zero_is_an_answer(self):
        self.answer(0)
        self.assertEqual(self.nps()["scores"], [1, *[0] * 10])

    def test_what_is_no_vote(self):
        self.answers(9, 9, 0)
        self.answer(10, test=True)
        self.answer(10, public=True)
        self.answer(10, state="suspect")
        self.answer(10, state="excluded", exclude_reason="Ours")
        self.assertEqual(self.brief(), (33, 2, 0, 1))

    def test_an_excluded_answer_lets_the_one_before_count(self):
        self.answer(9, "2026-03-10 10:00:00", "p1")
        self.answer(0, "2026-03-11 10:00:00", "p1", state="excluded")
        self.answer(8, person="p2")
        result = self.nps()
        self.assertEqual(result["score"], 50)
        self.assertEqual(
            result["excluded"], {"answers": 1, "score_with_them": -50}
        )  # 0 and 8

    def test_excluded_ones_beside_it(self):
        self.answers(9, 9, 9, 0)
        self.answer(0, state="excluded")
        self.answer(1, state="excluded", test=True)
        self.answer(1, state="excluded", public=True)
        self.assertEqual(self.nps()["excluded"], {"answers": 1, "score_with_them": 20})

    def test_public_ones_apart(self):
        self.answers(0, 0)
        self.answers(9, 10, 7, public=True)
        self.answer(0, public=True, state="suspect")
        result = self.nps()
        self.assertEqual(result["score"], -100)
        self.assertEqual(result["public"], {"score": 67, "answers": 3})
        self.assertEqual(result["suspects"], 1)

    def test_days_of_the_company(self):
        """In New York 31 January lasts until 5 o'clock of 1 February UTC."""
        self.company.resource_calendar_id.tz = "America/New_York"
        self.answer(9, "2026-02-01 04:59:59")
        self.answer(0, "2026-02-01 05:00:00")
        january, february, *_rest = self.nps()["trend"]
        self.assertEqual((january["score"], february["score"]), (100, -100))
        self.assertEqual(self.brief(date_to="2026-01-31"), (100, 1, 0, 0))
        self.assertEqual(self.brief(date_from="2026-02-01"), (-100, 0, 0, 1))

    def test_a_past_day(self):
        self.answers(9, 9, date="2026-03-10 10:00:00")
        self.answers(0, date="2026-03-11 10:00:00")
        result = self.nps(date_to="2026-03-10")
        self.assertEqual((result["score"], result["answers"]), (100, 2))
        self.assertEqual(result["meta"]["last_day"], "2026-03-10")
        self.assertTrue(result["trend"][-1]["partial"])

    def test_nothing_yet(self):
        result = self.nps(group_by="user")
        expected = {
            "score": None,
            "low": None,
            "high": None,
            "answers": 0,
            "promoters": 0,
            "passives": 0,
            "detractors": 0,
            "scores": [0] * 11,
            "accounts": {
                "score": None,
                "count": 0,
                "weighted_score": None,
                "coverage": None,
                "revenue": 0,
            },
            "public": {"score": None, "answers": 0},
            "change": {
                "compared_to": {"date_from": "2025-07-19", "date_to": "2025-12-31"},
                "score": None,
                "answers": 0,
                "delta": None,
                "low": None,
                "high": None,
                "p_value": None,
            },
            "skipped": [],
            "excluded": {"answers": 0, "score_with_them": None},
            "suspects": 0,
            "tags": [],
            "groups": [],
            "hidden": {"groups": 0, "answers": 0},
        }
        self.assertEqual({key: result[key] for key in expected}, expected)
        self.assertIsNone(result["response"]["rate"])
        self.assertIsNone(result["followup"]["median_hours"])
        self.assertEqual(len(result["trend"]), 6)

    def test_before_anything_is_known(self):
        self.answers(9)
        result = self.nps("2027-01-01", "2027-01-31")
        self.assertIsNone(result["change"]["compared_to"])
        self.assertEqual(result["answers"], 0)

    def test_the_first_day_there_is(self):
        change = self.nps("1900-01-01", "1900-01-02")["change"]
        self.assertEqual(
            change["compared_to"], {"date_from": "1899-12-30", "date_to": "1899-12-31"}
        )


class TestFigures(NpsFiguresCase):
    """Intervals, trend and change are those of the kernel."""

    def test_published_example(self):
        self.answers(*[10] * 10, *[7] * 5, *[6] * 5)
        result = self.nps()
        self.assertEqual(
            (result["score"], result["low"], result["high"]), (25, -11.72, 55.19)
        )

    def test_trend(self):
        self.answers(9, 8, 0, date="2026-02-10 10:00:00")
        self.answer(9, "2026-02-28 10:00:00", "p1")
        self.answer(0, "2026-03-01 10:00:00", "p1")
        result = self.nps("2026-02-05", "2026-07-31", grain="month")
        points = result["trend"]
        self.assertEqual(
            [(p["date_from"], p["date_to"], p["partial"]) for p in points[:2]],
            [("2026-02-05", "2026-02-28", True), ("2026-03-01", "2026-03-31", False)],
        )
        # p1 has a vote in each of the months, and one in both together
        self.assertEqual(
            [(p["score"], p["answers"]) for p in points],
            [(25, 4), (-100, 1), (None, 0), (None, 0), (None, 0), (None, 0)],
        )
        self.assertEqual(result["answers"], 4)
        # today is 15 June
        self.assertEqual([p["partial"] for p in points[2:]], [False, False, True, True])
        low, high = nps.interval(nps.Votes(2, 1, 1))
        self.assertEqual(
            (points[0]["low"], points[0]["high"]), (round(low, 2), round(high, 2))
        )

    def test_change(self):
        self.answers(*[9] * 5, *[7] * 3, *[0] * 2, date="2026-02-10 10:00:00")
        self.answers(*[9] * 12, *[7] * 5, *[0] * 3, date="2026-03-10 10:00:00")
        change = self.nps("2026-03-01", "2026-03-31")["change"]
        days = change.pop("compared_to")
        # as many days as March has
        self.assertEqual(days, {"date_from": "2026-01-29", "date_to": "2026-02-28"})
        expected = nps.compare(nps.Votes(5, 3, 2), nps.Votes(12, 5, 3))
        self.assertEqual(
            change,
            {
                "score": 30,
                "answers": 10,
                "delta": 15,
                "low": round(expected.low, 2),
                "high": round(expected.high, 2),
                "p_value": expected.p_value,
            },
        )

    def test_change_of_a_running_month(self):
        """As many days as are known by 15 June."""
        change = self.nps("2026-06-01", "2026-06-30")["change"]
        self.assertEqual(
            change["compared_to"], {"date_from": "2026-05-17", "date_to": "2026-05-31"}
        )

    def test_a_person_in_both_spans(self):
        self.answer(0, "2026-02-10 10:00:00", "p1")
        self.answer(9, "2026-03-10 10:00:00", "p1")
        change = self.nps("2026-03-01", "2026-03-31")["change"]
        self.assertEqual((change["score"], change["delta"]), (-100, 200))

    def test_comments_by_tag(self):
        price, service, unused = self.env["crm.nps.tag"].create(
            [{"name": name} for name in ("Price", "Service", "Unused")]
        )
        self.answers(0, 0, 0, 9, 7, comment="Dear", tag_ids=price.ids)
        self.answers(9, 9, comment="Fine", tag_ids=(price | service).ids)
        self.answers(3, comment="No tag")
        self.answers(3)
        self.answers(3, comment="Somebody's", tag_ids=unused.ids, state="suspect")
        self.assertEqual(
            self.nps()["tags"],
            [
                {"id": price.id, "name": "Price", "score": 0, "answers": 7},
                {"id": service.id, "name": "Service", "score": None, "answers": 2},
                {"id": None, "name": "Not tagged", "score": None, "answers": 1},
            ],
        )

    def test_followup(self):
        due = {"followup_due_at": "2026-03-11 10:00:00"}
        self.answer(0, first_contact_at="2026-03-10 14:00:00", **due)
        self.answer(
            1, first_contact_at="2026-03-11 20:00:00", outcome="recovered", **due
        )
        self.answer(2, **due)
        self.answer(3, followup_due_at="2026-06-16 10:00:00")
        self.answer(4)
        self.answer(5, first_contact_at="2026-03-11 10:00:00", outcome="lost")
        self.answer(7, outcome="lost")
        self.assertEqual(
            self.nps()["followup"],
            {
                "detractors": 6,
                "due": 4,
                "contacted": 3,
                "in_time": 1,
                "overdue": 1,
                "median_hours": 24,
                "outcomes": [
                    {"outcome": "recovered", "name": "Won Back", "count": 1},
                    {"outcome": "lost", "name": "Customer Lost", "count": 1},
                ],
            },
        )


class TestOptions(NpsFiguresCase):
    def test_bad_options(self):
        options = {"date_from": "2026-01-01", "date_to": "2026-06-30"}
        for key, value in (
            ("date_from", "2026"),
            ("program_ids", [0]),
            ("program_ids", self.program_elsewhere.ids),
            ("user_ids", "all"),
            ("group_by", "program"),
            ("plan_ids", [1]),
            ("grain", "hour"),
        ):
            with (
                self.subTest(key, value=value),
                self.assertRaisesRegex(ValidationError, f"^{key}: "),
            ):
                self.metrics().nps({**options, key: value})

    def test_who_may_ask(self):
        employee = self._user("nps_employee", "base.group_user")
        for call in (self.nps, lambda user: self.records("answers", user=user)):
            with self.assertRaises(AccessError):
                call(user=employee)

    def test_programs(self):
        self.answers(9, 9)
        self.answers(0, program_id=self.program_2.id)
        self.invite("answered", program_id=self.program_2.id)
        self.invite("answered")
        self.program_2.active = False
        result = self.nps(program_ids=self.program_2.ids)
        self.assertEqual(result["score"], -100)
        self.assertEqual(result["response"]["considered"], 1)
        self.assertEqual(self.nps()["answers"], 3)
        self.assertEqual(self.nps(program_ids=[])["answers"], 0)
