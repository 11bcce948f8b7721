"""Visits of random histories against the oracle, and incremental = full."""

import random
from datetime import datetime
from unittest.mock import patch

import pipelines
import test_lead_events
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pipelines import VISIT
from psycopg2 import IntegrityError

from odoo.exceptions import UserError

numbers = st.integers(0, 11)
edits = st.one_of(
    st.tuples(st.just("add"), st.integers(1, 12)),
    st.tuples(st.just("add"), st.integers(1, 12)),
    st.tuples(st.just("add"), st.integers(1, 12)),
    st.tuples(
        st.just("team_company"), st.integers(0, 2), st.sampled_from([0, 1, None])
    ),
    st.tuples(st.just("user_company"), st.integers(0, 2), st.sampled_from([0, 1])),
    st.tuples(st.just("new_stage"), st.integers(900, 922), st.booleans()),
    st.tuples(st.just("stage_sequence"), st.integers(0, 7), st.integers(900, 922)),
    st.tuples(st.just("stage_is_won"), st.integers(0, 7), st.booleans()),
    st.tuples(st.just("stage_teams"), st.integers(0, 7), st.sets(st.integers(0, 2))),
    st.tuples(st.just("delete_stage"), st.integers(0, 7)),
    st.tuples(st.just("delete_team"), st.integers(0, 2)),
    st.tuples(st.just("delete_user"), st.integers(0, 2)),
    st.tuples(st.just("delete_lead"), numbers),
    st.tuples(st.just("delete_reason"), st.integers(0, 1)),
    st.tuples(st.just("merge_contacts")),
)
works = st.one_of(
    st.tuples(st.just("refresh"), st.sampled_from([1, 3, 1000])),
    st.tuples(st.just("batch"), st.integers(1, 3)),
    st.tuples(st.just("recompute"), st.integers(0, 3)),
)


