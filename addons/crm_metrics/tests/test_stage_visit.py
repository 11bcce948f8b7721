from odoo.exceptions import UserError
from odoo.tests import tagged

from .common_lead import EVENT
from .common_visit import VISIT, StageVisitCase


@tagged("post_install", "-at_install")
class TestStageVisit(StageVisitCase):
    """A deal's way through the stages, by real writes.

    T1 to T27 are what Odoo does to the history of a lead that misleads who counts.
    """

    def test_one_stay(self):
        entered = self.events().at
        visit = self.visits()
        self.assertRecordValues(
            visit,
            [
                {
                    "lead_key": self.lead.id,
                    "lead_id": self.lead.id,
                    "visit_no": 1,
                    "partner_id": False,
                    "company_id": self.company.id,
                    "stage_id": self.stage_new.id,
                    "stage_key": self.stage_new.id,
                    "stage_name": "Fresh",
                    "stage_sequence": 100,
                    "stage_is_won": False,
                    "entered": entered,
                    "left": False,
                    "days": 0,
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

    def test_forth_and_back_and_won(self):
        self.move(self.stage_talk, self.stage_new, self.stage_offer, self.stage_won)
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
        self.assertEqual(visits[3].next_stage_key, self.stage_won.id)
        for one, following in zip(visits, visits[1:], strict=False):
            self.assertEqual(one.left, following.entered)
        self.assertKept()

    def test_what_is_no_move_lengthens_the_stay(self):
        self.lead.expected_revenue = 300
        self.commit()
        self.lead.user_id = self.seller_2
        self.commit()
        self.lead.date_deadline = "2026-09-01"
        self.assertEqual(
            self.told("value_entered", "value_left", "user_id", "owner_id"),
            [("Fresh", "open", 100, 300, self.seller_2, self.seller_2)],
        )
        self.assertKept()

    def test_values_at_entry_and_exit(self):
        """T20: the amount grows on the way, and once more at the exit."""
        self.lead.expected_revenue = 150
        self.commit()
        self.lead.write({"stage_id": self.stage_talk.id, "expected_revenue": 200})
        self.commit()
        self.lead.expected_revenue = 250
        self.assertEqual(
            self.told("value_entered", "value_left"),
            [("Fresh", "forward", 100, 200), ("Talk", "open", 200, 250)],
        )

    def test_who_before_the_exit(self):
        self.lead.write(
            {
                "stage_id": self.stage_talk.id,
                "user_id": self.seller_2.id,
                "team_id": self.team_2.id,
            }
        )
        self.assertEqual(
            self.told("user_id", "team_id", "owner_id"),
            [
                ("Fresh", "forward", self.seller, self.team, self.seller_2),
                ("Talk", "open", self.seller_2, self.team_2, self.seller_2),
            ],
        )

    def test_customer_before_the_exit(self):
        person = self._customer("Person", parent_id=self.customer.id)
        self.lead.partner_id = person
        self.commit()
        self.move(self.stage_talk)
        self.lead.partner_id = False
        self.assertEqual(
            self.told("partner_id"),
            [("Fresh", "forward", self.customer), ("Talk", "open", person.browse())],
        )

    def test_whole_minutes(self):
        """T22: durations are rounded down to minutes, and never negative."""
        born = self.events().at
        self.clock = born.replace(minute=0) + (self.clock - born) / 60 * 90.99
        self.move(self.stage_talk)
        self.assertAlmostEqual(self.visits()[0].days, 90 / 1440, 9)

    # -- T1 -------------------------------------------------------------

    def test_born_later_in_the_pipeline(self):
        """T1: creation is a deal's first entry, in whatever stage."""
        lead = self.make_lead(stage_id=self.stage_offer.id)
        self.assertEqual(self.told(lead=lead), [("Offer", "open")])

    def test_born_won_or_lost(self):
        """T1: who was never anywhere stays nowhere."""
        won = self.make_lead(stage_id=self.stage_won.id)
        lost = self.make_lead(active=False, probability=0)
        self.assertFalse(self.visits(won) | self.visits(lost))
        self.assertKept()

    # -- T2, T3, T8: won ------------------------------------------------

    def test_won_is_an_end(self):
        """T2: nobody stays in a won stage, and going to another one is no move."""
        again = self.stage_won.copy({"name": "Paid", "sequence": 105})
        self.move(self.stage_won, again)
        self.lead.expected_revenue = 7
        self.assertEqual(self.told("value_left"), [("Fresh", "won", 100)])
        self.assertKept()

    def test_won_and_reopened(self):
        """T3: the first win stays; a second visit of the stage begins."""
        self.move(self.stage_won, self.stage_new, self.stage_won)
        visits = self.visits()
        self.assertEqual(
            [(v.stage_name, v.outcome) for v in visits],
            [("Fresh", "won"), ("Fresh", "won")],
        )
        self.assertLess(visits[0].left, visits[1].entered)

    def test_a_lost_deal_is_dragged_to_won(self):
        """T8: it was lost where it was; a reason that sticks changes nothing."""
        self.lead.action_set_lost(lost_reason_id=self.reason.id)
        self.commit()
        self.lead.stage_id = self.stage_won
        self.commit()
        self.assertEqual(self.lead.won_status, "won")
        self.assertEqual(self.told("lost_reason_id"), [("Fresh", "lost", self.reason)])
        self.move(self.stage_offer, self.stage_won)
        self.assertEqual(
            self.told("lost_reason_id")[1:], [("Offer", "won", self.reason.browse())]
        )

    def test_typed_probability(self):
        """T9: 100 in a stage that is not a won one closes nothing."""
        self.lead.probability = 100
        self.commit()
        self.assertTrue(self.lead.date_closed)
        self.assertEqual(self.told(), [("Fresh", "open")])

    # -- T4 to T7: lost and archived ------------------------------------

    def test_lost(self):
        """T4: the stage stays, the lead is archived; the visit says it is lost."""
        self.lead.write({"expected_revenue": 120})
        self.commit()
        moment = self.clock
        self.lead.action_set_lost(lost_reason_id=self.reason.id, expected_revenue=130)
        visit = self.visits()
        self.assertRecordValues(
            visit,
            [
                {
                    "outcome": "lost",
                    "left": moment,
                    "lost_reason_id": self.reason.id,
                    "value_left": 130,
                    "next_stage_id": False,
                    "next_stage_key": 0,
                }
            ],
        )
        self.assertKept()

    def test_archived(self):
        """T5: neither won nor lost, though Odoo gives it a closing date."""
        self.lead.probability = 30
        self.commit()
        self.lead.action_archive()
        self.assertEqual(
            self.told("lost_reason_id"), [("Fresh", "archived", self.reason.browse())]
        )

    def test_lost_after_archiving(self):
        """T5: the visit ended when it was archived, and lost it is since then."""
        self.lead.probability = 30
        self.commit()
        moment = self.clock
        self.lead.action_archive()
        self.assertEqual(self.told(), [("Fresh", "archived")])
        self.lead.action_set_lost(lost_reason_id=self.reason.id)
        self.assertEqual(
            self.told("left", "lost_reason_id"),
            [("Fresh", "lost", moment, self.reason)],
        )
        self.lead.action_restore()
        self.commit()
        self.lead.probability = 30
        self.commit()
        self.lead.action_archive()
        self.assertEqual(
            self.told("lost_reason_id"),
            [
                ("Fresh", "lost", self.reason),
                ("Fresh", "archived", self.reason.browse()),
            ],
        )
        self.assertKept()

    def test_a_reason_given_later(self):
        self.lead.action_set_lost()
        self.commit()
        moment = self.events()[-1].at
        self.lead.lost_reason_id = self.reason
        self.commit()
        # and corrected, which is not what the deal was lost for then
        self.lead.lost_reason_id = self.reason.copy({"name": "Other"})
        self.assertEqual(
            self.told("left", "lost_reason_id"),
            [("Fresh", "lost", moment, self.reason)],
        )

    def test_restored(self):
        """T6: a second visit of the same stage; the time between is nobody's."""
        self.lead.action_set_lost(lost_reason_id=self.reason.id)
        lost = self.clock
        self.commit()
        restored = self.clock
        self.lead.action_restore()
        self.assertEqual(
            self.told("left", "lost_reason_id"),
            [
                ("Fresh", "lost", lost, self.reason),
                ("Fresh", "open", False, self.reason.browse()),
            ],
        )
        self.assertEqual(self.visits()[1].entered, restored)
        self.assertKept()

    def test_moved_while_lost(self):
        """T7: what is closed stays nowhere; restored, it is in the new stage."""
        self.lead.action_set_lost()
        lost = self.clock
        self.commit()
        self.move(self.stage_offer)
        self.assertEqual(self.told("left"), [("Fresh", "lost", lost)])
        self.lead.action_restore()
        self.assertEqual(self.told()[1:], [("Offer", "open")])

    # -- T10 to T12 -----------------------------------------------------

    def test_written_together(self):
        """T10: those that were there already have not moved."""
        other = self.make_lead(stage_id=self.stage_offer.id)
        self.commit()
        (self.lead | other).write({"stage_id": self.stage_offer.id})
        self.assertEqual(self.told(lead=other), [("Offer", "open")])
        self.assertEqual(self.told(), [("Fresh", "forward"), ("Offer", "open")])

    def test_another_team_resets_the_stage(self):
        """T11: looks like a step backward, and is none."""
        self.stage_offer.team_ids = self.team
        self.env["crm.stage"].search([]).filtered(
            lambda stage: stage.sequence < 100
        ).fold = True
        self.commit()
        self.move(self.stage_offer)
        self.lead.team_id = self.team_2
        visits = self.visits()
        self.assertNotEqual(self.lead.stage_id, self.stage_offer)
        self.assertEqual(visits.mapped("team_reset"), [False, True, False])
        self.assertEqual(visits[1].outcome, "backward")
        self.assertEqual(visits.mapped("team_id"), self.team | self.team_2)
        # a stage alone, or a team alone, is no reset
        self.move(self.stage_talk)
        self.lead.team_id = self.team
        self.assertEqual(self.visits().mapped("team_reset").count(True), 1)

    def test_a_lead_is_no_deal(self):
        """T12: time as a lead does not count, whatever its stage."""
        lead = self.make_lead(type="lead")
        self.commit()
        self.move(self.stage_talk, lead=lead)
        self.assertFalse(self.visits(lead))
        moment = self.clock
        lead.convert_opportunity(self.customer)
        self.assertEqual(self.told("entered", lead=lead), [("Talk", "open", moment)])
        self.assertEqual(self.visits(lead).visit_no, 1)
        self.move(self.stage_offer, lead=lead)
        lead.type = "lead"
        self.assertEqual(
            self.told(lead=lead), [("Talk", "forward"), ("Offer", "archived")]
        )

    # -- T13, T14: leads that go ----------------------------------------

    def test_merged(self):
        """T13: the tail's visits end, the head's go on without the tail's moves."""
        other = self.make_lead()
        self.commit()
        self.move(self.stage_talk, lead=other)
        moment = self.clock
        keys = {self.lead.id, other.id}
        head = (self.lead | other).merge_opportunity()
        [tail] = keys - {head.id}
        visits = self.visits(tail)
        self.assertRecordValues(
            visits[-1],
            [
                {
                    "outcome": "moved",
                    "merged": True,
                    "deleted": False,
                    "left": moment,
                    "lead_id": False,
                    "lead_key": tail,
                    "next_stage_id": False,
                    "next_stage_key": 0,
                }
            ],
        )
        self.assertFalse(any(self.visits(head).mapped("merged")))
        self.assertEqual(self.visits(head)[-1].outcome, "open")
        self.assertKept()

    def test_merged_and_used_on(self):
        other = self.make_lead()
        self.commit()
        head = (self.lead | other)._merge_opportunity(auto_unlink=False)
        self.commit()
        tail = (self.lead | other) - head
        tail.expected_revenue = 5
        self.assertEqual(
            self.told("merged", lead=tail),
            [("Fresh", "moved", True), ("Fresh", "open", False)],
        )

    def test_deleted(self):
        """T14: who is deleted does not vanish from the past."""
        self.move(self.stage_talk)
        key, moment = self.lead.id, self.clock
        self.lead.unlink()
        visits = self.visits(key)
        self.assertEqual(
            [(v.outcome, v.deleted, v.lead_id.id, v.lead_key) for v in visits],
            [("forward", False, False, key), ("archived", True, False, key)],
        )
        self.assertEqual(visits[-1].left, moment)
        self.assertEqual(visits.owner_id, self.seller)
        with self.assertRaises(UserError):
            visits[0].action_open_lead()
        self.assertKept()

    def test_deleted_when_it_had_ended(self):
        self.lead.action_set_lost(lost_reason_id=self.reason.id)
        self.commit()
        key = self.lead.id
        self.lead.unlink()
        self.assertEqual(
            self.told("deleted", "lost_reason_id", lead=key),
            [("Fresh", "lost", False, self.reason)],
        )

    # -- odds and ends --------------------------------------------------

    def test_the_scoring_moves_nobody(self):
        """T19: its SQL changes probabilities, which no visit has."""
        before = self.visits()
        self.sql(
            "UPDATE crm_lead SET probability = 33, automated_probability = 33"
            " WHERE id = %s",
            self.lead.id,
        )
        self.engine.audit([EVENT])
        self.assertKept()
        self.assertEqual(self.visits(), before)

    def test_as_old_as_it_is(self):
        """T23: the oldest ones are there too."""
        event = {"lead_id": self.lead.id, "active": True, "type": "opportunity"}
        event |= {"stage_id": self.stage_new.id, "company_id": self.company.id}
        self.env[EVENT].create({**event, "at": "2019-01-01 00:00:00"})
        visit = self.visits()
        self.assertEqual((visit.entered.year, visit.outcome), (2019, "open"))
        self.assertEqual(visit.visit_no, 1)

    def test_one_transaction_is_one_move(self):
        """T25: whatever was flushed on the way, nobody else ever saw it."""
        for stage in (self.stage_talk, self.stage_draft, self.stage_offer):
            self.lead.stage_id = stage
            self.env.cr.flush()
        self.assertEqual(self.told("skipped")[0], ("Fresh", "forward", 2))
        self.assertEqual(len(self.visits()), 2)

    def test_month_of_arrival(self):
        """T27: months are those in which a deal came, not when it shall close."""
        self.lead.date_deadline = "2030-01-31"
        self.move(self.stage_talk)
        self.visits()
        [(month, count)] = self.env[VISIT]._read_group(
            [("lead_key", "=", self.lead.id)], ["entered:month"], ["__count"]
        )
        self.assertEqual((month.year, month.month, count), (2026, 6, 2))

    def test_measures(self):
        """An open visit has no duration, not one of 0."""
        self.clock = self.clock.replace(day=25, hour=10)
        self.move(self.stage_talk)
        self.visits()
        self.assertEqual(
            self.env[VISIT]._read_group(
                [("lead_key", "=", self.lead.id)],
                [],
                ["days:avg", "value_left:sum", "__count"],
            ),
            [(10, 200, 2)],
        )

    def test_opens_its_opportunity(self):
        visit = self.visits().with_user(self.seller)
        action = visit.action_open_lead()
        self.assertEqual(
            (action["res_model"], action["res_id"]), ("crm.lead", self.lead.id)
        )
