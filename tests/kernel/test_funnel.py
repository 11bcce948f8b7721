"""Every deal ends in one place."""

from hypothesis import given
from hypothesis import strategies as st

from kernel import funnel

ORDER = list("abcde")


@st.composite
def deals(draw):
    touched = frozenset(draw(st.sets(st.sampled_from(ORDER), min_size=1)))
    return funnel.Deals(
        draw(st.sampled_from(funnel.STATES)),
        max(touched),
        touched,
        draw(st.integers(1, 20)),
        draw(st.integers(0, 10**9)) / 100,
    )


def cents(amount):
    return round(amount, 2)


@given(st.lists(deals()))
def test_entered_is_won_and_dropped_and_open_and_archived(groups):
    result = funnel.funnel(groups, ORDER, cents)
    stages = result["stages"]
    for key, drop in (("count", "drop"), ("value", "drop_value")):
        parts = [result[state][key] for state in ("won", "open", "archived")]
        parts += [row[drop] for row in stages]
        assert result["entered"][key] == cents(sum(parts))
    assert result["entered"]["count"] == sum(group.count for group in groups)
    assert [row["stage_id"] for row in stages] == ORDER
    for row in stages:
        assert row["touched"] <= row["reached"]
        assert row["drop"] <= row["reached"]
    reached = [row["reached"] for row in stages]
    assert reached == sorted(reached, reverse=True)
    assert reached[0] == result["entered"]["count"]


@given(st.lists(deals()), st.integers(0, 20))
def test_parts_add_up_to_the_whole(groups, cut):
    whole, *parts = (
        funnel.funnel(part, ORDER, cents)["stages"]
        for part in (groups, groups[:cut], groups[cut:])
    )
    for row, *split in zip(whole, *parts, strict=True):
        for key in ("touched", "reached", "drop"):
            assert row[key] == sum(part[key] for part in split)


@given(st.lists(deals()))
def test_the_win_rate_is_that_of_decided_deals(groups):
    result = funnel.funnel(groups, ORDER)
    rate = funnel.win_rate(result)["count"]
    won = sum(group.count for group in groups if group.state == "won")
    lost = sum(group.count for group in groups if group.state == "lost")
    assert rate == (won / (won + lost) if won + lost else None)


@given(
    st.floats(0, 10**9),
    st.dictionaries(st.sampled_from(list(funnel.PARTS)), st.floats(0, 10**9)),
)
def test_the_waterfall_closes_to_the_cent(start, parts):
    row = funnel.waterfall(start, parts, cents)
    assert list(row) == ["start", *funnel.PARTS, "end"]
    assert row["end"] == cents(
        row["start"] + sum(sign * row[name] for name, sign in funnel.PARTS.items())
    )
