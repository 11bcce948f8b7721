from datetime import datetime

from odoo import fields

from .common import CrmMetricsCommon

EVENT, VISIT = "crm.lead.event", "crm.stage.visit"


class BottleneckCase(CrmMetricsCommon):
    """A pipeline of its own, and deals whose way through it is told as a story."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.proposal, cls.talks, cls.contract, cls.signed = cls.env["crm.stage"].create(
            [
                {"name": name, "sequence": 200 + place, "is_won": name == "Signed"}
                for place, name in enumerate(
                    ("Proposal", "Negotiation", "Contract", "Signed")
                )
            ]
        )
        cls.price, cls.slow = cls.env["crm.lost.reason"].create(
            [{"name": "Price"}, {"name": "Too slow"}]
        )

    def moment(self, text):
        """Return "05-01" or "05-01 14:30" of 2026, or a whole moment, as a datetime."""
        if len(text) < 10 or text[4] != "-":
            text = f"2026-{text}"
        return fields.Datetime.to_datetime(text)

    def deal(self, value, *story, **values):
        """Log the story of a deal and return its lead.

        :param value: expected revenue at the beginning
        :param story: tuples of a moment, what happens then, and other fields of the
            event that change with it. What happens is a stage, "lost", "archived",
            "restored", "merged", "deleted" or "lead", or None
        :param values: fields of lead and event at the beginning
        """
        lead_values = {
            "name": "Deal",
            "type": "opportunity",
            "company_id": self.company.id,
            "team_id": self.team.id,
            "user_id": self.seller.id,
            **values,
        }
        lead = self.env["crm.lead"].create({**lead_values, "expected_revenue": value})
        self.forget(lead)
        state = {
            "lead_id": lead.id,
            "type": "opportunity",
            "active": True,
            "won_status": "pending",
            "expected_revenue": value,
            **{k: lead_values[k] for k in ("company_id", "team_id", "user_id")},
        }
        events = []
        for when, what, *changes in story:
            state = {**state, "at": self.moment(when)}
            if isinstance(what, str):
                state |= self.happening(what)
            elif what is not None:
                state |= {"stage_id": what.id, "type": "opportunity", "active": True}
                state["won_status"] = "won" if what.is_won else "pending"
            for change in changes:
                state |= change if isinstance(change, dict) else {}
                if isinstance(change, int | float):
                    state["expected_revenue"] = change
            events.append(dict(state))
        self.env[EVENT].create(events)
        return lead

    @staticmethod
    def happening(what):
        """Return what of an event changes when something happens to a deal."""
        return {
            "lead": {"type": "lead"},
            "restored": {
                "active": True,
                "won_status": "pending",
                "lost_reason_id": False,
            },
            "lost": {"active": False, "won_status": "lost"},
            "archived": {"active": False},
            "merged": {"active": False, "removed": "merged"},
            "deleted": {"active": False, "removed": "deleted"},
        }[what]

    def forget(self, leads):
        """Take back what the capture has logged of leads."""
        self.env.cr.flush()
        self.env[EVENT].search([("lead_key", "in", leads.ids)]).unlink()

    def ask(self, date_from="2026-01-01", date_to="2026-05-31", user=None, **options):
        """Refresh and ask the façade, as a seller who sees all, or another user."""
        self.refresh()
        options = {"date_from": date_from, "date_to": date_to, **options}
        return self.metrics(user).bottlenecks(options)

    def deals(self, figure, stage=None, user=None, group=False, **options):
        """Return the leads behind a figure."""
        self.refresh()
        options = {"date_from": "2026-01-01", "date_to": "2026-05-31", **options}
        found = self.metrics(user).bottleneck_deals(
            options, figure, stage and stage.id, group
        )
        self.assertEqual(found["gone"], 0)
        return self.env["crm.lead"].browse(found["lead_ids"])

    def metrics(self, user=None):
        user = user or self.seller_all
        return (
            self.env["crm.metrics"]
            .with_user(user)
            .with_context(allowed_company_ids=user.company_id.ids)
        )

    def stage(self, result, stage):
        """Return the figures of a stage."""
        return next(row for row in result["stages"] if row["stage_id"] == stage.id)

    def assertFigures(self, found, **expected):
        self.assertEqual({key: found[key] for key in expected}, expected)

    def assertBalances(self, result):
        """Compare what must add up, in a result or a group."""
        for row in result["stages"]:
            self.assertEqual(
                row["open_start"] + row["entries"],
                row["open"] + sum(row["exits"].values()),
            )
            days = row["days"]
            self.assertEqual(
                row["open_start"] + row["entries"],
                days["events"] + days["censored"] + days["left_out"],
            )
            lost = sum(reason["count"] for reason in row["reasons"])
            self.assertEqual(lost, row["exits"]["lost"])
            lost = sum(reason["value"] for reason in row["reasons"])
            self.assertAlmostEqual(lost, row["value_lost"], 2)
        funnel = result["funnel"]
        for key, drop in (("count", "drop"), ("value", "drop_value")):
            ends = sum(funnel[name][key] for name in ("won", "open", "archived"))
            ends += sum(row[drop] for row in funnel["stages"])
            self.assertAlmostEqual(funnel["entered"][key], ends, 2)
        bars = result["waterfall"]
        ins = ("start", "created", "reopened", "increased", "transfer")
        outs = ("decreased", "won", "lost", "archived")
        self.assertAlmostEqual(
            sum(bars[name] for name in ins) - sum(bars[name] for name in outs),
            bars["end"],
            2,
        )


def days(begin, end):
    """Return the days between two moments of 2026, in whole minutes."""
    first, last = (datetime.fromisoformat(f"2026-{text}") for text in (begin, end))
    return (last - first).total_seconds() // 60 / 1440
