"""Against saas-metrics, a public library built on DuckDB.

It knows only what each customer was billed in a month, so the books are aligned to
months: then its revenue of a month is our rate on the month's last day. Its
definitions: 12-month figures compare a month with the same one a year before, cohorts
are the months of the first bill.
"""

from calendar import monthrange
from datetime import date
from decimal import Decimal

import books
import oracle
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from saas_metrics import sample
from saas_metrics.engine import analyze

FIRST_YEAR, MONTHS = 2023, 28

#: of the library, about itself
pytestmark = pytest.mark.filterwarnings("ignore:Inferring datetime64")


def first_day(month):
    return date(FIRST_YEAR + month // 12, month % 12 + 1, 1)


def last_day(month):
    return end_of(first_day(month))


def end_of(day):
    return day.replace(day=monthrange(day.year, day.month)[1])


@st.composite
def monthly_lines(draw):
    start = draw(st.integers(0, MONTHS - 1))
    length = draw(st.one_of(st.none(), st.integers(0, 8)))
    return {
        "plan": draw(books.plans),
        "quantity": draw(books.quantities),
        "price_unit": draw(books.prices),
        "discount": draw(books.discounts),
        "recurring": True,
        "close_reason": None,
        "date_start": first_day(start),
        "date_end": None if length is None else last_day(start + length),
    }


def subscription(customer, items):
    return {
        "contact": customer,
        "company": 0,
        "currency": None,
        "user": None,
        "team": None,
        "lead": None,
        "date_start": None,
        "date_end": None,
        "close_reason": None,
        "active": True,
        "items": items,
        "pauses": [],
    }


def book_of(subscriptions, customers):
    plain = {"grace": 0, "window": 0, "revalue": False}
    return {
        "parents": [None] * customers,
        "subscriptions": subscriptions,
        "settings": [plain, plain],
        "rates": [],
    }


@st.composite
def monthly_books(draw):
    """Customers with lines that begin and end with months; all but one are small."""
    customers = draw(st.sampled_from([1, 5, 14]))
    longest = 6 if customers < 10 else 2
    lines = st.lists(monthly_lines(), min_size=1, max_size=longest)
    return book_of(
        [
            subscription(customer, [[line] for line in draw(lines)])
            for customer in range(customers)
        ],
        customers,
    )


class TestSaasMetrics(books.BookCase):
    @settings(max_examples=8)
    @given(book=monthly_books())
    def test_random_books(self, book):
        with self.example():
            self.make_book(book)
            self.refresh()
            billing = self.billing(oracle.Ledger(self.read_world()))
            if billing:
                self.compare(
                    analyze(
                        pandas.DataFrame(billing),
                        allow_warnings=True,
                        today=books.TODAY,
                    )
                )

    def test_their_own_sample(self):
        """Their made-up ledger of two years: what each customer was billed becomes
        its rate of that month.
        """
        theirs = analyze(
            sample.generate(months=18, start=date(2023, 10, 1)),
            mapping=sample.MAPPING,
            allow_warnings=True,
            today=books.TODAY,
        )
        table = theirs.tables["customers"].set_index("customer_id")
        subscriptions = []
        for number, (_name, revenues) in enumerate(table.iterrows()):
            lines = []
            for period, revenue in revenues.items():
                end = pandas.Timestamp(period).date()
                amount = Decimal(str(round(revenue, 2)))
                if lines and lines[-1]["price_unit"] == amount:
                    lines[-1]["date_end"] = end
                    continue
                lines.append(
                    {
                        "plan": 0,
                        "quantity": Decimal(1),
                        "price_unit": amount,
                        "discount": Decimal(0),
                        "recurring": True,
                        "close_reason": None,
                        "date_start": end.replace(day=1),
                        "date_end": end,
                    }
                )
            subscriptions.append(subscription(number, [[line] for line in lines]))
        with self.example():
            self.make_book(book_of(subscriptions, len(subscriptions)))
            self.refresh()
            self.assertGreater(len(table), 200)
            self.compare(theirs)

    def billing(self, ledger):
        """One bill for each customer and month in which there is a rate."""
        return [
            {
                "customer_id": str(customer[1]),
                "period": str(day),
                "revenue": str(revenue),
            }
            for customer in ledger.days
            for day in map(last_day, range(MONTHS))
            if (revenue := ledger.balance(customer, day, oracle.everything))
        ]

    # -- comparing ------------------------------------------------------

    def compare(self, report):
        """Compare all that both know."""
        months = [pandas.Timestamp(day).date() for day in report.waterfall.period_end]
        periods = self.ask(self.question(months[0], months[-1]))["periods"]
        self.assertEqual(self.ours(periods), self.theirs(report))
        self.compare_figures(report)
        self.compare_cohorts(report)

    def question(self, first, last, **options):
        return {
            "asks": "all",
            "companies": (0,),
            "grain": "month",
            "date_from": first.replace(day=1),
            "date_to": last,
            "view": "net",
            "filters": {},
            "group_by": None,
            **options,
        }

    def ours(self, periods):
        parts = ("opening", "new", "reactivation", "expansion", "contraction", "churn")
        return [
            {
                "date_to": period["date_to"],
                **{key: Decimal(str(period[key])) for key in (*parts, "closing")},
                "new_customers": period["customers"]["new"],
                "back": period["customers"]["reactivation"],
                "lost": period["customers"]["churn"],
                "customers": period["customers"]["closing"],
            }
            for period in periods
        ]

    def theirs(self, report):
        return [
            {
                "date_to": pandas.Timestamp(row.period_end).date().isoformat(),
                "opening": Decimal(str(row.beginning)),
                "new": Decimal(str(row.new_logo)),
                "reactivation": Decimal(str(row.reactivation)),
                "expansion": Decimal(str(row.expansion)),
                "contraction": -Decimal(str(row.contraction)),
                "churn": -Decimal(str(row.churn)),
                "closing": Decimal(str(row.ending)),
                "new_customers": row.new_logos,
                "back": row.reactivated_logos,
                "lost": -row.churned_logos,
                "customers": row.active_logos,
            }
            for row in report.waterfall.itertuples()
        ]

    def compare_figures(self, report):
        """The figures of each month, asked one by one."""
        shares = {
            pandas.Timestamp(row.period_end).date(): row.top10_share
            for row in report.concentration.itertuples()
        }
        names = {
            "arr": "arr",
            "arpa": "arpa",
            "quick_ratio": "quick_ratio",
            "logo_churn_rate": "logo_churn",
            "gross_revenue_churn_rate": "gross_churn",
            "nrr_12m": "nrr_12m",
            "grr_12m": "grr_12m",
            "logo_retention_12m": "logo_retention_12m",
        }
        rows = list(report.metrics.itertuples())
        for number, row in enumerate(rows):
            end = pandas.Timestamp(row.period_end).date()
            kpis = self.ask(self.question(end, end))["kpis"]
            for theirs, ours in names.items():
                figure = getattr(row, theirs)
                if number == 0 and theirs in ("logo_churn_rate",):
                    continue  # they know nothing before the first month
                if pandas.isna(figure):
                    self.assertIsNone(kpis[ours], f"{ours} {end}")
                else:
                    delta = 0.0051 if ours in ("arr", "arpa") else 1e-9
                    self.assertAlmostEqual(kpis[ours], figure, delta=delta, msg=ours)
            share = shares.get(end)
            if share is None:
                self.assertIsNone(kpis["top10_share"])
            else:
                self.assertAlmostEqual(kpis["top10_share"], float(share), places=9)

    def compare_cohorts(self, report):
        """Customers and money of each month of first rate, month by month."""
        vintages = {}
        for row in report.retention.itertuples():
            month = pandas.Timestamp(row.vintage).date().replace(day=1).isoformat()
            vintages.setdefault(month, []).append(
                (row.age, row.active_logos, Decimal(str(row.revenue)))
            )
        ends = [pandas.Timestamp(day).date() for day in report.waterfall.period_end]
        question = self.question(ends[0], ends[-1])
        cohorts = self.ask_cohorts(question)["cohorts"]
        self.assertEqual(
            {
                cohort["cohort"]: [
                    (age["age"], age["customers"], Decimal(str(age["net"])))
                    for age in cohort["ages"]
                ]
                for cohort in cohorts
            },
            vintages,
        )
        for cohort in cohorts:
            first = cohort["ages"][0]
            self.assertEqual(
                (cohort["customers"], cohort["mrr"]), (first["customers"], first["net"])
            )
            self.assertEqual(first["gross"], first["net"])
            for age in cohort["ages"]:
                self.assertLessEqual(
                    age["gross"], min(age["net"], first["net"]) + 0.001
                )
