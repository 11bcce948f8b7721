from freezegun import freeze_time

from odoo.exceptions import AccessError, ValidationError
from odoo.tests.common import new_test_user

from .common import CrmMetricsCommon


class TestDefinitions(CrmMetricsCommon):
    """Five customers over fourteen months: the example of saas-metrics' definitions."""

    #: customer -> (amount, first day, last day)
    BOOK = {
        "steady": [(100, "2025-01-01", False)],
        "grows": [(100, "2025-01-01", "2025-12-31"), (150, "2026-01-01", False)],
        "returns": [(100, "2025-01-01", "2025-05-31"), (80, "2026-01-01", False)],
        "comes": [(50, "2026-01-01", False)],
        "shrinks": [(200, "2025-01-01", "2025-12-31"), (120, "2026-01-01", False)],
    }

    def setUp(self):
        super().setUp()
        for name, lines in self.BOOK.items():
            lines = [self.line(*line) for line in lines]
            self.subscribe(0, False, lines=lines, partner=self._customer(name))
        self.refresh()

    def test_the_month_of_the_loss(self):
        result = self.recurring("2025-06-01", "2025-06-30")
        self.assertMoney(result["periods"][0], opening=500, churn=-100, closing=400)
        self.assertLogos(result["periods"][0], opening=4, churn=-1, closing=3)
        kpis = result["kpis"]
        self.assertEqual(kpis["logo_churn"], 0.25)
        self.assertEqual((kpis["gross_churn"], kpis["net_churn"]), (0.2, 0.2))
        self.assertEqual((kpis["quick_ratio"], kpis["growth"]), (0, -0.2))
        self.assertEqual(kpis["ltv"], 525.67)  # 400 / 3 x 30 / 30.4375 / 0.25
        for name in ("nrr_12m", "grr_12m", "logo_retention_12m", "asp"):
            self.assertIsNone(kpis[name], name)

    def test_the_month_of_everything(self):
        for view in ("activity", "net"):
            result = self.recurring("2026-01-01", "2026-01-31", view=view)
            self.assertMoney(
                result["periods"][0],
                opening=400,
                new=50,
                reactivation=80,
                expansion=50,
                contraction=-80,
                closing=500,
            )
            self.assertLogos(
                result["periods"][0], opening=3, new=1, reactivation=1, closing=5
            )
            kpis = result["kpis"]
            self.assertEqual(kpis["quick_ratio"], 2.25)
            self.assertEqual(kpis["nrr_12m"], 0.9)
            self.assertEqual(kpis["grr_12m"], 0.8)
            self.assertEqual(kpis["logo_retention_12m"], 1)
            self.assertEqual(kpis["asp"], 50)
            self.assertEqual(kpis["gross_churn"], 0.2)
            self.assertEqual(kpis["net_churn"], -0.125)
            self.assertEqual(kpis["logo_churn"], 0)
            self.assertIsNone(kpis["ltv"])

    def test_the_quiet_month(self):
        kpis = self.recurring("2026-02-01", "2026-02-28")["kpis"]
        self.assertEqual((kpis["mrr"], kpis["arr"], kpis["arpa"]), (500, 6000, 100))
        self.assertEqual((kpis["net_new"], kpis["growth"]), (0, 0))
        self.assertEqual(kpis["top10_share"], 1)
        self.assertIsNone(kpis["quick_ratio"])
        self.assertIsNone(kpis["carr"])

    def test_the_year_before_is_the_same_day(self):
        """Not the month: until 31 December nothing but the loss is seen."""
        kpis = self.recurring("2025-12-01", "2025-12-31")["kpis"]
        self.assertIsNone(kpis["nrr_12m"])
        kpis = self.recurring("2026-01-01", "2026-01-01")["kpis"]
        self.assertEqual(kpis["nrr_12m"], 0.9)

    def test_figures_are_of_the_whole_range(self):
        kpis = self.recurring("2025-06-01", "2026-01-31")["kpis"]
        self.assertEqual(kpis["net_new"], 0)
        self.assertEqual(kpis["gross_churn"], 0.36)
        self.assertEqual(kpis["net_churn"], 0.1)
        self.assertEqual(kpis["quick_ratio"], 1)
        self.assertEqual(kpis["logo_churn"], 0.25)


