from collections import Counter
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form
from odoo.tools import mute_logger

from ..kernel import rfm
from .purchase_case import PurchaseCase

RUN, SCORE = "crm.customer.score.run", "crm.customer.score"


class ScoreCase(PurchaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = [cls.customer] + [
            cls._customer(f"Customer {number}") for number in range(2, 6)
        ]

    def score(self, date="2026-05-31", company=None, **values):
        """Refresh and score, as a manager."""
        self.refresh()
        company = company or self.company
        return (
            self.env[RUN]
            .with_user(self.manager)
            .with_context(allowed_company_ids=self.manager.company_ids.ids)
            .create({"date": date, "company_id": company.id, **values})
        )

    def scores(self, run):
        scores = self.env[SCORE].search([("run_id", "=", run.id)])
        return scores.sorted(lambda score: score.partner_id.id)

    def buy(self, *counts, amount=10, month="2026-04"):
        """Each of the people buys so many times, one day later than the one before."""
        for number, (partner, count) in enumerate(
            zip(self.people, counts, strict=False), 1
        ):
            for _time in range(count):
                self.enter(amount * number, f"{month}-{number:02}", partner)


class TestCustomerScore(ScoreCase):
    def test_as_of_today_but_never_by_an_untouched_form(self):
        model = self.env["crm.customer.score.run"]
        self.enter(100, "2026-05-01")
        run = model.create({"company_id": self.company.id})
        self.assertEqual(run.date, self.company._metrics_today())
        self.assertNotIn("date", model.default_get(["date"]))

    def test_what_a_score_holds(self):
        self.company.crm_metrics_margin = 40
        self.company.crm_metrics_lifetime_years = 5
        self.enter(100, "2025-06-01")
        self.enter(50, "2026-05-01")
        self.enter(-30, "2026-05-02")
        run = self.score()
        [score] = self.scores(run)
        self.assertEqual(score.date, run.date)
        self.assertEqual(score.company_id, self.company)
        self.assertEqual(score.partner_id, self.customer)
        # of the purchase, not of the refund
        self.assertEqual(score.recency_days, 30)
        self.assertEqual(score.frequency, 2)
        self.assertEqual(score.monetary, 120)
        self.assertEqual(score.value, 75)
        self.assertEqual(score.loyalty, 1)
        # 75 a purchase, one a year, 40 %, five years
        self.assertEqual(score.lifetime_value, 150)
        # alone, one is the lowest
        self.assertEqual((score.r, score.f, score.m), (1, 1, 1))
        self.assertEqual(score.segment_id.name, "Lost")
        self.assertFalse(score.previous_segment_id)
        self.assertEqual((run.margin, run.lifetime_years), (40, 5))
        self.assertEqual((run.customers, run.user_id), (1, self.manager))

    def test_lifetime_value_needs_its_inputs(self):
        self.buy(1)
        for margin, years in ((0, 5), (40, 0), (0, 0)):
            self.company.crm_metrics_margin = margin
            self.company.crm_metrics_lifetime_years = years
            run = self.score()
            self.env.cr.execute("SELECT lifetime_value FROM crm_customer_score")
            self.assertEqual(set(self.env.cr.fetchall()), {(None,)})
            run.unlink()

    def test_the_window(self):
        """24 months, the first day of them and the day of the run included."""
        for day in ("2024-05-31", "2024-06-01", "2026-05-31", "2026-06-01"):
            self.enter(1, day)
        self.enter(1, "2024-05-31", self.people[1])
        [score] = self.scores(self.score())
        self.assertEqual((score.frequency, score.recency_days), (2, 0))
        earlier = self.scores(self.score("2026-05-30"))
        self.assertEqual(earlier.mapped("frequency"), [2, 1])
        run = self.score("2026-05-29", window_months=1)
        self.assertEqual((run.customers, run.thresholds["frequency"]), (0, [None] * 4))

    def test_the_window_at_the_end_of_a_month(self):
        for day in ("2024-02-29", "2024-03-01", "2025-01-31", "2025-02-01"):
            self.enter(1, day)
        for date, months, count in (
            ("2026-02-28", 24, 3),
            ("2025-06-30", 5, 1),
            ("2025-06-29", 5, 2),
        ):
            [score] = self.scores(self.score(date, window_months=months))
            self.assertEqual(score.frequency, count, date)

    def test_a_window_before_the_calendar(self):
        self.buy(1)
        with self.assertRaisesRegex(ValidationError, "^Window: .* 0001-01-05"):
            self.score("0001-01-05", window_months=1200)

    def test_who_only_gave_back_or_is_not_known_has_no_score(self):
        self.enter(-10, "2026-05-01")
        self.enter(10, "2026-05-01", False)
        self.assertFalse(self.scores(self.score()))

    def test_five_customers_five_scores(self):
        self.buy(1, 2, 3, 4, 5)
        run = self.score()
        found = [(s.r, s.f, s.m) for s in self.scores(run)]
        self.assertEqual(found, [(n, n, n) for n in range(1, 6)])
        self.assertEqual(
            run.thresholds,
            {
                "recency": [59, 58, 57, 56],
                "frequency": [2, 3, 4, 5],
                "monetary": [40, 90, 160, 250],
            },
        )

    def test_equal_customers_have_equal_scores(self):
        for partner in self.people:
            self.enter(10, "2026-04-01", partner)
        self.enter(5, "2026-04-02", self.people[0])
        run = self.score()
        self.assertEqual(
            [(s.r, s.f, s.m) for s in self.scores(run)], [(5, 5, 5)] + 4 * [(1, 1, 1)]
        )
        self.assertEqual(run.thresholds["frequency"], [None, None, None, 2])

    def test_a_plain_recomputation(self):
        """With many ties, against the kernel."""
        people = [self._customer(str(number)) for number in range(23)]
        for number, partner in enumerate(people):
            for time in range(1 + number % 4 // 2):
                amount = 10 + number % 7
                self.enter(amount, f"2026-0{1 + number % 5}-{10 + time}", partner)
        run = self.score()
        scores = self.scores(run)
        self.assertEqual(len(scores), 23)
        for name, field, column, sign in (
            ("recency", "recency_days", "r", -1),
            ("frequency", "frequency", "f", 1),
            ("monetary", "monetary", "m", 1),
        ):
            values = [sign * score[field] for score in scores]
            limits = rfm.thresholds(values)
            stored = run.thresholds[name]
            self.assertEqual(
                [None if limit is None else sign * limit for limit in stored], limits
            )
            self.assertEqual(
                scores.mapped(column), [rfm.score(value, limits) for value in values]
            )
        for score in scores:
            cell = (score.r, rfm.frequency_money(score.f, score.m))
            self.assertIn(cell, [each._scores() for each in score.segment_id.cell_ids])

    def test_every_segment_can_be_reached(self):
        """A customer in each of the 125 combinations of scores."""
        people = self.env["res.partner"].create(
            [{"name": str(number)} for number in range(125)]
        )
        entries = []
        for number, partner in enumerate(people):
            r, f, m = number // 25, number // 5 % 5, number % 5
            for time in range(f + 1):
                # the last one makes up the sum
                amount = 1 if time < f else 1000 * (m + 1) - f
                entries.append(
                    {
                        "name": f"{number}/{time}",
                        "company_id": self.company.id,
                        "partner_id": partner.id,
                        "user_id": False,
                        "date": f"2026-0{r + 1}-{10 if time else 11}",
                        "amount": amount,
                    }
                )
        self.env["crm.purchase.entry"].create(entries)
        run = self.score()
        scores = self.scores(run)
        self.assertEqual(
            [(score.r, score.f, score.m) for score in scores],
            [
                (number // 25 + 1, number // 5 % 5 + 1, number % 5 + 1)
                for number in range(125)
            ],
        )
        self.assertEqual(
            set(scores.segment_id), set(self.env["crm.customer.segment"].search([]))
        )

    def test_companies_apart(self):
        self.manager.company_ids |= self.other_company
        self.buy(1, 2, 3, 4, 5)
        self.enter(7, "2026-04-01", company_id=self.other_company.id)
        [score] = self.scores(self.score(company=self.other_company))
        self.assertEqual((score.monetary, score.company_id), (7, self.other_company))
        self.assertEqual(len(self.scores(self.score())), 5)

    # -- runs -----------------------------------------------------------

    def test_previous_segment_and_migrations(self):
        self.buy(1, 2, 3, month="2026-03")
        first = self.score("2026-03-31")
        then = {score.partner_id: score.segment_id for score in self.scores(first)}
        self.buy(3, 2, 1, 4, month="2026-04")
        self.enter(10_000, "2026-04-29")
        second = self.score("2026-04-30", window_months=1)
        found = self.scores(second)
        for score in found:
            self.assertEqual(
                score.previous_segment_id,
                then.get(score.partner_id, self.env["crm.customer.segment"]),
            )
        pairs = Counter((s.previous_segment_id.id, s.segment_id.id) for s in found)
        self.assertEqual(
            {
                (row["previous_segment_id"] or False, row["segment_id"] or False): row[
                    "customers"
                ]
                for row in second._migrations()
            },
            pairs,
        )
        # in the next window nobody is left
        third = self.score("2026-05-31", window_months=1)
        gone = third._migrations()
        self.assertEqual({row["segment_id"] for row in gone}, {None})
        self.assertEqual(sum(row["customers"] for row in gone), len(found))

    def test_a_run_between_two_others(self):
        """Each is linked to the one before it, whatever the order they were made in."""

        def previous(run):
            return {s.partner_id: s.previous_segment_id for s in self.scores(run)}

        def segments(run):
            return {s.partner_id: s.segment_id for s in self.scores(run)}

        self.buy(1, 2, 3, 4, 5, month="2026-01")
        last, first = self.score("2026-05-31"), self.score("2026-01-31")
        self.assertEqual(previous(last), segments(first))
        self.buy(5, 4, 3, 2, 1, month="2026-02")
        between = self.score("2026-02-28")
        self.assertNotEqual(segments(between), segments(first))
        self.assertEqual(previous(last), segments(between))
        self.assertEqual(previous(between), segments(first))
        between.unlink()
        self.assertEqual(previous(last), segments(first))
        (first | last).unlink()
        self.assertFalse(self.env[SCORE].search([("company_id", "=", self.company.id)]))

    def test_the_latest_run(self):
        self.manager.company_ids |= self.other_company
        self.buy(1, 2)
        old, new = self.score("2026-04-30"), self.score("2026-05-31")
        elsewhere = self.score("2026-03-31", company=self.other_company)
        runs = old | new | elsewhere
        self.assertEqual(runs.mapped("is_latest"), [False, True, True])
        for value, expected in ((True, new | elsewhere), (False, old)):
            found = runs.search([("is_latest", "=", value), ("id", "in", runs.ids)])
            self.assertEqual(found, expected.sorted())
        for values, expected in (([True, False], runs), ([], runs.browse())):
            found = runs.search([("is_latest", "in", values), ("id", "in", runs.ids)])
            self.assertEqual(found, expected.sorted())
        scores = self.env[SCORE].search(
            [("run_id.is_latest", "=", True), ("partner_id", "in", self.customer.ids)]
        )
        self.assertEqual(scores.run_id, new)

    def test_run_again(self):
        self.buy(1, 2)
        run = self.score()
        scores = self.scores(run)
        self.enter(99, "2026-04-04", self.people[3])
        self.refresh()
        self.assertEqual(self.scores(run), scores)  # a run stays as it is
        run.action_run()
        self.assertEqual(run.customers, 3)
        self.assertEqual(len(self.scores(run)), 3)
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.env.cr.savepoint(),
        ):
            self.score()

    def test_not_ahead(self):
        self.assertTrue(self.score("2026-06-15"))
        with self.assertRaisesRegex(ValidationError, "2026-06-16"):
            self.score("2026-06-16")

    def test_on_demand(self):
        self.buy(1, 2, 3)
        self.refresh()
        with Form(self.env[RUN].with_user(self.manager)) as form:
            # untouched, it is not to be saved
            self.assertFalse(form.date)
            form.date = "2026-06-15"
            self.assertEqual(form.window_months, 24)
        run = form.record
        self.assertEqual((run.company_id, run.customers), (self.company, 3))
        for action in (run.action_view_scores(), run.action_view_migrations()):
            found = self.env[action["res_model"]].search(action["domain"])
            self.assertEqual(found, self.scores(run))

    def test_monthly(self):
        self.buy(1, 2)
        self.enter(7, "2026-04-01", company_id=self.other_company.id)
        self.refresh()
        cron = self.env.ref("crm_metrics.ir_cron_score")
        self.assertEqual((cron.interval_number, cron.interval_type), (1, "days"))
        ours = [("company_id", "in", (self.company | self.other_company).ids)]
        for now, dates in (
            ("2026-05-01 04:00:00", ["2026-04-30"]),
            ("2026-05-02 04:00:00", ["2026-04-30"]),
            ("2026-06-15 04:00:00", ["2026-04-30", "2026-05-31"]),
        ):
            with freeze_time(now), self.enter_registry_test_mode():
                cron.method_direct_trigger()
            runs = self.env[RUN].search(ours, order="date, company_id")
            self.assertEqual(
                [str(run.date) for run in runs], [date for date in dates for _ in "ab"]
            )
        self.assertEqual(runs.mapped("customers"), [2, 1, 2, 1])

    def test_monthly_where_the_month_ends_later(self):
        """On the first at 04:00 UTC it is still the last day of the month there."""
        calendar = self.company.resource_calendar_id.copy({"tz": "America/Los_Angeles"})
        self.company.resource_calendar_id = calendar
        self.buy(1, 2)
        self.refresh()
        cron = self.env.ref("crm_metrics.ir_cron_score")
        for now, dates in (
            ("2026-05-01 04:00:00", []),
            ("2026-05-02 04:00:00", ["2026-04-30"]),
            ("2026-06-01 04:00:00", ["2026-04-30"]),
            ("2026-06-02 04:00:00", ["2026-04-30", "2026-05-31"]),
        ):
            with freeze_time(now), self.enter_registry_test_mode():
                cron.method_direct_trigger()
            runs = self.env[RUN].search(
                [("company_id", "=", self.company.id)], order="date"
            )
            self.assertEqual([str(run.date) for run in runs], dates)
        # on all other days purchases are not even looked at
        known = self.env["res.company"].search([])
        for company in known - self.company:
            date = company._metrics_today().replace(day=1) - timedelta(days=1)
            self.env[RUN].create({"company_id": company.id, "date": date})
        with patch.object(type(self.env["crm.purchase"]), "_read_group") as read:
            self.env[RUN]._cron_score()
        read.assert_not_called()

    def test_no_empty_run_by_itself(self):
        with self.enter_registry_test_mode():
            self.env.ref("crm_metrics.ir_cron_score").method_direct_trigger()
        self.assertFalse(self.env[RUN].search([("company_id", "=", self.company.id)]))

    def test_the_engine_refuses(self):
        engine = self.env["crm.metrics.engine"].with_user(self.manager)
        for call in (
            lambda: engine.recompute(SCORE),
            lambda: engine.audit([SCORE]),
        ):
            with self.assertRaisesRegex(ValidationError, "scoring run"):
                call()
        self.assertNotIn(SCORE, engine._facts())

    # -- people ---------------------------------------------------------

    def test_profile(self):
        """By industry, country, size and source of the customers of a segment."""
        industry = self.env["res.partner.industry"].create({"name": "Bakeries"})
        source, later = self.env["utm.source"].create(
            [{"name": "Fair of spring"}, {"name": "Fair of autumn"}]
        )
        self.customer.write(
            {
                "is_company": True,
                "industry_id": industry.id,
                "country_id": self.env.ref("base.pe").id,
                "child_ids": [(0, 0, {"name": f"Contact {n}"}) for n in range(3)],
            }
        )
        for contact, origin in (
            (self.customer.child_ids[0], False),
            (self.customer.child_ids[0], source),
            (self.customer, later),
        ):
            self.env["crm.lead"].create(
                {
                    "name": "Lead",
                    "company_id": self.company.id,
                    "partner_id": contact.id,
                    "source_id": origin and origin.id,
                }
            )
        self.buy(1, 2)
        run = self.score()
        groups = {
            name: [
                (getattr(value, "display_name", value), count)
                for value, count in self.env[SCORE]
                .with_user(self.seller_all)
                ._read_group([("run_id", "=", run.id)], [name], ["__count"])
            ]
            for name in ("industry_id", "country_id", "size", "source_id")
        }
        self.assertEqual(
            groups,
            {
                "industry_id": [("Bakeries", 1), (False, 1)],
                "country_id": [("Peru", 1), (False, 1)],
                "size": [("medium", 1), ("person", 1)],
                "source_id": [("Fair of spring", 1), (False, 1)],
            },
        )

    def test_merged_customers_keep_one_score(self):
        self.buy(1, 2, 3)
        run = self.score()
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        destination = self.people[1]
        wizard._merge([self.people[0].id, destination.id], destination)
        self.assertEqual(self.scores(run).partner_id, destination | self.people[2])
        self.assertEqual(run.customers, 2)
        self.assertEqual(
            self.scores(run).filtered(lambda s: s.partner_id == destination).frequency,
            2,
        )
        self.refresh()
        run.action_run()
        self.assertEqual(self.scores(run).mapped("frequency"), [3, 3])

    def test_nothing_is_in_the_way_of_a_deletion(self):
        self.buy(1, 2)
        run = self.score()
        self.env["crm.purchase.entry"].search(
            [("partner_id", "=", self.people[1].id)]
        ).unlink()
        self.people[1].unlink()
        self.assertEqual(len(self.scores(run)), 1)


class TestCustomerScoreRights(ScoreCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people[0].user_id = cls.seller
        cls.people[1].user_id = cls.seller_2

    def visible(self, user):
        ids = user.company_ids.ids
        return (
            self.env(user=user, context={"allowed_company_ids": ids})[SCORE]
            .search([])
            .partner_id
        )

    def test_own_customers_and_those_of_nobody(self):
        self.buy(1, 2, 3)
        run = self.score()
        one, two, three = self.people[:3]
        self.assertEqual(self.visible(self.seller), one | three)
        self.assertEqual(self.visible(self.seller_2), two | three)
        for user in (self.seller_all, self.manager):
            self.assertEqual(self.visible(user), one | two | three)
        mine = run.with_user(self.seller)
        self.assertEqual(sum(row["customers"] for row in mine._migrations()), 2)

    def test_nothing_of_another_company(self):
        self.buy(1)
        run = self.score()
        stranger = self._user("metrics_b", "group_sale_manager", self.other_company)
        self.assertFalse(self.visible(stranger))
        ids = self.other_company.ids
        runs = self.env(user=stranger, context={"allowed_company_ids": ids})[RUN]
        self.assertFalse(runs.search([]))
        for action in (
            runs.browse(run.id).action_run,
            runs.browse(run.id).action_view_scores,
            lambda: runs.create({"date": "2026-04-30", "company_id": self.company.id}),
        ):
            with self.assertRaises(AccessError):
                action()

    def test_only_managers_score(self):
        self.buy(1)
        run = self.score()
        for user in (self.seller, self.seller_all):
            for action in (
                run.with_user(user).action_run,
                lambda user=user: (
                    self.env[RUN].with_user(user).create({"date": "2026-04-30"})
                ),
                run.with_user(user).unlink,
            ):
                with self.assertRaises(AccessError):
                    action()
            self.assertTrue(run.with_user(user).action_view_scores())

    def test_nobody_writes_scores(self):
        for user in (self.seller_all, self.manager, self.env.ref("base.user_admin")):
            scores = self.env[SCORE].with_user(user)
            for operation in ("create", "write", "unlink"):
                self.assertFalse(scores.has_access(operation))
            self.assertFalse(self.env[RUN].with_user(user).has_access("write"))
