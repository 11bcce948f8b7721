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


#: Figures of :func:`measures` that are money.
MONEY = frozenset(
    {"mrr", "arr", "carr", "weighted_pipeline_mrr", "net_new"} | {"arpa", "asp", "ltv"}
)

#: Days of a month of the range: 365.25 / 12.
DAYS_OF_MONTH = 30.4375


def ratio(part, whole):
    """Return part / whole, None when there is nothing to compare with.

    >>> ratio(1, 4), ratio(1, 0)
    (0.25, None)
    """
    return part / whole if whole else None


def measures(
    periods, customers, days, year, total=0, top10=0, committed=None, weighted=None
):
    """Return the figures of a whole range.

    With B the opening rate, N new, R reactivation, E expansion, C contraction,
    X churn over the range (losses negative):

    - `mrr` closing rate, `arr` = 12 x MRR (a run rate, not bookings), `net_new`
      = closing - B (currency effects included), `growth` = closing / B - 1
    - `gross_churn` = -(C + X) / B, `net_churn` = -(C + X + E + R) / B,
      `logo_churn` = lost customers / opening customers
    - `quick_ratio` = (N + R + E) / -(C + X)
    - `arpa` = closing rate / closing customers, `asp` = N / new customers,
      `ltv` = arpa x months of the range / logo churn
    - `nrr_12m`, `grr_12m`, `logo_retention_12m`: of the customers of the same
      day a year before, their rate now, the smaller of then and now customer by
      customer, and how many are left
    - `top10_share` of the ten largest customers, `carr` = 12 x (rate + what is
      agreed on for later), `weighted_pipeline_mrr`

    Definitions as in ChartMogul's help pages and the documentation of
    saas-metrics, which name the first seven alike.

    :param periods: what :func:`waterfall` returns, at least one period
    :param customers: what :func:`logo_waterfall` returns for them
    :param days: length of the range
    :param dict year: `then`, `kept`, `capped` (money), `alive_then`, `alive_still`
    :param total: rate of all customers, `top10`: of the ten largest
    :param committed: money a month agreed on for later, None: not known
    :param weighted: open pipeline, None: not known
    :return: dict; what does not exist is None

    >>> sums = [{"new": 50, "reactivation": 80, "expansion": 50, "contraction": -80}]
    >>> heads = logo_waterfall(4, [{"new": 1, "reactivation": 1, "churn": -1}])
    >>> year = {"then": 500, "kept": 450, "capped": 400}
    >>> year |= {"alive_then": 5, "alive_still": 5}
    >>> figures = measures(waterfall(400, sums), heads, 31, year)
    >>> figures["quick_ratio"], figures["nrr_12m"], figures["grr_12m"], figures["carr"]
    (2.25, 0.9, 0.8, None)
    >>> measures(waterfall(0, [{"new": 10}]), heads, 31, year)["growth"] is None
    True
    """
    opening, closing = periods[0]["opening"], periods[-1]["closing"]
    part = {kind: sum(row[kind] for row in periods) for kind in KINDS}
    heads = {kind: sum(row[kind] for row in customers) for kind in LOGO_KINDS}
    lost = part["contraction"] + part["churn"]
    gained = part["new"] + part["reactivation"] + part["expansion"]
    logo_churn = ratio(-heads["churn"], customers[0]["opening"])
    arpa = ratio(closing, customers[-1]["closing"])
    months = days / DAYS_OF_MONTH
    return {
        "mrr": closing,
        "arr": 12 * closing,
        "carr": None if committed is None else 12 * (closing + committed),
        "weighted_pipeline_mrr": weighted,
        "net_new": closing - opening,
        # one division, so that 2.9 / 2.0 - 1 gives 0.45 and not 0.44999...
        "growth": ratio(closing - opening, opening),
        "gross_churn": ratio(-lost, opening),
        "net_churn": ratio(-(lost + part["expansion"] + part["reactivation"]), opening),
        "logo_churn": logo_churn,
        "quick_ratio": ratio(gained, -lost),
        "arpa": arpa,
        "asp": ratio(part["new"], heads["new"]),
        "ltv": arpa * months / logo_churn if arpa is not None and logo_churn else None,
        "nrr_12m": ratio(year["kept"], year["then"]),
        "grr_12m": ratio(year["capped"], year["then"]),
        "logo_retention_12m": ratio(year["alive_still"], year["alive_then"]),
        "top10_share": ratio(top10, total),
    }


def cohort(name, changes, round_money):
    """Return a cohort from its changes month by month.

    :param name: what the cohort is called
    :param changes: one tuple a month from the first one on: customers who began,
        change of customers alive, of money, of money capped at the base
    :param round_money: rounds an amount to the currency
    :return: dict with `cohort`, `customers`, `mrr` and `ages`

    >>> cohort("2026-01", [(2, 2, 300, 300), (0, 0, 0, 0), (0, -1, -80, -100)], round)
    ... # doctest: +NORMALIZE_WHITESPACE
    {'cohort': '2026-01', 'customers': 2, 'mrr': 300,
     'ages': [{'age': 0, 'customers': 2, 'net': 300, 'gross': 300},
              {'age': 1, 'customers': 2, 'net': 300, 'gross': 300},
              {'age': 2, 'customers': 1, 'net': 220, 'gross': 200}]}
    """
    ages = []
    began = alive = net = gross = 0
    for age, (new, alive_change, net_change, gross_change) in enumerate(changes):
        began += new
        alive += alive_change
        net += net_change
        gross += gross_change
        ages.append(
            {
                "age": age,
                "customers": alive,
                "net": round_money(net),
                "gross": round_money(gross),
            }
        )
    return {"cohort": name, "customers": began, "mrr": ages[0]["net"], "ages": ages}
