from datetime import date

from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import Form
from odoo.tools import SQL, mute_logger

from .common import CrmMetricsCommon


class TestToday(CrmMetricsCommon):
    """State, MRR and ARR of today: not stored, yet they can be searched and summed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.draft = cls.subscribe(100, False)
        cls.upcoming = cls.subscribe(20, "2026-06-16")
        cls.active = cls.subscribe(120, "2026-06-15", plan=cls.quarterly)
        cls.closed = cls.subscribe(100, "2026-01-01", "2026-06-14")
        cls.all = cls.draft | cls.upcoming | cls.active | cls.closed
        cls.all.user_id = cls.seller
        cls.subscriptions = cls.env["crm.subscription"].with_user(cls.seller)
        cls.domain = [("id", "in", cls.all.ids)]

    def test_state(self):
        self.assertEqual(
            self.all.with_user(self.seller).mapped("state"),
            ["draft", "upcoming", "active", "closed"],
        )

    def test_mrr_and_arr(self):
        self.assertEqual(self.all.mapped("mrr"), [0, 0, 40, 0])
        self.assertEqual(self.all.mapped("arr"), [0, 0, 480, 0])

    def test_the_last_day_is_active(self):
        last = self.subscribe(7, "2026-01-01", "2026-06-15")
        self.assertEqual((last.state, last.mrr), ("active", 7))

    def test_a_subscription_without_lines_is_a_draft(self):
        self.assertEqual(self.subscribe(0, lines=[]).state, "draft")

    def test_one_off_lines_do_not_make_it_active(self):
        self.assertEqual(self.subscribe(7, line={"recurring": False}).state, "draft")

    def test_between_two_lines_it_is_upcoming(self):
        lines = [
            self.line(10, "2026-01-01", "2026-05-31"),
            self.line(10, "2026-07-01"),
        ]
        self.assertEqual(self.subscribe(0, lines=lines).state, "upcoming")

    def test_a_subscription_not_saved_yet(self):
        form = Form(self.subscriptions)
        self.assertEqual((form.state, form.mrr), ("draft", 0))

    def test_group_by_state_with_sums(self):
        rows = self.subscriptions._read_group(
            self.domain, ["state"], ["__count", "mrr:sum", "arr:sum"]
        )
        self.assertEqual(
            sorted(rows),
            [
                ("active", 1, 40, 480),
                ("closed", 1, 0, 0),
                ("draft", 1, 0, 0),
                ("upcoming", 1, 0, 0),
            ],
        )

    def test_sort(self):
        more = self.subscribe(50, "2026-01-01", user_id=self.seller.id)
        domain = [("id", "in", (self.active | more).ids)]
        for field in ("mrr", "arr"):
            found = self.subscriptions.search(domain, order=f"{field} desc")
            self.assertEqual(found, more | self.active)
            self.assertEqual(found.ids, [more.id, self.active.id])
            found = self.subscriptions.search(domain, order=field)
            self.assertEqual(found.ids, [self.active.id, more.id])

    def test_search_state(self):
        def found(*leaf):
            return self.subscriptions.search([*self.domain, leaf])

        self.assertEqual(found("state", "=", "active"), self.active)
        # each has one
        self.assertFalse(found("state", "=", False))
        self.assertEqual(found("state", "in", [False, "active"]), self.active)
        self.assertEqual(found("state", "!=", "active"), self.all - self.active)
        self.assertEqual(
            found("state", "in", ["draft", "closed"]), self.draft | self.closed
        )
        self.assertEqual(
            found("state", "not in", ["draft", "closed"]), self.upcoming | self.active
        )

    def test_the_web_clients_groups(self):
        groups = self.subscriptions.formatted_read_group(
            self.domain, ["state"], ["mrr:sum", "__count"]
        )
        self.assertEqual(
            {group["state"]: group["mrr:sum"] for group in groups},
            {"draft": 0, "upcoming": 0, "active": 40, "closed": 0},
        )

    def test_timeline(self):
        lines = [
            self.line(10, "2026-01-01", "2026-01-31"),
            self.line(20, "2026-03-01"),
            self.line(5, "2026-03-01", "2026-03-31"),
        ]
        self.assertEqual(
            self.subscribe(0, lines=lines).rate_timeline,
            [
                {"date_from": "2026-01-01", "date_to": "2026-02-01", "rate": 10},
                {"date_from": "2026-02-01", "date_to": "2026-03-01", "rate": 0},
                {"date_from": "2026-03-01", "date_to": "2026-04-01", "rate": 25},
                {"date_from": "2026-04-01", "date_to": None, "rate": 20},
            ],
        )

    def test_mrr_of_a_line_before_it_is_saved(self):
        line = self.env["crm.subscription.line"].new(
            self.line(100, plan=self.quarterly)
        )
        line.currency_id = self.usd
        self.assertEqual(line.mrr, 33.33)


class TestDefaults(CrmMetricsCommon):
    def test_currency_is_the_companys(self):
        self.assertEqual(self.subscribe(1).currency_id, self.usd)

    def test_team_of_the_salesperson(self):
        self.team.member_ids = self.seller
        subscription = (
            self.env["crm.subscription"]
            .with_user(self.seller)
            .create({"name": "S", "partner_id": self.customer.id})
        )
        self.assertEqual(subscription.user_id, self.seller)
        self.assertEqual(subscription.team_id, self.team)
        self.assertEqual(subscription.company_id, self.company)

    def test_a_copy_has_the_lines(self):
        subscription = self.subscribe(100)
        copy = subscription.copy()
        self.assertEqual(copy.line_ids.mapped("price_unit"), [100])
        self.assertEqual(subscription.line_ids.mapped("price_unit"), [100])

    def test_a_subscription_with_versions_can_be_copied(self):
        subscription = self.versions("2026-03-31", "2026-04-01")
        copy = subscription.copy()
        self.assertEqual(len(copy.line_ids), 2)
        self.assertFalse(copy.line_ids.previous_line_id & subscription.line_ids)

    def versions(self, end, start):
        first = self.line(100, "2026-01-01", end, name="Old price")
        subscription = self.subscribe(0, lines=[first])
        second = self.line(120, start, name="New price")
        second["previous_line_id"] = subscription.line_ids.id
        subscription.line_ids = [Command.create(second)]
        return subscription


class TestRefused(CrmMetricsCommon):
    """Bad input names its field and leaves nothing half-written."""

    def counts(self):
        self.env.flush_all()
        names = ("crm.subscription", "crm.subscription.line", "crm.metrics.queue")
        return [self.env[name].sudo().search_count([]) for name in names]

    def assertRefused(self, field, action):
        """Run an action as the server would, and look at the message it would send."""
        before = self.counts()
        self.assertIn(field, self.refusal(action))
        self.assertEqual(self.counts(), before)

    def refusal(self, action):
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                action()
                self.env.flush_all()
        except UserError as error:
            return str(error)
        except IntegrityError as error:
            table = error.diag.table_name
            [model] = (
                model for model in self.env.registry.values() if model._table == table
            )
            return self.env[model._name]._sql_error_to_message(error)
        finally:
            self.env.invalidate_all(flush=False)
        self.fail("It was not refused.")

    def test_end_before_start_of_the_subscription(self):
        self.assertRefused("End", lambda: self.subscribe(1, "2026-02-01", "2026-01-31"))

    def test_end_before_start_of_a_line(self):
        dates = {"date_start": "2026-02-01", "date_end": "2026-01-31"}
        self.assertRefused("End", lambda: self.subscribe(1, line=dates))

    def test_dates_that_are_none(self):
        """The last day of the calendar is no "for ever": Python ends there, too."""
        subscription = self.subscribe(1, "1900-01-01", "9998-12-31")
        self.pause(subscription, "1900-01-01", "9998-12-31")
        self.assertEqual(len(subscription.rate_timeline), 2)
        for day in ("1899-12-31", "9999-01-01", "9999-12-31"):
            first, last = {"date_start": day}, {"date_end": day}
            for field, action in (
                ("Start: ", lambda v=first: self.subscribe(1, **v)),
                ("Start: ", lambda v=first: self.subscribe(1, False, line=v)),
                ("From: ", lambda d=day: self.pause(self.subscribe(1), d)),
                ("Leave it empty", lambda v=last: self.subscribe(1, False, **v)),
                ("Leave it empty", lambda v=last: self.subscribe(1, False, line=v)),
            ):
                self.assertRefused(field, action)
        subscription = self.subscribe(1)
        self.assertRefused(
            "Leave it empty",
            lambda: self.pause(subscription, "2026-01-01", "9999-12-31"),
        )

    def test_a_last_day_that_was_stored_before(self):
        """It is no end: nobody could read a day in the year 10000."""
        open_, closed, resting, paused = (self.subscribe(1) for _each in range(4))
        self.pause(resting, "2026-03-01")
        self.pause(paused, "2026-03-01")
        for table in ("", "_line", "_pause"):
            self.env.cr.execute(
                SQL(
                    "ALTER TABLE %s DROP CONSTRAINT %s",
                    SQL.identifier(f"crm_subscription{table}"),
                    SQL.identifier(
                        f"crm_subscription{table}_{'to' if 'p' in table else 'end'}"
                        "_in_range"
                    ),
                )
            )
        for record, field in (
            (open_.line_ids, "date_end"),
            (closed, "date_end"),
            (resting, "date_end"),
            (paused.pause_ids, "date_to"),
        ):
            record[field] = "9999-12-31"
        closed.line_ids.date_end = "9999-12-31"
        self.refresh()
        self.assertEqual(
            {(each.date_from.isoformat(), each.date_to) for each in self.segments()},
            {("2026-01-01", False), ("2026-01-01", date(2026, 3, 1))}
            | {("2026-03-01", False)},
        )
        for subscription, state in (
            (open_, "active"),
            (closed, "active"),
            (resting, "paused"),
            (paused, "paused"),
        ):
            self.assertEqual(subscription.state, state)
            self.assertIsNone(subscription.rate_timeline[-1]["date_to"])

    def test_negative_quantity(self):
        self.assertRefused("Quantity", lambda: self.subscribe(1, line={"quantity": -1}))

    def test_negative_price(self):
        self.assertRefused("Unit Price", lambda: self.subscribe(-0.01))

    def test_discount_out_of_range(self):
        for discount in (-1, 100.01):
            self.assertRefused(
                "Disc.", lambda d=discount: self.subscribe(1, line={"discount": d})
            )

    def test_no_customer(self):
        self.assertRefused("Customer", lambda: self.subscribe(1, partner_id=False))

    def test_no_name(self):
        self.assertRefused("name", lambda: self.subscribe(1, name=False))

    def test_a_recurring_line_without_plan(self):
        self.assertRefused(
            "Recurring Plan",
            lambda: self.subscribe(1, line={"recurring_plan_id": False}),
        )

    def test_bad_values_on_what_is_there(self):
        subscription = self.subscribe(1)
        for field, values in (
            ("Quantity", {"quantity": -1}),
            ("Unit Price", {"price_unit": -1}),
            ("Recurring Plan", {"recurring_plan_id": False}),
        ):
            self.assertRefused(field, lambda v=values: subscription.line_ids.write(v))
        self.assertRefused(
            "End", lambda: subscription.write({"date_end": "2025-12-31"})
        )
        self.assertRefused(
            "Customer", lambda: subscription.write({"partner_id": False})
        )

    def test_one_bad_line_of_many(self):
        lines = [self.line(1), self.line(-1), self.line(1)]
        self.assertRefused("Unit Price", lambda: self.subscribe(0, lines=lines))

    def test_someone_of_another_company(self):
        partner = self._customer("Elsewhere", company_id=self.other_company.id)
        self.assertRefused("Customer", lambda: self.subscribe(1, partner=partner))
        team = self.env["crm.team"].create(
            {"name": "Elsewhere", "company_id": self.other_company.id}
        )
        self.assertRefused("Sales Team", lambda: self.subscribe(1, team_id=team.id))

    # -- versions -------------------------------------------------------

    versions = TestDefaults.versions

    def test_versions_may_follow_each_other(self):
        for start in ("2026-04-01", "2026-05-01"):
            self.assertEqual(len(self.versions("2026-03-31", start).line_ids), 2)

    def test_versions_may_not_hold_on_the_same_day(self):
        self.assertRefused("Start", lambda: self.versions("2026-03-31", "2026-03-31"))
        self.assertRefused("Start", lambda: self.versions(False, "2026-03-31"))

    def test_versions_may_not_come_to_overlap(self):
        subscription = self.versions("2026-03-31", "2026-04-01")
        old, _new = subscription.line_ids
        self.assertRefused("Start", lambda: old.write({"date_end": "2026-04-01"}))
        self.assertRefused("Start", lambda: old.write({"date_end": False}))

    def test_two_lines_may_not_follow_the_same_one_at_once(self):
        subscription = self.versions("2026-03-31", "2026-04-01")
        third = self.line(1, "2026-06-01", previous_line_id=subscription.line_ids[0].id)
        self.assertRefused(
            "Follows", lambda: subscription.write({"line_ids": [Command.create(third)]})
        )

    def test_independent_lines_may_overlap(self):
        self.subscribe(0, lines=[self.line(1), self.line(1)])

    def test_a_version_outside_of_the_subscription_overlaps_with_nothing(self):
        """It never holds: shortening the subscription is no clash of versions."""
        subscription = self.versions("2026-03-31", "2026-04-01")
        subscription.line_ids[0].date_start = False
        subscription.date_start = "2026-05-01"
        self.assertEqual(subscription.mrr, 120)

    def test_versions_may_not_form_a_circle(self):
        subscription = self.versions("2026-03-31", "2026-04-01")
        old, new = subscription.line_ids
        self.assertRefused("Follows", lambda: old.write({"previous_line_id": new.id}))
        self.assertRefused("Follows", lambda: old.write({"previous_line_id": old.id}))

    def test_a_version_may_not_follow_a_line_of_another_subscription(self):
        foreign = self.subscribe(1).line_ids
        lines = [self.line(1, "2026-02-01", previous_line_id=foreign.id)]
        self.assertRefused("Follows", lambda: self.subscribe(0, lines=lines))

    def test_a_version_may_not_leave_its_subscription(self):
        subscription = self.versions("2026-03-31", "2026-04-01")
        other = self.subscribe(1)
        for line in subscription.line_ids:
            self.assertRefused(
                "Follows", lambda moved=line: moved.write({"subscription_id": other.id})
            )

    def test_the_first_version_may_be_deleted(self):
        subscription = self.versions("2026-03-31", "2026-04-01")
        subscription.line_ids[0].unlink()
        self.assertFalse(subscription.line_ids.previous_line_id)
