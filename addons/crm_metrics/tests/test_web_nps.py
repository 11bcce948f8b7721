from datetime import date, datetime, time, timedelta

from odoo.tests import HttpCase, tagged

from .common import CrmMetricsCommon
from .nps_answer_case import NpsAnswerCase


class NpsWebCommon(NpsAnswerCase, HttpCase):
    """Feedback of last month: a browser's clock is not frozen."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        last_month = date.today().replace(day=1) - timedelta(days=10)
        cls.day = datetime.combine(last_month, time(9))
        cls.team.member_ids = cls.seller
        cls.team_2.member_ids = cls.seller_2
        cls.beta = cls._customer("Beta", is_company=True, user_id=cls.seller_2.id)
        cls.nobodys = cls._customer("Nobody's", is_company=True)
        cls.seller_2.name = "=1+1"
        for parent, scores in (
            (cls.customer, (10, 9, 3, 10, 9)),
            (cls.beta, (0, 8, 7, 5, 6)),
            (cls.nobodys, (10, 9, 9, 8, 2)),
        ):
            for number, score in enumerate(scores):
                contact = cls._contact(f"{parent.name[0]}{number}", parent)
                cls.answer(score, contact, date=cls.day)
        cls.env["crm.nps.invitation"].search([]).sent_at = cls.day
        for state, values in (
            ("skipped", {"skip_reason": "opted_out", "sent_at": False}),
            ("skipped", {"skip_reason": "quarantine", "sent_at": False}),
            ("bounced", {"sent_at": cls.day}),
            ("sent", {"sent_at": cls.day}),
        ):
            cls.invite(
                cls._contact(f"Asked {state} {values.get('skip_reason', '')}"),
                wave="wave,2",
                state=state,
                date=cls.day,
                **values,
            )

    def setUp(self):
        # no frozen clock, but Odoo's own set-up
        super(CrmMetricsCommon, self).setUp()


@tagged("post_install", "-at_install")
class TestTours(NpsWebCommon):
    def test_manager(self):
        """From the menu to the score, detractors, skip reasons, a team, a month."""
        self.start_tour("/odoo", "crm_metrics_nps", login="metrics_manager")

    def test_own(self):
        """A salesperson sees the answers of own customers and of nobody's."""
        self.start_tour("/odoo/crm-nps", "crm_metrics_nps_own", login="metrics_seller")

    def test_first_program(self):
        """Nothing yet: the screen leads to the first program, until it runs."""
        self._user("metrics_first", "group_sale_manager", self.other_company)
        self.start_tour("/odoo/crm-nps", "crm_metrics_nps_first", login="metrics_first")
        program = self.env["crm.nps.program"].search(
            [("company_id", "=", self.other_company.id)]
        )
        self.assertEqual(program.name, "After each deal")
        self.assertEqual(program.state, "running")
