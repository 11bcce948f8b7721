from .sheet import MetricsSheet, cell

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
            (self.env._("NPS"), cell(result["score"], SCORE)),
            (self.env._("between"), cell(result["low"], POINTS)),
            (self.env._("and (95 %)"), cell(result["high"], POINTS)),
            (self.env._("Answers"), cell(result["answers"], COUNT)),
            (self.env._("Promoters (9, 10)"), cell(result["promoters"], COUNT)),
            (self.env._("Passives (7, 8)"), cell(result["passives"], COUNT)),
            (self.env._("Detractors (0 to 6)"), cell(result["detractors"], COUNT)),
            (self.env._("Change"), cell(change["delta"], SCORE)),
            (self.env._("Compared with"), self.optional_day(compared["date_from"])),
            (self.env._("to"), self.optional_day(compared["date_to"])),
            (self.env._("NPS before"), cell(change["score"], SCORE)),
            (self.env._("Answers before"), cell(change["answers"], COUNT)),
            (self.env._("Change between"), cell(change["low"], POINTS)),
            (self.env._("and (95 %)"), cell(change["high"], POINTS)),
            (self.env._("Probability by chance"), cell(change["p_value"], "0.0000")),
            (self.env._("NPS of accounts"), cell(accounts["score"], SCORE)),
            (self.env._("Accounts"), cell(accounts["count"], COUNT)),
            (
                self.env._("NPS weighted by revenue"),
                cell(accounts["weighted_score"], SCORE),
            ),
            (
                self.env._("Revenue that has answered"),
                cell(accounts["coverage"], SHARE),
            ),
            (self.env._("NPS of the public link"), cell(public["score"], SCORE)),
            (self.env._("Public answers"), cell(public["answers"], COUNT)),
            (
                self.env._("Excluded answers"),
                cell(result["excluded"]["answers"], COUNT),
            ),
            (
                self.env._("NPS with them"),
                cell(result["excluded"]["score_with_them"], SCORE),
            ),
            (self.env._("Suspect answers"), cell(result["suspects"], COUNT)),
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
            ((vote, cell(votes, COUNT)) for vote, votes in enumerate(scores)),
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
                    cell(point["score"], SCORE),
                    cell(point["low"], POINTS),
                    cell(point["high"], POINTS),
                    cell(point["answers"], COUNT),
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
                    (label, cell(response[key], COUNT))
                    for key, label in self.response_labels().items()
                ),
                (self.env._("Response rate"), cell(response["rate"], SHARE)),
            ],
        )
        skipped = [
            (row["name"], cell(row["count"], COUNT)) for row in result["skipped"]
        ]
        self.write_table(
            self.env._("Not asked because"),
            (self.env._("Reason"), self.env._("Number")),
            skipped,
        )

    def write_tags(self, tags):
        rows = [
            (tag["name"], cell(tag["answers"], COUNT), cell(tag["score"], SCORE))
            for tag in tags
        ]
        self.write_table(
            self.env._("Comments by tag"),
            (self.env._("Tag"), self.env._("Answers"), self.env._("NPS")),
            rows,
        )

    def write_followup(self, followup):
        rows = [
            (self.env._("Detractors"), cell(followup["detractors"], COUNT)),
            (self.env._("To be contacted"), cell(followup["due"], COUNT)),
            (self.env._("Contacted"), cell(followup["contacted"], COUNT)),
            (self.env._("in time"), cell(followup["in_time"], COUNT)),
            (self.env._("Overdue"), cell(followup["overdue"], COUNT)),
            (
                self.env._("Hours to the contact, median"),
                cell(followup["median_hours"], POINTS),
            ),
        ]
        for outcome in followup["outcomes"]:
            rows.append((outcome["name"], cell(outcome["count"], COUNT)))
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
                cell(group["score"], SCORE),
                cell(group["low"], POINTS),
                cell(group["high"], POINTS),
                cell(group["answers"], COUNT),
                cell(group["promoters"], COUNT),
                cell(group["passives"], COUNT),
                cell(group["detractors"], COUNT),
                cell(group["change"]["delta"], SCORE),
                cell(group["response"]["delivered"], COUNT),
                cell(group["response"]["answered"], COUNT),
            )
            for group in result["groups"]
        ]
        if hidden := result["hidden"]["groups"]:
            rows.append(
                (
                    self.env._("Groups that are too small: %s", hidden),
                    *[None] * 3,
                    cell(result["hidden"]["answers"], COUNT),
                )
            )
        self.write_table(self.env._("Groups"), heads, rows)
