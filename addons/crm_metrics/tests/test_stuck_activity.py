from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from ..models.crm_lead_stuck_activity import STUCK
from .common_visit import VISIT, StageVisitCase

NORMS = {"median": 12.0, "p90": 39.0}


@tagged("post_install", "-at_install")
class TestStuckActivity(StageVisitCase):
    """The salesperson hears of a deal that is stuck, once for each stay."""

    def setUp(self):
        super().setUp()
        # what is now goes along with the transactions
        now = staticmethod(lambda *_args: self.clock)
        self.enterContext(patch.object(fields.Datetime, "now", now))
        # of an earlier run of this database
        self.env["res.company"].search([]).crm_metrics_stuck_activity = False
        self.company.crm_metrics_stuck_activity = True
        self.stages = {stage.id: NORMS for stage in (self.stage_new, self.stage_talk)}
        self.enterContext(
            patch.object(
                self.registry[VISIT],
                "_norms",
                lambda _model, company, _day=None: (
                    self.stages if company == self.company else {}
                ),
            )
        )
        self.progress = []
        self.enterContext(
            patch.object(
                self.registry["ir.cron"],
                "_commit_progress",
                lambda _cron, processed=0, **_more: (
                    self.progress.append(processed) or self.seconds_left
                ),
            )
        )
        self.seconds_left = 60

    def wait(self, days):
        self.commit()
        self.clock += timedelta(days)

    def run_cron(self, **options):
        self.commit()
        self.refresh()
        self.env.invalidate_all()
        self.env["crm.lead"].with_user(self.env.ref("base.user_root"))._cron_plan_stuck(
            **options
        )
        self.env.flush_all()

    def planned(self, lead=None):
        lead = self.lead if lead is None else lead
        return lead.activity_ids.filtered(
            lambda activity: activity.activity_type_id == self.env.ref(STUCK)
        )

    def test_once_for_each_stay(self):
        self.wait(39)
        self.run_cron()
        activity = self.planned()
        self.assertEqual(activity.user_id, self.seller)
        self.assertEqual(activity.summary, "Stuck in Fresh for 39 days")
        self.assertIn("nine of ten within 39 days", activity.note)
        self.assertEqual(activity.date_deadline, self.company._metrics_today())
        # while it is open, and after it is done
        self.wait(1)
        self.run_cron()
        self.assertEqual(self.planned(), activity)
        activity.action_feedback()
        self.wait(100)
        self.run_cron()
        self.assertFalse(self.planned())
        # a return is another stay
        self.lead.stage_id = self.stage_talk
        self.wait(5)
        self.lead.stage_id = self.stage_new
        self.wait(30)
        self.run_cron()
        self.assertFalse(self.planned())
        self.wait(10)
        self.run_cron()
        self.assertEqual(self.planned().summary, "Stuck in Fresh for 40 days")

    def test_next_stage_while_the_first_activity_is_open(self):
        self.wait(40)
        self.run_cron()
        activity = self.planned()
        self.lead.stage_id = self.stage_talk
        self.wait(40)
        self.run_cron()
        self.assertEqual(self.planned(), activity)
        activity.action_feedback()
        self.run_cron()
        self.assertEqual(self.planned().summary, "Stuck in Talk for 40 days")

    def test_not_stuck(self):
        won, lost, archived = (self.make_lead(name=name) for name in "abc")
        lead = self.make_lead(type="lead")
        self.wait(5)
        won.action_set_won()
        lost.action_set_lost()
        archived.active = False
        self.wait(30)
        moved = self.make_lead()
        self.wait(40)
        # since the visits were brought up to date for the last time
        self.refresh()
        moved.stage_id = self.stage_talk
        self.commit()
        self.env["crm.lead"]._cron_plan_stuck()
        self.assertFalse(self.planned(won | lost | archived | lead | moved))
        self.assertTrue(self.planned())

    def test_off_by_default(self):
        self.assertFalse(self.other_company.crm_metrics_stuck_activity)
        self.company.crm_metrics_stuck_activity = False
        self.wait(90)
        self.run_cron()
        self.assertFalse(self.planned())

    def test_each_company_for_itself(self):
        self.seller.company_ids += self.other_company
        self.other_company.crm_metrics_stuck_activity = True
        other = self.make_lead(company_id=self.other_company.id)
        self.wait(90)
        self.run_cron()
        self.assertTrue(self.planned())
        self.assertFalse(self.planned(other), "no norm there")

    def test_nobody_or_somebody_who_left(self):
        self.team.user_id = self.manager
        nobody = self.make_lead(user_id=False)
        gone = self.make_lead(user_id=self.seller_2.id)
        alone = self.make_lead(user_id=False, team_id=self.team_2.id)
        self.wait(40)
        self.seller_2.active = False
        self.run_cron()
        self.assertEqual(self.planned(nobody).user_id, self.manager)
        self.assertEqual(self.planned(gone).user_id, self.manager)
        self.assertFalse(self.planned(alone))
        self.assertFalse(alone.crm_stuck_planned_for)
        # as soon as somebody is there
        alone.user_id = self.seller
        self.run_cron()
        self.assertEqual(self.planned(alone).user_id, self.seller)

    def test_who_may_not_read_it(self):
        elsewhere = self._user(
            "metrics_elsewhere", "group_sale_salesman", self.other_company
        )
        # of somebody else: a leader with own documents only
        self.team.user_id = self.seller
        hidden = self.make_lead(user_id=self.seller_2.id)
        self.wait(40)
        self.seller_2.active = False
        self.sql(
            "UPDATE crm_lead SET user_id = %s WHERE id = %s",
            elsewhere.id,
            self.lead.id,
        )
        self.run_cron()
        self.assertFalse(self.planned(hidden))
        self.assertFalse(self.planned())

    def test_language_of_the_user(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.stage_new.with_context(lang="fr_FR").name = "Tout neuf"
        self.seller.lang = "fr_FR"
        self.wait(40)
        self.run_cron()
        self.assertIn("Tout neuf", self.planned().summary)

    def test_batches(self):
        leads = self.lead
        for number in range(4):
            leads |= self.make_lead(name=f"Deal {number}")
        self.wait(40)
        self.seconds_left = 0
        self.run_cron(batch_size=2)
        self.assertEqual(self.progress, [2])
        self.assertEqual(len(self.planned(leads)), 2)
        # killed, and begun again
        self.seconds_left = 60
        self.run_cron(batch_size=2)
        self.assertEqual(self.progress, [2, 2, 1])
        for lead in leads:
            self.assertEqual(len(self.planned(lead)), 1)

    def test_no_mail(self):
        self.wait(40)
        known = self.env["mail.mail"].search([])
        self.run_cron()
        self.assertTrue(self.planned())
        self.assertEqual(self.env["mail.mail"].search([]), known)

    def test_the_type_was_deleted(self):
        self.env.ref(STUCK).unlink()
        self.wait(40)
        self.run_cron()
        self.assertFalse(self.lead.activity_ids)

    def test_copy_forgets(self):
        self.wait(40)
        self.run_cron()
        self.assertTrue(self.lead.crm_stuck_planned_for)
        self.assertFalse(self.lead.copy().crm_stuck_planned_for)

    def test_the_log_does_not_mind(self):
        self.wait(40)
        before = self.events()
        self.run_cron()
        self.commit()
        self.assertEqual(self.events(), before)
