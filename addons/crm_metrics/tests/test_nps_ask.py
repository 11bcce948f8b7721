from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form

from .nps_case import NpsCase
from .nps_making import INVITATION


class TestAskByHand(NpsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.running = cls.program(sample_percent=0.0001)
        cls.anna = cls.contact("Anna", user_id=cls.seller.id)
        cls.ben = cls.contact("Ben")

    def ask(self, user=None, records=None, **values):
        """Open the dialog from a list."""
        wizards = self.env["crm.nps.ask"].with_user(user or self.seller)
        if records is not None:
            wizards = wizards.with_context(
                active_model=records._name, active_ids=records.ids
            )
        values.setdefault("program_id", self.running.id)
        return wizards.create(values)

    def test_from_contacts(self):
        archived = self.contact("Old", active=False)
        wizard = self.ask(records=self.anna | self.ben | archived)
        self.assertEqual(wizard.planned_count, 2)
        self.assertEqual(wizard.skipped, "1 × Contact is archived")
        self.assertFalse(self.invitations(self.running))
        action = wizard.action_ask()
        invitations = self.env[INVITATION].search(action["domain"], order="id")
        self.assertAsked(invitations, None, None, "archived")
        self.assertEqual(
            set(invitations.mapped("wave")), {f"batch,{self.now}-{self.seller.id}"}
        )

    def test_from_opportunities(self):
        """Contacts, and who left nothing but an address; a won deal is a purchase."""
        leads = self.env["crm.lead"].create(
            [
                {"name": "A", "type": "opportunity", "partner_id": self.anna.id},
                {"name": "B", "type": "opportunity", "email_from": "b@example.com"},
                {"name": "C", "type": "opportunity"},
                {"name": "D", "type": "opportunity", "partner_id": self.anna.id},
            ]
        )
        won = self.deal(100, partner=self.ben)
        self.running.legal_basis = "customer"
        wizard = self.ask(self.seller_all, leads | won)
        self.assertEqual(wizard.planned_count, 1)
        wizard.action_ask()
        invitations = self.invitations(self.running)
        self.assertEqual(invitations.lead_id, leads | won)
        reasons = {one.lead_id: one.skip_reason for one in invitations}
        self.assertEqual(
            [reasons[lead] for lead in leads | won],
            ["no_customer", "no_customer", "no_email", "no_customer", False],
        )
        self.running.legal_basis = "other"
        self.assertEqual(self.ask(self.seller_all, leads[1]).planned_count, 1)

    def test_many_are_counted_instead_of_named(self):
        contacts = self.env["res.partner"].create([{"name": "Many"}] * 21)
        self.assertEqual(self.ask(records=contacts).notice, "21 contacts")
        self.assertFalse(self.ask(records=contacts[1:]).notice)

    def test_a_second_time(self):
        self.ask(partner_ids=self.anna.ids).action_ask()
        wizard = self.ask(partner_ids=self.anna.ids)
        self.assertEqual(wizard.planned_count, 0)
        self.assertEqual(wizard.skipped, "1 × Asked not long ago")

    def test_customers_of_somebody_else(self):
        """Who sees their answers may ask them."""
        refused = self.ask(self.seller_2, partner_ids=self.anna.ids)
        self.assertIn(self.anna.commercial_partner_id.name, refused.refusal)
        with self.assertRaises(UserError):
            refused.action_ask()
        allowed = self.ask(self.seller_2, partner_ids=self.ben.ids)
        self.assertFalse(allowed.refusal)
        allowed.action_ask()
        self.ask(self.seller_all, partner_ids=self.anna.ids).action_ask()
        lead = self.env["crm.lead"].create({"name": "A", "user_id": self.seller.id})
        with self.assertRaises(UserError):
            self.ask(self.seller_2, lead_ids=lead.ids).action_ask()

    def test_customers_of_somebody_else_by_an_opportunity(self):
        """One's own opportunity at the account of a colleague."""
        lead = self.env["crm.lead"].create(
            {"name": "A", "user_id": self.seller_2.id, "partner_id": self.anna.id}
        )
        refused = self.ask(self.seller_2, lead)
        self.assertIn(self.anna.name, refused.refusal)
        with self.assertRaises(AccessError):
            refused.action_ask()
        self.assertFalse(self.invitations(self.running))
        for user in (self.seller_all, self.manager):
            self.assertFalse(self.ask(user, lead).refusal)
        lead.user_id = self.seller
        self.ask(self.seller, lead).action_ask()
        self.assertEqual(self.invitations(self.running).lead_id, lead)

    def test_records_of_another_company(self):
        """With two companies chosen, too; as waves do it."""
        both = self.company | self.other_company
        self.manager.company_ids = both
        there = self.contact("There", company_id=self.other_company.id)
        values = {"company_id": self.other_company.id, "user_id": False}
        leads = self.env["crm.lead"].create(
            [
                {"name": "Deal", "partner_id": self.ben.id, **values},
                {"name": "Here", "partner_id": False, "email_from": "h@example.com"},
            ]
        )
        programs = self.env["crm.nps.ask"].with_context(allowed_company_ids=both.ids)
        for records, name in ((there | self.ben, there.name), (leads, leads[0].name)):
            field = "partner_ids" if records._name == "res.partner" else "lead_ids"
            refused = programs.with_user(self.manager).create(
                {"program_id": self.running.id, field: records.ids}
            )
            self.assertIn(name, refused.refusal)
            self.assertIn(self.company.name, refused.refusal)
            with self.assertRaises(AccessError):
                refused.action_ask()
        self.assertFalse(self.invitations(self.running))
        self.assertFalse(self.ask(self.manager, leads[1]).refusal)

    def test_a_refusal_tells_no_secrets(self):
        there = self.contact("There", company_id=self.other_company.id)
        with self.assertRaises(AccessError):
            self.ask(partner_ids=there.ids).read(["refusal"])

    def test_only_running_programs_ask(self):
        self.running.action_stop()
        with self.assertRaises(UserError):
            self.ask(partner_ids=self.anna.ids).action_ask()
        self.assertFalse(self.ask().with_user(self.seller)._default_program_id())

    def test_other_companies_do_not_ask(self):
        boss = self._user("metrics_boss", "group_sale_manager", self.other_company)
        program = self.program(company_id=self.other_company.id, user_id=boss.id)
        with self.assertRaises(UserError):
            self.ask(program_id=program.id, partner_ids=self.anna.ids).action_ask()

    def test_the_button_of_a_form(self):
        action = self.env["crm.nps.ask"]._action_for(self.anna)
        self.assertEqual(action["context"], {"default_partner_ids": self.anna.ids})
        lead = self.env["crm.lead"].create({"name": "A"})
        action = self.env["crm.nps.ask"]._action_for(lead)
        self.assertEqual(action["context"], {"default_lead_ids": lead.ids})

    def test_the_right_contacts_are_chosen_from_lists(self):
        """The action's list menu hands over ids; other fields stay empty."""
        wizard = self.ask(records=self.anna | self.ben)
        self.assertEqual(wizard.partner_ids, self.anna | self.ben)
        context = {"active_model": "res.partner", "active_ids": self.anna.ids}
        wizards = self.env["crm.nps.ask"].with_user(self.seller)
        with Form(wizards.with_context(**context)) as form:
            self.assertEqual(form.program_id, self.running)
            self.assertEqual(form.partner_ids.ids, self.anna.ids)
            self.assertEqual(form.planned_count, 1)
        self.assertFalse(wizard.lead_ids)
        lead = self.env["crm.lead"].create({"name": "A"})
        wizard = self.ask(self.seller_all, lead)
        self.assertEqual(wizard.lead_ids, lead)
        self.assertEqual(
            self.ask(partner_ids=[Command.set(self.ben.ids)]).partner_ids, self.ben
        )
