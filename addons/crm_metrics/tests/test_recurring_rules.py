from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import ValidationError
from odoo.tests.common import mute_logger

from .common import MOVEMENT, CrmMetricsCommon


class TestGrace(CrmMetricsCommon):
    """A renewal that comes late follows on, if it is not too late."""

    def setUp(self):
        super().setUp()
        self.company.crm_metrics_grace_days = 30

    def test_a_gap_as_long_as_the_grace(self):
        """Last day 31 January, back on 3 March: 30 days lie between."""
        self.subscribe(100, "2026-01-01", "2026-01-31")
        self.subscribe(100, "2026-03-03")
        self.assertEqual(
            self.movements(),
            [
                ("2026-01-01", "new", 100),
                ("2026-03-03", "transfer", -100),
                ("2026-03-03", "transfer", 100),
            ],
        )

    def test_a_gap_one_day_longer(self):
        self.subscribe(100, "2026-01-01", "2026-01-31")
        self.subscribe(100, "2026-03-04")
        self.assertEqual(
            self.movements(),
            [
                ("2026-01-01", "new", 100),
                ("2026-02-01", "churn", -100),
                ("2026-03-04", "reactivation", 100),
            ],
        )

    def test_no_grace_by_default(self):
        self.assertEqual(self.other_company.crm_metrics_grace_days, 0)
        for start, end in (("2026-01-01", "2026-01-31"), ("2026-02-02", False)):
            self.subscribe(100, start, end, company_id=self.other_company.id)
        kinds = [
            kind for _day, kind, _sum in self.movements(company=self.other_company)
        ]
        self.assertEqual(kinds, ["new", "churn", "reactivation"])

    def test_churn_stands_until_the_renewal_is_entered(self):
        self.subscribe(100, "2026-01-01", "2026-01-31")
        self.assertEqual(self.movements()[-1], ("2026-02-01", "churn", -100))
        [period] = self.recurring("2026-02-01", "2026-02-28")["periods"]
        self.assertMoney(period, opening=100, churn=-100, closing=0)
        self.subscribe(120, "2026-02-20")
        self.refresh()
        [period] = self.recurring("2026-02-01", "2026-02-28")["periods"]
        self.assertMoney(period, opening=100, expansion=20, closing=120)
        self.assertLogos(period, opening=1, closing=1)

    def test_only_what_ended_where_the_gap_begins_runs_on(self):
        lines = [
            self.line(100, "2026-01-01", "2026-01-31"),
            self.line(40, "2026-01-01", "2026-01-31"),
            self.line(7, "2026-01-01", "2026-01-20"),
        ]
        self.subscribe(0, lines=lines)
        self.subscribe(100, "2026-02-10")
        self.assertEqual(
            self.movements()[3:],
            [
                ("2026-01-21", "contraction", -7),
                ("2026-02-10", "contraction", -100),
                ("2026-02-10", "contraction", -40),
                ("2026-02-10", "contraction", 100),
            ],
        )

    def test_a_gap_is_the_customers(self):
        """Another subscription goes on: the end of this one is no gap."""
        self.subscribe(100, "2026-01-01", "2026-01-31")
        self.subscribe(5, "2026-01-01")
        self.subscribe(100, "2026-02-10")
        self.assertEqual(
            self.movements()[2:],
            [("2026-02-01", "contraction", -100), ("2026-02-10", "expansion", 100)],
        )

    def test_a_chain_of_late_renewals(self):
        for start, end in (
            ("2026-01-01", "2026-01-31"),
            ("2026-02-10", "2026-02-28"),
            ("2026-03-15", "2026-03-31"),
        ):
            self.subscribe(100, start, end)
        kinds = [kind for _day, kind, _amount in self.movements()]
        self.assertEqual(kinds, ["new", *["transfer"] * 4, "churn"])

    def test_a_pause_is_no_gap(self):
        """However long it is, and whatever the grace."""
        subscription = self.subscribe(100, "2026-01-01")
        self.pause(subscription, "2026-02-01", "2026-02-10")
        self.assertEqual(
            self.movements()[1:],
            [("2026-02-01", "contraction", -100), ("2026-02-11", "expansion", 100)],
        )

    def test_who_ended_at_rest_rests_until_the_return(self):
        subscription = self.subscribe(100, "2026-01-01", "2026-02-28")
        self.pause(subscription, "2026-02-01")
        self.subscribe(100, "2026-03-10")
        self.refresh()
        march = self.recurring("2026-03-01", "2026-03-31")["periods"][0]
        self.assertMoney(march, opening=0, expansion=100, closing=100)
        self.assertLogos(march, opening=1, closing=1)

    def test_a_line_that_is_left_out_bridges_nothing(self):
        self.subscribe(100, "2026-01-01", "2026-01-31")
        self.subscribe(100, "2026-02-10", currency_id=self.eur.id)
        self.assertEqual(self.movements()[-1], ("2026-02-01", "churn", -100))

    def test_a_new_grace_rebuilds_the_company(self):
        self.subscribe(100, "2026-01-01", "2026-01-31")
        self.subscribe(100, "2026-02-10")
        self.assertEqual(self.movements()[1][1], "transfer")
        self.company.crm_metrics_grace_days = 8
        self.assertEqual(self.movements()[1][1], "churn")
        self.company.crm_metrics_grace_days = 9
        self.assertEqual(self.movements()[1][1], "transfer")

    def test_it_lies_between_0_and_90_days(self):
        for days in (0, 90):
            self.company.crm_metrics_grace_days = days
            self.env.flush_all()
        for days in (-1, 91):
            with (
                self.assertRaises(IntegrityError),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self.company.crm_metrics_grace_days = days
                self.env.flush_all()
            self.env.invalidate_all(flush=False)


class TestWindow(CrmMetricsCommon):
    """Who was away for longer than the window counts as new."""

    def test_away_as_long_as_the_window(self):
        self.company.crm_metrics_reactivation_days = 30
        self.subscribe(100, "2026-01-01", "2026-01-31")
        self.subscribe(70, "2026-03-03")
        self.assertEqual(self.movements()[-1], ("2026-03-03", "reactivation", 70))

    def test_away_one_day_longer(self):
        self.company.crm_metrics_reactivation_days = 30
        self.subscribe(100, "2026-01-01", "2026-01-31")
        self.subscribe(70, "2026-03-04")
        self.assertEqual(self.movements()[-1], ("2026-03-04", "new", 70))
        for view in ("activity", "net"):
            [period] = self.recurring("2026-03-01", "2026-03-31", view=view)["periods"]
            self.assertMoney(period, opening=0, new=70, closing=70)
            self.assertLogos(period, opening=0, new=1, closing=1)

    def test_without_a_window_it_is_always_a_return(self):
        self.subscribe(100, "2016-01-01", "2016-01-31")
        self.subscribe(70, "2026-03-04")
        self.assertEqual(self.movements()[-1], ("2026-03-04", "reactivation", 70))

    def test_the_cohort_stays_the_first(self):
        self.company.crm_metrics_reactivation_days = 30
        self.subscribe(100, "2026-01-01", "2026-01-31")
        self.subscribe(70, "2026-03-04")
        self.refresh()
        metrics = self.env["crm.metrics"].with_user(self.seller_all)
        options = {"date_from": "2026-01-01", "date_to": "2026-03-31"}
        [cohort] = metrics.recurring_cohorts(options)["cohorts"]
        self.assertEqual(cohort["cohort"], "2026-01-01")
        self.assertEqual([age["net"] for age in cohort["ages"]], [100, 0, 70])

    def test_a_new_window_moves_the_ledger_alone(self):
        self.subscribe(100, "2026-01-01", "2026-01-31")
        self.subscribe(70, "2026-03-04")
        self.assertEqual(self.movements()[-1][1], "reactivation")
        self.company.crm_metrics_reactivation_days = 1
        self.assertEqual(self.movements()[-1][1], "new")


class TestPause(CrmMetricsCommon):
    """A customer who rests is not lost."""

    def test_over_a_month_end(self):
        """`date_to` is the last day of the pause."""
        subscription = self.subscribe(100, "2026-01-01")
        self.pause(subscription, "2026-01-20", "2026-02-10")
        self.assertEqual(
            self.reasons(),
            [
                ("2026-01-01", 100, False),
                ("2026-01-20", -100, "pause"),
                ("2026-02-11", 100, "resume"),
            ],
        )
        january, february = self.recurring("2026-01-01", "2026-02-28")["periods"]
        self.assertMoney(january, opening=0, new=100, contraction=-100, closing=0)
        self.assertLogos(january, opening=0, new=1, closing=1)
        self.assertMoney(february, opening=0, expansion=100, closing=100)
        self.assertLogos(february, opening=1, closing=1)
        january, february = self.recurring("2026-01-01", "2026-02-28", view="net")[
            "periods"
        ]
        self.assertMoney(january, opening=0, closing=0)
        self.assertLogos(january, opening=0, new=1, closing=1)
        self.assertMoney(february, opening=0, expansion=100, closing=100)

    def test_one_day(self):
        subscription = self.subscribe(100, "2026-01-01")
        self.pause(subscription, "2026-01-20", "2026-01-20")
        self.assertEqual(
            self.movements()[1:],
            [("2026-01-20", "contraction", -100), ("2026-01-21", "expansion", 100)],
        )

    def test_open(self):
        subscription = self.subscribe(100, "2026-01-01")
        self.pause(subscription, "2026-06-01")
        self.refresh()
        self.assertEqual(self.movements()[1:], [("2026-06-01", "contraction", -100)])
        self.assertEqual((subscription.state, subscription.mrr), ("paused", 0))
        result = self.recurring("2026-06-01", "2026-06-30")
        self.assertLogos(result["periods"][0], opening=1, closing=1)
        self.assertEqual(result["kpis"]["logo_churn"], 0)
        self.assertEqual(result["kpis"]["arpa"], 0)

    def test_adjacent_pauses_are_one_rest(self):
        subscription = self.subscribe(100, "2026-01-01")
        self.pause(subscription, "2026-02-01", "2026-02-10")
        self.pause(subscription, "2026-02-11", "2026-02-20")
        self.assertEqual(
            self.movements()[1:],
            [("2026-02-01", "contraction", -100), ("2026-02-21", "expansion", 100)],
        )

    def test_closed_at_rest(self):
        """Nothing to lose any more but the customer."""
        reason = self.env["crm.subscription.close.reason"].create(
            {"name": "Left", "kind": "involuntary"}
        )
        subscription = self.subscribe(
            100, "2026-01-01", "2026-03-31", close_reason_id=reason.id
        )
        self.pause(subscription, "2026-02-10")
        self.assertEqual(
            self.movements()[1:],
            [("2026-02-10", "contraction", -100), ("2026-04-01", "churn", 0)],
        )
        pause, churn = self.env[MOVEMENT].search(
            [("company_id", "=", self.company.id), ("kind", "!=", "new")], order="date"
        )
        self.assertEqual((pause.customers, churn.customers), (0, -1))
        self.assertEqual(churn.reason, "involuntary")
        self.assertEqual(churn.close_reason_id, reason)
        self.assertFalse(pause.close_reason_id)
        for view in ("activity", "net"):
            result = self.recurring("2026-04-01", "2026-04-30", view=view)
            self.assertMoney(result["periods"][0], opening=0, closing=0)
            self.assertLogos(result["periods"][0], opening=1, churn=-1, closing=0)
            self.assertEqual(result["kpis"]["logo_churn"], 1)

    def test_closed_on_the_last_day_of_a_pause(self):
        subscription = self.subscribe(100, "2026-01-01", "2026-03-31")
        self.pause(subscription, "2026-03-01", "2026-03-31")
        self.assertEqual(
            self.movements()[1:],
            [("2026-03-01", "contraction", -100), ("2026-04-01", "churn", 0)],
        )

    def test_a_line_that_begins_at_rest(self):
        subscription = self.subscribe(100, "2026-01-10")
        self.pause(subscription, "2026-01-01", "2026-02-28")
        self.assertEqual(
            self.movements(),
            [("2026-01-10", "new", 0), ("2026-03-01", "expansion", 100)],
        )
        result = self.recurring("2026-01-01", "2026-01-31")
        self.assertLogos(result["periods"][0], opening=0, new=1, closing=1)

    def test_a_new_version_at_rest(self):
        """The old price rests, the new one resumes."""
        subscription = self.versions(
            self.line(100, "2026-01-01", "2026-02-14"), self.line(130, "2026-02-15")
        )
        self.pause(subscription, "2026-02-01", "2026-02-28")
        self.assertEqual(
            self.reasons()[1:],
            [("2026-02-01", -100, "pause"), ("2026-03-01", 130, "resume")],
        )

    def test_another_subscription_goes_on(self):
        subscription = self.subscribe(100, "2026-01-01", "2026-03-31")
        self.subscribe(30, "2026-01-01")
        self.pause(subscription, "2026-02-01")
        self.assertEqual(self.movements()[2:], [("2026-02-01", "contraction", -100)])

    def test_a_free_line_cannot_rest(self):
        """What is worth nothing makes no customer, at rest or not."""
        subscription = self.subscribe(100, "2026-01-01", line={"discount": 100})
        self.pause(subscription, "2026-02-01", "2026-02-28")
        self.assertEqual(self.movements(), [])
        self.assertEqual(self.segments().mapped("paused"), [False] * 3)
        with freeze_time("2026-02-10"):
            self.env.invalidate_all()
            self.assertEqual(subscription.state, "paused")

    def test_a_plan_without_length_is_no_customer_at_rest(self):
        self.yearly.number_of_months = 0
        subscription = self.subscribe(100, "2026-01-01", plan=self.yearly)
        self.pause(subscription, "2026-02-01")
        self.assertEqual(self.movements(), [])
        self.assertEqual(self.issues().code, "plan_without_period")

    def test_a_change_of_the_pause(self):
        subscription = self.subscribe(100, "2026-01-01")
        self.pause(subscription, "2026-02-01", "2026-02-10")
        self.refresh()
        subscription.pause_ids.date_to = "2026-02-20"
        self.assertEqual(self.movements()[-1], ("2026-02-21", "expansion", 100))
        subscription.pause_ids.unlink()
        self.assertEqual(self.movements(), [("2026-01-01", "new", 100)])

    def test_pauses_do_not_overlap(self):
        subscription = self.subscribe(100, "2026-01-01")
        self.pause(subscription, "2026-02-01", "2026-02-10")
        for first, last in (
            ("2026-02-10", "2026-02-20"),
            ("2026-01-20", False),
            ("2026-02-05", "2026-02-06"),
        ):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.pause(subscription, first, last)

    def test_mrr_of_the_subscription(self):
        subscription = self.subscribe(100, "2026-01-01")
        self.pause(subscription, "2026-02-01", "2026-02-10")
        for day, state, mrr in (
            ("2026-01-31", "active", 100),
            ("2026-02-01", "paused", 0),
            ("2026-02-10", "paused", 0),
            ("2026-02-11", "active", 100),
        ):
            with freeze_time(day):
                self.env.invalidate_all()
                self.assertEqual((subscription.state, subscription.mrr), (state, mrr))
        rates = [step["rate"] for step in subscription.rate_timeline]
        self.assertEqual(rates, [100, 0, 100])


class TestReasons(CrmMetricsCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.left, cls.bankrupt = cls.env["crm.subscription.close.reason"].create(
            [
                {"name": "Left", "kind": "voluntary"},
                {"name": "Bankrupt", "kind": "involuntary"},
            ]
        )

    def change(self, old, new):
        """Return the reason of a change from one version to another."""
        partner = self._customer()
        old = {"price_unit": 100, "quantity": 2, "discount": 10, **old}
        new = {"price_unit": 100, "quantity": 2, "discount": 10, **new}
        self.versions(
            self.line(0, "2026-01-01", "2026-01-31", **old),
            self.line(0, "2026-02-01", **new),
            partner=partner,
        )
        before, after = self.reasons(partner)[1:]
        self.assertEqual(before[2], after[2], "both edges say the same")
        return before[2]

    def test_the_first_that_differs(self):
        """Plan, discount, price, quantity: in this order."""
        plan = {"recurring_plan_id": self.quarterly.id}
        discount, price, quantity = (
            {"discount": 20},
            {"price_unit": 99},
            {"quantity": 1},
        )
        self.assertEqual(self.change({}, quantity), "quantity")
        self.assertEqual(self.change({}, price | quantity), "price")
        self.assertEqual(self.change({}, discount | price | quantity), "discount")
        self.assertEqual(self.change({}, plan | discount | price | quantity), "plan")

    def test_no_discount_is_0_percent(self):
        self.assertEqual(self.change({"discount": False}, {"discount": 10}), "discount")

    def test_an_item_comes_and_goes(self):
        self.subscribe(100, "2026-01-01")
        self.subscribe(30, "2026-02-01", "2026-02-28")
        self.assertEqual(
            self.reasons()[1:],
            [("2026-02-01", 30, "item"), ("2026-03-01", -30, "item")],
        )

    def test_an_unlinked_line_is_another_item(self):
        lines = [
            self.line(100, "2026-01-01", "2026-01-31"),
            self.line(90, "2026-02-01"),
        ]
        self.subscribe(0, lines=lines)
        self.assertEqual({row[2] for row in self.reasons()[1:]}, {"item"})

    def test_new_and_reactivation_have_none(self):
        self.subscribe(100, "2026-01-01", "2026-01-31")
        self.subscribe(30, "2026-03-01")
        self.assertEqual(
            [reason for _day, _amount, reason in self.reasons()],
            [False, "unknown", False],
        )

    def churn(self, **values):
        self.subscribe(100, "2026-01-01", "2026-01-31", **values)
        self.refresh()
        return self.env[MOVEMENT].search(
            [("company_id", "=", self.company.id), ("kind", "=", "churn")]
        )

    def test_voluntary(self):
        churn = self.churn(close_reason_id=self.left.id)
        self.assertEqual(
            (churn.reason, churn.close_reason_id), ("voluntary", self.left)
        )
        self.assertFalse(churn.renewal_due)

    def test_involuntary(self):
        churn = self.churn(close_reason_id=self.bankrupt.id)
        self.assertEqual(churn.reason, "involuntary")

    def test_missing_is_unknown(self):
        churn = self.churn()
        self.assertEqual(churn.reason, "unknown")
        self.assertFalse(churn.close_reason_id)
        self.assertTrue(churn.renewal_due)

    def test_another_kind_of_a_reason(self):
        churn = self.churn(close_reason_id=self.left.id)
        self.assertEqual(churn.reason, "voluntary")
        self.left.kind = "involuntary"
        self.assertEqual(self.reasons()[-1][2], "involuntary")

    def test_the_close_reason_stands_at_the_end_only(self):
        """Neither on the beginning, nor on a version or an item that ended before."""
        self.versions(
            self.line(100, "2026-01-01", "2026-01-31"),
            self.line(80, "2026-02-01"),
            date_end="2026-03-31",
            close_reason_id=self.left.id,
        )
        self.refresh()
        closed = self.env[MOVEMENT].search([("close_reason_id", "=", self.left.id)])
        self.assertEqual([str(day) for day in closed.mapped("date")], ["2026-04-01"])

    def test_a_close_reason_without_an_end(self):
        """Chosen already, not closed yet."""
        self.subscribe(100, "2026-01-01", close_reason_id=self.left.id)
        self.refresh()
        self.assertFalse(self.segments().close_reason_id)


class TestFree(CrmMetricsCommon):
    def test_going_free_is_churn(self):
        self.versions(
            self.line(100, "2026-01-01", "2026-01-31"),
            self.line(100, "2026-02-01", discount=100),
        )
        self.assertEqual(self.movements()[1:], [("2026-02-01", "churn", -100)])
        self.assertEqual(self.reasons()[1:], [("2026-02-01", -100, "free")])

    def test_by_price_or_quantity(self):
        for number, nothing in enumerate(({"price_unit": 0}, {"quantity": 0})):
            partner = self._customer(f"Free {number}")
            self.versions(
                self.line(100, "2026-01-01", "2026-01-31"),
                self.line(100, "2026-02-01", **nothing),
                partner=partner,
            )
            self.assertEqual(self.reasons(partner)[1:], [("2026-02-01", -100, "free")])

    def test_free_after_a_gap_is_another_story(self):
        self.versions(
            self.line(100, "2026-01-01", "2026-01-31"),
            self.line(100, "2026-02-02", discount=100),
        )
        self.assertEqual(self.reasons()[1:], [("2026-02-01", -100, "unknown")])

    def test_and_back(self):
        self.versions(
            self.line(100, "2026-01-01", "2026-01-31"),
            self.line(100, "2026-02-01", "2026-02-28", discount=100),
            self.line(100, "2026-03-01"),
        )
        self.assertEqual(
            self.movements()[1:],
            [("2026-02-01", "churn", -100), ("2026-03-01", "reactivation", 100)],
        )

    def test_one_of_two_items_goes_free(self):
        """Not churn: a change, by what differs."""
        self.subscribe(30, "2026-01-01")
        self.versions(
            self.line(100, "2026-01-01", "2026-01-31"),
            self.line(100, "2026-02-01", discount=100),
        )
        self.assertEqual(self.movements()[2:], [("2026-02-01", "contraction", -100)])
        self.assertEqual(self.reasons()[2:], [("2026-02-01", -100, "discount")])


class TestPlans(CrmMetricsCommon):
    """Periods in days and weeks are brought to a month of 30.4375 days."""

    def rate(self, price, number, interval):
        plan = self.env["crm.recurring.plan"].create(
            {"name": "P", "interval_number": number, "interval_type": interval}
        )
        subscription = self.subscribe(price, plan=plan)
        self.refresh()
        [segment] = self.segments().filtered(
            lambda segment: segment.res_id == subscription.line_ids.id
        )
        self.assertEqual(segment.rate, subscription.line_ids.mrr)
        return segment.rate

    def test_days_and_weeks(self):
        self.assertEqual(self.rate(100, 1, "week"), 434.82)  # 434.821...
        self.assertEqual(self.rate(200, 2, "week"), 434.82)
        self.assertEqual(self.rate(10, 1, "day"), 304.38)  # 304.375
        self.assertEqual(self.rate(300, 30, "day"), 304.38)

    def test_months_and_years(self):
        self.assertEqual(self.rate(300, 3, "month"), 100)
        self.assertEqual(self.rate(1200, 1, "year"), 100)
        self.assertEqual(self.rate(2400, 2, "year"), 100)
        self.assertEqual(self.rate(12000, 13, "month"), 923.08)

    def test_without_length(self):
        plan = self.env["crm.recurring.plan"].create(
            {"name": "P", "interval_number": 0, "interval_type": "week"}
        )
        self.subscribe(100, plan=plan)
        self.assertEqual(self.movements(), [])
        self.assertEqual(self.issues().code, "plan_without_period")

    def test_another_interval_moves_the_facts(self):
        self.subscribe(100, plan=self.monthly)
        self.assertEqual(self.movements(), [("2026-01-01", "new", 100)])
        self.monthly.write({"interval_type": "week", "interval_number": 1})
        self.assertEqual(self.movements(), [("2026-01-01", "new", 434.82)])
        self.monthly.number_of_months = 2
        self.assertEqual(self.movements(), [("2026-01-01", "new", 50)])


class TestSwitch(CrmMetricsCommon):
    """From one plan to another on one day."""

    def switch(self, yearly):
        self.versions(
            self.line(100, "2026-01-01", "2026-03-31"),
            self.line(yearly, "2026-04-01", plan=self.yearly),
        )

    def test_for_the_same_money(self):
        self.switch(1200)
        self.assertEqual(
            self.movements()[1:],
            [("2026-04-01", "transfer", -100), ("2026-04-01", "transfer", 100)],
        )
        self.assertEqual({row[2] for row in self.reasons()[1:]}, {"plan"})

    def test_for_more(self):
        self.switch(1500)
        self.assertEqual(
            self.movements()[1:],
            [("2026-04-01", "expansion", -100), ("2026-04-01", "expansion", 125)],
        )
        self.assertEqual({row[2] for row in self.reasons()[1:]}, {"plan"})

    def test_seen_from_the_plans(self):
        """One loses what the other gets, the customer moves along."""
        self.switch(1200)
        self.refresh()
        for view in ("activity", "net"):
            result = self.recurring(
                "2026-04-01", "2026-04-30", view=view, group_by="plan"
            )
            self.assertMoney(result["periods"][0], opening=100, closing=100)
            self.assertLogos(result["periods"][0], opening=1, closing=1)
            groups = {group["id"]: group["periods"][0] for group in result["groups"]}
            self.assertEqual(set(groups), {self.monthly.id, self.yearly.id})
            old, new = groups[self.monthly.id], groups[self.yearly.id]
            self.assertMoney(old, opening=100, transfer=-100, closing=0)
            self.assertLogos(old, opening=1, transfer=-1, closing=0)
            self.assertMoney(new, opening=0, transfer=100, closing=100)
            self.assertLogos(new, opening=0, transfer=1, closing=1)


class TestCompanies(CrmMetricsCommon):
    def test_the_settings_are_of_each_company(self):
        self.company.write(
            {"crm_metrics_grace_days": 30, "crm_metrics_reactivation_days": 10}
        )
        self.other_company.crm_metrics_reactivation_days = 8
        for company in (self.company, self.other_company):
            for start, end in (("2026-01-01", "2026-01-31"), ("2026-02-10", False)):
                self.subscribe(100, start, end, company_id=company.id)
        self.assertEqual(
            [kind for _day, kind, _sum in self.movements()],
            ["new", "transfer", "transfer"],
        )
        self.assertEqual(
            [kind for _day, kind, _sum in self.movements(company=self.other_company)],
            ["new", "churn", "new"],
        )

    def test_one_contact_is_a_customer_of_each(self):
        """Lost here, alive there."""
        self.seller_all.company_ids |= self.other_company
        self.subscribe(100, "2026-01-01", "2026-01-31")
        self.subscribe(60, "2025-12-01", company_id=self.other_company.id)
        self.refresh()
        ids = (self.company | self.other_company).ids
        result = self.recurring("2026-02-01", "2026-02-28", company_ids=ids)
        self.assertMoney(result["periods"][0], opening=160, churn=-100, closing=60)
        self.assertLogos(result["periods"][0], opening=2, churn=-1, closing=1)

    def test_a_subscription_that_moves_to_another_company(self):
        subscription = self.subscribe(100, "2026-01-01")
        self.refresh()
        subscription.company_id = self.other_company
        self.assertEqual(self.movements(), [])
        self.assertEqual(
            self.movements(company=self.other_company), [("2026-01-01", "new", 100)]
        )
