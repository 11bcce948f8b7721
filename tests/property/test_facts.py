"""Facts and figures of random books against the oracle."""

import books
import oracle
from hypothesis import given, settings
from hypothesis import strategies as st


class TestFacts(books.BookCase):
    @settings(max_examples=60)
    @given(
        book=books.books(),
        questions=st.lists(books.questions(), min_size=3, max_size=5),
    )
    def test_facts_and_figures(self, book, questions):
        """Segments, movements, issues, periods, figures, groups, cohorts: all equal."""
        with self.example():
            self.make_book(book)
            self.refresh()
            ledger = self.assertFacts()
            for question in questions:
                self.check(ledger, question)

    def check(self, ledger, question):
        result = self.ask(question)
        expected = self.expected(ledger, question)
        self.assertAnswer(result, expected)
        self.check_waterfall(result, expected.unit)
        cohorts = self.ask_cohorts(question)
        cohort_question = {**question, "view": "activity"}
        self.assertCohorts(cohorts["cohorts"], self.expected(ledger, cohort_question))
        if not question["group_by"]:
            self.assertNotIn("groups", result)
            self.assertNotIn("groups", cohorts)
            return
        for group in result["groups"]:
            expected_group = self.expected(ledger, question, group["id"])
            self.assertAnswer(group, expected_group)
            self.check_waterfall(group, expected.unit)
        for group in cohorts["groups"]:
            expected_group = self.expected(ledger, cohort_question, group["id"])
            self.assertCohorts(group["cohorts"], expected_group)
        self.check_groups(expected, question, result["groups"])
        self.check_sums(result, expected)

    def check_groups(self, expected, question, groups):
        """Each value that has money is a group, and no other one."""
        rows = [
            row
            for rows in expected.rows.values()
            for row in rows
            if expected.known(row)
        ]
        name = question["group_by"]
        ids = [group["id"] for group in groups]
        self.assertEqual(len(ids), len(set(ids)))
        self.assertLessEqual(
            {self.slice_of(row, name) for row in rows if row.amount}, set(ids)
        )
        self.assertLessEqual(set(ids), {self.slice_of(row, name) for row in rows})
        for group in groups:
            known = self.slices(name).browse(group["id"]).display_name
            self.assertEqual(group["name"], known if group["id"] else "Not set")

    def check_sums(self, result, expected):
        """Groups add up to the whole, kind by kind, transfer too."""
        unit = float(expected.unit)
        # of several currencies, each group is rounded
        delta = (
            unit * len(result["groups"]) * 4 if len(expected.companies) > 1 else 1e-6
        )
        for number, period in enumerate(result["periods"]):
            for kind in ("opening", *oracle.MONEY_KINDS, "closing"):
                total = sum(
                    group["periods"][number][kind] for group in result["groups"]
                )
                factor = number + 1 if kind in ("opening", "closing") else 1
                self.assertAlmostEqual(
                    total, period[kind], delta=factor * delta, msg=kind
                )

    def check_waterfall(self, result, unit):
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

    @settings(max_examples=12)
    @given(book=books.books(), question=books.questions())
    def test_views_agree_on_balances(self, book, question):
        """The views tell the same change in different words; of days in the same."""
        with self.example():
            self.make_book(book)
            self.refresh()
            activity = self.ask({**question, "view": "activity"})["periods"]
            net = self.ask({**question, "view": "net"})["periods"]
            places = 0 if question["companies"][0] else 2
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
