"""N x V x L of random purchases against an oracle that looks at them day by day."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, localcontext

import books
from books import TODAY
from dateutil.relativedelta import relativedelta
from hypothesis import given, settings
from hypothesis import strategies as st

DAY = timedelta(days=1)
FACTORS = ("customers", "value", "loyalty")
BARS = (*FACTORS, "refunds", "anonymous")
#: what one unit of the currency of a company is worth in that of another
RATES = {(0, 0): 1, (1, 1): 1, (0, 1): 128, (1, 0): Decimal(1) / 128}
CENT = {0: Decimal("0.01"), 1: Decimal(1)}

people = st.sampled_from([0, 0, 1, 1, 2, 3, None])
purchase_values = st.fixed_dictionaries(
    {
        "contact": people,
        "company": st.sampled_from([0, 0, 0, 1]),
        "user": books.users,
        "team": books.teams,
        "day": books.days,
        "amount": st.one_of(
            st.sampled_from([100, 50, -100, -3]),
            st.integers(-9999, 99999).filter(bool).map(lambda n: Decimal(n) / 100),
        ),
    }
)


@st.composite
def questions(draw):
    question = draw(books.questions())
    question["filters"] = {
        name: ids
        for name, ids in question["filters"].items()
        if name in ("team", "user", "country")
    }
    question["group_by"] = draw(st.sampled_from([None, "team", "user", "country"]))
    return question


@dataclass(frozen=True)
class Row:
    customer: int
    company: int
    user: int
    team: int
    country: int
    day: date
    amount: Decimal


def start_of(day, grain):
    """The first day of the period around a day, found by going back."""
    name = {
        "day": lambda each: each,
        "week": lambda each: each.isocalendar()[:2],
        "month": lambda each: (each.year, each.month),
        "quarter": lambda each: (each.year, (each.month - 1) // 3),
        "year": lambda each: each.year,
    }[grain]
    first = day
    while name(first - DAY) == name(day):
        first -= DAY
    return first


class Sums:
    """Figures of some rows, in the currency of a company."""

    def __init__(self, rows, main):
        bought = [row for row in rows if row.amount > 0]
        known = [row for row in bought if row.customer]
        self.people = {(row.company, row.customer) for row in known}
        self.customers, self.orders = len(self.people), len(known)

        def total(some):
            return sum(row.amount * RATES[row.company, main] for row in some)

        def rounded(amount):
            return float(Decimal(amount).quantize(CENT[main], "ROUND_HALF_UP"))

        self.revenue = rounded(total(known))
        self.refunds = -rounded(-total(row for row in rows if row.amount < 0))
        self.anonymous = rounded(total(row for row in bought if not row.customer))
        self.exact = Decimal(total(known))

    def ratio(self, one, other):
        return None if not other else float(one) / other

    @property
    def value(self):
        return self.ratio(self.revenue, self.orders)

    @property
    def loyalty(self):
        return self.ratio(self.orders, self.customers)

    def level(self, factor):
        """Of what has not been rounded."""
        if factor == "value":
            return self.ratio(self.exact, self.orders)
        return getattr(self, factor)


class TestNvlAnswers(books.BookCase):
    @settings(max_examples=40)
    @given(
        purchases=st.lists(purchase_values, min_size=1, max_size=25),
        asked=st.lists(questions(), min_size=3, max_size=5),
        scored=st.sampled_from([None, TODAY, date(2025, 3, 31)]),
    )
    def test_answers(self, purchases, asked, scored):
        with self.example():
            self.make_purchases(purchases)
            segments = self.score(scored)
            rows = self.read_rows()
            for question in asked:
                self.check(rows, segments, question)

    def make_purchases(self, purchases):
        # the last contact belongs to the first one
        contacts = self.make_contacts([None, None, None, 0])

        def pick(records, number):
            return records[number].id if number is not None else False

        self.env["crm.purchase.entry"].create(
            [
                {
                    "name": str(number),
                    "company_id": self.companies[each["company"]].id,
                    "partner_id": pick(contacts, each["contact"]),
                    "user_id": pick(self.sellers, each["user"]),
                    "team_id": pick(self.teams, each["team"]),
                    "date": each["day"],
                    "amount": float(each["amount"])
                    if not each["company"]
                    else (int(each["amount"]) or 1),
                }
                for number, each in enumerate(purchases)
            ]
        )
        self.engine.recompute("crm.purchase")

    def score(self, day):
        """Score the first company; return the segments of its customers."""
        if not day:
            return None
        run = self.env["crm.customer.score.run"].create(
            {"company_id": self.companies[0].id, "date": day}
        )
        scores = self.env["crm.customer.score"].search([("run_id", "=", run.id)])
        return day, {score.partner_id.id: score.segment_id.id for score in scores}

    def read_rows(self):
        """All purchases, from the entries."""
        numbers = {company: n for n, company in enumerate(self.companies)}
        return [
            Row(
                customer=entry.partner_id.commercial_partner_id.id,
                company=numbers[entry.company_id],
                user=entry.user_id.id or None,
                team=entry.team_id.id or None,
                country=entry.partner_id.commercial_partner_id.country_id.id or None,
                day=entry.date,
                amount=Decimal(str(entry.amount)),
            )
            for entry in self.env["crm.purchase.entry"].search(
                [("company_id", "in", self.companies.ids)]
            )
        ]

    def check(self, rows, segments, question):
        options = self.options(question)
        filters = {name: {*options[f"{name}_ids"]} for name in question["filters"]}
        asker = self.askers[question["asks"]]
        result = self.env["crm.metrics"].with_user(asker).nvl(options)

        of_companies = [row for row in rows if row.company in question["companies"]]
        readable = [
            row
            for row in of_companies
            if question["asks"] != "own" or row.user in (None, asker.id)
        ]

        def asked_for(names):
            return [
                row
                for row in readable
                if all(getattr(row, n) in filters[n] for n in names if n in filters)
            ]

        wanted = asked_for(("team", "user", "country"))
        self.firsts = {}
        for row in of_companies:
            key = (row.company, row.customer)
            if row.customer and row.amount > 0:
                self.firsts[key] = min(row.day, self.firsts.get(key, row.day))
        self.examples = asked_for(("country",))
        self.segments = segments
        self.check_answer(result, wanted, question)
        if not question["group_by"]:
            self.assertNotIn("groups", result)
            return
        groups = defaultdict(list)
        for row in wanted:
            groups[getattr(row, question["group_by"])].append(row)
        ids = [group["id"] for group in result["groups"]]
        self.assertEqual(len(ids), len(set(ids)))
        last = min(question["date_to"], TODAY)
        inside = {
            name
            for name, found in groups.items()
            if any(question["date_from"] <= row.day <= last for row in found)
        }
        self.assertLessEqual(inside, set(ids))
        self.assertLessEqual(set(ids), set(groups))
        for group in result["groups"]:
            self.check_answer(group, groups[group["id"]], question)

    def check_answer(self, result, rows, question):
        main = question["companies"][0]
        last = min(question["date_to"], TODAY)

        def between(first, until):
            return Sums([row for row in rows if first <= row.day <= until], main)

        first, effects = question["date_from"], list(result["effects"])
        for period in result["periods"]:
            start = start_of(first, question["grain"])
            after = first
            while after <= question["date_to"] and (
                start_of(after, question["grain"]) == start
            ):
                after += DAY
            until = after - DAY
            whole_end = until
            while start_of(whole_end + DAY, question["grain"]) == start:
                whole_end += DAY
            before = start_of(start - DAY, question["grain"])
            partial = (start, whole_end) != (first, until) or until > last
            end = start - DAY
            if partial:
                # as many days as it has itself
                end = min(end, before + (min(until, last) - first))
            now, past = between(first, min(until, last)), between(before, end)
            self.assertEqual(
                period,
                {
                    "date_from": first.isoformat(),
                    "date_to": until.isoformat(),
                    "partial": partial,
                    "customers": now.customers,
                    "orders": now.orders,
                    "revenue": now.revenue,
                    "value": now.value,
                    "loyalty": now.loyalty,
                    "refunds": now.refunds,
                    "anonymous": now.anonymous,
                    "new_customers": sum(
                        first <= self.firsts[key] for key in now.people
                    ),
                    "lost_customers": None
                    if first > last
                    else len(past.people - now.people),
                },
            )
            if first <= last:
                self.check_effect(effects.pop(0), first, before, end, between, now)
            first = after
        self.assertGreater(first, question["date_to"])
        self.assertFalse(effects)
        self.check_levers(result["levers"], rows, question, last)

    def check_effect(self, effect, first, before, end, between, now):
        then = between(before, end)
        self.assertEqual(effect["date_from"], first.isoformat())
        self.assertEqual(
            effect["compared_to"],
            {"date_from": before.isoformat(), "date_to": end.isoformat()},
        )
        bars = {name: Decimal(str(effect[name])) for name in BARS}
        self.assertEqual(Decimal(str(effect["delta"])), sum(bars.values()))
        self.assertAlmostEqual(effect["refunds"], now.refunds - then.refunds, 6)
        self.assertAlmostEqual(effect["anonymous"], now.anonymous - then.anonymous, 6)
        change = now.revenue - then.revenue
        self.assertAlmostEqual(sum(effect[name] for name in FACTORS), change, 6)
        for name, expected in zip(FACTORS, self.effects(then, now), strict=True):
            # rounded; the largest takes what the other two leave
            self.assertLessEqual(abs(bars[name] - expected), Decimal("1.5"), name)
            if float(bars[name]) != int(bars[name]):
                self.assertLessEqual(abs(bars[name] - expected), Decimal("0.0151"))
            if not expected:
                self.assertEqual(bars[name], 0)

    @staticmethod
    def effects(then, now):
        """By the definition, with the sums that are shown."""
        new, old = Decimal(str(now.revenue)), Decimal(str(then.revenue))
        if not then.customers or not now.customers:
            return (new - old, Decimal(0), Decimal(0))
        if not old or not new:
            return (Decimal(0), new - old, Decimal(0))
        with localcontext(prec=50):
            weight = new if new == old else (new - old) / (new.ln() - old.ln())
            factors = (
                Decimal(now.customers) / then.customers,
                (new / now.orders) / (old / then.orders),
                (Decimal(now.orders) / now.customers)
                / (Decimal(then.orders) / then.customers),
            )
            return tuple(
                weight * factor.ln() if abs(factor - 1) > 1e-40 else Decimal(0)
                for factor in factors
            )

    def check_levers(self, levers, rows, question, last):
        main = question["companies"][0]

        def latest(some):
            # in the 12 months: a year later lies ahead
            return [
                row
                for row in some
                if row.day <= last < row.day + relativedelta(years=1)
            ]

        now = Sums(latest(rows), main)
        places = {"year": defaultdict(list), "team": defaultdict(list)}
        places["segment"] = defaultdict(list)
        for row in rows:
            if row.day.year < (last + DAY).year:
                places["year"][row.day.year].append(row)
        for row in latest(self.examples):
            if row.team:
                places["team"][row.team].append(row)
            if self.segments and self.segments[0] <= last and not row.company:
                if segment := self.segments[1].get(row.customer):
                    places["segment"][segment].append(row)
        found = {(lever["factor"], lever["best_of"]): lever for lever in levers}
        self.assertEqual(len(found), len(levers))
        self.assertFalse({("customers", "team"), ("customers", "segment")} & set(found))
        for factor in FACTORS:
            for kind in ("year",) if factor == "customers" else places:
                levels = {
                    key: level
                    for key, some in places[kind].items()
                    if (level := Sums(some, main).level(factor))
                }
                if not levels:
                    self.assertNotIn((factor, kind), found)
                    continue
                lever = found.pop((factor, kind))
                best = max(levels.values())
                self.assertAlmostEqual(lever["best"], best, places=9)
                self.assertAlmostEqual(levels[lever["id"]], best, places=9)
                level = now.level(factor)
                if level is None:
                    self.assertIsNone(lever["now"])
                else:
                    self.assertAlmostEqual(lever["now"], level, places=9)
                if not level:
                    self.assertIsNone(lever["revenue_at_best"])
                    self.assertIsNone(lever["gain"])
                    continue
                revenue = float(now.exact) * best / level
                unit = float(CENT[main])
                self.assertAlmostEqual(
                    lever["revenue_at_best"], revenue, delta=0.51 * unit
                )
                gain = max(revenue - float(now.exact), 0)
                self.assertAlmostEqual(lever["gain"], gain, delta=1.01 * unit)
        self.assertFalse(found)
