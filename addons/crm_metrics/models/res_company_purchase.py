from odoo import api, fields, models
from odoo.tools import SQL

from .crm_metrics_source import written

#: what the purchases of a company depend on: which documents they are, in which zone
#: their days lie, and to what amounts in other currencies are rounded
MOVES_ALL = {"crm_metrics_purchase_source", "resource_calendar_id", "currency_id"}


class ResCompany(models.Model):
    """Where the purchases of a company come from."""

    _inherit = "res.company"

    crm_metrics_purchase_source = fields.Selection(
        [("won", "Won opportunities")],
        string="Source of Purchases",
        help="Which documents count as purchases, beside imported ones. Empty: posted "
        "customer invoices where Invoicing is installed, else won opportunities.",
    )

    def _write_multi(self, vals_list):
        res = super()._write_multi(vals_list)
        if moved := written(self, vals_list, MOVES_ALL):
            self._queue_purchases(moved)
        return res

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        self._queue_purchases([])
        return companies

    def unlink(self):
        # a win of this company may fall to that of its team or salesperson
        self._queue_purchases(self.ids)
        return super().unlink()

    def _queue_purchases(self, ids):
        """Queue the customers of companies, and those of documents without one.

        Whether these are listed hangs on what all companies count.
        """
        self.env["crm.purchase"]._queue_companies(
            SQL("company_id = ANY(%s) OR company_id IS NULL", ids)
        )

    @api.model
    def _metrics_day_sql(self, moment):
        """Return the SQL of the day on which a moment lies in a company.

        To be used where `c` is the company.

        :param SQL moment: timestamp, in UTC
        """
        return SQL(
            """(%s AT TIME ZONE 'UTC' AT TIME ZONE COALESCE(
                   (SELECT calendar.tz FROM resource_calendar calendar
                     WHERE calendar.id = c.resource_calendar_id), 'UTC'))::date""",
            moment,
        )