class TestPublishedExamples(CrmMetricsCommon):
    """What the help pages of known systems print."""

    def test_life_of_a_customer(self):
        """ChartMogul: four seats a year, two of another plan, gone one by one, back."""
        self.subscribe(
            500, "2025-01-01", "2025-12-31", plan=self.yearly, line={"quantity": 4}
        )
        self.subscribe(30, "2025-01-05", "2025-06-30", line={"quantity": 2})
        self.subscribe(50, "2026-03-01", line={"quantity": 3})
        self.assertEqual(
            self.movements(),
            [
                ("2025-01-01", "new", 166.67),
                ("2025-01-05", "expansion", 60),
                ("2025-07-01", "contraction", -60),
                ("2026-01-01", "churn", -166.67),
                ("2026-03-01", "reactivation", 150),
            ],
        )

    def test_churn_rates(self):
        """ChartMogul: 100, 10 lost, 10 less, 10 more: 20 % gross, 10 % net."""
        for name, before, after in (
            ("gone", 10, 0),
            ("less", 20, 10),
            ("more", 70, 80),
        ):
            lines = [
                self.line(before, "2026-01-01", "2026-03-31"),
                self.line(after, "2026-04-01"),
            ]
            self.subscribe(0, False, lines=lines, partner=self._customer(name))
        self.refresh()
        kpis = self.recurring("2026-04-01", "2026-04-30")["kpis"]
        self.assertEqual((kpis["gross_churn"], kpis["net_churn"]), (0.2, 0.1))

    def test_lost_customers_over_those_at_the_start(self):
        """profitable: 3 at the start, 1 lost, 2 new: 1/3, not 1/5."""
        for number in range(3):
            end = "2026-04-09" if number == 0 else False
            self.subscribe(100, "2026-01-01", end, partner=self._customer(str(number)))
        for number in range(2):
            self.subscribe(100, "2026-04-20", partner=self._customer(f"New {number}"))
        self.refresh()
        kpis = self.recurring("2026-04-01", "2026-04-30")["kpis"]
        self.assertAlmostEqual(kpis["logo_churn"], 1 / 3, places=12)
        self.assertEqual((kpis["arpa"], kpis["asp"]), (100, 100))
        self.assertEqual(kpis["ltv"], 295.69)  # 100 x 30 / 30.4375 x 3

    def test_month_by_month(self):
        """The rules of dbt's mrr-playbook: first month new, a month without is churn,
        back is reactivation, an unchanged renewal is nothing.
        """
        book = {
            "away in April": [
                (50, "2025-01-01", "2025-03-31"),
                (50, "2025-05-01", "2025-06-30"),
                (75, "2025-07-01", False),
            ],
            "two months": [(25, "2025-01-01", "2025-02-28")],
            "up and down": [
                (80, "2025-02-01", "2025-02-28"),
                (50, "2025-04-01", "2025-04-30"),
                (25, "2025-05-01", False),
            ],
            "upgraded": [(35, "2025-03-01", "2025-03-31"), (65, "2025-04-01", False)],
            "renewed": [(65, "2025-02-01", "2025-04-30"), (65, "2025-05-01", False)],
        }
        for name, lines in book.items():
            lines = [self.line(*line) for line in lines]
            self.subscribe(0, False, lines=lines, partner=self._customer(name))
        self.refresh()
        kinds = ("new", "reactivation", "expansion", "contraction", "churn", "closing")
        expected = [
            (75, 0, 0, 0, 0, 75),
            (145, 0, 0, 0, 0, 220),
            (35, 0, 0, 0, -105, 150),
            (0, 50, 30, 0, -50, 180),
            (0, 50, 0, -25, 0, 205),
            (0, 0, 0, 0, 0, 205),
            (0, 0, 25, 0, 0, 230),
        ]
        logos = [(2, 0, 0, 2), (2, 0, 0, 4), (1, 0, -2, 3), (0, 1, -1, 3), (0, 1, 0, 4)]
        logos += [(0, 0, 0, 4)] * 2
        for view in ("activity", "net"):
            periods = self.recurring("2025-01-01", "2025-07-31", view=view)["periods"]
            self.assertEqual(
                [tuple(period[kind] for kind in kinds) for period in periods], expected
            )
            people = ("new", "reactivation", "churn", "closing")
            self.assertEqual(
                [tuple(row["customers"][kind] for kind in people) for row in periods],
                logos,
            )


