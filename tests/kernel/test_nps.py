"""Scores, intervals and comparisons: published examples and plain recomputations."""

import math
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import nps
from kernel.nps import Votes

LARGEST = 60
counts = st.integers(0, 10**6)
compositions = st.builds(Votes, counts, counts, counts)
answered = compositions.filter(lambda votes: votes.answers)


# -- the score ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("promoters", "passives", "detractors", "expected"),
    [
        pytest.param(10, 5, 5, "25", id="Delighted, help article 531"),
        pytest.param(70, 10, 20, "50", id="django-nps, README"),
        pytest.param(2, 2, 7, "-45.454545", id="one answer of each value"),
        pytest.param(100, 30, 80, "9.523810", id="MeasuringUsability"),
        pytest.param(3, 2, 1, "33.333333", id="R package NPS, unit test"),
        pytest.param(162, 108, 54, "33.333333", id="Cross Validated, p = 1/2, 1/3"),
        pytest.param(18, 11, 2, "51.612903", id="CDC prime-reportstream, 5281"),
        pytest.param(2, 1, 3, "-16.666667", id="wave 1, every response"),
        pytest.param(2, 1, 2, "0", id="wave 1, latest of each person"),
        pytest.param(1, 1, 3, "-40", id="wave 1, first of each person"),
        pytest.param(2, 0, 1, "33.333333", id="wave 1, without anonymous ones"),
        pytest.param(2, 1, 0, "66.666667", id="wave 2"),
        pytest.param(4, 2, 2, "25", id="both waves, by person and wave"),
        pytest.param(3, 2, 1, "33.333333", id="both waves, by person"),
        pytest.param(1, 0, 2, "-33.333333", id="rounded shares would give -34"),
        pytest.param(5, 0, 0, "100", id="all promote"),
        pytest.param(0, 0, 5, "-100", id="all detract"),
        pytest.param(0, 5, 0, "0", id="all passive"),
    ],
)
def test_published_scores(promoters, passives, detractors, expected):
    composition = Votes(promoters, passives, detractors)
    assert math.isclose(nps.exact(composition), float(expected), abs_tol=1e-6)
    assert nps.score(composition) == int(Decimal(expected).quantize(0, ROUND_HALF_UP))


def plain_score(votes):
    """Percentages in 60 digits, rounded by the decimal module."""
    with localcontext(prec=60):
        share = Decimal(100 * votes.promoters - 100 * votes.detractors) / votes.answers
        return int(share.quantize(Decimal(0), ROUND_HALF_UP))


def test_rounding_of_all_compositions():
    """Never off by one; rounding two shares and subtracting them often is."""
    checked = off_by_one = 0
    for answers in range(1, LARGEST + 1):
        for promoters in range(answers + 1):
            for detractors in range(answers - promoters + 1):
                votes = Votes(promoters, answers - promoters - detractors, detractors)
                assert nps.score(votes) == plain_score(votes)
                shares = (round(100 * n / answers) for n in (promoters, detractors))
                off_by_one += int.__sub__(*shares) != nps.score(votes)
                checked += 1
    assert checked == math.comb(LARGEST + 3, 3) - 1
    assert off_by_one > checked / 5


@given(answered)
def test_score_of_large_numbers(votes):
    assert nps.score(votes) == plain_score(votes)


@given(answered)
def test_score_is_mirrored(votes):
    mirrored = Votes(votes.detractors, votes.passives, votes.promoters)
    assert nps.score(mirrored) == -nps.score(votes)


@pytest.mark.parametrize("read", [nps.score, nps.exact])
def test_nobody_has_no_score(read):
    assert read(Votes()) is None


def test_buckets_cut_the_scale_into_three():
    buckets = Counter(map(nps.bucket, range(11)))
    assert buckets == {"detractor": 7, "passive": 2, "promoter": 2}


@pytest.mark.parametrize("score", [-1, 11, 6.5, 8.5, "9", None, False, True])
def test_what_is_no_answer(score):
    with pytest.raises(ValueError, match="not on the scale"):
        nps.bucket(score)


@given(st.lists(st.integers(0, 10)))
def test_votes_of_answers(scores):
    votes = nps.votes(Counter(scores))
    assert votes.answers == len(scores)
    assert votes.promoters == sum(score in (9, 10) for score in scores)
    assert votes.passives == sum(score in (7, 8) for score in scores)
    assert votes.net == sum((s > 8) - (s < 7) for s in scores)


# -- the interval -------------------------------------------------------------


