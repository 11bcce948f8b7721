from .sheet import MetricsSheet

COUNT = "#,##0"


class NvlSheet(MetricsSheet):
    """What `crm.metrics.nvl` says, as a spreadsheet."""

    FILE = "customer_revenue"

    def __init__(self, env, result, options):
        super().__init__(env, env._("Customer Revenue"), result, options)
        self.write_periods(result)
        self.row += 1
        self.write_effects(result["effects"])
        if "groups" in result:
            for group in [*result["groups"], {**result, "name": env._("Whole")}]:
                self.row += 1
                self.write_row(group["name"], bold=True, font_size=12)
                self.write_periods(group)
                self.row += 1
                self.write_effects(group["effects"])
        if result["levers"]:
            self.row += 1
            self.write_levers(result["levers"])

    def columns(self):
        """Return key -> label and number format of a period's figures."""
        return {
            "revenue": (self.env._("Revenue (R)"), self.money),
            "customers": (self.env._("Customers (N)"), COUNT),
            "value": (self.env._("Average purchase (V)"), self.money),
            "loyalty": (self.env._("Purchases per customer (L)"), "#,##0.0000"),
            "orders": (self.env._("Purchases (Q)"), COUNT),
            "new_customers": (self.env._("New customers"), COUNT),
            "lost_customers": (self.env._("Customers not again"), COUNT),
            "refunds": (self.env._("Refunds"), self.money),
            "anonymous": (self.env._("Anonymous purchases"), self.money),
        }

    def write_periods(self, result):
        """Write the periods that have begun, each with the days that it is of."""
        last_day = self.meta["last_day"]
        columns = self.columns()
        self.write_row(
            self.env._("From"),
            self.env._("To"),
            self.env._("Partial"),
            *(label for label, _format in columns.values()),
            bold=True,
            bottom=1,
        )
        for period in result["periods"]:
            if period["date_from"] > last_day:
                continue
            self.write_row(
                self.day(period["date_from"]),
                self.day(min(period["date_to"], last_day)),
                self.env._("Yes") if period["partial"] else None,
                *((period[key], form) for key, (_label, form) in columns.items()),
            )

    def write_effects(self, effects):
        """Write what changed each period's money, and by how much."""
        bars = {
            "delta": self.env._("Change"),
            "customers": self.env._("by customers (N)"),
            "value": self.env._("by average purchase (V)"),
            "loyalty": self.env._("by purchases per customer (L)"),
            "refunds": self.env._("by refunds"),
            "anonymous": self.env._("by anonymous purchases"),
        }
        self.write_row(
            self.env._("From"),
            self.env._("Compared with"),
            self.env._("to"),
            *bars.values(),
            bold=True,
            bottom=1,
        )
        for effect in effects:
            compared = effect["compared_to"]
            self.write_row(
                self.day(effect["date_from"]),
                self.day(compared["date_from"]),
                self.day(compared["date_to"]),
                *((effect[key], self.money) for key in bars),
            )

    def write_levers(self, levers):
        labels = self.columns()
        kinds = {
            "team": self.env._("Sales team"),
            "segment": self.env._("Customer segment"),
            "year": self.env._("Own calendar year"),
        }
        self.write_row(self.env._("Levers, 12 months"), bold=True)
        self.write_row(
            self.env._("Factor"),
            self.env._("Now"),
            self.env._("Best"),
            self.env._("Best of"),
            self.env._("Whose"),
            self.env._("Revenue at best"),
            self.env._("Would bring"),
            bold=True,
            bottom=1,
        )
        for lever in levers:
            label, number_format = labels[lever["factor"]]
            self.write_row(
                label,
                (lever["now"], number_format),
                (lever["best"], number_format),
                kinds[lever["best_of"]],
                lever["name"],
                (lever["revenue_at_best"], self.money),
                (lever["gain"], self.money),
            )
