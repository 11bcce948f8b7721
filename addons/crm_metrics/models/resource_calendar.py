from odoo import models
from odoo.tools import SQL

from .crm_metrics_source import written


class ResourceCalendar(models.Model):
    _inherit = "resource.calendar"

    def _write_multi(self, vals_list):
        res = super()._write_multi(vals_list)
        if moved := written(self, vals_list, {"tz"}):
            # days begin and end elsewhere
            self.env["crm.purchase"]._queue_companies(
                SQL(
                    """company_id IN (SELECT id FROM res_company
                                       WHERE resource_calendar_id = ANY(%s))""",
                    moved,
                )
            )
        return res
