from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError

from ..models.crm_nps_judge import Judge

#: more than so many are counted instead of named
NAMES = 20


class CrmNpsAsk(models.TransientModel):
    """Ask contacts, or those of opportunities, by hand."""

    _name = "crm.nps.ask"
    _description = "Ask for Feedback"

    program_id = fields.Many2one(
        "crm.nps.program",
        required=True,
        domain="[('state', '=', 'running')]",
        default=lambda self: self._default_program_id(),
    )
    # those that are archived, too: they get a row with the reason
    partner_ids = fields.Many2many(
        "res.partner", string="Contacts", context={"active_test": False}
    )
    lead_ids = fields.Many2many(
        "crm.lead", string="Opportunities", context={"active_test": False}
    )
    #: instead of too many names
    notice = fields.Char(string="Whom", compute="_compute_notice")
    #: why this user may not ask them
    refusal = fields.Char(compute="_compute_refusal")
    planned_count = fields.Integer(string="Will Be Asked", compute="_compute_preview")
    skipped = fields.Text(string="Will Not Be Asked", compute="_compute_preview")

    def _default_program_id(self):
        domain = [("state", "=", "running")]
        programs = self.env["crm.nps.program"].search(domain, limit=2)
        return programs if len(programs) == 1 else False

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        # the action menu of a list, or of a form
        name = {"res.partner": "partner_ids", "crm.lead": "lead_ids"}.get(
            self.env.context.get("active_model")
        )
        if name in fields and name not in values:
            ids = self.env.context.get("active_ids")
            values[name] = [Command.set(ids or [])]
        return values

    @api.model
    def _action_for(self, records):
        """Return the action that opens this dialog.

        :param records: contacts or opportunities
        """
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_metrics.crm_nps_ask_action"
        )
        name = "lead_ids" if records._name == "crm.lead" else "partner_ids"
        action["context"] = {f"default_{name}": records.ids}
        return action

    @api.depends("partner_ids", "lead_ids")
    def _compute_notice(self):
        for wizard in self:
            contacts, leads = len(wizard.partner_ids), len(wizard.lead_ids)
            wizard.notice = False
            if contacts > NAMES:
                wizard.notice = self.env._("%(count)s contacts", count=contacts)
            elif leads > NAMES:
                wizard.notice = self.env._("%(count)s opportunities", count=leads)

    @api.depends("program_id", "partner_ids", "lead_ids")
    @api.depends_context("uid")
    def _compute_refusal(self):
        user = self.env.user
        sees_all = user.has_group("sales_team.group_sale_salesman_all_leads")
        for wizard in self:
            wizard.partner_ids._origin.check_access("read")
            wizard.lead_ids._origin.check_access("read")
            # who stands on an opportunity may be out of this user's sight
            leads = wizard.sudo().lead_ids
            partners = wizard.sudo().partner_ids | leads.partner_id
            others = partners.commercial_partner_id.filtered(
                lambda account: account.user_id and account.user_id != user
            )
            company = wizard.program_id.company_id
            elsewhere = [
                record.display_name
                for record in (*partners, *leads)
                if company and record.company_id and record.company_id != company
            ]
            wizard.refusal = False
            if others and not sees_all:
                wizard.refusal = self.env._(
                    "Somebody else looks after %(names)s. Only they and users who see "
                    "all documents can ask them.",
                    names=", ".join(others[:5].mapped("display_name")),
                )
            elif elsewhere:
                wizard.refusal = self.env._(
                    "%(program)s asks for %(company)s, and these belong to another "
                    "company: %(names)s.",
                    program=wizard.program_id.name,
                    company=company.name,
                    names=", ".join(elsewhere[:5]),
                )

    @api.depends("program_id", "partner_ids", "lead_ids")
    def _compute_preview(self):
        labels = dict(
            self.env["crm.nps.invitation"]
            ._fields["skip_reason"]
            ._description_selection(self.env)
        )
        for wizard in self:
            considered = []
            if wizard.program_id:
                considered = Judge(
                    wizard.program_id._origin.sudo(),
                    wizard._candidates("preview"),
                    sample=False,
                ).judge()
            reasons = [one.skip_reason for one in considered if one.skip_reason]
            counts = {reason: reasons.count(reason) for reason in labels}
            wizard.planned_count = len(considered) - len(reasons)
            wizard.skipped = "\n".join(
                f"{count} × {labels[reason]}"
                for reason, count in counts.items()
                if count
            )

    def action_ask(self):
        """Make invitations, which are sent as soon as the program allows it.

        :raise AccessError: somebody else looks after one of these accounts, or another
            company
        :raise UserError: the program does not run
        """
        self.ensure_one()
        self._check_allowed()
        if self.program_id.state != "running":
            raise UserError(
                self.env._("Start %(name)s first.", name=self.program_id.name)
            )
        now = fields.Datetime.now()
        batch = f"batch,{fields.Datetime.to_string(now)}-{self.env.uid}"
        invitations = self.program_id._consider(self._candidates(batch), sample=False)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_metrics.crm_nps_invitation_action"
        )
        action["domain"] = [("id", "in", invitations.ids)]
        action["context"] = {}
        return action

    def _check_allowed(self):
        """Let sellers ask those whose answers they will see."""
        self.program_id.check_access("read")
        self.partner_ids.check_access("read")
        self.lead_ids.check_access("read")
        if self.refusal:
            raise AccessError(self.refusal)

    def _candidates(self, wave):
        """Return whom to consider: contacts, and who stands on opportunities."""
        candidates = [
            {
                "partner_id": partner.id,
                "lang": partner.lang,
                "res_model": "res.partner",
                "res_id": partner.id,
                "wave": wave,
            }
            for partner in self.partner_ids._origin
        ]
        for lead in self.lead_ids._origin:
            partner = lead.partner_id
            candidates.append(
                {
                    "partner_id": partner.id,
                    "email": partner.email_normalized or lead.email_normalized,
                    "lang": partner.lang or lead.lang_id.code,
                    "res_model": "crm.lead",
                    "res_id": lead.id,
                    "lead_id": lead.id,
                    "wave": wave,
                    "customer": lead.won_status == "won",
                }
            )
        return candidates
