from odoo import Command
from odoo.tests import tagged

from ..models.crm_stage_visit_rows import BULK_FROM
from .common_lead import EVENT
from .common_visit import VISIT, StageVisitCase


@tagged("post_install", "-at_install")
class TestStageVisitStages(StageVisitCase):
    """What changes of the stages do to the visits: their past stays, and what lies
    between two of them is looked up in the pipeline of today.
    """

    def skipped(self):
        """Refresh what is queued; return the skipped stages of the first visit."""
        skipped = self.visits()[0].skipped
        self.assertKept()
        self.assertEqual(self.visits()[0].skipped, skipped)
        return skipped

    # -- T15: deleted ---------------------------------------------------

    def test_a_stage_is_deleted(self):
        """T15: the number and the name stay, and so does what was its place."""
        self.move(self.stage_talk, self.stage_offer)
        key = self.stage_talk.id
        self.visits()
        self.stage_talk.unlink()
        visits = self.visits()
        self.assertEqual(
            [(v.outcome, v.stage_id, v.stage_key, v.stage_name) for v in visits[:2]],
            [
                ("forward", self.stage_new, self.stage_new.id, "Fresh"),
                ("forward", self.stage_new.browse(), key, "Talk"),
            ],
        )
        self.assertFalse(visits[0].next_stage_id)
        self.assertEqual(visits[0].next_stage_key, key)
        # what lay between can no longer be said
        self.assertEqual(visits.mapped("skipped"), [0, 0, 0])
        self.assertKept()

    def test_a_stage_between_comes_and_goes(self):
        self.move(self.stage_offer)
        self.assertEqual(self.skipped(), 2)
        between = self.env["crm.stage"].create({"name": "Late", "sequence": 102})
        self.assertEqual(self.skipped(), 3)
        between.unlink()
        self.assertEqual(self.skipped(), 2)

    # -- T16: reordered, renamed, won -----------------------------------

    def test_reordered(self):
        """T16: the direction of a move is that of its time."""
        self.move(self.stage_talk)
        self.visits()
        self.stage_new.sequence = 109
        self.assertEqual(
            self.told("stage_sequence"),
            [("Fresh", "forward", 100), ("Talk", "open", 101)],
        )
        self.move(self.stage_new)
        self.assertEqual(self.told()[1:], [("Talk", "forward"), ("Fresh", "open")])
        self.assertKept()

    def test_order_of_what_lies_between(self):
        """T16: skipped stages are those of the present order."""
        self.move(self.stage_offer)
        self.assertEqual(self.skipped(), 2)
        self.stage_talk.sequence = 109
        self.assertEqual(self.skipped(), 1)
        self.stage_offer.sequence = 110
        self.assertEqual(self.skipped(), 2)
        self.stage_new.sequence = 105
        self.assertEqual(self.skipped(), 1)
        # there was a jump forward, which the present order does not show
        self.stage_new.sequence = 120
        self.assertEqual(self.skipped(), 0)
        self.assertEqual(self.visits()[0].outcome, "forward")

    def test_renamed(self):
        """T16: a past stay keeps the name of its time."""
        self.move(self.stage_talk)
        self.visits()
        self.stage_new.name = "Brand new"
        self.assertEqual(self.told(), [("Fresh", "forward"), ("Talk", "open")])
        self.assertKept()

    def test_becomes_won_and_is_not(self):
        """T16: deals that stay there are won by it; those of the past are not."""
        past = self.make_lead()
        self.commit()
        self.move(self.stage_talk, lead=past)
        self.stage_new.is_won = True
        self.assertEqual(
            self.told("next_stage_id", "skipped"), [("Fresh", "won", self.stage_new, 0)]
        )
        self.assertEqual(self.told(lead=past), [("Fresh", "forward"), ("Talk", "open")])
        self.stage_new.is_won = False
        self.assertEqual(self.told(), [("Fresh", "won"), ("Fresh", "open")])
        self.assertKept()

    def test_a_stage_between_becomes_won(self):
        self.move(self.stage_offer)
        self.assertEqual(self.skipped(), 2)
        self.stage_talk.is_won = True
        self.assertEqual(self.skipped(), 1)
        self.stage_talk.is_won = False
        self.assertEqual(self.skipped(), 2)

    def test_a_jump_to_won(self):
        self.move(self.stage_won)
        self.assertEqual(self.told("skipped"), [("Fresh", "won", 3)])

    # -- T17: teams -----------------------------------------------------

    def test_stages_of_teams(self):
        """T17: what another team has in between, this one does not skip."""
        self.move(self.stage_offer)
        self.assertEqual(self.skipped(), 2)
        self.stage_talk.team_ids = self.team_2
        self.assertEqual(self.skipped(), 1)
        self.stage_talk.team_ids |= self.team
        self.assertEqual(self.skipped(), 2)
        self.stage_talk.team_ids = [Command.clear()]
        self.assertEqual(self.skipped(), 2)
        self.env["crm.stage"].create(
            [
                {"name": "A", "sequence": 101, "team_ids": self.team.ids},
                {"name": "B", "sequence": 101, "team_ids": self.team_2.ids},
            ]
        )
        self.assertEqual(self.skipped(), 3)

    def test_a_deal_without_team_skips_common_stages(self):
        self.stage_talk.team_ids = self.team
        lead = self.make_lead(team_id=False)
        self.commit()
        self.move(self.stage_offer, lead=lead)
        self.assertEqual(self.visits(lead)[0].skipped, 1)

    def test_stages_at_the_same_place(self):
        """T17: of stages with one sequence the older one comes first."""
        self.stage_draft.sequence = 101
        self.commit()
        self.move(self.stage_talk, self.stage_draft, self.stage_talk, self.stage_offer)
        self.assertEqual(
            self.told("skipped"),
            [
                ("Fresh", "forward", 0),
                ("Talk", "forward", 0),
                ("Draft", "backward", 0),
                ("Talk", "forward", 0),
                ("Offer", "open", 0),
            ],
        )


