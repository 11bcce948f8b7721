from freezegun import freeze_time

from odoo.exceptions import AccessError, ValidationError
from odoo.tests.common import new_test_user

from .common import CrmMetricsCommon


class TestCohorts(CrmMetricsCommon):
    """What became of the customers of each month of first rate."""

    def cohorts(
        self, date_from="2026-01-01", date_to="2026-04-30", user=None, **options
    ):
        self.refresh()
        metrics = self.env["crm.metrics"].with_user(user or self.seller_all)
        result = metrics.recurring_cohorts(
            {"date_from": date_from, "date_to": date_to, **options}
        )
        return result["groups"] if "groups" in result else result["cohorts"]

    def rows(self, cohort):
        """Return (customers, net, gross) at each age."""
        self.assertEqual(
            [age["age"] for age in cohort["ages"]], list(range(len(cohort["ages"])))
        )
        return [(age["customers"], age["net"], age["gross"]) for age in cohort["ages"]]

    def book(self, name, *lines, **values):
        """A customer with lines (amount, first day, last day)."""
        lines = [self.line(*line) for line in lines]
        return self.subscribe(
            0, False, lines=lines, partner=self._customer(name), **values
        )

    def test_net_and_gross(self):
        """Gross is the smaller of the first and today's rate, customer by customer."""
        self.book("up", (100, "2026-01-05", "2026-02-09"), (130, "2026-02-10", False))
        self.book("down", (50, "2026-01-20", "2026-03-14"), (20, "2026-03-15", False))
        self.book("later", (70, "2026-02-20", False))
        january, february = self.cohorts()
        self.assertEqual(
            (january["cohort"], january["customers"], january["mrr"]),
            ("2026-01-01", 2, 150),
        )
        self.assertEqual(
            self.rows(january),
            [(2, 150, 150), (2, 180, 150), (2, 150, 120), (2, 150, 120)],
        )
        self.assertEqual(
            (february["cohort"], february["customers"], february["mrr"]),
            ("2026-02-01", 1, 70),
        )
        self.assertEqual(self.rows(february), [(1, 70, 70)] * 3)

    def test_lost_and_back(self):
        self.book("away", (100, "2026-01-05", "2026-01-31"), (60, "2026-03-01", False))
        [cohort] = self.cohorts()
        self.assertEqual(
            self.rows(cohort), [(1, 100, 100), (0, 0, 0), (1, 60, 60), (1, 60, 60)]
        )

    def test_the_base_is_the_rate_at_the_end_of_the_month(self):
        self.book(
            "settles", (100, "2026-01-05", "2026-01-19"), (80, "2026-01-20", False)
        )
        [cohort] = self.cohorts("2026-01-01", "2026-02-28")
        self.assertEqual(cohort["mrr"], 80)
        self.assertEqual(self.rows(cohort), [(1, 80, 80), (1, 80, 80)])

    def test_who_came_and_went_within_a_month(self):
        """One of the cohort, with a base of nothing: what comes back is net."""
        self.book("short", (100, "2026-01-05", "2026-01-19"), (40, "2026-03-01", False))
        self.book("stays", (10, "2026-01-05", False))
        [cohort] = self.cohorts()
        self.assertEqual((cohort["customers"], cohort["mrr"]), (2, 10))
        self.assertEqual(
            self.rows(cohort), [(1, 10, 10), (1, 10, 10), (2, 50, 10), (2, 50, 10)]
        )

    def test_who_rests_is_there(self):
        subscription = self.book("rests", (100, "2026-01-05", False))
        self.pause(subscription, "2026-02-10", "2026-03-10")
        [cohort] = self.cohorts()
        self.assertEqual(
            self.rows(cohort), [(1, 100, 100), (1, 0, 0), (1, 100, 100), (1, 100, 100)]
        )

    def test_a_line_that_begins_at_rest(self):
        """Its cohort is the month of the first rate, not of the first day."""
        subscription = self.book("late", (100, "2026-01-05", False))
        self.pause(subscription, "2026-01-01", "2026-02-09")
        [cohort] = self.cohorts()
        self.assertEqual(
            (cohort["cohort"], cohort["customers"], cohort["mrr"]),
            ("2026-02-01", 1, 100),
        )
        self.assertEqual(self.rows(cohort), [(1, 100, 100)] * 3)

    def test_the_range_selects_cohorts(self):
        """And ends what is told of them."""
        for number, month in enumerate(("01", "02", "03", "04")):
            self.book(str(number), (10, f"2026-{month}-15", False))
        names = [
            cohort["cohort"] for cohort in self.cohorts("2026-02-20", "2026-03-31")
        ]
        self.assertEqual(names, ["2026-02-01", "2026-03-01"])
        february, march = self.cohorts("2026-02-20", "2026-03-31")
        self.assertEqual((len(february["ages"]), len(march["ages"])), (2, 1))

    def test_a_month_that_is_not_over(self):
        """The last age is as of the end of the range, or of today."""
        self.book("grows", (10, "2026-01-15", "2026-02-14"), (15, "2026-02-15", False))
        self.assertEqual(
            self.rows(self.cohorts("2026-01-01", "2026-02-14")[0])[-1][1], 10
        )
        self.assertEqual(
            self.rows(self.cohorts("2026-01-01", "2026-02-15")[0])[-1][1], 15
        )
        with freeze_time("2026-02-14"):
            ahead = self.cohorts("2026-01-01", "2026-12-31")[0]
        self.assertEqual(self.rows(ahead), [(1, 10, 10), (1, 10, 10)])

    def test_who_comes_later_is_in_none(self):
        self.book("ahead", (10, "2026-06-16", False))
        self.assertEqual(self.cohorts("2026-01-01", "2026-12-31"), [])

    def test_by_team(self):
        """The customer's month, the team's money: what came later has a base of 0."""
        customer = self._customer("Both")
        self.subscribe(100, "2026-01-05", partner=customer, team_id=self.team.id)
        self.subscribe(30, "2026-02-05", partner=customer, team_id=self.team_2.id)
        self.subscribe(7, "2026-02-05", partner=self._customer("Only second"),
                       team_id=self.team_2.id)  # fmt: skip
        first, second = self.cohorts(group_by="team")
        self.assertEqual((first["id"], first["name"]), (self.team.id, "Team 1"))
        [january] = first["cohorts"]
        self.assertEqual(self.rows(january), [(1, 100, 100)] * 4)
        january, february = second["cohorts"]
        self.assertEqual(
            self.rows(january), [(0, 0, 0), (1, 30, 0), (1, 30, 0), (1, 30, 0)]
        )
        self.assertEqual(self.rows(february), [(1, 7, 7)] * 3)
        [january] = self.cohorts(team_ids=self.team.ids)
        self.assertEqual(self.rows(january), [(1, 100, 100)] * 4)

    def test_only_what_one_may_read(self):
        """The month is the customer's, whoever sold first."""
        customer = self._customer("Both")
        self.subscribe(100, "2026-01-05", partner=customer, user_id=self.seller.id)
        self.subscribe(30, "2026-02-05", partner=customer, user_id=self.seller_2.id)
        [january] = self.cohorts(user=self.seller_2)
        self.assertEqual(january["cohort"], "2026-01-01")
        self.assertEqual(
            self.rows(january), [(0, 0, 0), (1, 30, 0), (1, 30, 0), (1, 30, 0)]
        )

    def test_two_companies(self):
        self.seller_all.company_ids |= self.other_company
        self.other_company.currency_id = self.eur
        self.rate(self.eur, "2025-01-01", 0.5)
        self.subscribe(100, "2026-01-05")
        self.subscribe(30, "2026-01-05", company_id=self.other_company.id)
        ids = (self.company | self.other_company).ids
        [cohort] = self.cohorts(company_ids=ids)
        self.assertEqual((cohort["customers"], cohort["mrr"]), (2, 160))

    def test_meta_and_options(self):
        metrics = self.env["crm.metrics"].with_user(self.seller_all)
        options = {"date_from": "2026-01-01", "date_to": "2026-04-30"}
        result = metrics.recurring_cohorts(options)
        self.assertEqual(result["cohorts"], [])
        self.assertEqual(result["meta"]["currency"], "USD")
        with self.assertRaisesRegex(ValidationError, "^view:"):
            metrics.recurring_cohorts({**options, "view": "activity"})
        with self.assertRaisesRegex(ValidationError, "^date_to:"):
            metrics.recurring_cohorts({"date_from": "2026-01-01"})
        nobody = new_test_user(self.env, "metrics_nobody", "base.group_user")
        with self.assertRaises(AccessError):
            metrics.with_user(nobody).recurring_cohorts(options)
