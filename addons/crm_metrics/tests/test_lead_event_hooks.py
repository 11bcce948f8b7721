from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common_lead import EVENT, LeadEventCase


@tagged("post_install", "-at_install")
class TestLeadEventHooks(LeadEventCase):
    """What happens to other records is in the log of the leads as well."""

    # -- stages ---------------------------------------------------------

    def test_a_stage_is_renamed_and_reordered(self):
        self.stage_new.write({"name": "Brand new", "sequence": 105})
        self.assertUnchanged()
        self.assertEqual(self.events().stage_name, "Fresh")
        self.lead.expected_revenue = 1
        self.assertAdded(stage_name="Brand new", stage_sequence=105)

    def test_a_stage_becomes_won_and_is_not(self):
        archived = self.make_lead()
        archived.action_archive()
        self.commit()
        self.stage_new.is_won = True
        self.assertAdded(won_status="won", stage_is_won=True, probability=100)
        # Odoo writes active leads only
        self.assertTrue(self.events(archived)[-1].stage_is_won)
        self.stage_new.is_won = False
        self.assertAdded(stage_is_won=False)
        self.assertFalse(self.events(archived)[-1].stage_is_won)
        self.assertEqual(self.audit(), 0)

    def test_a_stage_is_deleted(self):
        stage = self.stage_new.copy({"name": "Short-lived"})
        self.lead.stage_id = stage
        self.commit()
        key = stage.id
        self.lead.stage_id = self.stage_offer
        self.commit()
        stage.unlink()
        self.assertUnchanged()
        event = self.events()[1]
        self.assertFalse(event.stage_id)
        self.assertEqual((event.stage_key, event.stage_name), (key, "Short-lived"))
        self.assertEqual(self.audit(), 0)

    # -- leads that go --------------------------------------------------

    def test_deleted(self):
        self.lead.write({"stage_id": self.stage_offer.id, "expected_revenue": 7})
        key = self.lead.id
        self.lead.with_user(self.manager).unlink()
        self.commit()
        events = self.env[EVENT].search([("lead_key", "=", key)], order="at, id")
        self.assertEqual(events.lead_id, self.lead.browse())
        self.assertEqual(events.mapped("removed"), [False, "deleted"])
        last = events[-1]
        self.assertEqual((last.active, last.won_status), (False, "pending"))
        self.assertEqual((last.stage_id, last.expected_revenue), (self.stage_offer, 7))
        self.assertEqual(last.author_id, self.manager.partner_id)
        self.assertEqual(self.audit(), 0)

    def test_created_and_deleted_at_once(self):
        lead = self.make_lead()
        self.env.cr.flush()
        key = lead.id
        lead.unlink()
        self.commit()
        self.assertFalse(self.env[EVENT].search([("lead_key", "=", key)]))

    def test_a_deletion_that_does_not_come_off(self):
        with (
            patch.object(type(self.env["base"]), "unlink", side_effect=UserError("no")),
            self.assertRaises(UserError),
        ):
            self.lead.unlink()
        self.assertUnchanged()
        self.assertTrue(self.events().active)

    def test_merged(self):
        other = self.make_lead(partner_id=self.customer.id, expected_revenue=5)
        third = self.make_lead()
        self.commit()
        keys = {self.lead.id, other.id, third.id}
        head = (self.lead | other | third).merge_opportunity()
        self.commit()
        for key in keys - {head.id}:
            events = self.env[EVENT].search([("lead_key", "=", key)], order="at, id")
            self.assertEqual(events.mapped("removed"), [False, "merged"])
            self.assertFalse(events[-1].active)
        self.assertEqual(self.events(head)[-1].partner_id, self.customer)
        self.assertFalse(self.events(head)[-1].removed)
        self.assertEqual(self.audit(), 0)

    def test_merged_now_deleted_later(self):
        """So does the automatic assignment of leads."""
        other = self.make_lead()
        self.commit()
        head = (self.lead | other)._merge_opportunity(auto_unlink=False)
        self.commit()
        tail = (self.lead | other) - head
        self.assertEqual(self.events(tail)[-1].removed, "merged")
        key = tail.id
        tail.unlink()
        self.commit()
        events = self.env[EVENT].search([("lead_key", "=", key)], order="at, id")
        self.assertEqual(events.mapped("removed"), [False, "merged"])

    def test_merged_and_used_on(self):
        other = self.make_lead()
        self.commit()
        head = (self.lead | other)._merge_opportunity(auto_unlink=False)
        self.commit()
        tail = (self.lead | other) - head
        tail.stage_id = self.stage_offer
        self.assertAdded(tail, removed=False, active=True, stage_id=self.stage_offer)

    # -- people ---------------------------------------------------------

    def test_a_team_is_deleted(self):
        team = self.team.copy({"name": "Dissolved"})
        archived = self.make_lead(team_id=team.id, active=False)
        self.lead.team_id = team
        self.commit()
        key = team.id
        team.with_user(self.manager).unlink()
        event = self.assertAdded(team_key=0, author_id=self.manager.partner_id)
        self.assertEqual(self.events()[-2].team_key, key)
        self.assertEqual(len(self.events(archived)), 2)
        self.assertFalse(event.team_id)
        self.assertEqual(self.audit(), 0)

    def test_a_salesperson_is_deleted(self):
        user = new_test_user(
            self.env,
            "metrics_short",
            "sales_team.group_sale_salesman",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self.lead.user_id = user
        self.commit()
        key = user.id
        user.unlink()
        self.assertAdded(user_key=0)
        self.assertEqual(self.events()[-2].user_key, key)
        self.assertEqual(self.audit(), 0)

    def test_contacts_are_merged(self):
        person = self._customer("Person")
        boss = self._customer("Boss", parent_id=self.customer.id)
        self.lead.partner_id = person
        self.commit()
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((person | boss).ids, boss)
        self.assertAdded(partner_id=self.customer)
        self.assertEqual(self.events()[-2].partner_id, boss)
        self.assertEqual(self.audit(), 0)

    def test_a_contact_changes_hands(self):
        person = self._customer("Person")
        self.lead.partner_id = person
        self.commit()
        person.parent_id = self.customer
        self.assertAdded(partner_id=self.customer)

    def test_a_contact_is_deleted(self):
        person = self._customer("Person", parent_id=self.customer.id)
        self.lead.partner_id = person
        self.commit()
        person.unlink()
        self.assertAdded(partner_id=self.customer.browse())
        self.assertEqual(self.audit(), 0)

    # -- behind the ORM -------------------------------------------------

    def test_sql_is_found_by_the_audit(self):
        self.sql(
            "UPDATE crm_lead SET stage_id = %s WHERE id = %s",
            *(self.stage_offer.id, self.lead.id),
        )
        self.assertEqual(self.audit(), 1)
        event = self.events()[-1]
        self.assertEqual((event.stage_id, event.exact), (self.stage_offer, False))
        self.assertFalse(event.author_id)
        self.assertEqual(self.audit(), 0)

    def test_sql_deletes(self):
        key = self.lead.id
        self.sql("DELETE FROM crm_lead WHERE id = %s", key)
        self.assertEqual(self.audit(), 1)
        events = self.env[EVENT].search([("lead_key", "=", key)], order="at, id")
        self.assertEqual(events.mapped("removed"), [False, "deleted"])
        self.assertEqual(events.mapped("exact"), [True, False])
        self.assertEqual(self.audit(), 0)

    def test_what_waits_for_the_end_of_the_transaction_is_no_drift(self):
        self.lead.stage_id = self.stage_offer
        self.assertEqual(self.engine.audit([EVENT]), {EVENT: 0})
        self.assertTrue(self.events()[-1].exact)

    def test_a_scoring_that_comes_to_what_a_person_has_set(self):
        self.lead.write({"probability": 40, "automated_probability": 60})
        self.assertAdded(is_automated_probability=False, probability=40)
        self.lead.automated_probability = 40
        self.assertAdded(is_automated_probability=True)
        self.assertEqual(self.audit(), 0)

    # -- engine ---------------------------------------------------------

    def test_what_is_derived_is_queued(self):
        queue = self.env["crm.metrics.queue"]
        with patch.object(
            type(self.env[EVENT]), "_fact_downstream", lambda _self: ["crm.other"]
        ):
            self.lead.stage_id = self.stage_offer
            self.commit()
            self.assertEqual(queue._waiting()["crm.other"], 1)
            self.sql("UPDATE crm_lead SET expected_revenue = 0")
            added = self.engine.recompute(EVENT)["changed"]
            self.assertEqual(queue._waiting()["crm.other"], added)

    def test_recompute_and_status(self):
        result = self.engine.recompute(EVENT, self.lead.id % 64, 64)
        self.assertEqual(set(result), {"rows", "changed", "seconds"})
        self.assertEqual(result["changed"], 0)
        self.assertGreaterEqual(result["rows"], 1)
        status = self.engine.with_user(self.seller).status()["facts"][EVENT]
        self.assertEqual(status["queued"], 0)
        self.assertTrue(status["refreshed_at"])

    # -- rights ---------------------------------------------------------

    def test_rights(self):
        event = self.events()
        for user in (self.seller, self.manager):
            log = event.with_user(user)
            self.assertEqual(log.stage_name, "Fresh")
            for work in (
                lambda log=log: log.write({"stage_name": "x"}),
                lambda log=log: log.unlink(),
                lambda log=log: log.create({"lead_key": 1, "at": self.clock}),
            ):
                with self.assertRaises(AccessError):
                    work()
        with self.assertRaises(AccessError):
            event.with_user(self.seller_2).read(["stage_name"])
        self.lead.user_id = False
        self.commit()
        self.assertTrue(self.events()[-1].with_user(self.seller_2).has_access("read"))
        self.assertTrue(event.with_user(self.seller_all).has_access("read"))
        outsider = self._user(
            "metrics_outsider", "group_sale_manager", self.other_company
        )
        elsewhere = event.with_context(allowed_company_ids=self.other_company.ids)
        self.assertFalse(elsewhere.with_user(outsider).has_access("read"))

    def test_a_salesperson_needs_no_rights_on_the_log(self):
        lead = self.env["crm.lead"].with_user(self.seller).create({"name": "Own"})
        self.commit()
        lead.stage_id = self.stage_offer
        lead.flush_recordset()  # as the end of a request does it
        self.assertAdded(lead, author_id=self.seller.partner_id)
