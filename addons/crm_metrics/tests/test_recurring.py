import json
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import ValidationError

from .common import CrmMetricsCommon


class TestFigures(CrmMetricsCommon):
    def test_worked_example(self):
        """2,000,000 + 800,000 + 300,000 - 200,000 -> 2,900,000, +45 %."""
        loyal, leaving, coming = (self._customer(name) for name in "ABC")
        self.subscribe(1_800_000, "2025-03-01", partner=loyal)
        self.subscribe(200_000, "2025-06-01", "2026-05-09", partner=leaving)
        self.subscribe(800_000, "2026-05-05", partner=coming)
        self.subscribe(300_000, "2026-05-20", partner=loyal)
        self.refresh()
        result = self.recurring("2026-05-01", "2026-05-31")
        [period] = result["periods"]
        self.assertMoney(
            period,
            opening=2_000_000,
            new=800_000,
            expansion=300_000,
            churn=-200_000,
            closing=2_900_000,
        )
        self.assertLogos(period, opening=2, new=1, churn=-1, closing=2)
        kpis = result["kpis"]
        self.assertEqual(kpis["mrr"], 2_900_000)
        self.assertEqual(kpis["arr"], 34_800_000)
        self.assertEqual(kpis["net_new"], 900_000)
        self.assertEqual(kpis["growth"], 0.45)
        self.assertEqual(kpis["gross_churn"], 0.1)
        self.assertEqual(kpis["net_churn"], -0.05)
        self.assertEqual(kpis["logo_churn"], 0.5)
        self.assertEqual(kpis["quick_ratio"], 5.5)

    def test_growth_from_nothing_does_not_exist(self):
        self.subscribe(100, "2026-05-05")
        self.refresh()
        self.assertIsNone(self.recurring("2026-05-01", "2026-05-31")["kpis"]["growth"])

    def test_nothing_at_all(self):
        result = self.recurring("2026-05-01", "2026-05-31")
        self.assertMoney(result["periods"][0], opening=0, closing=0)
        self.assertLogos(result["periods"][0], opening=0, closing=0)

    def test_periods_chain(self):
        self.subscribe(100, "2026-02-10")
        self.subscribe(50, "2026-04-01")
        self.refresh()
        periods = self.recurring("2026-01-01", "2026-04-30")["periods"]
        self.assertEqual(
            [(period["opening"], period["closing"]) for period in periods],
            [(0, 0), (0, 100), (100, 100), (100, 150)],
        )

    def test_what_lies_before_the_range_is_its_opening(self):
        self.subscribe(100, "2024-02-10")
        self.refresh()
        [period] = self.recurring("2026-03-01", "2026-03-31")["periods"]
        self.assertMoney(period, opening=100, closing=100)
        self.assertLogos(period, opening=1, closing=1)

    def test_the_edge_belongs_to_the_period_of_its_day(self):
        """Last day 31 January: lost in February."""
        self.subscribe(100, "2026-01-01", "2026-01-31")
        self.refresh()
        january, february = self.recurring("2026-01-01", "2026-02-28")["periods"]
        self.assertMoney(january, opening=0, new=100, closing=100)
        self.assertMoney(february, opening=100, churn=-100, closing=0)

    def test_transfer(self):
        lines = [
            self.line(100, "2026-01-01", "2026-03-31"),
            self.line(1200, "2026-04-01", plan=self.yearly),
        ]
        self.subscribe(0, lines=lines)
        self.refresh()
        [period] = self.recurring("2026-04-01", "2026-04-30")["periods"]
        self.assertMoney(period, opening=100, closing=100)
        self.assertLogos(period, opening=1, closing=1)

    def test_net_view_compares_the_ends_of_a_period(self):
        """Up and down within a month: two movements a day, none a month."""
        self.subscribe(100, "2026-01-01")
        self.subscribe(30, "2026-03-05", "2026-03-20")
        gone = self._customer("Gone in between")
        self.subscribe(70, "2026-03-05", "2026-03-20", partner=gone)
        self.refresh()
        [activity] = self.recurring("2026-03-01", "2026-03-31")["periods"]
        self.assertMoney(
            activity,
            opening=100,
            new=70,
            expansion=30,
            contraction=-30,
            churn=-70,
            closing=100,
        )
        self.assertLogos(activity, opening=1, new=1, churn=-1, closing=1)
        [net] = self.recurring("2026-03-01", "2026-03-31", view="net")["periods"]
        self.assertMoney(net, opening=100, closing=100)
        self.assertLogos(net, opening=1, closing=1)

    def test_net_view_tells_new_from_reactivation_by_the_whole_past(self):
        """Who came, left and came again within the month of arrival is new."""
        twice = self._customer("Twice in March")
        self.subscribe(10, "2026-03-02", "2026-03-10", partner=twice)
        self.subscribe(25, "2026-03-20", partner=twice)
        back = self._customer("Back in March")
        self.subscribe(7, "2026-01-01", "2026-01-31", partner=back)
        self.subscribe(9, "2026-03-20", partner=back)
        self.refresh()
        [net] = self.recurring("2026-03-01", "2026-03-31", view="net")["periods"]
        self.assertMoney(net, opening=0, new=25, reactivation=9, closing=34)
        self.assertLogos(net, opening=0, new=1, reactivation=1, closing=2)
        [activity] = self.recurring("2026-03-01", "2026-03-31")["periods"]
        self.assertMoney(
            activity, opening=0, new=10, churn=-10, reactivation=34, closing=34
        )

    def test_views_stop_at_today(self):
        """Future dates are in the ledger, not yet in the figures."""
        self.subscribe(100, "2026-06-15", "2026-06-30")
        self.subscribe(50, "2026-06-16")
        self.refresh()
        for view in ("activity", "net"):
            june, july = self.recurring("2026-06-01", "2026-07-31", view=view)[
                "periods"
            ]
            self.assertMoney(june, opening=0, new=100, closing=100)
            self.assertMoney(july, opening=100, closing=100)
            self.assertTrue(june["partial"] and july["partial"])
        with freeze_time("2026-07-01 10:00:00"):
            june, july = self.recurring("2026-06-01", "2026-07-31")["periods"]
        self.assertMoney(june, opening=0, new=100, expansion=50, closing=150)
        self.assertMoney(july, opening=150, contraction=-100, closing=50)

    def test_a_range_in_the_future_opens_with_today(self):
        self.subscribe(100, "2026-01-01", "2026-07-10")
        self.refresh()
        [period] = self.recurring("2026-08-01", "2026-08-31")["periods"]
        self.assertMoney(period, opening=100, closing=100)

    def test_today_is_the_companys(self):
        """At 20:00 UTC it is tomorrow in Tokyo already."""
        self.company.resource_calendar_id.tz = "Asia/Tokyo"
        self.subscribe(100, "2026-06-16")
        self.refresh()
        with freeze_time("2026-06-15 14:59:00"):
            [period] = self.recurring("2026-06-01", "2026-06-30")["periods"]
            self.assertEqual(period["closing"], 0)
        with freeze_time("2026-06-15 15:01:00"):
            [period] = self.recurring("2026-06-01", "2026-06-30")["periods"]
            self.assertEqual(period["closing"], 100)

    def test_closing_is_the_sum_of_rounded_parts(self):
        """Yen in dollars: each part is rounded, and the bars still add up."""
        jpy = self.env.ref("base.JPY")
        jpy.active = True
        self.other_company.currency_id = jpy
        self._rate(jpy, 125, self.company)  # 1 JPY = 0.008 USD
        self.seller_all.company_ids |= self.other_company
        self.subscribe(3, "2026-05-01", company_id=self.other_company.id)
        self.subscribe(3, "2026-05-09", company_id=self.other_company.id)
        self.refresh()
        ids = (self.company | self.other_company).ids
        for view, parts in (
            ("activity", {"new": 0.02, "expansion": 0.02, "closing": 0.04}),
            ("net", {"new": 0.05, "closing": 0.05}),
        ):
            result = self.recurring(
                "2026-05-01", "2026-05-31", company_ids=ids, view=view
            )
            # 0.024 and 0.024, which are 0.048 together
            self.assertMoney(result["periods"][0], opening=0, **parts)

    def _rate(self, currency, rate, company, day="2020-01-01"):
        self.env["res.currency.rate"].search(
            [("currency_id", "=", currency.id)]
        ).unlink()
        return self.env["res.currency.rate"].create(
            {
                "currency_id": currency.id,
                "rate": rate,
                "name": day,
                "company_id": company.id,
            }
        )

    def test_several_companies_in_the_currency_of_the_first(self):
        self.other_company.currency_id = self.eur
        self._rate(self.eur, 0.5, self.company)  # 1 EUR = 2 USD
        self.seller_all.company_ids |= self.other_company
        self.subscribe(100, "2026-05-01")
        self.subscribe(30, "2026-05-01", company_id=self.other_company.id)
        self.refresh()
        ids = (self.company | self.other_company).ids
        result = self.recurring("2026-05-01", "2026-05-31", company_ids=ids)
        self.assertEqual(result["meta"]["currency"], "USD")
        self.assertMoney(result["periods"][0], opening=0, new=160, closing=160)
        # the same contact is a customer of each company
        self.assertLogos(result["periods"][0], opening=0, new=2, closing=2)

    def test_the_last_rate_on_or_before_the_end_counts_for_all_periods(self):
        self.other_company.currency_id = self.eur
        rate = self._rate(self.eur, 0.5, self.company, "2026-01-01")
        rate.copy({"rate": 0.25, "name": "2026-05-31"})
        rate.copy({"rate": 0.125, "name": "2026-06-01"})
        self.seller_all.company_ids |= self.other_company
        self.subscribe(30, "2026-03-01", company_id=self.other_company.id)
        self.refresh()
        ids = (self.company | self.other_company).ids
        periods = self.recurring("2026-03-01", "2026-05-31", company_ids=ids)["periods"]
        self.assertEqual([period["closing"] for period in periods], [120, 120, 120])

    def test_own_rates_come_before_shared_ones(self):
        """Those of the main company's root; a branch has none of its own."""
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.company.id}
        )
        self.other_company.currency_id = self.eur
        self.seller_all.company_ids |= branch | self.other_company
        self._rate(self.eur, 0.5, self.env["res.company"])
        self.subscribe(100, "2026-05-01", company_id=self.other_company.id)
        self.refresh()
        ids = (branch | self.other_company).ids

        def closing():
            result = self.recurring("2026-05-01", "2026-05-31", company_ids=ids)
            return result["periods"][0]["closing"]

        self.assertEqual(closing(), 200)
        own = self.env["res.currency.rate"].create(
            {
                "currency_id": self.eur.id,
                "rate": 0.25,
                "name": "2020-01-01",
                "company_id": self.company.id,
            }
        )
        self.assertEqual(closing(), 400)
        own.company_id = self.other_company
        self.assertEqual(closing(), 200)

    def test_a_missing_rate_is_an_error_that_names_the_currency(self):
        """A later rate, or 1, never stands in."""
        self.other_company.currency_id = self.eur
        self._rate(self.eur, 0.5, self.company, "2026-06-01")
        self.seller_all.company_ids |= self.other_company
        ids = (self.company | self.other_company).ids
        with self.assertRaisesRegex(ValidationError, "EUR"):
            self.recurring("2026-05-01", "2026-05-31", company_ids=ids)


