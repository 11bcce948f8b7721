"""The log of leads: whatever is done to leads, in whatever order and however it is cut
into transactions, the log says what somebody had noted who looked at all leads after
each transaction.
"""

from datetime import datetime, timedelta
from unittest.mock import patch

import books
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg2 import IntegrityError

from odoo.exceptions import UserError
from odoo.tools import mute_logger

EVENT = "crm.lead.event"
numbers = st.integers(0, 5)
values = st.one_of(
    st.tuples(st.just("stage"), st.integers(0, 3)),
    st.tuples(st.just("stage"), st.integers(0, 3)),
    st.tuples(st.just("expected_revenue"), st.sampled_from([0, 10, 12.34])),
    st.tuples(st.just("recurring_revenue"), st.sampled_from([0, 10])),
    st.tuples(st.just("probability"), st.sampled_from([0, 12.5, 60, 100])),
    st.tuples(st.just("date_deadline"), st.sampled_from([False, "2026-01-01"])),
    st.tuples(st.just("active"), st.booleans()),
    st.tuples(st.just("user"), books.users),
    st.tuples(st.just("team"), books.teams),
    st.tuples(st.just("contact"), st.sampled_from([None, 0, 1, 2])),
    st.tuples(st.just("type"), st.sampled_from(["lead", "opportunity"])),
    st.tuples(st.just("name"), st.sampled_from(["A", "B"])),
    st.tuples(st.just("priority"), st.sampled_from(["0", "2"])),
)
deeds = st.one_of(
    st.tuples(st.just("write"), st.lists(numbers, min_size=1, max_size=3), values),
    st.tuples(st.just("write"), st.lists(numbers, min_size=1, max_size=3), values),
    st.tuples(st.just("write"), st.lists(numbers, min_size=1, max_size=3), values),
    st.tuples(st.just("create"), st.integers(0, 3), st.booleans()),
    st.tuples(st.just("win"), numbers),
    st.tuples(st.just("lose"), numbers, st.booleans()),
    st.tuples(st.just("restore"), numbers),
    st.tuples(st.just("delete"), numbers),
    st.tuples(st.just("merge"), st.lists(numbers, min_size=2, max_size=3)),
    st.tuples(st.just("turn_stage"), st.integers(0, 3), st.booleans()),
    st.tuples(st.just("rename_stage"), st.integers(0, 3), st.sampled_from("XY")),
    st.tuples(st.just("delete_team"), st.integers(0, 2)),
    st.tuples(st.just("move_contact"), st.sampled_from([None, 2])),
    st.tuples(st.just("merge_contacts")),
    st.tuples(st.just("flush")),
    st.tuples(st.just("undo"), numbers, values),
    st.tuples(st.just("sql"), numbers, st.sampled_from([1, 2])),
    st.tuples(st.just("commit")),
    st.tuples(st.just("commit")),
)

#: what somebody looks at, in his own words
LOOK = """
    SELECT l.id, l.type, l.stage_id, COALESCE(s.is_won, FALSE), l.active, l.won_status,
           l.lost_reason_id, l.expected_revenue, l.recurring_revenue,
           CASE WHEN round(l.probability::numeric, 2)
                     = round(l.automated_probability::numeric, 2)
                THEN NULL ELSE l.probability END,
           l.date_deadline, l.company_id, p.commercial_partner_id, l.user_id, l.team_id
      FROM crm_lead l
      LEFT JOIN crm_stage s ON s.id = l.stage_id
      LEFT JOIN res_partner p ON p.id = l.partner_id
     WHERE l.id = ANY(%s)
"""
LOG = """
    SELECT lead_key, type, stage_key, stage_is_won, active, won_status, lost_reason_id,
           expected_revenue, recurring_revenue,
           CASE WHEN NOT is_automated_probability THEN probability END,
           date_deadline, company_id, partner_id, user_key, team_key, at, exact, removed
      FROM crm_lead_event WHERE lead_key = ANY(%s) ORDER BY lead_key, at, id
"""
#: where the customer stands in a state, which a merge of contacts moves back in time
CUSTOMER = 11


