"""What revenue would be at another level of one factor."""

import math

from hypothesis import given
from hypothesis import strategies as st

from kernel import levers, lmdi

counts = st.integers(1, 10**6)


@st.composite
def sums(draw):
    customers = draw(counts)
    return customers, customers + draw(counts), draw(counts) / 100


@given(sums(), st.sampled_from(lmdi.FACTORS), counts)
def test_revenue_is_the_product_with_one_factor_replaced(now, factor, level):
    factors = {**levers.levels(*now), factor: level}
    product = factors["customers"] * factors["value"] * factors["loyalty"]
    assert math.isclose(levers.at_level(now, factor, level), product)


@given(sums(), st.sampled_from(lmdi.FACTORS))
def test_the_level_of_today_changes_nothing(now, factor):
    level = levers.levels(*now)[factor]
    assert math.isclose(levers.at_level(now, factor, level), now[2])


@given(st.dictionaries(st.integers(), sums()), st.sampled_from(lmdi.FACTORS))
def test_best_is_reached_by_one_and_exceeded_by_none(candidates, factor):
    found = levers.best(candidates, factor)
    if found is None:
        assert not candidates
        return
    key, level = found
    levels = {each: levers.levels(*candidates[each])[factor] for each in candidates}
    assert levels[key] == level == max(levels.values())
    ties = [each for each in candidates if levels[each] == level]
    assert candidates[key][2] == max(candidates[each][2] for each in ties)


def test_what_does_not_exist_has_no_level():
    nothing = (0, 0, 0)
    assert levers.best({"A": nothing}, "loyalty") is None
    assert levers.best({}, "customers") is None
    for factor in lmdi.FACTORS:
        assert levers.at_level(nothing, factor, 10) is None