class TestSlices(CrmMetricsCommon):
    def test_a_slice_has_the_kind_of_the_whole_customer(self):
        """A second team that sells to a customer of the first expands it."""
        self.subscribe(100, "2026-01-01", team_id=self.team.id)
        self.subscribe(50, "2026-03-01", team_id=self.team_2.id)
        self.refresh()
        [period] = self.recurring("2026-03-01", "2026-03-31", team_ids=self.team_2.ids)[
            "periods"
        ]
        self.assertMoney(period, opening=0, expansion=50, closing=50)
        # the customer was not won, it came over to this slice
        self.assertLogos(period, opening=0, transfer=1, closing=1)

    def test_a_change_of_the_selling_team_is_transfer(self):
        """One loses what the other gets; together nothing moved."""
        self.subscribe(100, "2026-01-01", "2026-03-09", team_id=self.team.id)
        self.subscribe(100, "2026-03-10", team_id=self.team_2.id)
        self.refresh()
        for view in ("activity", "net"):
            options = {"view": view}
            [first] = self.recurring(
                "2026-03-01", "2026-03-31", team_ids=self.team.ids, **options
            )["periods"]
            [second] = self.recurring(
                "2026-03-01", "2026-03-31", team_ids=self.team_2.ids, **options
            )["periods"]
            self.assertMoney(first, opening=100, transfer=-100, closing=0)
            self.assertLogos(first, opening=1, transfer=-1, closing=0)
            self.assertMoney(second, opening=0, transfer=100, closing=100)
            self.assertLogos(second, opening=0, transfer=1, closing=1)
            [both] = self.recurring(
                "2026-03-01",
                "2026-03-31",
                team_ids=(self.team | self.team_2).ids,
                **options,
            )["periods"]
            self.assertMoney(both, opening=100, closing=100)
            self.assertLogos(both, opening=1, closing=1)

    def test_by_salesperson(self):
        self.subscribe(100, "2026-01-01", user_id=self.seller.id)
        other = self._customer("Other")
        self.subscribe(50, "2026-01-01", user_id=self.seller_2.id, partner=other)
        self.refresh()
        [period] = self.recurring("2026-01-01", "2026-01-31", user_ids=self.seller.ids)[
            "periods"
        ]
        self.assertMoney(period, opening=0, new=100, closing=100)
        self.assertLogos(period, opening=0, new=1, closing=1)

    def test_team_and_salesperson_together(self):
        self.subscribe(100, "2026-01-01", user_id=self.seller.id, team_id=self.team.id)
        self.subscribe(50, "2026-01-01", user_id=self.seller.id, team_id=self.team_2.id)
        self.subscribe(20, "2026-01-01", user_id=self.seller_2.id, team_id=self.team.id)
        self.refresh()
        [period] = self.recurring(
            "2026-01-01", "2026-01-31", user_ids=self.seller.ids, team_ids=self.team.ids
        )["periods"]
        self.assertEqual(period["closing"], 100)

    def test_no_team_at_all_is_nothing(self):
        self.subscribe(100, "2026-01-01", team_id=self.team.id)
        self.refresh()
        for view in ("activity", "net"):
            result = self.recurring("2026-01-01", "2026-01-31", team_ids=[], view=view)
            self.assertMoney(result["periods"][0], opening=0, closing=0)
            self.assertLogos(result["periods"][0], opening=0, closing=0)

    def test_an_archived_team_can_be_asked_for(self):
        self.subscribe(100, "2026-01-01", team_id=self.team.id)
        self.team.active = False
        self.refresh()
        result = self.recurring("2026-01-01", "2026-01-31", team_ids=self.team.ids)
        self.assertEqual(result["periods"][0]["closing"], 100)


