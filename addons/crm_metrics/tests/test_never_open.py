from odoo.tests import tagged

from .common_lead import EVENT
from .common_visit import StageVisitCase

CODE = "no_stay"


@tagged("post_install", "-at_install")
class TestNeverOpen(StageVisitCase):
    """Deals that were closed when they came are in no figure: they are listed."""

    def assertListed(self, leads):
        self.commit()
        self.refresh()
        issues = self.env["crm.metrics.issue"].search([("code", "=", CODE)])
        self.assertEqual(set(issues.mapped("res_id")), set(leads.ids))
        self.assertKept()
        return issues

    def test_born_won_lost_archived(self):
        won = self.make_lead(stage_id=self.stage_won.id)
        lost = self.make_lead(active=False, probability=0)
        lost |= self.make_lead(active=False, probability=50)
        issues = self.assertListed(won | lost)
        self.assertEqual(issues.company_id, self.company)
        self.assertEqual(issues.user_id, self.seller)
        self.assertEqual(set(issues.mapped("res_model")), {"crm.lead"})
        self.assertTrue(all(issues.mapped("message")))
        metrics = self.env["crm.metrics"].with_user(self.seller_all)
        metrics = metrics.with_context(allowed_company_ids=self.company.ids)
        found = metrics.bottlenecks(
            {"date_from": "2026-01-01", "date_to": "2026-12-31"}
        )
        self.assertEqual(found["meta"]["issues"], {CODE: 3})

    def test_one_that_was_open_is_none(self):
        self.move(self.stage_won)
        other = self.make_lead()
        self.commit()
        other.action_set_lost()
        self.assertListed(self.lead.browse())

    def test_a_restored_one_leaves_the_list(self):
        lost = self.make_lead(active=False, probability=0)
        self.assertListed(lost)
        lost.action_unarchive()
        self.assertListed(lost.browse())
        lost.action_set_lost()
        self.assertListed(lost.browse())

    def test_its_history_mends_it(self):
        won = self.make_lead(stage_id=self.stage_won.id)
        self.assertListed(won)
        manager = self._user("never_open_manager", "group_sale_manager")
        self.env[EVENT].with_user(manager).import_events(
            [
                {
                    "import_ref": "a",
                    "lead_id": won.id,
                    "at": "2026-01-01 09:00:00",
                    "stage_id": self.stage_new.id,
                }
            ]
        )
        self.assertListed(won.browse())
        self.assertEqual(self.told(lead=won), [("Fresh", "won")])

    def test_what_is_gone_is_not_listed(self):
        won = self.make_lead(stage_id=self.stage_won.id)
        self.assertListed(won)
        won.unlink()
        self.assertListed(won.browse())

    def test_a_lead_is_none(self):
        lead = self.make_lead(type="lead", active=False, probability=0)
        self.assertListed(lead.browse())
        # nor is a deal that is in no stage yet
        self.make_lead(stage_id=False)
        self.assertListed(lead.browse())
        lead.type = "opportunity"
        self.assertListed(lead)
