from datetime import date

from odoo.tests import tagged

from .common_bottlenecks import BottleneckCase


@tagged("post_install", "-at_install")
class TestStageNorm(BottleneckCase):
    """How long deals usually stay, and which ones have got stuck."""

    def norms(self, company=None, day=None):
        self.refresh()
        return self.env["crm.stage.visit"]._norms(company or self.company, day)

    def stays(self, number=10, begin="02-01", **values):
        """Make stays in Proposal of 1, 2, 3 ... days."""
        for day in range(1, number + 1):
            self.deal(
                1,
                (begin, self.proposal),
                (f"{begin[:3]}{1 + day:02}", self.talks),
                **values,
            )

    def test_nine_of_ten_stays(self):
        self.stays()
        norms = self.norms()
        self.assertEqual(norms[self.proposal.id], {"median": 5, "p90": 9})
        # all are open there still
        self.assertEqual(norms[self.talks.id], {"median": None, "p90": None})
        self.assertNotIn(self.contract.id, norms)

    def test_too_few_stays_are_no_norm(self):
        self.stays(4)
        self.assertEqual(self.norms()[self.proposal.id], {"median": None, "p90": None})

    def test_teams_sellers_and_readers_do_not_matter(self):
        self.stays(5, team_id=self.team.id)
        self.stays(5, team_id=self.team_2.id, user_id=self.seller_2.id)
        whole = self.norms()[self.proposal.id]
        self.assertEqual(whole, {"median": 3, "p90": 5})
        visit = self.env["crm.stage.visit"].with_user(self.seller)
        self.assertEqual(visit._norms(self.company)[self.proposal.id], whole)

    def test_twelve_months_up_to_a_day(self):
        self.stays(5, "02-01")
        self.assertEqual(
            self.norms(day=date(2026, 2, 3))[self.proposal.id]["p90"], None
        )
        end = date(2026, 2, 6)
        self.assertEqual(self.norms(day=end)[self.proposal.id]["p90"], 5)
        self.assertEqual(self.norms(day=date(2027, 1, 31))[self.proposal.id]["p90"], 5)
        self.assertNotIn(self.proposal.id, self.norms(day=date(2027, 3, 1)))

    def test_each_company_has_its_own(self):
        self.stays(5)
        self.assertEqual(self.norms(self.other_company), {})
        self.seller_all.company_ids |= self.other_company
        both = (self.company | self.other_company).ids
        self.assertEqual(self.stage(self.ask(), self.proposal)["norm"], 5)
        # the other one has none
        result = self.ask(company_ids=both)
        self.assertEqual(self.stage(result, self.proposal)["norm"], 5)
        self.stays(7, company_id=self.other_company.id, user_id=False)
        # they do not agree
        result = self.ask(company_ids=both)
        self.assertIsNone(self.stage(result, self.proposal)["norm"])

    def test_one_early_leave_among_old_stays_is_no_norm(self):
        """What is seen from its second year on says nothing of the first days."""
        for number in range(6):
            self.deal(
                1, ("2024-10-01", self.proposal), (f"02-{10 + number}", self.talks)
            )
        for number in range(10, 28):
            self.deal(1, (f"2025-01-{number}", self.proposal))
        self.deal(1, ("05-01 10:00", self.proposal), ("05-01 12:00", self.talks))
        self.assertEqual(
            self.norms(day=date(2026, 5, 20))[self.proposal.id],
            {"median": None, "p90": None},
        )
        result = self.ask(date_from="2025-06-01", date_to="2026-05-20")
        proposal = self.stage(result, self.proposal)
        self.assertFigures(
            proposal["days"],
            median=None,
            median_low=None,
            median_high=None,
            p75=None,
            p90=None,
            events=7,
            known_until=2 / 24,
        )
        self.assertEqual(proposal["stuck"]["count"], 0)
        # of all that began since then, everything is known
        self.assertIsNone(self.stage(self.ask(), self.talks)["days"]["known_until"])

    def test_it_is_computed_once(self):
        self.stays(5)
        self.norms()
        with self.assertQueryCount(1):
            self.env["crm.stage.visit"]._norms(self.company)
        # until a stay of the time is written anew
        self.stays(10)
        self.assertEqual(self.norms()[self.proposal.id]["p90"], 9)

    def test_stuck_is_longer_than_the_norm(self):
        self.stays()
        slow = self.deal(70, ("05-01", self.proposal), ("05-02", None, 80))
        self.deal(5, ("05-30", self.proposal))
        result = self.ask()
        proposal = self.stage(result, self.proposal)
        self.assertEqual(proposal["stuck"], {"count": 1, "value": 80})
        talks = self.stage(result, self.talks)
        self.assertFigures(talks, norm=None, stuck={"count": 0, "value": 0}, open=10)
        self.assertEqual(self.deals("stuck"), slow)
        self.assertEqual(self.deals("stuck", self.proposal), slow)
        self.assertFalse(self.deals("stuck", self.talks))
