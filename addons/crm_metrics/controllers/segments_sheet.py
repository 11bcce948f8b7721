from .sheet import MetricsSheet

COUNT = "#,##0"


class SegmentsSheet(MetricsSheet):
    """What `crm.metrics.segments` says, as a spreadsheet."""

    FILE = "customer_segments"

    def __init__(self, env, result, options):
        super().__init__(env, env._("Customer Segments"), result, options)
        self.names = {
            segment["segment_id"]: segment["name"] for segment in result["segments"]
        }
        self.write_segments(result["segments"])
        self.row += 1
        self.write_cells(result["cells"])
        self.row += 1
        if result["migrations"]:
            self.write_migrations(result["migrations"])
            self.row += 1
        self.write_profile(result["profile"])

    def write_days(self):
        if self.meta["date"]:
            self.write_row(self.env._("Scoring run"), self.day(self.meta["date"]))
        self.write_row(self.env._("Window, months"), self.meta["window_months"])

    def write_segments(self, segments):
        self.write_row(
            self.env._("Segment"),
            self.env._("Customers"),
            self.env._("Revenue"),
            self.env._("Customers in the run before"),
            bold=True,
            bottom=1,
        )
        for segment in segments:
            self.write_row(
                segment["name"],
                (segment["customers"], COUNT),
                (segment["revenue"], self.money),
                (segment["previous"], COUNT),
            )

    def write_cells(self, cells):
        self.write_row(
            self.env._("Segment"),
            self.env._("Recency"),
            self.env._("Frequency and money"),
            self.env._("Customers"),
            self.env._("Revenue"),
            bold=True,
            bottom=1,
        )
        for cell in cells:
            self.write_row(
                self.names.get(cell["segment_id"]),
                cell["recency"],
                cell["frequency_money"],
                (cell["customers"], COUNT),
                (cell["revenue"], self.money),
            )

    def write_migrations(self, migrations):
        self.write_row(
            self.env._("Before in"),
            self.env._("Now in"),
            self.env._("Customers"),
            bold=True,
            bottom=1,
        )
        gone = self.env._("Not scored any more")
        new = self.env._("Not scored before")
        for move in migrations:
            before, after = move["previous_segment_id"], move["segment_id"]
            self.write_row(
                new if before is None else self.names[before],
                gone if after is None else self.names[after],
                (move["customers"], COUNT),
            )

    def write_profile(self, profile):
        titles = {
            "industry": self.env._("Industry"),
            "country": self.env._("Country"),
            "size": self.env._("Size"),
            "source": self.env._("Source"),
        }
        for part, rows in profile.items():
            self.write_row(
                titles[part],
                self.env._("Customers"),
                self.env._("Customers of all segments"),
                self.env._("Revenue"),
                bold=True,
                bottom=1,
            )
            for row in rows:
                self.write_row(
                    row["name"],
                    (row["customers"], COUNT),
                    (row["everybody"], COUNT),
                    (row["revenue"], self.money),
                )
            self.row += 1
