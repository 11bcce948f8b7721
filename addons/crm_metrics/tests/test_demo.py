from collections import Counter
from datetime import date, timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.tests import TransactionCase, tagged

from ..demo.crm_metrics_demo import SELLERS
from ..demo.story import MONTHS, Story

TODAY = date(2026, 6, 15)
KINDS = {"new", "expansion", "contraction", "churn", "reactivation"}


@tagged("post_install", "-at_install")
class TestDemo(TransactionCase):
    """The demo data tells its story on any database and any day."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # the demo database has it already: write it anew, elsewhere
        cls.env["ir.model.data"].search(
            [("module", "=", "crm_metrics"), ("name", "=like", "%\\_demo")]
        ).unlink()
        for user in cls.env["res.users"].search([("login", "in", list(SELLERS))]):
            user.login += "_of_the_database"
        cls.company = cls.env["res.company"].create(
            {"name": "Demo Test", "currency_id": cls.env.ref("base.USD").id}
        )
        root = cls.env.ref("base.user_root")
        (root | cls.env.ref("base.user_admin")).company_ids += cls.company
        if demo := cls.env.ref("base.user_demo", raise_if_not_found=False):
            demo.company_ids += cls.company
        cls.env = cls.env(
            context={**cls.env.context, "allowed_company_ids": cls.company.ids}
        )
        cls.env["crm.recurring.plan"]._load_records(
            [
                {
                    "xml_id": "crm_metrics.crm_recurring_plan_quarterly_demo",
                    "values": {"name": "Quarterly", "number_of_months": 3},
                }
            ]
        )
        with freeze_time(TODAY):
            cls.env["crm.metrics.demo"]._load()
        domain = [("company_id", "=", cls.company.id)]
        cls.subscriptions = cls.env["crm.subscription"].search(domain)
        cls.movements = cls.env["crm.mrr.movement"].search(domain)
        cls.issues = cls.env["crm.metrics.issue"].search(domain)

    def setUp(self):
        super().setUp()
        self.enterContext(freeze_time(TODAY))

    def test_size(self):
        self.assertGreaterEqual(len(self.movements.partner_id), 150)
        self.assertGreaterEqual(len(self.subscriptions.user_id), 3)
        self.assertGreaterEqual(len(self.subscriptions.team_id), 2)
        plans = self.movements.recurring_plan_id
        self.assertEqual(set(plans.mapped("number_of_months")), {1, 3, 12, 36})
        self.assertGreaterEqual(len(self.subscriptions.lead_id), 20)
        self.assertEqual(
            set(self.subscriptions.mapped("state")),
            {"draft", "upcoming", "active", "closed"},
        )

    def test_every_month_of_two_years_has_every_kind(self):
        result = self.env["crm.metrics"].recurring(
            {"date_from": "2024-06-01", "date_to": fields.Date.to_string(TODAY)}
        )
        self.assertEqual(len(result["periods"]), 25)
        for period in result["periods"]:
            for kind in KINDS:
                self.assertTrue(period[kind], f"{kind} in {period['date_from']}")
        self.assertTrue(90_000 < result["kpis"]["mrr"] < 200_000, result["kpis"])
        self.assertGreater(result["kpis"]["growth"], 1)

    def test_a_bad_quarter_after_the_price_rise(self):
        lost = Counter(
            movement.date.strftime("%Y-%m")
            for movement in self.movements
            if movement.customers < 0 and movement.date <= TODAY
        )
        # prices rose in September; one customer in two to three leaves else
        for month in ("2025-10", "2025-11", "2025-12"):
            self.assertGreaterEqual(lost.pop(month), 5)
        self.assertLessEqual(max(lost.values()), 4)

    def test_ahead(self):
        ahead = self.movements.filtered(lambda movement: movement.date > TODAY)
        self.assertLessEqual({"new", "expansion", "churn"}, set(ahead.mapped("kind")))
        self.assertLess(max(ahead.mapped("date")), TODAY + timedelta(days=100))

    def test_one_issue_in_another_currency(self):
        self.assertEqual(self.issues.mapped("code"), ["foreign_currency"])

    def test_facts_are_filled_and_right(self):
        engine = self.env["crm.metrics.engine"].with_user(
            self.env.ref("base.user_admin")
        )
        self.assertFalse(self.env["crm.metrics.queue"]._waiting())
        self.assertEqual(set(engine.audit().values()), {0})

    def test_nothing_is_sent(self):
        for model in ("mail.message", "mail.mail"):
            self.assertFalse(
                self.env[model].search([("model", "=", "crm.subscription")])
            )

    def test_all_that_is_made_can_be_found_by_uninstalling(self):
        for record in (
            self.subscriptions[:1],
            self.subscriptions.partner_id[:1],
            self.subscriptions.lead_id[:1],
            self.subscriptions.user_id.filtered(lambda user: user.login == "nora"),
        ):
            [names] = record._get_external_ids().values()
            self.assertTrue([name for name in names if name.startswith("crm_metrics.")])


@tagged("post_install", "-at_install")
class TestStory(TransactionCase):
    """The story is the same on the same day, and holds on every day."""

    def test_same_day_same_story(self):
        self.assertEqual(Story(TODAY).customers, Story(TODAY).customers)

    def test_any_day(self):
        for day in (
            date(2026, 1, 1),
            date(2026, 3, 31),
            date(2026, 8, 31),
            date(2026, 12, 31),
            date(2027, 12, 1),
            date(2028, 2, 29),
        ):
            with self.subTest(day):
                story = Story(day)
                self.assertGreaterEqual(len(story.customers), 150)
                self.assertEqual(story._first(MONTHS), day.replace(day=1))
                for customer in story.customers:
                    for subscription in customer.subscriptions:
                        self._check(subscription)

    def _check(self, subscription):
        start, end = subscription.start or date.min, subscription.end or date.max
        self.assertLessEqual(start, end)
        for line in subscription.lines:
            self.assertLessEqual(line.start or start, line.end or end)
            self.assertGreater(line.quantity * line.price, 0)
            if line.previous:
                self.assertEqual(line.start, line.previous.end + timedelta(days=1))
