from odoo import models


class CrmStage(models.Model):
    _inherit = "crm.stage"

    def _write_multi(self, vals_list):
        res = super()._write_multi(vals_list)
        turned = [
            stage.id
            for stage, vals in zip(self, vals_list, strict=True)
            if "is_won" in vals
        ]
        if turned:
            # Odoo itself writes only those that are active and may be read
            self.env["crm.lead.event"]._note_those_of("stage_id", turned)
        return res
