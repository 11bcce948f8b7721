from odoo import models

from .crm_metrics_source import written


class ResUsers(models.Model):
    _inherit = "res.users"

    def _write_multi(self, vals_list):
        moved = written(self, vals_list, {"company_id"})
        if not moved:
            return super()._write_multi(vals_list)
        # a purchase leaves one company's setting and comes under another's
        self.env["crm.purchase"]._push_without_company("user_id", moved)
        res = super()._write_multi(vals_list)
        self.env["crm.purchase"]._push_without_company("user_id", moved)
        self.env["crm.stage.visit"]._push_without_company("user_id", moved)
        return res

    def unlink(self):
        # the database clears the reference: no hook of the lead sees it
        self.env["crm.lead.event"]._note_those_of("user_id", self.ids)
        for fact in ("crm.stage.visit", "crm.purchase"):
            self.env[fact]._push_without_company("user_id", self.ids)
        return super().unlink()
