from odoo import fields, models


class CrmNpsTag(models.Model):
    """What a comment is about."""

    _name = "crm.nps.tag"
    _description = "NPS Tag"
    _order = "name"

    name = fields.Char(required=True, translate=True)
    color = fields.Integer()

    _one_name = models.Constraint("UNIQUE (name)", "There is such a tag already.")
