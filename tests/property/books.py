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
#: how long the period of a plan is; months first, because tests change those
PLANS = (
    *((months, "month") for months in (1, 3, 6, 12, 24, 7)),
    (1, "year"),
    (2, "week"),
    (10, "day"),
)
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
settings.register_profile(
    "quick",
    derandomize=False,
    **(_common | {"phases": [Phase.generate], "report_multiple_bugs": False}),
)
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
plans = st.sampled_from(range(len(PLANS)))
teams = st.sampled_from([0, 1, 2, None])
users = st.sampled_from([0, 1, 2, None])
some_contact = st.integers(0, 9)
close_reasons = st.sampled_from([None, None, 0, 1])
CURRENCIES = ("USD", "EUR", "JPY")


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
        "close_reason": draw(st.sampled_from([None] * 7 + [0, 1])),
    }


#: what can differ between two versions of an item
CHANGES = ("plan", "discount", "price_unit", "quantity")


@st.composite
def line_versions(draw):
    """One item: a line, or several that follow each other, with a gap or without."""
    lines = [draw(line_values())]
    while lines[-1]["date_start"] and lines[-1]["date_end"] and draw(st.booleans()):
        gap = draw(st.sampled_from([0, 0, 0, 1, 30, 40]))
        begin = lines[-1]["date_end"] + timedelta(days=1 + gap)
        changed = draw(line_values(start=st.just(begin)))
        changes = draw(st.sampled_from(["all", "free", "", *CHANGES, *CHANGES]))
        if changes != "all":
            # one thing differs, or nothing
            for name in CHANGES:
                if name != changes:
                    changed[name] = lines[-1][name]
        if changes == "free":
            changed["discount"] = Decimal(100)
        lines.append(changed)
    return lines


@st.composite
def pause_values(draw, begin):
    """Pauses that do not overlap; some follow on, the last may be open."""
    pauses = []
    for number in range(draw(st.sampled_from([0, 0, 0, 1, 1, 2, 3]))):
        if number:
            begin = pauses[-1][1] + timedelta(
                days=1 + draw(st.sampled_from([0, 1, 20]))
            )
        length = draw(
            st.one_of(st.none(), st.sampled_from([0, 30]), st.integers(0, 120))
        )
        pauses.append(
            (begin, None if length is None else begin + timedelta(days=length))
        )
        if length is None:
            break
    return pauses


@st.composite
def subscription_values(draw, contacts=some_contact, companies=(0, 0, 1)):
    # mostly the lines have dates of their own, and need not fit
    start = draw(st.one_of(st.none(), st.none(), days))
    if start is None:
        end = draw(st.one_of(st.none(), st.none(), days))
    else:
        length = draw(st.one_of(st.none(), st.none(), lengths))
        end = None if length is None else start + timedelta(days=length)
    return {
        "contact": draw(contacts),
        "company": draw(st.sampled_from(companies)),
        "currency": draw(st.sampled_from([None, None, "EUR", *CURRENCIES])),
        "user": draw(users),
        "team": draw(teams),
        "lead": draw(st.sampled_from([None, None, 0, 1])),
        "date_start": start,
        "date_end": end,
        "close_reason": draw(close_reasons),
        "active": draw(st.sampled_from([True, True, True, False])),
        "items": draw(st.lists(line_versions(), min_size=1, max_size=4)),
        "pauses": draw(pause_values(draw(days))),
    }


@st.composite
def rate_values(draw):
    """A rate of some day: powers of two, the same number in every arithmetic."""
    currency = draw(st.sampled_from(["EUR", "EUR", *CURRENCIES]))
    company = draw(st.sampled_from([0, 0, 0, 1, None]))
    # the base is what rate 1 belongs to; yen are worth less
    power = draw(st.integers(-2, 2)) + (7 if currency == "JPY" else 0)
    if company == 1:
        power -= 7
    return {
        "currency": currency,
        "company": company,
        "day": draw(days),
        "rate": Decimal(2) ** power,
    }


FIRST_EUROS = [
    {"currency": "EUR", "company": company, "day": date(2020, 1, 1), "rate": rate}
    for company, rate in ((0, Decimal("0.5")), (1, Decimal(1) / 64))
]
settings_values = st.fixed_dictionaries(
    {
        "grace": st.sampled_from([0, 1, 30, 40, 90]),
        "window": st.sampled_from([0, 1, 40, 200]),
        "revalue": st.booleans(),
    }
)


