"""Recurring revenue: segments, movements, and the waterfall of the façade."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas

from ..connection import Connection
from .compare import Difference, cleaned, differences, frame, links, wrong
from .lines import LINE, Companies, Stretches, day

SEGMENT, MOVEMENT = "crm.mrr.segment", "crm.mrr.movement"
KINDS = (
    "new",
    "reactivation",
    "expansion",
    "contraction",
    "churn",
    "fx",
    "transfer",
)
#: what tells a movement from all others: a line may be valued anew as it ends
KEY = ["line", "since", "date", "is_fx"]
CUSTOMER_DAY = ["company_id", "partner_id", "date"]


def verify(
    connection: Connection,
    facts: list[str],
    sample: list[int] | None,
    first: date | None,
    last: date | None,
) -> list[Difference]:
    """Compare segments, movements and the waterfall with the subscriptions.

    :param sample: ids of customers, None: all
    :param first: only movements from this day on
    :param last: only movements up to this day
    """
    companies = Companies.read(connection)
    stretches = Stretches(connection, companies, sample).table()
    found = []
    if SEGMENT in facts:
        found += _segments(connection, stretches, sample, first, last)
    if MOVEMENT in facts:
        kinds = frame(connection, "crm.subscription.close.reason", [], ["kind"])
        reasons = dict(zip(kinds["id"], kinds["kind"], strict=True))
        expected = movements(companies, stretches, reasons)
        found += _movements(connection, expected, sample, first, last)
        if not sample:
            for company in connection.company_ids:
                own = expected[expected["company_id"] == company]
                found += _waterfall(connection, company, own, first, last)
    return found


def _within(
    table: pandas.DataFrame, column: str, first: date | None, last: date | None
) -> pandas.DataFrame:
    kept = pandas.Series(True, index=table.index)
    if first:
        kept &= table[column] >= first
    if last:
        kept &= table[column] <= last
    return table[kept]


# ----------------------------------------------------------------------
# segments
# ----------------------------------------------------------------------


def _segments(
    connection: Connection,
    stretches: pandas.DataFrame,
    sample: list[int] | None,
    first: date | None,
    last: date | None,
) -> list[Difference]:
    values = ["partner_id", "company_id", "user_id", "team_id", "lead_id"]
    values += ["recurring_plan_id", "currency_id", "date_to", "rate_currency", "rate"]
    values += ["paused", "close_reason_id"]
    key = ["res_model", "res_id", "date_from"]
    domain: list[Any] = [["res_model", "=", LINE]]
    if sample:
        domain.append(["partner_id", "in", sample])
    stored = cleaned(frame(connection, SEGMENT, domain, [*key, *values]), "paused")
    for name in ("date_from", "date_to"):
        stored[name] = stored[name].map(day)
    expected = stretches.copy()
    for name in ("rate_currency", "rate"):
        expected[name] = expected[name].map(float)
    return differences(
        SEGMENT,
        _within(stored, "date_from", first, last),
        _within(expected, "date_from", first, last),
        key,
        values,
    )


# ----------------------------------------------------------------------
# movements
# ----------------------------------------------------------------------


def movements(
    companies: Companies, stretches: pandas.DataFrame, reasons: dict[int, str]
) -> pandas.DataFrame:
    """Return the movements of stretches as they should be.

    A row for each edge, those of 0 included, and one for each revaluation. Column
    `customers` has the change of the number of customers of the whole day, in each row.
    """
    edges, gains = [], []
    for row in stretches.itertuples():
        alive = int(row.paused or row.rate_currency > 0)
        carried = row.rate
        for at in _valued_again(companies, row):
            worth = companies.value(
                row.rate_currency, row.currency_id, row.company_id, at
            )
            if worth != carried:
                due = at == row.date_to and _is_due(row, row.end_reason)
                gains.append([row.Index, at, worth - carried, due])
            carried = worth
        edges.append(
            [row.Index, row.date_from, row.rate, alive, row.start_reason, False]
        )
        if row.date_to:
            edges.append(
                [row.Index, row.date_to, -carried, -alive, row.end_reason, True]
            )
    columns = ["stretch", "date", "amount", "step", "why", "ends"]
    edge = pandas.DataFrame(edges, columns=columns).astype(object)
    edge["step"] = edge["step"].astype(int)
    edge = edge.join(stretches, on="stretch")
    days = _days(companies, edge)
    edge = edge.merge(days, on=CUSTOMER_DAY, how="inner")
    edge["reason"] = [_reason(row, reasons) for row in edge.itertuples()]
    edge["renewal_due"] = [
        row.ends and _is_due(row, row.why) for row in edge.itertuples()
    ]
    edge.loc[~edge["ends"].astype(bool), "close_reason_id"] = None
    gain = pandas.DataFrame(gains, columns=["stretch", "date", "amount", "renewal_due"])
    gain = gain.astype(object).join(stretches, on="stretch")
    gain = gain.assign(kind="fx", reason=None, close_reason_id=None, customers=0)
    columns = ["res_model", "res_id", "date_from", *CUSTOMER_DAY, "kind", "amount"]
    columns += ["customers", "reason", "close_reason_id", "renewal_due"]
    columns += ["lead_id", "team_id", "user_id"]
    table = pandas.concat([edge[columns], gain[columns]], ignore_index=True)
    table["amount"] = table["amount"].map(float)
    return table.astype(object).where(table.notna(), None)


def _valued_again(companies: Companies, row: Any) -> list[date]:
    """Return the days on which a foreign stretch is valued anew, in their order."""
    if row.currency_id == companies.currency(row.company_id):
        return []
    found = []
    if companies.companies[row.company_id]["crm_metrics_revalue_monthly"]:
        known_to = companies.last_rate(row.currency_id, row.company_id)
        at = _next_month(row.date_from)
        while at <= known_to and (not row.date_to or at < row.date_to):
            found.append(at)
            at = _next_month(at)
    return [*found, row.date_to] if row.date_to else found


def _next_month(from_: date) -> date:
    """Return the first day of the month after.

    >>> str(_next_month(date(2026, 12, 31)))
    '2027-01-01'
    """
    return (from_.replace(day=1) + timedelta(days=32)).replace(day=1)


def _days(companies: Companies, edge: pandas.DataFrame) -> pandas.DataFrame:
    """Return the kind of each customer's day, and who came or went on it."""
    moved = edge[edge["step"] != 0]
    day_ = (
        moved.groupby(CUSTOMER_DAY, sort=True)
        .agg(net=("amount", "sum"), step=("step", "sum"))
        .reset_index()
    )
    customer = day_.groupby(["company_id", "partner_id"])
    day_["alive"] = customer["step"].cumsum()
    day_["before"] = customer["date"].shift()
    kinds, customers = [], []
    for row in day_.itertuples():
        window = companies.companies[row.company_id]["crm_metrics_reactivation_days"]
        was, is_ = row.alive - row.step, row.alive
        if not was and is_:
            is_back = isinstance(row.before, date) and not (
                window and (row.date - row.before).days > window
            )
            kinds.append("reactivation" if is_back else "new")
        elif was and not is_:
            kinds.append("churn")
        elif row.net:
            kinds.append("expansion" if row.net > 0 else "contraction")
        else:
            kinds.append("transfer")
        customers.append(int(is_ > 0) - int(was > 0))
    day_["kind"], day_["customers"] = kinds, customers
    return day_[[*CUSTOMER_DAY, "kind", "customers"]]


