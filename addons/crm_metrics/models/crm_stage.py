from odoo import api, models

from .crm_metrics_source import written

#: what says which stages lie between two others
ORDER = {"sequence", "is_won"}


class CrmStage(models.Model):
    _inherit = "crm.stage"

    @api.model_create_multi
    def create(self, vals_list):
        stages = super().create(vals_list)
        stages._metrics_reordered()
        return stages

    def write(self, vals):
        # links to many are written without passing `_write_multi`
        if "team_ids" not in vals:
            return super().write(vals)
        self._metrics_reordered()
        res = super().write(vals)
        self._metrics_reordered()
        return res

    def _write_multi(self, vals_list):
        Visit = self.env["crm.stage.visit"]
        moved = written(self, vals_list, ORDER)
        if moved:
            Visit._push_stages(moved)
        res = super()._write_multi(vals_list)
        if moved:
            Visit._push_stages(moved)
        if turned := written(self, vals_list, {"is_won"}):
            # Odoo itself writes only those that are active and may be read
            self.env["crm.lead.event"]._note_those_of("stage_id", turned)
        return res

    def unlink(self):
        self._metrics_reordered()
        return super().unlink()

    def _metrics_reordered(self):
        """Queue the deals for which it matters where these stages stand."""
        if self.ids:
            self.flush_recordset()
            self.env["crm.stage.visit"]._push_stages(self.ids)
