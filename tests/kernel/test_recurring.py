"""The waterfall closes, whatever flows in."""

from decimal import ROUND_HALF_UP, Decimal

from hypothesis import given
from hypothesis import strategies as st

from kernel import recurring

amounts = st.decimals(-(10**9), 10**9, places=6)
parts = st.dictionaries(st.sampled_from(recurring.KINDS), amounts)
heads = st.dictionaries(st.sampled_from(recurring.LOGO_KINDS), st.integers(-99, 99))


def cents(amount):
    return Decimal(amount).quantize(Decimal("0.01"), ROUND_HALF_UP)


@given(amounts, st.lists(parts, min_size=1))
def test_each_period_closes_to_the_cent_and_opens_the_next(opening, sums):
    rows = recurring.waterfall(opening, sums, cents)
    assert len(rows) == len(sums)
    balance = cents(opening)
    for row, part in zip(rows, sums, strict=True):
        assert list(row) == ["opening", *recurring.KINDS, "closing"]
        assert row["opening"] == balance
        for kind in recurring.KINDS:
            assert row[kind] == cents(part.get(kind, 0))
        assert row["closing"] == balance + sum(row[kind] for kind in recurring.KINDS)
        balance = row["closing"]


@given(amounts, st.lists(parts, min_size=1))
def test_closing_is_the_sum_of_rounded_parts_not_the_rounded_sum(opening, sums):
    """So it may be off by half a cent a part, and no bar lacks a cent."""
    rows = recurring.waterfall(opening, sums, cents)
    exact = opening + sum(sum(part.values()) for part in sums)
    parts_rounded = 1 + sum(len(part) for part in sums)
    assert abs(rows[-1]["closing"] - exact) <= Decimal("0.005") * parts_rounded


def test_a_cent_that_rounding_the_sum_would_hide():
    [row] = recurring.waterfall(
        0, [{"new": Decimal("0.005"), "expansion": Decimal("0.005")}], cents
    )
    assert row["closing"] == Decimal("0.02")


@given(st.integers(0, 999), st.lists(heads, min_size=1))
def test_customers_close_as_well(opening, sums):
    rows = recurring.logo_waterfall(opening, sums)
    balance = opening
    for row in rows:
        assert row["opening"] == balance
        balance += sum(row[kind] for kind in recurring.LOGO_KINDS)
        assert row["closing"] == balance


@given(amounts, st.lists(parts, min_size=1))
def test_measures_of_the_whole_range(opening, sums):
    rows = recurring.waterfall(opening, sums, cents)
    found = recurring.measures(rows)
    assert found["mrr"] == rows[-1]["closing"]
    assert found["arr"] == 12 * found["mrr"]
    assert found["net_new"] == found["mrr"] - rows[0]["opening"]
    if rows[0]["opening"]:
        assert found["growth"] == found["net_new"] / rows[0]["opening"]
    else:
        assert found["growth"] is None


def test_the_worked_example():
    rows = recurring.waterfall(
        2_000_000, [{"new": 800_000, "expansion": 300_000, "churn": -200_000}]
    )
    assert rows[0]["closing"] == 2_900_000
    assert recurring.measures(rows) == {
        "mrr": 2_900_000,
        "arr": 34_800_000,
        "net_new": 900_000,
        "growth": 0.45,
    }
