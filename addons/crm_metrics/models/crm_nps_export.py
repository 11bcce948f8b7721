from odoo import models

#: how text begins that a spreadsheet may take for a formula (CWE-1236); the last one is
#: an array formula of the library that writes Odoo's XLSX files
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "{=")


def as_text(value):
    """Return a value that a spreadsheet takes for text if it is text."""
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value


class CrmNpsExport(models.AbstractModel):
    """What strangers have written leaves the database as text, not as a formula.

    Odoo's CSV export looks after the first three kinds only, and its XLSX export after
    none.
    """

    _name = "crm.nps.export"
    _description = "Export without Formulas"

    def _export_rows(self, fields, *, _is_toplevel_call=True):
        rows = super()._export_rows(fields, _is_toplevel_call=_is_toplevel_call)
        return [[as_text(value) for value in row] for row in rows]


class CrmNpsAnswer(models.Model):
    _name = "crm.nps.answer"
    _inherit = ["crm.nps.answer", "crm.nps.export"]


class CrmNpsInvitation(models.Model):
    _name = "crm.nps.invitation"
    _inherit = ["crm.nps.invitation", "crm.nps.export"]
