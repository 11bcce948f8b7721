"""Calendar periods of any range."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import periods

DAY = timedelta(days=1)
grains = st.sampled_from(periods.GRAINS)
days = st.dates(date(1900, 1, 1), date(2199, 12, 31))
#: how a person names the period around a day
NAMES = {
    "day": lambda day: day,
    "week": lambda day: day.isocalendar()[:2],
    "month": lambda day: (day.year, day.month),
    "quarter": lambda day: (day.year, (day.month + 2) // 3),
    "year": lambda day: day.year,
}


@given(days, grains)
def test_floor_is_the_first_day_of_the_same_period(day, grain):
    name = NAMES[grain]
    first = periods.floor(day, grain)
    assert first <= day
    assert name(first) == name(day)
    assert name(first - DAY) != name(day)


@given(days, grains)
def test_following_is_the_first_day_of_the_next_period(day, grain):
    name = NAMES[grain]
    first = periods.floor(day, grain)
    after = periods.following(first, grain)
    assert after > first
    assert name(after - DAY) == name(first)
    assert name(after) != name(first)


@given(days, st.integers(0, 1500), grains)
def test_split_covers_each_day_once(date_from, length, grain):
    date_to = date_from + timedelta(days=length)
    found = periods.split(date_from, date_to, grain)
    assert found[0].date_from == date_from
    assert found[-1].date_to == date_to
    for period, following in zip(found, found[1:], strict=False):
        assert following.date_from == period.date_to + DAY
    name = NAMES[grain]
    for period in found:
        assert period.date_from <= period.date_to
        assert name(period.date_from) == name(period.date_to) == name(period.start)
        assert period.start == periods.floor(period.date_from, grain)


@given(days, st.integers(0, 1500), grains)
def test_only_the_ends_of_a_range_are_partial(date_from, length, grain):
    date_to = date_from + timedelta(days=length)
    found = periods.split(date_from, date_to, grain)
    name = NAMES[grain]
    cut_off_before = name(date_from - DAY) == name(date_from)
    cut_off_after = name(date_to + DAY) == name(date_to)
    assert found[0].partial == (cut_off_before or (len(found) == 1 and cut_off_after))
    assert found[-1].partial == (cut_off_after or (len(found) == 1 and cut_off_before))
    assert not any(period.partial for period in found[1:-1])


def test_a_reversed_range_has_no_periods():
    assert periods.split(date(2026, 2, 1), date(2026, 1, 31), "day") == []


def test_weeks_are_iso_weeks_across_the_year():
    found = periods.split(date(2024, 12, 28), date(2025, 1, 7), "week")
    assert [(period.date_from, period.date_to) for period in found] == [
        (date(2024, 12, 28), date(2024, 12, 29)),
        (date(2024, 12, 30), date(2025, 1, 5)),
        (date(2025, 1, 6), date(2025, 1, 7)),
    ]


def test_unknown_grain():
    with pytest.raises(ValueError, match="fortnight"):
        periods.floor(date(2026, 1, 1), "fortnight")