@pytest.mark.parametrize(
    ("votes", "low", "high"),
    [
        pytest.param(Votes(10, 5, 5), -11.72, 55.19, id="Delighted"),
        pytest.param(Votes(100, 30, 80), -2.94, 21.72, id="MeasuringUsability"),
        pytest.param(Votes(162, 108, 54), 24.95, 41.11, id="Cross Validated"),
    ],
)
def test_published_intervals(votes, low, high):
    found = nps.interval(votes)
    assert [round(bound, 2) for bound in found] == [low, high]


def test_interval_is_cut_off():
    low, high = nps.interval(Votes(10, 0, 0))
    assert high == 100
    assert low == pytest.approx(47.5, abs=0.05)
    assert nps.interval(Votes(0, 0, 10)) == (-high, -low)


def test_nobody_has_no_interval():
    assert nps.interval(Votes()) == (None, None)


@pytest.mark.parametrize(
    ("confidence", "z"), [(0.9, 1.644854), (0.95, 1.959964), (0.99, 2.575829)]
)
def test_confidence(confidence, z):
    votes = Votes(500, 300, 200)
    low, high = nps.interval(votes, confidence)
    mean = 300 / 1003
    variance = (700 + 1.5) / 1003 - mean**2
    assert (high - low) / 2 == pytest.approx(100 * z * math.sqrt(variance / 1003))


@given(answered)
def test_interval_never_has_no_width(votes):
    low, high = nps.interval(votes)
    assert -100 <= low < high <= 100


@given(answered)
def test_interval_contains_the_score_of_two_or_more(votes):
    low, high = nps.interval(votes)
    if votes.answers > 1:
        assert low <= nps.exact(votes) <= high


@pytest.mark.parametrize(
    ("margin", "answers"), [(5, 1076), (10, 269), (15, 120), (20, 68)]
)
def test_answers_that_a_margin_needs(margin, answers):
    """With a variance of 0.7; the three that are added matter more to the few."""
    detractors = answers * 7 // 20
    promoters = answers * 7 // 10 - detractors
    votes = Votes(promoters, answers - promoters - detractors, detractors)
    low, high = nps.interval(votes)
    assert (high - low) / 2 == pytest.approx(margin, rel=0.04)


# -- two samples --------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "delta", "z", "p_value"),
    [
        (Votes(50, 30, 20), Votes(60, 25, 15), 15, 1.372, 0.170),
        (Votes(500, 300, 200), Votes(600, 250, 150), 15, 4.402, 1.1e-5),
        (Votes(50, 30, 20), Votes(50, 30, 20), 0, 0, 1),
    ],
)
def test_published_comparisons(before, after, delta, z, p_value):
    change = nps.compare(before, after)
    assert change.delta == delta
    assert round(change.z, 3) == z
    assert change.p_value == pytest.approx(p_value, rel=0.03)


@given(answered, answered)
def test_comparison_recomputed(before, after):
    change = nps.compare(before, after)
    means, squares = [], []
    for votes in (before, after):
        size = votes.answers + 3
        # each answer is 1, 0 or -1; so are the three that are added, in parts
        values = [
            (1, votes.promoters + 0.75),
            (0, votes.passives + 1.5),
            (-1, votes.detractors + 0.75),
        ]
        mean = sum(value * weight for value, weight in values) / size
        means.append(mean)
        variance = sum((v - mean) ** 2 * weight for v, weight in values) / size
        squares.append(variance / size)
    z = (means[1] - means[0]) / math.sqrt(sum(squares))
    assert change.z == pytest.approx(z, rel=1e-6, abs=1e-6)
    p_value = 2 * NormalDist().cdf(-abs(z))
    assert change.p_value == pytest.approx(p_value, rel=1e-5, abs=1e-9)
    if -200 < change.low and change.high < 200:
        middle = 100 * (means[1] - means[0])
        assert (change.low + change.high) / 2 == pytest.approx(middle, abs=1e-6)
        assert (change.high - change.low) / 2 == pytest.approx(
            100 * NormalDist().inv_cdf(0.975) * math.sqrt(sum(squares)), rel=1e-6
        )


@given(answered, answered)
def test_significant_is_the_same_in_both_ways(before, after):
    """The interval leaves out 0 where the p-value is below 5 %."""
    change = nps.compare(before, after)
    if abs(change.p_value - 0.05) > 1e-9:
        assert (change.p_value < 0.05) == (change.low > 0 or change.high < 0)


