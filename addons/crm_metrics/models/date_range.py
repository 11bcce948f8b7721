"""Days on which something of a business can lie.

In the first years of dates no time zone has a beginning, and the last day of 9999 has
none after it: what shows such days breaks.
"""

from datetime import date

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(9998, 12, 31)


def in_range(column):
    """Return the CHECK that the dates of a column are such days, or empty."""
    return f"CHECK ({column} BETWEEN '{FIRST_DAY}' AND '{LAST_DAY}')"
