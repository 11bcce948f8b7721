from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class ResPartner(models.Model):
    """Whether a contact may be asked by surveys."""

    _inherit = "res.partner"

    crm_nps_consent = fields.Boolean(
        string="Agreed to Surveys",
        tracking=True,
        groups="sales_team.group_sale_salesman",
        help="NPS programs whose legal basis is consent ask such contacts alone.",
    )
    crm_nps_suppressed = fields.Selection(
        [("opted_out", "Opted out of surveys"), ("erased", "Data erased")],
        string="Never Asked",
        compute="_compute_crm_nps_suppressed",
        groups="sales_team.group_sale_salesman",
        help="NPS programs never ask this contact.",
    )

    @api.depends("email_normalized")
    def _compute_crm_nps_suppressed(self):
        suppression = self.env["crm.nps.suppression"].sudo()
        # the list goes with whoever gets another address
        self._origin.flush_recordset(["email_normalized"])
        keys = {
            partner: suppression._person_key(partner.email_normalized, partner._origin)
            for partner in self
        }
        reasons = suppression._suppressed(keys.values())
        for partner in self:
            partner.crm_nps_suppressed = reasons.get(keys[partner])

    def action_nps_allow(self):
        """Allow surveys again to who opted out; not to whose data was erased.

        :raise AccessError: the caller is no sales administrator
        """
        self.ensure_one()
        if not self.env.user.has_group("sales_team.group_sale_manager"):
            raise AccessError(
                self.env._("Only sales administrators may allow surveys again.")
            )
        self.check_access("write")
        if self.crm_nps_suppressed != "opted_out":
            raise UserError(self.env._("This contact has not opted out of surveys."))
        self.env["crm.nps.suppression"].sudo()._allow(self)
        self.message_post(body=self.env._("Surveys are allowed again."))
