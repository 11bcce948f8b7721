"""Why a product of factors has changed: an exact sum of one effect a factor.

Additive LMDI-I (Ang, "The LMDI approach to decomposition analysis: a practical
guide", Energy Policy 33, 2005): of a change of R = x1 * x2 * ... the factor k gets

    L(R1, R0) * ln(xk1 / xk0),  L(a, b) = (a - b) / ln(a / b),  L(a, a) = a

and nothing is left over. Where a factor is 0 on one side, the analytic limits stand in
(Ang and Liu, "Handling zero values in the logarithmic mean Divisia index decomposition
approach", Energy Policy 35, 2007); replacing 0 by a small number would not do, because
it converges like 1 / ln(small). Pure Python, no database.
"""

import math

#: of R = N x V x L
FACTORS = ("customers", "value", "loyalty")


def ratios(customers, orders, revenue):
    """Return V and L of a period: revenue an order, orders a customer.

    :param customers: N, `orders`: Q, `revenue`: R, of customers who are known
    :return: tuple (V, L); None where there is nothing to divide by

    >>> ratios(100, 200, 10_000)
    (50.0, 2.0)
    >>> ratios(0, 0, 0)
    (None, None)
    """
    return (
        revenue / orders if orders else None,
        orders / customers if customers else None,
    )


def log_ratio(high, low):
    """Return ln(high / low) of positive numbers, precise where they are close.

    >>> log_ratio(1 + 1e-15, 1)
    1.110223024625156e-15
    """
    if 0.5 < high / low < 2:
        return math.log1p((high - low) / low)
    return math.log(high) - math.log(low)


def logarithmic_mean(one, other):
    """Return the logarithmic mean of two positive numbers.

    >>> logarithmic_mean(7, 7), round(logarithmic_mean(13_500, 10_000), 6)
    (7, 11662.6006)
    """
    return one if one == other else (one - other) / log_ratio(one, other)


def effects(before, after):
    """Return the effect of each factor on the change of their product.

    :param before: factors of the earlier state, none of them negative; None for
        a factor that does not exist there
    :param after: factors of the later one, in the same order
    :return: list of floats, in the same order, that add up to the change

    - The same value on both sides has no effect.
    - A product that is 0 on both sides has not changed, whatever its factors did.
    - Where it was 0 and no longer is, or the other way round, the factors that were
      0 share the change equally, and the others get nothing of it.
    - What does not exist has no effect: without customers, the value of an order is
      not 0 but unknown, and the whole change is the customers'.

    >>> [round(effect, 2) for effect in effects((100, 50, 2), (120, 45, 2.5))]
    [2126.34, -1228.78, 2602.43]
    >>> effects((0, None, None), (120, 45, 2.5))
    [13500.0, 0.0, 0.0]
    >>> effects((10, 0, 2), (10, 5, 2))
    [0.0, 100.0, 0.0]
    """
    pairs = list(zip(before, after, strict=True))
    if any(x is not None and x < 0 for pair in pairs for x in pair):
        raise ValueError(f"a factor is negative: {before!r}, {after!r}")
    product_before, product_after = _product(before), _product(after)
    if product_before and product_after:
        weight = logarithmic_mean(product_after, product_before)
        return [
            0.0 if old == new else weight * log_ratio(new, old) for old, new in pairs
        ]
    change = float(product_after - product_before)
    # of the side that is not 0 all factors are positive
    zeros = [0 in pair and bool(change) for pair in pairs]
    share = change / sum(zeros) if change else 0.0
    return [share if zero else 0.0 for zero in zeros]


def bridge(before, after, round_money=lambda amount: amount):
    """Return what a change of revenue consists of, adding up to the cent.

    The effects are rounded, and what is missing to the rounded change then goes to
    the largest of them: a factor that has not changed keeps 0.

    :param before: tuple (customers, orders, revenue) of the earlier period
    :param after: the same of the later one; revenues are rounded already
    :param round_money: rounds an amount to the currency
    :return: dict, each of :data:`FACTORS` -> amount

    >>> bridge((1, 1, 10.0), (3, 4, 50.0), lambda amount: round(amount, 2))
    {'customers': 27.3, 'value': 5.55, 'loyalty': 7.15}
    """
    (old_customers, _orders, old_revenue) = before
    (new_customers, _orders, new_revenue) = after
    parts = effects((old_customers, *ratios(*before)), (new_customers, *ratios(*after)))
    rounded = [round_money(part) for part in parts]
    largest = max(range(len(parts)), key=lambda index: abs(parts[index]))
    missing = round_money(new_revenue - old_revenue) - sum(rounded)
    rounded[largest] = round_money(rounded[largest] + missing)
    return dict(zip(FACTORS, rounded, strict=True))


def _product(factors):
    # what does not exist stands beside a 0
    return math.prod(factor for factor in factors if factor is not None)
