"""Purchases from their documents, and the figures N, Q, R, V and L."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

import pandas

from ..connection import Connection
from ..importing.lookup import chunks
from .compare import Difference, cleaned, differences, frame, links, wrong
from .lines import Companies, exact
from .zones import Zones

PURCHASE = "crm.purchase"
SALES = ["out_invoice", "out_receipt", "out_refund"]
KEY = ["company_id", "res_model", "res_id", "partner_key", "kind"]
VALUES = ["partner_id", "date", "amount", "user_id", "team_id"]
COLUMNS = ["company_id", "res_model", "res_id", "partner_id", *VALUES[1:]]
#: setting of a company -> addon's name of it in messages
SETTING = "crm_metrics_purchase_source"


def verify(
    connection: Connection,
    facts: list[str],
    sample: list[int] | None,
    first: date | None,
    last: date | None,
) -> list[Difference]:
    """Compare purchases with their documents, and the figures with both.

    :param sample: ids of customers, None: all, and purchases of nobody
    :param first: only purchases from this day on
    :param last: only purchases up to this day
    """
    expected = Documents(connection, sample).table()
    domain: list[Any] = [["partner_id", "in", sample]] if sample else []
    stored = cleaned(frame(connection, PURCHASE, domain, [*KEY, *VALUES]))
    if first:
        stored = stored[stored["date"] >= first.isoformat()]
        expected = expected[expected["date"] >= first.isoformat()]
    if last:
        stored = stored[stored["date"] <= last.isoformat()]
        expected = expected[expected["date"] <= last.isoformat()]
    found = differences(PURCHASE, stored, expected, KEY, VALUES)
    if not sample:
        for company in connection.company_ids:
            own = expected[expected["company_id"] == company]
            found += _figures(connection, company, own, first, last)
    return found


def customers(connection: Connection) -> list[int]:
    """Return the ids of all customers with a purchase."""
    return sorted(links(connection, "partner_id", PURCHASE))


class Documents:
    """The documents that say what was bought, and what they refer to."""

    def __init__(self, connection: Connection, sample: list[int] | None) -> None:
        self.connection = connection
        self.sample = sample
        fields = [SETTING, "currency_id"]
        companies = cleaned(frame(connection, "res.company", [], fields))
        self.companies = {row["id"]: row for row in companies.to_dict("records")}
        described = connection.call(
            "res.company", "fields_get", [SETTING], ["selection"]
        )
        #: what may be chosen is what is installed
        self.choices = {value for value, _label in described[SETTING]["selection"]}
        self.zones = Zones(connection)
        self.rows: list[list[Any]] = []
        self._contacts: dict[int, int] = {}

    def table(self) -> pandas.DataFrame:
        """Return the purchases as they should be."""
        self._entries()
        sources = {self._source(company) for company in self.companies}
        if "won" in sources:
            self._deals()
        if "order" in sources:
            self._orders()
        if "invoice" in sources:
            self._invoices()
        table = pandas.DataFrame(self.rows, columns=COLUMNS).astype(object)
        self._read_contacts(table["partner_id"].dropna().unique())
        table["partner_key"] = [
            self._contacts[each] if pandas.notna(each) else 0
            for each in table["partner_id"]
        ]
        return self._joined(table)

    def _joined(self, table: pandas.DataFrame) -> pandas.DataFrame:
        """Add up the lines of a document, and tell purchases from refunds."""
        document = ["company_id", "res_model", "res_id", "partner_key"]
        joined = (
            table.groupby(document, sort=False)
            .agg(
                date=("date", "min"),
                amount=("amount", "sum"),
                user_id=("user_id", "first"),
                team_id=("team_id", "first"),
            )
            .reset_index()
            .astype(object)
        )
        joined = joined[joined["amount"] != 0]
        joined["kind"] = [
            "purchase" if amount > 0 else "refund" for amount in joined["amount"]
        ]
        joined["amount"] = joined["amount"].map(float)
        joined["partner_id"] = joined["partner_key"].replace(0, None)
        return joined

    # ------------------------------------------------------------------
    # documents
    # ------------------------------------------------------------------

    def _of_customers(self, path: str) -> list[Any]:
        return (
            [[f"{path}.commercial_partner_id", "in", self.sample]]
            if self.sample
            else []
        )

    def _read(self, model: str, domain: list[Any], fields: list[str]) -> Any:
        return cleaned(frame(self.connection, model, domain, fields)).itertuples()

    def _add(
        self,
        company: int,
        model: str,
        id_: int,
        partner: int | None,
        day: str | None,
        amount: Decimal,
        user: int | None,
        team: int | None,
    ) -> None:
        if company in self.companies and day:
            self.rows.append([company, model, id_, partner, day, amount, user, team])

    def _entries(self) -> None:
        fields = ["company_id", "partner_id", "date", "amount", "user_id", "team_id"]
        model = "crm.purchase.entry"
        for row in self._read(model, self._of_customers("partner_id"), fields):
            self._add(
                row.company_id,
                model,
                row.id,
                row.partner_id,
                row.date,
                exact(row.amount),
                row.user_id,
                row.team_id,
            )

    def _deals(self) -> None:
        fields = ["company_id", "partner_id", "date_closed", "expected_revenue"]
        fields += ["user_id", "team_id"]
        teams = {
            row.id: row.company_id for row in self._read("crm.team", [], ["company_id"])
        }
        users = {
            row.id: row.company_id
            for row in self._read("res.users", [], ["company_id"])
        }
        won = [["won_status", "=", "won"], ["type", "=", "opportunity"]]
        domain = [*won, *self._of_customers("partner_id")]
        for row in self._read("crm.lead", domain, fields):
            company = row.company_id or teams.get(row.team_id) or users.get(row.user_id)
            if company in self.companies and self._source(company) == "won":
                self._add(
                    company,
                    "crm.lead",
                    row.id,
                    row.partner_id,
                    self.zones.day(row.date_closed, company),
                    exact(row.expected_revenue or 0),
                    row.user_id,
                    row.team_id,
                )

    def _orders(self) -> None:
        fields = ["company_id", "partner_id", "date_order", "amount_untaxed"]
        fields += ["currency_id", "user_id", "team_id"]
        rates = Companies.read(self.connection)
        domain = [["state", "=", "sale"], *self._of_customers("partner_id")]
        for row in self._read("sale.order", domain, fields):
            company = row.company_id
            if company not in self.companies or self._source(company) != "order":
                continue
            on = self.zones.day(row.date_order, company)
            amount = rates.value(
                exact(row.amount_untaxed),
                row.currency_id,
                company,
                date.fromisoformat(on),
            )
            if amount is None:
                continue
            self._add(
                company,
                "sale.order",
                row.id,
                row.partner_id,
                on,
                amount,
                row.user_id,
                row.team_id,
            )

    def _invoices(self) -> None:
        """Product lines of posted invoices: joined by order, else by invoice."""
        has_orders = "order" in self.choices
        posted = [["state", "=", "posted"], ["move_type", "in", SALES]]
        if self.sample:
            posted.append(["commercial_partner_id", "in", self.sample])
        fields = ["company_id", "commercial_partner_id", "invoice_date", "move_type"]
        fields += ["invoice_user_id", *(["team_id"] if has_orders else [])]
        moves = {
            row.id: row
            for row in self._read("account.move", posted, fields)
            if self._source(row.company_id) == "invoice"
        }
        domain = [["display_type", "=", "product"]]
        domain += [[f"move_id.{name}", *rest] for name, *rest in posted]
        fields = ["move_id", "balance", *(["sale_line_ids"] if has_orders else [])]
        lines = [
            row
            for row in self._read("account.move.line", domain, fields)
            if row.move_id in moves
        ]
        orders_of, orders = self._orders_of(lines) if has_orders else ({}, {})
        for line in lines:
            move = moves[line.move_id]
            linked = line.sale_line_ids or () if has_orders else ()
            order = None
            if move.move_type != "out_refund":
                order = min((orders_of[each] for each in linked), default=None)
            document = orders[order] if order else move
            self._add(
                move.company_id,
                "sale.order" if order else "account.move",
                order or move.id,
                move.commercial_partner_id,
                move.invoice_date,
                -exact(line.balance),
                document.user_id if order else move.invoice_user_id,
                document.team_id if has_orders else None,
            )

    def _orders_of(self, lines: list[Any]) -> tuple[dict[int, int], dict[int, Any]]:
        """Return the order of each order line, and these orders."""
        ids = sorted({each for line in lines for each in line.sale_line_ids or ()})
        orders_of = {
            row.id: row.order_id
            for chunk in chunks(ids, 2_000)
            for row in self._read(
                "sale.order.line", [["id", "in", chunk]], ["order_id"]
            )
        }
        orders = {
            row.id: row
            for chunk in chunks(sorted(set(orders_of.values())), 2_000)
            for row in self._read(
                "sale.order", [["id", "in", chunk]], ["user_id", "team_id"]
            )
        }
        return orders_of, orders

    # ------------------------------------------------------------------
    # what they refer to
    # ------------------------------------------------------------------

    def _source(self, company: int) -> str:
        """Return what counts in a company besides imported purchases."""
        automatic = "invoice" if "invoice" in self.choices else "won"
        return self.companies.get(company, {}).get(SETTING) or automatic

    def _read_contacts(self, partner_ids: Any) -> None:
        for chunk in chunks(map(int, partner_ids), 2_000):
            domain = [["id", "in", chunk]]
            for row in self._read("res.partner", domain, ["commercial_partner_id"]):
                self._contacts[row.id] = row.commercial_partner_id


# ----------------------------------------------------------------------
# façade
# ----------------------------------------------------------------------


def _figures(
    connection: Connection,
    company: int,
    expected: pandas.DataFrame,
    first: date | None,
    last: date | None,
) -> list[Difference]:
    """Compare the monthly figures of a company with its purchases."""
    if expected.empty:
        return []
    since = first.isoformat() if first else min(expected["date"])
    until = last.isoformat() if last else max(since, date.today().isoformat())
    answer = connection.call(
        "crm.metrics",
        "nvl",
        {"date_from": since, "date_to": until, "company_ids": [company]},
    )
    today = answer["meta"]["last_day"]
    found = []
    by_month: dict[str, Any] = defaultdict(lambda: expected.iloc[:0])
    by_month |= dict(
        [*expected[expected["date"] <= today].groupby(expected["date"].str[:7])]
    )
    for period in answer["periods"]:
        month = by_month[period["date_from"][:7]]
        about = f"company {company}, {period['date_from']} to {period['date_to']}"
        found += wrong("nvl", None, about, period, _nvl(month))
    return found


def _nvl(month: pandas.DataFrame) -> dict[str, Any]:
    """Return the figures of a month: R = N x V x L."""
    is_known = month["partner_id"].notna()
    is_purchase = month["kind"] == "purchase"
    bought = month[is_known & is_purchase]
    customers_, orders = int(bought["partner_id"].nunique()), len(bought)
    revenue = float(bought["amount"].sum())
    return {
        "customers": customers_,
        "orders": orders,
        "revenue": revenue,
        "value": revenue / orders if orders else None,
        "loyalty": orders / customers_ if orders else None,
        "refunds": float(month.loc[~is_purchase, "amount"].sum()),
        "anonymous": float(month.loc[~is_known & is_purchase, "amount"].sum()),
    }
