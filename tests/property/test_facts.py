"""Facts and figures of random books against the oracle."""

from decimal import Decimal

import books
import oracle
from hypothesis import given, settings
from hypothesis import strategies as st

UNITS = [Decimal("0.01"), Decimal(1)]


class TestFacts(books.BookCase):
    @settings(max_examples=200)
    @given(
        book=books.books(),
        questions=st.lists(books.questions(), min_size=4, max_size=8),
    )
    def test_facts_and_figures(self, book, questions):
        """Segments, movements, issues and all periods equal the oracle's."""
        with self.example():
            self.make_book(book)
            self.refresh()
            ledger = self.assertFacts(self.read_lines())
            for question in questions:
                unit = UNITS[question["companies"][0]]
                result = self.ask(question)
                expected = self.expected(ledger, question)
                self.assertPeriods(result["periods"], expected, unit)
                self.check_identities(result, unit)

    def check_identities(self, result, unit):
        """What holds for any answer, whatever the numbers are."""
        places = -unit.as_tuple().exponent
        previous = None
        for period in result["periods"]:
            parts = sum(period[kind] for kind in oracle.MONEY_KINDS)
            self.assertEqual(
                round(period["opening"] + parts, places),
                round(period["closing"], places),
            )
            logos = period["customers"]
            self.assertEqual(
                logos["opening"] + sum(logos[kind] for kind in oracle.LOGO_KINDS),
                logos["closing"],
            )
            self.assertGreaterEqual(logos["closing"], 0)
            if previous:
                self.assertEqual(previous["closing"], period["opening"])
                self.assertEqual(
                    previous["customers"]["closing"], period["customers"]["opening"]
                )
            previous = period
        first, last = result["periods"][0], result["periods"][-1]
        kpis = result["kpis"]
        self.assertEqual(kpis["mrr"], last["closing"])
        self.assertEqual(round(kpis["arr"], places), round(12 * kpis["mrr"], places))
        self.assertEqual(
            round(kpis["net_new"], places),
            round(last["closing"] - first["opening"], places),
        )
        if first["opening"]:
            self.assertAlmostEqual(
                kpis["growth"], last["closing"] / first["opening"] - 1, places=9
            )
        else:
            self.assertIsNone(kpis["growth"])

    @settings(max_examples=40)
    @given(
        book=books.books(companies=(0,)), question=books.questions(companies=((0,),))
    )
    def test_slices_add_up(self, book, question):
        """Teams add up to the whole, kind by kind; so do salespersons."""
        for subscription in book["subscriptions"]:
            subscription["team"] = subscription["team"] or 0
            subscription["user"] = subscription["user"] or 0
        question |= {"asks": "manager", "teams": None, "users": None}
        with self.example():
            self.make_book(book)
            self.refresh()
            whole = self.ask(question)["periods"]
            for key in ("teams", "users"):
                slices = [self.ask({**question, key: [n]})["periods"] for n in range(3)]
                for number, period in enumerate(whole):
                    for kind in ("opening", *oracle.MONEY_KINDS, "closing"):
                        total = sum(periods[number][kind] for periods in slices)
                        self.assertEqual(round(total, 2), round(period[kind], 2), kind)

    @settings(max_examples=40)
    @given(book=books.books(), question=books.questions())
    def test_views_agree_on_balances(self, book, question):
        """The views tell the same change in different words; of days in the same."""
        with self.example():
            self.make_book(book)
            self.refresh()
            activity = self.ask({**question, "view": "activity"})["periods"]
            net = self.ask({**question, "view": "net"})["periods"]
            places = -UNITS[question["companies"][0]].as_tuple().exponent
            if question["grain"] == "day":
                self.assertEqual(activity, net)
            for one, other in zip(activity, net, strict=True):
                # several currencies: each kind is rounded, so parts differ by a unit
                delta = 10 if len(question["companies"]) > 1 else 0
                for edge in ("opening", "closing"):
                    self.assertAlmostEqual(
                        one[edge],
                        other[edge],
                        delta=delta * 10**-places + 1e-6,
                    )
                    self.assertEqual(one["customers"][edge], other["customers"][edge])
