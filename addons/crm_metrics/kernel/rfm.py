"""Scores of customers by recency, frequency and money, and the map of segments.

Pure Python, no database.
"""

#: scores go from 1 (worst) to 5 (best)
SCORES = range(1, 6)


def thresholds(values):
    """Return the smallest value of each score from 2 to 5, None where no value has it.

    Ranked from the lowest, the values are cut into five groups of equal size, but
    equal values are never cut apart: all of them get the lowest score that one of
    them would get, as by `least(5, floor((rank() - 1) * 5 / count(*)) + 1)`. So the
    lowest value always scores 1. Quintiles that split equal values (`NTILE`,
    `qcut`) give different scores to customers who do not differ.

    :param values: numbers, the higher the better
    :return: list of four

    >>> thresholds([1, 2, 3, 4, 5])
    [2, 3, 4, 5]
    >>> thresholds([1] * 7 + [2, 2, 9])  # more than half has bought once
    [None, None, 2, 9]
    """
    ordered = sorted(values)
    lowest = {}
    for rank, value in enumerate(ordered):
        if rank == 0 or value != ordered[rank - 1]:
            lowest.setdefault(min(5, rank * 5 // len(ordered) + 1), value)
    return [lowest.get(score) for score in SCORES[1:]]


def score(value, limits):
    """Return the score of a value by thresholds.

    >>> limits = thresholds([1] * 7 + [2, 2, 9])
    >>> [score(value, limits) for value in (0, 1, 2, 3, 9, 100)]
    [1, 1, 4, 4, 5, 5]
    """
    reached = (
        number
        for number, limit in enumerate(limits, 2)
        if limit is not None and limit <= value
    )
    return max(reached, default=1)


def frequency_money(f, m):
    """Return the row of the segment map: the mean of F and M, halves rounded up.

    >>> frequency_money(2, 3), frequency_money(1, 1), frequency_money(5, 4)
    (3, 1, 5)
    """
    return (f + m + 1) // 2


#: all cells (R, mean of F and M) that a map of segments has to cover
CELLS = [(r, fm) for r in SCORES for fm in SCORES]


def cell_name(cell):
    """Return how people write a cell: both scores.

    >>> cell_name((5, 1))
    '5-1'
    """
    return "{}-{}".format(*cell)


def check_map(segments):
    """Return what is wrong with a map of segments.

    :param dict segments: name -> its cells
    :return: tuple (holes, overlaps): cells of no segment; cell -> names of the
        segments that have it, when there is more than one

    >>> holes, overlaps = check_map({"A": CELLS[:24], "B": [(1, 1), (1, 1)]})
    >>> holes, overlaps
    ([(5, 5)], {(1, 1): ['A', 'B', 'B']})
    """
    names = {cell: [] for cell in CELLS}
    for name, cells in segments.items():
        for cell in cells:
            names[cell].append(name)
    holes = [cell for cell in CELLS if not names[cell]]
    return holes, {cell: found for cell, found in names.items() if len(found) > 1}


def lifetime_value(value, yearly_loyalty, margin, years):
    """Return the simple lifetime value: V x yearly L x margin x lifetime.

    :param value: V, revenue an order
    :param yearly_loyalty: orders a year
    :param margin: share of revenue that is left, None: not known
    :param years: how long a customer stays, None: not known
    :return: amount, None when one of them is not known

    >>> lifetime_value(50.0, 2.0, 0.4, 3.0)
    120.0
    >>> lifetime_value(50.0, 2.0, None, 3.0) is None
    True
    """
    known = (value, yearly_loyalty, margin, years)
    return None if None in known else value * yearly_loyalty * margin * years