@given(answered, answered)
def test_delta_is_rounded_once(before, after):
    exact = (
        Fraction(100 * after.net, after.answers)
        - Fraction(100 * before.net, before.answers)
    )  # fmt: skip
    found = nps.compare(before, after).delta
    assert abs(found - exact) <= Fraction(1, 2)
    assert nps.compare(after, before).delta == -found


@given(answered)
def test_nothing_to_compare_with(votes):
    assert nps.compare(Votes(), votes) is None
    assert nps.compare(votes, Votes()) is None


# -- accounts -----------------------------------------------------------------

weights = st.decimals(0, 10**9, places=2)
account = st.tuples(
    st.lists(st.sampled_from([-1, 0, 1]), min_size=1, max_size=4), weights
)


@given(st.lists(account, max_size=30))
def test_accounts_one_by_one(accounts):
    heads, money = Counter(), Counter()
    for answers, weight in accounts:
        key = sum(answers), len(answers)
        heads[key] += 1
        money[key] += weight
    scores = [Fraction(100 * sum(each), len(each)) for each, _weight in accounts]
    mean = nps.mean_of_accounts(heads)
    assert mean == (sum(scores) / len(scores) if scores else None)
    weighted = nps.weighted_mean(heads, money)
    total = sum(Fraction(weight) for _answers, weight in accounts)
    if total:
        assert weighted * total == sum(
            score * Fraction(weight)
            for score, (_answers, weight) in zip(scores, accounts, strict=True)
        )
    else:
        assert weighted is None


@given(st.lists(account, min_size=1, max_size=30), weights.filter(bool))
def test_equal_weights_weigh_equal(accounts, weight):
    heads = Counter((sum(each), len(each)) for each, _weight in accounts)
    money = {key: count * Fraction(weight) for key, count in heads.items()}
    assert nps.weighted_mean(heads, money) == nps.mean_of_accounts(heads)


@pytest.mark.parametrize(
    ("number", "expected"),
    [("0.5", 1), ("-0.5", -1), ("2.4999", 2), ("-2.5", -3), ("99.5", 100), ("0", 0)],
)
def test_halves_go_away_from_zero(number, expected):
    assert nps.rounded(Fraction(number)) == expected


# -- what is too small to be shown --------------------------------------------

groups = st.dictionaries(st.sampled_from("ABCDEFGH"), st.integers(0, 12))


@given(groups, st.integers(1, 8))
def test_nothing_small_is_shown_or_can_be_told(sizes, threshold):
    hidden = nps.hidden(sizes, threshold)
    people = {name: size for name, size in sizes.items() if size}
    small = {name for name, size in people.items() if size < threshold}
    assert small <= hidden <= set(people)
    assert bool(hidden) == bool(small)
    # what the whole less all that is shown tells
    if hidden and hidden != set(people):
        assert sum(people[name] for name in hidden) >= threshold
        assert len(hidden) > 1


@given(groups, st.integers(1, 8))
def test_no_more_is_hidden_than_has_to_be(sizes, threshold):
    hidden = nps.hidden(sizes, threshold)
    large = [name for name in hidden if sizes[name] >= threshold]
    for name in large:
        rest = hidden - {name}
        assert sum(sizes[each] for each in rest) < threshold or len(rest) < 2
        # the smallest ones were taken
        shown = [sizes[each] for each in sizes.keys() - hidden if sizes[each]]
        assert all(size >= sizes[name] for size in shown)


tables = st.dictionaries(
    st.sampled_from("ABCD"),
    st.dictionaries(st.sampled_from("uvwxyz"), st.integers(0, 12)),
)


@given(tables, st.sets(st.sampled_from("ABCD")))
def test_tables_tell_nothing_by_row_or_column(table, always):
    hidden = nps.hidden_cells(table, always=always)
    cells = {(r, c): n for r, row in table.items() for c, n in row.items() if n}
    assert hidden <= {(r, c) for r, row in table.items() for c in row}
    assert {cell for cell in cells if cell[0] in always} <= hidden
    assert {cell for cell, size in cells.items() if size < 5} <= hidden
    for place in (0, 1):
        for name in {cell[place] for cell in cells}:
            line = {cell for cell in cells if cell[place] == name}
            if unseen := line & hidden:
                assert unseen == line or (
                    len(unseen) > 1 and sum(cells[cell] for cell in unseen) >= 5
                )


def test_a_table_without_small_cells():
    assert nps.hidden_cells({"A": {"u": 5, "v": 0}, "B": {"u": 7, "v": 6}}) == set()
