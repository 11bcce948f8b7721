from freezegun import freeze_time

from .common import CrmMetricsCommon


class TestIssues(CrmMetricsCommon):
    """Nothing is dropped in silence."""

    def issue(self):
        self.refresh()
        issues = self.issues()
        self.assertLessEqual(len(issues), 1)
        return issues

    def test_a_foreign_currency(self):
        subscription = self.subscribe(
            100, currency_id=self.eur.id, user_id=self.seller.id
        )
        issue = self.issue()
        self.assertEqual(issue.code, "foreign_currency")
        self.assertEqual(
            (issue.res_model, issue.res_id),
            ("crm.subscription.line", subscription.line_ids.id),
        )
        self.assertEqual(issue.company_id, self.company)
        self.assertEqual(issue.user_id, self.seller)
        self.assertEqual(self.movements(), [])

    def test_a_plan_without_months(self):
        self.yearly.number_of_months = 0
        self.subscribe(100, plan=self.yearly)
        self.assertEqual(self.issue().code, "plan_without_period")
        self.assertEqual(self.movements(), [])

    def test_a_line_outside_of_its_subscription(self):
        self.subscribe(100, "2026-03-01", line={"date_end": "2026-02-28"})
        self.assertEqual(self.issue().code, "outside_subscription")
        self.assertEqual(self.movements(), [])

    def test_only_the_doubtful_line_is_left_out(self):
        self.yearly.number_of_months = 0
        lines = [self.line(100), self.line(100, plan=self.yearly)]
        self.subscribe(0, lines=lines)
        self.assertEqual(self.movements(), [("2026-01-01", "new", 100)])
        self.assertEqual(len(self.issue()), 1)

    def test_one_off_and_undated_lines_are_no_issue(self):
        self.subscribe(100, currency_id=self.eur.id, line={"recurring": False})
        self.subscribe(100, False, currency_id=self.eur.id)
        self.assertFalse(self.issue())

    def test_a_mended_record_leaves_the_list(self):
        subscription = self.subscribe(100, currency_id=self.eur.id)
        self.assertTrue(self.issue())
        subscription.currency_id = self.usd
        self.assertFalse(self.issue())
        self.assertEqual(self.movements(), [("2026-01-01", "new", 100)])

    def test_a_mended_plan_leaves_the_list(self):
        self.yearly.number_of_months = 0
        self.subscribe(120, plan=self.yearly)
        self.assertTrue(self.issue())
        self.yearly.number_of_months = 12
        self.assertFalse(self.issue())
        self.assertEqual(self.movements(), [("2026-01-01", "new", 10)])

    def test_a_deleted_record_leaves_the_list(self):
        subscription = self.subscribe(100, currency_id=self.eur.id)
        self.assertTrue(self.issue())
        subscription.unlink()
        self.assertFalse(self.issue())

    def test_since_is_kept(self):
        """An issue does not get younger by a rebuild, nor by a change of hands."""
        subscription = self.subscribe(100, currency_id=self.eur.id)
        issue = self.issue()
        self.env.cr.execute(
            "UPDATE crm_metrics_issue SET since = '2020-01-01' WHERE id = %s",
            [issue.id],
        )
        subscription.user_id = self.seller
        self.env["crm.metrics.engine"].recompute("crm.mrr.segment")
        with freeze_time("2027-01-01"):
            again = self.issue()
        self.assertEqual(str(again.since), "2020-01-01 00:00:00")
        self.assertEqual(again.user_id, self.seller)

    def test_another_reason_is_another_issue(self):
        subscription = self.subscribe(100, "2026-03-01", currency_id=self.eur.id)
        self.assertEqual(self.issue().code, "foreign_currency")
        subscription.line_ids.date_end = "2026-02-28"
        self.assertEqual(self.issue().code, "outside_subscription")

    def test_each_code_is_explained(self):
        issues = self.env["crm.metrics.issue"]
        codes = dict(issues._fields["code"]._description_selection(self.env))
        self.assertEqual(set(issues._explanations()), set(codes))

    def test_message_and_record(self):
        subscription = self.subscribe(100, currency_id=self.eur.id)
        issue = self.issue().with_user(self.seller)
        self.assertIn("currency", issue.message)
        self.assertTrue(issue.record_name)
        action = issue.action_open_record()
        self.assertEqual(
            (action["res_model"], action["res_id"]),
            ("crm.subscription", subscription.id),
        )

    def test_a_record_that_is_gone_has_no_name(self):
        """Between the deletion and the next refresh."""
        subscription = self.subscribe(100, currency_id=self.eur.id)
        issue = self.issue()
        subscription.unlink()
        issue.invalidate_recordset()
        self.assertFalse(issue.record_name)
