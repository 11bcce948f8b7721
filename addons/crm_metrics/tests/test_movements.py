from odoo import Command

from .common import SEGMENT, CrmMetricsCommon


class TestRate(CrmMetricsCommon):
    """What a line is worth a month."""

    def rate(self, price, plan=None, **values):
        subscription = self.subscribe(price, plan=plan, line=values)
        self.refresh()
        segment = self.env[SEGMENT].search([("res_id", "=", subscription.line_ids.id)])
        self.assertEqual(segment.rate, subscription.line_ids.mrr)
        self.assertEqual(segment.rate_currency, segment.rate)
        return segment.rate

    def test_a_plan_of_n_months_divides_by_n(self):
        self.assertEqual(self.rate(120), 120)
        self.assertEqual(self.rate(120, plan=self.quarterly), 40)
        self.assertEqual(self.rate(120, plan=self.yearly), 10)

    def test_quantity_and_discount(self):
        self.assertEqual(self.rate(50, quantity=3, discount=10), 135)

    def test_rate_is_rounded_half_up_to_the_currency(self):
        self.assertEqual(self.rate(100, plan=self.quarterly), 33.33)
        self.assertEqual(self.rate(100.06, plan=self.yearly), 8.34)  # 8.33833...
        self.assertEqual(self.rate(0.03, quantity=0.5), 0.02)  # 0.015
        self.assertEqual(self.rate(2.01, discount=50), 1.01)  # 1.005

    def test_each_line_is_rounded_for_itself(self):
        """Three times 33.33, not 100 / 3 * 3."""
        lines = [self.line(100, plan=self.quarterly) for _each in range(3)]
        subscription = self.subscribe(0, lines=lines)
        self.assertEqual(subscription.mrr, 99.99)
        self.assertEqual(sum(amount for *_day, amount in self.movements()), 99.99)

    def test_a_currency_without_cents(self):
        self.env.ref("base.JPY").active = True
        self.company.currency_id = self.env.ref("base.JPY")
        self.assertEqual(self.rate(1000, plan=self.quarterly), 333)
        self.assertEqual(self.rate(2001, quantity=0.5), 1001)

    def test_one_off_lines_are_no_recurring_revenue(self):
        self.subscribe(500, line={"recurring": False})
        self.assertEqual(self.movements(), [])
        self.assertFalse(self.segments())

    def test_a_part_of_a_month_has_the_whole_rate(self):
        """MRR is a rate, never prorated: 10 days of 120 a month are 120."""
        self.subscribe(120, "2026-01-10", "2026-01-19")
        self.assertEqual(
            self.movements(),
            [("2026-01-10", "new", 120), ("2026-01-20", "churn", -120)],
        )


class TestDates(CrmMetricsCommon):
    def test_an_edge_is_dated_on_the_first_day_of_the_new_rate(self):
        self.subscribe(100, "2026-01-01", "2026-01-31")
        self.assertEqual(
            self.movements(),
            [("2026-01-01", "new", 100), ("2026-02-01", "churn", -100)],
        )

    def test_line_dates_are_clipped_to_the_subscription(self):
        self.subscribe(
            100,
            "2026-02-01",
            "2026-04-30",
            line={"date_start": "2026-01-01", "date_end": "2026-12-31"},
        )
        self.refresh()
        segment = self.segments()
        self.assertEqual(
            (str(segment.date_from), str(segment.date_to)), ("2026-02-01", "2026-05-01")
        )

    def test_empty_line_dates_are_the_subscriptions(self):
        self.subscribe(100, "2026-02-01", "2026-04-30")
        self.assertEqual(
            self.movements(),
            [("2026-02-01", "new", 100), ("2026-05-01", "churn", -100)],
        )

    def test_a_line_may_begin_without_the_subscription(self):
        self.subscribe(100, False, line={"date_start": "2026-03-01"})
        self.assertEqual(self.movements(), [("2026-03-01", "new", 100)])

    def test_a_line_without_any_start_is_not_dated_yet(self):
        self.subscribe(100, False, "2026-12-31")
        self.assertEqual(self.movements(), [])
        self.assertFalse(self.issues())

    def test_one_day(self):
        self.subscribe(100, "2026-02-28", "2026-02-28")
        self.assertEqual(
            self.movements(),
            [("2026-02-28", "new", 100), ("2026-03-01", "churn", -100)],
        )

    def test_future_dates_are_in_the_ledger(self):
        self.subscribe(100, "2027-01-01", "2027-12-31")
        self.assertEqual(
            self.movements(),
            [("2027-01-01", "new", 100), ("2028-01-01", "churn", -100)],
        )


