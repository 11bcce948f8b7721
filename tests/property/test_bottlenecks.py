"""Bottlenecks of random histories against the oracle."""

import math
import random
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pipeline_figures
import pipelines
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from lifelines.utils import median_survival_times, qth_survival_time
from oracle import round_half_up
from pipeline_figures import EVENTS, FEW, MINUTES

#: numbers of a stage that can be added up, and its sums of money
COUNTS = ("open_start", "entries", "open", "returns", "skips")
SUMS = ("value_entered", "value_lost")
DAYS = (
    "closed_mean",
    "closed_median",
    "median",
    "median_low",
    "median_high",
    "p75",
    "p90",
    "longest",
    "known_until",
)
DAY_COUNTS = ("events", "censored", "left_out")


class BottleneckCase(pipelines.PipelineCase):
    """Compares answers of the façade with those of the oracle."""

    def assertMoney(self, found, expected, unit, msg=None):
        """Compare to the unit; what lies in the middle may go both ways."""
        if expected is None or found is None:
            self.assertEqual(found, expected, msg)
            return
        self.assertAlmostEqual(found, float(expected), delta=0.5 * unit + 1e-6, msg=msg)
        whole = round_half_up(Decimal(repr(float(found))), Decimal(repr(unit)))
        self.assertAlmostEqual(found, float(whole), delta=1e-9 * max(1, abs(found)))

    def assertRate(self, found, expected, msg=None):
        if expected is None or found is None:
            self.assertEqual(found, expected, msg)
        else:
            self.assertAlmostEqual(found, float(expected), places=9, msg=msg)

    def assertAnswer(self, found, expected, unit):
        """Compare each figure."""
        wanted = expected.answer()
        self.assertEqual([row["stage_id"] for row in found["stages"]], expected.order)
        for row in found["stages"]:
            self.assertStage(row, wanted["stages"][row["stage_id"]], unit)
        self.assertFunnel(found["funnel"], wanted["funnel"], unit)
        for name, days in wanted["cycle"].items():
            self.assertRate(found["cycle"][name], days, name)
        for name, rate in wanted["win_rate"].items():
            self.assertRate(found["win_rate"][name], rate, f"win_rate.{name}")
        self.assertMoney(found["velocity"], wanted["velocity"], unit, "velocity")
        for name, amount in wanted["waterfall"].items():
            self.assertMoney(
                found["waterfall"][name], amount, unit, f"waterfall.{name}"
            )
        chance = wanted["what_if"]
        self.assertRate(
            found["what_if"]["win_probability"], chance["win_probability"], "what_if"
        )
        self.assertMoney(
            found["what_if"]["won_value"], chance["won_value"], unit, "what_if"
        )
        self.check_identities(found, unit, expected.view)

    def assertStage(self, found, wanted, unit):
        name = wanted["name"]
        for key in ("name", "sequence", "exits", *COUNTS):
            self.assertEqual(found[key], wanted[key], (name, key))
        for key in (*SUMS, "money_days"):
            self.assertMoney(found[key], wanted[key], unit, (name, key))
        for key in ("conversion", "value_lost_share", "norm"):
            self.assertRate(found[key], wanted[key], (name, key))
        for key in DAYS:
            self.assertRate(found["days"][key], wanted["days"][key], (name, key))
        for key in DAY_COUNTS:
            self.assertEqual(found["days"][key], wanted["days"][key], (name, key))
        self.assertEqual(found["stuck"]["count"], wanted["stuck"]["count"], name)
        self.assertMoney(
            found["stuck"]["value"], wanted["stuck"]["value"], unit, (name, "stuck")
        )
        reasons = {row["reason_id"]: row for row in found["reasons"]}
        self.assertEqual(len(reasons), len(found["reasons"]))
        self.assertEqual(
            {key: row["count"] for key, row in reasons.items()},
            {key: count for key, (count, _value) in wanted["reasons"].items()},
            name,
        )
        for key, row in reasons.items():
            self.assertMoney(row["value"], wanted["reasons"][key][1], unit, name)
        gain = found["gain"]
        self.assertRate(
            gain["win_probability"], wanted["gain"]["win_probability"], (name, "gain")
        )
        self.assertMoney(gain["value"], wanted["gain"]["value"], unit, (name, "gain"))

    def assertFunnel(self, found, wanted, unit):
        for key in ("entered", "won", "open", "archived"):
            self.assertEqual(found[key]["count"], wanted[key]["count"], key)
            self.assertMoney(found[key]["value"], wanted[key]["value"], unit, key)
        for row in found["stages"]:
            stage = wanted["stages"][row["stage_id"]]
            for key in ("touched", "reached", "drop"):
                self.assertEqual(row[key], stage[key], (row["name"], key))
                self.assertMoney(
                    row[f"{key}_value"], stage[f"{key}_value"], unit, (row["name"], key)
                )
            self.assertRate(row["drop_share"], stage["drop_share"], row["name"])
        self.assertEqual(
            [row["stage_id"] for row in found["stages"]], list(wanted["stages"])
        )

    # -- what holds for any answer --------------------------------------

    def check_identities(self, found, unit, view):
        for row in found["stages"]:
            ended = sum(row["exits"].values())
            self.assertEqual(row["open_start"] + row["entries"], ended + row["open"])
            if view == "cohort":
                self.assertEqual(row["open_start"], 0)
            self.assertEqual(
                row["days"]["events"]
                + row["days"]["censored"]
                + row["days"]["left_out"],
                ended + row["open"],
            )
            self.assertLessEqual(
                row["days"]["events"], sum(row["exits"][name] for name in EVENTS)
            )
            self.assertEqual(
                sum(reason["count"] for reason in row["reasons"]), row["exits"]["lost"]
            )
        funnel = found["funnel"]
        for key, drop in (("count", "drop"), ("value", "drop_value")):
            self.assertAlmostEqual(
                funnel["entered"][key],
                sum(funnel[state][key] for state in ("won", "open", "archived"))
                + sum(row[drop] for row in funnel["stages"]),
                delta=0 if key == "count" else unit * (len(funnel["stages"]) + 4) / 2,
            )
        for key in ("reached", "reached_value"):
            steps = [row[key] for row in funnel["stages"]]
            self.assertEqual(steps, sorted(steps, reverse=True))
        parts = found["waterfall"]
        self.assertAlmostEqual(
            parts["start"]
            + parts["created"]
            + parts["reopened"]
            + parts["increased"]
            - parts["decreased"]
            - parts["won"]
            - parts["lost"]
            - parts["archived"]
            + parts["transfer"],
            parts["end"],
            delta=1e-6 * max(1, abs(parts["end"])),
        )

    def check_groups(self, found, expected, name, unit):
        """Groups are those of the slices, and what can be added up adds up."""
        groups = found["groups"]
        ids = [group["id"] for group in groups]
        self.assertEqual(len(ids), len(set(ids)))
        self.assertLessEqual(expected.groups(name), set(ids))
        for group in groups:
            known = self.slices(name).browse(group["id"]).display_name
            self.assertEqual(group["name"], known if group["id"] else "Not set")
            self.assertAnswer(group, expected.narrowed(name, group["id"]), unit)
        for key in ("open_start", "entries", "open", "returns", *SUMS):
            whole = sum(row[key] for row in found["stages"])
            parts = sum(row[key] for group in groups for row in group["stages"])
            self.assertAlmostEqual(parts, whole, delta=unit * 20, msg=key)
        for state in ("entered", "won", "open", "archived"):
            self.assertEqual(
                sum(group["funnel"][state]["count"] for group in groups),
                found["funnel"][state]["count"],
            )
        # what went from one to the other and back is told in the groups alone
        for part in ("start", "end"):
            self.assertAlmostEqual(
                sum(group["waterfall"][part] for group in groups),
                found["waterfall"][part],
                delta=unit * 5,
                msg=part,
            )

    def check_companies(self, expected):
        """Each deal is in one company, and its money too."""
        if "reason" in expected.filters:
            # in which company it was lost is another question
            return
        parts = [
            replace(expected, companies=[company]) for company in expected.companies
        ]
        for figure in ("entered", "won", "lost", "open", "archived"):
            leads = [part.funnel_leads()[figure] for part in parts]
            self.assertEqual(
                Counter(lead for each in leads for lead in each),
                Counter(expected.funnel_leads()[figure]),
                figure,
            )
        for state in ("entered", "won", "open", "archived"):
            self.assertEqual(
                sum(part.funnel()[state]["value"] for part in parts),
                expected.funnel()[state]["value"],
            )

    def check(self, world, visits, question):
        found = self.ask(question)
        expected = self.expected(world, visits, question)
        unit = self.companies[question["companies"][0]].currency_id.rounding
        self.assertAnswer(found, expected, unit)
        if len(question["companies"]) > 1:
            self.check_companies(expected)
        if question["group_by"]:
            self.check_groups(found, expected, question["group_by"], unit)
        else:
            self.assertNotIn("groups", found)
        return found, expected

    def check_deals(self, question, expected):
        """Behind each number are as many deals."""
        self.assertDeals(question, expected)
        if question["group_by"]:
            name = question["group_by"]
            for key in expected.groups(name):
                self.assertDeals(question, expected.narrowed(name, key), group=key)

    def assertDeals(self, question, expected, **group):
        funnel, waterfall = expected.funnel_leads(), expected.waterfall_deals()
        metrics = self.metrics(question)
        options = self.options(question)
        figures = [
            (figure, None, funnel[figure])
            for figure in ("entered", "won", "lost", "open", "archived")
        ]
        figures += [
            (figure, stage, funnel["drop" if figure == "lost" else figure][stage])
            for figure in ("lost", "touched", "reached")
            for stage in expected.funnel_order
        ]
        figures += [
            ("stuck", stage, expected.stage(stage)["stuck"]["leads"])
            for stage in expected.order
        ]
        figures += [
            (f"waterfall.{part}", None, leads) for part, leads in waterfall.items()
        ]
        for figure, stage, wanted in figures:
            found = metrics.bottleneck_deals(options, figure, stage, **group)
            records = {self.record_of(expected, lead) for lead in wanted}
            self.assertEqual(set(found["lead_ids"]), records - {None}, (figure, stage))
            self.assertEqual(
                len(found["lead_ids"]) + found["gone"], len(wanted), (figure, stage)
            )

    @staticmethod
    def record_of(expected, lead):
        return expected.world.leads[lead][-1].lead_record


