from datetime import timedelta

from odoo.tests import tagged

from .common_visit import StageVisitCase

HOUR = timedelta(hours=1)


@tagged("post_install", "-at_install")
class TestStageVisit(StageVisitCase):
    """A deal's way through the stages, as visits."""

    def test_one_stay(self):
        entered = self.events().at
        [visit] = self.visits()
        self.assertRecordValues(
            visit,
            [
                {
                    "lead_key": self.lead.id,
                    "lead_id": self.lead.id,
                    "visit_no": 1,
                    "company_id": self.company.id,
                    "stage_id": self.stage_new.id,
                    "stage_key": self.stage_new.id,
                    "stage_name": "Fresh",
                    "stage_sequence": 100,
                    "stage_is_won": False,
                    "entered": entered,
                    "left": False,
                    "outcome": "open",
                    "next_stage_id": False,
                    "next_stage_key": 0,
                    "skipped": 0,
                    "lost_reason_id": False,
                    "value_entered": 100,
                    "value_left": 100,
                    "user_id": self.seller.id,
                    "team_id": self.team.id,
                    "owner_id": self.seller.id,
                    "inexact": False,
                    "team_reset": False,
                    "bulk": False,
                    "merged": False,
                    "deleted": False,
                }
            ],
        )
        self.assertKept()

    def test_forward_backward_won(self):
        for stage in (self.stage_talk, self.stage_new, self.stage_offer):
            self.lead.stage_id = stage
            self.commit()
        self.lead.action_set_won()
        visits = self.visits()
        self.assertEqual(
            [(v.stage_name, v.outcome, v.next_stage_id, v.skipped) for v in visits],
            [
                ("Fresh", "forward", self.stage_talk, 0),
                ("Talk", "backward", self.stage_new, 0),
                ("Fresh", "forward", self.stage_offer, 2),
                ("Offer", "won", self.stage_won, 0),
            ],
        )
        self.assertEqual(visits.mapped("visit_no"), [1, 2, 3, 4])
        for one, next_one in zip(visits, visits[1:], strict=False):
            self.assertEqual(one.left, next_one.entered)
        self.assertKept()