class TestKinds(CrmMetricsCommon):
    """All edges of a customer's day carry the kind of the customer's net."""

    def test_a_second_subscription_is_expansion(self):
        self.subscribe(100, "2026-01-01")
        self.subscribe(50, "2026-03-01")
        self.assertEqual(
            self.movements(),
            [("2026-01-01", "new", 100), ("2026-03-01", "expansion", 50)],
        )

    def test_the_end_of_one_of_two_is_contraction(self):
        self.subscribe(100, "2026-01-01", "2026-03-31")
        self.subscribe(50, "2026-01-01")
        self.assertEqual(self.movements()[-1], ("2026-04-01", "contraction", -100))

    def test_the_end_of_both_is_churn(self):
        self.subscribe(100, "2026-01-01", "2026-03-31")
        self.subscribe(50, "2026-01-01", "2026-03-31")
        self.assertEqual(
            self.movements()[-2:],
            [("2026-04-01", "churn", -100), ("2026-04-01", "churn", -50)],
        )

    def test_a_customer_counts_once_however_many_lines(self):
        lines = [self.line(price) for price in (10, 20, 30)]
        self.subscribe(0, "2026-01-01", "2026-03-31", lines=lines)
        self.subscribe(5, "2026-01-01", "2026-03-31")
        self.refresh()
        heads = self.env["crm.mrr.movement"]._read_group(
            [("partner_id", "=", self.customer.id)],
            ["kind"],
            ["customers:sum", "__count"],
        )
        self.assertEqual(sorted(heads), [("churn", -1, 4), ("new", 1, 4)])

    def test_a_same_day_switch_of_plan_is_transfer(self):
        """Same money, other plan: nothing is lost and nothing won."""
        lines = [
            self.line(100, "2026-01-01", "2026-03-31"),
            self.line(1200, "2026-04-01", plan=self.yearly),
        ]
        self.subscribe(0, lines=lines)
        self.assertEqual(
            self.movements()[1:],
            [("2026-04-01", "transfer", -100), ("2026-04-01", "transfer", 100)],
        )
        self.assertEqual(
            self.env["crm.mrr.movement"]
            .search([("partner_id", "=", self.customer.id), ("kind", "=", "transfer")])
            .mapped("customers"),
            [0, 0],
        )

    def test_a_same_day_switch_to_a_higher_price_is_expansion(self):
        """Both edges carry the day's kind: their sum is the change."""
        lines = [
            self.line(100, "2026-01-01", "2026-03-31"),
            self.line(130, "2026-04-01"),
        ]
        self.subscribe(0, lines=lines)
        self.assertEqual(
            self.movements()[1:],
            [("2026-04-01", "expansion", -100), ("2026-04-01", "expansion", 130)],
        )

    def test_back_after_a_gap_is_reactivation(self):
        self.subscribe(100, "2026-01-01", "2026-01-31")
        self.subscribe(70, "2026-02-02")
        self.assertEqual(
            self.movements(),
            [
                ("2026-01-01", "new", 100),
                ("2026-02-01", "churn", -100),
                ("2026-02-02", "reactivation", 70),
            ],
        )

    def test_a_free_line_is_no_revenue(self):
        """Going to 0 is churn, coming from 0 is new."""
        lines = [
            self.line(100, "2026-01-01", "2026-01-31", discount=100),
            self.line(100, "2026-02-01", "2026-02-28"),
            self.line(100, "2026-03-01", discount=100),
        ]
        self.subscribe(0, lines=lines)
        self.assertEqual(
            self.movements(),
            [("2026-02-01", "new", 100), ("2026-03-01", "churn", -100)],
        )

    def test_the_customer_is_the_commercial_partner(self):
        """Contacts of one company are one customer."""
        people = self.env["res.partner"].create(
            [{"name": name, "parent_id": self.customer.id} for name in ("Ann", "Bob")]
        )
        self.subscribe(100, "2026-01-01", partner=people[0])
        self.subscribe(50, "2026-02-01", partner=people[1])
        self.assertEqual(
            self.movements(self.customer),
            [("2026-01-01", "new", 100), ("2026-02-01", "expansion", 50)],
        )

    def test_company_is_a_boundary(self):
        """The same contact in two companies is two customers."""
        self.subscribe(100, "2026-01-01")
        self.subscribe(50, "2026-02-01", company_id=self.other_company.id)
        self.assertEqual(self.movements(), [("2026-01-01", "new", 100)])
        self.assertEqual(
            self.movements(company=self.other_company), [("2026-02-01", "new", 50)]
        )