class TestYear(CrmMetricsCommon):
    """Customers of the same day a year before."""

    def kpis(self, day, **options):
        self.refresh()
        return self.recurring(day, day, **options)["kpis"]

    def test_what_one_gains_hides_no_other_loss(self):
        """GRR is capped customer by customer."""
        for name, before, after in (("up", 100, 300), ("down", 100, 0)):
            lines = [
                self.line(before, "2024-01-01", "2026-02-28"),
                self.line(after, "2026-03-01"),
            ]
            self.subscribe(0, False, lines=lines, partner=self._customer(name))
        kpis = self.kpis("2026-03-01")
        self.assertEqual((kpis["nrr_12m"], kpis["grr_12m"]), (1.5, 0.5))
        self.assertEqual(kpis["logo_retention_12m"], 0.5)

    def test_who_came_since_is_left_out(self):
        self.subscribe(100, "2024-01-01")
        self.subscribe(900, "2025-03-02", partner=self._customer("Later"))
        self.assertEqual(self.kpis("2026-03-01")["nrr_12m"], 1)
        # a day later the other one is a year old
        self.assertEqual(self.kpis("2026-03-02")["nrr_12m"], 1)
        self.subscribe(900, "2026-03-02", partner=self.customer)
        self.assertEqual(self.kpis("2026-03-02")["nrr_12m"], 1.9)

    def test_the_leap_day(self):
        """29 February looks back to 28 February."""
        self.subscribe(100, "2023-02-28", "2023-12-31")
        with freeze_time("2024-05-01"):
            self.assertEqual(self.kpis("2024-02-29")["nrr_12m"], 0)
        self.assertIsNone(self.kpis("2024-02-27")["nrr_12m"])

    def test_who_rests_is_retained_without_money(self):
        subscription = self.subscribe(100, "2024-01-01")
        self.pause(subscription, "2026-02-01")
        kpis = self.kpis("2026-03-01")
        self.assertEqual((kpis["nrr_12m"], kpis["grr_12m"]), (0, 0))
        self.assertEqual(kpis["logo_retention_12m"], 1)

    def test_today_for_a_range_that_lies_ahead(self):
        """The day a year before today, not before the end of the range."""
        self.subscribe(100, "2025-06-15", "2026-07-10")
        self.subscribe(50, "2025-06-16", partner=self._customer("A day short"))
        kpis = self.kpis("2026-12-31")
        self.assertEqual((kpis["nrr_12m"], kpis["mrr"]), (1, 150))

    def test_the_ten_largest(self):
        for number in range(12):
            self.subscribe(10 + number, partner=self._customer(f"C{number}"))
        kpis = self.kpis("2026-03-01")
        self.assertAlmostEqual(kpis["top10_share"], (186 - 21) / 186, places=12)


class TestNothing(CrmMetricsCommon):
    def test_what_does_not_exist_is_none(self):
        for view in ("activity", "net", "committed"):
            kpis = self.recurring("2026-05-01", "2026-05-31", view=view)["kpis"]
            for name, value in kpis.items():
                if name in ("mrr", "arr", "net_new"):
                    self.assertEqual(value, 0, name)
                else:
                    self.assertIsNone(value, name)

    def test_nothing_yet(self):
        kpis = self.recurring("2026-06-01", "2026-06-30")["kpis"]
        self.assertEqual((kpis["carr"], kpis["weighted_pipeline_mrr"]), (0, 0))

    def test_no_groups(self):
        result = self.recurring("2026-05-01", "2026-05-31", group_by="team")
        self.assertEqual(result["groups"], [])


