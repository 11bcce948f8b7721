"""Effects of N, V and L: nothing is left over, whatever the factors do."""

import math
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from itertools import permutations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kernel import lmdi

positive = st.one_of(st.floats(1e-3, 1e6), st.sampled_from([1.0, 2.0, 2.5]))
states = st.tuples(positive, positive, positive)
#: a factor may be 0, and then the product is
maybe_zero = st.one_of(st.just(0), positive)
any_states = st.tuples(maybe_zero, maybe_zero, maybe_zero)


@st.composite
def periods(draw, empty=True):
    """Customers, orders and revenue in cents of a period."""
    customers = draw(st.integers(0 if empty else 1, 10**6))
    orders = customers * draw(st.integers(1, 3)) + draw(st.integers(0, 10**6))
    cents = draw(st.integers(1, 10**12))
    if not customers:
        return 0, 0, 0.0
    return customers, orders, cents / 100


def cents(amount):
    return float(Decimal(amount).quantize(Decimal("0.01"), ROUND_HALF_EVEN))


def exact(before, after):
    """The same from the definition, in decimals of fifty digits."""
    with localcontext(prec=50):
        before, after = ([Decimal(x) for x in side] for side in (before, after))
        old, new = math.prod(before), math.prod(after)
        # equal but for digits that these do not hold
        same = abs(new - old) < new.scaleb(-40)
        weight = new if same else (new - old) / (new.ln() - old.ln())
        return [weight * (y.ln() - x.ln()) for x, y in zip(before, after, strict=True)]


def close(one, other, scale):
    """As equal as sixteen digits of a sum of that size can be."""
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-11 * scale + 1e-12)


@given(states, states)
def test_against_fifty_digits(before, after):
    scale = max(math.prod(before), math.prod(after))
    for one, other in zip(
        lmdi.effects(before, after), exact(before, after), strict=True
    ):
        assert close(one, float(other), scale)


@given(states, st.integers(0, 2), st.floats(-1e-9, 1e-9))
def test_against_fifty_digits_where_almost_nothing_changes(before, index, step):
    after = list(before)
    after[index] *= 1 + step
    for one, other in zip(
        lmdi.effects(before, after), exact(before, after), strict=True
    ):
        assert math.isclose(one, other, rel_tol=1e-6)


@given(any_states, any_states)
def test_effects_add_up_to_the_change(before, after):
    scale = max(math.prod(before), math.prod(after))
    change = math.prod(after) - math.prod(before)
    assert close(sum(lmdi.effects(before, after)), change, scale)


@given(any_states, any_states)
def test_time_reversal_changes_the_sign(before, after):
    scale = max(math.prod(before), math.prod(after))
    for one, other in zip(
        lmdi.effects(before, after), lmdi.effects(after, before), strict=True
    ):
        assert close(one, -other, scale)


@given(any_states, any_states, st.integers(0, 2))
def test_an_unchanged_factor_has_no_effect(before, after, index):
    # neither 0 on both sides: then nothing has changed at all
    after = [*after]
    after[index] = before[index]
    assert lmdi.effects(before, after)[index] == 0


@given(any_states, any_states)
def test_the_order_of_the_factors_does_not_matter(before, after):
    scale = max(math.prod(before), math.prod(after))
    found = lmdi.effects(before, after)
    for order in permutations(range(3)):
        shuffled = lmdi.effects([before[i] for i in order], [after[i] for i in order])
        for index, effect in zip(order, shuffled, strict=True):
            assert close(effect, found[index], scale)


@given(any_states, any_states, st.sampled_from([0.01, 0.5, 3, 1000]))
def test_another_unit_of_money_scales_all_effects(before, after, unit):
    scale = unit * max(math.prod(before), math.prod(after))
    scaled = lmdi.effects(
        (before[0], before[1] * unit, before[2]), (after[0], after[1] * unit, after[2])
    )
    for one, other in zip(scaled, lmdi.effects(before, after), strict=True):
        assert close(one, other * unit, scale)


@given(states, states)
def test_effects_have_the_sign_of_their_factor(before, after):
    for x, y, effect in zip(before, after, lmdi.effects(before, after), strict=True):
        assert (y > x) == (effect > 0) and (y < x) == (effect < 0)


@given(periods(), periods())
def test_a_bridge_adds_up_to_the_cent(before, after):
    bars = lmdi.bridge(before, after, cents)
    assert list(bars) == ["customers", "value", "loyalty"]
    total = sum(Decimal(str(bar)) for bar in bars.values())
    change = Decimal(str(after[2])) - Decimal(str(before[2]))
    assert abs(total - change) <= Decimal("1e-5") * (abs(change) > 10**9)
    for bar in bars.values():
        assert bar == cents(bar)


