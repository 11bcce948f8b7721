from datetime import timedelta
from unittest.mock import patch

from odoo.tests import tagged

from .common_visit import StageVisitCase

FACADE = "crm.metrics"


@tagged("post_install", "-at_install")
class TestTeamCard(StageVisitCase):
    """Velocity and bottleneck of each team, by one call of the façade."""

    def setUp(self):
        super().setUp()
        self.registry.clear_cache()
        # two months ago: no deal of a test is older than its figures
        self.clock -= timedelta(days=60)
        self.deal(won=True)
        self.deal(won=True, expected_revenue=300)
        self.deal(lost_in=self.stage_talk, expected_revenue=1000)
        self.deal(lost_in=self.stage_offer, expected_revenue=200)
        self.make_lead()
        self.deal(lost_in=self.stage_new, team_id=self.team_2.id, user_id=False)
        self.refresh()
        self.commit()

    def deal(self, won=False, lost_in=None, **values):
        """Play a deal that is over within some days."""
        self.commit()
        lead = self.make_lead(**values)
        self.commit()
        for stage in (self.stage_talk, self.stage_offer):
            if lost_in == lead.stage_id:
                break
            self.clock += timedelta(days=2)
            lead.stage_id = stage
            self.commit()
        self.clock += timedelta(days=2)
        if won:
            lead.action_set_won()
        else:
            lead.action_set_lost(lost_reason_id=self.reason.id)
        self.commit()
        return lead

    def cards(self, user=None, companies=None):
        teams = (self.team | self.team_2).with_user(user or self.seller_all)
        companies = companies or self.company
        teams = teams.with_context(allowed_company_ids=companies.ids)
        teams.invalidate_recordset()
        return teams.mapped("crm_metrics_card")

    def test_what_a_card_says(self):
        card, other = self.cards()
        # of four deals all talked and three got an offer, of which two were won: five
        # points are 0.05 x 2/3 in the talks, 0.05 x 3/4 at the offer; 200 is a win
        self.assertEqual(card["stage"], "Offer")
        self.assertAlmostEqual(card["gain"], 0.05 * 3 / 4 * 5 * 200)
        self.assertEqual(card["currency"], "USD")
        self.assertEqual(
            (card["date_from"], card["date_to"]), ("2025-06-15", "2026-06-14")
        )
        metrics = self.env[FACADE].with_user(self.seller_all)
        result = metrics.bottlenecks(
            {
                "date_from": card["date_from"],
                "date_to": card["date_to"],
                "team_ids": self.team.ids,
            }
        )
        self.assertTrue(card["velocity"])
        self.assertEqual(card["velocity"], result["velocity"])
        self.assertEqual(other["stage"], "Fresh")
        self.assertIsNone(other["gain"], "nobody knows what a win is worth")
        self.assertIsNone(other["velocity"], "nothing won there yet")

    def test_by_number_where_nobody_enters_amounts(self):
        self.env["crm.lead"].with_context(active_test=False).search(
            [("company_id", "=", self.company.id)]
        ).expected_revenue = 0
        self.sql("UPDATE crm_lead_event SET expected_revenue = 0")
        self.engine.recompute("crm.stage.visit")
        self.deal(lost_in=self.stage_offer, expected_revenue=0)
        self.refresh()
        card, _other = self.cards()
        self.assertEqual(card["stage"], "Offer")
        self.assertIsNone(card["gain"])

    def test_a_salesperson_sees_what_theirs_make(self):
        theirs = {"user_id": self.seller_2.id}
        self.deal(won=True, **theirs)
        for _deal in range(4):
            self.deal(lost_in=self.stage_talk, **theirs)
        self.refresh()
        self.assertEqual(self.cards(self.seller)[0]["stage"], "Offer")
        self.assertEqual(self.cards(self.seller_2)[0]["stage"], "Talk")
        self.assertEqual(self.cards(self.seller_all)[0]["stage"], "Talk")

    def test_who_is_no_crm_user(self):
        employee = self._user("metrics_card_employee", "base.group_user")
        self.assertEqual(self.cards(employee), [False, False])

    def test_no_figures_no_card(self):
        empty = self.env["crm.team"].create({"name": "Idle", "company_id": False})
        self.assertFalse(empty.with_user(self.seller_all).crm_metrics_card)
        self.other_company.currency_id = self.eur
        self.seller_all.company_ids += self.other_company
        both = self.company | self.other_company
        self.assertEqual(self.cards(companies=both), [False, False], "no rate")
        self.rate(self.eur, "2020-01-01", 0.5)
        self.registry.clear_cache()
        self.assertTrue(self.cards(companies=both)[0])

    def test_once_a_day_for_all_cards(self):
        with self.counted() as facade:
            self.cards()
            self.cards()
            self.assertEqual(facade.call_count, 1)
            # as other readers see other deals
            self.cards(self.seller)
            self.assertEqual(facade.call_count, 2)
            self.env["crm.team"].create({"name": "Another", "company_id": False})
            self.cards()
            self.assertEqual(facade.call_count, 2)
            # something has changed in the past
            self.deal(lost_in=self.stage_talk)
            self.refresh()
            self.cards()
            self.assertEqual(facade.call_count, 3)

    def counted(self):
        """Count the calls of the façade."""
        return patch.object(
            self.registry[FACADE],
            "bottlenecks",
            autospec=True,
            side_effect=self.registry[FACADE].bottlenecks,
        )

    def test_few_queries_from_the_cache(self):
        self.cards()
        teams = self.team | self.team_2
        teams = teams.with_user(self.seller_all)
        teams.invalidate_recordset()
        with self.assertQueryCount(3):
            teams.mapped("crm_metrics_card")
