from odoo.tests import tagged

from .common_bottlenecks import BottleneckCase

BARS = ("start", "created", "reopened", "increased", "decreased", "won", "lost",
        "archived", "transfer", "end")  # fmt: skip


@tagged("post_install", "-at_install")
class TestWaterfall(BottleneckCase):
    """How open value changed between two dates."""

    def assertBars(self, result=None, **expected):
        """Compare the bars of April; what is not named is 0."""
        result = result or self.april()
        self.assertBalances(result)
        self.assertEqual(result["waterfall"], {**dict.fromkeys(BARS, 0), **expected})

    def april(self, **options):
        return self.ask("2026-04-01", "2026-04-30", **options)

    def bar(self, name, **options):
        return self.deals(
            f"waterfall.{name}", date_from="2026-04-01", date_to="2026-04-30", **options
        )

    def test_every_bar(self):
        begin = ("03-01", self.proposal)
        stays = self.deal(1, begin, ("04-10", self.talks))
        self.deal(
            10, begin, ("03-05", None, 20), ("04-10", None, 50), ("05-01", None, 9)
        )
        less = self.deal(100, begin, ("04-10", self.talks, 60))
        won = self.deal(1000, begin, ("04-10", self.signed, 1500))
        self.deal(2000, begin, ("04-10", "lost", 1800))
        archived = self.deal(5000, begin, ("04-10", "archived"))
        created = self.deal(7, ("04-02", self.proposal), ("04-03", self.talks, 8))
        back = self.deal(
            3, begin, ("03-10", "lost"), ("04-05", "restored", 4), ("04-06", None, 5)
        )
        self.deal(99, begin, ("03-10", "lost"))
        self.deal(99, ("05-01", self.proposal))
        self.assertBars(
            start=1 + 20 + 100 + 1000 + 2000 + 5000,
            created=7,
            reopened=4,
            increased=30 + 500 + 1 + 1,
            decreased=40 + 200,
            won=1500,
            lost=1800,
            archived=5000,
            end=1 + 50 + 60 + 8 + 5,
        )
        self.assertEqual(self.bar("won"), won)
        self.assertEqual(self.bar("archived"), archived)
        self.assertEqual(self.bar("created"), created)
        self.assertEqual(self.bar("reopened"), back)
        self.assertEqual(
            self.bar("decreased") - less,
            self.env["crm.lead"].search([("id", "in", self.bar("lost").ids)]),
        )
        self.assertIn(stays, self.bar("end") & self.bar("start"))
        self.assertEqual(len(self.bar("end")), 5)

    def test_two_dates_are_compared(self):
        """What happens in between and is undone has not moved anything."""
        self.deal(
            100,
            ("03-01", self.proposal),
            ("04-02", None, 150),
            ("04-03", "lost"),
            ("04-05", "restored"),
            ("04-09", None, 100),
        )
        self.deal(
            10, ("04-02", self.proposal), ("04-03", "lost"), ("04-05", "restored"),
            ("04-07", "lost", 12),
        )  # fmt: skip
        self.deal(
            1,
            ("03-02", self.proposal),
            ("03-03", self.signed),
            ("04-03", self.talks),
            ("04-20", self.signed),
        )
        self.assertBars(
            start=100, created=10, reopened=1, increased=2, lost=12, won=1, end=100
        )

    def test_merged_and_deleted_deals_are_archived(self):
        begin = ("03-01", self.proposal)
        merged = self.deal(10, begin, ("04-10", "merged"))
        self.deal(20, begin, ("04-10", "deleted"))
        result = self.april()
        self.assertBars(result, start=30, archived=30)
        # the funnel has the deal that the merged one went into
        self.assertEqual(result["funnel"]["entered"], {"count": 1, "value": 20})
        self.assertEqual(result["funnel"]["archived"], {"count": 1, "value": 20})
        proposal = self.stage(result, self.proposal)
        self.assertFigures(proposal["exits"], moved=1, archived=1)
        self.assertEqual(proposal["days"]["censored"], 2)
        self.assertIn(merged, self.bar("archived"))

    def test_a_lead_becomes_a_deal(self):
        self.deal(
            10,
            ("03-01", "lead", {"stage_id": self.proposal.id}),
            ("04-01 12:00", self.proposal),
            ("04-10", "lead"),
        )
        self.deal(5, ("03-01", self.proposal), ("03-10", "lead"), ("04-10", self.talks))
        self.assertBars(created=10, reopened=5, archived=10, end=5)

    def test_teams_exchange_deals(self):
        change = {"team_id": self.team_2.id, "team_key": self.team_2.id}
        deal = self.deal(
            100,
            ("03-01", self.proposal),
            ("04-10", None, 130, change),
            ("04-20", self.signed, 140),
        )
        self.deal(7, ("03-01", self.proposal))
        self.assertBars(start=107, increased=40, won=140, end=7)
        self.assertBars(
            self.april(team_ids=self.team.ids),
            start=107, increased=30, transfer=-130, end=7,
        )  # fmt: skip
        self.assertBars(
            self.april(team_ids=self.team_2.ids), increased=10, transfer=130, won=140
        )
        whole = self.april(group_by="team")
        self.assertBars(whole, start=107, increased=40, won=140, end=7)
        first, second = whole["groups"]
        self.assertEqual((first["name"], second["name"]), ("Team 1", "Team 2"))
        self.assertBars(first, start=107, increased=30, transfer=-130, end=7)
        self.assertBars(second, increased=10, transfer=130, won=140)
        for team in self.team | self.team_2:
            found = self.bar("transfer", group_by="team", group=team.id)
            self.assertEqual(found, deal)
            self.assertEqual(self.bar("transfer", team_ids=team.ids), deal)
        self.assertFalse(self.bar("transfer", group_by="team"))

    def test_a_seller_comes_and_goes(self):
        change = {"user_id": self.seller_2.id, "user_key": self.seller_2.id}
        self.deal(100, ("03-01", self.proposal), ("04-10", None, change))
        # whoever has it now sees its whole history; the other one nothing
        self.assertBars(self.april(user=self.seller_2), start=100, end=100)
        self.assertBars(self.april(user=self.seller))
        self.assertBars(
            self.april(user=self.seller_2, user_ids=self.seller_2.ids),
            transfer=100, end=100,
        )  # fmt: skip

    def test_companies_exchange_deals(self):
        self.seller_all.company_ids |= self.other_company
        both = (self.company | self.other_company).ids
        change = {"company_id": self.other_company.id}
        self.deal(100, ("03-01", self.proposal), ("04-10", self.talks, change))
        self.assertBars(self.april(company_ids=both), start=100, end=100)
        self.assertBars(
            self.april(company_ids=self.company.ids), start=100, transfer=-100
        )
        self.assertBars(
            self.april(company_ids=self.other_company.ids), transfer=100, end=100
        )