class TestSourceAsItIsNow(CrmMetricsCommon):
    def test_a_change_of_hands_moves_the_history(self):
        subscription = self.subscribe(100, user_id=self.seller.id, team_id=self.team.id)
        self.refresh()
        subscription.write({"user_id": self.seller_2.id, "team_id": self.team_2.id})
        self.refresh()
        for records in (self.segments(), self.env["crm.mrr.movement"].search([])):
            records = records.filtered(lambda row: row.company_id == self.company)
            self.assertEqual(records.user_id, self.seller_2)
            self.assertEqual(records.team_id, self.team_2)

    def test_an_archived_subscription_still_counts(self):
        subscription = self.subscribe(100)
        self.refresh()
        subscription.action_archive()
        self.assertEqual(self.movements(), [("2026-01-01", "new", 100)])

    def test_a_deleted_subscription_is_gone(self):
        subscription = self.subscribe(100)
        self.refresh()
        subscription.unlink()
        self.assertEqual(self.movements(), [])
        self.assertFalse(self.segments())

    def test_a_new_length_of_the_plan(self):
        self.subscribe(120, plan=self.quarterly)
        self.refresh()
        self.quarterly.number_of_months = 6
        self.assertEqual(self.movements(), [("2026-01-01", "new", 20)])

    def test_a_contact_that_moves_to_another_customer(self):
        other = self._customer("Other")
        person = self._customer("Person", parent_id=self.customer.id)
        self.subscribe(100, partner=person)
        self.assertEqual(self.movements(self.customer), [("2026-01-01", "new", 100)])
        person.parent_id = other
        self.assertEqual(self.movements(self.customer), [])
        self.assertEqual(self.movements(other), [("2026-01-01", "new", 100)])

    def test_a_contact_that_becomes_a_company(self):
        person = self._customer("Person", parent_id=self.customer.id)
        self.subscribe(100, partner=person)
        self.refresh()
        person.is_company = True
        self.assertEqual(self.movements(person), [("2026-01-01", "new", 100)])

    def test_a_customer_made_with_its_subscription(self):
        """Both in one transaction, before anything is flushed."""
        partner = self.env["res.partner"].create({"name": "Fresh"})
        self.subscribe(100, partner=partner)
        self.assertEqual(self.movements(partner), [("2026-01-01", "new", 100)])

    def test_a_company_that_changes_its_currency(self):
        """Its subscriptions are in a foreign currency from then on."""
        self.subscribe(100)
        self.refresh()
        self.company.currency_id = self.eur
        self.assertEqual(self.movements(), [])
        self.assertEqual(self.issues().code, "foreign_currency")

    def test_a_line_added_through_the_subscription(self):
        subscription = self.subscribe(100)
        self.refresh()
        subscription.line_ids = [Command.create(self.line(20, "2026-02-01"))]
        self.assertEqual(
            self.movements(),
            [("2026-01-01", "new", 100), ("2026-02-01", "expansion", 20)],
        )
        subscription.line_ids = [Command.delete(subscription.line_ids[1].id)]
        self.assertEqual(self.movements(), [("2026-01-01", "new", 100)])

    def test_deleted_team_and_opportunity_leave_the_facts(self):
        """The database empties the links; the facts go along."""
        lead = self.env["crm.lead"].create({"name": "Deal", "type": "opportunity"})
        self.subscribe(100, team_id=self.team.id, lead_id=lead.id)
        self.refresh()
        self.team.unlink()
        lead.unlink()
        self.assertFalse(self.segments().team_id)
        self.assertFalse(self.segments().lead_id)
        self.assertEqual(set(self.env["crm.metrics.engine"].audit().values()), {0})
