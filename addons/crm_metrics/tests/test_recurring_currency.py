from odoo import fields

from .common import MOVEMENT, SEGMENT, CrmMetricsCommon


class TestCurrency(CrmMetricsCommon):
    """Agreements in a foreign currency; the company counts in dollars."""

    def euros(self, price, date_start="2026-01-10", date_end=False, **values):
        return self.subscribe(
            price, date_start, date_end, currency_id=self.eur.id, **values
        )

    def test_the_rate_of_the_first_day(self):
        """The last one on or before it; 1 euro = 2, then 4 dollars."""
        self.rate(self.eur, "2025-12-01", 0.5)
        self.rate(self.eur, "2026-01-11", 0.25)
        self.euros(100)
        self.assertEqual(self.movements(), [("2026-01-10", "new", 200)])
        segment = self.segments()
        self.assertEqual((segment.rate_currency, segment.rate), (100, 200))

    def test_on_the_very_day(self):
        self.rate(self.eur, "2026-01-10", 0.5)
        self.euros(100)
        self.assertEqual(self.movements(), [("2026-01-10", "new", 200)])

    def test_a_later_rate_never_stands_in(self):
        self.rate(self.eur, "2026-01-11", 0.5)
        self.euros(100)
        self.assertEqual(self.movements(), [])
        self.assertEqual(self.issues().code, "missing_rate")

    def test_the_companys_own_currency_is_1(self):
        """Rates of the dollar are of no interest for dollars."""
        self.rate(self.usd, "2025-01-01", 4)
        self.subscribe(100)
        self.assertEqual(self.movements(), [("2026-01-01", "new", 100)])

    def test_rates_of_both_currencies(self):
        """Some companies count rates from a third currency: 1 euro = 4 / 0.5."""
        self.rate(self.usd, "2025-01-01", 4)
        self.rate(self.eur, "2025-01-01", 0.5)
        self.euros(100)
        self.assertEqual(self.movements(), [("2026-01-10", "new", 800)])

    def test_rounded_to_the_companys_currency(self):
        jpy = self.env.ref("base.JPY")
        jpy.active = True
        self.company.currency_id = jpy
        self.rate(self.eur, "2025-01-01", 0.008)  # 1 euro = 125 yen
        self.euros(0.58)
        self.assertEqual(self.movements(), [("2026-01-10", "new", 73)])  # 72.5

    def test_shared_rates_and_those_of_a_company(self):
        """Of one day the company's own is nearer; else the later one counts."""
        self.rate(self.eur, "2025-01-01", 0.5, self.env["res.company"])
        self.rate(self.eur, "2025-01-01", 0.25)
        self.rate(self.eur, "2025-01-01", 0.1, self.other_company)
        self.euros(100)
        self.assertEqual(self.movements(), [("2026-01-10", "new", 400)])
        self.rate(self.eur, "2025-02-01", 0.5, self.env["res.company"])
        self.assertEqual(self.movements(), [("2026-01-10", "new", 200)])

    def test_a_rate_of_another_company_is_none(self):
        self.rate(self.eur, "2025-01-01", 0.5, self.other_company)
        self.euros(100)
        self.assertEqual(self.movements(), [])
        self.assertEqual(self.issues().code, "missing_rate")

    def test_a_branch_uses_the_rates_of_its_root(self):
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.company.id}
        )
        self.rate(self.eur, "2025-01-01", 0.5)
        self.euros(100, company_id=branch.id)
        self.assertEqual(self.movements(company=branch), [("2026-01-10", "new", 200)])

    def test_currency_alone_moves_nothing_between_edges(self):
        """A new rate is seen at the next edge."""
        self.rate(self.eur, "2026-01-01", 0.5)
        self.rate(self.eur, "2026-02-01", 0.25)
        self.euros(100)
        self.assertEqual(self.movements(), [("2026-01-10", "new", 200)])

    def test_at_the_end(self):
        """Old amount x (rate now - rate carried) is fx, the rest is lost."""
        self.rate(self.eur, "2026-01-01", 0.5)
        self.rate(self.eur, "2026-02-01", 0.25)
        self.euros(100, date_end="2026-02-28")
        self.assertEqual(
            self.movements(),
            [
                ("2026-01-10", "new", 200),
                ("2026-03-01", "churn", -400),
                ("2026-03-01", "fx", 200),
            ],
        )
        [march] = self.recurring("2026-03-01", "2026-03-31")["periods"]
        self.assertMoney(march, opening=200, fx=200, churn=-400, closing=0)
        self.assertLogos(march, opening=1, churn=-1, closing=0)

    def test_at_a_change(self):
        self.rate(self.eur, "2026-01-01", 0.5)
        self.rate(self.eur, "2026-02-01", 0.25)
        self.versions(
            self.line(100, "2026-01-10", "2026-02-28"),
            self.line(110, "2026-03-01"),
            currency_id=self.eur.id,
        )
        [march] = self.after_refresh("2026-03-01", "2026-03-31")["periods"]
        self.assertMoney(march, opening=200, fx=200, expansion=40, closing=440)
        reasons = dict.fromkeys(reason for *_row, reason in self.reasons()[1:])
        self.assertEqual(set(reasons), {False, "price"})

    def test_a_change_that_the_rate_hides(self):
        """Half the rate, twice the price: contraction by fx, expansion by price."""
        self.rate(self.eur, "2026-01-01", 0.5)
        self.rate(self.eur, "2026-02-01", 1)
        self.versions(
            self.line(100, "2026-01-10", "2026-02-28"),
            self.line(200, "2026-03-01"),
            currency_id=self.eur.id,
        )
        for view in ("activity", "net"):
            [march] = self.after_refresh("2026-03-01", "2026-03-31", view=view)[
                "periods"
            ]
            self.assertMoney(march, opening=200, fx=-100, expansion=100, closing=200)

    def after_refresh(self, *args, **options):
        self.refresh()
        return self.recurring(*args, **options)

    def test_a_pause_is_an_edge(self):
        self.rate(self.eur, "2026-01-01", 0.5)
        self.rate(self.eur, "2026-02-01", 0.25)
        self.rate(self.eur, "2026-02-15", 1)
        subscription = self.euros(100)
        self.pause(subscription, "2026-02-10", "2026-02-20")
        self.assertEqual(
            self.movements()[1:],
            [
                ("2026-02-10", "contraction", -400),
                ("2026-02-10", "fx", 200),
                ("2026-02-21", "expansion", 100),
            ],
        )

    def test_a_late_renewal_is_valued_on_the_return(self):
        self.company.crm_metrics_grace_days = 30
        self.rate(self.eur, "2026-01-01", 0.5)
        self.rate(self.eur, "2026-02-05", 0.25)
        self.euros(100, date_end="2026-01-31")
        self.euros(100, "2026-02-10")
        self.assertEqual(
            self.movements()[1:],
            [
                ("2026-02-10", "transfer", -400),
                ("2026-02-10", "fx", 200),
                ("2026-02-10", "transfer", 400),
            ],
        )

    def test_a_subscription_in_an_unknown_currency_is_mended(self):
        self.euros(100)
        self.refresh()
        self.assertTrue(self.issues())
        rate = self.rate(self.eur, "2026-01-10", 0.5)
        self.assertEqual(self.movements(), [("2026-01-10", "new", 200)])
        self.assertFalse(self.issues())
        rate.rate = 0.25
        self.assertEqual(self.movements(), [("2026-01-10", "new", 400)])
        rate.name = "2026-01-11"
        self.assertEqual(self.movements(), [])
        rate.name = "2026-01-09"
        self.assertEqual(self.movements(), [("2026-01-10", "new", 400)])
        rate.unlink()
        self.assertEqual(self.movements(), [])
        self.assertEqual(self.issues().code, "missing_rate")

    def test_a_later_rate_reaches_the_end(self):
        """It changes no segment, only what was gained until the end."""
        self.rate(self.eur, "2026-01-01", 0.5)
        self.euros(100, date_end="2026-02-28")
        self.refresh()
        self.rate(self.eur, "2026-02-01", 0.25)
        self.assertIn(("2026-03-01", "fx", 200), self.movements())

    def test_only_the_customers_concerned_are_queued(self):
        jpy = self.env.ref("base.JPY")
        jpy.active = True
        in_euros, in_yen, elsewhere, both = (self._customer(name) for name in "ABCD")
        self.euros(100, partner=in_euros)
        self.subscribe(100, partner=in_yen, currency_id=jpy.id)
        self.euros(100, partner=elsewhere, company_id=self.other_company.id)
        self.subscribe(100, partner=both)
        self.euros(1, partner=both)
        self.subscribe(100)
        self.refresh()

        def queued(action):
            action()
            self.env.flush_all()
            self.env.cr.execute("SELECT DISTINCT key FROM crm_metrics_queue")
            keys = {key for (key,) in self.env.cr.fetchall()}
            self.refresh()
            return self.env["res.partner"].browse(keys)

        rates = []
        here = in_euros | both
        self.assertEqual(
            queued(lambda: rates.append(self.rate(self.eur, "2026-01-01", 0.5))), here
        )
        self.assertEqual(queued(lambda: rates[0].write({"rate": 0.25})), here)
        self.assertEqual(
            queued(lambda: rates[0].write({"currency_id": jpy.id})), here | in_yen
        )
        self.assertEqual(queued(lambda: rates[0].unlink()), in_yen)
        shared = self.env["res.company"]
        self.assertEqual(
            queued(lambda: self.rate(self.eur, "2026-01-01", 0.5, shared)),
            here | elsewhere,
        )
        self.assertEqual(
            queued(lambda: self.rate(self.usd, "2026-01-01", 2)), here | in_yen
        )

    def test_a_rounder_company_currency(self):
        self.rate(self.eur, "2026-01-01", 1)
        self.euros(1.26)
        self.refresh()
        self.usd.rounding = 0.05
        self.assertEqual(self.movements(), [("2026-01-10", "new", 1.25)])

    def test_facts_tell_both_amounts(self):
        self.rate(self.eur, "2026-01-01", 0.5)
        self.euros(100)
        self.refresh()
        segment = self.env[SEGMENT].search([("company_id", "=", self.company.id)])
        self.assertEqual(segment.currency_id, self.eur)
        self.assertEqual(segment.company_currency_id, self.usd)


