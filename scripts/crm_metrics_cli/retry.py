"""Trying again what may succeed later."""

import random
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from .errors import Temporary

Result = TypeVar("Result")

#: seconds: the first pause, and the longest one
FIRST, LONGEST = 1.0, 60.0


def pauses(
    longest: float = LONGEST, chance: Callable[[], float] = random.random
) -> Iterator[float]:
    """Yield ever longer pauses in seconds, without end.

    Each is about twice the one before. A quarter of it is chance, so that workers that
    were thrown out together do not come back together.

    >>> [*zip(range(8), pauses(chance=lambda: 1.0))][-3:]
    [(5, 32.0), (6, 60.0), (7, 60.0)]
    """
    pause = FIRST
    while True:
        yield min(pause, longest) * (0.75 + chance() / 4)
        pause = min(pause * 2, longest)


def persistently(
    work: Callable[[], Result],
    attempts: int,
    tell: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> Result:
    """Do some work; when it fails for a moment, wait and do it again.

    The work has to be such that doing it twice does no harm: a call that was cut off
    may have succeeded.

    :param attempts: how often it is tried before it counts as failed
    :param tell: gets a line before each pause
    :raise Temporary: it has failed each time
    """
    for attempt, pause in enumerate(pauses(), 1):
        try:
            return work()
        except Temporary as error:
            if attempt >= attempts:
                raise Temporary(f"given up after {attempts} attempts: {error}") from (
                    error
                )
            tell(f"{error}; again in {pause:.0f} s")
            sleep(pause)
    raise AssertionError("pauses never end")