def _reason(row: Any, reasons: dict[int, str]) -> str | None:
    if row.kind in ("new", "reactivation"):
        return None
    if row.kind == "churn":
        if row.goes_free:
            return "free"
        return reasons.get(row.close_reason_id, "unknown")
    if row.kind in ("expansion", "contraction"):
        return row.why or "item"
    return row.why


def _is_due(row: Any, why: Any) -> bool:
    """Whether an agreement merely runs out: nobody has closed it, nothing follows."""
    return why == "item" and pandas.isna(row.close_reason_id)


def _movements(
    connection: Connection,
    expected: pandas.DataFrame,
    sample: list[int] | None,
    first: date | None,
    last: date | None,
) -> list[Difference]:
    domain: list[Any] = [["partner_id", "in", sample]] if sample else []
    fields = ["date", "company_id", "partner_id", "kind", "amount", "customers"]
    fields += ["reason", "close_reason_id", "renewal_due", "segment_id"]
    fields += ["lead_id", "team_id", "user_id"]
    stored = cleaned(frame(connection, MOVEMENT, domain, fields), "renewal_due")
    names = ["res_model", "res_id", "date_from"]
    segments = cleaned(frame(connection, SEGMENT, domain, names))
    stored = stored.merge(
        segments.rename(columns={"id": "segment_id"}), on="segment_id", how="left"
    )
    stored = stored.astype(object).where(stored.notna(), None)
    # lines of other sources are not looked at
    foreign = stored["res_model"].notna() & (stored["res_model"] != LINE)
    stored = stored[~foreign]
    stored["date"] = stored["date"].map(day)
    stored["date_from"] = stored["date_from"].map(day)
    stored, expected = (
        _within(each, "date", first, last).assign(
            line=lambda table: table["res_id"],
            since=lambda table: table["date_from"],
            is_fx=lambda table: table["kind"] == "fx",
        )
        for each in (stored, expected)
    )
    values = ["company_id", "partner_id", "kind", "amount", "reason"]
    values += ["close_reason_id", "renewal_due", "lead_id", "team_id", "user_id"]
    # a row of 0 is there only where it carries a customer: which one does is free
    nothing = expected[expected["amount"] == 0]
    carriers = {tuple(row) for row in nothing[KEY].itertuples(index=False)}
    is_carrier = [
        amount == 0 and customers != 0 and tuple(key) in carriers
        for amount, customers, key in zip(
            stored["amount"],
            stored["customers"],
            stored[KEY].itertuples(index=False),
            strict=True,
        )
    ]
    stored["is_carrier"] = is_carrier
    found = differences(
        MOVEMENT,
        stored[~stored["is_carrier"].astype(bool)],
        expected[expected["amount"] != 0],
        KEY,
        values,
    )
    return found + _customers(stored, expected)