class TestVisits(pipelines.PipelineCase):
    # -- the steps ------------------------------------------------------

    def do(self, name, *arguments):
        """Do one step; what Odoo refuses leaves nothing behind."""
        try:
            with self.env.cr.savepoint():
                getattr(self, f"step_{name}")(*arguments)
        except (UserError, IntegrityError):
            self.env.invalidate_all(flush=False)

    def step_add(self, count):
        """Some of the events arrive, whenever they happened."""
        arrived, self.waiting_events = (
            self.waiting_events[:count],
            self.waiting_events[count:],
        )
        self.add_events(arrived, self.gone)

    def step_team_company(self, number, company):
        chosen = self.companies[company] if company is not None else False
        self.teams[number].exists().company_id = chosen

    def step_user_company(self, number, company):
        self.sellers[number].exists().company_id = self.companies[company]

    def step_new_stage(self, sequence, is_won):
        self.env["crm.stage"].create(
            {"name": "Another", "sequence": sequence, "is_won": is_won}
        )

    def step_stage_sequence(self, number, sequence):
        self.stages[number].exists().sequence = sequence

    def step_stage_is_won(self, number, is_won):
        self.stages[number].exists().is_won = is_won

    def step_stage_teams(self, number, teams):
        chosen = [self.teams[team].id for team in teams if self.teams[team].exists()]
        self.stages[number].exists().team_ids = chosen

    def step_delete_stage(self, number):
        self.stages[number].exists().unlink()

    def step_delete_team(self, number):
        self.teams[number].exists().unlink()

    def step_delete_user(self, number):
        self.sellers[number].exists().unlink()

    def step_delete_lead(self, number):
        self.deals[number].exists().unlink()

    def step_delete_reason(self, number):
        self.lost_reasons[number].exists().unlink()

    def step_merge_contacts(self):
        gone, kept = self.partners
        wizard = self.env["base.partner.merge.automatic.wizard"]
        wizard._update_foreign_keys(gone, kept)
        self.env.invalidate_all()

    def step_refresh(self, limit):
        self.refresh(limit)
        self.assertVisits()

    def step_batch(self, limit):
        self.env.flush_all()
        self.engine._refresh_batch(VISIT, limit)

    def step_recompute(self, shard):
        self.assertIn("rows", self.engine.recompute(VISIT, shard, 4))

    # -- the rules ------------------------------------------------------

    def check(self):
        """Incremental = full = oracle, and the audit finds nothing to mend."""
        self.refresh()
        self.assertVisits()
        incremental, issues = self.stored_visits(), self.stored_issues()
        self.assertEqual(self.engine.audit([VISIT]), {VISIT: 0})
        self.env.cr.execute("DELETE FROM crm_stage_visit")
        self.engine._rebuild_slots(VISIT, list(range(64)))
        self.assertCounts(incremental, self.stored_visits())
        self.assertCounts(issues, self.stored_issues())

    @settings(max_examples=80)
    @given(events=pipelines.histories())
    def test_visits_are_those_of_the_oracle(self, events):
        """Whatever happened to deals, each column of each visit is as it should be."""
        with self.example():
            self.add_events(events)
            self.refresh()
            self.assertVisits()

    @settings(max_examples=40, phases=[Phase.generate])
    @given(seed=st.integers(0, 2**32))
    def test_larger_pipelines(self, seed):
        """More deals than can be shrunk, in any order and in batches."""
        rng = random.Random(seed)
        events = pipelines.History(rng).events(rng.choice((8, 16)))
        rng.shuffle(events)
        with self.example():
            self.add_events(events)
            self.refresh(rng.choice((1, 5, 1000)))
            self.assertVisits()

    @settings(max_examples=40)
    @given(
        events=pipelines.histories(deals=(2, 4, 6)),
        order=st.randoms(use_true_random=False),
        steps=st.lists(st.one_of(edits, edits, works), min_size=4, max_size=16),
    )
    def test_incremental_is_full(self, events, order, steps):
        """Events arrive in any order, in batches, and the pipeline changes between."""
        with self.example():
            order.shuffle(events)
            self.gone = {event["lead"] for event in events if event["removed"]}
            self.waiting_events = events
            self.step_add(len(events) // 2)
            for step in steps:
                self.do(*step)
            self.step_add(len(events))
            self.check()

    @settings(max_examples=40)
    @given(events=pipelines.histories(deals=(2, 4)), edit=edits)
    def test_one_edit_of_a_settled_pipeline(self, events, edit):
        """Nothing else hides what a single change forgets to queue."""
        with self.example():
            late = [event for event in events if event["at"].second % 5 == 0]
            self.gone = {event["lead"] for event in events if event["removed"]}
            self.add_events([event for event in events if event not in late], self.gone)
            self.refresh()
            self.waiting_events = late
            self.do(*edit)
            self.check()

    @settings(max_examples=4)
    @given(events=pipelines.histories(), shards=st.sampled_from([2, 8, 64]))
    def test_shards_cover_everything_once(self, events, shards):
        """The shards are the whole, and no row is in two of them."""
        with self.example():
            self.add_events(events)
            self.refresh()
            whole = self.stored_visits()
            self.env.cr.execute("DELETE FROM crm_stage_visit")
            results = [self.engine.recompute(VISIT, n, shards) for n in range(shards)]
            rows = sum(whole.values())
            self.assertEqual(sum(result["rows"] for result in results), rows)
            self.assertEqual(sum(result["changed"] for result in results), rows)
            self.assertCounts(self.stored_visits(), whole)


class TestLiveVisits(pipelines.PipelineCase, test_lead_events.TestLeadEvents):
    """The same of deals that people work on, transaction by transaction."""

    lead_count = 0
    # its examples are the work of the class that it comes from
    test_the_log_is_what_a_recorder_notes = None

    def compare(self):
        """What was noted is in the log, and the visits are those of the log."""
        super().compare()
        self.refresh()
        self.assertVisits()

    @settings(max_examples=20)
    @given(story=st.lists(test_lead_events.deeds, min_size=8, max_size=30))
    def test_visits_follow_the_work(self, story):
        with self.example():
            self.clock = datetime(2025, 6, 17, 8)
            with patch.object(self.env.cr, "now", lambda: self.clock):
                self.tell(story)
            self.assertEqual(self.engine.audit([VISIT]), {VISIT: 0})
