"""Recurring revenue: from lines, pauses and rates to stretches of one monthly rate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pandas

from ..connection import Connection
from ..importing.lookup import chunks
from .compare import cleaned, frame

DAY = timedelta(days=1)
DAYS_OF_MONTH = Decimal("30.4375")
NEVER = date.max
LINE = "crm.subscription.line"


def day(text: str | None) -> date | None:
    """Return a date of Odoo's."""
    return date.fromisoformat(text) if text else None


def rounded(amount: Decimal, unit: Decimal) -> Decimal:
    """Round to a unit, halves away from 0.

    >>> rounded(Decimal("0.015"), Decimal("0.01"))
    Decimal('0.02')
    """
    return (amount / unit).quantize(Decimal(1), ROUND_HALF_UP) * unit


def exact(number: float) -> Decimal:
    """Return a number as it is written.

    >>> exact(0.1)
    Decimal('0.1')
    """
    return Decimal(repr(float(number or 0)))


@dataclass
class Companies:
    """Companies, and what currencies are worth in them."""

    companies: dict[int, dict[str, Any]]
    units: dict[int, Decimal]
    rates: dict[int, list[tuple[date, int | None, Decimal]]]

    @classmethod
    def read(cls, connection: Connection) -> Companies:
        fields = ["currency_id", "root_id", "crm_metrics_grace_days"]
        fields += ["crm_metrics_reactivation_days", "crm_metrics_revalue_monthly"]
        companies = frame(connection, "res.company", [], fields)
        currencies = frame(connection, "res.currency", [], ["rounding"])
        rates: dict[int, list[tuple[date, int | None, Decimal]]] = {}
        columns = ["currency_id", "company_id", "name", "rate"]
        known = cleaned(frame(connection, "res.currency.rate", [], columns))
        for rate in known.itertuples():
            rates.setdefault(rate.currency_id, []).append(
                (day(rate.name), rate.company_id, exact(rate.rate))
            )
        return cls(
            {row["id"]: row for row in companies.to_dict("records")},
            {row.id: exact(row.rounding) for row in currencies.itertuples()},
            rates,
        )

    def currency(self, company: int) -> int:
        return self.companies[company]["currency_id"]

    def _rate(self, currency: int, company: int, on: date) -> Decimal | None:
        """Return the last rate on or before a day, of the topmost company or shared."""
        root = self.companies[company]["root_id"]
        known = [
            (since, owner is not None, rate)
            for since, owner, rate in self.rates.get(currency, [])
            if since <= on and owner in (None, root)
        ]
        return max(known)[2] if known else None

    def factor(self, currency: int, company: int, on: date) -> Decimal | None:
        """Return what a unit is worth in a company; None: there is no rate."""
        if currency == self.currency(company):
            return Decimal(1)
        rate = self._rate(currency, company, on)
        own = self._rate(self.currency(company), company, on)
        return (own if own is not None else Decimal(1)) / rate if rate else None

    def value(
        self, amount: Decimal, currency: int, company: int, on: date
    ) -> Decimal | None:
        """Return an amount in the currency of a company, at the rate of a day.

        None: there is no rate.
        """
        own = self.currency(company)
        if currency == own:
            return amount
        factor = self.factor(currency, company, on)
        return None if factor is None else rounded(amount * factor, self.units[own])

    def last_rate(self, currency: int, company: int) -> date:
        """Return the day of the last rate that is known of a currency and ours."""
        root = self.companies[company]["root_id"]
        return max(
            (
                since
                for each in {currency, self.currency(company)}
                for since, owner, _rate in self.rates.get(each, [])
                if owner in (None, root)
            ),
            default=date.min,
        )


