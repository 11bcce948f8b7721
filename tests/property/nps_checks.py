"""The slow and obvious second way to the figures of feedback.

Answers are gone through one by one. Nothing here is shared with the addon but the names
of what it returns: no kernel, no SQL.
"""

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from statistics import NormalDist

import pytz
from books import TODAY
from dateutil.relativedelta import relativedelta

DAY = timedelta(days=1)
#: of the first and the second company
ZONES = ("America/New_York", "Asia/Tokyo")
#: what one unit of the currency of a company is worth in that of another
RATES = {(0, 0): 1, (1, 1): 1, (0, 1): 128, (1, 0): Fraction(1, 128)}
#: of the three programs
COMPANIES = (0, 0, 1)
LONG_AGO = datetime(2020, 1, 1)
DELIVERED = ("sending", "sent", "answered", "declined", "expired")


class NpsChecks:
    """Compares results with `answers`, `invitations`, `purchases` and `accounts`."""

    def check(self, question):
        options = self.options(question)
        if question["programs"] is not None:
            options["program_ids"] = [
                self.programs[n].id
                for n in question["programs"]
                if COMPANIES[n] in question["companies"]
            ]
        self.filters = {name: {*options[f"{name}_ids"]} for name in question["filters"]}
        asker = self.askers[question["asks"]]
        result = self.env["crm.metrics"].with_user(asker).nps(options)
        self.own = asker.id if question["asks"] == "own" else None
        self.zone = pytz.timezone(ZONES[question["companies"][0]])
        self.main = question["companies"][0]
        self.last = min(question["date_to"], TODAY)
        self.question = question
        self.check_shape(result, lambda _account: True)
        self.check_tags(result["tags"])
        self.check_followup(result["followup"])
        votes = self.votes(question["date_from"], self.last)
        other = self.votes(question["date_from"], self.last, ("counted", "excluded"))
        self.assertEqual(result["excluded"]["score_with_them"], score(other))
        self.assertEqual(
            result["excluded"]["answers"],
            len(self.range_of(lambda a: a.state == "excluded" and not a.public)),
        )
        self.assertEqual(
            result["suspects"], len(self.range_of(lambda a: a.state == "suspect"))
        )
        self.assertEqual(sum(row["count"] for row in result["skipped"]),
                         result["response"]["skipped"])  # fmt: skip
        if question["group_by"]:
            self.check_groups(result, votes)
        else:
            self.assertNotIn("groups", result)

    def day(self, moment):
        return pytz.utc.localize(moment).astimezone(self.zone).date()

    def readable(self, row):
        if row.company not in self.question["companies"]:
            return False
        programs = self.question["programs"]
        if programs is not None and row.program not in programs:
            return False
        return self.own is None or row.account.user in (None, self.own)

    def kept(self, account):
        return all(getattr(account, n) in ids for n, ids in self.filters.items())

    def range_of(self, condition):
        return [
            row
            for row in self.answers
            if self.readable(row)
            and self.kept(row.account)
            and not row.test
            and self.question["date_from"] <= self.day(row.moment) <= self.last
            and condition(row)
        ]

    def votes(self, first, last, states=("counted",)):
        """The latest answer of each person, program and wave, by going through all."""
        latest = {}
        for row in self.answers:
            if row.test or row.public or row.state not in states:
                continue
            if not self.readable(row) or not first <= self.day(row.moment) <= last:
                continue
            key = (row.program, row.wave, row.person) if row.person else row.number
            known = latest.get(key)
            if not known or (known.moment, known.number) < (row.moment, row.number):
                latest[key] = row
        return [row for row in latest.values() if self.kept(row.account)]

    # -- comparing ------------------------------------------------------

    def check_shape(self, result, of, hidden=()):
        """Compare what the whole and the groups have.

        :param of: tells whether an account belongs to it
        :param hidden: names of figures that are not shown
        """
        question = self.question
        first = question["date_from"]
        votes = [row for row in self.votes(first, self.last) if of(row.account)]
        counts = Counter(row.score for row in votes)
        self.assertEqual(result["scores"], [counts[n] for n in range(11)])
        self.assertEqual(result["answers"], len(votes))
        self.assertEqual(result["promoters"], sum(row.score > 8 for row in votes))
        self.assertEqual(result["detractors"], sum(row.score < 7 for row in votes))
        self.assertEqual(result["passives"], sum(row.score in (7, 8) for row in votes))
        self.check_point(result, votes)
        self.check_accounts(result["accounts"], votes, of)
        self.check_response(result["response"], of)
        if "public" not in hidden:
            public = self.range_of(
                lambda a: a.public and a.state == "counted" and of(a.account)
            )
            self.assertEqual(
                result["public"], {"score": score(public), "answers": len(public)}
            )
        self.check_change(result["change"], votes, of, "before" in hidden)
        for point in result["trend"]:
            if point["answers"] is None:
                continue
            days = [date.fromisoformat(point[key]) for key in ("date_from", "date_to")]
            inside = self.votes(days[0], min(days[1], self.last))
            self.check_point(point, [row for row in inside if of(row.account)])
        days = [point["date_from"] for point in result["trend"]]
        self.assertEqual(days[0], first.isoformat())
        self.assertEqual(
            result["trend"][-1]["date_to"], question["date_to"].isoformat()
        )
        self.assertEqual(days, sorted(set(days)))

    def check_point(self, point, votes):
        self.assertEqual(point["score"], score(votes))
        self.assertEqual(point["answers"], len(votes))
        if not votes:
            self.assertIsNone(point["low"])
            return
        middle, error = adjusted(votes)
        reach = Decimal(NormalDist().inv_cdf(0.975)) * error
        low, high = max(-100, middle - reach), min(100, middle + reach)
        self.assertAlmostEqual(point["low"], float(low), delta=0.0051)
        self.assertAlmostEqual(point["high"], float(high), delta=0.0051)

    def check_change(self, change, votes, of, hidden):
        first = self.question["date_from"]
        days = (self.last - first).days + 1
        if days < 1:
            self.assertIsNone(change["compared_to"])
            return
        begin = first - days * DAY
        self.assertEqual(
            change["compared_to"],
            {"date_from": begin.isoformat(), "date_to": (first - DAY).isoformat()},
        )
        before = [row for row in self.votes(begin, first - DAY) if of(row.account)]
        if hidden:
            return
        self.assertEqual(change["score"], score(before))
        self.assertEqual(change["answers"], len(before))
        if not votes or not before:
            self.assertIsNone(change["delta"])
            self.assertIsNone(change["p_value"])
            return
        exact = share(votes) - share(before)
        self.assertLessEqual(abs(change["delta"] - exact), Fraction(1, 2))
        (now, error), (then, error_then) = adjusted(votes), adjusted(before)
        spread = (error**2 + error_then**2).sqrt()
        z = float((now - then) / spread)
        p_value = 2 * (1 - NormalDist().cdf(abs(z)))
        self.assertAlmostEqual(change["p_value"], p_value, places=9)

    def check_accounts(self, found, votes, of):
        main = self.main
        spent = defaultdict(Fraction)
        for row in self.purchases:
            if row.company not in self.question["companies"] or row.account.id is None:
                continue
            seller = self.sellers[row.user].id if row.user is not None else None
            if self.own is not None and seller not in (None, self.own):
                continue
            # in the 12 months: a year later lies ahead
            if row.day <= self.last < row.day + relativedelta(years=1):
                amount = row.amount * Fraction(RATES[row.company, main])
                spent[row.account.id] += amount
        spent = {account: max(amount, 0) for account, amount in spent.items()}
        by_account = defaultdict(list)
        for row in votes:
            if row.account.id is not None:
                by_account[row.account.id].append(row)
        shares = {account: share(rows) for account, rows in by_account.items()}
        self.assertEqual(found["count"], len(shares))
        if not shares:
            self.assertIsNone(found["score"])
        else:
            self.assertEqual(
                found["score"], half_up(sum(shares.values()) / len(shares))
            )
        weight = sum(spent.get(account, 0) for account in shares)
        if not weight:
            self.assertIsNone(found["weighted_score"])
        else:
            total = sum(spent.get(a, 0) * value for a, value in shares.items())
            self.assertEqual(found["weighted_score"], half_up(total / weight))
        accounts = {a.id: a for a in self.accounts.values()}
        whole = sum(
            amount
            for account, amount in spent.items()
            if self.kept(accounts[account]) and of(accounts[account])
        )
        if not whole:
            self.assertIsNone(found["coverage"])
        else:
            self.assertAlmostEqual(found["coverage"], float(weight / whole))

    def check_response(self, response, of):
        rows = []
        for row in self.invitations:
            day = self.day(row.sent or row.considered)
            if row.test or not self.readable(row) or not of(row.account):
                continue
            if self.kept(row.account) and (
                self.question["date_from"] <= day <= self.last
            ):
                rows.append(row)
        late = [
            row
            for row in rows
            if row.state in ("sending", "sent") and row.expires == LONG_AGO
        ]
        states = Counter(row.state for row in rows)
        delivered = sum(states[state] for state in DELIVERED)
        self.assertEqual(
            response,
            {
                "considered": len(rows),
                "skipped": states["skipped"],
                "waiting": states["planned"],
                "failed": states["failed"],
                "sent": delivered + states["bounced"],
                "bounced": states["bounced"],
                "delivered": delivered,
                "answered": states["answered"],
                "declined": states["declined"],
                "expired": states["expired"] + len(late),
                "open": states["sending"] + states["sent"] - len(late),
                "rate": states["answered"] / delivered if delivered else None,
            },
        )

    def check_tags(self, tags):
        expected = defaultdict(list)
        for row in self.votes(self.question["date_from"], self.last):
            for number in row.tags:
                expected[self.tags[number].id].append(row)
            if row.comment and not row.tags:
                expected[None].append(row)
        self.assertEqual(
            {tag["id"]: (tag["answers"], tag["score"]) for tag in tags},
            {
                tag: (len(rows), score(rows) if len(rows) > 4 else None)
                for tag, rows in expected.items()
            },
        )

    def check_followup(self, found):
        rows = [
            row
            for row in self.votes(self.question["date_from"], self.last)
            if row.score < 7
        ]
        contacted = [row for row in rows if row.contacted is not None]
        due = [row for row in rows if row.due is not None]
        in_time = [
            row
            for row in contacted
            if row.due is not None and row.contacted <= row.due + 10
        ]
        hours = sorted(row.contacted for row in contacted)
        half = len(hours) // 2
        expected = {
            "detractors": len(rows),
            "due": len(due),
            "contacted": len(contacted),
            "in_time": len(in_time),
            # all of this is long ago
            "overdue": len([row for row in due if row.contacted is None]),
            "outcomes": [],
        }
        self.assertEqual({key: found[key] for key in expected}, expected)
        if not hours:
            self.assertIsNone(found["median_hours"])
        else:
            middle = (
                hours[half] if len(hours) % 2 else (hours[half - 1] + hours[half]) / 2
            )
            self.assertAlmostEqual(found["median_hours"], middle)

    def check_groups(self, result, votes):
        name = self.question["group_by"]
        sizes = Counter(getattr(row.account, name) for row in votes)
        shown = {group["id"] for group in result["groups"]}
        self.assertEqual(len(shown), len(result["groups"]))
        missing = {id_: size for id_, size in sizes.items() if id_ not in shown}
        self.assertLessEqual(shown, set(sizes))
        self.assertTrue(all(sizes[id_] >= 5 for id_ in shown))
        self.assertEqual(
            result["hidden"],
            {"groups": len(missing), "answers": sum(missing.values())},
        )
        if min(sizes.values(), default=5) >= 5:
            self.assertFalse(missing)
        elif shown:
            # neither can anybody be told from the whole and what is shown
            self.assertGreaterEqual(sum(missing.values()), 5)
            self.assertGreaterEqual(len(missing), 2)
        for group in result["groups"]:
            hidden = set()
            if group["public"]["answers"] is None:
                hidden.add("public")
            else:
                self.assertNotIn(group["public"]["answers"], range(1, 5))
            if group["change"]["answers"] is None:
                hidden.add("before")
            else:
                self.assertNotIn(group["change"]["answers"], range(1, 5))
            self.check_shape(
                group,
                lambda account, id_=group["id"]: getattr(account, name) == id_,
                hidden,
            )
            for point in group["trend"]:
                self.assertNotIn(point["answers"], range(1, 5))
        for number, point in enumerate(result["trend"]):
            self.check_column(result["groups"], number, point)

    def check_column(self, groups, number, whole):
        """What is shown of a period leaves nobody alone in the rest."""
        seen = [group["trend"][number]["answers"] for group in groups]
        rest = whole["answers"] - sum(answers or 0 for answers in seen)
        if any(seen):
            self.assertFalse(0 < rest < 5)


def share(votes):
    """100 (promoters - detractors) / answers as a Fraction."""
    return Fraction(100 * sum((v.score > 8) - (v.score < 7) for v in votes), len(votes))


def half_up(number):
    with localcontext(prec=60):
        exact = Decimal(number.numerator) / Decimal(number.denominator)
        return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def score(votes):
    return half_up(share(votes)) if votes else None


def adjusted(votes):
    """Mean and error of the votes and of three more, in points.

    Of the three, three quarters promote, three quarters detract, the rest is passive.
    """
    weights = Counter({1: Decimal("0.75"), 0: Decimal("1.5"), -1: Decimal("0.75")})
    for vote in votes:
        weights[1 if vote.score > 8 else 0 if vote.score > 6 else -1] += 1
    size = sum(weights.values())
    mean = sum(value * weight for value, weight in weights.items()) / size
    variance = sum((v - mean) ** 2 * weight for v, weight in weights.items()) / size
    return 100 * mean, 100 * (variance / size).sqrt()