class TestCalendar(CrmMetricsCommon):
    def spans(self, date_from, date_to, grain):
        return [
            (period["date_from"], period["date_to"], period["partial"])
            for period in self.recurring(date_from, date_to, grain=grain)["periods"]
        ]

    def test_months_are_the_default(self):
        result = self.recurring("2026-01-01", "2026-02-28")
        self.assertEqual(result["meta"]["grain"], "month")
        self.assertEqual(len(result["periods"]), 2)

    def test_weeks_are_iso_weeks(self):
        self.assertEqual(
            self.spans("2025-12-28", "2026-01-11", "week"),
            [
                ("2025-12-28", "2025-12-28", True),
                ("2025-12-29", "2026-01-04", False),
                ("2026-01-05", "2026-01-11", False),
            ],
        )

    def test_movements_fall_into_their_iso_week(self):
        self.subscribe(100, "2026-01-04")  # a Sunday
        self.subscribe(10, "2026-01-05")
        self.refresh()
        periods = self.recurring("2025-12-29", "2026-01-11", grain="week")["periods"]
        self.assertMoney(periods[0], opening=0, new=100, closing=100)
        self.assertMoney(periods[1], opening=100, expansion=10, closing=110)

    def test_clipped_periods_are_partial(self):
        self.assertEqual(
            self.spans("2026-01-15", "2026-03-30", "month"),
            [
                ("2026-01-15", "2026-01-31", True),
                ("2026-02-01", "2026-02-28", False),
                ("2026-03-01", "2026-03-30", True),
            ],
        )

    def test_what_is_before_a_clipped_period_is_its_opening(self):
        self.subscribe(100, "2026-01-10")
        self.subscribe(50, "2026-01-20")
        self.refresh()
        for view in ("activity", "net"):
            [period] = self.recurring("2026-01-15", "2026-01-31", view=view)["periods"]
            self.assertMoney(period, opening=100, expansion=50, closing=150)

    def test_the_period_of_today_is_partial(self):
        self.assertEqual(
            self.spans("2026-05-01", "2026-06-30", "month"),
            [("2026-05-01", "2026-05-31", False), ("2026-06-01", "2026-06-30", True)],
        )

    def test_quarters_years_and_days(self):
        self.assertEqual(
            self.spans("2025-10-01", "2026-03-31", "quarter"),
            [("2025-10-01", "2025-12-31", False), ("2026-01-01", "2026-03-31", False)],
        )
        self.assertEqual(
            self.spans("2024-01-01", "2025-12-31", "year"),
            [("2024-01-01", "2024-12-31", False), ("2025-01-01", "2025-12-31", False)],
        )
        self.assertEqual(
            self.spans("2026-02-28", "2026-03-01", "day"),
            [("2026-02-28", "2026-02-28", False), ("2026-03-01", "2026-03-01", False)],
        )


