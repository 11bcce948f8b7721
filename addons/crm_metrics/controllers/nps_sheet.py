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
        _ = self.env._
        accounts, public, change = (
            result[key] for key in ("accounts", "public", "change")
        )
        compared = change["compared_to"] or dict.fromkeys(("date_from", "date_to"))
        rows = (
            (_("NPS"), (result["score"], SCORE)),
            (_("between"), (result["low"], POINTS)),
            (_("and (95 %)"), (result["high"], POINTS)),
            (_("Answers"), (result["answers"], COUNT)),
            (_("Promoters (9, 10)"), (result["promoters"], COUNT)),
            (_("Passives (7, 8)"), (result["passives"], COUNT)),
            (_("Detractors (0 to 6)"), (result["detractors"], COUNT)),
            (_("Change"), (change["delta"], SCORE)),
            (_("Compared with"), self.optional_day(compared["date_from"])),
            (_("to"), self.optional_day(compared["date_to"])),
            (_("NPS before"), (change["score"], SCORE)),
            (_("Answers before"), (change["answers"], COUNT)),
            (_("Change between"), (change["low"], POINTS)),
            (_("and (95 %)"), (change["high"], POINTS)),
            (_("Probability by chance"), (change["p_value"], "0.0000")),
            (_("NPS of accounts"), (accounts["score"], SCORE)),
            (_("Accounts"), (accounts["count"], COUNT)),
            (_("NPS weighted by revenue"), (accounts["weighted_score"], SCORE)),
            (_("Revenue that has answered"), (accounts["coverage"], SHARE)),
            (_("NPS of the public link"), (public["score"], SCORE)),
            (_("Public answers"), (public["answers"], COUNT)),
            (_("Excluded answers"), (result["excluded"]["answers"], COUNT)),
            (_("NPS with them"), (result["excluded"]["score_with_them"], SCORE)),
            (_("Suspect answers"), (result["suspects"], COUNT)),
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
        _ = self.env._
        return {
            "considered": _("Considered"),
            "skipped": _("Not asked"),
            "waiting": _("Waiting"),
            "failed": _("Not sent"),
            "sent": _("Sent"),
            "bounced": _("Bounced"),
            "delivered": _("Delivered"),
            "answered": _("Answered"),
            "declined": _("Opted out"),
            "expired": _("Expired"),
            "open": _("Still open"),
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
        _ = self.env._
        rows = [
            (_("Detractors"), (followup["detractors"], COUNT)),
            (_("To be contacted"), (followup["due"], COUNT)),
            (_("Contacted"), (followup["contacted"], COUNT)),
            (_("in time"), (followup["in_time"], COUNT)),
            (_("Overdue"), (followup["overdue"], COUNT)),
            (_("Hours to the contact, median"), (followup["median_hours"], POINTS)),
        ]
        for outcome in followup["outcomes"]:
            rows.append((outcome["name"], (outcome["count"], COUNT)))
        self.write_table(_("Follow-up of detractors"), (_("What"), _("Number")), rows)

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
