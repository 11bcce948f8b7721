from odoo.tests import HttpCase, tagged

from .common_bottlenecks import BottleneckCase
from .common_web import ExportMixin

SCREEN = "/odoo/pipeline-bottlenecks"
RANGE = {"date_from": "2024-01-01", "date_to": "2024-05-31"}
DAYS = "from=2024-01-01&to=2024-05-31"


class WebBottlenecks(BottleneckCase, HttpCase):
    """A pipeline that loses 13 % of its money between two stages and 63 % between the
    next two: 76 % together, and 11 % is won."""

    def setUp(self):
        # a browser's clock is not frozen: Odoo's own set-up
        super(BottleneckCase.__base__, self).setUp()
        self.price.name = "=1+1"
        price = {"lost_reason_id": self.price.id}
        begin = ("2024-01-10", self.proposal)
        talks = ("2024-01-20", self.talks)
        contract = ("2024-02-10", self.contract)
        self.deal(200, begin, ("2024-01-15", "lost", price), name="Small Loss")
        self.deal(216, begin, ("2024-01-16", "lost", price), name="Other Small Loss")
        self.big = self.deal(
            2016,
            begin,
            talks,
            ("2024-03-01", "lost", price),
            name="Big Loss",
            user_id=self.seller_2.id,
            team_id=self.team_2.id,
        )
        self.deal(320, begin, talks, contract, ("2024-03-10", "lost"), name="Late Loss")
        self.deal(352, begin, talks, contract, ("2024-04-01", self.signed), name="Win")
        self.deal(96, begin, talks, contract, name="Open Deal", user_id=False)
        self.refresh()


@tagged("post_install", "-at_install")
class TestBottlenecksTours(WebBottlenecks):
    def test_bottlenecks(self):
        """From the funnel to the deals lost between two stages; sliders; stages."""
        self.start_tour(
            f"{SCREEN}?{DAYS}", "crm_metrics_bottlenecks", login="metrics_manager"
        )

    def test_bottlenecks_url(self):
        """A copied URL opens the same screen; a slice narrows by a click."""
        self.start_tour(
            f"{SCREEN}?{DAYS}&view=cohort&measure=count&group=team&columns=flow"
            "&sort=lost",
            "crm_metrics_bottlenecks_url",
            login="metrics_manager",
        )

    def test_bottlenecks_own(self):
        """A salesperson sees own deals and those of nobody."""
        self.start_tour(
            f"{SCREEN}?{DAYS}", "crm_metrics_bottlenecks_own", login="metrics_seller"
        )

    def test_bottlenecks_empty(self):
        """Nothing yet: from the menu to the screen, and on to the pipeline."""
        self._user("metrics_first", "group_sale_manager", self.other_company)
        self.start_tour("/odoo", "crm_metrics_bottlenecks_empty", login="metrics_first")


