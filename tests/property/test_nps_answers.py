"""NPS of random answers against an oracle that goes through them one by one."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

import books
from books import TODAY
from hypothesis import given, settings
from hypothesis import strategies as st
from nps_checks import COMPANIES, DAY, LONG_AGO, ZONES, NpsChecks

FAR_AHEAD = datetime(2099, 1, 1)
STATES = (
    "planned", "sending", "sent", "answered", "declined", "expired", "bounced",
    "failed", "skipped",
)  # fmt: skip

#: close to the midnights of all zones, and anywhere
times = st.sampled_from([(0, 0), (3, 59), (4, 0), (5, 0), (14, 59), (15, 0), (23, 59)])
#: most of them in a few weeks, so that there are many of one range; none after today
past_days = st.one_of(
    *[st.dates(TODAY - timedelta(days=60), TODAY - DAY)] * 4,
    st.sampled_from([TODAY - timedelta(days=17), TODAY - timedelta(days=18)]),
    books.days.filter(lambda day: day < TODAY),
)
moments = st.builds(lambda day, hm: datetime.combine(day, time(*hm)), past_days, times)
contacts = st.sampled_from([0, 0, 1, 1, 2, 3, 4, None])

answer_values = st.fixed_dictionaries(
    {
        "program": st.sampled_from([0, 0, 0, 1, 2]),
        "wave": st.sampled_from(["w1", "w1", "w1", "w2", False]),
        "person": st.sampled_from(["p1", "p1", "p2", "p3", *[None] * 6]),
        "contact": contacts,
        "score": st.integers(0, 10),
        "moment": moments,
        "state": st.sampled_from([*["counted"] * 7, "excluded", "suspect"]),
        "public": st.sampled_from([False] * 7 + [True]),
        "test": st.sampled_from([False] * 9 + [True]),
        "comment": st.booleans(),
        "tags": st.sets(st.sampled_from([0, 1])),
        "due": st.one_of(st.none(), st.integers(-9, 9)),
        "contacted": st.one_of(st.none(), st.integers(0, 19)),
    }
)
invitation_values = st.fixed_dictionaries(
    {
        "program": st.sampled_from([0, 0, 1, 2]),
        "contact": contacts,
        "state": st.sampled_from(STATES),
        "considered": moments,
        "sent": st.one_of(st.none(), moments),
        "expires": st.sampled_from([LONG_AGO, FAR_AHEAD, None]),
        "reason": st.sampled_from(["quarantine", "no_email", "late"]),
        "test": st.sampled_from([False] * 9 + [True]),
    }
)
purchase_values = st.fixed_dictionaries(
    {
        "contact": st.sampled_from([0, 1, 2, 3, 5, None]),
        "company": st.sampled_from([0, 0, 1]),
        "user": books.users,
        "day": past_days,
        "amount": st.integers(-500, 1500).filter(bool),
    }
)


@st.composite
def questions(draw):
    question = draw(books.questions())
    names = ("team", "user", "country")
    question["filters"] = {
        name: ids for name, ids in question["filters"].items() if name in names
    }
    if draw(st.booleans()):
        question["date_from"] = TODAY - timedelta(days=draw(st.integers(17, 90)))
        question["date_to"] = TODAY - timedelta(days=draw(st.integers(0, 17)))
    question["programs"] = draw(
        st.sampled_from([None, None, None, [0], [1], [0, 1, 2], []])
    )
    question["group_by"] = draw(st.sampled_from([None, *names]))
    return question


@dataclass
class Account:
    """Whose account it is; that of nobody has nothing."""

    id: int | None = None
    user: int | None = None
    team: int | None = None
    country: int | None = None


@dataclass
class Row:
    """An answer, an invitation or a purchase."""

    values: dict
    account: Account
    company: int
    number: int

    def __getattr__(self, name):
        return self.values[name]


class TestNpsAnswers(NpsChecks, books.BookCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.work_in(ZONES)
        cls.env["crm.team.member"].create(
            [
                {"crm_team_id": cls.teams[n].id, "user_id": cls.sellers[n].id}
                for n in range(2)
            ]
        )
        cls.programs = cls.env["crm.nps.program"].create(
            [
                {"name": f"Property {number}", "company_id": cls.companies[company].id}
                for number, company in enumerate(COMPANIES)
            ]
        )
        cls.tags = cls.env["crm.nps.tag"].create(
            [{"name": f"Property {number}"} for number in range(2)]
        )

    @settings(max_examples=30)
    @given(
        answers=st.lists(answer_values, min_size=20, max_size=70),
        invitations=st.lists(invitation_values, max_size=12),
        purchases=st.lists(purchase_values, max_size=12),
        sellers=st.lists(books.users, min_size=6, max_size=6),
        asked=st.lists(questions(), min_size=3, max_size=5),
    )
    def test_answers(self, answers, invitations, purchases, sellers, asked):
        with self.example():
            # the fourth belongs to the first, the last is of somebody who is silent
            people = self.make_contacts([None, None, None, 0, None, None])
            for person, seller in zip(people, sellers, strict=True):
                person.user_id = self.sellers[seller] if seller is not None else False
            self.accounts = self.read_accounts(people)
            self.make_answers(people, answers)
            self.make_invitations(people, invitations)
            self.make_purchases(people, purchases)
            for question in asked:
                self.check(question)

    # -- making ---------------------------------------------------------

    def read_accounts(self, people):
        found = {None: Account()}
        for number, person in enumerate(people):
            account = person.commercial_partner_id
            seller = account.user_id
            teams = self.env["crm.team.member"].search([("user_id", "=", seller.id)])
            found[number] = Account(
                account.id,
                seller.id or None,
                teams.crm_team_id.id if seller and teams else None,
                account.country_id.id or None,
            )
        return found

    def make_answers(self, people, drawn):
        def contact(number):
            return people[number].id if number is not None else False

        created = self.env["crm.nps.answer"].create(
            [
                {
                    "program_id": self.programs[each["program"]].id,
                    "wave": each["wave"],
                    "person": each["person"],
                    "partner_id": contact(each["contact"]),
                    "score": each["score"],
                    "date": each["moment"],
                    "state": each["state"],
                    "public": each["public"],
                    "test": each["test"],
                    "comment": each["comment"] and "Comment",
                    "tag_ids": [(6, 0, [self.tags[n].id for n in each["tags"]])],
                    "followup_due_at": each["due"] is not None
                    and each["moment"] + timedelta(hours=each["due"] + 10),
                    "first_contact_at": each["contacted"] is not None
                    and each["moment"] + timedelta(hours=each["contacted"]),
                }
                for each in drawn
            ]
        )
        self.answers = [
            Row(
                each,
                self.accounts[each["contact"]],
                COMPANIES[each["program"]],
                answer.id,
            )
            for each, answer in zip(drawn, created, strict=True)
        ]

    def make_invitations(self, people, drawn):
        created = self.env["crm.nps.invitation"].create(
            [
                {
                    "program_id": self.programs[each["program"]].id,
                    "wave": "w1",
                    "partner_id": people[each["contact"]].id
                    if each["contact"] is not None
                    else False,
                    "state": each["state"],
                    "skip_reason": each["state"] == "skipped" and each["reason"],
                    "date": each["considered"],
                    "sent_at": each["sent"] or False,
                    "expires_at": each["expires"] or False,
                    "test": each["test"],
                }
                for each in drawn
            ]
        )
        self.invitations = [
            Row(
                each,
                self.accounts[each["contact"]],
                COMPANIES[each["program"]],
                invitation.id,
            )
            for each, invitation in zip(drawn, created, strict=True)
        ]

    def make_purchases(self, people, drawn):
        self.env["crm.purchase.entry"].create(
            [
                {
                    "name": str(number),
                    "company_id": self.companies[each["company"]].id,
                    "partner_id": people[each["contact"]].id
                    if each["contact"] is not None
                    else False,
                    "user_id": self.sellers[each["user"]].id
                    if each["user"] is not None
                    else False,
                    "date": each["day"],
                    "amount": each["amount"],
                }
                for number, each in enumerate(drawn)
            ]
        )
        self.engine.recompute("crm.purchase")
        self.purchases = [
            Row(each, self.accounts[each["contact"]], each["company"], number)
            for number, each in enumerate(drawn)
        ]
