"""CDNOW: 69,659 purchases of 23,570 customers of a shop for music, 1997 and 1998.

The data set of Fader and Hardie, as the package `lifetimes` ships it. What the façade
and a scoring run say of it is compared with a recomputation from the file, in decimals
of fifty digits.
"""

import io
import math
from bisect import bisect_left
from collections import defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from odoo import Command
from odoo.tests import TransactionCase, new_test_user

FILE = "datasets/CDNOW_master.txt"
LAST_DAY = date(1998, 6, 30)
FACTORS = ("customers", "value", "loyalty")
CENT = Decimal("0.01")


@cache
def purchases():
    """Return (customer, day, amount) of all purchases; 80 of them cost nothing."""
    [folder] = find_spec("lifetimes").submodule_search_locations
    rows = []
    for line in (Path(folder) / FILE).read_text().splitlines()[1:]:
        customer, day, _discs, amount = line.split()
        day = date(int(day[:4]), int(day[4:6]), int(day[6:]))
        rows.append((customer, day, Decimal(amount)))
    return rows


def paid():
    return [row for row in purchases() if row[2]]


def exact(numerator, denominator):
    with localcontext(prec=50):
        return Decimal(numerator) / Decimal(denominator)


class Sums:
    """Customers, orders and revenue of some purchases."""

    def __init__(self, rows):
        self.people = {customer for customer, _day, _amount in rows}
        self.customers = len(self.people)
        self.orders = len(rows)
        self.revenue = sum((amount for *_who, amount in rows), Decimal(0))

    @property
    def factors(self):
        return (
            Decimal(self.customers),
            exact(self.revenue, self.orders),
            exact(self.orders, self.customers),
        )

    def effects_since(self, before):
        """By the definition; of nothing, all is the customers'."""
        change = self.revenue - before.revenue
        if not self.revenue or not before.revenue:
            return (change, Decimal(0), Decimal(0))
        with localcontext(prec=50):
            logs = self.revenue.ln() - before.revenue.ln()
            weight = change / logs if change else self.revenue
            return tuple(
                weight * (new.ln() - old.ln())
                for new, old in zip(self.factors, before.factors, strict=True)
            )


