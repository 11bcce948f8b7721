from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

from .purchase_case import ENTRY, PURCHASE, PurchaseCase


class TestPurchase(PurchaseCase):
    """Purchases of the core: imported ones and won opportunities."""

    # -- imported ---------------------------------------------------------

    def test_purchase_refund_and_anonymous(self):
        self.enter(100)
        self.enter(-30, "2026-03-05")
        self.enter(7.5, "2026-03-06", partner=False)
        self.assertEqual(
            self.rows(),
            [
                ("2026-03-01", "purchase", 100),
                ("2026-03-05", "refund", -30),
                ("2026-03-06", "purchase", 7.5),
            ],
        )
        self.assertEqual(self.rows(partner=False), [("2026-03-06", "purchase", 7.5)])
        self.assertFalse(self.purchases(partner=False).partner_id)
        self.assertFull()

    def test_an_entry_is_changed_moved_and_deleted(self):
        other = self._customer("Other")
        entry = self.enter(100)
        self.refresh()
        entry.write({"amount": 80, "date": "2026-04-01", "partner_id": other.id})
        self.assertEqual(self.rows(self.customer), [])
        self.assertEqual(self.rows(other), [("2026-04-01", "purchase", 80)])
        entry.amount = -80
        self.assertEqual(self.rows(other), [("2026-04-01", "refund", -80)])
        entry.partner_id = False
        self.assertEqual(self.rows(partner=False), [("2026-04-01", "refund", -80)])
        entry.company_id = self.other_company
        self.assertEqual(self.rows(), [])
        self.assertEqual(len(self.purchases(company=self.other_company)), 1)
        self.assertFull()
        entry.unlink()
        self.assertEqual(self.rows(company=self.other_company), [])
        self.assertFull()

    def test_seller_and_team_are_those_of_the_document_now(self):
        entry = self.enter(100, user_id=self.seller.id, team_id=self.team.id)
        self.assertEqual(self.purchases().user_id, self.seller)
        self.assertEqual(self.purchases().team_id, self.team)
        entry.write({"user_id": self.seller_2.id, "team_id": self.team_2.id})
        self.assertEqual(self.purchases().user_id, self.seller_2)
        self.assertEqual(self.purchases().team_id, self.team_2)

    @mute_logger("odoo.sql_db")
    def test_what_an_entry_may_not_be(self):
        self.enter(1, name="R1")
        self.enter(1, name="R1", company_id=self.other_company.id)
        for amount, name in ((1, "R1"), (0, "R2")):
            with self.assertRaises(IntegrityError), self.env.cr.savepoint():
                self.enter(amount, name=name)
        for day in ("1899-12-31", "9999-12-31"):
            with self.assertRaises(IntegrityError), self.env.cr.savepoint():
                self.enter(1, day)

    def test_all_count_whatever_the_source(self):
        self.enter(100)
        self.deal(50)
        for source in self._sources():
            self.company.crm_metrics_purchase_source = source
            self.assertIn(100, self.purchases().mapped("amount"), source)
            self.assertFull()

    def _sources(self):
        field = self.env["res.company"]._fields["crm_metrics_purchase_source"]
        return [False, *field.get_values(self.env)]

    # -- won opportunities ------------------------------------------------

    def test_a_win_is_a_purchase(self):
        lead = self.deal(500, recurring_revenue=99, recurring_plan=self.monthly.id)
        self.assertEqual(self.rows(), [("2026-03-01", "purchase", 500)])
        [purchase] = self.purchases()
        self.assertEqual((purchase.res_model, purchase.res_id), ("crm.lead", lead.id))
        self.assertEqual(purchase.document_name, "Deal")
        self.assertEqual(purchase.action_open_source()["res_id"], lead.id)
        self.assertFull()

    def test_a_deal_on_its_way(self):
        """Won, corrected, archived, reopened, won again, deleted."""
        lead = self.deal(
            500, user_id=self.seller.id, stage_id=self.stage_open.id, probability=10
        )
        lead.date_closed = False
        self.assertEqual(self.rows(), [])
        lead.action_set_won()
        self.assertEqual(self.rows(), [("2026-06-15", "purchase", 500)])
        lead.expected_revenue = 450
        self.assertEqual(self.rows(), [("2026-06-15", "purchase", 450)])
        lead.active = False
        self.assertEqual(lead.won_status, "won")
        self.assertEqual(self.rows(), [("2026-06-15", "purchase", 450)])
        lead.active = True
        lead.write({"stage_id": self.stage_open.id, "probability": 20})
        self.assertEqual(self.rows(), [])
        lead.action_set_won()
        lead.partner_id = False
        self.assertEqual(self.rows(partner=False), [("2026-06-15", "purchase", 450)])
        lead.expected_revenue = 0
        self.assertEqual(self.rows(), [])
        lead.expected_revenue = 10
        self.assertFull()
        lead.unlink()
        self.assertEqual(self.rows(), [])
        self.assertFull()

    def test_no_lead_and_no_open_or_lost_deal(self):
        self.deal(1, type="lead")
        self.deal(1, stage_id=self.stage_open.id, probability=50)
        lost = self.deal(1, stage_id=self.stage_open.id, probability=50)
        lost.action_set_lost()
        self.assertEqual(self.rows(), [])

    def test_an_open_deal_wakes_nobody(self):
        lead = self.deal(500, stage_id=self.stage_open.id, probability=10)
        self.refresh()
        lead.write({"expected_revenue": 600, "user_id": self.seller.id})
        self.env.flush_all()
        self.assertNotIn(PURCHASE, self.env["crm.metrics.queue"]._waiting())

    def test_the_day_is_that_of_the_company(self):
        """Half past eleven in London's evening is the next day in Tokyo."""
        self.deal(500, "2026-03-31 22:30:00")
        calendar = self.company.resource_calendar_id
        calendar.tz = "UTC"
        self.assertEqual(self.rows()[0][0], "2026-03-31")
        calendar.tz = "Asia/Tokyo"
        self.assertEqual(self.rows()[0][0], "2026-04-01")
        self.company.resource_calendar_id = calendar.copy({"tz": "America/New_York"})
        self.assertEqual(self.rows()[0][0], "2026-03-31")
        self.assertFull()

    def test_company_of_the_team_or_salesperson(self):
        team = self.env["crm.team"].create(
            {"name": "Ours", "company_id": self.other_company.id}
        )
        lead = self.deal(500, company_id=False)
        # Odoo itself gives a company where it finds one
        self.env.flush_all()
        self.env.cr.execute("UPDATE crm_lead SET company_id = NULL, team_id = NULL")
        self.env.invalidate_all()
        lead.expected_revenue = 400
        self.assertEqual(self.codes(), ["no_company"])
        self.env.cr.execute("UPDATE crm_lead SET team_id = %s", [team.id])
        self.env.invalidate_all()
        lead.expected_revenue = 500
        self.assertEqual(self.codes(), [])
        self.assertEqual(len(self.purchases(company=self.other_company)), 1)
        team.company_id = self.company
        self.env.cr.execute("UPDATE crm_lead SET company_id = NULL")
        self.env.invalidate_all()
        self.assertEqual(len(self.purchases(company=self.other_company)), 0)
        self.assertEqual(len(self.purchases()), 1)
        self.assertFull()
        team.unlink()
        self.assertEqual(self.rows(), [])
        self.assertFull()

    def test_a_win_without_a_day_is_an_issue(self):
        lead = self.deal(500)
        lead.date_closed = False
        self.assertEqual(self.codes(), ["no_date"])
        self.assertEqual(self.rows(), [])
        issue = self.issues()
        self.assertEqual((issue.res_model, issue.res_id), ("crm.lead", lead.id))
        self.assertEqual(issue.record_name, "Deal")
        self.assertIn("date", issue.message)
        lead.date_closed = "2026-03-01 12:00:00"
        self.assertEqual(self.codes(), [])
        self.assertEqual(len(self.rows()), 1)

    # -- the setting --------------------------------------------------------

    def test_two_companies_with_a_source_each(self):
        others = self._sources()
        for source in others:
            self.other_company.crm_metrics_purchase_source = source
            self.deal(500)
            self.deal(300, company_id=self.other_company.id)
            counted = (source or self.env[PURCHASE]._automatic_source()) == "won"
            self.assertTrue(self.rows())
            self.assertEqual(bool(self.rows(company=self.other_company)), counted)
            self.assertFull()

    def test_a_changed_setting_moves_the_rows_of_its_company_only(self):
        self.deal(500)
        self.deal(300, company_id=self.other_company.id, partner=False)
        self.refresh()
        for source in self._sources():
            self.company.crm_metrics_purchase_source = source
            self.refresh()
            counted = (source or self.env[PURCHASE]._automatic_source()) == "won"
            self.assertEqual(bool(self.purchases()), counted)
            self.assertEqual(len(self.purchases(company=self.other_company)), 1)
            self.assertFull()

    def test_other_settings_rebuild_no_purchases(self):
        self.deal(500)
        self.refresh()
        self.company.crm_metrics_grace_days = 7
        self.env.flush_all()
        self.assertNotIn(PURCHASE, self.env["crm.metrics.queue"]._waiting())

    # -- contacts -------------------------------------------------------------

    def test_a_contact_is_its_company(self):
        person = self._customer("Person", parent_id=self.customer.id)
        other = self._customer("Other", is_company=True)
        self.enter(100, partner=person)
        self.deal(50, partner=person)
        self.assertEqual(len(self.purchases(self.customer)), 2)
        person.parent_id = other
        self.assertEqual(len(self.purchases(self.customer)), 0)
        self.assertEqual(len(self.purchases(other)), 2)
        self.assertFull()

    def test_an_archived_customer_counts(self):
        self.enter(100)
        self.customer.active = False
        self.assertEqual(len(self.purchases(self.customer)), 1)
        self.assertFull()

    def test_merged_customers(self):
        double = self._customer("Double")
        person = self._customer("Person", parent_id=double.id)
        self.enter(100)
        self.enter(70, partner=double)
        self.enter(30, partner=person)
        self.deal(50, partner=double)
        self.refresh()
        self.merge(double, self.customer)
        self.assertEqual(
            self.purchases(self.customer).mapped("amount"), [30, 50, 70, 100]
        )
        self.assertEqual(self.purchases().partner_id, self.customer)
        self.assertFull()

    def test_a_deleted_customer_leaves_anonymous_purchases(self):
        firm = self._customer("Firm", is_company=True)
        person = self._customer("Person", parent_id=firm.id)
        self.enter(100, partner=firm)
        self.enter(30, partner=person)
        self.deal(50, partner=person)
        self.refresh()
        firm.unlink()
        self.assertEqual(self.purchases(partner=False).mapped("amount"), [100])
        self.assertEqual(self.purchases(person).mapped("amount"), [30, 50])
        self.assertFull()
        person.unlink()
        self.assertEqual(self.purchases(partner=False).mapped("amount"), [30, 50, 100])
        self.assertFull()

    def test_a_deleted_customer_before_the_first_refresh(self):
        self.enter(100)
        self.customer.unlink()
        self.assertEqual(self.purchases(partner=False).mapped("amount"), [100])
        self.assertFull()

    def test_a_deleted_contact_that_bought_nothing_rebuilds_no_anonymous(self):
        self.enter(100, partner=False)
        idle = self._customer("Idle")
        self.refresh()
        idle.unlink()
        self.env.cr.execute(
            "SELECT count(*) FROM crm_metrics_queue WHERE fact = %s AND key = 0",
            [PURCHASE],
        )
        self.assertEqual(self.env.cr.fetchone(), (0,))

    # -- rights -------------------------------------------------------------

    def as_user(self, user, model):
        return (
            self.env[model]
            .with_user(user)
            .with_context(allowed_company_ids=user.company_ids.ids)
        )

    def test_who_sees_what(self):
        stranger = self._user(
            "purchase_stranger", "group_sale_manager", self.other_company
        )
        for amount, user in ((1, self.seller), (10, False), (100, self.seller_2)):
            self.enter(amount, user_id=user and user.id)
        self.refresh()
        for user, amounts in (
            (self.seller, [1, 10]),
            (self.seller_all, [1, 10, 100]),
            (self.manager, [1, 10, 100]),
            (stranger, []),
        ):
            for model in (PURCHASE, ENTRY):
                found = self.as_user(user, model).search([])
                self.assertEqual(sorted(found.mapped("amount")), amounts, user.login)

    def test_who_enters_what(self):
        self.enter(1, name="Own", user_id=self.seller.id)
        for name, user in (("Free", False), ("Foreign", self.seller_2)):
            self.enter(1, name=name, user_id=user and user.id)
        mine = self.as_user(self.seller, ENTRY)
        own = mine.search([("name", "=", "Own")])
        own.amount = 2
        entered = mine.create({"name": "New", "amount": 5, "partner_id": False})
        self.assertEqual(entered.user_id, self.seller)
        for action in (
            lambda: mine.search([("name", "=", "Free")]).write({"amount": 2}),
            lambda: mine.create({"name": "Gift", "amount": 5, "user_id": False}),
            lambda: own.unlink(),
        ):
            with self.assertRaises(AccessError):
                action()
        self.assertFalse(mine.search([("name", "=", "Foreign")]))
        every = self.as_user(self.seller_all, ENTRY).search([])
        every.write({"amount": 3})
        self.as_user(self.manager, ENTRY).browse(every.ids).unlink()

    def test_nobody_writes_the_fact(self):
        self.enter(1)
        self.refresh()
        for user in (self.seller_all, self.manager, self.env.ref("base.user_admin")):
            for operation in ("create", "write", "unlink"):
                self.assertFalse(
                    self.env[PURCHASE].with_user(user).has_access(operation)
                )

    def test_a_purchase_does_not_open_what_one_may_not_read(self):
        entry = self.enter(1, user_id=self.seller.id)
        [purchase] = self.purchases()
        mine = purchase.with_user(self.seller)
        self.assertEqual(mine.action_open_source()["res_id"], entry.id)
        entry.user_id = self.seller_2
        self.env.flush_all()  # not refreshed yet
        mine.invalidate_recordset()
        self.assertFalse(mine.document_name)
        with self.assertRaises(AccessError):
            mine.action_open_source()
        entry.unlink()
        with self.assertRaisesRegex(UserError, "gone"):
            mine.action_open_source()