class TestMeta(CrmMetricsCommon):
    def test_meta(self):
        self.subscribe(100)
        self.refresh()
        meta = self.recurring("2026-01-01", "2026-05-31", grain="quarter")["meta"]
        self.assertEqual(
            meta,
            {
                "currency": "USD",
                "date_from": "2026-01-01",
                "date_to": "2026-05-31",
                "grain": "quarter",
                "as_of": "2026-05-31T23:59:59Z",
                "last_day": "2026-05-31",
                "queued": 0,
                "issues": {},
            },
        )

    def test_as_of_is_now_when_the_range_ends_later(self):
        meta = self.recurring("2026-01-01", "2026-12-31")["meta"]
        self.assertEqual(meta["as_of"], "2026-06-15T10:00:00Z")
        self.assertEqual(meta["last_day"], "2026-06-15")

    def test_as_of_is_the_end_of_the_day_in_the_companys_zone(self):
        self.company.resource_calendar_id.tz = "America/New_York"
        meta = self.recurring("2026-01-01", "2026-01-31")["meta"]
        self.assertEqual(meta["as_of"], "2026-02-01T04:59:59Z")
        self.assertEqual(meta["last_day"], "2026-01-31")

    def test_queued_says_what_waits(self):
        self.refresh()
        self.subscribe(100)
        self.env.flush_all()
        self.assertEqual(
            self.recurring("2026-01-01", "2026-01-31")["meta"]["queued"], 1
        )
        self.refresh()
        self.assertEqual(
            self.recurring("2026-01-01", "2026-01-31")["meta"]["queued"], 0
        )

    def test_issues_are_counted_by_code(self):
        for _each in range(2):
            self.subscribe(100, currency_id=self.eur.id)
        self.refresh()
        meta = self.recurring("2026-01-01", "2026-01-31")["meta"]
        self.assertEqual(meta["issues"], {"missing_rate": 2})

    def test_the_result_is_plain_json(self):
        self.subscribe(100)
        self.refresh()
        result = self.recurring("2026-01-01", "2026-05-31", view="net")
        self.assertEqual(json.loads(json.dumps(result)), result)


