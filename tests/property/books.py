"""Random books of subscriptions: how they are drawn, made in Odoo and read back."""

import os
from collections import Counter
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from unittest.mock import patch

import oracle
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from odoo import Command
from odoo.tests import TransactionCase, new_test_user

TODAY = date(2025, 6, 17)
MONTHS = (1, 3, 6, 12, 24, 7)
FACTS = ("crm.mrr.segment", "crm.mrr.movement")

# "ci" draws the same examples in every run; HYPOTHESIS_PROFILE=explore draws others.
_common = {
    "deadline": None,
    "database": None,
    "suppress_health_check": list(HealthCheck),
    "print_blob": True,
    "phases": set(Phase) - {Phase.explain},
}
settings.register_profile("ci", derandomize=True, **_common)
settings.register_profile("explore", derandomize=False, **_common)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

# ----------------------------------------------------------------------
# drawing
# ----------------------------------------------------------------------

_edges = [
    first + timedelta(days=shift)
    for year in (2024, 2025)
    for first in (date(year, month, 1) for month in (1, 2, 3, 4, 7, 12))
    for shift in (-1, 0)
]
#: few days, so that much happens on the same one, and any day at all
days = st.one_of(
    st.sampled_from(_edges),
    st.sampled_from([TODAY - timedelta(days=1), TODAY, TODAY + timedelta(days=1)]),
    st.dates(date(2023, 11, 20), date(2026, 4, 3)),
)
maybe_day = st.one_of(st.none(), days)
lengths = st.one_of(st.sampled_from([0, 30, 59, 364]), st.integers(0, 500))


def decimals(high, places=2):
    return st.integers(0, high * 10**places).map(
        lambda number: Decimal(number) / 10**places
    )


#: round sums that cancel each other out, and crooked ones
prices = st.one_of(
    st.sampled_from([Decimal(120), Decimal(60), Decimal(0)]), decimals(999)
)
quantities = st.one_of(st.sampled_from([Decimal(1), Decimal(2)]), decimals(9))
discounts = st.one_of(
    st.sampled_from([Decimal(0), Decimal(0), Decimal(50), Decimal(100)]), decimals(100)
)
plans = st.sampled_from(range(len(MONTHS)))
teams = st.sampled_from([0, 1, 2, None])
users = st.sampled_from([0, 1, 2, None])


@st.composite
def line_values(draw, start=maybe_day):
    """Values of one line, as they are written."""
    date_start = draw(start)
    if date_start is None:
        date_end = draw(maybe_day)
    else:
        length = draw(st.one_of(st.none(), lengths))
        date_end = None if length is None else date_start + timedelta(days=length)
    return {
        "plan": draw(plans),
        "quantity": draw(quantities),
        "price_unit": draw(prices),
        "discount": draw(discounts),
        "recurring": draw(st.sampled_from([True] * 9 + [False])),
        "date_start": date_start,
        "date_end": date_end,
    }


@st.composite
def line_versions(draw):
    """One item: a line, or several that follow each other, with a gap or without."""
    lines = [draw(line_values())]
    while lines[-1]["date_start"] and lines[-1]["date_end"] and draw(st.booleans()):
        gap = draw(st.sampled_from([0, 0, 1, 40]))
        begin = lines[-1]["date_end"] + timedelta(days=1 + gap)
        changed = draw(line_values(start=st.just(begin)))
        kept = draw(st.sampled_from(["none", "price", "all", "all"]))
        if kept != "none":
            changed["price_unit"] = lines[-1]["price_unit"]
        if kept == "all":
            changed["quantity"] = lines[-1]["quantity"]
            changed["discount"] = lines[-1]["discount"]
        lines.append(changed)
    return lines