class TestCdnow(TransactionCase):
    # Odoo sets these for classes in addons
    test_tags = {"standard", "post_install"}
    test_module = "crm_metrics"
    test_class = "TestCdnow"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        cls.company = cls.env["res.company"].create(
            {
                "name": "CDNOW",
                "currency_id": cls.env.ref("base.USD").id,
                "crm_metrics_margin": 25,
                "crm_metrics_lifetime_years": 2,
            }
        )
        cls.manager = new_test_user(
            cls.env,
            "cdnow_manager",
            "sales_team.group_sale_manager",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )
        cls.env = cls.env(
            user=cls.manager, context={"allowed_company_ids": cls.company.ids}
        )
        cls.load_purchases()

    @classmethod
    def load_purchases(cls):
        """Write customers and purchases by COPY, and derive the fact from them."""
        names = sorted({customer for customer, *_rest in purchases()})
        template = cls.env["res.partner"].sudo().create({"name": "Customer"})
        cls.env.flush_all()
        cls.env.cr.execute(
            """SELECT string_agg(quote_ident(column_name), ', ')
                 FROM information_schema.columns
                WHERE table_name = 'res_partner'
                  AND column_name NOT IN ('id', 'commercial_partner_id')"""
        )
        columns = cls.env.cr.fetchone()[0]
        cls.env.cr.execute(
            f"""WITH new AS (
                    SELECT nextval('res_partner_id_seq') AS id
                      FROM generate_series(1, {len(names)}))
                INSERT INTO res_partner (id, commercial_partner_id, {columns})
                SELECT new.id, new.id, {columns} FROM (
                    SELECT {columns} FROM res_partner WHERE id = {template.id}) AS t
                 CROSS JOIN new
             RETURNING id"""
        )
        ids = sorted(number for (number,) in cls.env.cr.fetchall())
        cls.partners = dict(zip(names, ids, strict=True))
        block = io.StringIO(
            "".join(
                f"Order {number}\t{cls.company.id}\t{cls.partners[customer]}\t{day}"
                f"\t{amount}\n"
                for number, (customer, day, amount) in enumerate(paid(), 1)
            )
        )
        cls.env.cr.copy_expert(
            "COPY crm_purchase_entry (name, company_id, partner_id, date, amount)"
            " FROM STDIN",
            block,
        )
        cls.env["crm.metrics.engine"].recompute("crm.purchase")
        cls.env.invalidate_all()

    # -- N x V x L ------------------------------------------------------

    def by_period(self, grain, purchased=None):
        """Return the purchases by first day of their period."""
        rows = defaultdict(list)
        for row in purchased or paid():
            day = row[1]
            month = 3 * ((day.month - 1) // 3) + 1 if grain == "quarter" else day.month
            rows[date(day.year, month, 1)].append(row)
        return {start: Sums(found) for start, found in rows.items()}

    def compare(self, grain):
        result = self.env["crm.metrics"].nvl(
            {
                "date_from": "1997-01-01",
                "date_to": LAST_DAY.isoformat(),
                "grain": grain,
            }
        )
        expected = self.by_period(grain)
        starts = sorted(expected)
        self.assertEqual(
            [period["date_from"] for period in result["periods"]],
            [start.isoformat() for start in starts],
        )
        ever = set()
        before = Sums([])
        for period, effect, start in zip(
            result["periods"], result["effects"], starts, strict=True
        ):
            now = expected[start]
            self.compare_period(period, now, before, ever)
            self.compare_effect(effect, now, before)
            ever |= now.people
            before = now
        self.assertEqual(len(ever), sum(p["new_customers"] for p in result["periods"]))
        return result

    def compare_period(self, period, now, before, ever):
        self.assertFalse(period["partial"])
        self.assertEqual(period["customers"], now.customers)
        self.assertEqual(period["orders"], now.orders)
        self.assertEqual(Decimal(str(period["revenue"])), now.revenue)
        _customers, value, loyalty = now.factors
        # as near as a float comes
        self.assertTrue(math.isclose(period["value"], value, rel_tol=3e-16))
        self.assertTrue(math.isclose(period["loyalty"], loyalty, rel_tol=3e-16))
        product = period["customers"] * period["value"] * period["loyalty"]
        self.assertAlmostEqual(period["revenue"] - product, 0, places=8)
        self.assertEqual((period["refunds"], period["anonymous"]), (0, 0))
        self.assertEqual(period["new_customers"], len(now.people - ever))
        self.assertEqual(period["lost_customers"], len(before.people - now.people))

    def compare_effect(self, effect, now, before):
        exact_effects = now.effects_since(before)
        bars = [Decimal(str(effect[factor])) for factor in FACTORS]
        self.assertEqual(sum(bars), now.revenue - before.revenue)
        self.assertEqual(Decimal(str(effect["delta"])), sum(bars))
        rounded = [each.quantize(CENT, ROUND_HALF_UP) for each in exact_effects]
        rest = now.revenue - before.revenue - sum(rounded)
        largest = max(range(3), key=lambda index: abs(exact_effects[index]))
        rounded[largest] += rest
        self.assertLessEqual(abs(rest), CENT)
        self.assertEqual(bars, rounded)

    def test_months(self):
        self.compare("month")

    def test_published_bridges(self):
        """Those of the design's reference count the 80 free ones as orders, too."""
        months = self.by_period("month", purchases())
        for month, bars in (
            (2, ("69298.3770944", "1795.9084114", "9435.5744942")),
            (4, ("-300709.2643", "26762.9287", "23615.5557")),
        ):
            now, before = (months[date(1997, each, 1)] for each in (month, month - 1))
            for effect, bar in zip(now.effects_since(before), bars, strict=True):
                digits = Decimal(bar)
                self.assertEqual(effect.quantize(digits, ROUND_HALF_UP), digits)

    def test_quarters(self):
        self.compare("quarter")

    def test_days_that_cut_months_off(self):
        """From 10 March to 20 April, each against as many first days before."""
        rows = paid()

        def between(first, last):
            return Sums([row for row in rows if first <= row[1] <= last])

        result = self.env["crm.metrics"].nvl(
            {"date_from": "1997-03-10", "date_to": "1997-04-20"}
        )
        days = (
            (date(1997, 3, 10), date(1997, 3, 31), date(1997, 2, 1)),
            (date(1997, 4, 1), date(1997, 4, 20), date(1997, 3, 1)),
        )
        for period, effect, (first, last, then) in zip(
            result["periods"], result["effects"], days, strict=True
        ):
            now = between(first, last)
            before = between(then, then + (last - first))
            self.assertTrue(period["partial"])
            self.assertEqual(period["customers"], now.customers)
            self.assertEqual(Decimal(str(period["revenue"])), now.revenue)
            self.assertEqual(effect["compared_to"]["date_from"], then.isoformat())
            self.compare_effect(effect, now, before)

    # -- scores ---------------------------------------------------------

    def test_scores_and_levers_of_segments(self):
        run = self.env["crm.customer.score.run"].create({"date": LAST_DAY})
        scores = self.compare_scores(run, LAST_DAY)
        self.assertEqual(len(scores), len({row[0] for row in paid()}))
        self.compare_levers(scores)

    def test_scores_of_a_short_window(self):
        day = date(1997, 12, 31)
        run = self.env["crm.customer.score.run"].create(
            {"date": day, "window_months": 6}
        )
        scores = self.compare_scores(run, day, date(1997, 7, 1))
        self.assertLess(len(scores), 10_000)

    def compare_scores(self, run, day, first=date.min):
        """Compare all scores of a run; return the segment of each customer."""
        bought = defaultdict(list)
        for customer, when, amount in paid():
            if first <= when <= day:
                bought[customer].append((when, amount))
        expected = {
            customer: (
                (day - max(when for when, _amount in rows)).days,
                len(rows),
                sum(amount for _when, amount in rows),
            )
            for customer, rows in bought.items()
        }
        recency, frequency, monetary = (
            sorted(column) for column in zip(*expected.values(), strict=True)
        )
        longest = [-days for days in reversed(recency)]

        def place(value, ordered):
            """Five groups by how many are below; equal values are never parted."""
            return min(5, 5 * bisect_left(ordered, value) // len(ordered) + 1)

        cells = {
            (cell.recency, cell.frequency_money): cell.segment_id.name
            for cell in self.env["crm.customer.segment.cell"].search([])
        }
        ids = {number: name for name, number in self.partners.items()}
        found = self.env["crm.customer.score"].search_read(
            [("run_id", "=", run.id)], load=None
        )
        self.assertEqual(run.customers, len(found))
        self.assertEqual({ids[each["partner_id"]] for each in found}, set(expected))
        names = {
            segment.id: segment.name
            for segment in self.env["crm.customer.segment"].search([])
        }
        segments, same = {}, defaultdict(set)
        for score in found:
            customer = ids[score["partner_id"]]
            days, orders, money = expected[customer]
            self.assertEqual(score["recency_days"], days)
            self.assertEqual(score["frequency"], orders)
            self.assertEqual(Decimal(str(round(score["monetary"], 2))), money)
            r, f, m = (
                place(-days, longest),
                place(orders, frequency),
                place(money, monetary),
            )
            self.assertEqual((score["r"], score["f"], score["m"]), (r, f, m))
            same["r", days].add(score["r"])
            same["f", orders].add(score["f"])
            same["m", money].add(score["m"])
            mean = (Decimal(f + m) / 2).quantize(Decimal(1), ROUND_HALF_UP)
            segments[customer] = names[score["segment_id"]]
            self.assertEqual(segments[customer], cells[r, int(mean)])
            value = exact(money, orders).quantize(CENT, ROUND_HALF_UP)
            self.assertEqual(Decimal(str(score["value"])), value)
            yearly = exact(12 * orders, run.window_months)
            self.assertAlmostEqual(score["loyalty"], float(yearly), places=12)
            lifetime = exact(money, orders) * yearly * Decimal("0.25") * 2
            self.assertLessEqual(
                abs(Decimal(str(score["lifetime_value"])) - lifetime), CENT / 2
            )
        self.assertEqual({len(scores) for scores in same.values()}, {1})
        return segments

    def compare_levers(self, segments):
        """The best segment and the best year, of the 12 months to the last day."""
        year = [row for row in paid() if row[1] > LAST_DAY - timedelta(days=365)]
        now = Sums(year)
        by_segment = defaultdict(list)
        for row in year:
            by_segment[segments[row[0]]].append(row)
        places = {name: Sums(rows) for name, rows in by_segment.items()}
        whole_1997 = Sums([row for row in paid() if row[1].year == 1997])
        expected = {}
        for number, factor in enumerate(FACTORS):
            level = whole_1997.factors[number]
            expected[factor, "year"] = ("1997", level)
            if factor != "customers":
                name = max(places, key=lambda key, n=number: places[key].factors[n])
                expected[factor, "segment"] = (name, places[name].factors[number])
        levers = self.env["crm.metrics"].nvl(
            {"date_from": "1998-06-01", "date_to": LAST_DAY.isoformat()}
        )["levers"]
        self.assertEqual(
            sorted((lever["factor"], lever["best_of"]) for lever in levers),
            sorted(expected),
        )
        for lever in levers:
            name, level = expected[lever["factor"], lever["best_of"]]
            level_now = now.factors[FACTORS.index(lever["factor"])]
            self.assertEqual(lever["name"], name)
            self.assertTrue(math.isclose(lever["now"], level_now, rel_tol=3e-16))
            self.assertTrue(math.isclose(lever["best"], level, rel_tol=3e-16))
            revenue = exact(now.revenue * level, level_now).quantize(CENT)
            self.assertEqual(Decimal(str(lever["revenue_at_best"])), revenue)
