from odoo import models
from odoo.http import request


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _dispatch(cls, endpoint):
        if endpoint.routing.get("crm_nps"):
            # Odoo hands over what an address or a form names as keyword arguments; of
            # this name it has one already, and would fail before a page is reached
            request.params.pop("self", None)
        return super()._dispatch(endpoint)
