"""What verify makes of lines with dates at the end of the calendar."""

from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest

from crm_metrics_cli.verify.lines import NEVER, Companies, Stretches


@pytest.fixture
def stretches():
    """Return the stretches of a line with these dates, the pauses given."""

    def make(line_end, date_end, *pauses):
        made = object.__new__(Stretches)
        made.companies = Companies({1: {"currency_id": 1}}, {1: Decimal("0.01")}, {})
        made.plans = {1: SimpleNamespace(interval_number=1, interval_type="month")}
        made.lines = made.followers = {}
        made.customers = {5: 5}
        made.pauses = {3: [*pauses]}
        its = dict.fromkeys(("user_id", "team_id", "lead_id", "close_reason_id"))
        its |= {"id": 3, "company_id": 1, "currency_id": 1, "partner_id": 5}
        its |= {"date_start": "2026-01-01", "date_end": date_end}
        line = dict.fromkeys(("date_start", "close_reason_id", "previous_line_id"))
        line |= {"id": 4, "date_end": line_end, "recurring_plan_id": 1}
        line |= {"quantity": 1.0, "price_unit": 10.0, "discount": 0.0}
        found = made._of_line(line, its)
        return [(row[2].isoformat(), row[3] and row[3].isoformat()) for row in found]

    return make


@pytest.mark.parametrize(
    ("line_end", "date_end", "after"),
    [
        (None, None, None),
        ("2026-05-31", "9999-12-31", "2026-06-01"),
        ("9999-12-31", None, None),
        ("9999-12-31", "9999-12-31", None),
        ("9998-12-31", "9999-12-31", "9999-01-01"),
    ],
)
def test_the_last_day_of_the_calendar_is_no_end(stretches, line_end, date_end, after):
    assert stretches(line_end, date_end) == [("2026-01-01", after)]


def test_a_pause_until_then(stretches):
    pause = date(2026, 3, 1), NEVER
    assert stretches(None, "9999-12-31", pause) == [
        ("2026-01-01", "2026-03-01"),
        ("2026-03-01", None),
    ]
