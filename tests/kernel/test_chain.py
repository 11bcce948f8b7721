"""The absorbing chain, against its limit and by what must hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import chain

STATES = ["a", "b", "c", "d"]
exits = st.dictionaries(
    st.sampled_from(STATES),
    st.dictionaries(
        st.sampled_from([*STATES, chain.WON, chain.LOST]), st.integers(0, 50)
    ),
)


def after(shares, steps):
    """Return the probability of being won after so many moves, by state."""
    won = {}
    for _step in range(steps):
        won = {
            state: sum(
                share * (target == chain.WON or won.get(target, 0.0))
                for target, share in row.items()
            )
            for state, row in shares.items()
        }
    return won


@given(exits)
def test_probabilities_are_those_of_going_on_for_ever(counts):
    shares = chain.shares(counts)
    found = chain.win_probabilities(shares)
    for state, probability in found.items():
        assert -1e-9 <= probability <= 1 + 1e-9
        if state not in shares:
            assert probability == 0
    # a fixed point, approached from below
    for state, row in shares.items():
        following = sum(
            share * (target == chain.WON or found.get(target, 0.0))
            for target, share in row.items()
        )
        assert found[state] == pytest.approx(following, abs=1e-9)
    for state, probability in after(shares, 50).items():
        assert probability <= found[state] + 1e-9


@given(st.lists(st.integers(0, 3), min_size=4, max_size=4), st.integers(1, 9))
def test_without_returns_it_is_the_product_of_the_steps(lost, on):
    counts = {
        state: {target: on, chain.LOST: many}
        for state, target, many in zip(
            STATES, [*STATES[1:], chain.WON], lost, strict=True
        )
    }
    product = 1.0
    for many in lost:
        product *= on / (on + many)
    found = chain.win_probability(chain.shares(counts), {"a": 7})
    assert found == pytest.approx(product)


@given(exits, st.dictionaries(st.sampled_from(STATES), st.floats(0, 1)))
def test_moving_points_only_helps_and_rows_stay_whole(counts, points):
    shares = chain.shares(counts)
    better = chain.moved(shares, chain.following(STATES), points)
    for row in better.values():
        assert sum(row.values()) == pytest.approx(1)
        assert all(share >= 0 for share in row.values())
    assert shares == chain.shares(counts), "the chain itself was changed"
    if {target for row in better.values() for target in row} <= {*better, *chain.ENDS}:
        before = chain.win_probabilities(shares)
        for state, probability in chain.win_probabilities(better).items():
            assert probability >= before.get(state, 0.0) - 1e-9


def test_circles_without_end_are_never_won():
    shares = chain.shares({"a": {"b": 1}, "b": {"a": 1}, "c": {"a": 1, "won": 1}})
    assert chain.win_probabilities(shares) == {"c": 0.5, "a": 0.0, "b": 0.0}


@given(
    st.permutations(STATES),
    st.dictionaries(st.sampled_from(STATES), st.frozensets(st.integers(1, 3))),
)
def test_what_follows_is_later_and_of_the_same_team(order, teams):
    for state, target in chain.following(order, teams).items():
        own = teams.get(state)
        later = order[order.index(state) + 1 :]
        fits = [
            other
            for other in later
            if not own or not teams.get(other) or own & teams[other]
        ]
        assert target == (fits[0] if fits else chain.WON)


def test_certainty_is_not_exceeded():
    """What floating point makes of these three is 1.0000000000000009."""
    counts = {
        "a": {"b": 4, "c": 6, "lost": 3},
        "b": {"a": 3, "c": 6, "lost": 2},
        "c": {"a": 5, "b": 5, "lost": 1},
    }
    onward = chain.following("abc")
    sure = chain.moved(chain.shares(counts), onward, dict.fromkeys("abc", 1.0))
    assert chain.win_probability(sure, {"a": 8, "b": 8, "c": 2}) == 1


@given(exits, st.dictionaries(st.sampled_from(STATES), st.integers(1, 9), min_size=1))
def test_a_probability_is_one(counts, starts):
    found = chain.win_probability(chain.shares(counts), starts)
    assert found is None or -1e-9 <= found <= 1
