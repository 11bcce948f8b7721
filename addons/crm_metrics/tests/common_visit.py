from .common_lead import LeadEventCase

VISIT = "crm.stage.visit"


class StageVisitCase(LeadEventCase):
    """A pipeline of four open stages and a won one, and what deals do in it.

    Fresh (100), Talk (101), Draft (102), Offer (103), Signed (104, won).
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stage_talk, cls.stage_draft = cls.env["crm.stage"].create(
            [{"name": "Talk", "sequence": 101}, {"name": "Draft", "sequence": 102}]
        )
        for stage, sequence in (
            (cls.stage_new, 100),
            (cls.stage_offer, 103),
            (cls.stage_won, 104),
        ):
            stage.sequence = sequence
        cls.env.cr.flush()

    def move(self, *stages, lead=None):
        """Move a deal through stages, a transaction each."""
        for stage in stages:
            (self.lead if lead is None else lead).stage_id = stage
            self.commit()

    def visits(self, lead=None):
        """End the transaction, refresh and return the visits of a lead, in order.

        :param lead: record, or number of one that is gone; default `self.lead`
        """
        self.commit()
        self.refresh()
        lead = self.lead if lead is None else lead
        key = lead if isinstance(lead, int) else lead.id
        return self.env[VISIT].search([("lead_key", "=", key)], order="visit_no")

    def told(self, *names, lead=None):
        """Return (name of the stage, outcome, fields...) of the visits of a lead."""
        return [
            (visit.stage_name, visit.outcome, *(visit[name] for name in names))
            for visit in self.visits(lead)
        ]

    def assertKept(self):
        """What refreshes have left is what a full rebuild gives."""
        self.commit()
        self.refresh()
        self.assertEqual(self.engine.audit([VISIT]), {VISIT: 0})
        self.env.invalidate_all()