class TestOptions(CrmMetricsCommon):
    """A bad option is refused by a ValidationError that begins with its name."""

    def assertRefused(self, key, **options):
        options = {"date_from": "2026-01-01", "date_to": "2026-01-31", **options}
        options = {name: value for name, value in options.items() if value is not ...}
        with self.assertRaises(ValidationError) as caught:
            self.env["crm.metrics"].with_user(self.seller).recurring(options)
        self.assertTrue(str(caught.exception).startswith(f"{key}:"), caught.exception)

    def test_unknown_key(self):
        self.assertRefused("teams", teams=[1])

    def test_a_key_that_is_no_text(self):
        with self.assertRaises(ValidationError):
            self.env["crm.metrics"].with_user(self.seller).recurring(
                {"date_from": "2026-01-01", "date_to": "2026-01-31", 5: 1}
            )

    def test_not_a_dictionary(self):
        for options in (None, [], "2026", 5):
            with self.assertRaisesRegex(ValidationError, "^options:"):
                self.env["crm.metrics"].with_user(self.seller).recurring(options)

    def test_missing_date(self):
        self.assertRefused("date_from", date_from=...)
        self.assertRefused("date_to", date_to=...)

    def test_garbage_dates(self):
        for value in (
            "",
            "yesterday",
            "20260101",
            "2026-02-30",
            "2026-1-1",
            "2026-W01-1",
            "01-01-2026",
            "2026-01-01 00:00:00",
            "2026-01-01T00",
            " 2026-01-1",
            20260101,
            2026.0,
            None,
            False,
            ["2026-01-01"],
        ):
            with self.subTest(value):
                self.assertRefused("date_from", date_from=value)
                self.assertRefused("date_to", date_to=value)

    def test_reversed(self):
        self.assertRefused("date_from", date_from="2026-02-01")

    def test_a_range_of_one_day(self):
        result = self.recurring("2026-01-31", "2026-01-31", grain="day")
        self.assertEqual(len(result["periods"]), 1)

    def test_the_last_day_there_is(self):
        """Its month has no day after it."""
        self.assertRefused("date_to", date_to="9999-12-31")
        self.recurring("9998-12-31", "9998-12-31", grain="year")

    def test_unknown_grain(self):
        for value in ("fortnight", "Month", "", None, 1, ["month"], {}):
            self.assertRefused("grain", grain=value)

    def test_more_periods_than_anybody_reads(self):
        years = {"date_from": "1900-01-01", "date_to": "9998-12-31"}
        self.assertRefused("grain", grain="day", **years)
        self.assertRefused("grain", date_from="2000-01-01", grain="day")

    def test_unknown_view(self):
        for value in ("gross", "", None, 0, []):
            self.assertRefused("view", view=value)

    def test_ids_of_the_wrong_type(self):
        for key in ("team_ids", "user_ids", "company_ids"):
            for value in (
                1,
                "1",
                ["1"],
                [1.0],
                [True],
                {"id": 1},
                [[1]],
                [None],
                False,
            ):
                with self.subTest(key, value=value):
                    self.assertRefused(key, **{key: value})

    def test_ids_that_do_not_exist(self):
        for key in ("team_ids", "user_ids", "company_ids"):
            self.assertRefused(key, **{key: [2**31 - 1]})
            self.assertRefused(key, **{key: [2**40]})
            self.assertRefused(key, **{key: [-1]})

    def test_an_id_that_one_may_not_read(self):
        hidden = self.env["crm.team"].create(
            {"name": "Elsewhere", "company_id": self.other_company.id}
        )
        self.assertRefused("team_ids", team_ids=hidden.ids)

    def test_a_company_that_is_not_the_users(self):
        self.assertRefused("company_ids", company_ids=self.other_company.ids)
        self.assertRefused("company_ids", company_ids=[])

    def test_another_company_of_the_user_is_allowed(self):
        """Whichever is selected in the company switcher."""
        self.seller.company_ids |= self.other_company
        self.subscribe(30, company_id=self.other_company.id)
        self.refresh()
        metrics = self.env["crm.metrics"].with_user(self.seller)
        options = {"date_from": "2026-01-01", "date_to": "2026-01-31"}
        self.assertEqual(metrics.env.companies, self.company)
        result = metrics.recurring({**options, "company_ids": self.other_company.ids})
        self.assertEqual(result["periods"][0]["closing"], 30)

    def test_the_selected_companies_are_the_default(self):
        self.seller.company_ids |= self.other_company
        self.subscribe(30, company_id=self.other_company.id)
        self.subscribe(100)
        self.refresh()
        metrics = self.env["crm.metrics"].with_user(self.seller)
        options = {"date_from": "2026-01-01", "date_to": "2026-01-31"}
        for companies, expected in (
            (self.company, 100),
            (self.other_company, 30),
            (self.company | self.other_company, 130),
        ):
            selected = metrics.with_context(allowed_company_ids=companies.ids)
            result = selected.recurring(options)
            self.assertEqual(result["periods"][0]["closing"], expected)

    def test_options_are_not_changed(self):
        options = {"date_from": "2026-01-01", "date_to": "2026-01-31"}
        given = dict(options)
        self.env["crm.metrics"].with_user(self.seller).recurring(options)
        self.assertEqual(options, given)


