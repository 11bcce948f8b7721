from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from .purchase_case import PurchaseCase


class NvlCase(PurchaseCase):
    def nvl(self, date_from, date_to, user=None, **options):
        """Refresh and ask, as a seller who sees all documents unless said otherwise."""
        self.refresh()
        user = user or self.seller_all
        metrics = self.env["crm.metrics"].with_user(user)
        metrics = metrics.with_context(allowed_company_ids=user.company_id.ids)
        return metrics.nvl({"date_from": date_from, "date_to": date_to, **options})

    def periods(self, *names, **asked):
        """Return some figures of each period of the first half of 2026."""
        options = {"date_from": "2026-01-01", "date_to": "2026-04-30", **asked}
        periods = self.nvl(**options)["periods"]
        return [tuple(period[name] for name in names) for period in periods]

    def assertBridge(self, effects):
        """The bars add up to the change, to the cent."""
        names = ("customers", "value", "loyalty", "refunds", "anonymous")
        for effect in effects:
            bars = [effect[name] for name in names]
            self.assertEqual([round(bar, 2) for bar in bars], bars)
            self.assertAlmostEqual(sum(bars), effect["delta"], places=6)


class TestNvl(NvlCase):
    """Customers, orders and money, period by period."""

    def test_the_three_factors(self):
        other = self._customer("Other")
        self.enter(100, "2026-01-10")
        self.enter(50, "2026-01-10")
        self.enter(30, "2026-01-31", other)
        [january] = self.nvl("2026-01-01", "2026-01-31")["periods"]
        expected = {
            "date_from": "2026-01-01",
            "date_to": "2026-01-31",
            "partial": False,
            "customers": 2,
            "orders": 3,
            "revenue": 180,
            "value": 60,
            "loyalty": 1.5,
            "refunds": 0,
            "anonymous": 0,
            "new_customers": 2,
            "lost_customers": 0,
        }
        self.assertEqual(january, expected)

    def test_all_digits_of_a_ratio(self):
        for amount in (10, 10, 80.01):
            self.enter(amount, "2026-01-10")
        [january] = self.nvl("2026-01-01", "2026-01-31")["periods"]
        product = january["customers"] * january["value"] * january["loyalty"]
        self.assertEqual(january["revenue"], 100.01)
        self.assertAlmostEqual(product, 100.01, places=10)
        self.assertNotEqual(january["value"], round(january["value"], 2))

    def test_nothing_at_all(self):
        result = self.nvl("2026-01-01", "2026-02-28")
        for period in result["periods"]:
            self.assertIsNone(period["value"])
            self.assertIsNone(period["loyalty"])
            for name in ("customers", "orders", "revenue", "refunds", "anonymous"):
                self.assertEqual(period[name], 0)
        self.assertEqual([effect["delta"] for effect in result["effects"]], [0, 0])
        self.assertEqual(result["levers"], [])

    def test_contacts_of_one_company_are_one_customer(self):
        for name in ("Anna", "Ben"):
            contact = self._customer(name, parent_id=self.customer.id)
            self.enter(10, "2026-01-10", contact)
        self.enter(10, "2026-01-10")
        self.assertEqual(
            self.periods("customers", "orders", date_to="2026-01-31"), [(1, 3)]
        )

    def test_refunds_are_a_bar_of_their_own(self):
        """A customer who only gave back is no customer of the period."""
        self.enter(100, "2026-01-10")
        self.enter(-100, "2026-02-10")
        self.enter(-5, "2026-02-11", False)
        found = self.periods("customers", "orders", "revenue", "refunds", "anonymous")
        self.assertEqual(
            found,
            [(1, 1, 100, 0, 0), (0, 0, 0, -105, 0), (0, 0, 0, 0, 0), (0, 0, 0, 0, 0)],
        )
        effects = self.nvl("2026-01-01", "2026-03-31")["effects"]
        self.assertBridge(effects)
        self.assertEqual(
            [(each["customers"], each["refunds"], each["delta"]) for each in effects],
            [(100, 0, 100), (-100, -105, -205), (0, 105, 105)],
        )

    def test_a_refund_of_the_same_month_leaves_the_purchase(self):
        self.enter(100, "2026-01-10")
        self.enter(-100, "2026-01-12")
        found = self.periods("customers", "orders", "revenue", "refunds")
        self.assertEqual(found[0], (1, 1, 100, -100))

    def test_purchases_without_a_customer(self):
        self.enter(70, "2026-01-10", False)
        self.enter(30, "2026-01-11", False)
        self.enter(10, "2026-01-12")
        result = self.nvl("2026-01-01", "2026-01-31")
        [january], [effect] = result["periods"], result["effects"]
        self.assertEqual((january["revenue"], january["anonymous"]), (10, 100))
        self.assertEqual((january["customers"], january["orders"]), (1, 1))
        self.assertEqual((effect["anonymous"], effect["customers"]), (100, 10))
        self.assertBridge([effect])

    def test_new_and_lost(self):
        """New: never before in this company; lost: there in the period before."""
        self.enter(1, "2025-03-03")  # long ago
        self.enter(1, "2026-01-05")
        other = self._customer("Other")
        for day in ("2026-01-05", "2026-02-01", "2026-02-28", "2026-04-01"):
            self.enter(1, day, other)
        self.assertEqual(
            self.periods("customers", "new_customers", "lost_customers"),
            [(2, 1, 0), (1, 0, 1), (0, 0, 1), (1, 0, 0)],
        )

    def test_lost_against_the_period_before_the_range(self):
        self.enter(1, "2025-12-31")
        self.assertEqual(
            self.periods("lost_customers", date_to="2026-02-28"), [(1,), (0,)]
        )

    def test_lost_of_a_partial_period(self):
        """Of the days that it is compared with: the others have not come yet."""
        early, late, both = (self._customer(name) for name in ("1", "2", "3"))
        self.enter(1, "2026-05-10", early)
        self.enter(1, "2026-05-16", late)
        for day in ("2026-05-15", "2026-05-20", "2026-06-15"):
            self.enter(1, day, both)
        # it is 15 June
        result = self.nvl("2026-05-01", "2026-06-30")
        june, effect = result["periods"][1], result["effects"][1]
        self.assertEqual(effect["compared_to"]["date_to"], "2026-05-15")
        self.assertEqual((june["customers"], june["lost_customers"]), (1, 1))
        for days, lost in (
            # cut at its beginning: the first 21 days of April, and of May
            (("2026-05-11", "2026-05-31"), 0),
            (("2026-06-10", "2026-06-15"), 0),
            (("2026-06-01", "2026-06-14"), 1),
            (("2026-06-01", "2026-06-10"), 1),
            (("2026-06-01", "2026-06-09"), 0),
        ):
            [period] = self.nvl(*days)["periods"]
            self.assertEqual(period["lost_customers"], lost, days)
        # of two periods that are cut, each with its own days
        self.enter(1, "2026-04-20", late)
        self.enter(1, "2026-04-22", early)
        periods = self.nvl("2026-05-11", "2026-06-09")["periods"]
        self.assertEqual([period["lost_customers"] for period in periods], [0, 0])
        self.assertEqual([period["customers"] for period in periods], [2, 0])
        periods = self.nvl("2026-05-17", "2026-06-10")["periods"]
        self.assertEqual([period["lost_customers"] for period in periods], [0, 1])
        periods = self.nvl("2026-05-10", "2026-06-10")["periods"]
        self.assertEqual([period["lost_customers"] for period in periods], [0, 1])

    def test_a_refund_keeps_nobody(self):
        self.enter(9, "2026-01-05")
        self.enter(-1, "2026-02-05")
        self.enter(9, "2026-03-05")
        self.assertEqual(
            self.periods("customers", "new_customers", "lost_customers"),
            [(1, 1, 0), (0, 0, 1), (1, 0, 0), (0, 0, 1)],
        )

    def test_a_bought_refund_comes_before_the_first_purchase(self):
        self.enter(-5, "2026-01-05")
        self.enter(9, "2026-02-05")
        self.assertEqual(
            self.periods("new_customers", date_to="2026-02-28"), [(0,), (1,)]
        )

    def test_won_deals_are_purchases_too(self):
        self.deal(500, "2026-01-31 23:30:00")
        self.enter(100, "2026-02-01")
        self.assertEqual(
            self.periods("orders", "revenue", date_to="2026-02-28"),
            [(1, 500), (1, 100)],
        )

    # -- effects --------------------------------------------------------

    def test_the_plain_example(self):
        """100 customers, 50 each, twice; then 120, 45 each, two and a half times."""
        people = [self._customer(str(number)) for number in range(24)]
        for number in range(40):
            self.enter(50, "2026-01-10", people[number % 20])
        for number in range(60):
            self.enter(45, "2026-02-10", people[number % 24])
        effects = self.nvl("2026-02-01", "2026-02-28")["effects"]
        self.assertEqual(
            effects,
            [
                {
                    "date_from": "2026-02-01",
                    "compared_to": {"date_from": "2026-01-01", "date_to": "2026-01-31"},
                    "delta": 700,
                    # a fifth of the case in the definitions
                    "customers": 425.27,
                    "value": -245.76,
                    "loyalty": 520.49,
                    "refunds": 0,
                    "anonymous": 0,
                }
            ],
        )

    def test_the_first_period_is_compared_with_the_one_before(self):
        self.enter(40, "2025-12-31")
        self.enter(100, "2026-01-10")
        result = self.nvl("2026-01-01", "2026-02-28")
        first, second = result["effects"]
        self.assertEqual(
            first["compared_to"], {"date_from": "2025-12-01", "date_to": "2025-12-31"}
        )
        self.assertEqual((first["delta"], first["value"]), (60, 60))
        self.assertEqual((second["delta"], second["customers"]), (-100, -100))

    def test_a_partial_period_is_compared_with_as_many_first_days(self):
        self.enter(1, "2026-01-10")
        self.enter(10, "2026-01-11")
        self.enter(100, "2026-02-10")
        self.enter(1000, "2026-02-11")
        result = self.nvl("2026-02-01", "2026-02-10")
        [period], [effect] = result["periods"], result["effects"]
        self.assertTrue(period["partial"])
        self.assertEqual(period["revenue"], 100)
        self.assertEqual(
            effect["compared_to"], {"date_from": "2026-01-01", "date_to": "2026-01-10"}
        )
        self.assertEqual(effect["delta"], 99)

    def test_more_days_than_the_period_before_has(self):
        self.enter(10, "2026-02-28")
        self.enter(30, "2026-03-30")
        [effect] = self.nvl("2026-03-01", "2026-03-30")["effects"]
        self.assertEqual(
            effect["compared_to"], {"date_from": "2026-02-01", "date_to": "2026-02-28"}
        )
        self.assertEqual(effect["delta"], 20)

    def test_a_range_that_begins_within_a_period(self):
        """The next one is compared with the whole period, not with what is shown."""
        self.enter(1, "2025-12-16")
        self.enter(10, "2025-12-17")
        self.enter(100, "2026-01-15")
        self.enter(1000, "2026-01-16")
        self.enter(10_000, "2026-02-20")
        result = self.nvl("2026-01-16", "2026-02-28")
        first, second = result["effects"]
        self.assertEqual([p["revenue"] for p in result["periods"]], [1000, 10_000])
        self.assertEqual([p["partial"] for p in result["periods"]], [True, False])
        self.assertEqual(
            first["compared_to"], {"date_from": "2025-12-01", "date_to": "2025-12-16"}
        )
        self.assertEqual(first["delta"], 999)
        self.assertEqual(
            second["compared_to"], {"date_from": "2026-01-01", "date_to": "2026-01-31"}
        )
        self.assertEqual(second["delta"], 10_000 - 1100)
        # there in January, though not in the part of it that is shown
        other = self._customer("Other")
        self.enter(5, "2026-01-02", other)
        self.enter(5, "2026-02-02", other)
        third = self._customer("Third")
        self.enter(5, "2026-01-02", third)
        periods = self.nvl("2026-01-16", "2026-02-28")["periods"]
        self.assertEqual([p["customers"] for p in periods], [1, 2])
        self.assertEqual([p["new_customers"] for p in periods], [0, 0])
        self.assertEqual([p["lost_customers"] for p in periods], [0, 1])

    def test_today_cuts_off_as_the_range_does(self):
        """It is 15 June: what is entered for later days is not known yet."""
        self.enter(10, "2026-05-15")
        self.enter(20, "2026-05-16")
        self.enter(30, "2026-06-15")
        self.enter(40, "2026-06-16")
        self.enter(50, "2026-07-01")
        result = self.nvl("2026-05-01", "2026-08-31")
        self.assertEqual([p["revenue"] for p in result["periods"]], [30, 30, 0, 0])
        self.assertEqual([p["date_to"] for p in result["periods"]][1], "2026-06-30")
        self.assertEqual(
            [p["partial"] for p in result["periods"]], [False, True, True, True]
        )
        self.assertEqual(
            [p["lost_customers"] for p in result["periods"]], [0, 0, None, None]
        )
        # what has not begun is not compared with anything
        self.assertEqual(
            [(e["date_from"], e["delta"]) for e in result["effects"]],
            [("2026-05-01", 30), ("2026-06-01", 20)],
        )
        self.assertEqual(result["meta"]["last_day"], "2026-06-15")

    def test_grains(self):
        self.enter(1, "2025-12-28")
        self.enter(10, "2025-12-29")
        self.enter(100, "2026-01-04")
        self.enter(1000, "2026-01-05")
        for grain in ("day", "week", "month", "quarter", "year"):
            periods = self.nvl("2026-01-05", "2026-01-05", grain=grain)["periods"]
            self.assertEqual([p["revenue"] for p in periods], [1000], grain)
        deltas = {
            grain: self.nvl(*days, grain=grain)["effects"][0]["delta"]
            for grain, days in {
                "day": ("2026-01-05", "2026-01-05"),
                "week": ("2026-01-05", "2026-01-11"),
                "month": ("2026-01-01", "2026-01-31"),
                "quarter": ("2026-01-01", "2026-03-31"),
                "year": ("2025-01-01", "2025-12-31"),
            }.items()
        }
        self.assertEqual(
            deltas,
            {"day": 900, "week": 890, "month": 1089, "quarter": 1089, "year": 11},
        )

    def test_the_first_day_there_is(self):
        result = self.nvl("1900-01-01", "1900-02-28")
        self.assertEqual(len(result["periods"]), 2)
        self.assertEqual(
            result["effects"][0]["compared_to"],
            {"date_from": "1899-12-01", "date_to": "1899-12-31"},
        )

    # -- options --------------------------------------------------------

    def test_slices(self):
        belgium, peru = self.env.ref("base.be"), self.env.ref("base.pe")
        self.customer.country_id = belgium
        other = self._customer("Other", country_id=peru.id)
        self.enter(1, "2026-01-10", user_id=self.seller.id, team_id=self.team.id)
        self.enter(10, "2026-01-10", other, team_id=self.team_2.id)
        self.enter(100, "2026-01-10", False)

        def money(**options):
            [period] = self.nvl("2026-01-01", "2026-01-31", **options)["periods"]
            return period["revenue"], period["anonymous"]

        self.assertEqual(money(), (11, 100))
        self.assertEqual(money(team_ids=self.team.ids), (1, 0))
        self.assertEqual(money(team_ids=(self.team | self.team_2).ids), (11, 0))
        self.assertEqual(money(user_ids=self.seller.ids), (1, 0))
        self.assertEqual(money(country_ids=peru.ids), (10, 0))
        self.assertEqual(money(country_ids=[]), (0, 0))

    def test_groups(self):
        other = self._customer("Other", country_id=self.env.ref("base.pe").id)
        self.enter(1, "2026-01-10", user_id=self.seller.id, team_id=self.team.id)
        self.enter(2, "2026-02-10", user_id=self.seller.id, team_id=self.team.id)
        self.enter(10, "2026-01-10", other, team_id=self.team_2.id)
        self.enter(100, "2026-01-10", False)
        whole = self.nvl("2026-01-01", "2026-02-28")
        for group_by, names in (
            ("team", ["Team 1", "Team 2", "Not set"]),
            ("user", [self.seller.name, "Not set"]),
            ("country", ["Peru", "Not set"]),
        ):
            result = self.nvl("2026-01-01", "2026-02-28", group_by=group_by)
            groups = result.pop("groups")
            self.assertEqual(result, whole)
            self.assertEqual([group["name"] for group in groups], names)
            self.assertIsNone(groups[-1]["id"])
            for group in groups:
                self.assertEqual(
                    set(group), {"id", "name", "periods", "effects", "levers"}
                )
                self.assertBridge(group["effects"])
            for name in ("revenue", "anonymous", "orders"):
                for number, period in enumerate(whole["periods"]):
                    total = sum(group["periods"][number][name] for group in groups)
                    self.assertEqual(total, period[name])

    def test_bad_options(self):
        for key, options in {
            "date_to": {"date_to": "2026-13-01"},
            "grain": {"grain": "fortnight"},
            "plan_ids": {"plan_ids": [1]},
            "view": {"view": "net"},
            "group_by": {"group_by": "plan"},
            "country_ids": {"country_ids": [0]},
        }.items():
            with self.assertRaisesRegex(ValidationError, f"^{key}:"):
                self.nvl(
                    **{"date_from": "2026-01-01", "date_to": "2026-01-31"} | options
                )

    # -- levers ---------------------------------------------------------

    def test_levers(self):
        """The last 12 months against the best team and the best year."""
        people = [self._customer(str(number)) for number in range(3)]
        # 2024: three customers who bought twice for 10
        for partner in people:
            for _time in range(2):
                self.enter(10, "2024-05-05", partner)
        # the year before: nothing; the last 12 months: Team 1 sells dear, Team 2 often
        for day, partner, amount, team in (
            ("2025-06-16", people[0], 90, self.team),
            ("2026-01-05", people[1], 20, self.team_2),
            ("2026-02-05", people[1], 20, self.team_2),
            ("2026-03-05", people[1], 20, self.team_2),
            ("2025-06-15", people[2], 999, self.team),  # a day too early
        ):
            self.enter(amount, day, partner, team_id=team.id)
        result = self.nvl("2026-06-01", "2026-06-30")
        levers = {
            (lever["factor"], lever["best_of"]): (
                lever["now"],
                lever["best"],
                lever["name"],
                lever["revenue_at_best"],
                lever["gain"],
            )
            for lever in result["levers"]
        }
        # now: 2 customers, 4 orders, 150
        self.assertEqual(
            levers,
            {
                ("customers", "year"): (2, 3, "2024", 225, 75),
                ("value", "team"): (37.5, 90, "Team 1", 360, 210),
                ("loyalty", "team"): (2, 3, "Team 2", 225, 75),
                # 2025 is over: two purchases, 90 and 999
                ("value", "year"): (37.5, 544.5, "2025", 2178, 2028),
                ("loyalty", "year"): (2, 2, "2024", 150, 0),
            },
        )
        [team] = self.nvl("2026-06-01", "2026-06-30", team_ids=self.team_2.ids)[
            "levers"
        ][:1]
        # asked for one team, the best one is still an example
        self.assertEqual(
            (team["factor"], team["best_of"], team["name"], team["revenue_at_best"]),
            ("value", "team", "Team 1", 270),
        )

    def test_levers_of_segments(self):
        people = [self._customer(str(number)) for number in range(5)]
        for number, partner in enumerate(people, 1):
            for time in range(number):
                self.enter(10 * number, f"2026-0{time + 1}-{number:02}", partner)
        self.refresh()
        run = self.env["crm.customer.score.run"].create({"date": "2026-05-31"})
        self.assertEqual(run.customers, 5)
        levers = {
            (lever["factor"], lever["best_of"]): lever
            for lever in self.nvl("2026-06-01", "2026-06-15")["levers"]
        }
        best = levers["loyalty", "segment"]
        champions = self.env.ref("crm_metrics.segment_champions")
        self.assertEqual((best["id"], best["name"]), (champions.id, "Champions"))
        # N = 5, Q = 15, R = 550
        self.assertEqual((best["now"], best["best"]), (3, 5))
        self.assertEqual(best["revenue_at_best"], 916.67)
        self.assertEqual(levers["value", "segment"]["name"], "Champions")
        # scores of a later day are not known yet
        earlier = self.nvl("2026-04-01", "2026-05-30")["levers"]
        self.assertNotIn("segment", [lever["best_of"] for lever in earlier])

    def test_levers_of_a_group_have_the_same_examples(self):
        self.enter(90, "2026-01-05", team_id=self.team.id)
        self.enter(10, "2026-01-05", team_id=self.team_2.id)
        groups = self.nvl("2026-01-01", "2026-03-31", group_by="team")["groups"]
        value = [group["levers"][0] for group in groups]
        self.assertEqual([lever["best"] for lever in value], [90, 90])
        self.assertEqual([lever["revenue_at_best"] for lever in value], [90, 90])


