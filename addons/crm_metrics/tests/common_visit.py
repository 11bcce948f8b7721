from .common_lead import LeadEventCase

VISIT = "crm.stage.visit"


class StageVisitCase(LeadEventCase):
    """A pipeline of four open stages and a won one, and what deals do in it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stage_talk, cls.stage_draft = cls.env["crm.stage"].create(
            [{"name": "Talk", "sequence": 101}, {"name": "Draft", "sequence": 102}]
        )
        cls.stage_offer.sequence = 103
        cls.stage_won.sequence = 104
        cls.stage_new.sequence = 100
        cls.env.cr.flush()

    def visits(self, lead=None):
        """End the transaction, refresh and return the visits of a lead, in order."""
        self.commit()
        self.refresh()
        key = (self.lead if lead is None else lead).id
        return self.env[VISIT].search([("lead_key", "=", key)], order="visit_no")

    def told(self, *names, lead=None):
        """Return (stage, outcome, other fields...) of the visits of a lead."""
        return [
            (visit.stage_name, visit.outcome, *(visit[name] for name in names))
            for visit in self.visits(lead)
        ]

    def assertKept(self):
        """What refreshes have left is what a full rebuild gives."""
        self.commit()
        self.refresh()
        self.assertEqual(self.engine.audit([VISIT]), {VISIT: 0})
