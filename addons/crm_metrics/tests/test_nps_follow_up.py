from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time
from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tools.safe_eval import safe_eval

from ..models.crm_nps_follow_up import DETRACTOR
from .nps_answer_case import NpsAnswerCase


class TestNpsFollowUp(NpsAnswerCase):
    """Somebody contacts who is unhappy, and in time."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.leader = cls._user("metrics_leader", "group_sale_salesman_all_leads")
        cls.team.user_id = cls.leader
        cls.seller.sale_team_id = cls.team

    def setUp(self):
        super().setUp()
        # answers that an earlier run of this database left
        self.env["crm.nps.answer"].search([]).unlink()
        self.clock = self.enterContext(freeze_time(self.now))
        self.progress = []
        self.seconds_left = 60
        self.enterContext(
            patch.object(
                self.registry["ir.cron"],
                "_commit_progress",
                lambda _cron, processed=0, **_more: (
                    self.progress.append(processed) or self.seconds_left
                ),
            )
        )

    def wait(self, **time):
        self.clock.tick(timedelta(**time))

    def run_cron(self, **options):
        self.env.flush_all()
        self.env.invalidate_all()
        root = self.env["crm.nps.answer"].with_user(self.env.ref("base.user_root"))
        root._cron_follow_up(**options)
        self.env.flush_all()

    def planned(self, answer):
        return answer.activity_ids.filtered(
            lambda activity: activity.activity_type_id == self.env.ref(DETRACTOR)
        )

    # -- planning ---------------------------------------------------------

    def test_after_a_minute(self):
        answer = self.answer(3)
        self.wait(seconds=59)
        self.run_cron()
        self.assertFalse(self.planned(answer))
        self.wait(seconds=1)
        self.run_cron()
        activity = self.planned(answer)
        self.assertEqual(activity.user_id, self.seller)
        self.assertEqual(activity.summary, "Scored 3 of 10")
        self.assertEqual(str(activity.date_deadline), "2026-06-16")
        self.assertEqual(answer.followup_user_id, self.seller)
        self.assertEqual(
            answer.followup_due_at, fields.Datetime.to_datetime("2026-06-16 10:00:00")
        )
        self.run_cron()
        self.assertEqual(self.planned(answer), activity)

    def test_the_scheduler_is_woken(self):
        cron = self.env.ref("crm_metrics.ir_cron_nps_follow_up")
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
        triggers.unlink()
        self.answer(9)
        self.assertFalse(self.env["ir.cron.trigger"].search_count(triggers_of(cron)))
        self.answer(0, wave="wave,2")
        [trigger] = self.env["ir.cron.trigger"].search(triggers_of(cron))
        self.assertEqual(trigger.call_at, fields.Datetime.now() + timedelta(minutes=1))

    def test_who_is_not_followed_up(self):
        imported = self.env["crm.nps.answer"].create(
            {"program_id": self.program.id, "score": 0, "email": "zoe@example.com"}
        )
        answers = imported
        for number, values in enumerate(
            (
                {"score": 7},
                {"state": "suspect"},
                {"state": "excluded"},
                {"public": True},
                {"test": True},
                {"date": fields.Datetime.now() - timedelta(days=14)},
            )
        ):
            contact = self._contact(f"Contact {number}", email=f"{number}@example.com")
            answers |= self.answer(values.pop("score", 0), contact, **values)
        self.wait(minutes=1)
        self.run_cron()
        self.assertFalse(answers.activity_ids)

    def test_one_open_activity_for_a_person(self):
        first = self.answer(3)
        self.wait(minutes=1)
        self.run_cron()
        second = self.answer(2, wave="wave,2")
        again = self.answer(1, wave="wave,3")
        self.wait(minutes=1)
        self.run_cron()
        self.assertTrue(self.planned(first))
        self.assertFalse(self.planned(second | again))
        # one call is enough for all that was said until then
        self.planned(first).with_user(self.seller).action_done()
        for answer in first | second | again:
            self.assertEqual(answer.first_contact_at, fields.Datetime.now())
            self.assertEqual(answer.followup_user_id, self.seller)
            self.assertTrue(answer.followup_due_at)
        self.run_cron()
        self.assertFalse(self.planned(first | second | again))
        # what is said later is another matter
        later = self.answer(3, wave="wave,4")
        self.wait(minutes=1)
        self.run_cron()
        self.assertTrue(self.planned(later))

    def test_each_company_calls_by_itself(self):
        """What one company hears of a person, another one does not."""
        boss = self._user("elsewhere_boss", "group_sale_manager", self.other_company)
        elsewhere = self._program(company_id=self.other_company.id, user_id=boss.id)
        here, there = self.answer(3), self.answer(2, program=elsewhere)
        self.assertEqual(here.person, there.person)
        self.customer.user_id = False
        self.wait(minutes=1)
        self.run_cron()
        self.assertTrue(self.planned(here))
        self.assertEqual(self.planned(there).user_id, boss)
        late = self.answer(1, wave="wave,2", program=elsewhere)
        self.planned(here).with_user(self.manager).action_done()
        self.assertTrue(here.first_contact_at)
        self.assertFalse(there.first_contact_at or late.first_contact_at)

    def test_of_two_at_once_the_latest(self):
        first = self.answer(3)
        self.wait(minutes=1)
        second = self.answer(2, wave="wave,2")
        self.wait(minutes=1)
        self.run_cron()
        self.assertFalse(self.planned(first))
        self.assertTrue(self.planned(second))

    def test_a_correction(self):
        answer = self.answer(3)
        self.wait(minutes=1)
        self.run_cron()
        answer.score = 5
        answer._after_counted()
        self.assertEqual(self.planned(answer).summary, "Scored 5 of 10")
        answer.score = 7
        answer._after_counted()
        self.assertFalse(self.planned(answer))
        self.assertFalse(answer.followup_due_at or answer.followup_user_id)
        self.run_cron()
        self.assertFalse(self.planned(answer))
        answer.score = 6
        answer._after_counted()
        self.run_cron()
        self.assertEqual(self.planned(answer).summary, "Scored 6 of 10")

    def test_a_cancelled_one_gives_way_to_the_others(self):
        first, second = self.answer(3), self.answer(2, wave="wave,2")
        self.wait(minutes=1)
        self.run_cron()
        self.assertTrue(self.planned(second))
        second.score = 9
        second._after_counted()
        self.run_cron()
        self.assertTrue(self.planned(first))

    # -- who ---------------------------------------------------------------

    def user_of(self, answer):
        self.wait(minutes=1)
        self.run_cron()
        return self.planned(answer).user_id

    def test_no_salesperson(self):
        self.customer.user_id = False
        self.assertEqual(self.user_of(self.answer(3)), self.manager)

    def test_of_the_deal(self):
        self.customer.user_id = False
        lead = self.env["crm.lead"].create(
            {"name": "Deal", "user_id": self.seller_2.id, "team_id": self.team.id}
        )
        answer = self.answer(3, invitation=self.invite(lead_id=lead.id))
        self.assertEqual(self.user_of(answer), self.seller_2)

    def test_of_a_deal_without_a_contact(self):
        lead = self.env["crm.lead"].create({"name": "Deal", "user_id": self.seller.id})
        nobody = self.env["res.partner"]
        invitation = self.invite(nobody, email="zoe@example.com", lead_id=lead.id)
        self.assertEqual(
            self.user_of(self.answer(3, invitation=invitation)), self.seller
        )

    def test_a_salesperson_who_left(self):
        answer = self.answer(3)
        self.seller.active = False
        self.assertEqual(self.user_of(answer), self.leader)

    def test_a_salesperson_of_another_company(self):
        answer = self.answer(3)
        self.seller.write(
            {
                "company_ids": self.other_company.ids,
                "company_id": self.other_company.id,
            }
        )
        self.assertEqual(self.user_of(answer), self.leader)

    def test_a_leader_who_may_not_read_it(self):
        # own documents only
        self.team.user_id = self.seller_2
        answer = self.answer(3)
        self.seller.active = False
        self.assertEqual(self.user_of(answer), self.manager)

    def test_nobody_is_there_yet(self):
        """It is due all the same, so that the screen and the list show it."""
        self.customer.user_id = False
        answer = self.answer(3)
        self.manager.active = False
        self.assertFalse(self.user_of(answer))
        self.assertTrue(answer.followup_due_at)
        for name, found in (("to_contact", True), ("nobody", True), ("overdue", False)):
            self.assertEqual(answer in self.filtered_by(name), found, name)
        self.wait(days=1)
        self.run_cron()
        self.assertFalse(self.planned(answer) or answer.escalated_at)
        self.assertIn(answer, self.filtered_by("overdue"))
        metrics = self.as_user(self.env["crm.metrics"], self.seller_all)
        asked = {"date_from": "2026-06-15", "date_to": "2026-06-16"}
        followup = metrics.nps(asked)["followup"]
        self.assertEqual((followup["due"], followup["overdue"]), (1, 1))
        self.customer.user_id = self.seller
        self.assertEqual(self.user_of(answer)[:1], self.seller)
        self.assertNotIn(answer, self.filtered_by("nobody"))

    def filtered_by(self, name):
        """Return the answers that a filter of the list leaves."""
        view = self.env.ref("crm_metrics.crm_nps_answer_view_search")
        [found] = etree.fromstring(view.arch).xpath(f"//filter[@name='{name}']")
        answers = self.env["crm.nps.answer"]
        return answers.search(safe_eval(found.get("domain"), {"uid": self.env.uid}))

    def test_the_last_resort(self):
        """A sales administrator of the company, always the same one."""
        self.customer.user_id = False
        elsewhere = self._user("first_boss", "group_sale_manager", self.other_company)
        bosses = [
            self._user(f"boss_{number}", "group_sale_manager") for number in range(3)
        ]
        bosses[0].active = False
        self.assertLess(elsewhere.id, bosses[1].id)
        self.manager.active = False
        answer = self.answer(3)
        self.assertEqual(self.user_of(answer), bosses[1])
        self.assertEqual(answer.followup_user_id, bosses[1])
        # who is responsible did not do it: nobody else is told
        self.wait(days=2)
        self.run_cron()
        self.assertFalse(answer.escalated_at)

    def test_language_and_zone_of_the_user(self):
        self.seller.tz = "Pacific/Auckland"
        answer = self.answer(3)
        self.wait(minutes=1)
        self.program.followup_hours = 14
        self.run_cron()
        # 15 June, 24:00 UTC is noon of the next day there
        self.assertEqual(str(self.planned(answer).date_deadline), "2026-06-16")

    # -- contact -------------------------------------------------------------

    def plan(self, **values):
        answer = self.answer(3, **values)
        self.wait(minutes=1)
        self.run_cron()
        self.wait(minutes=119)
        return answer

    def test_done_is_contacted(self):
        answer = self.plan()
        self.planned(answer).with_user(self.seller).action_feedback(feedback="Sorry")
        self.assertEqual(answer.first_contact_at, fields.Datetime.now())
        self.assertEqual(answer.contact_hours, 2)
        self.assertIn("Sorry", answer.message_ids[0].body)

    def test_another_activity_is_none(self):
        answer = self.plan()
        answer.activity_schedule(
            "mail.mail_activity_data_todo", user_id=self.seller.id
        ).action_done()
        self.assertFalse(answer.first_contact_at)

    def test_not_reached_is_no_contact(self):
        answer = self.plan()
        self.as_user(answer, self.seller).outcome = "not_reached"
        self.planned(answer).with_user(self.seller).action_done()
        self.assertFalse(answer.first_contact_at or answer.contact_hours)
        self.assertFalse(self.planned(answer))
        self.run_cron()
        self.assertFalse(self.planned(answer))

    def test_the_button(self):
        answer = self.plan()
        self.as_user(answer, self.seller).action_contacted()
        self.assertEqual(answer.contact_hours, 2)
        self.assertFalse(self.planned(answer))
        self.assertEqual(answer.followup_user_id, self.seller)
        self.wait(hours=1)
        self.as_user(answer, self.manager).action_contacted()
        self.assertEqual(answer.contact_hours, 2, "it was the first one")

    def test_not_of_somebody_else_s_customer(self):
        answer = self.plan()
        with self.assertRaises(AccessError):
            self.as_user(answer, self.seller_2).action_contacted()

    def test_deleted_by_hand(self):
        answer = self.plan()
        self.planned(answer).with_user(self.seller).unlink()
        self.run_cron()
        self.assertFalse(self.planned(answer))

    # -- escalation ------------------------------------------------------------

    def test_overdue(self):
        answer = self.plan()
        self.wait(hours=22)
        self.run_cron()
        self.assertFalse(answer.escalated_at)
        self.wait(seconds=1)
        self.run_cron()
        self.assertEqual(answer.escalated_at, fields.Datetime.now())
        told = self.planned(answer) - self.planned(answer).filtered(
            lambda activity: activity.user_id == self.seller
        )
        self.assertEqual(told.user_id, self.leader)
        self.assertEqual(told.summary, "Not contacted in time: Scored 3 of 10")
        self.assertEqual(answer.followup_user_id, self.seller)
        self.wait(hours=1)
        self.run_cron()
        self.assertEqual(len(self.planned(answer)), 2, "once")
        # one of them is enough
        told.with_user(self.leader).action_done()
        self.assertFalse(self.planned(answer))
        self.assertEqual(answer.followup_user_id, self.leader)

    def test_overdue_without_a_leader(self):
        self.team.user_id = False
        answer = self.plan()
        self.wait(days=1)
        self.run_cron()
        self.assertEqual(self.planned(answer).user_id, self.seller | self.manager)

    def test_overdue_and_nobody_else(self):
        self.team.user_id = self.seller
        self.program.user_id = self.seller
        answer = self.plan()
        self.wait(days=1)
        self.run_cron()
        self.assertEqual(len(self.planned(answer)), 1)
        self.assertFalse(answer.escalated_at)

    def test_what_is_settled_is_not_escalated(self):
        contacted = self.plan()
        self.as_user(contacted, self.seller).action_contacted()
        other = self._contact("Bob")
        lost = self.plan(partner=other)
        self.as_user(lost, self.seller).outcome = "lost"
        self.wait(days=2)
        self.run_cron()
        self.assertFalse((contacted | lost).filtered("escalated_at"))

    # -- the rest ---------------------------------------------------------------

    def test_batches(self):
        answers = self.env["crm.nps.answer"]
        for number in range(5):
            contact = self._contact(f"C {number}", email=f"{number}@example.com")
            answers |= self.answer(1, contact)
        self.wait(minutes=1)
        self.seconds_left = 0
        self.run_cron(batch_size=2)
        self.assertEqual(self.progress, [2])
        self.assertEqual(len(self.planned(answers)), 2)
        # killed, and begun again
        self.seconds_left = 60
        self.run_cron(batch_size=2)
        self.assertEqual(self.progress, [2, 2, 1])
        for answer in answers:
            self.assertEqual(len(self.planned(answer)), 1)

    def test_no_mail(self):
        known = self.env["mail.mail"].search([])
        self.plan()
        self.assertEqual(self.env["mail.mail"].search([]), known)

    def test_the_type_was_deleted(self):
        self.env.ref(DETRACTOR).unlink()
        answer = self.plan()
        self.assertFalse(answer.activity_ids)
        self.as_user(answer, self.seller).action_contacted()
        self.assertTrue(answer.first_contact_at)

    def test_queries_do_not_grow_with_the_answers(self):
        for number in range(6):
            contact = self._contact(f"Q {number}", email=f"q{number}@example.com")
            self.answer(1, contact)

        def queries(answers):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(len(answers._users_to_follow_up(False)), len(answers))
            return self.env.cr.sql_log_count - before

        answers = self.env["crm.nps.answer"].search([])
        queries(answers)
        self.assertEqual(queries(answers[:2]), queries(answers))


def triggers_of(cron):
    return [("cron_id", "=", cron.id)]
