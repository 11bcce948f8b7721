"""What revenue would be if one factor reached a level that was reached elsewhere.

Pure Python, no database.
"""

from .lmdi import FACTORS, ratios


def levels(customers, orders, revenue):
    """Return the three factors of R = N x V x L by name.

    >>> levels(4, 8, 400)
    {'customers': 4, 'value': 50.0, 'loyalty': 2.0}
    """
    return dict(
        zip(FACTORS, (customers, *ratios(customers, orders, revenue)), strict=True)
    )


def best(candidates, factor):
    """Return where a factor is highest: a pair (key, level), or None.

    :param dict candidates: key -> tuple (customers, orders, revenue)
    :param str factor: one of `lmdi.FACTORS`

    Of equal levels, the one with more revenue behind it says more.

    >>> best({"A": (10, 20, 900), "B": (4, 8, 400), "C": (9, 18, 900)}, "value")
    ('C', 50.0)
    >>> best({"A": (0, 0, 0)}, "value") is None
    True
    """
    found = [
        (level, sums[-1], key)
        for key, sums in candidates.items()
        if (level := levels(*sums)[factor])
    ]
    if not found:
        return None
    level, _revenue, key = max(found, key=lambda each: each[:2])
    return key, level


def at_level(now, factor, level):
    """Return the revenue of a period if one factor had another level.

    The other two stay as they are, so revenue grows as the factor does.

    :param now: tuple (customers, orders, revenue)
    :return: amount, None when the factor does not exist now

    >>> at_level((100, 200, 10_000), "loyalty", 3)
    15000.0
    >>> at_level((0, 0, 0), "customers", 10) is None
    True
    """
    level_now = levels(*now)[factor]
    return now[-1] * level / level_now if level_now else None
