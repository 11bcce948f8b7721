from datetime import datetime

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from .common_lead import EVENT, LeadEventCase


@tagged("post_install", "-at_install")
class TestLeadEventImport(LeadEventCase):
    """The past of a deal, from the system in which it was before."""

    def setUp(self):
        super().setUp()
        self.manager = self._user("import_manager", "group_sale_manager")
        self.log = self.env[EVENT].with_user(self.manager)

    def row(self, reference="a", day=1, **values):
        return {
            "import_ref": reference,
            "lead_id": self.lead.id,
            "at": f"2025-01-{day:02} 09:00:00",
            "stage_id": self.stage_new.id,
            "expected_revenue": 50.0,
            **values,
        }

    def refusal(self, *rows):
        """Import rows of which one is wrong; return field and message."""
        before = self.env[EVENT].search_count([])
        said = self.log.import_events([*rows])
        self.assertEqual(said["done"], [])
        self.assertEqual(self.env[EVENT].search_count([]), before)
        [refused] = said["refused"]
        self.assertEqual(refused["row"], len(rows) - 1)
        return refused["field"], refused["message"]

    def test_created(self):
        person = self._customer("Person", parent_id=self.customer.id)
        said = self.log.import_events(
            [
                self.row("a", 1, partner_id=person.id, user_id=self.seller_2.id),
                self.row("b", 5, stage_id=self.stage_offer.id, exact=False),
            ]
        )
        self.assertEqual(said, {"done": ["created", "created"], "refused": []})
        first, second = self.events()[:2]
        self.assertEqual(first.at, datetime(2025, 1, 1, 9))
        self.assertEqual(first.source, "import")
        self.assertEqual(first.stage_name, "Fresh")
        self.assertEqual(first.stage_sequence, 101)
        self.assertEqual(first.lead_key, self.lead.id)
        self.assertEqual(first.user_key, self.seller_2.id)
        self.assertEqual(first.partner_id, self.customer)
        self.assertEqual(first.type, "opportunity")
        self.assertTrue(first.exact)
        self.assertFalse(second.exact)

    def test_visits_follow(self):
        self.log.import_events(
            [self.row("a", 1), self.row("b", 5, stage_id=self.stage_offer.id)]
        )
        self.refresh()
        visits = self.env["crm.stage.visit"].search(
            [("lead_key", "=", self.lead.id)], order="entered"
        )
        self.assertEqual(visits.mapped("stage_name"), ["Fresh", "Offer", "Fresh"])
        self.assertEqual(visits.mapped("outcome"), ["forward", "backward", "open"])
        self.assertEqual(visits[0].days, 4)

    def test_again(self):
        rows = [self.row("a", 1), self.row("b", 5)]
        self.log.import_events(rows)
        before = self.events()
        said = self.log.import_events(rows)
        self.assertEqual(said["done"], ["unchanged", "unchanged"])
        self.assertEqual(self.events(), before)
        rows[1]["expected_revenue"] = 60.0
        said = self.log.import_events([*rows, self.row("c", 6)])
        self.assertEqual(said["done"], ["unchanged", "updated", "created"])
        self.assertEqual(self.events()[:3].mapped("expected_revenue"), [50, 60, 50])

    def test_a_correction_moves_the_visits(self):
        self.log.import_events([self.row("a", 1)])
        self.refresh()
        self.log.import_events([self.row("a", 2)])
        self.refresh()
        visit = self.env["crm.stage.visit"].search(
            [("lead_key", "=", self.lead.id), ("entered", "<", "2026-01-01")]
        )
        self.assertEqual(visit.entered, datetime(2025, 1, 2, 9))

    def test_an_event_stays_with_its_lead(self):
        other = self.make_lead()
        self.commit()
        self.log.import_events([self.row("a", 1)])
        field, message = self.refusal(self.row("a", 1, lead_id=other.id))
        self.assertEqual(field, "import_ref")
        self.assertIn("another opportunity", message)

    def test_an_event_of_another_company_stays(self):
        """Who may see the lead but not the event does not take its number."""
        self.lead.write({"company_id": False, "user_id": False})
        self.commit()
        self.log.import_events([self.row("1", company_id=self.company.id)])
        event = self.events()[0]
        stranger = self._user("stranger", "group_sale_manager", self.other_company)
        self.log = self.env[EVENT].with_user(stranger)
        self.log = self.log.with_context(allowed_company_ids=self.other_company.ids)
        for values in ({}, {"company_id": self.other_company.id}):
            refused = self.refusal(self.row("1", expected_revenue=7, **values))
            self.assertEqual(refused[0], "import_ref")
            said = self.log.import_events(
                [self.row("1", expected_revenue=7, **values)], dry_run=True
            )
            self.assertEqual(said["refused"][0]["field"], "import_ref")
        self.assertEqual(event.exists().expected_revenue, 50)
        self.log.import_events([self.row("2")])

    def test_twice_in_one_call(self):
        rows = [self.row("a", 1), self.row("b", 2), self.row("a", 3)]
        field, message = self.refusal(*rows)
        self.assertEqual(field, "import_ref")
        self.assertIn("Row 0", message)
        said = self.log.import_events(rows, dry_run=True)
        self.assertEqual([row["row"] for row in said["refused"]], [2])

    def test_dry_run(self):
        self.log.import_events([self.row("a", 1)])
        before = self.env[EVENT].search([])
        said = self.log.import_events(
            [self.row("a", 1), self.row("b", 2)], dry_run=True
        )
        self.assertEqual(said["done"], ["unchanged", "created"])
        said = self.log.import_events([self.row("a", 3)], dry_run=True)
        self.assertEqual(said["done"], ["updated"])
        self.assertEqual(self.env[EVENT].search([]), before)

    def test_nothing_comes_between_what_was_recorded(self):
        recorded = fields.Datetime.to_string(self.events()[0].at)
        field, message = self.refusal(self.row(), self.row("b", at=recorded))
        self.assertEqual(field, "at")
        self.assertIn("recorded since 2026-06-15 10:00:00", message)

    def test_history_of_the_lead_comes_first(self):
        """What Odoo's own tracking knows is not lost by an import."""
        self.sql("DELETE FROM crm_lead_event WHERE lead_key = %s", self.lead.id)
        self.sql(
            "UPDATE crm_lead SET create_date = '2026-01-01' WHERE id = %s", self.lead.id
        )
        self.log.import_events([self.row()])
        sources = self.events().mapped("source")
        self.assertEqual(sources[0], "import")
        self.assertIn("backfill", sources)
        field, _message = self.refusal(self.row("b", at="2026-01-02 00:00:00"))
        self.assertEqual(field, "at")

    def test_refused(self):
        for values, field in (
            ({"lead_id": 2_000_000_000}, "lead_id"),
            ({"lead_id": "1"}, "lead_id"),
            ({"lead_id": True}, "lead_id"),
            ({"stage_id": 2_000_000_000}, "stage_id"),
            ({"stage_id": False}, "stage_id"),
            ({"at": "yesterday"}, "at"),
            ({"at": False}, "at"),
            ({"import_ref": ""}, "import_ref"),
            ({"won_status": "maybe"}, "won_status"),
            ({"type": "deal"}, "type"),
            ({"expected_revenue": "much"}, "expected_revenue"),
            ({"date_deadline": "soon"}, "date_deadline"),
            ({"date_deadline": "0300-01-01"}, "date_deadline"),
            ({"expected_revenue": float("nan")}, "expected_revenue"),
            ({"recurring_revenue": float("inf")}, "recurring_revenue"),
            ({"expected_revenue": -(10**400)}, "expected_revenue"),
            ({"expected_revenue": True}, "expected_revenue"),
            ({"probability": 500}, "probability"),
            ({"probability": -1}, "probability"),
            ({"probability": float("nan")}, "probability"),
            ({"won_status": "lost"}, "won_status"),
            ({"won_status": "lost", "active": False, "probability": 5}, "won_status"),
            ({"won_status": "won"}, "won_status"),
            ({"user_id": {}}, "user_id"),
            ({"team_id": [1]}, "team_id"),
            ({"import_ref": ["a"]}, "import_ref"),
            ({"import_ref": 5}, "import_ref"),
            ({"active": "no"}, "active"),
            ({"type": []}, "type"),
            ({"at": "0999-12-31 00:00:00"}, "at"),
            ({"at": "9999-01-01 00:00:00"}, "at"),
            ({"at": "2025-01-01 %d"}, "at"),
            ({"at": 5}, "at"),
        ):
            with self.subTest(values):
                self.assertEqual(self.refusal(self.row(**values))[0], field)

    def test_what_goes(self):
        said = self.log.import_events(
            [
                self.row("a", 1, won_status="lost", active=False, probability=None),
                self.row("b", 2, won_status="won", stage_id=self.stage_won.id),
                self.row("c", 3, active=False, expected_revenue=None, user_id=None),
                self.row("d", 4, probability=100, date_deadline="2025-02-01"),
            ]
        )
        self.assertEqual(said, {"done": ["created"] * 4, "refused": []})

    def test_a_bad_moment_is_told_in_words(self):
        for moment in ("2025-01-01 %d", "yesterday"):
            self.assertIn(
                "Expected YYYY-MM-DD HH:MM:SS", self.refusal(self.row(at=moment))[1]
            )

    def test_bad_rows(self):
        for rows in (
            None,
            {"at": 1},
            [1],
            [{**self.row(), "source": "live"}],
            [{**self.row(), "lead_key": 1}],
            [{"import_ref": "a"}],
        ):
            with self.subTest(rows), self.assertRaises(ValidationError):
                self.log.import_events(rows)

    def test_for_managers_only(self):
        rows = [self.row()]
        for group in ("group_sale_salesman", "group_sale_salesman_all_leads"):
            user = self._user(f"import_{group}", group)
            with self.assertRaises(AccessError):
                self.env[EVENT].with_user(user).import_events(rows)

    def test_leads_that_one_may_not_see(self):
        stranger = self._user("stranger", "group_sale_manager", self.other_company)
        context = {"allowed_company_ids": self.other_company.ids}
        self.log = self.env(user=stranger, context=context)[EVENT]
        self.assertEqual(self.refusal(self.row())[0], "lead_id")