class TestCommitted(CrmMetricsCommon):
    """What was agreed on for later; today is 15 June 2026."""

    def setUp(self):
        super().setUp()
        self.reason = self.env["crm.subscription.close.reason"].create({"name": "Left"})
        self.subscribe(100, "2026-01-01")

    def ask(self, date_from="2026-06-01", date_to="2026-08-31", **options):
        self.refresh()
        return self.recurring(date_from, date_to, view="committed", **options)

    def carr(self, **options):
        """CARR, the same in every view and for every range that lies ahead."""
        self.refresh()
        carr = {
            self.recurring(day, day, view=view, **options)["kpis"]["carr"]
            for view in ("activity", "net", "committed")
            for day in ("2026-06-15", "2026-06-30", "2027-06-30", "2036-01-01")
        }
        self.assertEqual(len(carr), 1, carr)
        return carr.pop()

    def test_a_later_start(self):
        self.subscribe(50, "2026-07-01", partner=self._customer("Signed"))
        self.assertEqual(self.carr(), 12 * 150)
        june, july, august = self.ask()["periods"]
        self.assertMoney(june, opening=100, closing=100)
        self.assertMoney(july, opening=100, new=50, closing=150)
        self.assertLogos(july, opening=1, new=1, closing=2)
        self.assertMoney(august, opening=150, closing=150)
        # elsewhere time stops today
        for view in ("activity", "net"):
            result = self.recurring("2026-06-01", "2026-08-31", view=view)
            self.assertEqual([row["closing"] for row in result["periods"]], [100] * 3)

    def test_tomorrow_is_later(self):
        self.subscribe(50, "2026-06-16")
        self.assertEqual(self.carr(), 12 * 150)
        self.assertEqual(self.ask()["kpis"]["mrr"], 150)
        self.assertEqual(self.recurring("2026-06-01", "2026-08-31")["kpis"]["mrr"], 100)

    def test_a_term_that_runs_out_is_a_renewal_due(self):
        self.subscribe(50, "2026-01-01", "2026-07-31")
        self.assertEqual(self.carr(), 12 * 150)
        self.assertEqual([row["closing"] for row in self.ask()["periods"]], [150] * 3)

    def test_a_closed_agreement_is_lost(self):
        self.subscribe(50, "2026-01-01", "2026-07-31", close_reason_id=self.reason.id)
        self.assertEqual(self.carr(), 12 * 100)
        closing = [row["closing"] for row in self.ask()["periods"]]
        self.assertEqual(closing, [150, 150, 100])

    def test_a_later_price(self):
        """Both versions are of one agreement: neither is due."""
        self.versions(
            self.line(50, "2026-01-01", "2026-07-31"), self.line(40, "2026-08-01")
        )
        self.assertEqual(self.carr(), 12 * 140)

    def test_a_pause_ahead(self):
        subscription = self.subscribe(50, "2026-01-01")
        self.pause(subscription, "2026-07-01", "2026-07-31")
        self.assertEqual(self.carr(), 12 * 150)
        closing = [row["closing"] for row in self.ask()["periods"]]
        self.assertEqual(closing, [150, 100, 150])

    def test_customers_of_renewals_that_are_due(self):
        """Not lost, and not won again when something new is signed."""
        due = self._customer("Due")
        self.subscribe(50, "2026-01-01", "2026-06-30", partner=due)
        self.subscribe(70, "2026-08-01", partner=due)
        june, july, august = self.ask()["periods"]
        self.assertLogos(july, opening=2, closing=2)
        self.assertMoney(july, opening=150, closing=150)
        self.assertMoney(august, opening=150, reactivation=70, closing=220)
        self.assertLogos(august, opening=2, closing=2)

    def test_customers_who_are_lost(self):
        """Of one of two agreements that end the renewal is due."""
        lost, half = self._customer("Lost"), self._customer("Half")
        for partner in (lost, half):
            self.subscribe(
                50,
                "2026-01-01",
                "2026-06-30",
                partner=partner,
                close_reason_id=self.reason.id,
            )
        self.subscribe(30, "2026-01-01", "2026-06-30", partner=half)
        july = self.ask()["periods"][1]
        self.assertMoney(july, opening=230, churn=-100, closing=130)
        self.assertLogos(july, opening=3, churn=-1, closing=2)

    def test_a_past_range_looks_not_ahead(self):
        self.subscribe(50, "2026-07-01")
        kpis = self.ask("2026-05-01", "2026-06-14")["kpis"]
        self.assertEqual((kpis["mrr"], kpis["carr"]), (100, None))
        self.assertIsNone(kpis["weighted_pipeline_mrr"])

    def test_of_a_slice(self):
        self.subscribe(50, "2026-07-01", team_id=self.team.id)
        self.subscribe(70, "2026-09-01", team_id=self.team_2.id)
        self.assertEqual(self.carr(team_ids=self.team.ids), 12 * 50)
        result = self.ask(group_by="team")
        carr = {group["id"]: group["kpis"]["carr"] for group in result["groups"]}
        self.assertEqual(carr[self.team.id], 12 * 50)
        self.assertEqual(carr[None], 12 * 100)


