"""Random histories of deals: how they are drawn, put into Odoo and read back.

One generator serves both kinds of tests: with the random source of hypothesis, which
shrinks what it drew, and with a seeded one, for large histories.
"""

from collections import Counter
from datetime import datetime, time, timedelta
from decimal import Decimal
from unittest.mock import patch

import books
import pipeline_figures
import pipeline_oracle
import pytz
from dateutil.relativedelta import relativedelta
from hypothesis import strategies as st

from odoo import fields

TODAY = books.TODAY
NOW = datetime.combine(TODAY, time(14, 30, 12))
EVENT, VISIT = "crm.lead.event", "crm.stage.visit"
FACTS = (EVENT, VISIT)
#: name, sequence, numbers of its teams, whether deals are won there
STAGES = (
    ("New", 901, (), False),
    ("Qualified", 903, (0,), False),
    ("Demo", 903, (1,), False),
    ("Proposal", 905, (), False),
    ("Legal", 907, (0, 1), False),
    ("Contract", 909, (1,), False),
    ("Won", 920, (), True),
    ("Won by partner", 921, (1,), True),
)
OPEN, WON = range(6), (6, 7)
#: a stage that was deleted long ago: some know where it stood, some only its number
VANISHED = 8
VANISHED_KEY = 800_000_000
#: deals that exist; others of a history are gone
LEADS = 24
#: numbers of leads that are gone
GONE = 900_000_000
ZONES = ("Europe/Brussels", "America/New_York")

#: how long nothing happens to a deal: moments, minutes, days
DAYS = tuple(timedelta(days=days) for days in (0.5, 1, 1, 2, 3, 5, 8, 13, 21, 40, 90))
GAPS = (
    *(timedelta(seconds=seconds) for seconds in (0, 0, 1, 59, 60, 61, 3600)),
    *DAYS,
)
#: how long ranges are, and how many days before today they end
LENGTHS = (1, 7, 30, 91, 365, 800)
BACK = (0, 1, 2, 30, 100, 300)
#: what the end of a day is before the next one
MOMENT = timedelta(microseconds=1)
#: even sums, so that another currency leaves no rest, and crooked ones
EVEN = tuple(Decimal(128) * number for number in (0, 1, 3, 10, 25, 100))
CROOKED = (Decimal("0.01"), Decimal("99.99"), Decimal("1234.56"), Decimal(0))

# ----------------------------------------------------------------------
# drawing
# ----------------------------------------------------------------------


