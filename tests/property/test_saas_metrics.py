"""The monthly waterfall against saas-metrics, a public library built on DuckDB.

It knows only what each customer was billed in a month, so the books are aligned to
months: then its revenue of a month is our rate on the month's last day.
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
from saas_metrics.engine import analyze

FIRST_YEAR, MONTHS = 2023, 28

#: of the library, about itself
pytestmark = pytest.mark.filterwarnings("ignore:Inferring datetime64")


def first_day(month):
    return date(FIRST_YEAR + month // 12, month % 12 + 1, 1)


def last_day(month):
    day = first_day(month)
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
        "date_start": first_day(start),
        "date_end": None if length is None else last_day(start + length),
    }


@st.composite
def monthly_books(draw):
    customers = draw(st.integers(1, 5))
    lines = st.lists(monthly_lines(), min_size=1, max_size=6)
    return {
        "parents": [None] * customers,
        "subscriptions": [
            {
                "contact": customer,
                "company": 0,
                "user": None,
                "team": None,
                "lead": None,
                "date_start": None,
                "date_end": None,
                "active": True,
                "items": [[line] for line in draw(lines)],
            }
            for customer in range(customers)
        ],
    }


class TestSaasMetrics(books.BookCase):
    @settings(max_examples=15)
    @given(book=monthly_books())
    def test_monthly_waterfall(self, book):
        """View `net` by month says what the library says of the same rates."""
        with self.example():
            self.make_book(book)
            self.refresh()
            billing = self.billing(oracle.Ledger(self.read_lines()))
            if not billing:
                return
            report = analyze(
                pandas.DataFrame(billing), allow_warnings=True, today=books.TODAY
            )
            theirs = [
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
            self.assertEqual(
                self.ours(theirs[0]["date_to"], theirs[-1]["date_to"]), theirs
            )

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

    def ours(self, first, last):
        question = {
            "asks": "all",
            "companies": (0,),
            "grain": "month",
            "date_from": date.fromisoformat(first).replace(day=1),
            "date_to": date.fromisoformat(last),
            "view": "net",
            "teams": None,
            "users": None,
        }
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
            for period in self.ask(question)["periods"]
        ]
