"""The slow and obvious second way to the purchases of a company.

It reads the documents row by row and goes through them in plain Python, one by one; it
shares nothing with the SQL of the addons but the rules of DESIGN and the names of
tables.
"""

from collections import Counter
from decimal import ROUND_HALF_UP, Decimal

import pytz

#: what counts in a company that has not chosen, with Invoicing installed
AUTOMATIC = "invoice"
SALES = ("out_invoice", "out_receipt", "out_refund")


def read(env):
    """Read all documents as they stand in the database: dict, table -> id -> row."""
    env.flush_all()
    tables = {
        "res_company": "crm_metrics_purchase_source AS source, currency_id, "
        "resource_calendar_id, parent_path",
        "res_currency": "rounding::text",
        "res_currency_rate": "currency_id, company_id, name, rate::text",
        "resource_calendar": "tz",
        "res_partner": "commercial_partner_id",
        "res_users": "company_id",
        "crm_team": "company_id",
        "crm_purchase_entry": "partner_id, company_id, date, amount::text, user_id, "
        "team_id",
        "crm_lead": "partner_id, company_id, user_id, team_id, date_closed, type, "
        "won_status, expected_revenue::text AS amount",
        "account_move": "commercial_partner_id, company_id, invoice_date, state, "
        "move_type, invoice_user_id, team_id",
        "account_move_line": "move_id, display_type, balance::text",
        "sale_order_line": "order_id",
        "sale_order": "partner_id, company_id, state, date_order, currency_id, "
        "amount_untaxed::text, user_id, team_id",
    }
    world = {}
    for table, columns in tables.items():
        env.cr.execute(f"SELECT id, {columns} FROM {table}")
        world[table] = {row["id"]: row for row in env.cr.dictfetchall()}
    env.cr.execute(
        "SELECT invoice_line_id, order_line_id FROM sale_order_line_invoice_rel"
    )
    world["links"] = env.cr.fetchall()
    return world


class Purchases:
    """All purchases and what is left out, as of what was read."""

    def __init__(self, world):
        self.world = world
        self.rows = Counter()
        self.issues = Counter()
        self.entries()
        self.deals()
        self.orders()
        self.invoices()

    # -- what the documents refer to ---------------------------------------

    def customer(self, partner_id):
        if not partner_id:
            return None
        return self.world["res_partner"][partner_id]["commercial_partner_id"]

    def source(self, company_id):
        return self.world["res_company"][company_id]["source"] or AUTOMATIC

    def counts(self, source, company_id):
        if company_id:
            return self.source(company_id) == source
        # listed where it would count in any
        return source in map(self.source, self.world["res_company"])

    def rate(self, currency_id, company_id, day):
        """The last one on or before a day, of the topmost company or of all."""
        path = self.world["res_company"][company_id]["parent_path"]
        owners = (None, int(path.split("/")[0]))
        return max(
            (
                (rate["name"], rate["company_id"] is not None, Decimal(rate["rate"]))
                for rate in self.world["res_currency_rate"].values()
                if rate["currency_id"] == currency_id
                and rate["company_id"] in owners
                and rate["name"] <= day
            ),
            default=(None, None, None),
        )[2]

    def day(self, moment, company_id):
        if moment is None:
            return None
        company = self.world["res_company"][company_id]
        calendar = self.world["resource_calendar"].get(company["resource_calendar_id"])
        zone = pytz.timezone(calendar["tz"] if calendar and calendar["tz"] else "UTC")
        return pytz.utc.localize(moment).astimezone(zone).date()

    def add(self, model, id_, customer, company_id, day, amount, user_id, team_id):
        if amount == 0:
            return
        if not company_id:
            self.issues[model, id_, "no_company"] += 1
        elif amount is None:
            self.issues[model, id_, "missing_rate"] += 1
        elif day is None:
            self.issues[model, id_, "no_date"] += 1
        else:
            kind = "purchase" if amount > 0 else "refund"
            values = (customer or 0, customer, company_id, model, id_, kind, day)
            self.rows[(*values, amount.normalize(), user_id, team_id)] += 1

    # -- documents -----------------------------------------------------------

    def entries(self):
        for id_, entry in self.world["crm_purchase_entry"].items():
            self.add(
                "crm.purchase.entry",
                id_,
                self.customer(entry["partner_id"]),
                entry["company_id"],
                entry["date"],
                Decimal(entry["amount"]),
                entry["user_id"],
                entry["team_id"],
            )

    def deals(self):
        for id_, lead in self.world["crm_lead"].items():
            if lead["won_status"] != "won" or lead["type"] != "opportunity":
                continue
            company_id = lead["company_id"]
            if not company_id and lead["team_id"]:
                company_id = self.world["crm_team"][lead["team_id"]]["company_id"]
            if not company_id and lead["user_id"]:
                company_id = self.world["res_users"][lead["user_id"]]["company_id"]
            if self.counts("won", company_id):
                self.add(
                    "crm.lead",
                    id_,
                    self.customer(lead["partner_id"]),
                    company_id,
                    company_id and self.day(lead["date_closed"], company_id),
                    Decimal(lead["amount"] or 0),
                    lead["user_id"],
                    lead["team_id"],
                )

    def orders(self):
        for id_, order in self.world["sale_order"].items():
            if order["state"] != "sale" or self.source(order["company_id"]) != "order":
                continue
            company = self.world["res_company"][order["company_id"]]
            day = self.day(order["date_order"], order["company_id"])
            amount = Decimal(order["amount_untaxed"])
            if order["currency_id"] != company["currency_id"]:
                currency = self.world["res_currency"][company["currency_id"]]
                unit = Decimal(currency["rounding"])
                rate = self.rate(order["currency_id"], company["id"], day)
                own = self.rate(company["currency_id"], company["id"], day)
                if rate is None:
                    amount = None
                else:
                    units = amount * (own or 1) / rate / unit
                    amount = units.quantize(Decimal(1), ROUND_HALF_UP) * unit
            self.add(
                "sale.order",
                id_,
                self.customer(order["partner_id"]),
                order["company_id"],
                day,
                amount,
                order["user_id"],
                order["team_id"],
            )

    def order_of(self, line_id):
        """Return the order of an invoice's line: of several the first."""
        orders = [
            self.world["sale_order_line"][order_line]["order_id"]
            for invoice_line, order_line in self.world["links"]
            if invoice_line == line_id
        ]
        return min(orders, default=None)

    def invoices(self):
        purchases = {}
        for id_, line in self.world["account_move_line"].items():
            move = self.world["account_move"][line["move_id"]]
            if line["display_type"] != "product" or move["state"] != "posted":
                continue
            if move["move_type"] not in SALES:
                continue
            if self.source(move["company_id"]) != "invoice":
                continue
            customer = self.customer(move["commercial_partner_id"])
            order = None
            if move["move_type"] != "out_refund":
                order = self.order_of(id_)
            document = ("sale.order", order) if order else ("account.move", move["id"])
            key = (document, customer, move["company_id"])
            days, amount = purchases.get(key, ([], 0))
            days = [*days, move["invoice_date"]]
            purchases[key] = days, amount - Decimal(line["balance"])
        for (document, customer, company_id), (days, amount) in purchases.items():
            model, id_ = document
            if model == "sale.order":
                record = self.world["sale_order"][id_]
                seller = record["user_id"]
            else:
                record = self.world["account_move"][id_]
                seller = record["invoice_user_id"]
            self.add(
                model,
                id_,
                customer,
                company_id,
                min(days),
                amount,
                seller,
                record["team_id"],
            )