class Stretches:
    """All stretches of the lines of some customers."""

    def __init__(
        self, connection: Connection, companies: Companies, sample: list[int] | None
    ) -> None:
        """Read the sources.

        :param sample: ids of customers, None: of all
        """
        self.companies = companies
        domain = [["partner_id.commercial_partner_id", "in", sample]] if sample else []
        fields = ["partner_id", "company_id", "currency_id", "user_id", "team_id"]
        fields += ["lead_id", "date_start", "date_end", "close_reason_id"]
        subscriptions = cleaned(frame(connection, "crm.subscription", domain, fields))
        fields = ["subscription_id", "recurring", "recurring_plan_id", "quantity"]
        fields += ["price_unit", "discount", "date_start", "date_end"]
        fields += ["previous_line_id", "close_reason_id"]
        if sample:
            domain = [
                ["subscription_id.partner_id.commercial_partner_id", "in", sample]
            ]
        lines = cleaned(frame(connection, LINE, domain, fields), "recurring")
        self.subscriptions = {
            row["id"]: row for row in subscriptions.to_dict("records")
        }
        self.lines = {row["id"]: row for row in lines.to_dict("records")}
        self.followers = {
            row["previous_line_id"]: row
            for row in self.lines.values()
            if row["previous_line_id"] and row["recurring"]
        }
        self.pauses: dict[int, list[tuple[date, date]]] = {}
        fields = ["subscription_id", "date_from", "date_to"]
        for pause in cleaned(
            frame(connection, "crm.subscription.pause", domain, fields)
        ).itertuples():
            self.pauses.setdefault(pause.subscription_id, []).append(
                (day(pause.date_from), day(pause.date_to) or NEVER)
            )
        plans = frame(
            connection, "crm.recurring.plan", [], ["interval_number", "interval_type"]
        )
        self.plans = {row.id: row for row in plans.itertuples()}
        self.customers = _customers(connection, subscriptions["partner_id"].unique())

    def table(self) -> pandas.DataFrame:
        """Return the stretches as they should be: a row for each segment."""
        rows = []
        for line in self.lines.values():
            subscription = self.subscriptions.get(line["subscription_id"])
            if line["recurring"] and subscription:
                rows += self._of_line(line, subscription)
        columns = ["res_model", "res_id", "date_from", "date_to", "company_id"]
        columns += ["partner_id", "user_id", "team_id", "lead_id", "currency_id"]
        columns += ["recurring_plan_id", "rate_currency", "full_rate", "rests"]
        columns += ["close_reason_id", "start_reason", "end_reason", "goes_free"]
        table = pandas.DataFrame(rows, columns=columns).astype(object)
        for key, customer in table.groupby(["company_id", "partner_id"]):
            grace = self.companies.companies[key[0]]["crm_metrics_grace_days"]
            if grace:
                self._bridge(table, customer, timedelta(grace))
        table["paused"] = table["rests"].astype(bool) & (table["full_rate"] > 0)
        table["rate_currency"] = [
            Decimal(0) if rests else full
            for rests, full in zip(table["rests"], table["full_rate"], strict=True)
        ]
        table["rate"] = [
            self.companies.value(
                row.rate_currency, row.currency_id, row.company_id, row.date_from
            )
            for row in table.itertuples()
        ]
        goes_on = (
            table["end_reason"].isin(["pause", "resume"]) | table["date_to"].isna()
        )
        table.loc[goes_on, "close_reason_id"] = None
        return table

    # ------------------------------------------------------------------
    # one line
    # ------------------------------------------------------------------

    def _of_line(self, line: dict[str, Any], its: dict[str, Any]) -> list[list[Any]]:
        starts = [day(each) for each in (line["date_start"], its["date_start"]) if each]
        ends = [day(each) for each in (line["date_end"], its["date_end"]) if each]
        company, currency = its["company_id"], its["currency_id"]
        rate = self._rate(line, currency)
        if not starts or rate is None or company not in self.companies.companies:
            return []
        # the last day of the calendar has none after it, it is no end
        ends = [end for end in ends if end < NEVER]
        first, after = max(starts), min(ends) + DAY if ends else None
        if after and after <= first:
            return []
        reason = line["close_reason_id"]
        if reason is None and (
            not line["date_end"]
            or (its["date_end"] and line["date_end"] >= its["date_end"])
        ):
            reason = its["close_reason_id"]
        before = self.lines.get(line["previous_line_id"])
        following = self.followers.get(line["id"])
        begins = _change(before, line) if before else "item"
        finishes = _change(line, following) if following else "item"
        goes_free = bool(
            following
            and after
            and day(following["date_start"]) == after
            and not _price(following)
        )
        cut = _cut(first, after, self.pauses.get(its["id"], []))
        rows = []
        for number, (start, end, rests) in enumerate(cut):
            if self.companies.factor(currency, company, start) is None:
                continue
            is_last = number + 1 == len(cut)
            why = ("pause" if rests else "resume") if number else begins
            next_rests = not is_last and cut[number + 1][2]
            end_why = finishes if is_last else ("pause" if next_rests else "resume")
            rows.append(
                [
                    LINE,
                    line["id"],
                    start,
                    end,
                    company,
                    self.customers[its["partner_id"]],
                ]
                + [its["user_id"], its["team_id"], its["lead_id"], currency]
                + [line["recurring_plan_id"], None, rate, rests, reason, why, end_why]
                + [goes_free and is_last]
            )
        return rows

    def _rate(self, line: dict[str, Any], currency: int) -> Decimal | None:
        """Return what a line is a month, in its currency; None: without a length."""
        plan = self.plans.get(line["recurring_plan_id"])
        if not plan or not plan.interval_number or not plan.interval_type:
            return None
        number = int(plan.interval_number)
        price = _price(line)
        if plan.interval_type in ("month", "year"):
            monthly = price / (number * (12 if plan.interval_type == "year" else 1))
        else:
            days = number * (7 if plan.interval_type == "week" else 1)
            monthly = price * DAYS_OF_MONTH / days
        return rounded(monthly, self.companies.units[currency])

    def _bridge(
        self, table: pandas.DataFrame, customer: pandas.DataFrame, grace: timedelta
    ) -> None:
        """Let the lines of a customer run on over gaps that are short enough."""
        alive = customer[customer["full_rate"] > 0].sort_values("date_from")
        covered = None
        for start, begun in alive.groupby("date_from"):
            if covered and covered < start <= covered + grace:
                ended = alive.index[alive["date_to"] == covered]
                table.loc[ended, "date_to"] = start
            reach = max(end or NEVER for end in begun["date_to"])
            covered = max(covered or reach, reach)


