from odoo import models


class CrmTeam(models.Model):
    _inherit = "crm.team"

    def unlink(self):
        # the database clears the reference: no hook of the lead sees it
        self.env["crm.lead.event"]._note_those_of("team_id", self.ids)
        return super().unlink()
