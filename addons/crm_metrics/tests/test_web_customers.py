import io
import json
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta
from openpyxl import load_workbook

from odoo.tests import HttpCase, tagged

from .common import CrmMetricsCommon
from .purchase_case import PurchaseCase
from .test_customer_score import RUN


class CustomersWebCommon(PurchaseCase, HttpCase):
    """Purchases around the real today: a browser's clock is not frozen."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # the first of a month: no month has it twice, and none lacks it
        cls.this_month = date.today().replace(day=1)
        cls.alpha = cls._customer("Alpha Again", user_id=cls.seller.id)
        cls.beta = cls._customer("=Beta+Gone", user_id=cls.seller_2.id)
        cls.gamma = cls._customer("Gamma Now")
        before, last = cls.months_ago(2), cls.months_ago(1)
        cls.enter(100, before, cls.alpha, user_id=cls.seller.id, team_id=cls.team.id)
        cls.enter(40, before, cls.beta, user_id=cls.seller_2.id, team_id=cls.team_2.id)
        for day in (1, 2):
            cls.enter(
                120,
                last + timedelta(days=day),
                cls.alpha,
                user_id=cls.seller.id,
                team_id=cls.team.id,
            )
        cls.enter(60, last, cls.gamma)
        cls.enter(-30, last, cls.alpha)
        cls.enter(7, last, False)
        cls.team_2.name = "=1+1"

    def setUp(self):
        # no frozen clock, but Odoo's own set-up
        super(CrmMetricsCommon, self).setUp()
        self.refresh()

    @classmethod
    def months_ago(cls, months):
        return cls.this_month - relativedelta(months=months)

    def score(self, day):
        return self.env[RUN].create({"company_id": self.company.id, "date": day})


@tagged("post_install", "-at_install")
class TestTours(CustomersWebCommon):
    def test_customer_revenue(self):
        """From the menu to what changed, its purchases and the best team."""
        self.start_tour(
            "/odoo", "crm_metrics_customer_revenue", login="metrics_manager"
        )

    def test_customer_revenue_own(self):
        """A salesperson sees own figures and those of nobody."""
        self.start_tour(
            "/odoo/customer-revenue",
            "crm_metrics_customer_revenue_own",
            login="metrics_seller",
        )

    def test_empty(self):
        """Nothing yet: both screens lead to the import of purchases."""
        self._user("metrics_first", "group_sale_manager", self.other_company)
        self.start_tour(
            "/odoo/customer-revenue", "crm_metrics_no_purchases", login="metrics_first"
        )

    def test_segments(self):
        """Score now, who moved where, the customers of a cell, their contact."""
        self.score(self.months_ago(1) - timedelta(days=1))
        self.start_tour("/odoo", "crm_metrics_segments", login="metrics_manager")
        self.assertEqual(self.env[RUN].search_count([("date", "=", date.today())]), 1)

    def test_contact(self):
        """The contact says what its customer bought."""
        self.score(date.today())
        self.start_tour(
            f"/odoo/res.partner/{self.alpha.id}",
            "crm_metrics_contact_purchases",
            login="metrics_manager",
        )


@tagged("post_install", "-at_install")
class TestExport(CustomersWebCommon):
    def export(self, what, login="metrics_manager", **options):
        self.authenticate(login, login)
        options.setdefault("company_ids", self.company.ids)
        return self.url_open(
            f"/crm_metrics/{what}.xlsx", params={"options": json.dumps(options)}
        )

    def days(self):
        return {
            "date_from": self.months_ago(2).isoformat(),
            "date_to": (self.this_month - timedelta(days=1)).isoformat(),
        }

    def rows(self, response):
        self.assertEqual(response.status_code, 200, response.text[:500])
        book = load_workbook(io.BytesIO(response.content))
        rows = [
            [cell for cell in row if cell.value is not None] for row in book.active.rows
        ]
        self.assertFalse([c for row in rows for c in row if c.data_type == "f"])
        return [[cell.value for cell in row] for row in rows if row]

    def test_customer_revenue(self):
        response = self.export("nvl", **self.days())
        self.assertIn(
            "attachment; filename*=UTF-8''customer_revenue_",
            response.headers["Content-Disposition"],
        )
        rows = self.rows(response)
        first = next(i for i, row in enumerate(rows) if "Revenue (R)" in row)
        before, last = rows[first + 1 : first + 3]
        # R, N, V, L, Q, new, not again, refunds, anonymous
        self.assertEqual(before[2:], [140, 2, 70, 1, 2, 2, 0, 0, 0])
        self.assertEqual(last[2:], [300, 2, 100, 1.5, 3, 1, 1, -30, 7])
        first = next(i for i, row in enumerate(rows) if "Change" in row)
        change, *bars = rows[first + 2][3:]
        self.assertEqual(change, 137)
        self.assertAlmostEqual(sum(bars), change)

    def test_customer_revenue_by_team(self):
        rows = self.rows(self.export("nvl", group_by="team", **self.days()))
        self.assertIn(["=1+1"], rows)
        self.assertIn(["Whole"], rows)

    def test_customer_revenue_up_to_today(self):
        """What is not whole says so, and what has not begun stays out."""
        start = self.months_ago(1) + timedelta(days=1)
        ahead = self.this_month + timedelta(days=70)
        rows = self.rows(
            self.export("nvl", date_from=start.isoformat(), date_to=ahead.isoformat())
        )
        first = next(i for i, row in enumerate(rows) if "Revenue (R)" in row)
        self.assertEqual(rows[first][:4], ["From", "To", "Partial", "Revenue (R)"])
        cut, running, after = rows[first + 1 : first + 4]
        self.assertEqual((cut[0].date(), cut[2]), (start, "Yes"))
        self.assertEqual((running[0].date(), running[2]), (self.this_month, "Yes"))
        # a day more or less: where the company is
        self.assertLessEqual(abs(running[1].date() - date.today()), timedelta(days=1))
        self.assertIn("Change", after)

    def test_segments(self):
        self.score(self.months_ago(1) - timedelta(days=1))
        self.score(date.today())
        response = self.export("segments")
        self.assertIn(
            f"filename*=UTF-8''customer_segments_{date.today()}.xlsx",
            response.headers["Content-Disposition"],
        )
        rows = self.rows(response)
        self.assertIn(["Window, months", 24], rows)
        first = rows.index(
            ["Segment", "Customers", "Revenue", "Customers in the run before"]
        )
        segments = rows[first + 1 : first + 12]
        self.assertEqual(sum(row[1] for row in segments), 3)
        self.assertEqual(sum(row[2] for row in segments), 410)
        self.assertEqual(sum(row[3] for row in segments), 2)
        first = rows.index(["Before in", "Now in", "Customers"])
        self.assertIn("Not scored before", [row[0] for row in rows[first + 1 :]])

    def test_segments_of_nobody(self):
        rows = self.rows(self.export("segments"))
        self.assertNotIn("Scoring run", [row[0] for row in rows])

    def test_own_figures(self):
        rows = self.rows(self.export("nvl", "metrics_seller_2", **self.days()))
        first = next(i for i, row in enumerate(rows) if "Revenue (R)" in row)
        self.assertEqual([row[2] for row in rows[first + 1 : first + 3]], [40, 60])

    def test_who_may_not(self):
        self._user("metrics_outsider", "base.group_user")
        for what, options in (("nvl", self.days()), ("segments", {})):
            with self.subTest(what):
                response = self.export(what, "metrics_outsider", **options)
                self.assertEqual(response.status_code, 403)
                response = self.export(
                    what, **options, company_ids=self.other_company.ids
                )
                self.assertEqual(response.status_code, 400)
                response = self.export(what, **options, view="net")
                self.assertEqual(response.status_code, 400)