class History:
    """A source of random histories of deals."""

    def __init__(self, rng, amounts=EVEN, companies=(0, 0, 0, 1, None), gaps=GAPS):
        self.rng = rng
        self.amounts = amounts
        self.companies = companies
        self.gaps = gaps
        #: first days of ranges, and days after them
        self.edges = sorted(
            {
                TODAY - timedelta(days=back + shift)
                for back in BACK
                for shift in (-1, *(length - 1 for length in LENGTHS))
            }
        )

    def maybe(self, percent):
        return self.rng.randrange(100) >= 100 - percent

    def deal(self, number, begin=None):
        """Return the events of a deal as dicts, its keys numbers of what there is."""
        rng = self.rng
        at = begin or NOW - timedelta(
            days=rng.choice((700, 400, 200, 100, 50, 20, 5, 1)),
            seconds=rng.randrange(86400),
        )
        # before the installation: from the tracking, or from an import
        recorded = rng.choice(("import", "live", "backfill"))
        self.exactness = 100 - rng.choice((0, 0, 20))
        state = self.birth()
        events = [self.event(number, at, state, recorded)]
        for _deed in range(rng.choice((0, 1, 2, 3, 4, 5, 6, 8))):
            at = self.later(at)
            if at > NOW:
                break
            recorded = self.rng.choice((recorded, recorded, "live"))
            self.deed(state)
            events.append(self.event(number, at, state, recorded))
            if state["removed"]:
                break
        return events

    def later(self, at):
        at += self.rng.choice(self.gaps)
        if self.maybe(40):
            at += timedelta(seconds=self.rng.randrange(86400))
        if self.maybe(6):
            # the first moment of a day that is asked for, or the last one before
            days = [day for day in self.edges if day > at.date()]
            if days:
                at = edge(self.rng.choice(days), self.rng.choice(ZONES))
                at -= self.rng.choice((0, 1)) * MOMENT
        return at

    def event(self, number, at, state, source):
        event = {**state, "lead": number, "at": at, "source": source}
        event["exact"] = self.maybe(self.exactness)
        if state["stage"] == VANISHED:
            if self.maybe(70):
                event["copy"] = {"stage_sequence": 904}
        elif state["stage"] is not None and self.maybe(4):
            # the stage was another one then
            event["copy"] = self.rng.choice(
                (
                    {"stage_sequence": 904},
                    {"stage_sequence": 999},
                    {"stage_is_won": True},
                    {"stage_is_won": False},
                    {"stage_name": "Old name"},
                )
            )
        return event

    def birth(self):
        rng = self.rng
        lead = self.maybe(20)
        state = {
            "type": "lead" if lead else "opportunity",
            "stage": rng.choice((0, 0, 0, 1, 3, *range(len(STAGES) + 1))),
            "active": True,
            "reason": None,
            "amount": rng.choice(self.amounts),
            "company": rng.choice(self.companies),
            "partner": rng.choice((0, 1, None)),
            "user": rng.choice((0, 0, 1, 2, None)),
            "team": rng.choice((0, 0, 1, 2, None)),
            "removed": None,
            "lost": False,
        }
        if self.maybe(5):
            state["active"] = False
        return state

    def deed(self, state):
        """Do something to a deal; sometimes two things at once."""
        getattr(self, f"do_{self.choose(state)}")(state)
        if self.maybe(12):
            self.do_amount(state)
        if self.maybe(5):
            getattr(self, f"do_{self.choose(state)}")(state)

    def choose(self, state):
        if not state["active"]:
            names = ("restore", "restore", "lose", "move", "amount", "gone", "user")
        elif state["type"] == "lead":
            names = ("convert", "convert", "convert", "move", "lose", "user")
        else:
            names = (
                *("onward",) * 7,
                *("move", "move", "win", "win", "lose", "lose", "lose", "lose"),
                *("archive", "amount", "amount", "team", "user", "company"),
                *("to_lead", "gone", "nothing", "partner", "no_stage", "reason"),
            )
        return self.rng.choice(names)

    def do_onward(self, state):
        """One stage further, as most moves are."""
        state["stage"] = min((state["stage"] or 0) + 1, WON[0])

    def do_move(self, state):
        state["stage"] = self.rng.choice((*OPEN, VANISHED))

    def do_win(self, state):
        state.update(stage=self.rng.choice(WON), active=True, lost=False)

    def do_lose(self, state):
        state.update(active=False, lost=True, reason=self.rng.choice((0, 0, 1, None)))

    def do_archive(self, state):
        state["active"] = False

    def do_restore(self, state):
        state.update(active=True, lost=False, reason=None)

    def do_convert(self, state):
        state["type"] = "opportunity"

    def do_to_lead(self, state):
        state["type"] = "lead"

    def do_amount(self, state):
        state["amount"] = self.rng.choice(self.amounts)

    def do_team(self, state):
        """The stage goes along, or it does not."""
        state["team"] = self.rng.choice((0, 1, 2, None))
        if self.maybe(50):
            state["stage"] = 0

    def do_user(self, state):
        state["user"] = self.rng.choice((0, 1, 2, None))

    def do_company(self, state):
        state["company"] = self.rng.choice(self.companies)

    def do_partner(self, state):
        state["partner"] = self.rng.choice((0, 1, None))

    def do_reason(self, state):
        state["reason"] = self.rng.choice((0, 1, None))

    def do_no_stage(self, state):
        state["stage"] = self.rng.choice((None, 0, 1))

    def do_nothing(self, state):
        """Something else changed, a date for example."""

    def do_gone(self, state):
        state.update(
            active=False, removed=self.rng.choice(("deleted", "deleted", "merged"))
        )

    def crowd(self, numbers):
        """Some simple deals that one transaction moves, imported or not."""
        moment = NOW - timedelta(days=self.rng.choice((3, 30, 120)))
        begin = moment - timedelta(days=self.rng.choice((1, 4)))
        recorded = self.rng.choice(("live", "live", "backfill", "import"))
        self.exactness = 100
        events = []
        for number in numbers:
            state = self.birth() | {"active": True, "type": "opportunity", "stage": 0}
            events.append(self.event(number, begin, state, recorded))
            self.do_onward(state)
            events.append(self.event(number, moment, state, recorded))
            if self.maybe(30):
                self.do_lose(state)
                events.append(
                    self.event(number, moment + timedelta(hours=5), state, "live")
                )
        return events

    def events(self, deals):
        """Return all events of a number of deals."""
        crowded = self.maybe(25)
        size = self.rng.choice((9, 10, 11)) if crowded else 0
        events = self.crowd(range(deals, deals + size)) if size else []
        for number in range(deals):
            events += self.deal(number)
        return events

    def question(self):
        """Return options of the façade, and who asks."""
        rng = self.rng
        length = rng.choice(LENGTHS)
        back = rng.choice((0, 0, 0, *BACK, -3))
        last = TODAY - timedelta(days=back)
        filters = {}
        for name in rng.choice(
            (
                (),
                (),
                (),
                ("team",),
                ("user",),
                ("source",),
                ("reason",),
                ("team", "user"),
            )
        ):
            filters[name] = [
                number
                for number in range(3 if name != "reason" else 2)
                if self.maybe(50)
            ]
        companies = ((0,),)
        if self.amounts is EVEN:
            companies = ((0,), (0,), (1,), (0, 1), (1, 0))
        companies = rng.choice(companies)
        if 0 not in companies:
            # whose team it is, who asks for the other company may not read
            filters = {name: set(ids) - {1} for name, ids in filters.items()}
        return {
            "asks": rng.choice(("manager", "manager", "all", "own")),
            "companies": companies,
            "date_from": last - timedelta(days=length - 1),
            "date_to": last,
            "view": rng.choice(("period", "period", "cohort")),
            "filters": filters,
            "group_by": rng.choice((None, None, "team", "user", "source")),
            "what_if": {
                number: rng.choice((0, 5, 12.5, 40, 100))
                for number in OPEN
                if self.maybe(15)
            },
        }


