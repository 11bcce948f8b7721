from .sheet import MetricsSheet

COUNT, SCORE, POINTS, SHARE = "#,##0", "+0;-0;0", "0.0", "0.0%"


class NpsSheet(MetricsSheet):
    """What `crm.metrics.nps` says, as a spreadsheet."""

    FILE = "nps"
    FILTERS = {"program_ids": "crm.nps.program", **MetricsSheet.FILTERS}

    def __init__(self, env, result, options):
        super().__init__(env, env._("Net Promoter Score"), result, options)
        self.write_score(result)
        self.write_answers(result["scores"])
        self.write_trend(result["trend"])
        self.write_response(result)
        self.write_tags(result["tags"])
        self.write_followup(result["followup"])
        if "groups" in result:
            self.write_groups(result)

    def filter_labels(self):
        return {"program_ids": self.env._("Program"), **super().filter_labels()}

    def write_score(self, result):
        accounts, public, change = (
            result[key] for key in ("accounts", "public", "change")
        )
        compared = change["compared_to"] or dict.fromkeys(("date_from", "date_to"))
        rows = (
            (self.env._("NPS"), (result["score"], SCORE)),
            (self.env._("between"), (result["low"], POINTS)),
            (self.env._("and (95 %)"), (result["high"], POINTS)),
            (self.env._("Answers"), (result["answers"], COUNT)),
            (self.env._("Promoters (9, 10)"), (result["promoters"], COUNT)),
            (self.env._("Passives (7, 8)"), (result["passives"], COUNT)),
            (self.env._("Detractors (0 to 6)"), (result["detractors"], COUNT)),
            (self.env._("Change"), (change["delta"], SCORE)),
            (self.env._("Compared with"), self.optional_day(compared["date_from"])),
            (self.env._("to"), self.optional_day(compared["date_to"])),
            (self.env._("NPS before"), (change["score"], SCORE)),
            (self.env._("Answers before"), (change["answers"], COUNT)),
            (self.env._("Change between"), (change["low"], POINTS)),
            (self.env._("and (95 %)"), (change["high"], POINTS)),
            (self.env._("Probability by chance"), (change["p_value"], "0.0000")),
            (self.env._("NPS of accounts"), (accounts["score"], SCORE)),
            (self.env._("Accounts"), (accounts["count"], COUNT)),
            (
                self.env._("NPS weighted by revenue"),
                (accounts["weighted_score"], SCORE),
            ),
            (self.env._("Revenue that has answered"), (accounts["coverage"], SHARE)),
            (self.env._("NPS of the public link"), (public["score"], SCORE)),
            (self.env._("Public answers"), (public["answers"], COUNT)),
            (self.env._("Excluded answers"), (result["excluded"]["answers"], COUNT)),
            (
                self.env._("NPS with them"),
                (result["excluded"]["score_with_them"], SCORE),
            ),
            (self.env._("Suspect answers"), (result["suspects"], COUNT)),
        )
        for row in rows:
            self.write_row(*row)
        self.row += 1

    def optional_day(self, iso):
        return self.day(iso) if iso else None

    def write_answers(self, scores):
        self.write_table(
            self.env._("Answers by score"),
            (self.env._("Score"), self.env._("Answers")),
            ((score, (count, COUNT)) for score, count in enumerate(scores)),
        )

    def write_trend(self, trend):
        self.write_table(
            self.env._("Trend"),
            (
                self.env._("From"),
                self.env._("To"),
                self.env._("NPS"),
                self.env._("between"),
                self.env._("and (95 %)"),
                self.env._("Answers"),
            ),
            (
                (
                    self.day(point["date_from"]),
                    self.day(point["date_to"]),
                    (point["score"], SCORE),
                    (point["low"], POINTS),
                    (point["high"], POINTS),
                    (point["answers"], COUNT),
                )
                for point in trend
            ),
        )

    def response_labels(self):
        return {
            "considered": self.env._("Considered"),
            "skipped": self.env._("Not asked"),
            "waiting": self.env._("Waiting"),
            "failed": self.env._("Not sent"),
            "sent": self.env._("Sent"),
            "bounced": self.env._("Bounced"),
            "delivered": self.env._("Delivered"),
            "answered": self.env._("Answered"),
            "declined": self.env._("Opted out"),
            "expired": self.env._("Expired"),
            "open": self.env._("Still open"),
        }

    def write_response(self, result):
        response = result["response"]
        self.write_table(
            self.env._("Response"),
            (self.env._("Invitations"), self.env._("Number")),
            [
                *(
                    (label, (response[key], COUNT))
                    for key, label in self.response_labels().items()
                ),
                (self.env._("Response rate"), (response["rate"], SHARE)),
            ],
        )
        self.write_table(
            self.env._("Not asked because"),
            (self.env._("Reason"), self.env._("Number")),
            ((row["name"], (row["count"], COUNT)) for row in result["skipped"]),
        )

    def write_tags(self, tags):
        self.write_table(
            self.env._("Comments by tag"),
            (self.env._("Tag"), self.env._("Answers"), self.env._("NPS")),
            (
                (tag["name"], (tag["answers"], COUNT), (tag["score"], SCORE))
                for tag in tags
            ),
        )

    def write_followup(self, followup):
        rows = [
            (self.env._("Detractors"), (followup["detractors"], COUNT)),
            (self.env._("To be contacted"), (followup["due"], COUNT)),
            (self.env._("Contacted"), (followup["contacted"], COUNT)),
            (self.env._("in time"), (followup["in_time"], COUNT)),
            (self.env._("Overdue"), (followup["overdue"], COUNT)),
            (
                self.env._("Hours to the contact, median"),
                (followup["median_hours"], POINTS),
            ),
        ]
        for outcome in followup["outcomes"]:
            rows.append((outcome["name"], (outcome["count"], COUNT)))
        self.write_table(
            self.env._("Follow-up of detractors"),
            (self.env._("What"), self.env._("Number")),
            rows,
        )

    def write_groups(self, result):
        heads = {
            "team": self.env._("Sales Team"),
            "user": self.env._("Salesperson"),
            "country": self.env._("Country"),
        }
        heads = (
            heads[self.options["group_by"]],
            self.env._("NPS"),
            self.env._("between"),
            self.env._("and (95 %)"),
            self.env._("Answers"),
            self.env._("Promoters (9, 10)"),
            self.env._("Passives (7, 8)"),
            self.env._("Detractors (0 to 6)"),
            self.env._("Change"),
            self.env._("Delivered"),
            self.env._("Answered"),
        )
        rows = [
            (
                group["name"],
                (group["score"], SCORE),
                (group["low"], POINTS),
                (group["high"], POINTS),
                (group["answers"], COUNT),
                (group["promoters"], COUNT),
                (group["passives"], COUNT),
                (group["detractors"], COUNT),
                (group["change"]["delta"], SCORE),
                (group["response"]["delivered"], COUNT),
                (group["response"]["answered"], COUNT),
            )
            for group in result["groups"]
        ]
        if hidden := result["hidden"]["groups"]:
            rows.append(
                (
                    self.env._("Groups that are too small: %s", hidden),
                    *[None] * 3,
                    (result["hidden"]["answers"], COUNT),
                )
            )
        self.write_table(self.env._("Groups"), heads, rows)
