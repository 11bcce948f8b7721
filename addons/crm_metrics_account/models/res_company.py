from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    crm_metrics_purchase_source = fields.Selection(
        selection_add=[("invoice", "Customer invoices")],
        ondelete={"invoice": "set null"},
    )