@st.composite
def histories(draw, deals=(1, 3, 6, 9), **options):
    """Events of a few deals."""
    rng = draw(st.randoms(use_true_random=False))
    source = History(rng, amounts=rng.choice((EVEN, EVEN, CROOKED)), **options)
    return source.events(rng.choice(deals))


@st.composite
def asked_histories(draw, questions=3, deals=(1, 4, 8, 12)):
    """Events of a few deals, and questions about them."""
    rng = draw(st.randoms(use_true_random=False))
    source = History(rng, amounts=rng.choice((EVEN, EVEN, CROOKED)))
    return source.events(rng.choice(deals)), [
        source.question() for _number in range(questions)
    ]


# ----------------------------------------------------------------------
# in Odoo
# ----------------------------------------------------------------------


class PipelineCase(books.BookCase):
    """A world of stages, teams and sellers in which deals live."""

    #: deals that nothing has happened to yet
    lead_count = LEADS

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.work_in(ZONES)
        cls.env["crm.lead"].with_context(active_test=False).search([]).unlink()
        cls.stages = cls.env["crm.stage"].create(
            [
                {
                    "name": name,
                    "sequence": sequence,
                    "is_won": is_won,
                    "team_ids": [cls.teams[number].id for number in teams],
                }
                for name, sequence, teams, is_won in STAGES
            ]
        )
        cls.lost_reasons = cls.env["crm.lost.reason"].create(
            [{"name": f"Reason {number}"} for number in range(2)]
        )
        cls.partners = cls.env["res.partner"].create(
            [{"name": f"Customer {number}"} for number in range(2)]
        )
        # of each seller something is known if nothing else is: the company
        cls.teams[1].company_id = cls.companies[0]
        cls.teams[0].company_id = cls.teams[2].company_id = False
        cls.sellers[2].company_id = cls.companies[1]
        cls.deals = cls.make_leads(cls.lead_count)

    @classmethod
    def make_leads(cls, count):
        """Create leads of whom nothing is known yet."""
        cls.env.cr.execute(
            """INSERT INTO crm_lead (name, type, active, create_date, source_id,
                                     stage_id)
               SELECT 'Deal ' || number, 'opportunity', TRUE, now() AT TIME ZONE 'UTC',
                      (%s::int[])[1 + number %% 4], %s
                 FROM generate_series(0, %s) AS number
               RETURNING id""",
            [[*cls.sources.ids, None], cls.stages[0].id, count - 1],
        )
        return cls.env["crm.lead"].browse(key for (key,) in cls.env.cr.fetchall())

    def setUp(self):
        super().setUp()
        now = patch.object(fields.Datetime, "now", lambda *_args: NOW)
        now.start()
        self.addCleanup(now.stop)

    # -- making ---------------------------------------------------------

    def add_events(self, events, gone=None):
        """Create events as an import does, and let what depends on them be queued.

        :param gone: numbers of the leads that do not exist any more; default those
            that are removed in these events
        """
        if gone is None:
            gone = {event["lead"] for event in events if event["removed"]}
        alive = {
            records._name: set(records.exists().ids)
            for records in (self.deals, self.stages, self.teams, self.sellers)
        }
        self.env[EVENT].create(
            [self.event_values(event, gone, alive) for event in events]
        )

    def event_values(self, event, gone, alive):
        """Return an event as it is created; what is gone has left its number."""
        values = {
            "lead_key": GONE + event["lead"],
            "at": event["at"],
            "type": event["type"],
            "active": event["active"],
            "won_status": "lost"
            if event["lost"]
            else "won"
            if event["stage"] in WON
            else "pending",
            "expected_revenue": float(event["amount"]),
            "removed": event["removed"] or False,
            "source": event["source"],
            "exact": event["exact"],
        }
        for name, records in (
            ("stage", self.stages),
            ("team", self.teams),
            ("user", self.sellers),
        ):
            if (name, event[name]) == ("stage", VANISHED):
                values.update(stage_key=VANISHED_KEY, stage_name="Vanished")
            elif event[name] is not None:
                key = values[f"{name}_key"] = records[event[name]].id
                values[f"{name}_id"] = key if key in alive[records._name] else False
        if event["stage"] in (*OPEN, *WON) and not values["stage_id"]:
            name, sequence, _teams, is_won = STAGES[event["stage"]]
            values.update(stage_name=name, stage_sequence=sequence, stage_is_won=is_won)
        if event["lead"] < len(self.deals) and event["lead"] not in gone:
            key = values["lead_key"] = self.deals[event["lead"]].id
            values["lead_id"] = key if key in alive["crm.lead"] else False
        for name, field, records in (
            ("company", "company_id", self.companies),
            ("partner", "partner_id", self.partners.exists()),
            ("reason", "lost_reason_id", self.lost_reasons.exists()),
        ):
            if event[name] is not None and records:
                values[field] = records[event[name] % len(records)].id
        return {**values, **event.get("copy", {})}

    def refresh(self, limit=1000):
        self.env.flush_all()
        self.refresh_fact(VISIT, limit)

    def refresh_fact(self, fact, limit):
        done = True
        while done:
            done, _left = self.engine._refresh_batch(fact, limit)
        self.assertFalse(self.waiting().get(fact), "keys are left in the queue")

    # -- reading back ---------------------------------------------------

    def read_world(self):
        """Read what there is; the visits are not."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            SELECT id, lead_key, lead_id, at, type, stage_key, stage_id, stage_name,
                   stage_sequence, COALESCE(stage_is_won, FALSE), active, won_status,
                   lost_reason_id, COALESCE(expected_revenue, 0), company_id,
                   partner_id, user_id, user_key, team_id, team_key, removed, source,
                   exact
              FROM crm_lead_event
            """
        )
        events = [
            pipeline_oracle.Event(*row[:13], Decimal(str(row[13])), *row[14:])
            for row in self.env.cr.fetchall()
        ]
        self.env.cr.execute(
            """
            SELECT s.id, s.name ->> 'en_US', s.sequence, COALESCE(s.is_won, FALSE),
                   array_remove(array_agg(r.crm_team_id), NULL)
              FROM crm_stage s
              LEFT JOIN crm_stage_crm_team_rel r ON r.crm_stage_id = s.id
             GROUP BY s.id
            """
        )
        stages = {
            row[0]: pipeline_oracle.Stage(*row[:-1], frozenset(row[-1]))
            for row in self.env.cr.fetchall()
        }
        companies = []
        for table in ("crm_team", "res_users"):
            self.env.cr.execute(f"SELECT id, company_id FROM {table}")
            companies.append(dict(self.env.cr.fetchall()))
        self.env.cr.execute("SELECT id, source_id FROM crm_lead")
        sources = dict(self.env.cr.fetchall())
        return pipeline_oracle.World(events, stages, *companies, sources)

    def stored_visits(self):
        """Return the visits by what they say, without their ids."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            SELECT lead_key, visit_no, lead_id, partner_id, company_id, stage_key,
                   stage_id, stage_name, stage_sequence, entered, "left", days,
                   outcome, next_stage_key, next_stage_id, skipped, lost_reason_id,
                   value_entered::text, value_left::text, user_id, team_id, owner_id,
                   inexact, team_reset, bulk, merged, deleted
              FROM crm_stage_visit
            """
        )
        return Counter(
            (*row[:17], Decimal(row[17]), Decimal(row[18]), *row[19:])
            for row in self.env.cr.fetchall()
        )

    def stored_issues(self):
        """Return why leads are listed, and which."""
        self.env.cr.execute(
            """SELECT code, res_id FROM crm_metrics_issue
                WHERE fact = %s AND res_model = 'crm.lead'""",
            [VISIT],
        )
        return Counter(self.env.cr.fetchall())

    # -- comparing ------------------------------------------------------

    def assertVisits(self):
        """Compare what is stored with the oracle's visits, and return those."""
        world = self.read_world()
        visits, homeless = pipeline_oracle.visits_of(world)
        expected = Counter(
            tuple(getattr(visit, name) for name in visit.__dataclass_fields__)
            for visit in visits
        )
        self.assertCounts(self.stored_visits(), expected)
        listed = [
            *(("no_company", lead) for lead in homeless),
            *(("no_stay", lead) for lead in pipeline_oracle.never_open(world)),
        ]
        self.assertEqual(self.stored_issues(), Counter(listed))
        return world, visits

    # -- asking ---------------------------------------------------------

    def lost_reason_slices(self, name):
        return self.lost_reasons if name == "reason" else self.slices(name)

    def options(self, question):
        chosen = [self.companies[number].id for number in question["companies"]]
        options = {
            "date_from": question["date_from"].isoformat(),
            "date_to": question["date_to"].isoformat(),
            "company_ids": chosen,
            "view": question["view"],
            "what_if": {
                self.stages[number].id: points
                for number, points in question["what_if"].items()
            },
        }
        for name, numbers in question["filters"].items():
            records = self.lost_reason_slices(name)
            options[f"{name}_ids"] = [records[number].id for number in numbers]
        if question["group_by"]:
            options["group_by"] = question["group_by"]
        return options

    def ask(self, question):
        return self.metrics(question).bottlenecks(self.options(question))

    def expected(self, world, visits, question):
        """Return the same question, for the oracle."""
        main, *_others = ids = [
            self.companies[number].id for number in question["companies"]
        ]
        zones = dict(zip(self.companies.ids, ZONES, strict=True))
        last = question["date_to"]
        as_of = edge(last + timedelta(days=1), zones[main]) - MOMENT
        full = last
        if last >= TODAY:
            as_of, full = NOW, TODAY - timedelta(days=1)
        years = {
            company: (
                edge(year_to(full), zones[company]),
                edge(full + timedelta(days=1), zones[company]) - MOMENT,
            )
            for company in ids
        }
        worth = {self.companies[0].id: Decimal(128), self.companies[1].id: Decimal(1)}
        return pipeline_figures.Question(
            world=world,
            visits=visits,
            start=edge(question["date_from"], zones[main]),
            as_of=as_of,
            view=question["view"],
            companies=ids,
            factors={company: worth[company] / worth[main] for company in ids},
            years=years,
            own=self.sellers[0].id if question["asks"] == "own" else None,
            filters={
                name: [self.lost_reason_slices(name)[number].id for number in numbers]
                for name, numbers in question["filters"].items()
            },
            what_if={
                self.stages[number].id: points
                for number, points in question["what_if"].items()
            },
        )


def year_to(day):
    """Return the first day of the 12 months to a day: a year later lies ahead."""
    first = day - relativedelta(years=1)
    while first + relativedelta(years=1) <= day:
        first += timedelta(days=1)
    return first


def edge(day, zone):
    """Return the moment at which a day begins somewhere, in UTC."""
    local = pytz.timezone(zone).localize(datetime.combine(day, time.min))
    return local.astimezone(pytz.utc).replace(tzinfo=None)
