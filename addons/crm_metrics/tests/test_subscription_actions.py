import json
from datetime import date

from lxml import etree

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .subscription_case import SubscriptionCase


@tagged("post_install", "-at_install")
class TestSubscriptionActions(SubscriptionCase):
    """What happens to a subscription; the past stays as it was."""

    # -- change -------------------------------------------------------------

    def test_change_by_the_form(self):
        subscription = self.subscribe(100, line={"quantity": 3})
        wizard = self.wizard("change", subscription)
        self.assertEqual(wizard.date, date(2026, 6, 15))
        wizard.date = date(2026, 7, 1)
        with wizard.terms_ids.edit(0) as terms:
            self.assertEqual((terms.price_unit, terms.mrr), (100, 300))
            terms.price_unit = 120
            self.assertEqual(terms.mrr, 360)
        # another day keeps what was entered
        wizard.date = date(2026, 8, 1)
        wizard.save().action_apply()
        self.assertEqual(
            self.versions(subscription),
            [(False, "2026-07-31", 3, 100), ("2026-08-01", False, 3, 120)],
        )
        self.assertEqual(
            self.movements(self.customer),
            [
                ("2026-01-01", "new", 300.0),
                ("2026-08-01", "expansion", -300.0),
                ("2026-08-01", "expansion", 360.0),
            ],
        )
        self.assertEqual({row[1] for row in self.reasons("expansion")}, {"price"})
        self.assertIn("100", subscription.message_ids[0].body)
        self.assertIn("120", subscription.message_ids[0].body)

    def test_only_what_differs_gets_a_version(self):
        subscription = self.subscribe(0, lines=[self.line(100), self.line(50)])
        first, second = subscription.line_ids
        versions = self.own(subscription)._change_lines(
            date(2026, 7, 1),
            {first: first._values(), second: {**second._values(), "discount": 10}},
        )
        self.assertEqual(versions.previous_line_id, second)
        self.assertFalse(first.date_end)
        self.assertEqual(versions.mrr, 45)

    def test_change_of_plan(self):
        subscription = self.subscribe(100)
        [line] = subscription.line_ids
        self.own(subscription)._change_lines(
            date(2026, 7, 1),
            {line: {"recurring_plan_id": self.yearly.id, "price_unit": 960}},
        )
        self.assertEqual({row[1] for row in self.reasons("contraction")}, {"plan"})

    def test_a_line_with_an_end_keeps_it(self):
        subscription = self.subscribe(100, line={"date_end": "2026-12-31"})
        self.own(subscription)._change_lines(
            date(2026, 7, 1), {subscription.line_ids: {"quantity": 2}}
        )
        self.assertEqual(
            self.versions(subscription),
            [(False, "2026-06-30", 1, 100), ("2026-07-01", "2026-12-31", 2, 100)],
        )

    def test_a_change_before_a_later_one(self):
        """What a later version had taken over changes there too, its own stays."""
        subscription = self.subscribe(100, line={"quantity": 10})
        [line] = subscription.line_ids
        act = self.own(subscription)._change_lines
        act(date(2026, 9, 1), {line: {"price_unit": 110}})
        act(date(2026, 7, 1), {line: {"quantity": 12, "price_unit": 105}})
        self.assertEqual(
            self.versions(subscription),
            [
                (False, "2026-06-30", 10, 100),
                ("2026-07-01", "2026-08-31", 12, 105),
                ("2026-09-01", False, 12, 110),
            ],
        )
        chain = subscription.line_ids.sorted(lambda line: line._first_day())
        self.assertEqual(chain.previous_line_id, chain[:2])
        self.assertRefused(
            "Recurring Plan",
            act,
            date(2026, 8, 1),
            {chain[1]: {"recurring_plan_id": self.yearly.id}},
        )

    def test_refused_changes(self):
        subscription = self.subscribe(100, date_end="2026-12-31")
        other = self.subscribe(50)
        [line] = subscription.line_ids
        act = self.own(subscription)._change_lines
        more = {line: {"quantity": 2}}
        day = date(2026, 7, 1)
        for field, args in (
            ("From", (False, more)),
            ("From", (date(2026, 1, 1), more)),
            ("From", (date(2025, 12, 1), more)),
            ("From", (date(2027, 1, 1), more)),
            ("Lines", (day, {})),
            ("Lines", (day, {line: line._values()})),
            ("Lines", (day, {other.line_ids: {"quantity": 2}})),
            ("Quantity", (day, {line: {"quantity": -1}})),
            ("Unit Price", (day, {line: {"price_unit": -1}})),
            ("Disc.%", (day, {line: {"discount": 101}})),
            ("Recurring Plan", (day, {line: {"recurring_plan_id": False}})),
        ):
            with self.subTest(field=field, args=args):
                self.assertRefused(field, act, *args)
        self.assertEqual(self.versions(subscription), [(False, False, 1, 100)])

    def test_a_draft_cannot_be_changed(self):
        subscription = self.subscribe(100, date_start=False)
        self.assertRefused(
            "From",
            self.own(subscription)._change_lines,
            date(2026, 7, 1),
            {subscription.line_ids: {"quantity": 2}},
        )

    def test_all_or_nothing(self):
        """One bad line of two: the good one is not changed either."""
        subscription = self.subscribe(
            0, lines=[self.line(100), self.line(50, "2026-08-01")]
        )
        first, second = subscription.line_ids.sorted("price_unit", reverse=True)
        self.assertRefused(
            "From",
            self.own(subscription)._change_lines,
            date(2026, 7, 1),
            {first: {"quantity": 2}, second: {"quantity": 2}},
        )
        self.assertEqual(len(subscription.line_ids), 2)
        self.assertFalse(first.date_end)

    def test_to_free_and_back(self):
        subscription = self.subscribe(100)
        act = self.own(subscription)._change_lines
        free = act(date(2026, 3, 1), {subscription.line_ids: {"discount": 100}})
        act(date(2026, 5, 1), {free: {"discount": 0}})
        self.assertEqual(
            self.movements(self.customer),
            [
                ("2026-01-01", "new", 100.0),
                ("2026-03-01", "churn", -100.0),
                ("2026-05-01", "reactivation", 100.0),
            ],
        )
        self.assertEqual(self.reasons("churn")[0][1], "free")

    # -- a line edited by hand ----------------------------------------------

    def test_editing_the_past_is_said(self):
        subscription = self.subscribe(100)
        line = subscription.line_ids
        edited = line.new({"price_unit": 120}, origin=line)
        warning = edited._onchange_history()["warning"]
        self.assertIn("Change Terms", warning["message"])
        self.assertEqual(warning["type"], "notification")
        same = line.new({"price_unit": 100}, origin=line)
        self.assertIsNone(same._onchange_history())
        ahead = self.subscribe(100, date_start="2026-07-01").line_ids
        self.assertIsNone(
            ahead.new({"price_unit": 1}, origin=ahead)._onchange_history()
        )

    # -- pause, resume ------------------------------------------------------

    def test_pause_and_resume(self):
        subscription = self.subscribe(100)
        wizard = self.wizard("pause.start", subscription)
        wizard.date_from = date(2026, 6, 1)
        wizard.reason = "Off season"
        wizard.save().action_apply()
        self.assertEqual(subscription.state, "paused")
        wizard = self.wizard("resume", subscription)
        self.assertEqual(wizard.date, date(2026, 6, 15))
        wizard.save().action_apply()
        self.assertEqual(subscription.state, "active")
        self.assertEqual(subscription.pause_ids.date_to, date(2026, 6, 14))
        self.assertEqual(
            self.movements(self.customer),
            [
                ("2026-01-01", "new", 100.0),
                ("2026-06-01", "contraction", -100.0),
                ("2026-06-15", "expansion", 100.0),
            ],
        )

    def test_refused_pauses(self):
        subscription = self.subscribe(100, date_end="2026-12-31")
        pause = self.own(subscription)._pause
        pause(date(2026, 3, 1), date(2026, 3, 31))
        for field, args in (
            ("From", (False,)),
            ("From", (date(2025, 12, 31),)),
            ("From", (date(2027, 1, 1),)),
            ("From", (date(2026, 3, 31),)),
            ("From", (date(2026, 2, 1), date(2026, 3, 1))),
            ("To", (date(2026, 5, 2), date(2026, 5, 1))),
        ):
            with self.subTest(args):
                self.assertRefused(field, pause, *args)
        self.assertEqual(len(subscription.pause_ids), 1)
        draft = self.subscribe(100, date_start=False)
        self.assertRefused("Lines", self.own(draft)._pause, date(2026, 3, 1))

    def test_refused_resumes(self):
        subscription = self.subscribe(100, date_end="2026-12-31")
        resume = self.own(subscription)._resume
        self.assertRefused("From", resume, date(2026, 3, 1))
        self.own(subscription)._pause(date(2026, 3, 1))
        self.assertRefused("From", resume, False)
        self.assertRefused("From", resume, date(2026, 3, 1))
        self.assertRefused("From", resume, date(2027, 1, 1))
        self.assertFalse(subscription.pause_ids.date_to)

    # -- close --------------------------------------------------------------

    def test_close(self):
        subscription = self.subscribe(100)
        self.own(subscription)._change_lines(
            date(2026, 9, 1), {subscription.line_ids: {"price_unit": 120}}
        )
        self.own(subscription)._pause(date(2026, 5, 1))
        wizard = self.wizard("close", subscription)
        self.assertEqual(wizard.last_day, date(2026, 6, 15))
        with self.assertRaises(AssertionError):
            wizard.save()  # the reason is required
        wizard.close_reason_id = self.gone
        wizard.last_day = date(2026, 5, 31)
        wizard.save().action_apply()
        self.assertEqual(subscription.state, "closed")
        self.assertEqual(subscription.pause_ids.date_to, date(2026, 5, 31))
        # what would have come is dropped, and said
        self.assertEqual(len(subscription.line_ids), 1)
        self.assertIn("dropped", subscription.message_ids[0].body)
        self.assertEqual(
            self.reasons("churn"), [("2026-06-01", "voluntary", self.gone)]
        )

    def test_what_ran_out_is_closed_as_of_its_end(self):
        subscription = self.subscribe(100, date_end="2026-04-30")
        self.assertEqual(self.reasons("churn")[0][1], "unknown")
        wizard = self.wizard("close", subscription)
        self.assertEqual(wizard.last_day, date(2026, 4, 30))
        wizard.close_reason_id = self.unpaid
        wizard.save().action_apply()
        self.assertEqual(self.reasons("churn")[0][1], "involuntary")

    def test_refused_closings(self):
        subscription = self.subscribe(100, date_end="2026-12-31")
        close = self.own(subscription)._close
        self.assertRefused("Close Reason", close, date(2026, 6, 30), False)
        self.assertRefused("Last Day", close, False, self.gone)
        self.assertRefused("Last Day", close, date(2025, 12, 31), self.gone)
        self.assertRefused("Last Day", close, date(2027, 1, 1), self.gone)
        self.assertFalse(subscription.close_reason_id)

    def test_several_are_closed_together_or_not_at_all(self):
        subscriptions = self.subscribe(100) + self.subscribe(
            50, date_start="2026-08-01"
        )
        wizard = self.wizard("close", subscriptions)
        wizard.close_reason_id = self.gone
        wizard.last_day = date(2026, 7, 31)
        self.assertRefused("Last Day", wizard.save().action_apply)
        self.assertFalse(subscriptions[0].date_end)
        wizard.last_day = date(2026, 8, 31)
        wizard.save().action_apply()
        self.assertEqual(subscriptions.mapped("date_end"), [date(2026, 8, 31)] * 2)

    # -- rights -------------------------------------------------------------

    def test_not_on_those_of_others(self):
        subscription = self.subscribe(100, date_end="2026-12-31")
        stranger = subscription.with_user(self.seller_2)
        line = stranger.line_ids
        day = date(2026, 7, 1)
        for call in (
            lambda: stranger._change_lines(day, {line: {"quantity": 2}}),
            lambda: stranger._pause(day),
            lambda: stranger._resume(day),
            lambda: stranger._close(day, self.gone),
            lambda: stranger._renew(date(2027, 1, 1)),
            lambda: (
                self.env["crm.subscription.pause"]
                .with_user(self.seller_2)
                .create({"subscription_id": subscription.id, "date_from": day})
            ),
        ):
            with self.assertRaises(AccessError):
                call()
        for name in ("change", "pause.start", "resume", "renew"):
            wizard = self.env[f"crm.subscription.{name}"].with_user(self.seller_2)
            with self.assertRaises(AccessError):
                wizard.create({"subscription_id": subscription.id}).action_apply()
        self.assertFalse(subscription.pause_ids)

    def test_pauses_of_others_are_not_seen(self):
        subscription = self.subscribe(100)
        self.own(subscription)._pause(date(2026, 7, 1))
        domain = [("subscription_id", "=", subscription.id)]
        pauses = self.env["crm.subscription.pause"]
        self.assertFalse(pauses.with_user(self.seller_2).search(domain))
        self.assertTrue(pauses.with_user(self.seller_all).search(domain))

    # -- views ----------------------------------------------------------------

    def test_what_the_web_client_parses_on_its_own(self):
        """Odoo does not check these when it loads the views."""
        model = self.env["crm.subscription"].with_user(self.seller)
        kanban = etree.fromstring(model.get_view(view_type="kanban")["arch"])
        colors = json.loads(kanban.find("progressbar").get("colors"))
        self.assertEqual(set(colors), {"planned", "today", "overdue"})
        for attribute in ("records_draggable", "group_create", "quick_create"):
            self.assertIn(kanban.get(attribute), ("0", "False"))
        # an end moves by renewing, not by dragging
        calendar = etree.fromstring(model.get_view(view_type="calendar")["arch"])
        self.assertIn(calendar.get("edit"), ("0", "False"))
        self.assertEqual(calendar.get("date_start"), "date_end")

    def test_columns_are_in_the_order_of_a_life(self):
        self.subscribe(100)
        groups = self.env["crm.subscription"].web_read_group(
            [("company_id", "=", self.company.id)], ["state"], ["mrr:sum"]
        )["groups"]
        self.assertEqual([group["state"] for group in groups], ["active"])
        groups = (
            self.env["crm.subscription"]
            .with_context(read_group_expand=True)
            .web_read_group(
                [("company_id", "=", self.company.id)], ["state"], ["mrr:sum"]
            )["groups"]
        )
        self.assertEqual(
            [group["state"] for group in groups],
            ["draft", "upcoming", "active", "paused", "closed"],
        )
