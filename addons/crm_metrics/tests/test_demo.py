from collections import Counter
from datetime import date, datetime, time, timedelta

from odoo import fields
from odoo.tests import TransactionCase, tagged

from ..demo.deals import WON
from ..demo.pipeline import Pipeline
from ..demo.purchases import Purchases
from ..demo.story import MONTHS, Story
from .demo_case import TODAY, DemoCase

KINDS = {"new", "expansion", "contraction", "churn", "reactivation"}


@tagged("post_install", "-at_install")
class TestDemo(DemoCase):
    """The demo data tells its story on any database and any day."""

    def test_size(self):
        self.assertGreaterEqual(len(self.movements.partner_id), 150)
        self.assertGreaterEqual(len(self.subscriptions.user_id), 3)
        self.assertGreaterEqual(len(self.subscriptions.team_id), 2)
        plans = self.movements.recurring_plan_id
        self.assertEqual(set(plans.mapped("number_of_months")), {1, 3, 12, 36})
        self.assertGreaterEqual(len(self.subscriptions.lead_id), 20)
        self.assertEqual(
            set(self.subscriptions.mapped("state")),
            {"draft", "upcoming", "active", "paused", "closed"},
        )
        self.assertEqual(len(self.subscriptions.currency_id), 2)
        self.assertGreaterEqual(len(self.subscriptions.close_reason_id), 6)

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
        bad = [lost.pop(month) for month in ("2025-10", "2025-11", "2025-12")]
        self.assertGreaterEqual(min(bad), 6)
        self.assertLessEqual(max(lost.values()), 5)

    def test_ahead(self):
        ahead = self.movements.filtered(lambda movement: movement.date > TODAY)
        self.assertLessEqual({"new", "expansion", "churn"}, set(ahead.mapped("kind")))
        self.assertLess(max(ahead.mapped("date")), TODAY + timedelta(days=100))

    def test_one_slip_is_not_counted(self):
        self.assertEqual(self.issues.mapped("code"), ["outside_subscription"])

    def test_every_rule_has_its_case(self):
        reasons = {
            (movement.kind, movement.reason)
            for movement in self.movements
            if movement.date <= TODAY
        }
        self.assertLessEqual(
            {
                ("contraction", "pause"),
                ("expansion", "resume"),
                ("expansion", "price"),
                ("expansion", "quantity"),
                ("contraction", "plan"),
                ("expansion", "item"),
                ("churn", "free"),
                ("churn", "voluntary"),
                ("churn", "involuntary"),
                ("churn", "unknown"),
                ("fx", False),
            },
            reasons,
        )

    def test_renewals_are_planned(self):
        planned = self.subscriptions.filtered("renewal_planned_for")
        self.assertGreaterEqual(len(planned), 2)
        self.assertEqual(
            set(planned.activity_ids.mapped("res_model")), {"crm.subscription"}
        )
        domain = self.subscriptions._renewals_due(self.company)
        self.assertFalse(self.subscriptions.search(domain))

    def test_salespersons_know_what_is_stuck(self):
        stuck = self.leads.filtered("crm_stage_stuck")
        self.assertTrue(5 <= len(stuck) <= 20, stuck)
        self.assertGreaterEqual(len(stuck.stage_id), 3)
        self.assertEqual(stuck, self.leads.filtered("crm_stuck_planned_for"))
        for lead in stuck:
            self.assertEqual(lead.activity_ids.user_id, lead.user_id)

    def test_facts_are_filled_and_right(self):
        engine = self.env["crm.metrics.engine"].with_user(
            self.env.ref("base.user_admin")
        )
        self.assertFalse(self.env["crm.metrics.queue"]._waiting())
        self.assertEqual(set(engine.audit().values()), {0})

    def test_the_log_is_the_imported_history(self):
        self.env.flush_all()
        self.env.cr.precommit.run()
        events = self.env["crm.lead.event"].search([("lead_id", "in", self.leads.ids)])
        self.assertEqual(set(events.mapped("source")), {"import"})
        self.assertEqual(events.lead_id, self.leads)
        self.assertGreaterEqual(len(self.leads), 400)
        self.assertGreaterEqual(len(self.leads.team_id), 2)
        self.assertGreaterEqual(len(self.leads.source_id), 3)
        self.assertGreaterEqual(len(self.leads.lost_reason_id), 3)
        self.assertLess(min(events.mapped("at")).date(), TODAY - timedelta(500))
        self.assertLess(max(events.mapped("at")).date(), TODAY)

    def test_dates_of_leads_fit_their_history(self):
        for lead, events in self.events.grouped("lead_id").items():
            if not lead:
                # gone, and known to be
                continue
            self.assertEqual(lead.create_date, events[0].at)
            last = events[-1]
            closed = not lead.active or lead.stage_id.is_won
            self.assertEqual(
                lead.date_closed, closed and last.at.replace(microsecond=0)
            )
            entered = last
            for event in reversed(events):
                if event.stage_key != last.stage_key:
                    break
                entered = event
            self.assertEqual(lead.date_last_stage_update, entered.at)

    def test_every_kind_of_history(self):
        removed = Counter(
            events[-1].removed for events in self.events.grouped("lead_key").values()
        )
        self.assertGreater(removed["deleted"], 1)
        self.assertGreater(removed["merged"], 1)
        statuses = Counter(
            (lead.active, lead.won_status, lead.stage_id.is_won) for lead in self.leads
        )
        self.assertGreater(statuses[True, "won", True], 100)
        self.assertGreater(statuses[False, "lost", False], 150)
        self.assertGreater(statuses[True, "pending", False], 40)
        self.assertGreater(statuses[False, "pending", False], 3)
        self.assertEqual(len(statuses), 4)
        self.assertIn("lead", self.events.mapped("type"))
        for subscription in self.subscriptions.filtered("lead_id"):
            self.assertEqual(subscription.lead_id.won_status, "won")
            self.assertEqual(subscription.lead_id.partner_id, subscription.partner_id)

    def test_every_kind_of_purchase(self):
        purchases = self.env["crm.purchase"].search(
            [
                ("company_id", "=", self.company.id),
                ("res_model", "=", "crm.purchase.entry"),
            ]
        )
        kinds = Counter((p.kind, bool(p.partner_id)) for p in purchases)
        self.assertGreater(kinds["purchase", True], 1000)
        self.assertGreater(kinds["purchase", False], 100, "of passers-by")
        self.assertGreater(kinds["refund", True], 20)
        buyers = Counter(p.partner_id for p in purchases if p.kind == "purchase")
        self.assertGreater(sum(count > 10 for count in buyers.values()), 20)

    def test_some_spend_little_and_keep_buying(self):
        run = self.env["crm.customer.score.run"].search(
            [("company_id", "=", self.company.id)], order="date desc", limit=1
        )
        self.assertEqual(run.date, date(2026, 5, 31))
        scores = self.env["crm.customer.score"].search([("run_id", "=", run.id)])
        loyal = scores.filtered(lambda score: score.m <= 2 and score.f >= 4)
        self.assertGreater(len(loyal), 8)
        self.assertGreater(len(scores.segment_id), 6)
        moved = scores.filtered(
            lambda score: (
                score.previous_segment_id
                and score.previous_segment_id != score.segment_id
            )
        )
        self.assertGreater(len(moved), 10)

    def test_nothing_is_sent(self):
        messages = self.env["mail.message"]
        self.assertFalse(messages.search([("model", "=", "crm.subscription")]))
        about = [("model", "=", "crm.lead"), ("res_id", "in", self.leads.ids)]
        self.assertFalse(messages.search(about).notification_ids)
        for made in (self.subscriptions, self.leads):
            about = [("model", "=", made._name), ("res_id", "in", made.ids)]
            self.assertFalse(self.env["mail.mail"].search(about))

    def test_odoo_knows_the_same_stay(self):
        for lead in self.leads.filtered(
            lambda lead: lead.active and not lead.stage_id.is_won
        ):
            lead.flush_recordset()
            entered = lead._crm_stage_entries()[lead]
            # the time as a mere lead is none in the stage
            began = [lead.date_last_stage_update, lead.date_conversion]
            self.assertEqual(max(filter(None, began)), entered)
            seconds = sum(lead.duration_tracking.values())
            age = (self.env.cr.now() - lead.create_date).total_seconds()
            self.assertAlmostEqual(seconds, age, delta=60)

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

    def test_purchases_on_any_day(self):
        for day in (TODAY, date(2026, 1, 1), date(2026, 3, 31), date(2028, 2, 29)):
            with self.subTest(day):
                purchases = Purchases(Story(day)).all
                self.assertEqual(purchases, Purchases(Story(day)).all)
                self.assertGreater(len(purchases), 1000)
                for purchase in purchases:
                    self.assertLessEqual(purchase.day, day)
                    self.assertTrue(purchase.amount)

    def test_pipeline_on_any_day(self):
        for day in (date(2026, 1, 1), date(2026, 3, 31), date(2028, 2, 29)):
            with self.subTest(day):
                deals = Pipeline(Story(day), day).deals
                self.assertEqual(deals, Pipeline(Story(day), day).deals)
                self.assertGreaterEqual(len(deals), 450)
                for deal in deals:
                    self._check_deal(deal, day)

    def _check_deal(self, deal, day):
        self.assertEqual(deal.last.type, "opportunity")
        self.assertEqual(bool(deal.customer), not deal.prospect)
        self.assertLess(deal.last.at, datetime.combine(day, time.min))
        self.assertEqual((deal.last.value, deal.last.seller), (deal.value, deal.seller))
        for before, step in zip(deal.steps, deal.steps[1:], strict=False):
            self.assertLess(before.at, step.at)
            self.assertNotEqual(before.stage, WON)
            self.assertFalse(before.removed)
        for step in deal.steps:
            self.assertEqual(step.status == "won", step.stage == WON)
            if step.active:
                self.assertNotEqual(step.status, "lost")

    def _check(self, subscription):
        start, end = subscription.start or date.min, subscription.end or date.max
        self.assertLessEqual(start, end)
        for line in subscription.lines:
            if line.start and line.start > end:
                # the one slip, for the list of what is not counted
                self.assertIs(line, subscription.lines[0])
                continue
            self.assertLessEqual(line.start or start, line.end or end)
            self.assertGreater(line.quantity * line.price, 0)
            if line.previous:
                # a late renewal leaves a gap
                self.assertGreater(line.start, line.previous.end)
                self.assertLessEqual(line.start - line.previous.end, timedelta(41))
        for first, last, _reason in subscription.pauses:
            self.assertLess(start, first)
            self.assertLessEqual(first, last or first)
