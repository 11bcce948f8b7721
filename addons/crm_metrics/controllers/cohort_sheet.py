from .sheet import MetricsSheet


class CohortSheet(MetricsSheet):
    """What `crm.metrics.recurring_cohorts` says, as a spreadsheet.

    :param str figure: key of `FIGURES` that comes first, as a rate and as it is
    """

    FILE = "recurring_cohorts"
    LOOKS = {"figure": ("net", "gross", "customers")}
    #: figure -> what a cohort began with
    FIGURES = {"net": "mrr", "gross": "mrr", "customers": "customers"}

    def __init__(self, env, result, options, figure):
        super().__init__(env, env._("Cohorts"), result, options)
        figures = [figure, *(name for name in self.FIGURES if name != figure)]
        for name in figures:
            self.write_figure(name, rate=True)
            self.row += 1
            self.write_figure(name, rate=False)
            self.row += 1

    def title(self, figure, rate):
        currency = self.meta["currency"]
        if rate:
            titles = {
                "net": self.env._("Net revenue retention"),
                "gross": self.env._("Gross revenue retention"),
                "customers": self.env._("Customers left"),
            }
        else:
            titles = {
                "net": self.env._("Net MRR, in %s", currency),
                "gross": self.env._("Gross MRR, in %s", currency),
                "customers": self.env._("Number of customers"),
            }
        return titles[figure]

    def write_figure(self, figure, rate):
        """Write a row for each cohort, a column for each age."""
        cohorts = self.result["cohorts"]
        ages = max((len(cohort["ages"]) for cohort in cohorts), default=0)
        self.write_row(self.title(figure, rate), bold=True)
        self.write_row(
            self.env._("First month"),
            self.env._("Customers"),
            self.env._("MRR"),
            *range(ages),
            bold=True,
            bottom=1,
        )
        for cohort in cohorts:
            whole = cohort[self.FIGURES[figure]]
            values = [age[figure] for age in cohort["ages"]]
            self.write_row(
                self.day(cohort["cohort"]),
                (cohort["customers"], "#,##0"),
                (cohort["mrr"], self.money),
                *self.rates(values, whole) if rate else self.amounts(figure, values),
            )

    def rates(self, values, whole):
        return [(value / whole if whole else None, "0.0%") for value in values]

    def amounts(self, figure, values):
        number_format = "#,##0" if figure == "customers" else self.money
        return [(value, number_format) for value in values]
