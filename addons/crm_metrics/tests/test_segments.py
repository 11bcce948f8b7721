from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .test_customer_score import RUN, SCORE, ScoreCase


class SegmentsCase(ScoreCase):
    def metrics(self, user=None):
        user = user or self.seller_all
        metrics = self.env["crm.metrics"].with_user(user)
        return metrics.with_context(allowed_company_ids=user.company_ids.ids)

    def segments(self, user=None, **options):
        return self.metrics(user).segments(options)


@tagged("post_install", "-at_install")
class TestSegments(SegmentsCase):
    """What the screen of segments is made from."""

    def test_the_last_run(self):
        self.buy(1, 2, 3)
        self.score("2026-04-30")
        self.buy(4, month="2026-05")
        run = self.score("2026-05-31")
        result = self.segments()
        self.assertEqual(result["meta"]["date"], "2026-05-31")
        self.assertEqual(result["meta"]["currency"], "USD")
        self.assertEqual(result["meta"]["window_months"], 24)
        self.assertEqual(
            result["runs"],
            [
                {"date": "2026-05-31", "customers": 3},
                {"date": "2026-04-30", "customers": 3},
            ],
        )
        self.assertEqual(result["run_ids"], run.ids)
        self.assertEqual(result["previous_run_ids"], run._previous().ids)

    def test_cells_and_segments_hold_each_customer_once(self):
        self.buy(1, 2, 3, 4, 5)
        run = self.score()
        scores = self.scores(run)
        result = self.segments()
        self.assertEqual(len(result["cells"]), 25)
        for part in ("cells", "segments"):
            customers = sum(each["customers"] for each in result[part])
            revenue = sum(each["revenue"] for each in result[part])
            self.assertEqual(customers, 5)
            self.assertAlmostEqual(revenue, sum(scores.mapped("monetary")))
        found = {
            (cell["recency"], cell["frequency_money"]): cell["segment_id"]
            for cell in result["cells"]
            if cell["customers"]
        }
        for score in scores:
            place = (score.r, (score.f + score.m + 1) // 2)
            self.assertEqual(found[place], score.segment_id.id)
        # an empty cell has the segment of the map
        self.assertFalse([cell for cell in result["cells"] if not cell["segment_id"]])
        names = [segment["name"] for segment in result["segments"]]
        self.assertEqual(
            names, self.env["crm.customer.segment"].search([]).mapped("name")
        )

    def test_an_older_run(self):
        self.buy(1)
        self.score("2026-04-30")
        self.score("2026-05-31")
        result = self.segments(date="2026-05-15")
        self.assertEqual(result["meta"]["date"], "2026-04-30")
        self.assertEqual(result["previous_run_ids"], [])
        # a first run has nobody who moved
        self.assertEqual(result["migrations"], [])

    def test_who_moved_where(self):
        self.buy(1, 2, 3)
        before = self.score("2026-04-30")
        self.buy(0, 0, 0, 1, 9, month="2026-05")
        self.enter(1, "2023-01-01", self.people[0])
        after = self.score("2026-05-31", window_months=24)
        # nobody bought of the first three for so long that they are not scored
        gone = self.score("2026-06-14", window_months=1)
        result = self.segments(date="2026-05-31")
        moves = result["migrations"]
        self.assertEqual(sum(move["customers"] for move in moves), 5)
        new = [move for move in moves if move["previous_segment_id"] is None]
        self.assertEqual(sum(move["customers"] for move in new), 2)
        previous = {
            segment["name"]: segment["previous"] for segment in result["segments"]
        }
        self.assertEqual(sum(previous.values()), len(self.scores(before)))
        moves = self.segments()["migrations"]
        lost = [move for move in moves if move["segment_id"] is None]
        self.assertEqual(
            sum(move["customers"] for move in lost),
            len(self.scores(after)) - len(self.scores(gone)),
        )

    def test_profile(self):
        germany = self.env.ref("base.de")
        for partner in self.people[:2]:
            partner.country_id = germany
        self.buy(1, 1, 5)
        run = self.score()
        everybody = self.segments()["profile"]["country"]
        self.assertEqual(
            [(row["id"], row["customers"], row["everybody"]) for row in everybody],
            [(germany.id, 2, 2), (None, 1, 1)],
        )
        segment = self.scores(run)[0].segment_id
        [row] = self.segments(segment_ids=segment.ids)["profile"]["country"]
        self.assertEqual((row["name"], row["everybody"]), ("Germany", 2))
        sizes = self.segments()["profile"]["size"]
        self.assertEqual(
            [(row["id"], row["name"]) for row in sizes], [("person", "Person")]
        )

    def test_narrowed(self):
        self.people[0].user_id = self.seller
        self.people[1].country_id = self.env.ref("base.de")
        self.buy(1, 1, 1)
        self.score()
        for options, count in (
            ({"user_ids": self.seller.ids}, 1),
            ({"country_ids": self.env.ref("base.de").ids}, 1),
            ({"user_ids": []}, 0),
            ({}, 3),
        ):
            result = self.segments(**options)
            found = sum(segment["customers"] for segment in result["segments"])
            self.assertEqual(found, count, options)

    def test_nothing_scored(self):
        result = self.segments()
        self.assertIsNone(result["meta"]["date"])
        self.assertEqual(result["runs"], [])
        self.assertEqual(sum(cell["customers"] for cell in result["cells"]), 0)

    def test_two_companies_in_one_currency(self):
        self.other_company.currency_id = self.eur
        self.rate(self.eur, "2026-01-01", 0.5)
        self.seller_all.company_ids |= self.other_company
        self.manager.company_ids |= self.other_company
        self.enter(100)
        self.enter(100, company_id=self.other_company.id)
        self.score("2026-05-31")
        self.score("2026-04-30", company=self.other_company)
        result = self.segments(company_ids=(self.company | self.other_company).ids)
        # one euro is two dollars; a customer counts in each company
        self.assertEqual(sum(each["revenue"] for each in result["segments"]), 300)
        self.assertEqual(sum(each["customers"] for each in result["segments"]), 2)
        self.assertEqual(len(result["run_ids"]), 2)

    def test_bad_options(self):
        for options, key in (
            ([], "options"),
            ({"grain": "month"}, "grain"),
            ({"date": "yesterday"}, "date"),
            ({"segment_ids": [0]}, "segment_ids"),
            ({"user_ids": "1"}, "user_ids"),
            ({"company_ids": self.other_company.ids}, "company_ids"),
        ):
            with self.subTest(key), self.assertRaisesRegex(ValidationError, f"^{key}:"):
                self.metrics().segments(options)

    def test_rights(self):
        self.people[0].user_id = self.seller
        self.people[1].user_id = self.seller_2
        self.buy(1, 1, 1)
        self.score("2026-04-30")
        self.score("2026-05-31")
        for user, count in ((self.seller, 2), (self.seller_all, 3), (self.manager, 3)):
            result = self.segments(user)
            for part in ("segments", "cells", "migrations"):
                found = sum(each["customers"] for each in result[part])
                self.assertEqual(found, count, (user.login, part))
            for rows in result["profile"].values():
                self.assertEqual(sum(row["everybody"] for row in rows), count)
        clerk = self._user("metrics_clerk_3", "base.group_user")
        with self.assertRaises(AccessError):
            self.segments(clerk)


@tagged("post_install", "-at_install")
class TestScoreNow(SegmentsCase):
    def score_now(self, user):
        runs = self.env[RUN].with_user(user)
        runs = runs.with_context(allowed_company_ids=user.company_id.ids)
        return self.env[RUN].browse(runs.action_score_now())

    def test_score_now(self):
        self.buy(1, 2)
        self.refresh()
        run = self.score_now(self.manager)
        self.assertEqual((run.date.isoformat(), run.customers), ("2026-06-15", 2))
        # again: the run of today is made anew
        self.buy(0, 0, 1)
        self.refresh()
        self.assertEqual(self.score_now(self.manager), run)
        self.assertEqual(run.customers, 3)
        self.assertEqual(len(self.env[SCORE].search([("run_id", "=", run.id)])), 3)

    def test_what_waits_is_refreshed_before(self):
        self.refresh()
        self.buy(1, 2)
        self.env.flush_all()
        self.assertEqual(self.segments()["meta"]["queued"], 2)
        run = self.score_now(self.manager)
        self.assertEqual(run.customers, 2)
        self.assertEqual(self.segments()["meta"]["queued"], 0)
        self.buy(0, 0, 1)
        run.with_user(self.manager).action_run()
        self.assertEqual(run.customers, 3)
        self.buy(0, 0, 0, 1)
        other = self.env[RUN].with_user(self.manager).create({"date": "2026-06-14"})
        self.assertEqual(other.customers, 4)

    def test_not_while_somebody_else_refreshes(self):
        self.refresh()
        self.buy(1, 2)
        self.env.flush_all()
        slots = self.registry["crm.metrics.slot"]
        with patch.object(slots, "_take", lambda *args, **kwargs: []):
            with self.assertRaisesRegex(UserError, "^2 customers are waiting"):
                self.score_now(self.manager)
            # the monthly run is left for another day
            with self.enter_registry_test_mode():
                self.env.ref("crm_metrics.ir_cron_score").method_direct_trigger()
        self.assertFalse(self.env[RUN].search([("company_id", "=", self.company.id)]))
        with self.enter_registry_test_mode():
            self.env.ref("crm_metrics.ir_cron_score").method_direct_trigger()
        run = self.env[RUN].search([("company_id", "=", self.company.id)])
        self.assertEqual(run.customers, 2)

    def test_what_is_left_out_is_counted(self):
        lead = self.deal(500)
        lead.date_closed = False
        self.buy(1)
        self.score("2026-05-31")
        self.assertEqual(self.segments()["meta"]["issues"]["no_date"], 1)

    def test_nothing_to_score(self):
        with self.assertRaisesRegex(UserError, "There is no purchase yet"):
            self.score_now(self.manager)

    def test_for_administrators_only(self):
        self.buy(1)
        self.refresh()
        for user in (self.seller, self.seller_all):
            with self.assertRaises(AccessError):
                self.score_now(user)


@tagged("post_install", "-at_install")
class TestNvlCustomers(SegmentsCase):
    """Who is behind new and lost customers: as many as the figures say."""

    def setUp(self):
        super().setUp()
        for partner, months in zip(
            self.people,
            ("2026-01 2026-03", "2026-01 2026-02", "2026-02", "2026-03"),
            strict=False,
        ):
            for month in months.split():
                self.enter(10, f"{month}-10", partner)
        self.enter(10, "2026-03-01", partner=False)
        self.refresh()

    def customers(self, figure, date_from, date_to, user=None, **options):
        found = self.metrics(user).nvl_customers(
            {"date_from": date_from, "date_to": date_to, **options}, figure
        )
        people = [partner.id for partner in self.people]
        return [
            [people.index(id_) + 1 for id_ in company["partner_ids"]]
            for company in found["companies"]
        ]

    def test_new_and_lost(self):
        for month, new, lost in (
            ("01", [1, 2], []),
            ("02", [3], [1]),
            ("03", [4], [2, 3]),
        ):
            last = {"01": 31, "02": 28, "03": 31}[month]
            days = (f"2026-{month}-01", f"2026-{month}-{last}")
            self.assertEqual(sum(self.customers("new", *days), []), new, month)
            self.assertEqual(sum(self.customers("lost", *days), []), lost, month)
            [period] = self.metrics().nvl({"date_from": days[0], "date_to": days[1]})[
                "periods"
            ]
            self.assertEqual(period["new_customers"], len(new))
            self.assertEqual(period["lost_customers"], len(lost))

    def test_where_they_bought(self):
        metrics = self.metrics()
        options = {"date_from": "2026-03-05", "date_to": "2026-03-20"}
        found = metrics.nvl_customers(options, "lost")
        self.assertEqual(
            (found["date_from"], found["date_to"]), ("2026-02-01", "2026-02-16")
        )
        found = metrics.nvl_customers(options, "new")
        self.assertEqual(
            (found["date_from"], found["date_to"]), ("2026-03-05", "2026-03-20")
        )

    def test_who_is_lost_in_a_partial_period(self):
        """Of the days that it is compared with: both numbers are of the same two."""
        self.enter(10, "2026-02-20", self.people[4])
        self.refresh()
        for date_from, date_to, lost in (
            ("2026-03-01", "2026-03-31", [2, 3, 5]),
            ("2026-03-01", "2026-03-20", [2, 3, 5]),
            ("2026-03-01", "2026-03-19", [2, 3]),
            ("2026-03-01", "2026-03-10", [2, 3]),
            ("2026-03-01", "2026-03-09", []),
            ("2026-03-22", "2026-03-31", [2, 3]),
            ("2026-07-01", "2026-07-31", []),
        ):
            with self.subTest(date_from=date_from, date_to=date_to):
                found = self.customers("lost", date_from, date_to)
                self.assertEqual(sum(found, []), lost)
                days = {"date_from": date_from, "date_to": date_to}
                [period] = self.metrics().nvl(days)["periods"]
                self.assertEqual(period["lost_customers"] or 0, len(lost))

    def test_slices_and_rights(self):
        self.enter(10, "2026-04-10", self.people[4], user_id=self.seller_2.id)
        self.refresh()
        days = ("2026-04-01", "2026-04-30")
        self.assertEqual(self.customers("new", *days), [[5]])
        self.assertEqual(self.customers("new", *days, user=self.seller), [])
        ids = self.seller.ids
        self.assertEqual(self.customers("new", *days, user_ids=ids), [])

    def test_bad_options(self):
        options = {"date_from": "2026-01-01", "date_to": "2026-01-31"}
        for bad, figure, key in (
            (options, "old", "figure"),
            ({**options, "date_to": "2026-02-01"}, "new", "date_to"),
            ({**options, "group_by": "team"}, "new", "group_by"),
        ):
            with self.subTest(key), self.assertRaisesRegex(ValidationError, f"^{key}:"):
                self.metrics().nvl_customers(bad, figure)
