"""An exchange rate that wanders, for the demo data."""

import random


def wander(seed: int, count: int, rate: float = 0.93) -> list[float]:
    """Return rates that go a little up or down from one to the next.

    >>> wander(1, 3) == wander(1, 3)
    True
    >>> all(0.9 < rate < 1 for rate in wander(1, 12))
    True
    """
    draw = random.Random(seed)
    rates = []
    for _each in range(count):
        rate += draw.uniform(-0.018, 0.016)
        rates.append(round(rate, 4))
    return rates
