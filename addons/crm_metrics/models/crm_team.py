from odoo import models
from odoo.tools import SQL


class CrmTeam(models.Model):
    _inherit = "crm.team"

    def _write_multi(self, vals_list):
        moved = [
            team.id
            for team, vals in zip(self, vals_list, strict=True)
            if "company_id" in vals
        ]
        if moved:
            self._queue_won_leads(moved)
        res = super()._write_multi(vals_list)
        if moved:
            self._queue_won_leads(moved)
            self.env["crm.stage.visit"]._push_without_company("team_id", moved)
        return res

    def unlink(self):
        # the database clears the reference: no hook of the lead sees it
        self.env["crm.lead.event"]._note_those_of("team_id", self.ids)
        self._queue_won_leads(self.ids)
        self.env["crm.stage.visit"]._push_without_company("team_id", self.ids)
        return super().unlink()

    def _queue_won_leads(self, ids):
        """Queue the customers of won opportunities that have their company from here.

        :param ids: of teams
        """
        self.env["crm.metrics.queue"]._push(
            "crm.purchase",
            self.env["crm.lead"]._purchase_keys(
                SQL("l.company_id IS NULL AND l.team_id = ANY(%s)", ids)
            ),
        )
