from odoo.tests import tagged

from .common_bottlenecks import BottleneckCase, days


@tagged("post_install", "-at_install")
class TestBottlenecks(BottleneckCase):
    """Stages, funnel, ranking and cycle, through the façade."""

    def test_the_worked_example(self):
        """13 % go between Proposal and Negotiation, another 63 % before Contract."""
        total = 350_000 / 0.11
        early, late = round(total * 0.13, 2), round(total * 0.63, 2)
        begin = ("02-01", self.proposal)
        self.deal(early, begin, ("02-08", "lost"))
        for part in (late / 2, late - round(late / 2, 2)):
            self.deal(round(part, 2), begin, ("02-03", self.talks), ("03-01", "lost"))
        way = (begin, ("02-03", self.talks), ("02-20", self.contract))
        self.deal(350_000, *way, ("03-15", self.signed))
        self.deal(round(total - early - late - 350_000, 2), *way)

        result = self.ask()
        self.assertBalances(result)
        funnel = result["funnel"]
        proposal, talks, contract = funnel["stages"]
        self.assertEqual(funnel["won"], {"count": 1, "value": 350_000})
        self.assertAlmostEqual(
            funnel["won"]["value"] / funnel["entered"]["value"], 0.11
        )
        self.assertAlmostEqual(proposal["drop_share"], 0.13)
        self.assertAlmostEqual(talks["drop_share"], 0.63)
        self.assertAlmostEqual(proposal["drop_share"] + talks["drop_share"], 0.76)
        self.assertEqual((proposal["drop_value"], talks["drop_value"]), (early, late))
        self.assertEqual(contract["drop_share"], 0)
        self.assertEqual(
            [row["name"] for row in funnel["stages"]],
            ["Proposal", "Negotiation", "Contract"],
        )
        self.assertEqual([row["reached"] for row in funnel["stages"]], [5, 4, 2])
        self.assertEqual(proposal["reached_value"], funnel["entered"]["value"])
        # the worst stage is the one in which five points would bring most
        gains = {row["name"]: row["gain"]["value"] for row in result["stages"]}
        self.assertEqual(max(gains, key=gains.get), "Negotiation")

    def make_deals(self):
        self.won = self.deal(
            100,
            ("01-10", self.proposal),
            ("01-20", self.talks, 150),
            ("03-01", self.signed, 200),
        )
        self.lost = self.deal(
            1000,
            ("2025-12-01 00:00:00", self.proposal),
            ("02-01", self.talks),
            ("02-11", self.proposal, 900),
            ("02-21", "lost", 800, {"lost_reason_id": self.price.id}),
        )
        self.open = self.deal(
            10, ("05-01", self.proposal), ("05-02", self.contract), ("05-12", None, 20)
        )
        self.archived = self.deal(5, ("03-01", self.proposal), ("03-02", "archived"))

    def test_stages_of_a_period(self):
        self.make_deals()
        result = self.ask()
        self.assertBalances(result)
        self.assertFigures(
            self.stage(result, self.proposal),
            name="Proposal",
            sequence=200,
            open_start=1,
            entries=4,
            open=0,
            exits={
                "forward": 3,
                "won": 0,
                "lost": 1,
                "backward": 0,
                "moved": 0,
                "archived": 1,
            },
            conversion=0.75,
            value_entered=100 + 900 + 10 + 5,
            value_lost=800,
            value_lost_share=800 / (150 + 1000 + 800 + 10 + 5),
            returns=1,
            skips=0,
            reasons=[
                {"reason_id": self.price.id, "name": "Price", "count": 1, "value": 800}
            ],
            money_days=0,
        )
        talks = self.stage(result, self.talks)
        self.assertFigures(
            talks, open_start=0, entries=2, open=0, conversion=0.5, returns=0,
            value_entered=1150, value_lost=0, value_lost_share=0, reasons=[],
            # from Proposal to Contract
            skips=1,
        )  # fmt: skip
        self.assertFigures(talks["exits"], won=1, backward=1)
        contract = self.stage(result, self.contract)
        # the win from Negotiation went past it
        self.assertFigures(contract, open=1, entries=1, conversion=None, skips=1)
        self.assertEqual(contract["gain"], {"win_probability": None, "value": None})
        # to the end of 31 May
        waited = 30 * 20
        self.assertAlmostEqual(contract["money_days"], waited, delta=waited / 1440)

    def test_stages_of_a_cohort(self):
        self.make_deals()
        result = self.ask(view="cohort", date_from="2026-02-01")
        self.assertBalances(result)
        proposal = self.stage(result, self.proposal)
        # only what began in the range
        self.assertFigures(proposal, open_start=0, entries=3, conversion=1 / 3)
        self.assertFigures(proposal["exits"], forward=1, lost=1, archived=1)
        # deals whose first stay began in it
        self.assertEqual(result["funnel"]["entered"], {"count": 2, "value": 25})
        self.assertEqual(result["funnel"]["archived"], {"count": 1, "value": 5})
        self.assertEqual(result["win_rate"], {"count": None, "value": None})

    def test_funnel(self):
        self.make_deals()
        funnel = self.ask()["funnel"]
        self.assertEqual(funnel["entered"], {"count": 4, "value": 200 + 800 + 20 + 5})
        self.assertEqual(funnel["open"], {"count": 1, "value": 20})
        proposal, talks, contract = funnel["stages"]
        self.assertFigures(
            proposal, touched=4, touched_value=1025, reached=4, reached_value=1025,
            drop=0, drop_value=0, drop_share=0,
        )  # fmt: skip
        self.assertFigures(
            # lost in Proposal, but it had been further
            talks, touched=2, touched_value=1000, reached=3, reached_value=1020,
            drop=1, drop_value=800, drop_share=800 / 1025,
        )  # fmt: skip
        self.assertFigures(contract, touched=1, reached=2, reached_value=220, drop=0)

    def test_cycle_win_rate_and_velocity(self):
        self.make_deals()
        result = self.ask()
        self.assertEqual(result["win_rate"], {"count": 0.5, "value": 0.2})
        cycle = days("01-10", "03-01")
        self.assertFigures(
            result["cycle"], won_mean=cycle, won_median=cycle, all_median=None
        )
        self.assertEqual(result["velocity"], round(1 * 0.5 * 200 / cycle, 2))

    def test_times_of_a_stage(self):
        for day in range(1, 7):
            self.deal(1, ("02-01", self.proposal), (f"02-{1 + 2 * day:02}", self.talks))
        self.deal(1, ("02-01", self.proposal), ("02-04", "archived"))
        self.deal(1, ("02-01", self.proposal), ("02-01 00:00:30", self.talks))
        self.deal(1, ("02-01", self.proposal), ("02-09", self.talks, {"exact": False}))
        result = self.ask()
        self.assertBalances(result)
        found = self.stage(result, self.proposal)["days"]
        self.assertFigures(
            found, events=6, censored=1, left_out=2, closed_mean=7, closed_median=7,
            # seven at risk after 2 days, five after 4: S = 6/7, 24/35, 18/35, 12/35
            median=8, p75=10, p90=12, longest=12,
        )  # fmt: skip
        self.assertFigures(found, median_low=2, median_high=12)
        # four who left are too few
        few = self.stage(self.ask(date_to="2026-02-08"), self.proposal)["days"]
        self.assertFigures(
            few, events=3, median=None, median_low=None, p75=None, p90=None
        )
        self.assertFigures(few, closed_mean=4, closed_median=4)

    def test_who_was_there_before_the_range_is_seen_from_then_on(self):
        for day in range(1, 7):
            begin = f"01-{day:02}"
            self.deal(1, (begin, self.proposal), (f"02-{day:02}", self.talks))
        whole = self.stage(self.ask(), self.proposal)["days"]
        late = self.stage(self.ask(date_from="2026-02-01"), self.proposal)["days"]
        # one left in the minute in which the range began: nobody saw it staying
        self.assertFigures(whole, events=6, left_out=0, median=31)
        self.assertFigures(late, events=5, left_out=1, median=31, closed_mean=31)

    def test_as_of_a_past_day(self):
        """Nothing of what came later is known."""
        self.make_deals()
        result = self.ask(date_from="2026-01-01", date_to="2026-02-10")
        self.assertBalances(result)
        talks = self.stage(result, self.talks)
        self.assertFigures(talks, open=2, entries=2, conversion=None)
        self.assertFigures(talks["exits"], won=0, backward=0)
        # the values of that day: 150 since 20 January, 1000 since 1 February
        waited = 150 * 22 + 1000 * 10
        self.assertAlmostEqual(talks["money_days"], waited, delta=waited / 1440)
        self.assertEqual(result["funnel"]["open"], {"count": 2, "value": 1150})
        self.assertEqual(result["meta"]["last_day"], "2026-02-10")
        self.assertEqual(self.deals("open", date_to="2026-02-10"), self.won | self.lost)

    def test_what_if(self):
        self.make_deals()
        chain = self.ask()["what_if"]
        # New -> 2/4 on to Negotiation, of which half win and half come back
        points = {str(self.proposal.id): 10, self.talks.id: 5}
        better = self.ask(what_if=points)["what_if"]
        self.assertGreater(better["win_probability"], chain["win_probability"])
        gain = self.stage(self.ask(), self.proposal)["gain"]
        five = self.ask(what_if={str(self.proposal.id): 5})["what_if"]
        self.assertAlmostEqual(
            five["win_probability"] - chain["win_probability"], gain["win_probability"]
        )
        self.assertAlmostEqual(
            chain["won_value"], chain["win_probability"] * 4 * 200, 2
        )
        # p = 1/4 lost, 1/2 to talks, 1/4 to contract; talks = 1/2 won, 1/2 back
        self.assertAlmostEqual(chain["win_probability"], 1 / 3)
        # no more than is lost there
        most = self.ask(what_if={self.proposal.id: 100})["what_if"]
        self.assertAlmostEqual(most["win_probability"], 0.75 / 2 / (1 - 0.75 / 2))

    def test_no_data(self):
        result = self.ask()
        self.assertEqual(result["stages"], [])
        nothing = {"count": 0, "value": 0}
        self.assertEqual(
            result["funnel"],
            {
                **dict.fromkeys(("entered", "won", "open", "archived"), nothing),
                "stages": [],
            },
        )
        self.assertEqual(result["win_rate"], {"count": None, "value": None})
        self.assertEqual(set(result["cycle"].values()), {None})
        self.assertIsNone(result["velocity"])
        self.assertEqual(set(result["waterfall"].values()), {0})
        self.assertEqual(
            result["what_if"], {"win_probability": None, "won_value": None}
        )
        self.assertEqual(self.ask(group_by="team")["groups"], [])

    def test_deleted_stages_stay_in_their_place(self):
        gone = self.env["crm.stage"].create({"name": "Gone", "sequence": 201})
        self.deal(1, ("02-01", self.proposal), ("02-02", gone), ("02-03", "lost"))
        self.deal(1, ("02-01", self.contract))
        key = gone.id
        gone.unlink()
        result = self.ask()
        self.assertBalances(result)
        self.assertEqual(
            [(row["stage_id"], row["name"]) for row in result["funnel"]["stages"]],
            [
                (self.proposal.id, "Proposal"),
                (key, "Gone"),
                (self.contract.id, "Contract"),
            ],
        )
        self.assertEqual(len(result["stages"]), 3)
        self.assertEqual(len(self.deals("lost", gone.browse(key))), 1)