class TestBottlenecks(BottleneckCase):
    @settings(max_examples=35)
    @given(asked=pipelines.asked_histories())
    def test_figures_are_those_of_the_oracle(self, asked):
        """Stages, funnel, cycle, chain, waterfall, groups, whatever is asked."""
        events, questions = asked
        with self.example():
            self.add_events(events)
            self.refresh()
            world, visits = self.assertVisits()
            for question in questions:
                self.check(world, visits, question)

    @settings(max_examples=8)
    @given(asked=pipelines.asked_histories(questions=1))
    def test_deals_behind_the_numbers(self, asked):
        events, (question,) = asked
        question = {**question, "group_by": None, "what_if": {}}
        with self.example():
            self.add_events(events)
            self.refresh()
            world, visits = self.assertVisits()
            self.check_deals(question, self.expected(world, visits, question))


class TestLargerPipelines(BottleneckCase):
    """More deals than can be shrunk, and all that is answered about them."""

    @settings(max_examples=14, phases=[Phase.generate])
    @given(seed=st.integers(0, 2**32))
    def test_figures_and_deals(self, seed):
        rng = random.Random(seed)
        amounts = rng.choice((pipelines.EVEN, pipelines.EVEN, pipelines.CROOKED))
        source = pipelines.History(rng, amounts)
        with self.example():
            self.add_events(source.events(rng.choice((6, 12, 20))))
            self.refresh()
            world, visits = self.assertVisits()
            for _number in range(3):
                question = source.question()
                _found, expected = self.check(world, visits, question)
                self.check_deals(question, expected)

    def test_a_deal_changes_companies(self):
        """Out of one and into the other, it is one deal."""
        source = pipelines.History(random.Random(1))
        state = source.birth() | {"type": "opportunity", "stage": 0, "active": True}
        with self.example():
            source.exactness = 100
            self.add_events(
                [
                    source.event(0, pipelines.NOW - timedelta(days=days), moved, "live")
                    for days, moved in (
                        (400, state | {"company": 0}),
                        (10, state | {"company": 1}),
                    )
                ]
            )
            self.refresh()
            question = source.question() | {
                "asks": "manager",
                "companies": (0, 1),
                "date_from": pipelines.TODAY - timedelta(days=30),
                "date_to": pipelines.TODAY,
                "filters": {},
                "group_by": None,
            }
            world, visits = self.assertVisits()
            _found, expected = self.check(world, visits, question)
            self.assertEqual(len(expected.waterfall_deals()["transfer"]), 1)
            self.check_deals(question, expected)


