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


whole = st.integers(0, 10**6)
year = st.fixed_dictionaries(
    dict.fromkeys(("then", "kept", "capped", "alive_then", "alive_still"), whole)
)


def divided(part, by):
    return None if by == 0 else part / by


@given(
    st.integers(0, 10**6),
    st.lists(
        st.dictionaries(st.sampled_from(recurring.KINDS), st.integers(-999, 999)),
        min_size=1,
    ),
    st.integers(0, 99),
    st.lists(heads, min_size=1),
    st.integers(1, 4000),
    year,
)
def test_measures_of_the_whole_range(opening, sums, people, moves, days, year):
    """Each by its formula in words, from the parts and not from the rows."""
    rows = recurring.waterfall(opening, sums)
    found = recurring.measures(
        rows, recurring.logo_waterfall(people, moves), days, year, 50, 20, 7, 3
    )
    new, back, more, less, gone = (
        sum(part.get(kind, 0) for part in sums)
        for kind in ("new", "reactivation", "expansion", "contraction", "churn")
    )
    closing = opening + sum(sum(part.values()) for part in sums)
    customers = people + sum(sum(move.values()) for move in moves)
    lost = divided(-sum(move.get("churn", 0) for move in moves), people)
    each = divided(closing, customers)
    assert found == {
        "mrr": closing,
        "arr": 12 * closing,
        "carr": 12 * (closing + 7),
        "weighted_pipeline_mrr": 3,
        "net_new": closing - opening,
        "growth": divided(closing - opening, opening),
        "gross_churn": divided(-(less + gone), opening),
        "net_churn": divided(-(less + gone + more + back), opening),
        "logo_churn": lost,
        "quick_ratio": divided(new + back + more, -(less + gone)),
        "arpa": each,
        "asp": divided(new, sum(move.get("new", 0) for move in moves)),
        "ltv": each * (days / 30.4375) / lost if lost and each is not None else None,
        "nrr_12m": divided(year["kept"], year["then"]),
        "grr_12m": divided(year["capped"], year["then"]),
        "logo_retention_12m": divided(year["alive_still"], year["alive_then"]),
        "top10_share": 0.4,
    }


def test_the_worked_example():
    rows = recurring.waterfall(
        2_000_000, [{"new": 800_000, "expansion": 300_000, "churn": -200_000}]
    )
    assert rows[0]["closing"] == 2_900_000
    year = dict.fromkeys(("then", "kept", "capped", "alive_then", "alive_still"), 0)
    found = recurring.measures(rows, recurring.logo_waterfall(1, [{}]), 365, year)
    assert found["mrr"] == 2_900_000
    assert found["arr"] == 34_800_000
    assert found["net_new"] == 900_000
    assert found["growth"] == 0.45
    assert found["carr"] is found["nrr_12m"] is found["top10_share"] is None


@given(st.lists(st.tuples(st.integers(0, 9), *3 * [st.integers(-99, 99)]), min_size=1))
def test_a_cohort_adds_up_its_changes(changes):
    cohort = recurring.cohort("2026-01", changes, round)
    assert cohort["customers"] == sum(change[0] for change in changes)
    assert cohort["mrr"] == changes[0][2]
    for age, row in enumerate(cohort["ages"]):
        known = changes[: age + 1]
        assert row == {
            "age": age,
            "customers": sum(change[1] for change in known),
            "net": sum(change[2] for change in known),
            "gross": sum(change[3] for change in known),
        }