class TestPipeline(CrmMetricsCommon):
    """Open opportunities with recurring revenue, times their probability."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.source = cls.env["utm.source"].create({"name": "Fair"})
        cls.country = cls.env["res.country"].search([], limit=1)
        cls.leads = cls.env["crm.lead"].create(
            [
                {
                    "name": f"Deal {number}",
                    "type": "opportunity",
                    "company_id": cls.company.id,
                    "user_id": user and user.id,
                    "team_id": team and team.id,
                    "recurring_revenue": revenue,
                    "recurring_plan": plan.id,
                    "probability": probability,
                    "source_id": source and source.id,
                    "country_id": country and country.id,
                }
                for number, (
                    revenue,
                    plan,
                    probability,
                    user,
                    team,
                    source,
                    country,
                ) in (
                    enumerate(
                        [
                            (
                                1200,
                                cls.yearly,
                                50,
                                cls.seller,
                                cls.team,
                                cls.source,
                                None,
                            ),
                            (60, cls.monthly, 25, None, None, None, cls.country),
                        ]
                    )
                )
            ]
        )

    def weighted(self, date_to="2026-06-30", user=None, **options):
        result = self.recurring("2026-06-01", date_to, user=user, **options)
        return result["kpis"]["weighted_pipeline_mrr"]

    def test_sum(self):
        self.assertEqual(self.weighted(), 65)
        self.assertEqual(self.weighted("2026-06-15"), 65)
        self.assertIsNone(self.weighted("2026-06-14"))

    def test_only_open_ones(self):
        self.leads[0].action_set_lost()
        self.assertEqual(self.weighted(), 15)
        self.leads[1].action_set_won()
        self.assertEqual(self.weighted(), 0)

    def test_slices(self):
        self.assertEqual(self.weighted(team_ids=self.team.ids), 50)
        self.assertEqual(self.weighted(user_ids=self.seller.ids), 50)
        self.assertEqual(self.weighted(source_ids=self.source.ids), 50)
        self.assertEqual(self.weighted(plan_ids=self.monthly.ids), 15)
        self.assertEqual(self.weighted(country_ids=self.country.ids), 15)
        self.assertEqual(
            self.weighted(country_ids=self.country.ids, team_ids=self.team.ids), 0
        )

    def test_of_a_close_reason_there_is_none(self):
        reason = self.env["crm.subscription.close.reason"].create({"name": "Left"})
        self.assertIsNone(self.weighted(reason_ids=reason.ids))

    def test_groups(self):
        self.subscribe(10, team_id=self.team.id)
        self.subscribe(10)
        self.refresh()
        result = self.recurring("2026-06-01", "2026-06-30", group_by="team")
        weighted = {
            group["id"]: group["kpis"]["weighted_pipeline_mrr"]
            for group in result["groups"]
        }
        self.assertEqual(weighted, {self.team.id: 50, None: 15})

    def test_other_companies(self):
        self.leads[1].company_id = self.other_company
        self.assertEqual(self.weighted(), 50)
        self.leads[1].company_id = False
        self.assertEqual(self.weighted(), 65)

    def test_only_what_one_may_read(self):
        self.assertEqual(self.weighted(user=self.seller), 65)
        self.assertEqual(self.weighted(user=self.seller_2), 15)

    def test_plans_by_weeks(self):
        weekly = self.env["crm.recurring.plan"].create(
            {"name": "Weekly", "interval_number": 1, "interval_type": "week"}
        )
        self.leads[0].recurring_plan = weekly
        self.leads[0].recurring_revenue = 7
        self.assertEqual(self.leads[0].recurring_revenue_monthly, 30.44)
        self.assertEqual(self.weighted(), 30.22)


class TestGroups(CrmMetricsCommon):
    """Slices, all of one answer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.fair = cls.env["utm.source"].create({"name": "Fair"})
        cls.countries = cls.env["res.country"].search([], limit=2)
        cls.lead = cls.env["crm.lead"].create(
            {"name": "Deal", "type": "opportunity", "source_id": cls.fair.id}
        )
        cls.reason = cls.env["crm.subscription.close.reason"].create({"name": "Left"})

    def setUp(self):
        super().setUp()
        self.first = self._customer("First", country_id=self.countries[0].id)
        self.second = self._customer("Second", country_id=self.countries[1].id)
        self.subscribe(
            100,
            "2026-01-01",
            partner=self.first,
            team_id=self.team.id,
            user_id=self.seller.id,
            lead_id=self.lead.id,
        )
        self.subscribe(
            90,
            "2026-02-01",
            "2026-04-30",
            partner=self.second,
            plan=self.quarterly,
            team_id=self.team_2.id,
            close_reason_id=self.reason.id,
        )
        self.subscribe(5, "2026-03-01", partner=self.second)
        self.refresh()

    def groups(self, name, **options):
        result = self.recurring("2026-01-01", "2026-05-31", group_by=name, **options)
        for index, period in enumerate(result["periods"]):
            for kind, amount in period.items():
                if isinstance(amount, float):
                    total = sum(
                        group["periods"][index][kind] for group in result["groups"]
                    )
                    self.assertEqual(total, amount, kind)
        return {group["id"]: group["kpis"]["mrr"] for group in result["groups"]}

    def test_each_way_to_group(self):
        for view in ("activity", "net", "committed"):
            options = {"view": view}
            self.assertEqual(
                self.groups("team", **options),
                {self.team.id: 100, self.team_2.id: 0, None: 5},
            )
            self.assertEqual(
                self.groups("user", **options), {self.seller.id: 100, None: 5}
            )
            self.assertEqual(
                self.groups("plan", **options),
                {self.monthly.id: 105, self.quarterly.id: 0},
            )
            self.assertEqual(
                self.groups("source", **options), {self.fair.id: 100, None: 5}
            )
            self.assertEqual(
                self.groups("country", **options),
                {self.countries[0].id: 100, self.countries[1].id: 5},
            )
            # what was lost for a reason, and all that came
            self.assertEqual(
                self.groups("reason", **options), {self.reason.id: -30, None: 135}
            )

    def test_a_filter_is_one_of_the_groups(self):
        for name, key, records in (
            ("team", "team_ids", self.team),
            ("user", "user_ids", self.seller),
            ("plan", "plan_ids", self.quarterly),
            ("source", "source_ids", self.fair),
            ("country", "country_ids", self.countries[1]),
            ("reason", "reason_ids", self.reason),
        ):
            result = self.recurring("2026-01-01", "2026-05-31", group_by=name)
            [group] = [each for each in result["groups"] if each["id"] == records.id]
            alone = self.recurring("2026-01-01", "2026-05-31", **{key: records.ids})
            self.assertEqual(
                {key: alone[key] for key in ("periods", "kpis")},
                {key: group[key] for key in ("periods", "kpis")},
                name,
            )

    def test_names_and_order(self):
        groups = self.recurring("2026-01-01", "2026-05-31", group_by="team")["groups"]
        self.assertEqual(
            [(group["id"], group["name"]) for group in groups],
            [(self.team.id, "Team 1"), (self.team_2.id, "Team 2"), (None, "Not set")],
        )

    def test_filters_and_groups_together(self):
        self.assertEqual(
            self.groups("team", country_ids=self.countries[1].ids),
            {self.team_2.id: 0, None: 5},
        )

    def test_customers_of_a_group_are_its_own(self):
        result = self.recurring("2026-05-01", "2026-05-31", group_by="team")
        groups = {group["id"]: group["periods"][0] for group in result["groups"]}
        # the second customer stays with another subscription
        self.assertLogos(result["periods"][0], opening=2, closing=2)
        self.assertLogos(groups[self.team_2.id], opening=1, transfer=-1, closing=0)
        self.assertMoney(groups[self.team_2.id], opening=30, contraction=-30, closing=0)

    def test_nobody_sees_the_groups_of_others(self):
        groups = self.recurring(
            "2026-01-01", "2026-05-31", user=self.seller_2, group_by="user"
        )["groups"]
        self.assertEqual([group["id"] for group in groups], [None])

    def test_bad_options(self):
        for options in (
            {"group_by": "company"},
            {"group_by": ["team"]},
            {"source_ids": [2**31 - 1]},
            {"plan_ids": "1"},
            {"country_ids": [-1]},
            {"reason_ids": [0]},
        ):
            [key] = options
            with self.assertRaisesRegex(ValidationError, f"^{key}:"):
                self.recurring("2026-01-01", "2026-05-31", **options)

    def test_a_country_that_changes(self):
        """Nothing of it is stored."""
        self.second.country_id = self.countries[0]
        self.assertEqual(self.groups("country"), {self.countries[0].id: 105})

    def test_people_without_sales_rights(self):
        user = new_test_user(self.env, "metrics_nobody", "base.group_user")
        with self.assertRaises(AccessError):
            self.recurring("2026-01-01", "2026-05-31", user=user, group_by="team")