@given(periods(), periods())
def test_a_bridge_is_the_rounded_effects_but_for_the_largest(before, after):
    bars = list(lmdi.bridge(before, after, cents).values())
    parts = lmdi.effects(
        (before[0], *lmdi.ratios(*before)), (after[0], *lmdi.ratios(*after))
    )
    odd = [i for i in range(3) if bars[i] != cents(parts[i])]
    assert len(odd) <= 1
    for index in odd:
        assert abs(parts[index]) == max(map(abs, parts))
        # half a cent for each of the others, and what sixteen digits cannot hold
        room = 0.0151 + 1e-14 * max(before[2], after[2])
        assert abs(bars[index] - parts[index]) <= room


@given(periods(), periods())
def test_a_bridge_back_is_the_bridge_upside_down(before, after):
    there = lmdi.bridge(before, after, cents)
    back = lmdi.bridge(after, before, cents)
    for factor, bar in there.items():
        assert abs(bar + back[factor]) <= 0.02 + 1e-14 * max(before[2], after[2])


@given(periods(empty=False))
def test_without_customers_on_one_side_all_is_theirs(period):
    nothing = (0, 0, 0)
    revenue = period[2]
    assert lmdi.bridge(nothing, period, cents) == {
        "customers": revenue, "value": 0, "loyalty": 0,
    }  # fmt: skip
    assert lmdi.bridge(period, nothing, cents)["customers"] == -revenue


def test_nothing_on_either_side():
    assert set(lmdi.bridge((0, 0, 0), (0, 0, 0), cents).values()) == {0}


@given(periods(), periods(), st.integers(2, 5))
def test_as_many_customers_with_the_same_habits(before, after, times):
    """Several like customers for each: only their number has changed."""
    assume(before[0])
    grown = tuple(times * number for number in before)
    bars = lmdi.bridge(before, grown, cents)
    assert bars["value"] == bars["loyalty"] == 0


#: name: factors before, factors after, effects
CASES = {
    "plain": (
        (80, 25, 4), (100, 30, 3),
        (1897.7198180812, 1550.5688462914, -2446.6130118219),
    ),
    "nothing changes": ((7, 3, 2), (7, 3, 2), (0, 0, 0)),
    "only customers": ((7, 3, 2), (14, 3, 2), (42, 0, 0)),
    "only value": ((7, 3, 2), (7, 2, 2), (0, -14, 0)),
    "only loyalty": ((7, 3, 2), (7, 3, 3), (0, 0, 21)),
    "from no customers, habits carried on": ((0, 3, 2), (7, 3, 2), (42, 0, 0)),
    "from no customers, habits unknown": ((0, None, None), (7, 3, 2), (42, 0, 0)),
    "to no customers": ((7, 3, 2), (0, None, None), (-42, 0, 0)),
    "all was free": ((7, 0, 2), (7, 3, 2), (0, 42, 0)),
    "all is free": ((7, 3, 2), (9, 0, 4), (0, -42, 0)),
    "nothing on either side": ((0, 0, 0), (0, 0, 0), (0, 0, 0)),
    "free on both sides": ((7, 0, 2), (9, 0, 3), (0, 0, 0)),
    "two from zero share": ((0, 0, 2), (7, 3, 2), (21, 21, 0)),
    "three from zero share": ((0, 0, 0), (7, 3, 2), (14, 14, 14)),
    "one comes, one goes": ((0, 3, 2), (7, 0, 2), (0, 0, 0)),
    "balanced": ((4, 9, 2), (8, 4.5, 2), (49.9065969, -49.9065969, 0)),
    "by far": (
        (1, 1, 1), (10**6, 3, 2),
        (5310921.5, 422345.0, 266732.5),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_edge_case(name):
    before, after, expected = CASES[name]
    found = lmdi.effects(before, after)
    if name in ("plain", "balanced", "by far"):
        expected = [float(effect) for effect in exact(before, after)]
    assert found == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("state", [(-1, 2, 3), (1, -2, 3)])
def test_negative_factors_are_refused(state):
    with pytest.raises(ValueError, match="negative"):
        lmdi.effects(state, (1, 2, 3))


def test_a_period_has_its_two_ratios():
    assert lmdi.ratios(4, 10, 25.0) == (2.5, 2.5)
    assert lmdi.ratios(0, 0, 0) == (None, None)


def test_published_figures():
    """CDNOW, January to February 1997, as in the reference of the design."""
    before = (7846, 8928, 299060.17)
    after = (9633, 11272, 379590.03)
    bars = lmdi.bridge(before, after, cents)
    assert bars == {"customers": 69298.38, "value": 1795.91, "loyalty": 9435.57}
