from datetime import date

from dateutil.relativedelta import relativedelta

from odoo.tests import HttpCase, tagged
from odoo.tests.common import no_retry

from .common import CrmMetricsCommon
from .common_web import ExportMixin


def _hoot_id(name):
    """Return the id that HOOT gives to a suite: a 32-bit hash of its name."""
    value = 0
    for char in name:
        value = (value * 31 + ord(char)) & 0xFFFFFFFF
    return f"{value:08x}"


@tagged("post_install", "-at_install")
class TestUnit(HttpCase):
    @no_retry
    def test_hoot(self):
        self.browser_js(
            "/web/tests?headless&loglevel=2&preset=desktop&timeout=15000"
            f"&id={_hoot_id('@crm_metrics')}",
            "",
            "",
            login="admin",
            timeout=300,
            success_signal="[HOOT] Test suite succeeded",
            error_checker=lambda message: "[HOOT]" not in message,
        )


class WebCommon(CrmMetricsCommon, HttpCase):
    """Customers around the real today: a browser's clock is not frozen."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # the first of a month: no month has it twice, and none lacks it
        cls.this_month = date.today().replace(day=1)
        cls.alpha = cls._customer("Alpha Grows")
        cls.beta = cls._customer("Beta Leaves")
        cls.gamma = cls._customer("=Gamma+New")
        cls.subscribe(
            0,
            cls.months_ago(14),
            partner=cls.alpha,
            team_id=cls.team.id,
            lines=[
                cls.line(100, date_end=cls.months_ago(5) - relativedelta(days=1)),
                cls.line(150.5, cls.months_ago(5)),
            ],
        )
        cls.left = cls.subscribe(
            200,
            cls.months_ago(14),
            cls.months_ago(2) - relativedelta(days=1),
            partner=cls.beta,
            name="Beta's Subscription",
            user_id=cls.seller_2.id,
            team_id=cls.team.id,
        )
        cls.subscribe(
            4800,
            cls.months_ago(3),
            partner=cls.gamma,
            plan=cls.yearly,
            user_id=cls.seller.id,
            team_id=cls.team_2.id,
        )
        cls.team_2.name = "=1+1"

    def setUp(self):
        # no frozen clock, but Odoo's own set-up
        super(CrmMetricsCommon, self).setUp()
        self.refresh()

    @classmethod
    def months_ago(cls, months):
        return cls.this_month - relativedelta(months=months)


@tagged("post_install", "-at_install")
class TestTours(WebCommon):
    def test_recurring(self):
        """From the menu to the waterfall, a bar's movements and their subscription."""
        self.start_tour("/odoo", "crm_metrics_recurring", login="metrics_manager")

    def test_recurring_url(self):
        """A copied URL opens the same screen; browser back takes a filter back."""
        self.start_tour(
            "/odoo/recurring-revenue?view=net&grain=quarter"
            f"&teams={self.team_2.id}&measure=mrr",
            "crm_metrics_recurring_url",
            login="metrics_manager",
        )

    def test_recurring_own(self):
        """A salesperson sees own figures and those of nobody."""
        self.start_tour(
            "/odoo/recurring-revenue",
            "crm_metrics_recurring_own",
            login="metrics_seller",
        )

    def test_recurring_empty(self):
        """Nothing yet: the screen leads to the first subscription."""
        self._user("metrics_first", "group_sale_manager", self.other_company)
        self.start_tour(
            "/odoo/recurring-revenue",
            "crm_metrics_recurring_empty",
            login="metrics_first",
        )

    def test_recurring_slices(self):
        """Slices add up, their numbers open movements, more filters narrow."""
        self.start_tour(
            "/odoo/recurring-revenue?measure=mrr",
            "crm_metrics_recurring_slices",
            login="metrics_manager",
        )

    def test_cohorts(self):
        """From the menu to the heat map and to the customers of a cell."""
        self.start_tour("/odoo", "crm_metrics_cohorts", login="metrics_manager")

    def test_from_a_win_to_the_waterfall(self):
        """A win, its subscription, a later price: both are on the waterfall."""
        team = self.env["crm.team"].create({"name": "Team 3", "company_id": False})
        self.manager.group_ids += self.env.ref("crm.group_use_recurring_revenues")
        lead = self.env["crm.lead"].create(
            {
                "name": "Delta's deal",
                "type": "opportunity",
                "partner_id": self._customer("Delta Deals").id,
                "company_id": self.company.id,
                "team_id": team.id,
                "user_id": self.manager.id,
                "recurring_revenue": 100,
                "recurring_plan": self.monthly.id,
            }
        )
        self.start_tour(
            f"/odoo/crm/{lead.id}",
            "crm_metrics_win_and_change",
            login="metrics_manager",
        )
        self.assertEqual(lead.won_status, "won")
        self.refresh()
        self.start_tour(
            f"/odoo/recurring-revenue?measure=mrr&teams={team.id}",
            "crm_metrics_committed",
            login="metrics_manager",
        )

    def test_rate_timeline(self):
        """The form of a subscription shows its rate over time."""
        self.start_tour(
            f"/odoo/crm-subscriptions/{self.left.id}",
            "crm_metrics_rate_timeline",
            login="metrics_manager",
        )


