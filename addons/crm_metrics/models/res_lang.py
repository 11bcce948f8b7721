from odoo import models


class ResLang(models.Model):
    _inherit = "res.lang"

    def write(self, vals):
        result = super().write(vals)
        if vals.get("active"):
            programs = self.env["crm.nps.program"].sudo()
            programs = programs.with_context(active_test=False, lang="en_US")
            programs.search([])._translate_texts(self.mapped("code"))
        return result