def _price(line: dict[str, Any]) -> Decimal:
    """Return the price of one period of the plan."""
    price = exact(line["quantity"]) * exact(line["price_unit"])
    return price * (100 - exact(line["discount"])) / 100


def _change(old: dict[str, Any], new: dict[str, Any]) -> str | None:
    """Return what differs first between two versions of an item."""
    plans = old["recurring_plan_id"], new["recurring_plan_id"]
    if all(plans) and plans[0] != plans[1]:
        return "plan"
    for field, name in (
        ("discount", "discount"),
        ("price_unit", "price"),
        ("quantity", "quantity"),
    ):
        if exact(old[field]) != exact(new[field]):
            return name
    return None


def _cut(
    first: date, after: date | None, pauses: list[tuple[date, date]]
) -> list[tuple[date, date | None, bool]]:
    """Cut the days of a line into those that run and those that rest.

    >>> [*map(str, _cut(date(2026, 1, 1), None, [])[0])]
    ['2026-01-01', 'None', 'False']
    """
    found = []
    start = first
    end = after or NEVER
    for begin, last in sorted(pauses):
        if last < start or begin >= end:
            continue
        if begin > start:
            found.append((start, begin, False))
        start = min(last + DAY if last < NEVER else NEVER, end)
        found.append((max(begin, first), start, True))
    if start < end:
        found.append((start, end, False))
    return [
        (begin, None if last == NEVER else last, rests) for begin, last, rests in found
    ]


def _customers(connection: Connection, partner_ids: Any) -> dict[int, int]:
    """Return the customer (commercial partner) of contacts."""
    return {
        partner["id"]: partner["commercial_partner_id"]
        for chunk in chunks(map(int, partner_ids), 2_000)
        for page in connection.pages(
            "res.partner", [["id", "in", chunk]], ["commercial_partner_id"]
        )
        for partner in page
    }
