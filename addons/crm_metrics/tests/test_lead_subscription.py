from datetime import date
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import CrmMetricsCommon


@tagged("post_install", "-at_install")
class TestLeadSubscription(CrmMetricsCommon):
    """A won opportunity becomes a subscription, once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.won = cls.env["crm.stage"].search([("is_won", "=", True)], limit=1)
        for user in cls.seller | cls.seller_2 | cls.manager:
            user.group_ids += cls.env.ref("crm.group_use_recurring_revenues")
        cls.team.member_ids += cls.seller

    def lead(self, user=None, **values):
        user = user or self.seller
        return (
            self.env["crm.lead"]
            .with_user(user)
            .create(
                {
                    "name": "Big deal",
                    "type": "opportunity",
                    "partner_id": self.customer.id,
                    "user_id": user.id,
                    "team_id": self.team.id,
                    "company_id": self.company.id,
                    "recurring_revenue": 1200,
                    "recurring_plan": self.yearly.id,
                    **values,
                }
            )
        )

    def automatic(self):
        self.company.crm_metrics_won_subscription = "automatic"

    def test_by_the_button(self):
        source = self.env["utm.source"].create({"name": "Fair"})
        lead = self.lead(source_id=source.id)
        self.assertFalse(lead.crm_subscription_due)
        lead.action_set_won()
        self.assertFalse(lead.crm_subscription_ids)
        self.assertTrue(lead.crm_subscription_due)
        action = lead.action_create_crm_subscription()
        subscription = lead.crm_subscription_ids
        self.assertEqual(action["res_id"], subscription.id)
        self.assertEqual(subscription.name, "Big deal")
        self.assertEqual(subscription.partner_id, self.customer)
        self.assertEqual(subscription.user_id, self.seller)
        self.assertEqual(subscription.team_id, self.team)
        self.assertEqual(subscription.company_id, self.company)
        self.assertEqual(subscription.date_start, date(2026, 6, 15))
        self.assertEqual(subscription.line_ids.name, "Big deal")
        self.assertEqual(subscription.line_ids.recurring_plan_id, self.yearly)
        self.assertEqual(subscription.mrr, 100)
        self.assertFalse(lead.crm_subscription_due)
        # the campaign is reached through the opportunity
        self.assertEqual(self.movements(self.customer), [("2026-06-15", "new", 100.0)])
        movement = self.env["crm.mrr.movement"].search([("lead_id", "=", lead.id)])
        self.assertEqual(movement.source_id, source)

    def test_never_twice(self):
        lead = self.lead()
        lead.action_set_won()
        lead.action_create_crm_subscription()
        with self.assertRaisesRegex(UserError, "^Subscriptions: "):
            lead.action_create_crm_subscription()
        # nor when the first one is hidden
        lead.crm_subscription_ids.action_archive()
        with self.assertRaisesRegex(UserError, "^Subscriptions: "):
            lead.action_create_crm_subscription()

    def test_refused_by_the_button(self):
        for message, values in (
            ("Recurring Revenue", {"recurring_revenue": 0}),
            ("Recurring Revenue", {"recurring_plan": False}),
            ("Customer", {"partner_id": False}),
        ):
            lead = self.lead(**values)
            with self.assertRaisesRegex(UserError, "^Stage: "):
                lead.action_create_crm_subscription()
            lead.action_set_won()
            with (
                self.subTest(values),
                self.assertRaisesRegex(UserError, f"^{message}: "),
            ):
                lead.action_create_crm_subscription()

    def test_not_on_leads_of_others(self):
        lead = self.lead()
        lead.action_set_won()
        with self.assertRaises(AccessError):
            lead.with_user(self.seller_2).action_create_crm_subscription()
        with self.assertRaises(AccessError):
            lead.with_user(self.seller_2).action_view_crm_subscriptions()

    def test_automatically(self):
        self.automatic()
        lead = self.lead()
        lead.action_set_won()
        self.assertEqual(lead.crm_subscription_ids.mrr, 100)

    def test_automatically_by_the_stage(self):
        self.automatic()
        leads = self.lead() + self.lead(name="Second") + self.lead(recurring_revenue=0)
        leads.write({"stage_id": self.won.id})
        self.assertEqual(leads.mapped("crm_subscription_count"), [1, 1, 0])
        # won already: nothing more
        leads.write({"stage_id": self.won.id})
        self.assertEqual(leads.mapped("crm_subscription_count"), [1, 1, 0])

    def test_automatically_when_it_comes_won(self):
        self.automatic()
        lead = self.lead(stage_id=self.won.id)
        self.assertEqual(lead.crm_subscription_count, 1)

    def test_lost_again_and_won_again(self):
        self.automatic()
        lead = self.lead()
        lead.action_set_won()
        subscription = lead.crm_subscription_ids
        lead.stage_id = self.env["crm.stage"].search([("is_won", "=", False)], limit=1)
        lead.action_set_lost()
        self.assertTrue(subscription.exists())
        self.assertEqual(subscription.state, "active")
        lead.action_restore()
        lead.action_set_won()
        self.assertEqual(lead.crm_subscription_ids, subscription)

    def test_a_customer_is_made_of_the_contact_data(self):
        self.automatic()
        self.seller.group_ids += self.env.ref("base.group_partner_manager")
        lead = self.lead(
            partner_id=False,
            partner_name="New Ltd",
            contact_name="Ann",
            email_from="a@n.example",
        )
        lead.action_set_won()
        partner = lead.crm_subscription_ids.partner_id
        self.assertEqual(partner.name, "Ann")
        self.assertEqual(partner.commercial_partner_id.name, "New Ltd")
        self.assertEqual(lead.partner_id, partner)

    def test_a_win_never_fails(self):
        """Without customer data the salesperson is asked, and the deal is won."""
        self.automatic()
        lead = self.lead(partner_id=False)
        lead.action_set_won()
        self.assertEqual(lead.won_status, "won")
        self.assertFalse(lead.crm_subscription_ids)
        self.assertEqual(lead.activity_ids.user_id, self.seller)
        self.assertIn("Customer", str(lead.activity_ids.note))

    def test_a_win_never_fails_without_salesperson(self):
        self.automatic()
        lead = self.lead(self.manager, partner_id=False, user_id=False)
        lead.action_set_won()
        self.assertEqual(lead.won_status, "won")
        self.assertIn("Customer", lead.message_ids[0].body)

    def test_a_win_by_somebody_without_the_rights(self):
        """Whoever may not make contacts wins all the same."""
        self.automatic()
        lead = self.lead(partner_id=False, partner_name="New Ltd")
        refusal = patch.object(
            type(lead), "_create_customer", side_effect=AccessError("No contacts")
        )
        with refusal:
            lead.action_set_won()
        self.assertEqual(lead.won_status, "won")
        self.assertFalse(lead.crm_subscription_ids)
        self.assertIn("No contacts", str(lead.activity_ids.note))

    def test_a_user_without_recurring_revenue_wins(self):
        """The fields are hidden from them; the subscription comes all the same."""
        lead = self.lead()
        self.automatic()
        group = self.env.ref("crm.group_use_recurring_revenues")
        self.seller.group_ids -= group
        self.env.ref("base.group_user").implied_ids -= group
        lead.invalidate_recordset()
        lead.action_set_won()
        self.assertEqual(lead.crm_subscription_count, 1)

    def test_each_company_decides(self):
        self.automatic()
        self.other_company.currency_id = self.eur
        self.manager.company_ids += self.other_company
        lead = (
            self.env["crm.lead"]
            .with_user(self.manager)
            .with_context(allowed_company_ids=[self.company.id, self.other_company.id])
            .create(
                {
                    "name": "Elsewhere",
                    "type": "opportunity",
                    "partner_id": self.customer.id,
                    "company_id": self.other_company.id,
                    "team_id": self.team.id,
                    "user_id": False,
                    "recurring_revenue": 10,
                    "recurring_plan": self.monthly.id,
                }
            )
        )
        lead.action_set_won()
        self.assertFalse(lead.crm_subscription_ids)
        self.other_company.crm_metrics_won_subscription = "automatic"
        lead.action_create_crm_subscription()
        self.assertEqual(lead.crm_subscription_ids.company_id, self.other_company)
        self.assertEqual(lead.crm_subscription_ids.currency_id, self.eur)

    def test_a_lead_without_company(self):
        self.automatic()
        lead = self.lead(company_id=False)
        lead.action_set_won()
        self.assertEqual(lead.crm_subscription_ids.company_id, self.company)

    def test_the_closing_day_is_the_companys(self):
        self.company.resource_calendar_id.tz = "Asia/Tokyo"
        lead = self.lead()
        lead.action_set_won()
        lead.sudo().date_closed = "2026-06-10 20:00:00"
        lead.action_create_crm_subscription()
        self.assertEqual(lead.crm_subscription_ids.date_start, date(2026, 6, 11))

    def test_smart_button(self):
        lead = self.lead()
        lead.action_set_won()
        lead.action_create_crm_subscription()
        action = lead.action_view_crm_subscriptions()
        self.assertEqual(action["res_id"], lead.crm_subscription_ids.id)
        self.subscribe(5, lead_id=lead.id, user_id=self.seller.id)
        self.subscribe(5, lead_id=lead.id, user_id=self.seller_2.id)
        lead.invalidate_recordset()
        self.assertEqual(lead.crm_subscription_count, 2)
        action = lead.action_view_crm_subscriptions()
        found = self.env["crm.subscription"].with_user(self.seller)
        self.assertEqual(len(found.search(action["domain"])), 2)
        self.assertEqual(action["context"]["default_lead_id"], lead.id)

    def test_merged_opportunities_keep_their_subscriptions(self):
        leads = self.lead(self.manager) + self.lead(self.manager, name="The same")
        leads.action_set_won()
        for lead in leads:
            lead.action_create_crm_subscription()
        subscriptions = leads.crm_subscription_ids
        merged = leads.merge_opportunity()
        self.assertEqual(subscriptions.lead_id, merged)

    def test_the_form_has_the_button(self):
        view = self.env["crm.lead"].with_user(self.seller).get_view(view_type="form")
        self.assertIn("action_create_crm_subscription", view["arch"])
        self.assertIn("action_view_crm_subscriptions", view["arch"])

    def test_a_copy_brings_no_subscription(self):
        lead = self.lead()
        lead.action_set_won()
        lead.action_create_crm_subscription()
        self.assertFalse(lead.copy().crm_subscription_ids)