@tagged("post_install", "-at_install")
class TestBottlenecksExport(ExportMixin, WebBottlenecks):
    def sheet(self, login="metrics_manager", **options):
        response = self.export(
            login,
            {**RANGE, "company_ids": self.company.ids, **options},
            what="bottlenecks",
        )
        return self.values(response)

    def table(self, values, title):
        """Return the rows of a table as dicts."""
        start = values.index([title])
        heads = values[start + 1]
        rows = []
        for row in values[start + 2 :]:
            if len(row) < 2:
                break
            rows.append(row)
        return heads, rows

    def test_same_figures_as_the_screen(self):
        values = self.sheet()
        facade = self.ask(**RANGE, user=self.manager)
        labels = {row[0]: row[1] for row in values if len(row) == 2}
        funnel = facade["funnel"]
        self.assertEqual(labels["View"], "Period")
        self.assertEqual(labels["Money entered"], 3200)
        self.assertEqual(labels["Money won"], 352)
        self.assertEqual(labels["Deals open"], funnel["open"]["count"])
        self.assertEqual(labels["Win rate by count"], facade["win_rate"]["count"])
        self.assertEqual(labels["At end"], facade["waterfall"]["end"])
        _heads, rows = self.table(values, "Funnel, money in USD")
        self.assertEqual(
            [(row[0], *row[5:]) for row in rows],
            [
                ("Proposal", 2, 416, 0.13),
                ("Negotiation", 1, 2016, 0.63),
                ("Contract", 1, 320, 0.1),
            ],
        )
        heads, rows = self.table(values, "Stages, money in USD")
        for row, stage in zip(rows, facade["stages"], strict=True):
            # what does not exist is no cell: only what is in front of it
            row = dict(zip(heads[:16], row[:16], strict=True))
            self.assertEqual(row["Stage"], stage["name"])
            self.assertEqual(row["Entries"], stage["entries"])
            self.assertEqual(row["Lost"], stage["exits"]["lost"])
            self.assertEqual(row["Money lost"], stage["value_lost"])

    def test_slices_what_if_and_filters(self):
        options = {
            "view": "cohort",
            "what_if": {str(self.talks.id): 5},
            "reason_ids": self.price.ids,
        }
        values = self.sheet(group_by="team", **options)
        self.assertIn(["View", "Cohort"], values)
        self.assertIn(["Lost Reason", "=1+1"], values)
        heads, rows = self.table(values, "By slice")
        self.assertEqual(heads[:3], ["Sales Team", "Deals entered", "Money entered"])
        self.assertEqual(
            [row[:3] for row in rows],
            [["Team 1", 2, 416], ["Team 2", 1, 2016], ["Whole", 3, 2432]],
        )
        self.assertIn(["Negotiation", 5], values)
        facade = self.ask(**RANGE, **options)
        labels = {row[0]: row[1] for row in values if len(row) == 2}
        self.assertAlmostEqual(
            labels["Win probability"], facade["what_if"]["win_probability"]
        )

    def test_no_formula(self):
        """A reason that begins like a formula stays a reason."""
        rows = self.rows(self.export(options=RANGE, what="bottlenecks"))
        cells = [cell for row in rows for cell in row if cell.value == "=1+1"]
        self.assertTrue(cells)
        self.assertEqual({cell.data_type for cell in cells}, {"s"})
        self.assertFalse([c for row in rows for c in row if c.data_type == "f"])

    def test_own_figures(self):
        labels = dict(row for row in self.sheet("metrics_seller") if len(row) == 2)
        # the big loss is a colleague's
        self.assertEqual(labels["Money entered"], 3200 - 2016)

    def test_bad_options(self):
        for bad, message in (
            ({"view": "net"}, "view: "),
            ({"what_if": {"0": 5}}, "what_if: "),
            ({"group_by": "reason"}, "group_by: "),
        ):
            with self.subTest(bad=bad):
                response = self.export(options={**RANGE, **bad}, what="bottlenecks")
                self.assertEqual(response.status_code, 400)
                self.assertIn(message, response.text)

    def test_sales_users_only(self):
        self._user("metrics_outsider", "base.group_user")
        response = self.export("metrics_outsider", RANGE, what="bottlenecks")
        self.assertEqual(response.status_code, 403)


@tagged("post_install", "-at_install")
class TestBottleneckDeals(BottleneckCase):
    """The records behind numbers that no domain of visits gives."""

    def test_returns(self):
        again = self.deal(
            10, ("02-01", self.talks), ("02-10", self.proposal), ("02-20", self.talks)
        )
        self.deal(10, ("02-01", self.proposal), ("02-10", self.talks))
        result = self.ask()
        self.assertEqual(self.stage(result, self.talks)["returns"], 1)
        self.assertEqual(self.deals("returns", self.talks), again)
        self.assertFalse(self.deals("returns", self.proposal))
        # it had come back before
        self.assertFalse(self.deals("returns", self.talks, date_from="2026-03-01"))

    def test_skips(self):
        forward = self.deal(10, ("02-01", self.proposal), ("02-10", self.contract))
        won = self.deal(10, ("02-01", self.proposal), ("02-10", self.signed))
        self.deal(10, ("02-01", self.proposal), ("02-10", self.talks))
        back = ("02-10", self.proposal)
        self.deal(10, ("02-01", self.contract), back)
        result = self.ask()
        self.assertEqual(self.stage(result, self.contract)["skips"], 1)
        self.assertEqual(self.deals("skips", self.talks), forward | won)
        self.assertEqual(self.deals("skips", self.contract), won)
        # a stage of another team's pipeline is not on the way
        self.talks.team_ids = self.team_2
        self.assertFalse(self.deals("skips", self.talks))

    def test_where_deals_are(self):
        still = self.deal(10, ("02-01", self.proposal), ("02-10", self.talks))
        gone = self.deal(10, ("02-01", self.talks), ("02-10", "archived"))
        back = self.deal(10, ("02-01", self.contract), ("02-10", self.talks))
        self.assertEqual(self.deals("open", self.talks), still)
        self.assertEqual(self.deals("archived", self.talks), gone)
        # the furthest stage counts, as in the funnel
        self.assertEqual(self.deals("open", self.contract), back)
        self.assertEqual(self.deals("open"), still | back)

    def test_start_of_the_range(self):
        self.company.resource_calendar_id.tz = "Asia/Tokyo"
        self.assertEqual(self.ask()["meta"]["start"], "2025-12-31T15:00:00Z")
