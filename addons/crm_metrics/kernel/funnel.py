"""What becomes of the deals of a pipeline, by count and by money.

Pure Python, no database.
"""

from dataclasses import dataclass

from .recurring import ratio

#: what a deal can be at the end
WON, LOST, OPEN, ARCHIVED = STATES = ("won", "lost", "open", "archived")

#: parts of the waterfall of open value -> sign with which they enter the end
PARTS = {
    "created": 1,
    "reopened": 1,
    "increased": 1,
    "decreased": -1,
    "won": -1,
    "lost": -1,
    "archived": -1,
    "transfer": 1,
}


@dataclass(frozen=True)
class Deals:
    """Deals with the same fate: so many, worth `value` together.

    `state` is what they are at the end, `furthest` the furthest stage they were in,
    `touched` all the stages they were in.
    """

    state: str
    furthest: object
    touched: frozenset
    count: int
    value: float


def funnel(deals, order, round_money=lambda amount: amount):
    """Return how far deals came, and where they were lost.

    A deal has *touched* the stages it was in, and *reached* all up to its furthest
    one, whether it was in them or jumped over them; a won deal has reached all. It
    drops where it came furthest, if it is lost. So each deal ends in one place:
    entered = won + drops + open + archived, by count and by value.

    Touched and reached are the two funnels that HubSpot calls "any stages" and "all
    stages", Bitrix24 "standard" and "with conversion".

    :param deals: iterable of :class:`Deals`
    :param list order: the stages in their order
    :param round_money: rounds an amount to the currency
    :return: dict with `entered`, `won`, `open`, `archived` (`{count, value}`) and
        `stages`: a list of dicts in that order

    The worked example: of 3,200,000 that entered, 13 % went between Proposal and
    Negotiation, another 63 % before Contract, and 11 % were won.

    >>> proposal, both = frozenset({"proposal"}), frozenset({"proposal", "talks"})
    >>> result = funnel([
    ...     Deals("lost", "proposal", proposal, 4, 416_000),
    ...     Deals("lost", "talks", both, 20, 2_016_000),
    ...     Deals("open", "talks", both, 4, 416_000),
    ...     Deals("won", "talks", both, 3, 352_000),
    ... ], ["proposal", "talks"])
    >>> result["entered"]
    {'count': 31, 'value': 3200000}
    >>> [(row["drop_value"], row["drop_share"]) for row in result["stages"]]
    [(416000, 0.13), (2016000, 0.63)]
    >>> [row["reached"] for row in result["stages"]]
    [31, 27]
    """
    place = {stage: index for index, stage in enumerate(order)}
    ends = {state: [0, 0] for state in STATES}
    touched, reached, drops = ([[0, 0] for _stage in order] for _kind in range(3))
    for group in deals:
        furthest = place[group.furthest]
        last = len(order) - 1 if group.state == WON else furthest
        counted = [
            ends[group.state],
            *(touched[place[stage]] for stage in group.touched),
            *reached[: last + 1],
        ]
        if group.state == LOST:
            counted.append(drops[furthest])
        for sums in counted:
            sums[0] += group.count
            sums[1] += group.value
    for sums in (*ends.values(), *touched, *reached, *drops):
        sums[1] = round_money(sums[1])
    # from the rounded parts, so that they add up to the cent
    money = round_money(
        sum(ends[state][1] for state in (WON, OPEN, ARCHIVED))
        + sum(value for _count, value in drops)
    )
    return {
        "entered": {
            "count": sum(count for count, _value in ends.values()),
            "value": money,
        },
        **{
            state: {"count": ends[state][0], "value": ends[state][1]}
            for state in (WON, OPEN, ARCHIVED)
        },
        "stages": [
            {
                "stage_id": stage,
                "touched": touched[index][0],
                "touched_value": touched[index][1],
                "reached": reached[index][0],
                "reached_value": reached[index][1],
                "drop": drops[index][0],
                "drop_value": drops[index][1],
                "drop_share": ratio(drops[index][1], money),
            }
            for index, stage in enumerate(order)
        ],
    }


def win_rate(result):
    """Return the share that is won of what is decided, by count and by value.

    won / (won + lost): what is open or archived has not been decided.

    :param dict result: what :func:`funnel` returns

    >>> touched = frozenset({"new"})
    >>> win_rate(funnel([Deals("won", "new", touched, 1, 300.0),
    ...     Deals("lost", "new", touched, 3, 100.0)], ["new"]))
    {'count': 0.25, 'value': 0.75}
    """
    won = result["won"]
    lost = sum(row["drop"] for row in result["stages"])
    lost_value = sum(row["drop_value"] for row in result["stages"])
    return {
        "count": ratio(won["count"], won["count"] + lost),
        "value": ratio(won["value"], won["value"] + lost_value),
    }


def velocity(open_deals, rate, average_won, cycle):
    """Return the money a day that the pipeline brings in.

    Open deals x win rate x average won value / mean cycle of won deals, the usual
    "sales velocity equation" (Close, Pipedrive and HubSpot compute it alike).

    :param int open_deals: deals that are open now
    :param rate: share of decided deals that is won, or None
    :param average_won: average value of a won deal, or None
    :param cycle: mean days from the beginning of won deals to the win, or None
    :return: None where a part is missing or the cycle is 0

    >>> round(velocity(87, 0.237817, 20_824.93, 86.384), 1)
    4987.8
    >>> velocity(87, None, None, None) is None
    True
    """
    if rate is None or average_won is None or not cycle:
        return None
    return open_deals * rate * average_won / cycle


def waterfall(start, parts, round_money=lambda amount: amount):
    """Return how open value changed between two moments; it closes to the cent.

    end = start + created + reopened + increased - decreased - won - lost - archived
    + transfer, of the rounded parts.

    :param start: open value at the beginning
    :param dict parts: name of :data:`PARTS` -> amount; a missing one is 0
    :param round_money: rounds an amount to the currency

    >>> waterfall(100, {"created": 50, "increased": 10, "lost": 30})["end"]
    130
    """
    row = {"start": round_money(start)}
    for name in PARTS:
        row[name] = round_money(parts.get(name, 0))
    row["end"] = round_money(
        row["start"] + sum(sign * row[name] for name, sign in PARTS.items())
    )
    return row