class TestLeadEvents(books.BookCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stages = cls.env["crm.stage"].create(
            [
                {"name": f"P{number}", "sequence": 900 + number, "is_won": number == 3}
                for number in range(4)
            ]
        )
        cls.stages[1].team_ids = cls.teams[0]
        cls.reason = cls.env["crm.lost.reason"].create({"name": "Property"})

    @settings(max_examples=150)
    @given(story=st.lists(deeds, min_size=3, max_size=30))
    def test_the_log_is_what_a_recorder_notes(self, story):
        with self.example():
            self.clock = datetime(2025, 6, 17, 8)
            with patch.object(self.env.cr, "now", lambda: self.clock):
                self.tell(story)

    def tell(self, story):
        self.contacts = self.make_contacts([None, 0, None])
        self.made = self.env["crm.lead"]
        self.keys, self.noted, self.going, self.guessed = [], {}, {}, set()
        for _each in range(2):
            self.create(0, True)
        self.commit()
        for deed, *arguments in story:
            getattr(self, deed)(*arguments)
        self.commit()
        self.assertEqual(self.engine.audit([EVENT]), {EVENT: 0})

    # -- the recorder ---------------------------------------------------

    def commit(self):
        """End the transaction, look at all leads, compare the log with the notes."""
        self.env.cr.flush()
        self.env.cr.execute(LOOK, [self.keys])
        present = {key: state for key, *state in self.env.cr.fetchall()}
        for key in self.keys:
            notes = self.noted.setdefault(key, [])
            if key in present:
                if not notes or notes[-1][0] != present[key]:
                    notes.append((present[key], self.clock, None))
            elif notes and not notes[-1][2]:
                notes.append((None, self.clock, self.going[key]))
        self.compare()
        self.clock += timedelta(hours=1)

    def compare(self):
        self.env.cr.execute(LOG, [self.keys])
        logged = {key: [] for key in self.keys}
        for key, *state, at, exact, removed in self.env.cr.fetchall():
            logged[key].append((state, at, removed))
            self.assertTrue(exact or key in self.guessed)
        for key in self.keys:
            told, noted = logged[key], self.noted[key]
            self.assertEqual(len(told), len(noted), (told, noted))
            for (state, at, removed), (wanted, when, how) in zip(
                told, noted, strict=True
            ):
                self.assertEqual((at, removed), (when, how))
                if wanted is None:
                    self.assertFalse(state[3])
                else:
                    self.assertEqual(state, wanted)

    # -- the deeds ------------------------------------------------------

    def pick(self, number):
        leads = self.made.exists()
        return leads[number % len(leads)] if leads else leads

    def attempt(self, work):
        """Do what a person does who may be told that it cannot be done."""
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                work()
        except (UserError, IntegrityError):
            self.env.invalidate_all(flush=False)

    def write(self, picked, change):
        leads = self.env["crm.lead"].union(*map(self.pick, picked))
        name, value = change
        records = {
            "stage": self.stages,
            "user": self.sellers,
            "team": self.teams.exists(),
            "contact": self.contacts.exists(),
        }.get(name)
        if records is not None:
            name = {"contact": "partner"}.get(name, name) + "_id"
            some = value is not None and records
            value = records[value % len(records)].id if some else False
        self.attempt(lambda: leads.write({name: value}))

    def create(self, stage, active):
        values = {
            "name": "P",
            "type": "opportunity",
            "company_id": self.companies[0].id,
            "user_id": self.sellers[0].id,
            "team_id": self.teams.exists()[:1].id,
            "stage_id": self.stages[stage].id,
            "active": active,
        }

        def work():
            self.made |= self.env["crm.lead"].create(values)

        self.attempt(work)
        self.keys = self.made.ids

    def win(self, number):
        self.attempt(self.pick(number).action_set_won)

    def lose(self, number, why):
        reason = {"lost_reason_id": self.reason.id} if why else {}
        self.attempt(lambda: self.pick(number).action_set_lost(**reason))

    def restore(self, number):
        self.attempt(self.pick(number).action_restore)

    def delete(self, number):
        lead = self.pick(number)
        self.going[lead.id] = "deleted"
        lead.unlink()

    def merge(self, picked):
        leads = self.env["crm.lead"].union(*map(self.pick, picked))
        if len(leads) > 1:
            self.going.update(dict.fromkeys(leads.ids, "merged"))
            self.attempt(leads.merge_opportunity)

    def turn_stage(self, number, is_won):
        self.attempt(lambda: self.stages[number].write({"is_won": is_won}))

    def rename_stage(self, number, name):
        self.stages[number].name = name

    def delete_team(self, number):
        teams = self.teams.exists()
        if len(teams) > 1:
            self.attempt(teams[number % len(teams)].unlink)

    def move_contact(self, parent):
        contacts = self.contacts.exists()
        if len(contacts) == 3:
            contacts[1].parent_id = contacts[parent] if parent else False

    def merge_contacts(self):
        """The survivor takes the place of the merged one in the log, as everywhere."""
        contacts = self.contacts.exists()
        if len(contacts) < 3:
            return
        self.commit()
        gone, kept = contacts[0], contacts[2]
        self.env["base.partner.merge.automatic.wizard"]._update_foreign_keys(gone, kept)
        self.env.invalidate_all()
        for notes in self.noted.values():
            for state, _at, _removed in notes:
                if state and state[CUSTOMER] == gone.id:
                    state[CUSTOMER] = kept.id

    def flush(self):
        self.env.cr.flush()

    def undo(self, picked, change):
        """A part of the transaction that is rolled back."""
        try:
            with self.env.cr.savepoint():
                self.write([picked], change)
                self.env.cr.flush()
                raise ZeroDivisionError
        except ZeroDivisionError:
            self.env.invalidate_all(flush=False)

    def sql(self, number, revenue):
        """Behind the ORM's back: only the audit finds that."""
        self.commit()
        lead = self.pick(number)
        if lead:
            self.env.cr.execute(
                "UPDATE crm_lead SET expected_revenue = %s WHERE id = %s",
                [revenue, lead.id],
            )
            self.env.invalidate_all(flush=False)
            self.guessed.add(lead.id)
            self.engine.audit([EVENT])
            self.commit()