@st.composite
def subscription_values(draw, contacts, companies=(0, 0, 1)):
    start = draw(st.one_of(days, days, st.none()))
    if start is None:
        end = draw(maybe_day)
    else:
        length = draw(st.one_of(st.none(), st.none(), lengths))
        end = None if length is None else start + timedelta(days=length)
    return {
        "contact": draw(contacts),
        "company": draw(st.sampled_from(companies)),
        "user": draw(users),
        "team": draw(teams),
        "lead": draw(st.sampled_from([None, None, 0, 1])),
        "date_start": start,
        "date_end": end,
        "active": draw(st.sampled_from([True, True, True, False])),
        "items": draw(st.lists(line_versions(), max_size=4)),
    }


@st.composite
def books(draw, companies=(0, 0, 1), max_contacts=6, max_subscriptions=8):
    """Contacts (number of the parent or None) and subscriptions of them."""
    count = draw(st.integers(1, max_contacts))
    parents = [None] + [
        draw(st.one_of(st.none(), st.integers(0, number - 1)))
        for number in range(1, count)
    ]
    subscriptions = draw(
        st.lists(
            subscription_values(st.integers(0, count - 1), companies),
            min_size=1,
            max_size=max_subscriptions,
        )
    )
    return {"parents": parents, "subscriptions": subscriptions}


@st.composite
def questions(draw, companies=((0,), (0,), (1,), (0, 1), (1, 0))):
    """Options of the façade, and who asks."""
    grain = draw(st.sampled_from(["month", "month", "day", "week", "quarter", "year"]))
    date_from = draw(days)
    longest = 45 if grain == "day" else 200 if grain == "week" else 900
    team_sets = st.sampled_from([[0], [1], [0, 2], [0, 1, 2], []])
    return {
        "asks": draw(st.sampled_from(["manager", "all", "own"])),
        "companies": draw(st.sampled_from(companies)),
        "grain": grain,
        "date_from": date_from,
        "date_to": date_from + timedelta(days=draw(st.integers(0, longest))),
        "view": draw(st.sampled_from(["activity", "net"])),
        "teams": draw(st.one_of(st.none(), st.none(), team_sets)),
        "users": draw(st.one_of(st.none(), st.none(), st.sampled_from([[0], [0, 1]]))),
    }


# ----------------------------------------------------------------------
# in Odoo
# ----------------------------------------------------------------------


class _Undo(Exception):
    """Ends an example: what it did is rolled back."""


