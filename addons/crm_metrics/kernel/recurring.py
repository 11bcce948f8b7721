"""Arithmetic of recurring revenue: the waterfall and the figures drawn from it.

Amounts are monthly rates (MRR) in one currency; losses are negative.
Pure Python, no database.
"""

#: Kinds of movement, in the order in which a waterfall shows them.
KINDS = (
    "new",
    "reactivation",
    "expansion",
    "contraction",
    "churn",
    "fx",
    "transfer",
)

#: Kinds that change the number of customers ("logos").
LOGO_KINDS = ("new", "reactivation", "churn", "transfer")


def waterfall(opening, sums, round_money=lambda amount: amount):
    """Chain periods so that each closes to the cent and opens the next one.

    closing = opening + the sum of the *rounded* parts: rounding the sum
    instead would leave a cent that no bar explains.

    :param opening: amount before the first period
    :param sums: one dict a period, kind -> signed amount; a missing kind is 0
    :param round_money: rounds an amount to the currency
    :return: one dict a period: `opening`, each of :data:`KINDS`, `closing`

    The worked example: 2,000,000 + 800,000 + 300,000 - 200,000.

    >>> [period] = waterfall(
    ...     2_000_000, [{"new": 800_000, "expansion": 300_000, "churn": -200_000}]
    ... )
    >>> period["closing"]
    2900000
    """
    rows = []
    balance = round_money(opening)
    for parts in sums:
        row = {"opening": balance}
        for kind in KINDS:
            row[kind] = round_money(parts.get(kind, 0))
        balance = round_money(balance + sum(row[kind] for kind in KINDS))
        row["closing"] = balance
        rows.append(row)
    return rows


def logo_waterfall(opening, sums):
    """Chain customer counts in the same way: whole numbers, no rounding.

    >>> logo_waterfall(3, [{"new": 2, "churn": -1}])[0]["closing"]
    4
    """
    rows = []
    balance = opening
    for parts in sums:
        row = {"opening": balance}
        for kind in LOGO_KINDS:
            row[kind] = parts.get(kind, 0)
        balance += sum(row[kind] for kind in LOGO_KINDS)
        row["closing"] = balance
        rows.append(row)
    return rows


def measures(periods):
    """Return the figures of a whole range from its chained periods.

    `mrr` is the closing rate, `arr` is 12 x MRR (a run rate, not bookings),
    `net_new` = closing - opening, currency effects included, `growth` =
    closing / opening - 1, None when nothing was there to grow from.

    :param periods: what :func:`waterfall` returns, at least one period
    :return: dict with `mrr`, `arr`, `net_new` (money a month, `arr` a year)
        and `growth` (a fraction or None)

    >>> measures(waterfall(2_000_000, [{"new": 1_100_000, "churn": -200_000}]))
    {'mrr': 2900000, 'arr': 34800000, 'net_new': 900000, 'growth': 0.45}
    >>> measures(waterfall(0, [{"new": 10}]))["growth"] is None
    True
    """
    opening, closing = periods[0]["opening"], periods[-1]["closing"]
    return {
        "mrr": closing,
        "arr": 12 * closing,
        "net_new": closing - opening,
        # one division, so that 2.9 / 2.0 - 1 gives 0.45 and not 0.44999...
        "growth": (closing - opening) / opening if opening else None,
    }
