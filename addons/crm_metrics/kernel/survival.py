"""How long something lasts, when some of it has not ended yet.

The mean of what has ended is too short: the slow ones are still under way. The
estimator of Kaplan and Meier ("Nonparametric estimation from incomplete
observations", JASA 53, 1958) counts them for as long as they were seen. Times are
whole numbers of any unit, durations are grouped: time -> how many.

Pure Python, no database.
"""

from dataclasses import dataclass
from math import exp, log, sqrt

#: with fewer events no quantile is given: it would be somebody's, not the stage's
LEAST_EVENTS = 5
#: quantile of the normal distribution for an interval of 95 %
Z = 1.959963984540054
#: a product of fractions may miss the quantile it is equal to by this much
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Step:
    """The survival curve from one time of events to the next.

    `at_risk` were under observation just before `time`, `events` of them ended;
    `survival` is the share that lasts longer, `low` and `high` bound it with 95 %;
    None from the time on from which it cannot be known.
    """

    time: int
    at_risk: int
    events: int
    survival: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Estimate:
    """Quantiles of a duration; None where the curve does not come so low.

    `low` and `high` bound the median; `longest` is the longest observed duration,
    ended or not: a quantile that was not reached is more than that, unless the curve
    is only `known_until` some time: then nobody knows.
    """

    median: int | None
    low: int | None
    high: int | None
    p75: int | None
    p90: int | None
    events: int
    censored: int
    longest: int | None
    known_until: int | None


def curve(ended, censored, entered=None, least=1):
    """Yield the steps of the survival curve.

    S(t) = prod over t_i <= t of (1 - d_i / n_i), with d_i events at t_i and n_i at
    risk: entered before t_i and not gone before it. Events come before censorings of
    the same time, and who enters at t_i is at risk from then on only. Late entry is
    that of left truncation (Klein and Moeschberger, "Survival Analysis", 2nd ed.,
    section 4.6): who was there before the observation began is seen because it
    lasted that long.

    With late entry so few may be at risk at first that they tell nothing (ibid.): who
    alone is seen early and goes would end the curve at 0, whatever others do who are
    seen later. So where all that are at risk end, or fewer than `least` are at risk,
    while somebody else is seen longer but enters later, the curve is not known from
    there on: that step is the last one, and has no survival.

    The interval is that of log(-log S), S ** exp(-+ z se / log S), with Greenwood's
    se^2 = sum of d_i / (n_i (n_i - d_i)) (Kalbfleisch and Prentice, "The Statistical
    Analysis of Failure Time Data", section 1.4): unlike S -+ z S se it stays between
    0 and 1.

    :param dict ended: duration -> how many ended after it
    :param dict censored: duration -> how many had not ended when last seen
    :param dict entered: time since the beginning, above 0 -> how many were seen from
        then on only; all others from 0 on
    :param int least: so many at risk tell something while others are to enter
    :return: generator of :class:`Step`

    Six patients of Freireich's trial at remission time 6, three events and one
    censoring there (Kaplan-Meier in any textbook: 18/21 = 0.857):

    >>> first, second, *rest = curve({6: 3, 7: 1}, {6: 1, 9: 16})
    >>> first.at_risk, round(first.survival, 3), second.at_risk
    (21, 0.857, 17)
    >>> round(first.low, 3), round(first.high, 3)
    (0.62, 0.952)

    One that ends after 2 is seen from the beginning, six that end after 9 from 5 on:

    >>> [(step.time, step.survival) for step in curve({2: 1, 9: 6}, {}, {5: 6})]
    [(2, None)]
    """
    entered = entered or {}
    longest = max((*ended, *censored), default=0)
    last_entry = max((time for time in entered if time < longest), default=-1)
    at_risk = sum(ended.values()) + sum(censored.values()) - sum(entered.values())
    survival, variance = 1.0, 0.0
    for time in sorted({*ended, *censored, *entered}):
        events = ended.get(time, 0)
        if events and time <= last_entry and at_risk < max(least, events + 1):
            yield Step(time, at_risk, events, None, None, None)
            return
        if events:
            survival *= 1 - events / at_risk
            if events < at_risk:
                variance += events / (at_risk * (at_risk - events))
            else:
                survival = 0.0
            low, high = _band(survival, variance)
            yield Step(time, at_risk, events, survival, low, high)
        at_risk += entered.get(time, 0) - events - censored.get(time, 0)


def _band(survival, variance):
    # the formula has no value where nobody is left; the bounds then close with it
    if not survival:
        return 0.0, 0.0
    power = Z * sqrt(variance) / log(survival)
    return survival ** exp(-power), survival ** exp(power)


def estimate(ended, censored, entered=None, least=1):
    """Return quantiles of the duration, as :class:`Estimate`.

    The quantile p is the first time at which no more than 1 - p last longer. The
    interval of the median are the times at which the bounds of the curve come down
    to a half (Brookmeyer and Crowley, "A confidence interval for the median survival
    time", Biometrics 38, 1982).

    :param ended, censored, entered, least: as in :func:`curve`

    >>> estimate({1: 2, 2: 2, 3: 2, 4: 2}, {5: 2}) # doctest: +NORMALIZE_WHITESPACE
    Estimate(median=3, low=1, high=4, p75=4, p90=None, events=8, censored=2,
             longest=5, known_until=None)
    >>> estimate({1: 4}, {}).median is None
    True

    Six that are seen from 400 on tell nothing of how many go before:

    >>> found = estimate({2: 1, 500: 6}, {}, {400: 6})
    >>> found.median, found.p90, found.known_until
    (None, None, 2)
    """
    events, hidden = sum(ended.values()), sum(censored.values())
    found = dict.fromkeys(("median", "low", "high", "p75", "p90"))
    known_until = None
    if events >= LEAST_EVENTS:
        for step in curve(ended, censored, entered, least):
            if step.survival is None:
                known_until = step.time
                break
            for name, height, level in (
                ("low", step.low, 0.5),
                ("median", step.survival, 0.5),
                ("high", step.high, 0.5),
                ("p75", step.survival, 0.25),
                ("p90", step.survival, 0.1),
            ):
                if found[name] is None and height <= level + TOLERANCE:
                    found[name] = step.time
            if found["p90"] is not None and found["high"] is not None:
                break
    return Estimate(
        **found,
        events=events,
        censored=hidden,
        longest=max((*ended, *censored), default=None),
        known_until=known_until,
    )


def mean(ended):
    """Return the mean of grouped durations, None without any.

    >>> mean({1: 3, 5: 1}), mean({})
    (2.0, None)
    """
    count = sum(ended.values())
    return sum(time * many for time, many in ended.items()) / count if count else None


def median(ended):
    """Return the median of grouped durations: of an even number, between the two.

    >>> median({1: 1, 2: 1, 9: 1}), median({1: 2, 4: 2}), median({})
    (2.0, 2.5, None)
    """
    count = sum(ended.values())
    if not count:
        return None
    middle, passed = [], 0
    for time in sorted(ended):
        passed += ended[time]
        if not middle and passed >= (count + 1) // 2:
            middle.append(time)
        if passed >= count // 2 + 1:
            middle.append(time)
            break
    return sum(middle) / 2