@tagged("post_install", "-at_install")
class TestExport(ExportMixin, WebCommon):
    def options(self, **more):
        return {
            "date_from": self.months_ago(11).isoformat(),
            "date_to": date.today().isoformat(),
            "company_ids": self.company.ids,
            **more,
        }

    def test_same_figures_as_the_screen(self):
        response = self.export(options=self.options())
        self.assertIn(
            "attachment; filename*=UTF-8''recurring_revenue_",
            response.headers["Content-Disposition"],
        )
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        values = self.values(response)
        facade = self.recurring(
            self.options()["date_from"], self.options()["date_to"], self.manager
        )
        labels = {row[0]: row[1] for row in values if len(row) == 2}
        self.assertEqual(labels["MRR"], 550.5)
        self.assertEqual(labels["ARR"], facade["kpis"]["arr"])
        self.assertEqual(labels["Net new MRR"], facade["kpis"]["net_new"])
        self.assertEqual(labels["Growth"], facade["kpis"]["growth"])
        self.assertEqual(labels["Currency"], "USD")
        periods = values[-len(facade["periods"]) :]
        header = values[-len(facade["periods"]) - 1]
        for row, period in zip(periods, facade["periods"], strict=True):
            row = dict(zip(header, row, strict=True))
            self.assertEqual(row["From"].date().isoformat(), period["date_from"])
            self.assertEqual(row["To"].date().isoformat(), period["date_to"])
            for label in ("Opening", "New", "Expansion", "Churn", "Closing"):
                self.assertEqual(row[label], period[label.lower()], label)
            self.assertEqual(row["Customers at end"], period["customers"]["closing"])

    def test_yearly_amounts(self):
        monthly = self.values(self.export(options=self.options()))
        yearly = self.values(self.export(options=self.options(), measure="arr"))
        self.assertEqual(yearly[-1][2], 12 * monthly[-1][2])
        self.assertIn(["How ARR moved, in USD"], yearly)

    def test_committed(self):
        ahead = self.options(
            view="committed",
            date_to=(date.today() + relativedelta(months=2)).isoformat(),
        )
        self.assertIn(["View", "Committed"], self.values(self.export(options=ahead)))

    def test_filters_are_named(self):
        options = self.options(plan_ids=self.yearly.ids, team_ids=self.team_2.ids)
        values = self.values(self.export(options=options))
        self.assertIn(["Recurring Plan", self.yearly.display_name], values)
        self.assertIn(["Sales Team", "=1+1"], values)

    def test_slices(self):
        """Slices of a sheet add up to its whole."""
        values = self.values(self.export(options=self.options(group_by="team")))
        [start] = [i for i, row in enumerate(values) if row[0] == "Sales Team"]
        [end] = [i for i, row in enumerate(values) if row[0] == "Whole"]
        slices, whole = values[start + 1 : end], values[end]
        self.assertEqual([row[0] for row in slices], ["=1+1", "Team 1"])
        labels = values[start]
        for label in ("Opening", "New", "Churn", "Closing", "Customers at end"):
            column = labels.index(label)
            total = sum(row[column] for row in slices)
            self.assertEqual(total, whole[column], label)
        self.assertEqual(whole[labels.index("Closing")], 550.5)
        self.assertEqual(whole[labels.index("Logo churn")], 0.5)

    def test_cohorts(self):
        options = self.options(date_from=self.months_ago(20).isoformat())
        response = self.export(
            what="recurring_cohorts", options=options, figure="customers"
        )
        self.assertIn(
            "attachment; filename*=UTF-8''recurring_cohorts_",
            response.headers["Content-Disposition"],
        )
        values = self.values(response)
        first = values.index(["Customers left"])
        self.assertEqual(values[first + 1][:4], ["First month", "Customers", "MRR", 0])
        old, new = values[first + 2 : first + 4]
        self.assertEqual(old[0].date(), self.months_ago(14))
        self.assertEqual(old[1:4], [2, 300, 1])
        # Beta left two months ago
        self.assertEqual(old[3:][11:13], [1, 0.5])
        self.assertEqual(new[1:4], [1, 400, 1])
        amounts = values.index(["Net MRR, in USD"])
        self.assertEqual(values[amounts + 2][3:][11:13], [350.5, 150.5])

    def test_cohorts_of_nobody(self):
        options = self.options(team_ids=[])
        values = self.values(self.export(what="recurring_cohorts", options=options))
        self.assertIn(["First month", "Customers", "MRR"], values)

    def test_cohorts_bad_options(self):
        for bad, message in (
            ({"options": self.options(view="net")}, "view: unknown option"),
            ({"options": self.options(), "figure": "heads"}, "figure: "),
        ):
            with self.subTest(bad=bad):
                response = self.export(what="recurring_cohorts", **bad)
                self.assertEqual(response.status_code, 400)
                self.assertIn(message, response.text)

    def test_cohorts_sales_users_only(self):
        self._user("metrics_outsider", "base.group_user")
        response = self.export(
            "metrics_outsider", self.options(), what="recurring_cohorts"
        )
        self.assertEqual(response.status_code, 403)

    def test_numbers_and_days_are_typed(self):
        rows = self.rows(self.export(options=self.options()))
        opening = rows[-1][2]
        self.assertEqual(opening.data_type, "n")
        self.assertEqual(opening.number_format, "#,##0.00")
        self.assertTrue(rows[-1][0].is_date)

    def test_no_formula(self):
        """A name that begins like a formula stays a name."""
        rows = self.rows(self.export(options=self.options(team_ids=self.team_2.ids)))
        [cell] = [cell for row in rows for cell in row if cell.value == "=1+1"]
        self.assertEqual(cell.data_type, "s")
        self.assertFalse([c for row in rows for c in row if c.data_type == "f"])

    def test_own_figures(self):
        values = self.values(self.export("metrics_seller", self.options()))
        labels = {row[0]: row[1] for row in values if len(row) == 2}
        # Gamma is the seller's, Alpha is nobody's
        self.assertEqual(labels["MRR"], 550.5)
        values = self.values(self.export("metrics_seller_2", self.options()))
        labels = {row[0]: row[1] for row in values if len(row) == 2}
        self.assertEqual(labels["MRR"], 150.5)

    def test_bad_options(self):
        for bad, message in (
            ({"raw": "{"}, "options: not JSON"),
            ({"raw": "[]"}, "options: expected a dictionary"),
            ({"options": {}}, "date_from: expected a date"),
            ({"options": self.options(foo=1)}, "foo: unknown option"),
            ({"options": self.options(view="gross")}, "view: "),
            ({"options": self.options(team_ids=[2**31 - 1])}, "team_ids: "),
            ({"options": self.options(), "measure": "usd"}, "measure: "),
        ):
            with self.subTest(bad=bad):
                response = self.export(**bad)
                self.assertEqual(response.status_code, 400)
                self.assertIn(message, response.text)

    def test_unknown_report(self):
        for what in ("status", "_options", "crm.lead"):
            with self.subTest(what=what):
                response = self.export(what=what, options=self.options())
                self.assertEqual(response.status_code, 404)

    def test_a_message_is_no_markup(self):
        response = self.export(options=self.options(grain="<script>alert(1)</script>"))
        self.assertEqual(response.status_code, 400)
        self.assertNotIn("<script>alert", response.text)

    def test_sales_users_only(self):
        self._user("metrics_outsider", "base.group_user")
        response = self.export("metrics_outsider", self.options())
        self.assertEqual(response.status_code, 403)
        self.assertIn("CRM Metrics is for sales users", response.text)

    def test_other_company(self):
        options = self.options(company_ids=self.other_company.ids)
        response = self.export(options=options)
        self.assertEqual(response.status_code, 400)
        self.assertIn("company_ids: ", response.text)

    def test_nobody(self):
        self.authenticate(None, None)
        response = self.url_open("/crm_metrics/recurring.xlsx", allow_redirects=False)
        self.assertEqual(response.status_code, 303)
        self.assertIn("/web/login", response.headers["Location"])