class TestPartner(CrmMetricsCommon):
    def test_mrr_of_the_customer_on_all_its_contacts(self):
        person = self._customer("Person", parent_id=self.customer.id)
        self.subscribe(100, partner=person)
        self.subscribe(50, "2026-07-01")
        self.refresh()
        for partner in (self.customer, person):
            self.assertEqual(partner.with_user(self.seller).crm_mrr, 100)
            self.assertEqual(partner.with_user(self.seller).crm_subscription_count, 2)

    def test_a_contact_without_subscription(self):
        self.assertEqual(self.customer.with_user(self.seller).crm_mrr, 0)
        self.assertEqual(self.customer.with_user(self.seller).crm_subscription_count, 0)

    def test_only_what_one_may_see(self):
        self.subscribe(100, user_id=self.seller.id)
        self.subscribe(30)
        self.refresh()
        self.assertEqual(self.customer.with_user(self.seller).crm_mrr, 130)
        self.assertEqual(self.customer.with_user(self.seller_2).crm_mrr, 30)

    def test_mrr_follows_the_refresh(self):
        with patch.object(type(self.env["ir.cron"]), "_trigger"):
            self.subscribe(100)
            self.env.flush_all()
            self.assertEqual(self.customer.with_user(self.seller).crm_mrr, 0)
            self.refresh()
            self.customer.invalidate_recordset()
            self.assertEqual(self.customer.with_user(self.seller).crm_mrr, 100)


