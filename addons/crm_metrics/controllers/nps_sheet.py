from .sheet import MetricsSheet

# Cells: a number with the form in which it is written. They are functions, because the
# search for terms takes a tuple that follows a term for more of its arguments.


def count(number):
    return number, "#,##0"


def score(number):
    return number, "+0;-0;0"


def points(number):
    return number, "0.0"


def share(number):
    return number, "0.0%"


def probability(number):
    return number, "0.0000"


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
            (self.env._("NPS"), score(result["score"])),
            (self.env._("between"), points(result["low"])),
            (self.env._("and (95 %)"), points(result["high"])),
            (self.env._("Answers"), count(result["answers"])),
            (self.env._("Promoters (9, 10)"), count(result["promoters"])),
            (self.env._("Passives (7, 8)"), count(result["passives"])),
            (self.env._("Detractors (0 to 6)"), count(result["detractors"])),
            (self.env._("Change"), score(change["delta"])),
            (self.env._("Compared with"), self.optional_day(compared["date_from"])),
            (self.env._("to"), self.optional_day(compared["date_to"])),
            (self.env._("NPS before"), score(change["score"])),
            (self.env._("Answers before"), count(change["answers"])),
            (self.env._("Change between"), points(change["low"])),
            (self.env._("and (95 %)"), points(change["high"])),
            (self.env._("Probability by chance"), probability(change["p_value"])),
            (self.env._("NPS of accounts"), score(accounts["score"])),
            (self.env._("Accounts"), count(accounts["count"])),
            (
                self.env._("NPS weighted by revenue"),
                score(accounts["weighted_score"]),
            ),
            (self.env._("Revenue that has answered"), share(accounts["coverage"])),
            (self.env._("NPS of the public link"), score(public["score"])),
            (self.env._("Public answers"), count(public["answers"])),
            (self.env._("Excluded answers"), count(result["excluded"]["answers"])),
            (
                self.env._("NPS with them"),
                score(result["excluded"]["score_with_them"]),
            ),
            (self.env._("Suspect answers"), count(result["suspects"])),
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
            ((vote, count(votes)) for vote, votes in enumerate(scores)),
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
                    score(point["score"]),
                    points(point["low"]),
                    points(point["high"]),
                    count(point["answers"]),
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
                    (label, count(response[key]))
                    for key, label in self.response_labels().items()
                ),
                (self.env._("Response rate"), share(response["rate"])),
            ],
        )
        skipped = [(row["name"], count(row["count"])) for row in result["skipped"]]
        self.write_table(
            self.env._("Not asked because"),
            (self.env._("Reason"), self.env._("Number")),
            skipped,
        )

    def write_tags(self, tags):
        rows = [
            (tag["name"], count(tag["answers"]), score(tag["score"])) for tag in tags
        ]
        self.write_table(
            self.env._("Comments by tag"),
            (self.env._("Tag"), self.env._("Answers"), self.env._("NPS")),
            rows,
        )

    def write_followup(self, followup):
        rows = [
            (self.env._("Detractors"), count(followup["detractors"])),
            (self.env._("To be contacted"), count(followup["due"])),
            (self.env._("Contacted"), count(followup["contacted"])),
            (self.env._("in time"), count(followup["in_time"])),
            (self.env._("Overdue"), count(followup["overdue"])),
            (
                self.env._("Hours to the contact, median"),
                points(followup["median_hours"]),
            ),
        ]
        for outcome in followup["outcomes"]:
            rows.append((outcome["name"], count(outcome["count"])))
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
                score(group["score"]),
                points(group["low"]),
                points(group["high"]),
                count(group["answers"]),
                count(group["promoters"]),
                count(group["passives"]),
                count(group["detractors"]),
                score(group["change"]["delta"]),
                count(group["response"]["delivered"]),
                count(group["response"]["answered"]),
            )
            for group in result["groups"]
        ]
        if hidden := result["hidden"]["groups"]:
            rows.append(
                (
                    self.env._("Groups that are too small: %s", hidden),
                    *[None] * 3,
                    count(result["hidden"]["answers"]),
                )
            )
        self.write_table(self.env._("Groups"), heads, rows)