class TestNvlCompanies(NvlCase):
    """Two companies, two currencies."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_company.currency_id = cls.eur
        both = cls.company | cls.other_company
        cls.traveller = cls._user("metrics_both", "group_sale_salesman_all_leads", both)

    def setUp(self):
        super().setUp()
        # a euro is two dollars
        self.rate(self.eur, "2020-01-01", 0.5)
        self.rate(self.usd, "2020-01-01", 2, self.other_company)
        self.enter(100, "2026-01-10")
        self.enter(10.01, "2026-01-10", company_id=self.other_company.id, team_id=False)

    def test_sums_in_the_main_currency(self):
        both = (self.company | self.other_company).ids
        result = self.nvl("2026-01-01", "2026-01-31", self.traveller, company_ids=both)
        [january] = result["periods"]
        # one customer of two companies counts in each
        self.assertEqual((january["customers"], january["orders"]), (2, 2))
        self.assertEqual(january["revenue"], 120.02)
        self.assertEqual(january["new_customers"], 2)
        self.assertEqual(result["meta"]["currency"], "USD")
        self.assertBridge(result["effects"])
        result = self.nvl(
            "2026-01-01", "2026-01-31", self.traveller, company_ids=both[::-1]
        )
        self.assertEqual(result["periods"][0]["revenue"], 60.01)
        self.assertEqual(result["meta"]["currency"], "EUR")

    def test_one_rate_for_all_periods(self):
        self.rate(self.eur, "2026-02-01", 0.25)
        both = (self.company | self.other_company).ids
        periods = self.nvl(
            "2026-01-01", "2026-02-28", self.traveller, company_ids=both
        )["periods"]
        self.assertEqual(periods[0]["revenue"], 140.04)

    def test_a_missing_rate_is_named(self):
        self.env["res.currency.rate"].search(
            [("currency_id", "=", self.eur.id)]
        ).unlink()
        both = (self.company | self.other_company).ids
        with self.assertRaisesRegex(ValidationError, "EUR"):
            self.nvl("2026-01-01", "2026-01-31", self.traveller, company_ids=both)

    def test_nothing_of_another_company(self):
        stranger = self._user("metrics_b", "group_sale_manager", self.other_company)
        [january] = self.nvl("2026-01-01", "2026-01-31", stranger)["periods"]
        self.assertEqual(january["revenue"], 10.01)
        with self.assertRaisesRegex(ValidationError, "^company_ids:"):
            self.nvl("2026-01-01", "2026-01-31", stranger, company_ids=self.company.ids)


class TestNvlRights(NvlCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        values = ((1, cls.seller), (10, cls.env["res.users"]), (100, cls.seller_2))
        for amount, user in values:
            cls.enter(amount, "2026-01-10", user_id=user.id, team_id=cls.team.id)

    def figures(self, user, **options):
        result = self.nvl("2026-01-01", "2026-01-31", user, **options)
        [period], [effect] = result["periods"], result["effects"]
        bests = {
            lever["best"] for lever in result["levers"] if lever["factor"] == "value"
        }
        return period["orders"], period["revenue"], effect["delta"], bests

    def test_own_and_unassigned(self):
        self.assertEqual(self.figures(self.seller), (2, 11, 11, {5.5}))
        self.assertEqual(self.figures(self.seller_2), (2, 110, 110, {55}))
        self.assertEqual(
            self.figures(self.seller, user_ids=self.seller_2.ids)[:3], (0, 0, 0)
        )

    def test_all_documents(self):
        for user in (self.seller_all, self.manager):
            self.assertEqual(self.figures(user), (3, 111, 111, {37}))

    def test_a_seller_learns_who_is_new_but_no_amount_of_others(self):
        """Another one sold to the customer before."""
        partner = self._customer("Shared")
        self.enter(500, "2026-01-10", partner, user_id=self.seller_2.id)
        self.enter(5, "2026-03-10", partner, user_id=self.seller.id)
        result = self.nvl("2026-03-01", "2026-03-31", self.seller)
        [march] = result["periods"]
        self.assertEqual((march["customers"], march["revenue"]), (1, 5))
        self.assertEqual((march["new_customers"], march["lost_customers"]), (0, 0))

    def test_no_seller(self):
        employee = self._user("metrics_employee_2", "base.group_user")
        with self.assertRaises(AccessError):
            self.nvl("2026-01-01", "2026-01-31", employee)

    def test_a_constant_number_of_queries(self):
        def count(months):
            self.env.flush_all()
            self.env.invalidate_all()
            metrics = self.env["crm.metrics"].with_user(self.seller_all)
            before = self.env.cr.sql_log_count
            metrics.nvl(
                {
                    "date_from": f"{2026 - months // 12}-01-10",
                    "date_to": "2026-03-10",
                    "group_by": "team",
                }
            )
            return self.env.cr.sql_log_count - before

        self.refresh()
        count(12)  # what the ORM remembers from then on
        few = count(12)
        for number in range(15):
            team = self.env["crm.team"].create({"name": f"T{number}"})
            self.enter(5, "2026-01-10", self._customer(str(number)), team_id=team.id)
        self.refresh()
        self.assertLessEqual(count(240), few)


@tagged("post_install", "-at_install")
class TestNvlByRpc(NvlCase):
    def test_plain_values_and_read_only(self):
        """It answers on a connection that cannot write."""
        self.enter(10, "2026-01-10")
        self.refresh()
        self.env.cr.flush()
        with self.enter_registry_test_mode(), self.registry.cursor(readonly=True) as cr:
            env = self.env(cr=cr, user=self.seller.id)
            self.assertTrue(env["crm.metrics"].nvl._readonly)
            result = env["crm.metrics"].nvl(
                {"date_from": "2026-01-01", "date_to": "2026-03-31", "group_by": "user"}
            )
        plain = (dict, list, str, int, float, bool, type(None))

        def walk(value):
            self.assertIn(type(value), plain)
            if isinstance(value, dict):
                value = [*value, *value.values()]
            if isinstance(value, list):
                for each in value:
                    walk(each)

        walk(result)