@tagged("post_install", "-at_install")
class TestStageVisitCompany(StageVisitCase):
    """T21: each visit belongs to the company of its time, or to one that it is lent."""

    def lead_of_nobody(self, **values):
        lead = self.make_lead(user_id=False, team_id=False)
        self.commit()
        # Odoo computes a company from whatever it can
        lead.write({"company_id": False, **values})
        lead.company_id = False
        self.commit()
        return lead

    def companies(self, lead):
        return self.visits(lead).mapped("company_id")

    def issue(self, lead):
        return self.env["crm.metrics.issue"].search(
            [("fact", "=", VISIT), ("key", "=", lead.id)]
        )

    def test_of_its_time(self):
        self.visits()
        self.lead.write({"company_id": self.other_company.id, "user_id": False})
        self.lead.company_id = self.other_company
        self.commit()
        self.move(self.stage_talk)
        companies = [visit.company_id for visit in self.visits()]
        self.assertEqual(companies, [self.other_company] * 2)

    def test_none(self):
        lead = self.lead_of_nobody()
        self.move(self.stage_talk, lead=lead)
        self.assertFalse(self.visits(lead))
        issue = self.issue(lead)
        self.assertRecordValues(
            issue,
            [{"code": "no_company", "res_model": "crm.lead", "res_id": lead.id}],
        )
        self.assertIn("no company", issue.message)
        self.assertEqual(issue.record_name, lead.display_name)
        self.assertEqual(issue.action_open_record()["res_id"], lead.id)
        self.assertKept()
        lead.company_id = self.company
        lead.user_id = self.seller
        self.assertEqual(self.told(lead=lead), [("Fresh", "forward"), ("Talk", "open")])
        self.assertFalse(self.issue(lead))

    def test_the_company_comes_later(self):
        """What nobody had in no company belongs to the one that it came to."""
        lead = self.lead_of_nobody()
        self.move(self.stage_talk, self.stage_offer, lead=lead)
        self.visits(lead)
        self.assertEqual(len(self.issue(lead)), 1)
        lead.write({"company_id": self.company.id, "user_id": self.seller.id})
        self.assertEqual(self.companies(lead), self.company)
        self.assertEqual(len(self.visits(lead)), 3)
        self.assertFalse(self.issue(lead))
        self.assertKept()

    def test_a_company_is_deleted(self):
        company = self.env["res.company"].create({"name": "Closed down"})
        lead = self.make_lead(user_id=False, company_id=company.id)
        lead.company_id = company
        self.assertEqual(self.companies(lead), company)
        company.unlink()
        self.assertFalse(self.visits(lead))
        self.assertTrue(self.issue(lead))
        self.assertKept()

    def test_lent_by_the_team(self):
        lead = self.lead_of_nobody(team_id=self.team.id)
        self.assertFalse(self.visits(lead))
        self.team.company_id = self.company
        self.assertEqual(self.companies(lead), self.company)
        self.assertFalse(self.issue(lead))
        self.team.company_id = self.other_company
        self.assertEqual(self.companies(lead), self.other_company)
        self.assertKept()
        self.team.company_id = False
        self.assertFalse(self.visits(lead))
        self.assertTrue(self.issue(lead))
        self.assertKept()

    def test_a_team_that_lends_its_company_is_deleted(self):
        team = self.team.copy({"name": "Dissolved"})
        lead = self.lead_of_nobody(team_id=team.id)
        self.move(self.stage_talk, lead=lead)
        lead.team_id = False
        self.commit()
        team.company_id = self.company
        self.assertEqual(self.told(lead=lead), [("Fresh", "forward")])
        team.unlink()
        self.assertFalse(self.visits(lead))
        self.assertKept()

    def test_lent_by_the_salesperson(self):
        lead = self.lead_of_nobody(user_id=self.seller.id)
        self.assertEqual(self.companies(lead), self.company)
        self.seller.write(
            {
                "company_ids": [Command.link(self.other_company.id)],
                "company_id": self.other_company.id,
            }
        )
        self.assertEqual(self.companies(lead), self.other_company)
        self.assertKept()
        self.seller.unlink()
        self.assertFalse(self.visits(lead))
        self.assertKept()