@st.composite
def books(draw, companies=(0, 0, 1), max_contacts=6, max_subscriptions=8):
    """Contacts (number of the parent or None), subscriptions of them, and the rest."""
    count = draw(st.integers(1, max_contacts))
    parents = [None] + [
        draw(st.one_of(st.none(), st.integers(0, number - 1)))
        for number in range(1, count)
    ]
    subscriptions = draw(
        st.lists(
            subscription_values(st.integers(0, count - 1), companies),
            min_size=2,
            max_size=max_subscriptions,
        )
    )
    return {
        "parents": parents,
        "subscriptions": subscriptions,
        "settings": [draw(settings_values), draw(settings_values)],
        # of euros nothing is known, or from the first day on
        "rates": draw(st.sampled_from([[], FIRST_EUROS, FIRST_EUROS]))
        + draw(st.lists(rate_values(), min_size=1, max_size=9)),
    }


#: figures that are money
MONEY_KPIS = ("mrr", "arr", "carr", "net_new", "arpa", "asp", "ltv")
#: options that restrict an answer to a slice
FILTERS = ("team", "user", "plan", "source", "country", "reason")


@st.composite
def questions(draw, companies=((0,), (0,), (1,), (0, 1), (1, 0))):
    """Options of the façade, and who asks."""
    grain = draw(st.sampled_from(["month", "month", "day", "week", "quarter", "year"]))
    date_from = draw(days)
    longest = 45 if grain == "day" else 200 if grain == "week" else 900
    filters = {}
    for name in draw(st.sets(st.sampled_from(FILTERS), max_size=2)):
        numbers = range(len(PLANS)) if name == "plan" else range(3)
        filters[name] = draw(
            st.lists(st.sampled_from(numbers), max_size=4, unique=True)
        )
    return {
        "asks": draw(st.sampled_from(["manager", "all", "own"])),
        "companies": draw(st.sampled_from(companies)),
        "grain": grain,
        "date_from": date_from,
        "date_to": date_from + timedelta(days=draw(st.integers(0, longest))),
        "view": draw(st.sampled_from(["activity", "activity", "net", "committed"])),
        "filters": filters if draw(st.booleans()) else {},
        "group_by": draw(st.sampled_from([None, None, *FILTERS])),
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
        cls.currencies = {name: cls.env.ref(f"base.{name}") for name in CURRENCIES}
        cls.usd, cls.jpy = cls.currencies["USD"], cls.currencies["JPY"]
        for currency in cls.currencies.values():
            currency.active = True
        cls.companies = cls.env["res.company"].create(
            [
                {"name": "Property A", "currency_id": cls.usd.id},
                {"name": "Property B", "currency_id": cls.jpy.id},
            ]
        )
        cls.env["res.currency.rate"].search([]).unlink()
        # each company knows the other's currency at any time, of euros what comes
        cls.env["res.currency.rate"].create(
            [
                cls.rate_values_of("JPY", 0, "2020-01-01", Decimal(128)),
                cls.rate_values_of("USD", 1, "2020-01-01", Decimal(1) / 128),
            ]
        )
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
                {
                    "name": f"{number} {interval}",
                    **cls.interval_values(number, interval),
                }
                for number, interval in PLANS
            ]
        )
        cls.sources = cls.env["utm.source"].create(
            [{"name": f"Property {number}"} for number in range(3)]
        )
        cls.countries = cls.env["res.country"].search([], limit=3)
        kinds = ("voluntary", "involuntary", "voluntary")
        cls.reasons = cls.env["crm.subscription.close.reason"].create(
            [
                {"name": f"Reason {number}", "kind": kind}
                for number, kind in enumerate(kinds)
            ]
        )
        cls.leads = cls.env["crm.lead"].create(
            [
                {
                    "name": f"Deal {number}",
                    "type": "opportunity",
                    "company_id": False,
                    "source_id": cls.sources[number].id,
                }
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

    @staticmethod
    def interval_values(number, interval):
        """Months the way Odoo writes them, so that both ways are tried."""
        if interval == "month":
            return {"number_of_months": number}
        return {"interval_number": number, "interval_type": interval}

    @classmethod
    def rate_values_of(cls, currency, company, day, rate):
        return {
            "currency_id": cls.currencies[currency].id,
            "company_id": cls.companies[company].id if company is not None else False,
            "name": day,
            "rate": float(rate),
        }

    def find_rate(self, values):
        return self.env["res.currency.rate"].search(
            [
                (name, "=", values[name])
                for name in ("currency_id", "company_id", "name")
            ]
        )

    def enter_rate(self, drawn):
        """Enter a rate, or change the one of that day."""
        values = self.rate_values_of(
            drawn["currency"], drawn["company"], drawn["day"], drawn["rate"]
        )
        known = self.find_rate(values)
        if known:
            known.rate = values["rate"]
        else:
            self.env["res.currency.rate"].create(values)

    def apply_settings(self, company, drawn):
        company.write(
            {
                "crm_metrics_grace_days": drawn["grace"],
                "crm_metrics_reactivation_days": drawn["window"],
                "crm_metrics_revalue_monthly": drawn["revalue"],
            }
        )

    def make_contacts(self, parents):
        """Create contacts; one that has children is a customer with people in it."""
        contacts = self.env["res.partner"].create(
            [
                {
                    "name": f"Contact {number}",
                    "email": f"contact{number}@example.com",
                    "company_id": False,
                    "country_id": (*self.countries.ids, False)[number % 4],
                }
                for number in range(len(parents))
            ]
        )
        for contact, parent in zip(contacts, parents, strict=True):
            if parent is not None:
                contact.parent_id = contacts[parent]
        return contacts

    def reason_id(self, number):
        return self.reasons[number].id if number is not None else False

    def line_values(self, drawn, name):
        values = {
            "name": name,
            "recurring_plan_id": self.plans[drawn["plan"]].id,
            "recurring": drawn["recurring"],
            "date_start": drawn["date_start"],
            "date_end": drawn["date_end"],
            "close_reason_id": self.reason_id(drawn["close_reason"]),
        }
        for field in ("quantity", "price_unit", "discount"):
            values[field] = float(drawn[field])
        return values

    def subscription_values(self, drawn, contacts, name="S"):
        def pick(records, number):
            return records[number].id if number is not None else False

        values = {
            "name": name,
            "partner_id": contacts[drawn["contact"] % len(contacts)].id,
            "company_id": self.companies[drawn["company"]].id,
            "user_id": pick(self.sellers, drawn["user"]),
            "team_id": pick(self.teams, drawn["team"]),
            "lead_id": pick(self.leads, drawn["lead"]),
            "date_start": drawn["date_start"],
            "date_end": drawn["date_end"],
            "close_reason_id": self.reason_id(drawn["close_reason"]),
            "active": drawn["active"],
            "pause_ids": [
                Command.create({"date_from": first, "date_to": last})
                for first, last in drawn["pauses"]
            ],
            "line_ids": [
                Command.create(self.line_values(line, f"{item}.{version}"))
                for item, versions in enumerate(drawn["items"])
                for version, line in enumerate(versions)
            ],
        }
        if drawn["currency"]:
            values["currency_id"] = self.currencies[drawn["currency"]].id
        return values

    def make_book(self, book):
        """Create a book in few calls, as an import would."""
        for company, drawn in zip(self.companies, book["settings"], strict=True):
            self.apply_settings(company, drawn)
        rates = {
            (drawn["currency"], drawn["company"], drawn["day"]): drawn["rate"]
            for drawn in book["rates"]
        }
        self.env["res.currency.rate"].create(
            [self.rate_values_of(*key, rate) for key, rate in rates.items()]
        )
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
        waiting = self.env["crm.metrics.queue"]._waiting()
        return {fact: waiting[fact] for fact in FACTS if fact in waiting}

    def rebuild_into_empty_tables(self):
        for fact in reversed(FACTS):
            self.env.cr.execute(f"DELETE FROM {self.env[fact]._table}")
        for fact in FACTS:
            self.engine._rebuild_slots(fact, list(range(64)))

    # -- reading back ---------------------------------------------------

    def read_world(self):
        """Read the sources as they stand in the database."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            SELECT c.id, c.currency_id, currency.rounding::text,
                   split_part(c.parent_path, '/', 1)::int,
                   COALESCE(c.crm_metrics_grace_days, 0),
                   COALESCE(c.crm_metrics_reactivation_days, 0),
                   COALESCE(c.crm_metrics_revalue_monthly, FALSE)
              FROM res_company c
              JOIN res_currency currency ON currency.id = c.currency_id
             WHERE c.id = ANY(%s)
            """,
            [self.companies.ids],
        )
        companies = {row[0]: oracle.Company(*row) for row in self._rows()}
        self.env.cr.execute(
            "SELECT currency_id, company_id, name, rate::text FROM res_currency_rate"
        )
        rates = [oracle.Rate(*row) for row in self._rows()]
        self.env.cr.execute(
            "SELECT subscription_id, date_from, date_to FROM crm_subscription_pause"
        )
        pauses = {}
        for subscription, first, last in self._rows():
            pauses.setdefault(subscription, []).append((first, last))
        self.env.cr.execute(
            """
            SELECT l.id, s.id, s.company_id, p.commercial_partner_id, s.user_id,
                   s.team_id, s.lead_id, lead.source_id, customer.country_id,
                   l.recurring_plan_id,
                   plan.interval_number, plan.interval_type,
                   l.quantity::text, l.price_unit::text, COALESCE(l.discount, 0)::text,
                   l.recurring, l.previous_line_id,
                   l.date_start, l.date_end, s.date_start, s.date_end,
                   s.currency_id, currency.rounding::text, l.close_reason_id,
                   s.close_reason_id
              FROM crm_subscription_line l
              JOIN crm_subscription s ON s.id = l.subscription_id
              JOIN res_partner p ON p.id = s.partner_id
              JOIN res_partner customer ON customer.id = p.commercial_partner_id
              JOIN res_currency currency ON currency.id = s.currency_id
              LEFT JOIN crm_lead lead ON lead.id = s.lead_id
              LEFT JOIN crm_recurring_plan plan ON plan.id = l.recurring_plan_id
             WHERE s.company_id = ANY(%s)
            """,
            [self.companies.ids],
        )
        lines = [oracle.Line(*row) for row in self._rows()]
        kinds = {reason.id: reason.kind for reason in self.reasons}
        return oracle.World(companies, rates, pauses, kinds, lines)

    def stored_segments(self):
        return self._stored(
            """
            SELECT res_model, res_id, date_from, date_to, company_id, partner_id,
                   user_id, team_id, lead_id, recurring_plan_id, currency_id,
                   rate_currency::text, rate::text, paused, close_reason_id
              FROM crm_mrr_segment WHERE company_id = ANY(%s)
            """
        )

    def stored_movements(self):
        return self._stored(
            """
            SELECT s.res_model, s.res_id, s.date_from, m.date, m.kind, m.amount::text,
                   m.company_id, m.partner_id, m.user_id, m.team_id, m.lead_id,
                   m.reason, m.close_reason_id, COALESCE(m.renewal_due, FALSE),
                   m.customers
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

    def assertFacts(self):
        """Compare what is stored with the oracle's ledger, and return that."""
        model = "crm.subscription.line"
        world = self.read_world()
        ledger = oracle.Ledger(world)
        segments = Counter(
            (
                model,
                line.key,
                stretch.start,
                stretch.end,
                line.company,
                line.customer,
                line.user,
                line.team,
                line.lead,
                line.plan,
                line.currency,
                stretch.amount,
                world.value(stretch, stretch.start),
                stretch.paused,
                world.close_reason(stretch),
            )
            for stretches in ledger.customers.values()
            for stretch in stretches
            for line in [stretch.line]
        )
        self.assertCounts(self.stored_segments(), segments)

        issues = Counter(
            (model, line.key, code, line.customer, line.user)
            for line, code in ledger.issues
        )
        self.assertCounts(self.stored_issues(), issues)

        rows = Counter(
            (
                model,
                line.key,
                row.stretch.start,
                row.date,
                row.kind,
                row.amount,
                *row.customer,
                line.user,
                line.team,
                line.lead,
                row.reason,
                row.close_reason,
                row.renewal_due,
            )
            for row in ledger.rows
            for line in [row.line]
        )
        stored = self.stored_movements()
        found = Counter({row[:-1]: number for row, number in stored.items()})
        # a row without money stands only where it carries the customer
        nothing = {row for row in found if row[5] == 0}
        self.assertEqual(
            {row[:-1] for row in stored if row[5] == 0 and row[-1] == 0}, set()
        )
        self.assertEqual(nothing - set(rows), set())
        self.assertCounts(
            Counter({row: number for row, number in found.items() if row[5]}),
            Counter({row: number for row, number in rows.items() if row[5]}),
        )

        logos = {
            (*customer, day): moved.logos
            for customer, days in ledger.days.items()
            for day, moved in days.items()
            if moved.logos
        }
        carried = Counter(
            {(row[6], row[7], row[3]): row[-1] for row in stored if row[-1]}
        )
        self.assertEqual(carried, Counter(logos))
        self.assertEqual(
            sum(1 for row in stored if row[-1]), len(logos), "one row carries it"
        )
        return ledger

    def assertCounts(self, found, expected):
        self.assertEqual(
            {"too much": found - expected, "missing": expected - found},
            {"too much": Counter(), "missing": Counter()},
        )

    @classmethod
    def work_in(cls, zones):
        """Give each company a calendar of its own time zone."""
        for company, zone in zip(cls.companies, zones, strict=True):
            company.resource_calendar_id = cls.env["resource.calendar"].create(
                {"name": zone, "tz": zone, "company_id": company.id}
            )

    # -- asking ---------------------------------------------------------

    def options(self, question):
        companies = self.companies.browse(
            [self.companies[number].id for number in question["companies"]]
        )
        options = {
            "date_from": question["date_from"].isoformat(),
            "date_to": question["date_to"].isoformat(),
            "grain": question["grain"],
            "company_ids": companies.ids,
        }
        for name, numbers in question["filters"].items():
            options[f"{name}_ids"] = [
                self.slices(name)[number].id for number in numbers
            ]
        if question["group_by"]:
            options["group_by"] = question["group_by"]
        return options

    def slices(self, name):
        return {
            "team": self.teams,
            "user": self.sellers,
            "plan": self.plans,
            "source": self.sources,
            "country": self.countries,
            "reason": self.reasons,
        }[name]

    def metrics(self, question):
        asks = self.askers[question["asks"]]
        metrics = self.env["crm.metrics"].with_user(asks)
        return metrics.with_context(allowed_company_ids=self.companies.ids)

    def ask(self, question):
        """Ask the façade as the one who asks."""
        return self.metrics(question).recurring(
            {**self.options(question), "view": question["view"]}
        )

    def ask_cohorts(self, question):
        return self.metrics(question).recurring_cohorts(self.options(question))

    def expected(self, ledger, question, group=...):
        """Let the oracle answer the same question, or for one of its groups."""
        numbers = question["companies"]
        main, *_others = ids = [self.companies[number].id for number in numbers]
        world = ledger.world
        filters = {
            name: [self.slices(name)[number].id for number in numbers]
            for name, numbers in question["filters"].items()
        }
        if group is not ...:
            # on top of a filter of the same name
            name = question["group_by"]
            allowed = filters.get(name)
            filters[name] = [group] if allowed is None or group in allowed else []
        own = question["asks"] == "own"

        def wanted(row):
            if own and row.line.user not in (self.sellers[0].id, None):
                return False
            return all(self.slice_of(row, name) in ids for name, ids in filters.items())

        return oracle.Question(
            ledger,
            question["date_from"],
            question["date_to"],
            question["grain"],
            question["view"],
            TODAY,
            ids,
            {
                company: world.factor(
                    world.companies[company].currency, main, question["date_to"]
                )
                for company in ids
            },
            wanted,
            own or bool(filters),
        )

    @staticmethod
    def slice_of(row, name):
        return row.close_reason if name == "reason" else getattr(row.line, name)

    def assertAnswer(self, found, expected):
        """Compare periods and figures: money to the unit, all else as it is."""
        unit = expected.unit
        periods, kpis = expected.periods(), expected.kpis()
        self.assertEqual(
            [self.exact(period, ("opening", "closing", *oracle.MONEY_KINDS), unit)
             for period in found["periods"]],
            periods,
        )  # fmt: skip
        # of several currencies each part is rounded, the figure that looks ahead is not
        several = len(expected.companies) > 1
        delta = 12 * float(unit) * (4 * len(periods) if several else 0) + 1e-6
        found = dict(found["kpis"])
        weighted = found.pop("weighted_pipeline_mrr")
        self.assertIn(weighted, (0, None))
        self.assertEqual(set(found), set(kpis))
        for name, figure in kpis.items():
            if figure is None or found[name] is None:
                self.assertEqual(found[name], figure, name)
            elif name in MONEY_KPIS:
                off = delta if name == "carr" else 0.51 * float(unit)
                self.assertAlmostEqual(found[name], float(figure), delta=off, msg=name)
                self.assertWhole(found[name], unit)
            else:
                self.assertAlmostEqual(found[name], float(figure), places=9, msg=name)
        if found["grr_12m"] is not None:
            self.assertLessEqual(found["grr_12m"], 1 + 1e-12)
            self.assertLessEqual(found["grr_12m"], found["nrr_12m"] + 1e-12)

    def assertCohorts(self, found, expected):
        keys = ("mrr", "net", "gross")
        self.assertEqual(
            [
                {
                    **self.exact(cohort, keys, expected.unit),
                    "ages": [
                        self.exact(age, keys, expected.unit) for age in cohort["ages"]
                    ],
                }
                for cohort in found
            ],
            expected.cohorts(),
        )

    def exact(self, row, keys, unit):
        """Return a row with its money as Decimals."""
        for key in keys:
            if key in row:
                self.assertWhole(row[key], unit)
        return {
            key: oracle.round_half_up(Decimal(repr(value)), unit)
            if key in keys
            else value
            for key, value in row.items()
        }

    def assertWhole(self, amount, unit):
        """A float that is as near to a multiple of the unit as floats are."""
        rounded = oracle.round_half_up(Decimal(repr(amount)), unit)
        self.assertAlmostEqual(amount, float(rounded), delta=1e-9 * max(1, abs(amount)))
