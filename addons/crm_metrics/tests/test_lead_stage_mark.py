import random
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from .common_visit import VISIT, StageVisitCase

NORMS = {"median": 12.0, "p90": 39.0}


@tagged("post_install", "-at_install")
class TestLeadStageMark(StageVisitCase):
    """Days in the stage and what is usual there, on the opportunity itself."""

    def setUp(self):
        super().setUp()
        # what is now goes along with the transactions
        now = staticmethod(lambda *_args: self.clock)
        self.enterContext(patch.object(fields.Datetime, "now", now))
        self.norms = {self.company: {self.stage_new.id: NORMS}}
        self.enterContext(
            patch.object(
                self.registry[VISIT],
                "_norms",
                lambda _model, company, _day=None: self.norms.get(company, {}),
            )
        )
        self.wait(days=10)

    def wait(self, **time):
        self.commit()
        self.clock += timedelta(**time)
        self.env.invalidate_all()

    def assertMark(self, days, lead=None, stuck=False, user=None):
        """Compare what is shown; days None: nothing."""
        lead = (self.lead if lead is None else lead).with_user(user or self.seller)
        if days is None:
            self.assertFalse(lead.crm_stage_note)
        else:
            self.assertTrue(lead.crm_stage_note)
        self.assertEqual(lead.crm_stage_days, days or 0)
        self.assertEqual(lead.crm_stage_stuck, stuck)

    def stuck(self, *, user=None):
        """Return what the filter of the search finds."""
        self.refresh()
        leads = self.env["crm.lead"].with_user(user or self.seller)
        return leads.search([("crm_stage_stuck", "=", True)]).sudo()

    def assertFilter(self):
        """The filter finds what is marked."""
        leads = self.env["crm.lead"].search([("company_id", "=", self.company.id)])
        marked = leads.filtered("crm_stage_stuck")
        self.assertEqual(self.stuck() & leads, marked)
        found = self.env["crm.lead"].search([("crm_stage_stuck", "=", False)])
        self.assertEqual(found & leads, leads - marked)

    # -- time -----------------------------------------------------------

    def test_days_since_entry(self):
        self.assertMark(10)
        self.lead.expected_revenue = 500
        self.wait(hours=1)
        self.assertMark(10)
        self.assertEqual(self.lead.crm_stage_median, 12)
        self.assertEqual(self.lead.crm_stage_p90, 39)

    def test_stuck_from_a_minute_past_the_norm(self):
        [event] = self.events()
        self.clock = event.at + timedelta(days=39, seconds=59)
        self.env.invalidate_all()
        self.assertMark(39)
        self.assertFilter()
        self.clock += timedelta(seconds=1)
        self.env.invalidate_all()
        self.assertMark(39, stuck=True)
        self.assertFilter()
        self.assertEqual(self.stuck(), self.lead)

    def test_words(self):
        self.wait(days=31)
        self.assertEqual(
            self.lead.crm_stage_note,
            "In this stage for 41 days; half of the deals leave within 12 days, nine "
            "of ten within 39 days.",
        )
        self.norms[self.company] = {self.stage_new.id: {"median": 0.1, "p90": None}}
        self.env.invalidate_all()
        self.assertEqual(
            self.lead.crm_stage_note,
            "In this stage for 41 days; half of the deals leave within 1 day.",
        )
        self.assertFalse(self.lead.crm_stage_usual)
        self.assertMark(41)

    def test_usual_days_are_whole_and_never_none(self):
        self.assertEqual(self.lead.crm_stage_usual, "(usual: 12 to 39)")
        self.norms[self.company] = {self.stage_new.id: {"median": 0.1, "p90": 0.4}}
        self.env.invalidate_all()
        self.assertEqual(self.lead.crm_stage_usual, "(usual: 1 to 1)")

    def test_no_norm(self):
        self.norms = {}
        self.wait(days=300)
        self.assertMark(310)
        self.assertEqual(self.lead.crm_stage_note, "In this stage for 310 days.")
        self.assertFilter()
        self.assertFalse(self.stuck())

    # -- moves ----------------------------------------------------------

    def test_moved_in_this_transaction(self):
        self.wait(days=100)
        self.assertMark(110, stuck=True)
        self.lead.stage_id = self.stage_talk
        self.assertMark(0)
        self.wait(days=3)
        self.assertMark(3)

    def test_moved_before_the_visits_know(self):
        self.wait(days=100)
        self.assertEqual(self.stuck(), self.lead)
        self.lead.stage_id = self.stage_talk
        self.commit()
        found = self.env["crm.lead"].search([("crm_stage_stuck", "=", True)])
        self.assertFalse(found & self.lead)

    def test_return_begins_anew(self):
        self.lead.stage_id = self.stage_talk
        self.wait(days=20)
        self.lead.stage_id = self.stage_new
        self.wait(days=2)
        self.assertMark(2)

    def test_unsaved_move(self):
        lead = self.env["crm.lead"].new(origin=self.lead)
        self.assertEqual(lead.crm_stage_days, 10)
        lead.stage_id = self.stage_talk
        self.assertEqual(lead.crm_stage_days, 0)
        self.assertFalse(self.env["crm.lead"].new({"name": "New"}).crm_stage_note)

    # -- nothing to show ------------------------------------------------

    def test_won_lost_archived_reopened(self):
        self.lead.action_set_lost(lost_reason_id=self.reason.id)
        self.assertMark(None)
        self.wait(days=50)
        self.assertMark(None)
        self.lead.action_unarchive()
        self.assertMark(0)
        self.wait(days=5)
        self.assertMark(5)
        self.lead.active = False
        self.wait(days=50)
        self.assertMark(None)
        self.lead.active = True
        self.wait(days=1)
        self.lead.action_set_won()
        self.assertMark(None)
        self.wait(days=50)
        self.assertMark(None)
        self.assertFilter()

    def test_lead_is_no_deal(self):
        lead = self.make_lead(type="lead")
        self.wait(days=60)
        self.assertMark(None, lead)
        lead.convert_opportunity(False)
        self.wait(days=4)
        self.assertMark(4, lead)
        self.assertFilter()

    def test_history_that_is_not_read_yet(self):
        self.wait(days=100)
        self.sql(
            "UPDATE crm_lead SET create_date = %s WHERE id = %s",
            self.clock,
            self.lead.id,
        )
        self.sql("DELETE FROM crm_lead_event WHERE lead_key = %s", self.lead.id)
        self.assertMark(None)
        # the first that is recorded of it is no entry
        self.wait(days=5)
        self.lead.expected_revenue = 7
        self.wait(days=5)
        self.assertMark(None)
        self.audit()
        self.assertMark(10)

    # -- who and where --------------------------------------------------

    def test_companies_have_their_own_norms(self):
        self.norms[self.other_company] = {
            self.stage_new.id: {"median": 50.0, "p90": 200.0}
        }
        self.seller.company_ids += self.other_company
        other = self.make_lead(company_id=self.other_company.id)
        nowhere = self.make_lead(company_id=False, team_id=False)
        self.wait(days=50)
        companies = (self.company | self.other_company).ids
        leads = (self.lead | other | nowhere).with_context(
            allowed_company_ids=companies
        )
        self.assertEqual(leads.mapped("crm_stage_stuck"), [True, False, True])
        self.assertEqual(leads.mapped("crm_stage_p90"), [39, 200, 39])
        self.refresh()
        domain = [("crm_stage_stuck", "=", True), ("id", "in", leads.ids)]
        self.assertEqual(leads.search(domain), self.lead | nowhere)

    def test_salesperson_reads_what_is_theirs(self):
        other = self.make_lead(user_id=self.seller_2.id)
        self.wait(days=50)
        self.assertMark(50, other, stuck=True, user=self.seller_2)
        # the event of the entry may be of somebody whose events are not for them
        self.lead.user_id = self.seller_2
        self.wait(days=1)
        self.assertMark(61, stuck=True, user=self.seller_2)
        self.assertEqual(self.stuck(user=self.seller_2), self.lead | other)
        action = other.with_user(self.seller_2).action_view_crm_stage_visits()
        self.assertEqual(action["res_model"], VISIT)

    def test_a_page_costs_a_constant_number_of_queries(self):
        leads = self.env["crm.lead"].create(
            [
                {
                    "name": f"Deal {number}",
                    "type": "opportunity",
                    "company_id": self.company.id,
                    "user_id": self.seller.id,
                    "team_id": self.team.id,
                    "stage_id": self.stage_new.id,
                }
                for number in range(40)
            ]
        )
        self.wait(days=50)
        leads = leads.with_user(self.seller)
        leads.mapped("stage_id.is_won")
        with self.assertQueryCount(4):
            self.assertEqual(set(leads.mapped("crm_stage_days")), {50})

    # -- the same as the visits -----------------------------------------

    def test_entries_are_those_of_the_open_visits(self):
        draw = random.Random(5)
        stages = (self.stage_new, self.stage_talk, self.stage_draft, self.stage_offer)
        sellers = (self.seller, self.seller_2)
        leads = self.lead
        for _each in range(24):
            leads |= self.make_lead(type=draw.choice(("opportunity", "lead")))
            self.commit()
        moves = (
            lambda lead: lead.write({"stage_id": draw.choice(stages).id}),
            lambda lead: lead.write({"stage_id": draw.choice(stages).id}),
            lambda lead: lead.write({"expected_revenue": draw.randint(1, 99)}),
            lambda lead: lead.write({"user_id": draw.choice(sellers).id}),
            lambda lead: lead.stage_id.is_won or lead.action_set_lost(),
            lambda lead: lead.action_archive(),
            lambda lead: lead.action_unarchive(),
            lambda lead: lead.action_set_won(),
            lambda lead: lead.write({"type": draw.choice(("opportunity", "lead"))}),
        )
        for _each in range(160):
            draw.choice(moves)(draw.choice(leads))
            if draw.random() < 0.8:
                self.wait(hours=draw.randint(1, 50))
        self.commit()
        self.refresh()
        visits = self.env[VISIT].search(
            [("lead_key", "in", leads.ids), ("left", "=", False)]
        )
        self.assertGreater(len(visits), 5)
        self.assertEqual(
            leads._crm_stage_entries(),
            {visit.lead_id: visit.entered for visit in visits},
        )
        self.assertFilter()
