"""The estimate of durations, against lifelines and by what must hold."""

from collections import Counter

import lifelines
import numpy as np
import pytest
from hypothesis import assume, given, reject
from hypothesis import strategies as st
from lifelines.exceptions import StatError
from lifelines.utils import median_survival_times, qth_survival_time

from kernel import survival

#: (beginning of observation, time under observation after it, did it end?)
seen = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 60), st.booleans()), min_size=5
)
from_zero = st.lists(
    st.tuples(st.just(0), st.integers(1, 60), st.booleans()), min_size=5
)


def grouped(rows):
    """Return what the kernel takes: ended, censored, entered."""
    ended = Counter(entry + time for entry, time, event in rows if event)
    censored = Counter(entry + time for entry, time, event in rows if not event)
    entered = Counter(entry for entry, _time, _event in rows if entry)
    return ended, censored, entered


def unknown_from(rows):
    """Return when all that are at risk end although others come later, or None."""
    for time in sorted({entry + time for entry, time, event in rows if event}):
        at_risk = [row for row in rows if row[0] < time <= row[0] + row[1]]
        if all(event and entry + last == time for entry, last, event in at_risk):
            if any(entry >= time for entry, _last, _event in rows):
                return time
    return None


def fitted(rows):
    try:
        return lifelines.KaplanMeierFitter().fit(
            [entry + time for entry, time, _event in rows],
            [event for _entry, _time, event in rows],
            entry=[entry for entry, _time, _event in rows],
        )
    except StatError:
        # it refuses where nobody is at risk for a while
        reject()


def number(time):
    return None if time is None or np.isinf(time) or np.isnan(time) else time


@pytest.mark.filterwarnings("ignore")
@given(st.one_of(seen, from_zero))
def test_the_curve_is_that_of_lifelines(rows):
    steps = list(survival.curve(*grouped(rows)))
    unknown = [step.time for step in steps if step.survival is None]
    assert unknown == [time for time in (unknown_from(rows),) if time is not None]
    survivals = fitted(rows).survival_function_["KM_estimate"]
    # where all that were at risk early ended it says that nobody lasts longer
    for step in steps[: len(steps) - len(unknown)]:
        assert step.survival == pytest.approx(survivals[step.time], abs=1e-9)


@pytest.mark.filterwarnings("ignore")
@given(st.one_of(seen, from_zero))
def test_quantiles_and_interval_are_those_of_lifelines(rows):
    ended, censored, entered = grouped(rows)
    assume(sum(ended.values()) >= survival.LEAST_EVENTS)
    assume(unknown_from(rows) is None)
    steps = list(survival.curve(ended, censored, entered))
    # a product of fractions that should be a quantile misses it by a rounding error
    for level in (0.5, 0.25, 0.1):
        assume(all(abs(step.survival - level) > 1e-7 for step in steps))
    fitter = fitted(rows)
    found = survival.estimate(ended, censored, entered)
    assert found.median == number(fitter.median_survival_time_)
    for name, level in (("p75", 0.25), ("p90", 0.1)):
        theirs = qth_survival_time(level, fitter.survival_function_)
        assert getattr(found, name) == number(theirs)
    bounds = median_survival_times(fitter.confidence_interval_)
    low, high = (number(bound) for bound in bounds.iloc[0])
    assert (found.low, found.high) == (low, high)


@given(seen)
def test_what_must_hold(rows):
    ended, censored, entered = grouped(rows)
    found = survival.estimate(ended, censored, entered)
    assert found.events + found.censored == len(rows)
    assert found.longest == max(entry + time for entry, time, _event in rows)
    last = 1.0
    for step in survival.curve(ended, censored, entered):
        assert step.events <= step.at_risk <= len(rows)
        if step.survival is None:
            assert step.time == unknown_from(rows)
            continue
        assert 0 <= step.survival <= last
        assert 0 <= step.low <= step.survival <= step.high <= 1
        last = step.survival
    reached = [t for t in (found.median, found.p75, found.p90) if t is not None]
    assert reached == sorted(reached)
    if found.events < survival.LEAST_EVENTS:
        assert not reached


def test_one_early_end_does_not_end_the_curve():
    """Six begun 600 days ago left after some 500, thirty wait for as long: what was
    seen from 235 days on only says nothing about the one that left after two hours.
    """
    ended = {120: 1, **{1440 * day: 1 for day in range(497, 503)}}
    censored = {1440 * day: 1 for day in range(471, 501)}
    entered = Counter(1440 * (600 - 365) for _six in range(6))
    entered += Counter(1440 * (day - 365) for day in range(471, 501))
    found = survival.estimate(ended, censored, entered)
    assert (found.median, found.low, found.high) == (None, None, None)
    assert (found.p75, found.p90) == (None, None)
    assert (found.events, found.longest) == (7, 1440 * 502)
    assert found.known_until == 120


def test_what_was_found_before_the_curve_breaks_off_stays():
    ended = {1: 3, 2: 3, 3: 1, 20: 4}
    found = survival.estimate(ended, {}, {10: 4})
    assert (found.median, found.p75, found.p90) == (2, 2, None)
    assert found.known_until == 3
    # without anybody who comes later all is known
    assert survival.estimate({1: 3, 2: 3, 3: 1}, {}).p90 == 3
    # nor does it matter who comes later when there is somebody left
    assert survival.estimate(ended, {30: 1}, {10: 4}).p90 == 20


def test_few_at_risk_say_nothing_while_others_are_to_come():
    ended, entered = {1: 2, 2: 1, 20: 8}, {10: 8}
    assert survival.estimate(ended, {4: 1}, entered).median == 1
    assert survival.estimate(ended, {4: 1}, entered, least=5).median is None
    assert survival.estimate(ended, {4: 1}, entered, least=5).known_until == 1
    # a small set that is complete is as good as ever
    whole = {1: 2, 2: 2, 3: 1}
    assert survival.estimate(whole, {}, least=9) == survival.estimate(whole, {})


@given(seen, st.integers(1, 9))
def test_the_fewer_are_enough_the_more_is_known(rows, least):
    few, many = (
        survival.estimate(*grouped(rows), least=number) for number in (least, least + 1)
    )
    for name in ("median", "low", "high", "p75", "p90"):
        assert getattr(many, name) in (None, getattr(few, name))


@given(st.lists(st.integers(1, 60), min_size=1))
def test_without_censoring_it_is_what_everybody_would_compute(times):
    ended = Counter(times)
    assert survival.mean(ended) == pytest.approx(np.mean(times))
    assert survival.median(ended) == np.median(times)
    for step in survival.curve(ended, {}):
        longer = sum(time > step.time for time in times) / len(times)
        assert step.survival == pytest.approx(longer)


@given(seen, st.integers(2, 9))
def test_time_has_any_unit(rows, unit):
    longer = [(entry * unit, time * unit, event) for entry, time, event in rows]
    steps = survival.curve(*grouped(rows))
    scaled = survival.curve(*grouped(longer))
    for step, other in zip(steps, scaled, strict=True):
        assert other.time == step.time * unit
        assert other.survival == step.survival
