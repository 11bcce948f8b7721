import logging

import pytz
from psycopg2 import IntegrityError

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import SQL

_logger = logging.getLogger(__name__)


class CrmLead(models.Model):
    _inherit = "crm.lead"

    crm_subscription_ids = fields.One2many(
        "crm.subscription", "lead_id", string="Subscriptions"
    )
    crm_subscription_count = fields.Integer(
        string="Number of Subscriptions", compute="_compute_crm_subscription_count"
    )
    crm_subscription_due = fields.Boolean(
        string="Subscription to Create",
        compute="_compute_crm_subscription_due",
        help="Won with recurring revenue, and no subscription yet.",
    )

    @api.depends("crm_subscription_ids")
    def _compute_crm_subscription_count(self):
        counts = dict(
            self.env["crm.subscription"]._read_group(
                [("lead_id", "in", self.ids)], ["lead_id"], ["__count"]
            )
        )
        for lead in self:
            lead.crm_subscription_count = counts.get(lead._origin, 0)

    @api.depends(
        "won_status", "recurring_revenue", "recurring_plan", "crm_subscription_ids"
    )
    def _compute_crm_subscription_due(self):
        for lead in self:
            lead.crm_subscription_due = not lead._crm_subscription_obstacle()

    @api.depends(
        "recurring_revenue",
        "recurring_plan.interval_number",
        "recurring_plan.interval_type",
    )
    def _compute_recurring_revenue_monthly(self):
        res = super()._compute_recurring_revenue_monthly()
        # the expected MRR of plans by days and weeks, which have no months
        for lead in self:
            plan = lead.recurring_plan
            if plan.interval_type in ("day", "week"):
                lead.recurring_revenue_monthly = (
                    plan._per_month(lead.recurring_revenue) or 0
                )
        return res

    # ------------------------------------------------------------------
    # a win
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        leads = super().create(vals_list)
        won = leads.filtered(
            lambda lead: lead.stage_id.is_won and lead.won_status == "won"
        )
        won._subscribe_won()
        return leads

    def write(self, vals):
        if not self._may_win(vals):
            return super().write(vals)
        before = self.filtered(lambda lead: lead.won_status != "won")
        res = super().write(vals)
        before.filtered(lambda lead: lead.won_status == "won")._subscribe_won()
        return res

    def _may_win(self, vals):
        """Tell whether values may win a lead: most writes are spared all else."""
        if stage_id := vals.get("stage_id"):
            return self.env["crm.stage"].browse(stage_id).is_won
        return vals.get("probability") == 100

    def _subscribe_won(self):
        """Create what was sold, where the company wants that; never stop a win."""
        for lead in self:
            company = lead._crm_subscription_company()
            if company.crm_metrics_won_subscription != "automatic":
                continue
            if lead._crm_subscription_obstacle():
                continue
            try:
                with self.env.cr.savepoint():
                    lead._create_crm_subscription()
            except (UserError, IntegrityError) as error:
                _logger.info("No subscription for won lead %s: %s", lead.id, error)
                lead._ask_for_subscription(str(error))

    def _ask_for_subscription(self, reason):
        """Let the salesperson do what could not be done automatically."""
        summary = self.env._("Create the subscription of this won opportunity")
        lead_sudo = self.sudo()
        if user := lead_sudo.user_id:
            lead_sudo.activity_schedule(
                "mail.mail_activity_data_todo",
                user_id=user.id,
                summary=summary,
                note=reason,
            )
        else:
            lead_sudo.message_post(
                body=self.env._(
                    "%(summary)s: %(reason)s", summary=summary, reason=reason
                )
            )

    # ------------------------------------------------------------------
    # subscription of a won opportunity
    # ------------------------------------------------------------------

    def action_create_crm_subscription(self):
        """Create the subscription that was sold and open it."""
        self.ensure_one()
        self.check_access("write")
        self.env["crm.subscription"].check_access("create")
        if obstacle := self._crm_subscription_obstacle():
            raise UserError(obstacle)
        return self._create_crm_subscription()._get_records_action()

    def action_view_crm_subscriptions(self):
        """Open the subscriptions that this opportunity brought."""
        self.ensure_one()
        self.check_access("read")
        subscriptions = self.env["crm.subscription"].search([("lead_id", "=", self.id)])
        action = subscriptions._get_records_action(name=self.env._("Subscriptions"))
        # one more of this deal, entered by hand
        lead_sudo = self.sudo()
        action["context"] = {
            "default_lead_id": self.id,
            "default_partner_id": lead_sudo.partner_id.id,
        }
        return action

    def _crm_subscription_obstacle(self):
        """Return why no subscription can be made of a lead, or None."""
        self.ensure_one()
        # hidden from those who do not use recurring revenue, not secret
        lead_sudo = self.sudo()
        if lead_sudo.type != "opportunity" or lead_sudo.won_status != "won":
            return self.env._("Stage: the opportunity is not won.")
        if lead_sudo.recurring_revenue <= 0 or not lead_sudo.recurring_plan:
            return self.env._(
                "Recurring Revenue: enter the amount and the plan of one period."
            )
        if lead_sudo.with_context(active_test=False).crm_subscription_ids:
            return self.env._("Subscriptions: the opportunity has one already.")
        return None

    def _crm_subscription_company(self):
        """Return the company in which a lead's subscription is made."""
        lead_sudo = self.sudo()
        return (
            lead_sudo.company_id
            or lead_sudo.team_id.company_id
            or (lead_sudo.user_id.company_id & self.env.companies)
            or self.env.company
        )

    def _create_crm_subscription(self):
        """Create what was sold, once.

        :raise UserError: the opportunity names no customer
        """
        self.ensure_one()
        # Of two who do this at once the second gets a serialization failure, so
        # that it is tried again and finds what the first one made.
        self.flush_recordset()
        self.env.cr.execute(SQL("UPDATE crm_lead SET id = id WHERE id = %s", self.id))
        if not self.partner_id and not (
            self.partner_name or self.contact_name or self.email_from
        ):
            raise UserError(
                self.env._("Customer: the opportunity names neither one nor a contact.")
            )
        company = self._crm_subscription_company()
        self = self.with_company(company)
        self._handle_partner_assignment(create_missing=True)
        lead_sudo = self.sudo()
        closed = lead_sudo.date_closed or fields.Datetime.now()
        day = pytz.utc.localize(closed).astimezone(company._metrics_tz()).date()
        return self.env["crm.subscription"].create(
            {
                "name": self.name,
                "partner_id": self.partner_id.id,
                "company_id": company.id,
                "currency_id": lead_sudo.company_currency.id,
                "user_id": self.user_id.id,
                "team_id": self.team_id.id,
                "lead_id": self.id,
                "date_start": day,
                "line_ids": [
                    Command.create(
                        {
                            "name": self.name,
                            "recurring_plan_id": lead_sudo.recurring_plan.id,
                            "price_unit": lead_sudo.recurring_revenue,
                        }
                    )
                ],
            }
        )

    def _merge_dependences(self, opportunities):
        res = super()._merge_dependences(opportunities)
        # the merged ones are deleted: what they brought goes with the one that stays
        subscriptions_sudo = opportunities.sudo().with_context(active_test=False)
        subscriptions_sudo = subscriptions_sudo.crm_subscription_ids
        if self.company_id:
            subscriptions_sudo = subscriptions_sudo.filtered(
                lambda subscription: subscription.company_id == self.company_id
            )
        subscriptions_sudo.lead_id = self
        return res
