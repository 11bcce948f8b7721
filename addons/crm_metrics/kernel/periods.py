"""Calendar periods of a date range.

Pure Python: no database, no time zone. A range is inclusive on both ends.
"""

from dataclasses import dataclass
from datetime import date, timedelta

DAY = timedelta(days=1)
GRAINS = ("day", "week", "month", "quarter", "year")


@dataclass(frozen=True)
class Period:
    """One calendar period, clipped to a range.

    `start` is the first day of the whole calendar period (the value that
    PostgreSQL's `date_trunc` gives for each of its days); `date_from` and
    `date_to` are the first and last day that lie in the range; `partial` is
    true when that is not the whole period.
    """

    start: date
    date_from: date
    date_to: date
    partial: bool


def floor(day, grain):
    """Return the first day of the calendar period of `grain` around `day`.

    Weeks are ISO weeks: they begin on Monday.

    >>> floor(date(2026, 11, 21), "quarter")
    datetime.date(2026, 10, 1)
    >>> floor(date(2026, 11, 21), "week")
    datetime.date(2026, 11, 16)
    """
    if grain == "day":
        return day
    if grain == "week":
        return day - timedelta(days=day.weekday())
    if grain == "month":
        return day.replace(day=1)
    if grain == "quarter":
        return date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
    if grain == "year":
        return date(day.year, 1, 1)
    raise ValueError(f"unknown grain {grain!r}")


def following(start, grain):
    """Return the first day of the period after the one that begins on `start`.

    >>> following(date(2026, 12, 1), "month")
    datetime.date(2027, 1, 1)
    """
    # the longest period of each grain, so that the sum falls into the next one
    longest = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}
    return floor(start + timedelta(days=longest[grain]), grain)


def preceding(start, grain):
    """Return the first day of the period before the one that begins on `start`.

    None where the calendar has none.

    >>> preceding(date(2026, 1, 1), "quarter")
    datetime.date(2025, 10, 1)
    >>> preceding(date(1, 1, 1), "day") is None
    True
    """
    return None if start == date.min else floor(start - DAY, grain)


def compared(period, last, grain):
    """Return the days that a period is compared with: those just before.

    A whole period is compared with the whole one before it, a partial one with as
    many days from the beginning of that one, where it has so many.

    :param Period period: the period
    :param date last: last day that is known; it cuts a period off as a range does
    :return: tuple (first day, last day); None when the period has not begun by
        `last`, or there is nothing before it

    >>> [march] = split(date(2026, 3, 1), date(2026, 3, 31), "month")
    >>> compared(march, date(2026, 12, 31), "month")
    (datetime.date(2026, 2, 1), datetime.date(2026, 2, 28))
    >>> compared(march, date(2026, 3, 10), "month")
    (datetime.date(2026, 2, 1), datetime.date(2026, 2, 10))
    """
    before = preceding(period.start, grain)
    if before is None or period.date_from > last:
        return None
    eve = period.start - DAY
    if period.partial or period.date_to > last:
        days = min(period.date_to, last) - period.date_from
        # in this order, so that no day beyond the calendar is asked for
        eve = before + min(days, eve - before)
    return before, eve


def first_of_months(last, months):
    """Return the first day of so many months that end on a day.

    A day is one of them while fewer than so many months have passed since then, so
    that months that end where a calendar month does are calendar months. None where
    the calendar does not go back so far.

    >>> first_of_months(date(2026, 6, 30), 5)
    datetime.date(2026, 2, 1)
    >>> first_of_months(date(2026, 2, 28), 24)
    datetime.date(2024, 3, 1)
    >>> first_of_months(date(2028, 2, 28), 12)
    datetime.date(2027, 3, 1)
    >>> first_of_months(date(2026, 11, 15), 12)
    datetime.date(2025, 11, 16)
    >>> first_of_months(date(1, 1, 5), 1) is None
    True
    """
    after = last + DAY
    year, month = divmod(12 * after.year + after.month - 1 - months, 12)
    if year < date.min.year:
        return None
    start = date(year, month + 1, 1)
    # a month without such a day has passed as a whole
    return min(start + (after.day - 1) * DAY, following(start, "month"))


def at_most(date_from, date_to, grain):
    """Return how many periods a range has at the most, without cutting it.

    >>> at_most(date(2026, 1, 1), date(2026, 12, 31), "quarter")
    5
    """
    shortest = {"day": 1, "week": 7, "month": 28, "quarter": 90, "year": 365}
    return (date_to - date_from).days // shortest[grain] + 1


def split(date_from, date_to, grain):
    """Cut the inclusive range into calendar periods; clipped ones are partial.

    :param date date_from: first day
    :param date date_to: last day, not before `date_from`
    :param str grain: one of `GRAINS`
    :return: list of :class:`Period`, in order, without gaps

    >>> for period in split(date(2026, 1, 15), date(2026, 3, 31), "month"):
    ...     print(period.date_from, period.date_to, period.partial)
    2026-01-15 2026-01-31 True
    2026-02-01 2026-02-28 False
    2026-03-01 2026-03-31 False
    >>> split(date(2026, 2, 1), date(2026, 1, 1), "day")
    []
    """
    periods = []
    start = floor(date_from, grain)
    while start <= date_to:
        after = following(start, grain)
        first, last = max(start, date_from), min(after - DAY, date_to)
        whole = first == start and last == after - DAY
        periods.append(Period(start, first, last, not whole))
        start = after
    return periods
