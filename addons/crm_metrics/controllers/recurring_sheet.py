from .sheet import MetricsSheet


class RecurringSheet(MetricsSheet):
    """What `crm.metrics.recurring` says, as a spreadsheet.

    :param str measure: `mrr` or `arr`: amounts a month or a year
    """

    FILE = "recurring_revenue"
    LOOKS = {"measure": ("mrr", "arr")}

    def __init__(self, env, result, options, measure):
        self.factor = 12 if measure == "arr" else 1
        self.measure = measure.upper()
        super().__init__(env, env._("Recurring Revenue"), result, options)
        self.write_kpis(result["kpis"])
        self.row += 1
        if "groups" in result:
            self.write_groups(result)
            self.row += 1
        self.write_periods(result["periods"])

    def write_choices(self):
        views = {
            "activity": self.env._("Activity"),
            "net": self.env._("Net"),
            "committed": self.env._("Committed"),
        }
        self.write_row(self.env._("View"), views[self.options.get("view", "activity")])

    def write_kpis(self, kpis):
        self.write_row(self.env._("Figures of the range"), bold=True)
        labels = self.kpi_labels()
        for name, value in kpis.items():
            label, number_format = labels.get(name, (name, None))
            if name == "net_new":
                value = self.currency.round(value * self.factor)
            self.write_row(label, (value, number_format))

    def kpi_labels(self):
        """Return label and number format of the kpis; others appear by name."""
        money, rate = self.money, "0.0%"
        return {
            "mrr": (self.env._("MRR"), money),
            "arr": (self.env._("ARR"), money),
            "carr": (self.env._("CARR"), money),
            "weighted_pipeline_mrr": (self.env._("Weighted pipeline MRR"), money),
            "net_new": (self.env._("Net new %s", self.measure), money),
            "growth": (self.env._("Growth"), rate),
            "gross_churn": (self.env._("Gross churn"), rate),
            "net_churn": (self.env._("Net churn"), rate),
            "logo_churn": (self.env._("Logo churn"), rate),
            "quick_ratio": (self.env._("Quick ratio"), "0.00"),
            "arpa": (self.env._("MRR per customer"), money),
            "asp": (self.env._("MRR per new customer"), money),
            "ltv": (self.env._("Lifetime value"), money),
            "nrr_12m": (self.env._("NRR, 12 months"), rate),
            "grr_12m": (self.env._("GRR, 12 months"), rate),
            "logo_retention_12m": (self.env._("Logo retention, 12 months"), rate),
            "top10_share": (self.env._("Share of the ten largest"), rate),
        }

    def columns(self):
        return {
            "opening": self.env._("Opening"),
            "new": self.env._("New"),
            "reactivation": self.env._("Reactivation"),
            "expansion": self.env._("Expansion"),
            "contraction": self.env._("Contraction"),
            "churn": self.env._("Churn"),
            "fx": self.env._("Currency"),
            "transfer": self.env._("Transfer"),
            "closing": self.env._("Closing"),
        }

    def heads(self):
        return {
            "opening": self.env._("Customers at start"),
            "new": self.env._("Customers new"),
            "reactivation": self.env._("Customers back"),
            "churn": self.env._("Customers lost"),
            "transfer": self.env._("Customers transferred"),
            "closing": self.env._("Customers at end"),
        }

    def cells(self, period):
        """Return the cells of a period's money and customers."""
        return [
            *(
                (self.currency.round(period[name] * self.factor), self.money)
                for name in self.columns()
            ),
            *((period["customers"][name], "#,##0") for name in self.heads()),
        ]

    def write_groups(self, result):
        """Write the whole range by slice."""
        labels = self.filter_labels()
        self.write_row(
            self.env._(
                "%(measure)s by slice, in %(currency)s",
                measure=self.measure,
                currency=self.meta["currency"],
            ),
            bold=True,
        )
        self.write_row(
            labels[f"{self.options['group_by']}_ids"],
            *self.columns().values(),
            *self.heads().values(),
            self.env._("NRR, 12 months"),
            self.env._("Logo churn"),
            bold=True,
            bottom=1,
        )
        lines = [*result["groups"], {**result, "name": self.env._("Whole")}]
        for line in lines:
            self.write_row(
                line["name"],
                *self.cells(self.whole(line["periods"])),
                *((line["kpis"][name], "0.0%") for name in ("nrr_12m", "logo_churn")),
            )

    def whole(self, periods):
        """Return the periods as one."""
        first, last = periods[0], periods[-1]

        def joined(first, last, rows, names):
            sums = {name: sum(row[name] for row in rows) for name in names}
            return {**sums, "opening": first["opening"], "closing": last["closing"]}

        return {
            **joined(first, last, periods, self.columns()),
            "customers": joined(
                first["customers"],
                last["customers"],
                [period["customers"] for period in periods],
                self.heads(),
            ),
        }

    def write_periods(self, periods):
        self.write_row(
            self.env._(
                "How %(measure)s moved, in %(currency)s",
                measure=self.measure,
                currency=self.meta["currency"],
            ),
            bold=True,
        )
        self.write_row(
            self.env._("From"),
            self.env._("To"),
            *self.columns().values(),
            *self.heads().values(),
            bold=True,
            bottom=1,
        )
        for period in periods:
            self.write_row(
                self.day(period["date_from"]),
                self.day(period["date_to"]),
                *self.cells(period),
            )
