from .sheet import MetricsSheet, cell

COUNT, DAYS, RATE = "#,##0", "#,##0.0", "0.0%"


class BottleneckSheet(MetricsSheet):
    """What `crm.metrics.bottlenecks` says, as a spreadsheet."""

    FILE = "bottlenecks"
    FILTERS = {
        "team_ids": "crm.team",
        "user_ids": "res.users",
        "source_ids": "utm.source",
        "reason_ids": "crm.lost.reason",
    }

    def __init__(self, env, result, options):
        super().__init__(env, env._("Bottlenecks"), result, options)
        self.names = {stage["stage_id"]: stage["name"] for stage in result["stages"]}
        self.write_figures()
        self.write_funnel()
        if "groups" in result:
            self.write_groups()
        self.write_stages()
        self.write_reasons()
        self.write_waterfall()
        if options.get("what_if"):
            self.write_what_if()

    def write_choices(self):
        views = {"period": self.env._("Period"), "cohort": self.env._("Cohort")}
        self.write_row(self.env._("View"), views[self.options.get("view", "period")])

    def filter_labels(self):
        return {**super().filter_labels(), "reason_ids": self.env._("Lost Reason")}

    def write_figures(self):
        """Write what is known of all deals together."""
        self.write_row(self.env._("Figures of the range"), bold=True)
        for row in self.figures(self.result).items():
            self.write_row(*row)
        self.row += 1

    def figures(self, content):
        """Return cells by label, of the whole or of a slice."""
        funnel, cycle = content["funnel"], content["cycle"]
        rate = content["win_rate"]
        stuck = [stage["stuck"] for stage in content["stages"]]
        states = {
            "entered": (self.env._("Deals entered"), self.env._("Money entered")),
            "won": (self.env._("Deals won"), self.env._("Money won")),
            "open": (self.env._("Deals open"), self.env._("Money open")),
            "archived": (self.env._("Deals archived"), self.env._("Money archived")),
        }
        cells = {}
        for state, (deals, money) in states.items():
            cells[deals] = (funnel[state]["count"], COUNT)
            cells[money] = (funnel[state]["value"], self.money)
        return {
            **cells,
            self.env._("Win rate by count"): cell(rate["count"], RATE),
            self.env._("Win rate by money"): cell(rate["value"], RATE),
            self.env._("Cycle of all deals, median days"): cell(
                cycle["all_median"], DAYS
            ),
            self.env._("Cycle, lower bound"): cell(cycle["all_low"], DAYS),
            self.env._("Cycle, upper bound"): cell(cycle["all_high"], DAYS),
            self.env._("Cycle of won deals, median days"): cell(
                cycle["won_median"], DAYS
            ),
            self.env._("Cycle of won deals, mean days"): cell(cycle["won_mean"], DAYS),
            self.env._("Velocity, money a day"): cell(content["velocity"], self.money),
            self.env._("Deals stuck"): cell(
                sum(each["count"] for each in stuck), COUNT
            ),
            self.env._("Money stuck"): cell(
                sum(each["value"] for each in stuck),
                self.money,
            ),
        }

    def write_funnel(self):
        money = self.money
        self.write_table(
            self.env._("Funnel, money in %s", self.meta["currency"]),
            [
                self.env._("Stage"),
                self.env._("Deals in it"),
                self.env._("Their money"),
                self.env._("Deals that reached it"),
                self.env._("Their money"),
                self.env._("Deals lost behind it"),
                self.env._("Their money"),
                self.env._("Part of all money"),
            ],
            [
                [
                    stage["name"],
                    (stage["touched"], COUNT),
                    (stage["touched_value"], money),
                    (stage["reached"], COUNT),
                    (stage["reached_value"], money),
                    (stage["drop"], COUNT),
                    (stage["drop_value"], money),
                    (stage["drop_share"], RATE),
                ]
                for stage in self.result["funnel"]["stages"]
            ],
        )

    def write_groups(self):
        """Write the slices side by side, and the whole."""
        labels = self.filter_labels()
        lines = [
            *self.result["groups"],
            {**self.result, "name": self.env._("Whole")},
        ]
        self.write_table(
            self.env._("By slice"),
            [labels[f"{self.options['group_by']}_ids"], *self.figures(self.result)],
            [[line["name"], *self.figures(line).values()] for line in lines],
        )

    def write_stages(self):
        columns = self.stage_columns()
        self.write_table(
            self.env._("Stages, money in %s", self.meta["currency"]),
            [self.env._("Stage"), *columns],
            [
                [
                    stage["name"],
                    *((value(stage), style) for value, style in columns.values()),
                ]
                for stage in self.result["stages"]
            ],
        )

    def stage_columns(self):
        """Return pairs of a function of a stage and a number format, by label."""
        money = self.money

        def own(key, style=COUNT):
            return (lambda stage: stage[key]), style

        def of(part, key, style=COUNT):
            return (lambda stage: stage[part][key]), style

        return {
            self.env._("Open at start"): own("open_start"),
            self.env._("Entries"): own("entries"),
            self.env._("Forward"): of("exits", "forward"),
            self.env._("Won"): of("exits", "won"),
            self.env._("Lost"): of("exits", "lost"),
            self.env._("Back"): of("exits", "backward"),
            self.env._("Moved"): of("exits", "moved"),
            self.env._("Archived"): of("exits", "archived"),
            self.env._("Still open"): own("open"),
            self.env._("Conversion"): own("conversion", RATE),
            self.env._("Returns"): own("returns"),
            self.env._("Skips"): own("skips"),
            self.env._("Money entered"): own("value_entered", money),
            self.env._("Money lost"): own("value_lost", money),
            self.env._("Share lost"): own("value_lost_share", RATE),
            self.env._("Median days, all"): of("days", "median", DAYS),
            self.env._("Lower bound"): of("days", "median_low", DAYS),
            self.env._("Upper bound"): of("days", "median_high", DAYS),
            self.env._("p75, days"): of("days", "p75", DAYS),
            self.env._("p90, days"): of("days", "p90", DAYS),
            self.env._("Longest, days"): of("days", "longest", DAYS),
            self.env._("Median days, ended only"): of("days", "closed_median", DAYS),
            self.env._("Mean days, ended only"): of("days", "closed_mean", DAYS),
            self.env._("Ended"): of("days", "events"),
            self.env._("Cut off"): of("days", "censored"),
            self.env._("Left out"): of("days", "left_out"),
            self.env._("Norm, days"): own("norm", DAYS),
            self.env._("Deals stuck"): of("stuck", "count"),
            self.env._("Money stuck"): of("stuck", "value", money),
            self.env._("Money-days"): own("money_days", money),
            self.env._("Gain of 5 points, money"): of("gain", "value", money),
            self.env._("Gain of 5 points, win probability"): of(
                "gain", "win_probability", RATE
            ),
        }

    def write_reasons(self):
        self.write_table(
            self.env._("Why deals were lost"),
            [
                self.env._("Stage"),
                self.env._("Lost Reason"),
                self.env._("Deals"),
                self.env._("Money"),
            ],
            [
                [
                    stage["name"],
                    reason["name"],
                    (reason["count"], COUNT),
                    (reason["value"], self.money),
                ]
                for stage in self.result["stages"]
                for reason in stage["reasons"]
            ],
        )

    def write_waterfall(self):
        labels = {
            "start": self.env._("At start"),
            "created": self.env._("New"),
            "reopened": self.env._("Reopened"),
            "increased": self.env._("Increased"),
            "decreased": self.env._("Decreased"),
            "won": self.env._("Won"),
            "lost": self.env._("Lost"),
            "archived": self.env._("Archived"),
            "transfer": self.env._("Transfer"),
            "end": self.env._("At end"),
        }
        waterfall = self.result["waterfall"]
        self.write_table(
            self.env._("How the open value moved, in %s", self.meta["currency"]),
            [],
            [[labels[key], (waterfall[key], self.money)] for key in labels],
        )

    def write_what_if(self):
        """Write the points that were asked about and what they would bring."""
        answer = self.result["what_if"]
        self.write_table(
            self.env._("What if"),
            [self.env._("Stage"), self.env._("Points")],
            [
                [self.names.get(int(stage), stage), (points, COUNT)]
                for stage, points in self.options["what_if"].items()
            ],
        )
        self.write_row(
            self.env._("Win probability"), cell(answer["win_probability"], RATE)
        )
        self.write_row(self.env._("Won value"), cell(answer["won_value"], self.money))
