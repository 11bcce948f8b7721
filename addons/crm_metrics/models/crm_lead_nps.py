from odoo import api, fields, models
from odoo.fields import Domain

from .crm_nps_answer import BUCKETS
from .res_partner_purchases import GROUP

ANSWER = "crm.nps.answer"


class CrmLead(models.Model):
    """What the customer of an opportunity thinks, and what was said of the deal.

    Of the contact, or where it has not answered, of somebody of its account.
    """

    _inherit = "crm.lead"

    crm_nps_bucket = fields.Selection(
        BUCKETS,
        string="Feedback of the Customer",
        compute="_compute_crm_nps",
        search="_search_crm_nps_bucket",
        groups=GROUP,
    )
    crm_nps_score = fields.Integer(
        string="Last Score of the Customer",
        compute="_compute_crm_nps",
        aggregator=None,
        groups=GROUP,
    )
    crm_nps_account_score = fields.Integer(
        string="NPS of the Customer",
        compute="_compute_crm_nps",
        aggregator=None,
        groups=GROUP,
    )
    crm_nps_account_votes = fields.Integer(
        string="Votes of the Customer",
        compute="_compute_crm_nps",
        aggregator=None,
        groups=GROUP,
    )
    crm_nps_answer_count = fields.Integer(
        string="Number of Answers",
        compute="_compute_crm_nps_answer_count",
        aggregator=None,
        groups=GROUP,
    )

    @api.depends("partner_id")
    @api.depends_context("company", "allowed_company_ids", "uid")
    def _compute_crm_nps(self):
        for lead in self:
            contact = lead.partner_id
            who = contact if contact.crm_nps_bucket else contact.commercial_partner_id
            lead.crm_nps_bucket = who.crm_nps_bucket
            lead.crm_nps_score = who.crm_nps_score
            lead.crm_nps_account_score = contact.crm_nps_account_score
            lead.crm_nps_account_votes = contact.crm_nps_account_votes

    @api.depends("partner_id")
    @api.depends_context("company", "allowed_company_ids", "uid")
    def _compute_crm_nps_answer_count(self):
        accounts = self.partner_id.commercial_partner_id
        groups = self.env[ANSWER]._read_group(
            self._crm_nps_answers_domain(accounts),
            ["account_id", "lead_id"],
            ["__count"],
        )
        for lead in self:
            account = lead.partner_id.commercial_partner_id
            lead.crm_nps_answer_count = sum(
                count
                for its_account, its_lead, count in groups
                if its_lead == lead._origin or (account and its_account == account)
            )

    @api.model
    def _search_crm_nps_bucket(self, operator, value):
        if operator != "in":
            return NotImplemented
        buckets = [bucket for bucket in value if bucket]
        contact, account = "partner_id", "partner_id.commercial_partner_id"
        domain = Domain(f"{contact}.crm_nps_bucket", "in", buckets) | (
            Domain(f"{contact}.crm_nps_bucket", "=", False)
            & Domain(f"{account}.crm_nps_bucket", "in", buckets)
        )
        if len(buckets) < len(value):
            domain |= Domain(contact, "=", False) | (
                Domain(f"{contact}.crm_nps_bucket", "=", False)
                & Domain(f"{account}.crm_nps_bucket", "=", False)
            )
        return domain

    def _crm_nps_answers_domain(self, accounts):
        """Return the domain of what was said of these deals, and by these accounts."""
        return (
            Domain("company_id", "=", self.env.company.id)
            & Domain("test", "=", False)
            & (
                Domain("lead_id", "in", self._origin.ids)
                | Domain("account_id", "in", accounts._origin.ids)
            )
        )

    # ------------------------------------------------------------------
    # ways out
    # ------------------------------------------------------------------

    def action_view_crm_nps_answers(self):
        """Open what was said of this deal, and else by its customer."""
        self.ensure_one()
        self.check_access("read")
        accounts = self.partner_id.commercial_partner_id
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "crm_metrics.crm_nps_answer_action"
            ),
            "domain": list(self._crm_nps_answers_domain(accounts)),
            "context": {},
        }

    def action_crm_nps_ask(self):
        """Open the dialogue that asks for feedback on these deals."""
        self.check_access("read")
        return self.env["crm.nps.ask"]._action_for(self)