class TestLifelines(BottleneckCase):
    """A large history: Kaplan and Meier by a library of others, at scale."""

    lead_count = 520

    def test_five_hundred_deals(self):
        source = pipelines.History(random.Random(4), gaps=pipelines.DAYS)
        with self.example():
            self.add_events(source.events(500))
            self.refresh()
            world, visits = self.assertVisits()
            self.assertGreater(len(visits), 500)
            for view, first, last in (
                ("period", date(2024, 10, 3), date(2025, 6, 17)),
                ("cohort", date(2024, 1, 1), date(2025, 3, 31)),
            ):
                question = {
                    "asks": "manager",
                    "companies": (0, 1),
                    "date_from": first,
                    "date_to": last,
                    "view": view,
                    "filters": {"team": [0, 1]},
                    "group_by": "team",
                    "what_if": {1: 10},
                }
                found, expected = self.check(world, visits, question)
                self.assertSurvival(found, expected)

    def assertSurvival(self, found, expected):
        compared = cut = 0
        for row in found["stages"]:
            lives = expected.lives(
                visit for visit in expected.table if visit.stage == row["stage_id"]
            )
            if sum(life.event for life in lives) < FEW:
                self.assertIsNone(row["days"]["median"])
                continue
            points = pipeline_figures.curve(lives)
            if points[-1][1] is None:
                # all at risk have left: lifelines says that nobody lasts longer
                cut += 1
                continue
            # whoever leaves the moment that he comes is never at risk
            lives = [life for life in lives if life.entry < life.end]
            fitter = KaplanMeierFitter().fit(
                [life.end for life in lives],
                [life.event for life in lives],
                entry=[life.entry for life in lives],
            )
            band = median_survival_times(fitter.confidence_interval_).iloc[0]
            for key, minutes in (
                ("median", fitter.median_survival_time_),
                ("median_low", band.iloc[0]),
                ("median_high", band.iloc[1]),
                ("p75", qth_survival_time(0.25, fitter.survival_function_)),
                ("p90", qth_survival_time(0.10, fitter.survival_function_)),
            ):
                if math.isinf(minutes):
                    self.assertIsNone(row["days"][key], (row["name"], key))
                else:
                    self.assertAlmostEqual(
                        row["days"][key], minutes / MINUTES, places=9
                    )
                    compared += 1
        self.assertGreater(compared, 20)
        self.assertLess(cut, compared / 20)
