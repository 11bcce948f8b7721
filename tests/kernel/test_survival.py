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
    # and where all that were at risk early ended, its logarithms give up
    assume(all(step.survival for step in steps[:-1]))
    survivals = fitted(rows).survival_function_["KM_estimate"]
    for step in steps:
        assert step.survival == pytest.approx(survivals[step.time], abs=1e-9)


@pytest.mark.filterwarnings("ignore")
@given(st.one_of(seen, from_zero))
def test_quantiles_and_interval_are_those_of_lifelines(rows):
    ended, censored, entered = grouped(rows)
    assume(sum(ended.values()) >= survival.LEAST_EVENTS)
    steps = list(survival.curve(ended, censored, entered))
    assume(all(step.survival for step in steps[:-1]))
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
        assert 0 <= step.survival <= last
        assert step.events <= step.at_risk <= len(rows)
        assert 0 <= step.low <= step.survival <= step.high <= 1
        last = step.survival
    reached = [t for t in (found.median, found.p75, found.p90) if t is not None]
    assert reached == sorted(reached)
    if found.events < survival.LEAST_EVENTS:
        assert not reached


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
