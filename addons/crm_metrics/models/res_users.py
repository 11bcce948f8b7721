from odoo import models


class ResUsers(models.Model):
    _inherit = "res.users"

    def unlink(self):
        # the database clears the reference: no hook of the lead sees it
        self.env["crm.lead.event"]._note_those_of("user_id", self.ids)
        return super().unlink()
