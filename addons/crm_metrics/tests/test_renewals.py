from datetime import date

from psycopg2.errors import RestrictViolation

from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .subscription_case import SubscriptionCase


@tagged("post_install", "-at_install")
class TestRenewals(SubscriptionCase):
    """A term that runs out: it is renewed in time or late, or somebody is told."""

    # -- renew --------------------------------------------------------------

    def test_on_time_only_the_end_moves(self):
        subscription = self.subscribe(
            0,
            date_end="2026-06-30",
            lines=[self.line(100), self.line(20, date_end="2026-06-30", name="Add-on")],
        )
        wizard = self.wizard("renew", subscription)
        self.assertEqual(wizard.date, date(2026, 7, 1))
        self.assertEqual(wizard.date_end, date(2027, 6, 30))
        self.assertFalse(wizard.notice)
        wizard.save().action_apply()
        self.assertEqual(len(subscription.line_ids), 2)
        self.assertEqual(
            self.movements(self.customer)[:2],
            [("2026-01-01", "new", 20.0), ("2026-01-01", "new", 100.0)],
        )
        self.assertEqual([row[0] for row in self.reasons("churn")], ["2027-07-01"] * 2)

    def test_on_time_with_another_price(self):
        subscription = self.subscribe(100, date_end="2026-06-30")
        wizard = self.wizard("renew", subscription)
        with wizard.terms_ids.edit(0) as terms:
            terms.price_unit = 120
        wizard.date_end = False
        wizard.save().action_apply()
        self.assertEqual(
            self.versions(subscription),
            [(False, "2026-06-30", 1, 100), ("2026-07-01", False, 1, 120)],
        )
        self.assertEqual({row[1] for row in self.reasons("expansion")}, {"price"})

    def test_a_line_that_is_not_renewed(self):
        subscription = self.subscribe(
            0, date_end="2026-06-30", lines=[self.line(100), self.line(20)]
        )
        wizard = self.wizard("renew", subscription)
        wizard.terms_ids.remove(1)
        wizard.save().action_apply()
        self.assertEqual(
            [row[:2] for row in self.movements(self.customer)][2:],
            [("2026-07-01", "contraction"), ("2027-07-01", "churn")],
        )

    def test_a_late_renewal_keeps_the_gap_and_its_reason(self):
        subscription = self.subscribe(100)
        self.own(subscription)._pause(date(2026, 4, 20))
        self.own(subscription)._close(date(2026, 4, 30), self.gone)
        before = self.reasons("churn")
        wizard = self.wizard("renew", subscription)
        self.assertEqual(wizard.date, date(2026, 6, 15))
        self.assertIn("45", wizard.notice)
        wizard.save().action_apply()
        self.assertFalse(subscription.close_reason_id)
        self.assertEqual(subscription.state, "active")
        self.assertEqual(subscription.mrr, 100)
        # the customer has left for that reason, whatever came later
        self.assertEqual(self.reasons("churn")[:1], before)
        self.assertEqual(before, [("2026-05-01", "voluntary", self.gone)])
        self.assertEqual(self.reasons("reactivation")[0][0], "2026-06-15")

    def test_a_late_renewal_within_the_grace(self):
        self.company.crm_metrics_grace_days = 30
        subscription = self.subscribe(100, date_end="2026-05-31")
        wizard = self.wizard("renew", subscription)
        self.assertIn("grace", wizard.notice)
        with wizard.terms_ids.edit(0) as terms:
            terms.price_unit = 110
        wizard.date_end = False
        wizard.save().action_apply()
        self.assertEqual(
            self.movements(self.customer),
            [
                ("2026-01-01", "new", 100.0),
                ("2026-06-15", "expansion", -100.0),
                ("2026-06-15", "expansion", 110.0),
            ],
        )

    def test_a_change_of_mind_before_the_end(self):
        """Notice was given and taken back: nobody ever left."""
        subscription = self.subscribe(100)
        self.own(subscription)._close(date(2026, 7, 31), self.gone)
        self.own(subscription)._renew(date(2026, 8, 1))
        self.assertEqual(self.movements(self.customer), [("2026-01-01", "new", 100.0)])

    def test_twice_gone_for_two_reasons(self):
        subscription = self.subscribe(100)
        mine = self.own(subscription)
        mine._close(date(2026, 2, 28), self.gone)
        mine._renew(date(2026, 4, 1))
        mine._close(date(2026, 5, 31), self.unpaid)
        mine._renew(date(2026, 6, 10), changes={})
        self.assertEqual(
            self.reasons("churn"),
            [
                ("2026-03-01", "voluntary", self.gone),
                ("2026-06-01", "involuntary", self.unpaid),
            ],
        )
        self.assertEqual(len(subscription.line_ids), 3)

    def test_an_end_that_is_no_loss_has_the_reason_item(self):
        """The customer has something else: a gap is no change of price."""
        subscription = self.subscribe(100)
        self.subscribe(30)
        mine = self.own(subscription)
        mine._close(date(2026, 2, 28), self.gone)
        mine._renew(date(2026, 4, 1))
        self.assertEqual([row[1] for row in self.reasons("contraction")], ["item"])
        self.assertEqual([row[1] for row in self.reasons("expansion")], ["item"])

    def test_refused_renewals(self):
        renew = self.own(self.subscribe(100))._renew
        self.assertRefused("End", renew, date(2026, 7, 1))
        subscription = self.subscribe(100, date_end="2026-06-30")
        other = self.subscribe(5, date_end="2026-06-30")
        renew = self.own(subscription)._renew
        lines = subscription.line_ids
        for field, args in (
            ("From", (False,)),
            ("From", (date(2026, 6, 30),)),
            ("New End", (date(2026, 7, 1), date(2026, 6, 30))),
            ("Lines", (date(2026, 7, 1), False, lines.browse())),
            ("Lines", (date(2026, 7, 1), False, other.line_ids)),
            ("Quantity", (date(2026, 7, 1), False, lines, {lines: {"quantity": -1}})),
        ):
            with self.subTest(field=field, args=args):
                self.assertRefused(field, renew, *args)
        self.assertEqual(subscription.date_end, date(2026, 6, 30))
        draft = self.subscribe(100, date_start=False)
        self.assertRefused("Lines", self.own(draft)._renew, date(2026, 7, 1))

    # -- renewals due -------------------------------------------------------

    def plan_renewals(self):
        cron = self.env.ref("crm_metrics.ir_cron_renewals")
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()

    def renewals(self, subscription):
        subscription.invalidate_recordset()
        kind = self.env.ref("crm_metrics.mail_activity_type_renewal")
        return subscription.activity_ids.filtered(
            lambda activity: activity.activity_type_id == kind
        )

    def test_an_activity_for_what_runs_out(self):
        self.company.crm_metrics_renewal_days = 20
        due = self.subscribe(100, date_end="2026-06-30")
        later = self.subscribe(100, date_end="2026-07-06")
        closed = self.subscribe(
            100, date_end="2026-06-30", close_reason_id=self.gone.id
        )
        unassigned = self.subscribe(100, date_end="2026-06-30", user_id=False)
        self.plan_renewals()
        [activity] = self.renewals(due)
        self.assertEqual(activity.user_id, self.seller)
        self.assertEqual(activity.date_deadline, date(2026, 6, 15))
        self.assertIn("100", activity.summary)
        self.assertFalse(self.renewals(later + closed + unassigned))
        # once for each end
        activity.action_feedback()
        self.plan_renewals()
        self.assertFalse(self.renewals(due))
        due.date_end = "2026-07-02"
        self.plan_renewals()
        self.assertEqual(len(self.renewals(due)), 1)

    def test_no_activity_when_switched_off(self):
        self.company.crm_metrics_renewal_days = 0
        due = self.subscribe(100, date_end="2026-06-16")
        self.plan_renewals()
        self.assertFalse(self.renewals(due))

    def test_a_renewal_ends_the_activity(self):
        renewed = self.subscribe(100, date_end="2026-06-30")
        left = self.subscribe(100, date_end="2026-06-30")
        self.plan_renewals()
        self.assertEqual(len(self.renewals(renewed + left)), 2)
        self.own(renewed)._renew(date(2026, 7, 1), date(2027, 6, 30))
        self.own(left)._close(date(2026, 6, 30), self.gone)
        self.assertFalse(self.renewals(renewed + left))

    def test_a_salesperson_who_left(self):
        due = self.subscribe(100, date_end="2026-06-30", user_id=self.seller_2.id)
        self.seller_2.active = False
        self.plan_renewals()
        self.assertFalse(self.renewals(due))

    # -- settings and data --------------------------------------------------

    def test_settings(self):
        self.manager.group_ids += self.env.ref("base.group_system")
        settings = self.env["res.config.settings"].with_user(self.manager)
        form = Form(settings)
        self.assertEqual(form.crm_metrics_renewal_days, 30)
        self.assertEqual(form.crm_metrics_won_subscription, "manual")
        form.crm_metrics_grace_days = 14
        form.crm_metrics_won_subscription = "automatic"
        form.save().execute()
        self.assertEqual(self.company.crm_metrics_grace_days, 14)
        self.assertEqual(self.company.crm_metrics_won_subscription, "automatic")

    def test_close_reasons_of_both_kinds_are_there(self):
        names = self.env["ir.model.data"].search(
            [
                ("module", "=", "crm_metrics"),
                ("model", "=", "crm.subscription.close.reason"),
            ]
        )
        self.assertTrue(all(names.mapped("noupdate")))
        reasons = self.env["crm.subscription.close.reason"].browse(
            names.mapped("res_id")
        )
        self.assertEqual(set(reasons.mapped("kind")), {"voluntary", "involuntary"})

    def test_a_used_reason_stays(self):
        self.subscribe(100, date_end="2026-05-31", close_reason_id=self.gone.id)
        with mute_logger("odoo.sql_db"), self.assertRaises(RestrictViolation):
            self.gone.unlink()

    def test_a_new_plan_is_monthly(self):
        plan = Form(self.env["crm.recurring.plan"])
        plan.name = "Every two weeks"
        self.assertEqual((plan.interval_number, plan.interval_type), (1, "month"))
        plan.interval_number, plan.interval_type = 2, "week"
        plan = plan.save()
        self.assertEqual((plan.interval_number, plan.interval_type), (2, "week"))

    def test_a_copy_has_no_planned_renewal(self):
        subscription = self.subscribe(100, date_end="2026-06-30")
        self.plan_renewals()
        self.assertTrue(subscription.renewal_planned_for)
        self.assertFalse(subscription.copy().renewal_planned_for)

    def test_one_off_lines_are_not_asked_for(self):
        subscription = self.subscribe(
            0,
            lines=[
                self.line(100),
                {"name": "Set-up", "recurring": False, "price_unit": 500},
            ],
        )
        wizard = self.wizard("change", subscription)
        self.assertEqual(len(wizard.terms_ids), 1)