class TestRevalueMonthly(CrmMetricsCommon):
    """With the setting, foreign agreements are valued anew on each first of month."""

    def setUp(self):
        super().setUp()
        self.company.crm_metrics_revalue_monthly = True
        self.rate(self.eur, "2026-01-01", 0.5)
        self.rate(self.eur, "2026-02-01", 0.25)
        self.rate(self.eur, "2026-02-20", 0.2)

    def test_each_first_of_month_up_to_the_last_rate(self):
        self.subscribe(100, "2026-01-10", currency_id=self.eur.id)
        self.assertEqual(
            self.movements(), [("2026-01-10", "new", 200), ("2026-02-01", "fx", 200)]
        )
        self.rate(self.eur, "2026-04-10", 0.5)
        self.assertEqual(
            self.movements()[2:], [("2026-03-01", "fx", 100)], "in April nothing is new"
        )
        self.rate(self.eur, "2026-04-01", 0.25)
        self.assertEqual(
            self.movements()[2:],
            [("2026-03-01", "fx", 100), ("2026-04-01", "fx", -100)],
        )

    def test_a_start_on_a_first_of_month(self):
        self.subscribe(100, "2026-02-01", currency_id=self.eur.id)
        self.rate(self.eur, "2026-03-10", 0.5)
        self.assertEqual(
            self.movements(), [("2026-02-01", "new", 400), ("2026-03-01", "fx", 100)]
        )

    def test_an_end_on_a_first_of_month(self):
        """One fx row, not two."""
        self.subscribe(100, "2026-01-10", "2026-01-31", currency_id=self.eur.id)
        self.assertEqual(
            self.movements(),
            [
                ("2026-01-10", "new", 200),
                ("2026-02-01", "churn", -400),
                ("2026-02-01", "fx", 200),
            ],
        )

    def test_only_foreign_agreements(self):
        self.subscribe(100, "2026-01-10")
        self.assertEqual(self.movements(), [("2026-01-10", "new", 100)])

    def test_switched_off(self):
        self.subscribe(100, "2026-01-10", currency_id=self.eur.id)
        self.assertEqual(len(self.movements()), 2)
        self.company.crm_metrics_revalue_monthly = False
        self.assertEqual(self.movements(), [("2026-01-10", "new", 200)])

    def test_figures(self):
        self.subscribe(100, "2026-01-10", currency_id=self.eur.id)
        self.refresh()
        for view in ("activity", "net"):
            result = self.recurring("2026-02-01", "2026-02-28", view=view)
            self.assertMoney(result["periods"][0], opening=200, fx=200, closing=400)
            kpis = result["kpis"]
            self.assertEqual((kpis["net_new"], kpis["growth"]), (200, 1))
            self.assertEqual((kpis["gross_churn"], kpis["net_churn"]), (0, 0))
            self.assertIsNone(kpis["quick_ratio"])

    def test_rows_carry_the_document(self):
        subscription = self.subscribe(
            100, "2026-01-10", currency_id=self.eur.id, user_id=self.seller.id
        )
        self.refresh()
        row = self.env[MOVEMENT].search(
            [("company_id", "=", self.company.id), ("kind", "=", "fx")]
        )
        self.assertEqual(fields.Date.to_string(row.date), "2026-02-01")
        self.assertEqual(row.user_id, self.seller)
        self.assertEqual(row.segment_id.res_id, subscription.line_ids.id)
        self.assertFalse(row.reason)
