"""Scores of customers and the map of segments."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import rfm

values = st.lists(st.one_of(st.integers(0, 9), st.integers()), min_size=1)


def plain(all_values):
    """Scores by counting how many values are smaller."""
    count = len(all_values)
    return {
        value: min(5, 5 * sum(other < value for other in all_values) // count + 1)
        for value in all_values
    }


@given(values)
def test_against_a_plain_recomputation(all_values):
    limits = rfm.thresholds(all_values)
    assert len(limits) == 4
    expected = plain(all_values)
    for value, score in expected.items():
        assert rfm.score(value, limits) == score


@given(values)
def test_order_and_ends(all_values):
    limits = rfm.thresholds(all_values)
    scores = [rfm.score(value, limits) for value in sorted(all_values)]
    assert scores == sorted(scores)
    assert scores[0] == 1
    assert set(scores) <= set(rfm.SCORES)


@given(values, st.randoms())
def test_the_order_of_the_customers_does_not_matter(all_values, chance):
    shuffled = list(all_values)
    chance.shuffle(shuffled)
    assert rfm.thresholds(shuffled) == rfm.thresholds(all_values)


@given(st.lists(st.integers(), min_size=5, unique=True))
def test_without_ties_the_groups_are_equal(all_values):
    limits = rfm.thresholds(all_values)
    sizes = Counter(rfm.score(value, limits) for value in all_values)
    assert set(sizes) == set(rfm.SCORES)
    assert max(sizes.values()) - min(sizes.values()) <= 1


@given(values, st.integers())
def test_stored_thresholds_score_who_comes_later(all_values, value):
    """As the customer would score whose value is the next lower one."""
    below = [other for other in all_values if other <= value]
    expected = plain(all_values)[max(below)] if below else 1
    assert rfm.score(value, rfm.thresholds(all_values)) == expected


@pytest.mark.parametrize("f", rfm.SCORES)
@pytest.mark.parametrize("m", rfm.SCORES)
def test_the_mean_of_two_scores(f, m):
    mean = (f + m) / 2
    expected = int(mean) if mean == int(mean) else int(mean + 0.5)
    assert rfm.frequency_money(f, m) == expected
    assert rfm.frequency_money(f, m) in rfm.SCORES


cells = st.lists(st.sampled_from(rfm.CELLS))


@given(st.dictionaries(st.sampled_from("ABCD"), cells))
def test_holes_and_overlaps(segments):
    counts = Counter(cell for each in segments.values() for cell in each)
    holes, overlaps = rfm.check_map(segments)
    assert set(holes) == {cell for cell in rfm.CELLS if not counts[cell]}
    assert {cell: len(names) for cell, names in overlaps.items()} == {
        cell: number for cell, number in counts.items() if number > 1
    }
    for cell, names in overlaps.items():
        for name in names:
            assert cell in segments[name]


@given(st.lists(st.sampled_from("ABCD"), min_size=25, max_size=25))
def test_a_partition_is_complete(names):
    segments = {
        name: [
            cell for cell, other in zip(rfm.CELLS, names, strict=True) if other == name
        ]
        for name in set(names)
    }
    assert rfm.check_map(segments) == ([], {})


@pytest.mark.parametrize("missing", range(4))
def test_a_lifetime_value_needs_all_four(missing):
    inputs = [50.0, 2.0, 0.3, 4.0]
    assert rfm.lifetime_value(*inputs) == pytest.approx(120)
    inputs[missing] = None
    assert rfm.lifetime_value(*inputs) is None