class TestQueries(CrmMetricsCommon):
    """As many queries for many customers as for one."""

    def queries(self, action):
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        action()
        return self.env.cr.sql_log_count - before

    def make_customers(self, count):
        partners = self.env["res.partner"].create(
            [{"name": f"Customer {number}"} for number in range(count)]
        )
        self.env["crm.subscription"].create(
            [
                {
                    "name": "S",
                    "partner_id": partner.id,
                    "company_id": self.company.id,
                    "user_id": self.seller.id,
                    "team_id": self.team.id,
                    "date_start": f"2025-{1 + partner.id % 12:02}-03",
                    "line_ids": [(0, 0, self.line(10))],
                }
                for partner in partners
            ]
        )
        self.refresh()
        return partners

    def test_facade(self):
        asked = []
        for user in (self.seller, self.seller_all):
            for view in ("activity", "net"):
                for team_ids in (None, self.team.ids):
                    options = {"view": view, "team_ids": team_ids, "grain": "month"}
                    asked.append(
                        lambda user=user, options=options: self.recurring(
                            "2025-01-01", "2026-05-31", user=user, **options
                        )
                    )
        self.make_customers(1)
        for ask in asked:
            self.queries(ask)  # fills the caches of rules and access rights
        one = [self.queries(ask) for ask in asked]
        self.make_customers(50)
        many = [self.queries(ask) for ask in asked]
        self.assertEqual(one, many)

    def test_contacts(self):
        def read(partners):
            partners = partners.with_user(self.seller)
            partners.read(["crm_mrr", "crm_mrr_currency_id", "crm_subscription_count"])

        one = self.make_customers(1)
        self.queries(lambda: read(one))
        many = self.make_customers(50)
        self.assertEqual(
            self.queries(lambda: read(one)), self.queries(lambda: read(many))
        )

    def test_subscriptions(self):
        def read(partners):
            subscriptions = self.env["crm.subscription"].with_user(self.seller)
            subscriptions = subscriptions.search([("partner_id", "in", partners.ids)])
            subscriptions.read(["state", "mrr", "arr", "rate_timeline"])

        one = self.make_customers(1)
        self.queries(lambda: read(one))
        many = self.make_customers(50)
        self.assertEqual(
            self.queries(lambda: read(one)), self.queries(lambda: read(many))
        )