def _customers(
    stored: pandas.DataFrame, expected: pandas.DataFrame
) -> list[Difference]:
    """Compare who came and went on each customer's day: a sum over its rows."""
    was = (
        stored.groupby(CUSTOMER_DAY)
        .agg(customers=("customers", "sum"), id=("id", "min"))
        .reset_index()
    )
    should = expected[expected["kind"] != "fx"].drop_duplicates(CUSTOMER_DAY)
    both = was.merge(should, on=CUSTOMER_DAY, how="outer", suffixes=("", "_expected"))
    found = []
    for row in both.itertuples():
        stored_, wanted = _or_none(row.customers), _or_none(row.customers_expected)
        # a day that is missing or too much has been told already, unless all is 0
        if (stored_ or 0) != (wanted or 0):
            about = f"company {row.company_id}, customer {row.partner_id}, {row.date}"
            id_ = _or_none(row.id)
            found.append(
                Difference(MOVEMENT, id_, about, "customers", stored_ or 0, wanted or 0)
            )
    return found


def _or_none(value: Any) -> int | None:
    return None if pandas.isna(value) else int(value)


# ----------------------------------------------------------------------
# façade
# ----------------------------------------------------------------------


def _waterfall(
    connection: Connection,
    company: int,
    expected: pandas.DataFrame,
    first: date | None,
    last: date | None,
) -> list[Difference]:
    """Compare the monthly waterfall of a company with the movements."""
    if expected.empty:
        return []
    first = first or min(expected["date"])
    last = last or max(first, date.today())
    answer = connection.call(
        "crm.metrics",
        "recurring",
        {
            "date_from": first.isoformat(),
            "date_to": last.isoformat(),
            "company_ids": [company],
        },
    )
    today = day(answer["meta"]["last_day"])
    expected = expected[expected["date"] <= today]
    # the change of a customer's day is in each of its rows
    heads = expected[expected["kind"] != "fx"].drop_duplicates(CUSTOMER_DAY)
    found = []
    for period in answer["periods"]:
        start, end = day(period["date_from"]), day(period["date_to"])
        before = expected[expected["date"] < start]
        within = expected[(expected["date"] >= start) & (expected["date"] <= end)]
        wanted: dict[str, Any] = {"opening": float(before["amount"].sum())}
        wanted |= {
            kind: float(within.loc[within["kind"] == kind, "amount"].sum())
            for kind in KINDS
        }
        wanted["closing"] = sum(wanted.values())
        came = heads[(heads["date"] >= start) & (heads["date"] <= end)]
        counts = {"opening": int(heads.loc[heads["date"] < start, "customers"].sum())}
        counts |= {
            kind: int(came.loc[came["kind"] == kind, "customers"].sum())
            for kind in ("new", "reactivation", "churn")
        }
        counts["closing"] = sum(counts.values())
        about = f"company {company}, {start} to {end}"
        said = {name: period[name] for name in wanted}
        said |= {f"customers.{name}": period["customers"][name] for name in counts}
        wanted |= {f"customers.{name}": count for name, count in counts.items()}
        found += wrong("recurring", None, about, said, wanted)
    return found


def customers(connection: Connection) -> list[int]:
    """Return the ids of all customers with a subscription or a movement."""
    stored = links(connection, "partner_id", SEGMENT, MOVEMENT)
    asked = links(connection, "commercial_partner_id", "crm.subscription")
    return sorted(stored | asked)
