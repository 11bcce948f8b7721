from odoo.tests import tagged

from .common_lead import EVENT, LeadEventCase


@tagged("post_install", "-at_install")
class TestLeadEvent(LeadEventCase):
    """Whatever changes a lead through the ORM is in the log, once."""

    def test_created(self):
        lead = self.make_lead(
            recurring_revenue=7,
            date_deadline="2026-09-01",
            partner_id=self._customer("Person", parent_id=self.customer.id).id,
        )
        event = self.assertAdded(
            lead,
            lead_id=lead,
            type="opportunity",
            stage_id=self.stage_new,
            stage_key=self.stage_new.id,
            stage_name="Fresh",
            stage_sequence=101,
            stage_is_won=False,
            active=True,
            won_status="pending",
            expected_revenue=100,
            recurring_revenue=7,
            is_automated_probability=True,
            company_id=self.company,
            partner_id=self.customer,
            user_id=self.seller,
            user_key=self.seller.id,
            team_id=self.team,
            team_key=self.team.id,
            removed=False,
            author_id=self.env.user.partner_id,
            source="live",
            exact=True,
        )
        self.assertEqual(str(event.date_deadline), "2026-09-01")

    def test_created_later_in_the_pipeline_and_moved_on(self):
        """What happens in the transaction that creates a lead is its creation."""
        lead = self.make_lead(stage_id=self.stage_offer.id)
        self.env.cr.flush()
        lead.stage_id = self.stage_won
        self.assertAdded(lead, stage_id=self.stage_won, won_status="won")

    def test_created_lost(self):
        lead = self.make_lead(active=False, probability=0)
        self.assertAdded(lead, active=False, won_status="lost")

    def test_moved(self):
        self.lead.with_user(self.seller).stage_id = self.stage_offer
        self.assertAdded(
            stage_id=self.stage_offer,
            stage_sequence=102,
            author_id=self.seller.partner_id,
        )

    def test_unchanged(self):
        self.lead.write({"name": "Other", "priority": "2", "description": "x"})
        self.assertUnchanged()
        self.lead.write({"stage_id": self.stage_new.id, "expected_revenue": 100})
        self.assertUnchanged()
        self.lead.stage_id = self.stage_offer
        self.lead.stage_id = self.stage_new
        self.assertUnchanged()

    def test_there_and_back_with_a_flush_between(self):
        self.lead.stage_id = self.stage_offer
        self.env.cr.flush()
        self.assertEqual(len(self.events()), 2)
        self.lead.stage_id = self.stage_new
        self.assertUnchanged()
        self.assertEqual(len(self.events()), 1)

    def test_one_event_a_transaction(self):
        self.lead.stage_id = self.stage_offer
        self.env.cr.flush()
        self.lead.expected_revenue = 300
        self.env.cr.flush()
        self.lead.user_id = self.seller_2
        self.assertAdded(
            stage_id=self.stage_offer, expected_revenue=300, user_id=self.seller_2
        )

    def test_an_undone_savepoint_leaves_nothing(self):
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            self.lead.stage_id = self.stage_offer
            self.env.cr.flush()
            raise ZeroDivisionError
        self.assertUnchanged()

    def test_won_left_and_won_again(self):
        self.lead.action_set_won()
        self.assertAdded(won_status="won", stage_is_won=True, probability=100)
        self.lead.stage_id = self.stage_offer
        self.assertAdded(won_status="pending", stage_is_won=False)
        self.lead.stage_id = self.stage_won
        self.assertAdded(won_status="won")

    def test_lost_and_restored(self):
        self.lead.action_set_lost(lost_reason_id=self.reason.id)
        self.assertAdded(
            active=False, won_status="lost", probability=0, lost_reason_id=self.reason
        )
        self.lead.action_restore()
        self.assertAdded(
            active=True, won_status="pending", lost_reason_id=self.reason.browse()
        )

    def test_archived_is_not_lost(self):
        self.lead.probability = 30
        self.commit()
        self.lead.action_archive()
        self.assertAdded(active=False, won_status="pending")
        self.lead.action_set_lost()
        self.assertAdded(active=False, won_status="lost")

    def test_a_lost_lead_moves(self):
        self.lead.action_set_lost(lost_reason_id=self.reason.id)
        self.commit()
        self.lead.stage_id = self.stage_offer
        self.assertAdded(active=False, won_status="lost", stage_id=self.stage_offer)
        self.lead.stage_id = self.stage_won
        self.assertAdded(active=True, won_status="won", lost_reason_id=self.reason)

    def test_probability_by_a_person(self):
        self.lead.probability = 42
        self.assertAdded(probability=42, is_automated_probability=False)
        self.lead.probability = 43
        self.assertAdded(probability=43)
        self.lead.automated_probability = 12
        self.assertUnchanged()
        self.lead.action_set_automated_probability()
        self.assertAdded(is_automated_probability=True)

    def test_probability_100_in_a_normal_stage(self):
        self.lead.probability = 100
        self.assertAdded(probability=100, won_status="pending")

    def test_the_scoring_makes_no_events(self):
        self.lead.write({"probability": 77, "automated_probability": 77})
        self.assertUnchanged()
        self.sql("UPDATE crm_lead SET probability = 5, automated_probability = 5")
        self.assertEqual(self.audit(), 0)
        self.lead.expected_revenue = 5
        self.assertAdded(probability=5)

    def test_money_date_people(self):
        for name, value in (
            ("expected_revenue", 111),
            ("recurring_revenue", 12),
            ("user_id", self.seller_2),
            ("team_id", self.team_2),
            ("partner_id", self.customer),
            ("type", "lead"),
            ("company_id", self.env["res.company"]),
        ):
            self.lead[name] = value
            self.assertAdded(**{name: value})
        self.lead.date_deadline = "2026-10-01"
        self.assertEqual(str(self.assertAdded().date_deadline), "2026-10-01")

    def test_converted(self):
        lead = self.make_lead(type="lead")
        self.commit()
        lead.convert_opportunity(self.customer)
        self.assertAdded(lead, type="opportunity", partner_id=self.customer)

    def test_many_at_once_only_those_that_change(self):
        other = self.make_lead(stage_id=self.stage_offer.id)
        self.commit()
        before = self.events(other)
        (self.lead | other).write({"stage_id": self.stage_offer.id})
        self.assertAdded(stage_id=self.stage_offer)
        self.assertEqual(self.events(other), before)

    def test_a_team_with_stages_of_its_own(self):
        self.stage_offer.team_ids = self.team
        self.lead.stage_id = self.stage_offer
        self.commit()
        self.lead.team_id = self.team_2
        event = self.assertAdded(team_id=self.team_2)
        self.assertNotEqual(event.stage_id, self.stage_offer)

    def test_without_tracking(self):
        for number, context in enumerate(
            ({"tracking_disable": True}, {"mail_notrack": True}, {})
        ):
            self.lead.with_context(**context).expected_revenue = number
            self.assertAdded(expected_revenue=number)

    def test_imported(self):
        result = self.env["crm.lead"].load(
            ["name", "type", "expected_revenue", "stage_id/.id"],
            [["Imported", "opportunity", "5", str(self.stage_offer.id)]],
        )
        lead = self.env["crm.lead"].browse(result["ids"])
        self.commit()
        event = self.events(lead)
        self.assertEqual(
            (event.stage_id, event.expected_revenue), (self.stage_offer, 5)
        )

    def test_archived_state_is_found(self):
        self.lead.action_archive()
        self.commit()
        self.assertEqual(len(self.events()), 2)
        groups = self.env[EVENT]._read_group(
            [("lead_key", "=", self.lead.id)], ["active"], ["__count"]
        )
        self.assertEqual(sorted(groups), [(False, 1), (True, 1)])

    def test_added_by_hand(self):
        event = self.env[EVENT].create(
            {
                "lead_id": self.lead.id,
                "at": "2026-01-01 12:00:00",
                "stage_id": self.stage_won.id,
                "user_id": self.seller.id,
                "active": True,
            }
        )
        self.assertEqual(event.lead_key, self.lead.id)
        self.assertEqual(event.stage_key, self.stage_won.id)
        self.assertEqual(event.stage_name, "Signed")
        self.assertTrue(event.stage_is_won)
        self.assertEqual((event.user_key, event.team_key), (self.seller.id, 0))
        self.assertEqual((event.source, event.exact), ("import", True))
        # nobody has no number, as in events that were recorded
        self.env.cr.execute(
            "SELECT team_key FROM crm_lead_event WHERE id = %s", [event.id]
        )
        self.assertEqual(self.env.cr.fetchall(), [(None,)])
        # an old story is not what a lead was last
        self.assertEqual(self.audit(), 0)
