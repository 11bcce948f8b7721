from odoo import models


class ResLang(models.Model):
    _inherit = "res.lang"

    def write(self, vals):
        result = super().write(vals)
        if vals.get("active"):
            programs = self.env["crm.nps.program"].sudo().with_context(lang="en_US")
            # those that are archived, too
            programs = programs.search([("active", "in", [True, False])])
            programs._translate_texts(self.mapped("code"))
        return result
