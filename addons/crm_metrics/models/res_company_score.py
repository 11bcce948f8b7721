from odoo import fields, models


class ResCompany(models.Model):
    """What lifetime values of customers are computed with."""

    _inherit = "res.company"

    crm_metrics_margin = fields.Float(
        string="Margin (%)",
        help="So much of revenue is left after what it costs; 0: not known, then there "
        "are no lifetime values.",
    )
    crm_metrics_lifetime_years = fields.Float(
        string="Years as a Customer",
        help="So long a customer stays, on average; 0: not known, then there are no "
        "lifetime values.",
    )

    _crm_metrics_margin_in_range = models.Constraint(
        "CHECK (crm_metrics_margin BETWEEN 0 AND 100)",
        "Margin: it lies between 0 and 100 %.",
    )
    _crm_metrics_lifetime_not_negative = models.Constraint(
        "CHECK (crm_metrics_lifetime_years >= 0)",
        "Years as a Customer: they cannot be negative.",
    )