class BookCase(TransactionCase):
    """A world of companies, sellers and plans in which books are made."""

    # Odoo sets these for classes in addons
    test_tags = {"standard", "post_install"}
    test_module = "crm_metrics"
    test_class = "BookCase"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(
            context={
                **cls.env.context,
                "tracking_disable": True,
                "mail_create_nolog": True,
                "mail_create_nosubscribe": True,
                "no_reset_password": True,
            }
        )
        usd, jpy = cls.env.ref("base.USD"), cls.env.ref("base.JPY")
        (usd | jpy).active = True
        cls.companies = cls.env["res.company"].create(
            [
                {"name": "Property A", "currency_id": usd.id},
                {"name": "Property B", "currency_id": jpy.id},
            ]
        )
        # a power of two: the worth of a unit is the same number in every arithmetic
        cls.env["res.currency.rate"].search(
            [("currency_id", "in", (usd | jpy).ids)]
        ).unlink()
        cls.env["res.currency.rate"].create(
            [
                {
                    "currency_id": jpy.id,
                    "name": "2020-01-01",
                    "rate": 128,
                    "company_id": cls.companies[0].id,
                },
                {
                    "currency_id": usd.id,
                    "name": "2020-01-01",
                    "rate": 1 / 128,
                    "company_id": cls.companies[1].id,
                },
            ]
        )
        cls.usd, cls.jpy = usd, jpy
        cls.factors = {(0, 1): Decimal(1) / 128, (1, 0): Decimal(128)}
        access = {
            "company_id": cls.companies[0].id,
            "company_ids": [Command.set(cls.companies.ids)],
        }
        cls.sellers = cls.env["res.users"]
        for number in range(3):
            cls.sellers |= new_test_user(
                cls.env,
                f"prop_seller_{number}",
                "sales_team.group_sale_salesman",
                **access,
            )
        cls.askers = {
            "own": cls.sellers[0],
            "all": new_test_user(
                cls.env,
                "prop_all",
                "sales_team.group_sale_salesman_all_leads",
                **access,
            ),
            "manager": new_test_user(
                cls.env, "prop_manager", "sales_team.group_sale_manager", **access
            ),
        }
        cls.teams = cls.env["crm.team"].create(
            [{"name": f"Property {number}", "company_id": False} for number in range(3)]
        )
        cls.plans = cls.env["crm.recurring.plan"].create(
            [
                {"name": f"{months} months", "number_of_months": months}
                for months in MONTHS
            ]
        )
        cls.leads = cls.env["crm.lead"].create(
            [
                {"name": f"Deal {number}", "type": "opportunity", "company_id": False}
                for number in range(2)
            ]
        )
        cls.engine = cls.env["crm.metrics.engine"]
        cls.env.flush_all()

    def setUp(self):
        super().setUp()
        company_class = type(self.env["res.company"])
        self.startPatch = patch.object(
            company_class, "_metrics_today", lambda _self: TODAY
        )
        self.startPatch.start()
        self.addCleanup(self.startPatch.stop)

    @contextmanager
    def example(self):
        """Undo all that is done inside: hypothesis runs a test many times."""
        try:
            with self.env.cr.savepoint():
                yield
                raise _Undo
        except _Undo:
            pass
        finally:
            self.env.invalidate_all(flush=False)

    # -- making ---------------------------------------------------------

    def make_contacts(self, parents):
        """Create contacts; one that has children is a customer with people in it."""
        contacts = self.env["res.partner"]
        for number, parent in enumerate(parents):
            contacts |= contacts.create(
                {
                    "name": f"Contact {number}",
                    "email": f"contact{number}@example.com",
                    "parent_id": contacts[parent].id if parent is not None else False,
                    "company_id": False,
                }
            )
        return contacts

    def line_values(self, drawn, name):
        values = {
            "name": name,
            "recurring_plan_id": self.plans[drawn["plan"]].id,
            "recurring": drawn["recurring"],
            "date_start": drawn["date_start"],
            "date_end": drawn["date_end"],
        }
        for field in ("quantity", "price_unit", "discount"):
            values[field] = float(drawn[field])
        return values

    def subscription_values(self, drawn, contacts, name="S"):
        def pick(records, number):
            return records[number].id if number is not None else False

        return {
            "name": name,
            "partner_id": contacts[drawn["contact"] % len(contacts)].id,
            "company_id": self.companies[drawn["company"]].id,
            "user_id": pick(self.sellers, drawn["user"]),
            "team_id": pick(self.teams, drawn["team"]),
            "lead_id": pick(self.leads, drawn["lead"]),
            "date_start": drawn["date_start"],
            "date_end": drawn["date_end"],
            "active": drawn["active"],
            "line_ids": [
                Command.create(self.line_values(line, f"{item}.{version}"))
                for item, versions in enumerate(drawn["items"])
                for version, line in enumerate(versions)
            ],
        }

    def make_book(self, book):
        """Create a book in few calls, as an import would."""
        contacts = self.make_contacts(book["parents"])
        subscriptions = self.env["crm.subscription"].create(
            [
                self.subscription_values(drawn, contacts, f"S{number}")
                for number, drawn in enumerate(book["subscriptions"])
            ]
        )
        for subscription, drawn in zip(
            subscriptions, book["subscriptions"], strict=True
        ):
            lines = iter(subscription.line_ids.sorted("id"))
            for versions in drawn["items"]:
                previous = self.env["crm.subscription.line"]
                for line in [next(lines) for _version in versions]:
                    line.previous_line_id = previous
                    previous = line
        return contacts, subscriptions

    # -- the engine -----------------------------------------------------

    def refresh(self, limit=1000):
        """Refresh until nothing waits, as the scheduled action does."""
        self.env.flush_all()
        for fact in FACTS:
            done = True
            while done:
                done, _left = self.engine._refresh_batch(fact, limit)
        self.assertFalse(self.waiting(), "keys are left in the queue")

    def waiting(self):
        return self.env["crm.metrics.queue"]._waiting()

    def rebuild_into_empty_tables(self):
        for fact in reversed(FACTS):
            self.env.cr.execute(f"DELETE FROM {self.env[fact]._table}")
        for fact in FACTS:
            self.engine._rebuild_slots(fact, list(range(64)))

    # -- reading back ---------------------------------------------------

    def read_lines(self):
        """Read the sources as they stand in the database."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            SELECT l.id, s.company_id, p.commercial_partner_id, s.user_id, s.team_id,
                   s.lead_id, l.recurring_plan_id, plan.number_of_months,
                   l.quantity::text, l.price_unit::text, COALESCE(l.discount, 0)::text,
                   l.recurring, l.date_start, l.date_end, s.date_start, s.date_end,
                   s.currency_id, company.currency_id, currency.rounding::text
              FROM crm_subscription_line l
              JOIN crm_subscription s ON s.id = l.subscription_id
              JOIN res_partner p ON p.id = s.partner_id
              JOIN res_company company ON company.id = s.company_id
              JOIN res_currency currency ON currency.id = s.currency_id
              LEFT JOIN crm_recurring_plan plan ON plan.id = l.recurring_plan_id
             WHERE s.company_id = ANY(%s)
            """,
            [self.companies.ids],
        )
        return [oracle.Line(*row) for row in self._rows()]

    def stored_segments(self):
        return self._stored(
            """
            SELECT res_model, res_id, date_from, date_to, company_id, partner_id,
                   user_id, team_id, lead_id, recurring_plan_id, currency_id,
                   rate_currency::text, rate::text
              FROM crm_mrr_segment WHERE company_id = ANY(%s)
            """
        )

    def stored_movements(self):
        return self._stored(
            """
            SELECT s.res_model, s.res_id, m.date, m.kind, m.amount::text, m.company_id,
                   m.partner_id, m.user_id, m.team_id, m.lead_id, m.customers
              FROM crm_mrr_movement m LEFT JOIN crm_mrr_segment s ON s.id = m.segment_id
             WHERE m.company_id = ANY(%s)
            """
        )

    def _stored(self, query):
        """Return rows with their number: a doubled row is not the same as one."""
        self.env.flush_all()
        self.env.cr.execute(query, [self.companies.ids])
        return Counter(self._rows())

    def _rows(self):
        """Fetch rows; numbers come as text, because Odoo makes them floats."""
        return [
            tuple(
                Decimal(value)
                if isinstance(value, str) and value[0] in "-0123456789"
                else value
                for value in row
            )
            for row in self.env.cr.fetchall()
        ]

    def stored(self):
        """All facts by what they say, without their ids."""
        return {
            "segments": self.stored_segments(),
            "movements": self.stored_movements(),
        }

    def stored_issues(self):
        return self._stored(
            """
            SELECT res_model, res_id, code, key, user_id
              FROM crm_metrics_issue WHERE company_id = ANY(%s)
            """
        )

    # -- comparing ------------------------------------------------------

    def assertFacts(self, lines):
        """Compare what is stored with what the oracle says of these lines."""
        model = "crm.subscription.line"
        segments = Counter(
            (
                model,
                line.key,
                line.start,
                line.end and line.end + oracle.DAY,
                line.company,
                line.customer,
                line.user,
                line.team,
                line.lead,
                line.plan,
                line.currency,
                line.rate,
                line.rate,
            )
            for line in lines
            if line.counts
        )
        self.assertCounts(self.stored_segments(), segments)

        issues = Counter(
            (model, line.key, line.problem, line.customer, line.user)
            for line in lines
            if line.dated and line.problem
        )
        self.assertCounts(self.stored_issues(), issues)

        ledger = oracle.Ledger(lines)
        movements, logos = Counter(), {}
        for (company, customer), moved_days in ledger.days.items():
            for day, moved in moved_days.items():
                logos[company, customer, day] = moved.logos
                for line, change in moved.edges:
                    movements[
                        model,
                        line.key,
                        day,
                        moved.kind,
                        change,
                        company,
                        customer,
                        line.user,
                        line.team,
                        line.lead,
                    ] += 1
        stored = self.stored_movements()
        self.assertCounts(
            Counter({row[:-1]: n for row, n in stored.items()}), movements
        )

        stored_logos = {}
        for row in stored:
            day, company, customer, customers = row[2], row[5], row[6], row[-1]
            stored_logos.setdefault((company, customer, day), []).append(customers)
        for key, numbers in stored_logos.items():
            self.assertLessEqual(
                len([n for n in numbers if n]), 1, "one row has the logo"
            )
            self.assertEqual(sum(numbers), logos[key])
        return ledger

    def assertCounts(self, found, expected):
        self.assertEqual(
            {"too much": found - expected, "missing": expected - found},
            {"too much": Counter(), "missing": Counter()},
        )

    # -- asking ---------------------------------------------------------

    def ask(self, question):
        """Ask the façade as the one who asks."""
        companies = self.companies.browse(
            [self.companies[number].id for number in question["companies"]]
        )
        options = {
            "date_from": question["date_from"].isoformat(),
            "date_to": question["date_to"].isoformat(),
            "grain": question["grain"],
            "view": question["view"],
            "company_ids": companies.ids,
        }
        if question["teams"] is not None:
            options["team_ids"] = [
                self.teams[number].id for number in question["teams"]
            ]
        if question["users"] is not None:
            options["user_ids"] = [
                self.sellers[number].id for number in question["users"]
            ]
        asks = self.askers[question["asks"]]
        metrics = self.env["crm.metrics"].with_user(asks)
        return metrics.with_context(allowed_company_ids=self.companies.ids).recurring(
            options
        )

    def expected(self, ledger, question):
        """Let the oracle answer the same question."""
        numbers = question["companies"]
        main = numbers[0]
        units = [Decimal("0.01"), Decimal(1)]
        ids = self.companies.ids

        def wanted(line):
            if question["asks"] == "own" and line.user not in (
                self.sellers[0].id,
                None,
            ):
                return False
            if question["teams"] is not None and line.team not in [
                self.teams[number].id for number in question["teams"]
            ]:
                return False
            return question["users"] is None or line.user in [
                self.sellers[number].id for number in question["users"]
            ]

        return oracle.recurring(
            ledger,
            question["date_from"],
            question["date_to"],
            question["grain"],
            question["view"],
            TODAY,
            [ids[number] for number in numbers],
            {ids[number]: units[number] for number in numbers},
            {ids[n]: self.factors.get((main, n), Decimal(1)) for n in numbers},
            wanted,
        )

    def assertPeriods(self, found, expected, unit):
        """Compare periods: money to the unit of the currency, all else as it is."""

        def exact(period):
            return {
                key: oracle.round_half_up(Decimal(repr(value)), unit)
                if key in ("opening", "closing", *oracle.MONEY_KINDS)
                else value
                for key, value in period.items()
            }

        self.assertEqual([exact(period) for period in found], expected)
        for period in found:
            for key in ("opening", "closing", *oracle.MONEY_KINDS):
                rounded = float(oracle.round_half_up(Decimal(repr(period[key])), unit))
                self.assertAlmostEqual(period[key], rounded, places=9)
