from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from .common_bottlenecks import EVENT, VISIT, BottleneckCase


@tagged("post_install", "-at_install")
class TestBottleneckScope(BottleneckCase):
    """Whose deals are counted: filters, groups, rights, companies, currencies."""

    def make_deals(self):
        self.source = self.env["utm.source"].create({"name": "Fair"})
        self.of_one = self.deal(
            10, ("02-01", self.proposal), ("02-11", self.talks), ("02-21", self.signed)
        )
        self.of_two = self.deal(
            20,
            ("02-01", self.proposal),
            ("02-06", "lost", {"lost_reason_id": self.price.id}),
            team_id=self.team_2.id,
            user_id=self.seller_2.id,
            source_id=self.source.id,
        )
        self.of_none = self.deal(
            40,
            ("02-01", self.proposal),
            ("02-03", "lost", {"lost_reason_id": self.slow.id}),
            team_id=False,
            user_id=False,
        )
        self.moved = self.deal(
            80,
            ("02-01", self.proposal),
            ("02-11", self.talks),
            ("03-01", None, {"team_id": self.team_2.id, "team_key": self.team_2.id}),
        )

    def entered(self, **options):
        return self.ask(**options)["funnel"]["entered"]["value"]

    def test_filters(self):
        self.make_deals()
        self.assertEqual(self.entered(), 150)
        # a deal belongs where its last stay does
        self.assertEqual(self.entered(team_ids=self.team.ids), 10)
        self.assertEqual(self.entered(team_ids=self.team_2.ids), 100)
        self.assertEqual(self.entered(user_ids=self.seller_2.ids), 20)
        self.assertEqual(self.entered(source_ids=self.source.ids), 20)
        self.assertEqual(self.entered(team_ids=[]), 0)
        # but each stay where it was
        result = self.ask(team_ids=self.team.ids)
        self.assertEqual(self.stage(result, self.proposal)["entries"], 2)
        self.assertBalances(result)
        self.assertEqual(self.deals("entered", team_ids=self.team.ids), self.of_one)

    def test_reasons(self):
        self.make_deals()
        result = self.ask(reason_ids=self.price.ids)
        self.assertBalances(result)
        self.assertEqual(result["funnel"]["entered"], {"count": 1, "value": 20})
        [stage] = result["stages"]
        self.assertEqual([row["name"] for row in stage["reasons"]], ["Price"])
        self.assertEqual(result["waterfall"]["created"], 20)
        both = (self.price | self.slow).ids
        self.assertEqual(self.entered(reason_ids=both), 60)
        # not lost yet
        self.assertEqual(self.entered(reason_ids=both, date_to="2026-02-04"), 40)
        self.assertEqual(self.entered(reason_ids=[]), 0)

    def test_groups_add_up(self):
        self.make_deals()
        for group_by, names in (
            ("team", ["Team 1", "Team 2", "Not set"]),
            ("user", [self.seller.name, self.seller_2.name, "Not set"]),
            ("source", ["Fair", "Not set"]),
        ):
            for view in ("period", "cohort"):
                whole = self.ask(group_by=group_by, view=view)
                groups = whole.pop("groups")
                self.assertEqual([group["name"] for group in groups], names)
                self.assertEqual(whole, self.ask(view=view))
                for group in groups:
                    self.assertBalances(group)
                    self.assertEqual(
                        set(group), {"id", "name", *whole} - {"meta"}, group_by
                    )
                for name in ("entered", "won", "open", "archived"):
                    for key in ("count", "value"):
                        self.assertAlmostEqual(
                            whole["funnel"][name][key],
                            sum(group["funnel"][name][key] for group in groups),
                        )
                for row in whole["stages"]:
                    parts = [
                        part
                        for group in groups
                        for part in group["stages"]
                        if part["stage_id"] == row["stage_id"]
                    ]
                    for key in ("entries", "open", "value_entered", "returns", "skips"):
                        self.assertAlmostEqual(
                            row[key], sum(part[key] for part in parts)
                        )

    def test_a_group_is_what_its_filter_gives(self):
        self.make_deals()
        for group in self.ask(group_by="team")["groups"]:
            if group["id"]:
                alone = self.ask(team_ids=[group["id"]])
                for name in ("stages", "funnel", "cycle", "waterfall", "what_if"):
                    self.assertEqual(group[name], alone[name])
        self.assertEqual(
            self.deals("entered", group_by="team", group=None), self.of_none
        )
        self.assertEqual(
            self.deals("entered", group_by="team", group=self.team_2.id),
            self.of_two | self.moved,
        )

    def test_what_follows_is_a_stage_of_the_same_team(self):
        """Nobody goes on to a stage that is another team's."""
        teams = self.team, self.team_2
        demo, visit, offer, contract = self.env["crm.stage"].create(
            [
                {
                    "name": name,
                    "sequence": 100 + place,
                    "team_ids": teams[place % 2].ids,
                }
                for place, name in enumerate(("Demo", "Visit", "Offer", "Contract"))
            ]
        )
        self.deal(100, ("02-01", demo), ("02-11", offer), ("02-21", self.signed))
        self.deal(100, ("02-01", demo), ("02-11", offer), ("02-21", "lost"))
        self.deal(100, ("02-01", demo), ("02-11", "lost"))
        others = {"team_id": self.team_2.id}
        self.deal(1, ("02-01", visit), ("02-11", contract), ("02-21", "lost"), **others)
        self.deal(1, ("02-01", visit), ("02-11", "lost"), **others)
        for options in ({}, {"team_ids": self.team.ids}):
            result = self.ask(**options)
            # 5 of 100 that leave the demo go to the offer, and half of them are won
            self.assertAlmostEqual(
                self.stage(result, demo)["gain"]["value"], 3 * 0.05 * 0.5 * 100
            )
            self.assertAlmostEqual(
                self.stage(result, offer)["gain"]["value"], 2 * 0.05 * 100
            )
            sure = self.ask(what_if={demo.id: 100, offer.id: 100}, **options)
            self.assertAlmostEqual(sure["what_if"]["won_value"], 300)
        # the last stage of a team leads to the win
        self.assertGreater(
            self.stage(self.ask(), contract)["gain"]["win_probability"], 0
        )

    # ------------------------------------------------------------------
    # rights
    # ------------------------------------------------------------------

    def test_a_seller_sees_own_and_unassigned_deals(self):
        self.make_deals()
        for view in ("period", "cohort"):
            result = self.ask(user=self.seller, view=view)
            self.assertBalances(result)
            self.assertEqual(result["funnel"]["entered"]["value"], 130)
            self.assertEqual(self.stage(result, self.proposal)["entries"], 3)
            self.assertEqual(result["waterfall"]["created"], 130)
        self.assertEqual(
            self.deals("entered", user=self.seller),
            self.of_one | self.of_none | self.moved,
        )
        self.assertEqual(
            self.deals("lost", self.proposal, user=self.seller), self.of_none
        )
        ids = self.seller_2.ids
        self.assertEqual(self.entered(user=self.seller, user_ids=ids), 0)
        self.assertEqual(self.entered(user=self.manager), 150)

    def test_the_last_seller_has_the_history(self):
        lead = self.deal(
            10,
            ("02-01", self.proposal),
            ("02-11", self.talks, {"user_id": self.seller_2.id,
                                   "user_key": self.seller_2.id}),
        )  # fmt: skip
        for user, leads in ((self.seller_2, lead), (self.seller, lead.browse())):
            self.assertEqual(self.deals("entered", user=user), leads)
            result = self.ask(user=user)
            self.assertEqual(len(result["stages"]), 2 * len(leads))

    def test_strangers(self):
        employee = self._user("bottleneck_employee", "base.group_user")
        with self.assertRaises(AccessError):
            self.ask(user=employee)
        with self.assertRaises(AccessError):
            self.metrics(employee).bottleneck_deals({}, "won")
        self.make_deals()
        stranger = self._user(
            "bottleneck_stranger", "group_sale_manager", self.other_company
        )
        self.assertEqual(self.entered(user=stranger), 0)
        with self.assertRaisesRegex(ValidationError, "^company_ids:"):
            self.ask(user=stranger, company_ids=self.company.ids)

    # ------------------------------------------------------------------
    # companies
    # ------------------------------------------------------------------

    def test_two_companies_two_currencies(self):
        self.make_deals()
        self.other_company.currency_id = self.eur
        self.seller_all.company_ids |= self.other_company
        self.deal(
            100,
            ("02-01", self.proposal),
            ("02-11", "lost"),
            company_id=self.other_company.id,
            user_id=False,
        )
        both = (self.company | self.other_company).ids
        with self.assertRaisesRegex(ValidationError, "EUR"):
            self.ask(company_ids=both)
        self.rate(self.eur, "2026-01-01", 0.5)
        self.rate(self.eur, "2026-05-31", 0.8)
        self.rate(self.eur, "2026-06-01", 0.1)
        result = self.ask(company_ids=both)
        self.assertBalances(result)
        self.assertEqual(result["meta"]["currency"], "USD")
        # the rate of the last day, for all days
        self.assertEqual(result["funnel"]["entered"]["value"], 150 + 125)
        self.assertEqual(result["waterfall"]["lost"], 60 + 125)
        proposal = self.stage(result, self.proposal)
        self.assertEqual(proposal["value_entered"], 150 + 125)
        self.assertEqual(proposal["value_lost"], 60 + 125)
        alone = self.ask(company_ids=self.other_company.ids)
        self.assertEqual(alone["meta"]["currency"], "EUR")
        self.assertEqual(alone["funnel"]["entered"], {"count": 1, "value": 100})

    def two_companies(self):
        """One euro of the other company is two dollars of this one."""
        self.other_company.currency_id = self.eur
        self.seller_all.company_ids |= self.other_company
        self.rate(self.eur, "2026-01-01", 0.5)
        return {"company_id": self.other_company.id}

    def assertCompanies(self, here, there, **options):
        """Compare the funnels of both companies, and of both together, in dollars."""
        wholes = []
        for companies, expected in (
            (self.company, here),
            (self.other_company, there),
        ):
            funnel = self.ask(company_ids=companies.ids, **options)["funnel"]
            found = {
                name: tuple(funnel[name].values())
                for name in ("entered", "won", "open")
                if funnel[name]["count"]
            }
            self.assertEqual(found, expected)
            wholes.append(funnel)
        both = (self.company | self.other_company).ids
        result = self.ask(company_ids=both, **options)
        self.assertBalances(result)
        for name in ("entered", "won", "open", "archived"):
            self.assertEqual(
                result["funnel"][name],
                {
                    "count": sum(part[name]["count"] for part in wholes),
                    "value": wholes[0][name]["value"] + 2 * wholes[1][name]["value"],
                },
            )

    def test_what_happens_elsewhere_is_not_told(self):
        elsewhere = self.two_companies()
        lead = self.deal(
            100,
            ("02-01", self.proposal),
            ("02-11", self.talks),
            ("02-15", None, 7000, elsewhere),
            ("02-21", self.signed),
        )
        self.assertCompanies({}, {"entered": (1, 7000), "won": (1, 7000)})
        result = self.ask()
        self.assertEqual(result["win_rate"], {"count": None, "value": None})
        self.assertFalse(self.deals("won"))
        self.assertFalse(self.deals("entered"))
        self.assertFalse(self.deals("touched", self.proposal))
        # the stay itself was here
        self.assertEqual(self.stage(result, self.proposal)["exits"]["forward"], 1)
        there = self.other_company.ids
        self.assertEqual(self.deals("won", company_ids=there), lead)
        # its first stay began before the range, although not there: it is of no cohort
        found = self.ask("2026-02-05", view="cohort", company_ids=there)
        self.assertEqual(found["funnel"]["entered"]["count"], 0)

    def test_what_was_won_here_stays_here(self):
        elsewhere = self.two_companies()
        self.deal(
            100,
            ("02-01", self.proposal),
            ("02-11", self.signed),
            ("03-01", None, 1000, elsewhere),
        )
        won = {"entered": (1, 100), "won": (1, 100)}
        for view in ("period", "cohort"):
            self.assertCompanies(won, {}, view=view)
        self.assertEqual(self.ask()["waterfall"]["won"], 100)

    def test_won_and_handed_over_at_once(self):
        elsewhere = self.two_companies()
        self.deal(
            100, ("02-01", self.proposal), ("02-11", self.signed, 1000, elsewhere)
        )
        self.assertCompanies({"entered": (1, 100), "won": (1, 100)}, {})

    def test_merged_elsewhere_is_merged(self):
        elsewhere = self.two_companies()
        self.deal(
            100,
            ("02-01", self.proposal),
            ("02-11", self.signed),
            ("03-01", "merged", elsewhere),
        )
        self.assertCompanies({}, {})

    def test_before_it_came_it_was_not_there(self):
        """As of a day before the deal went on elsewhere, it is here."""
        elsewhere = self.two_companies()
        self.deal(
            100,
            ("02-01", self.proposal),
            ("02-11", self.talks, 200, elsewhere),
        )
        here = {"entered": (1, 100), "open": (1, 100)}
        self.assertCompanies(here, {}, date_to="2026-02-10")
        there = {"entered": (1, 200), "open": (1, 200)}
        self.assertCompanies({}, there, date_to="2026-02-11")

    def test_deals_without_company_are_issues(self):
        self.deal(10, ("02-01", self.proposal), company_id=False)
        result = self.ask()
        # the team has no company either, but the salesperson has
        self.assertEqual(result["funnel"]["entered"]["count"], 1)
        before = result["meta"]["issues"].get("no_company", 0)
        self.deal(
            10, ("02-01", self.proposal), company_id=False, team_id=False, user_id=False
        )
        result = self.ask()
        self.assertEqual(result["funnel"]["entered"]["count"], 1)
        self.assertEqual(result["meta"]["issues"]["no_company"], before + 1)
        self.assertEqual(result["meta"]["queued"], 0)

    # ------------------------------------------------------------------
    # options
    # ------------------------------------------------------------------

    def test_bad_options(self):
        self.make_deals()
        gone = self.env["crm.stage"].create({"name": "Gone", "sequence": 201})
        gone.unlink()
        for key, value in (
            ("what_if", [1]),
            ("what_if", {gone.id: 5}),
            ("what_if", {"x": 5}),
            ("what_if", {True: 5}),
            ("what_if", {self.talks.id: 101}),
            ("what_if", {self.talks.id: -1}),
            ("what_if", {self.talks.id: "5"}),
            ("what_if", {self.talks.id: None}),
            ("what_if", {self.talks.id: True}),
            ("what_if", {self.talks.id: float("nan")}),
            ("view", "activity"),
            ("group_by", "plan"),
            ("reason_ids", [0]),
            ("source_ids", "x"),
            ("plan_ids", []),
            ("view", []),
            ("group_by", {}),
            ("date_from", "0001-01-01"),
            ("date_from", "1899-12-31"),
        ):
            with self.assertRaisesRegex(ValidationError, f"^{key}:"):
                self.ask(**{key: value})
        for figure, stage in (
            ("churned", None),
            ("touched", None),
            ("reached", None),
            ("won", self.talks),
            ("lost", gone),
        ):
            with self.assertRaisesRegex(ValidationError, "^(figure|stage_id):"):
                self.deals(figure, stage)
        with self.assertRaisesRegex(ValidationError, "^date_from:"):
            self.metrics().bottleneck_deals({}, "won")
        options = {"date_from": "2026-01-01", "date_to": "2026-05-31"}
        for figure, stage in (
            ("touched", [self.talks.id]),
            ("touched", {}),
            ("touched", True),
            ("touched", float(self.talks.id)),
            ([], None),
        ):
            with self.assertRaisesRegex(ValidationError, "^(figure|stage_id):"):
                self.metrics().bottleneck_deals(options, figure, stage)
        with self.assertRaisesRegex(ValidationError, "^figure:"):
            self.metrics().nvl_customers(options, [])
        year = {"date_from": "0001-01-01", "date_to": "2026-05-31", "grain": "year"}
        with self.assertRaisesRegex(ValidationError, "^date_from:"):
            self.metrics().recurring(year)
        # a stage in which nothing happens changes nothing
        self.assertEqual(
            self.ask(what_if={self.contract.id: 5})["what_if"],
            self.ask()["what_if"],
        )

    def test_deals_of_a_figure(self):
        self.make_deals()
        self.assertEqual(self.deals("won"), self.of_one)
        self.assertEqual(self.deals("lost"), self.of_two | self.of_none)
        self.assertEqual(self.deals("open"), self.moved)
        self.assertFalse(self.deals("archived"))
        self.assertEqual(self.deals("touched", self.talks), self.of_one | self.moved)
        self.assertEqual(self.deals("reached", self.contract), self.of_one)
        self.assertEqual(len(self.deals("reached", self.proposal)), 4)
        self.assertEqual(self.deals("entered", view="cohort"), self.deals("entered"))
        self.of_two.unlink()
        self.env.cr.flush()
        self.refresh()
        found = self.metrics().bottleneck_deals(
            {"date_from": "2026-01-01", "date_to": "2026-05-31"}, "lost"
        )
        self.assertEqual(found, {"lead_ids": self.of_none.ids, "gone": 1})

    def test_as_many_queries_for_many_deals(self):
        def queries():
            self.refresh()
            self.env.invalidate_all()
            self.ask(group_by="team")  # the norms are there now
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.metrics().bottlenecks(
                {"date_from": "2026-01-01", "date_to": "2026-05-31", "group_by": "team"}
            )
            return self.env.cr.sql_log_count - before

        self.make_deals()
        few = queries()
        for number in range(30):
            team = self.env["crm.team"].create({"name": f"Team {number}"})
            self.deal(
                number,
                ("02-01", self.proposal),
                ("02-11", self.talks),
                ("02-21", self.contract),
                ("03-01", "lost", {"lost_reason_id": self.price.id}),
                team_id=team.id,
            )
        self.assertEqual(queries(), few)
        self.assertLess(few, 40)

    def test_facts_are_only_read(self):
        """The façade may be asked on a replica: it writes nothing."""
        self.make_deals()
        self.refresh()
        self.env.cr.execute("SET LOCAL transaction_read_only = on")
        self.metrics().bottlenecks(
            {"date_from": "2026-01-01", "date_to": "2026-05-31", "group_by": "user"}
        )
        self.assertTrue(self.env[EVENT].search_count([]))
        self.assertTrue(self.env[VISIT].search_count([]))
