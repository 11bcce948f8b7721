from datetime import datetime, timedelta
from unittest.mock import patch

from .common import CrmMetricsCommon

EVENT = "crm.lead.event"


class LeadEventCase(CrmMetricsCommon):
    """A pipeline, and a clock: a test is one transaction, the log is about many."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.engine = cls.env["crm.metrics.engine"]
        cls.stage_new, cls.stage_offer, cls.stage_won = cls.env["crm.stage"].create(
            [
                {"name": "Fresh", "sequence": 101},
                {"name": "Offer", "sequence": 102},
                {"name": "Signed", "sequence": 103, "is_won": True},
            ]
        )
        cls.reason = cls.env["crm.lost.reason"].create({"name": "Too slow"})
        cls.env.cr.flush()

    def setUp(self):
        super().setUp()
        self.clock = datetime(2026, 6, 15, 10)
        self.enterContext(patch.object(self.env.cr, "now", lambda: self.clock))
        self.lead = self.make_lead()
        self.commit()

    def make_lead(self, **values):
        return self.env["crm.lead"].create(
            {
                "name": "Deal",
                "type": "opportunity",
                "company_id": self.company.id,
                "user_id": self.seller.id,
                "team_id": self.team.id,
                "stage_id": self.stage_new.id,
                "expected_revenue": 100,
                **values,
            }
        )

    def commit(self):
        """End the transaction; the next one begins an hour later."""
        self.env.cr.flush()
        self.clock += timedelta(hours=1)

    def sql(self, statement, *params):
        self.env.flush_all()
        self.env.cr.execute(statement, params)
        self.env.invalidate_all()

    def events(self, lead=None):
        """Return the events of a lead, in order."""
        key = (self.lead if lead is None else lead).id
        return self.env[EVENT].search([("lead_key", "=", key)], order="at, id")

    def added(self, lead=None):
        """End the transaction and return the events that it added to a lead."""
        before = self.events(lead)
        moment = self.clock
        self.commit()
        added = self.events(lead) - before
        self.assertTrue(all(event.at == moment for event in added if event.exact))
        return added

    def assertAdded(self, lead=None, **values):
        """End the transaction: it added one event to a lead, which says so."""
        event = self.added(lead)
        self.assertEqual(len(event), 1)
        for name, value in values.items():
            self.assertEqual(event[name], value, name)
        return event

    def assertUnchanged(self, lead=None):
        """End the transaction: it added no event to a lead."""
        self.assertFalse(self.added(lead))

    def audit(self):
        """Audit the log and return how many events that added."""
        added = self.engine.audit([EVENT])[EVENT]
        self.clock += timedelta(hours=1)
        self.env.invalidate_all()
        return added