@tagged("post_install", "-at_install")
class TestStageVisitBulk(StageVisitCase):
    """What one transaction did to many deals is tidying up, not selling."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.leads = cls.env["crm.lead"]

    def setUp(self):
        super().setUp()
        for _number in range(BULK_FROM - 1):
            self.leads |= self.make_lead()
            self.commit()

    def bulk(self):
        return [self.visits(lead).mapped("bulk") for lead in self.lead | self.leads]

    def test_fewer(self):
        self.leads.write({"stage_id": self.stage_talk.id})
        self.assertFalse(any(map(any, self.bulk())))

    def test_emptied_stage(self):
        """T15: before a stage can be deleted, its deals have to go."""
        (self.lead | self.leads).write({"stage_id": self.stage_talk.id})
        self.commit()
        self.move(self.stage_offer)
        bulk = self.bulk()
        self.assertEqual(bulk[0], [True, True, False])
        self.assertEqual(bulk[1:], [[True, True]] * len(self.leads))
        self.assertKept()

    def test_lost_together(self):
        (self.lead | self.leads).action_set_lost()
        self.assertEqual(self.bulk(), [[True]] * BULK_FROM)

    def test_born_together(self):
        """T1: an import brings many deals at once, and they all begin there."""
        leads = self.env["crm.lead"]
        for _number in range(BULK_FROM):
            leads |= self.make_lead()
        self.assertFalse(any(self.visits(lead).bulk for lead in leads))

    def story(self, source):
        """Write events by which all deals move on at one moment."""
        leads = self.lead | self.leads
        return [
            {
                "lead_id": lead.id,
                "at": self.clock,
                "type": "opportunity",
                "active": True,
                "stage_id": self.stage_talk.id,
                "company_id": self.company.id,
                "source": source,
            }
            for lead in leads
        ]

    def test_imported_histories_have_no_transactions(self):
        self.env[EVENT].create(self.story("import"))
        self.commit()
        self.assertFalse(any(map(any, self.bulk())))
        self.assertKept()

    def test_history_comes_in_batches(self):
        """The first ones of a transaction did not know how many they would be."""
        events = self.story("backfill")
        self.env[EVENT].create(events[:6])
        self.assertFalse(any(map(any, self.bulk())))
        self.env[EVENT].create(events[6:])
        self.assertTrue(all(map(all, self.bulk())))
        self.assertKept()
