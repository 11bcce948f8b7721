"""What becomes of a deal that moves from stage to stage: an absorbing Markov chain.

A deal in a stage goes on, comes back, is won or is lost with the shares that exits of
that stage had, whatever came before. With Q the shares between stages and r those of
winning, the probabilities of being won at last are the smallest p >= 0 with
p = Q p + r (Kemeny and Snell, "Finite Markov Chains", theorem 3.3.7: B = (I - Q)^-1 R).

Pure Python, no database; the handful of stages needs no linear algebra library.
"""

#: where a chain ends
WON, LOST = "won", "lost"
ENDS = (WON, LOST)


def shares(exits):
    """Return the share of each target in the exits of each state.

    :param dict exits: state -> {state, WON or LOST -> number of exits}
    :return: dict of the same form; states without exits are absent

    >>> shares({"new": {"offer": 3, LOST: 1}, "offer": {}})
    {'new': {'offer': 0.75, 'lost': 0.25}}
    """
    result = {}
    for state, counts in exits.items():
        total = sum(counts.values())
        if total:
            result[state] = {
                target: count / total for target, count in counts.items() if count
            }
    return result


def following(order, teams=None):
    """Return where a deal goes on to from each state.

    That is the first later state which its team has; from the last one it is WON.

    :param list order: the states in their order
    :param dict teams: state -> set of the teams that have it; no teams (or no entry):
        all have it

    >>> following(["new", "offer"])
    {'new': 'offer', 'offer': 'won'}

    A demo of team 1 is not followed by a visit of team 2:

    >>> found = following(
    ...     ["new", "demo", "visit", "offer", "sign"],
    ...     {"demo": {1}, "visit": {2}, "offer": {1}, "sign": {2}},
    ... )
    >>> found["new"], found["demo"], found["visit"], found["offer"]
    ('demo', 'offer', 'sign', 'won')
    """
    teams = teams or {}
    result = {}
    for place, state in enumerate(order):
        own = teams.get(state)
        result[state] = next(
            (
                later
                for later in order[place + 1 :]
                if not own or not teams.get(later) or own & teams[later]
            ),
            WON,
        )
    return result


def moved(chain, onward, points):
    """Return a chain in which less is lost: a share of exits goes on instead.

    :param dict chain: what :func:`shares` returns
    :param dict onward: what :func:`following` returns
    :param dict points: state -> share (0.05 is five points) of its exits that moves
        from LOST to the one that follows, at most all that is lost there
    :return: chain of the same form

    >>> chain = {"new": {"offer": 0.75, LOST: 0.25}, "offer": {WON: 0.5, LOST: 0.5}}
    >>> onward = following(["new", "offer"])
    >>> moved(chain, onward, {"new": 0.05})["new"]
    {'offer': 0.8, 'lost': 0.2}
    >>> moved(chain, onward, {"offer": 0.9})["offer"]
    {'won': 1.0, 'lost': 0.0}
    """
    result = dict(chain)
    for state, share in points.items():
        if state in chain:
            row = dict(chain[state])
            share = min(share, row.get(LOST, 0.0))
            if share:
                target = onward[state]
                row[LOST] -= share
                row[target] = row.get(target, 0.0) + share
            result[state] = row
    return result


def win_probabilities(chain):
    """Return the probability of being won at last, by state.

    A state that nothing has left yet, or that only leads round in circles, is never
    won from: its probability is 0. All others can reach WON, so what is left of
    I - Q can be inverted.

    :param dict chain: what :func:`shares` returns
    :return: dict, state (also those that are targets only) -> probability

    >>> chain = {"new": {"offer": 0.75, LOST: 0.25}, "offer": {WON: 0.5, LOST: 0.5}}
    >>> win_probabilities(chain)
    {'offer': 0.5, 'new': 0.375}

    Half of the offers go back once more, a fifth of all others never come out:

    >>> chain = {"new": {"offer": 0.8, "limbo": 0.2}, "offer": {WON: 0.5, "new": 0.5}}
    >>> {state: round(p, 4) for state, p in sorted(win_probabilities(chain).items())}
    {'limbo': 0.0, 'new': 0.6667, 'offer': 0.8333}
    """
    winning, found = [], {WON}
    while found:
        found = {
            state
            for state, row in chain.items()
            if state not in winning
            and any(
                row.get(target, 0) > 0 and (target == WON or target in winning)
                for target in row
            )
        }
        winning.extend(state for state in chain if state in found)
    rows = [
        [float(state == target) - chain[state].get(target, 0.0) for target in winning]
        + [chain[state].get(WON, 0.0)]
        for state in winning
    ]
    probabilities = dict(zip(winning, _solved(rows), strict=True))
    for state, row in chain.items():
        for target in (state, *row):
            if target not in ENDS:
                probabilities.setdefault(target, 0.0)
    return probabilities


def _solved(rows):
    """Solve linear equations by Gauss-Jordan elimination with partial pivoting.

    :param rows: the coefficients of each equation, and its right side as the last
    :return: list of the unknowns

    >>> _solved([[0.0, 2.0, 4.0], [1.0, 1.0, 3.0]])
    [1.0, 2.0]
    """
    rows = [list(row) for row in rows]
    for column in range(len(rows)):
        pivot = max(range(column, len(rows)), key=lambda i: abs(rows[i][column]))
        rows[column], rows[pivot] = rows[pivot], rows[column]
        head = rows[column]
        head[:] = [value / head[column] for value in head]
        for row in rows:
            if row is not head and row[column]:
                factor = row[column]
                row[:] = [
                    value - factor * top for value, top in zip(row, head, strict=True)
                ]
    return [row[-1] for row in rows]


def win_probability(chain, starts):
    """Return the probability that a deal is won which starts anywhere.

    :param dict chain: what :func:`shares` returns
    :param dict starts: state -> how many deals start in it
    :return: mean of the states' probabilities; None without deals or chain

    >>> chain = {"new": {"offer": 0.75, LOST: 0.25}, "offer": {WON: 0.5, LOST: 0.5}}
    >>> win_probability(chain, {"new": 3, "offer": 1})
    0.40625
    >>> win_probability({}, {"new": 3}) is None
    True
    """
    total = sum(starts.values())
    if not total or not chain:
        return None
    probabilities = win_probabilities(chain)
    won = sum(probabilities.get(state, 0.0) * count for state, count in starts.items())
    # what is solved in floating point may miss certainty by a rounding error
    return min(won / total, 1.0)
