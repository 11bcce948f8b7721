from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models


class CrmSubscriptionRenew(models.TransientModel):
    """A new term, on time or late, with the old prices or new ones."""

    _name = "crm.subscription.renew"
    _inherit = ["crm.subscription.wizard"]
    _description = "Renew a Subscription"

    last_day = fields.Date(string="Runs Until", compute="_compute_last_day")
    close_reason_id = fields.Many2one(related="subscription_id.close_reason_id")
    date = fields.Date(
        string="From",
        required=True,
        compute="_compute_date",
        store=True,
        readonly=False,
        precompute=True,
        help="First day of the renewal. The day after the last one: no gap.",
    )
    date_end = fields.Date(
        string="New End",
        compute="_compute_date_end",
        store=True,
        readonly=False,
        precompute=True,
        help="New last day; empty: open-ended.",
    )
    notice = fields.Char(compute="_compute_notice")
    terms_ids = fields.One2many(
        "crm.subscription.terms",
        "renew_id",
        string="Lines",
        compute="_compute_terms_ids",
        store=True,
        readonly=False,
        help="What is renewed. A line that is taken out here ends with the old term.",
    )

    @api.depends("subscription_id")
    def _compute_last_day(self):
        for wizard in self:
            subscription = wizard.subscription_id
            wizard.last_day = subscription and subscription._term()[1]

    @api.depends("subscription_id")
    def _compute_date(self):
        for wizard in self:
            today = wizard._today()
            last = wizard.last_day
            wizard.date = max(last + timedelta(1), today) if last else today

    @api.depends("subscription_id", "date")
    def _compute_date_end(self):
        for wizard in self:
            lines = wizard._renewable_lines()
            months = [plan._whole_months() for plan in lines.recurring_plan_id]
            wizard.date_end = wizard.date and (
                wizard.date + relativedelta(months=max(12, *months, 0), days=-1)
            )

    @api.depends("date", "last_day")
    def _compute_notice(self):
        self.notice = False
        for wizard in self:
            if not wizard.date or not wizard.last_day:
                continue
            days = (wizard.date - wizard.last_day).days - 1
            if days <= 0:
                continue
            if days <= wizard.subscription_id.company_id.crm_metrics_grace_days:
                wizard.notice = self.env._(
                    "%(days)s days late, within the grace of your company: unless the "
                    "customer has something else, the old rate counts until then.",
                    days=days,
                )
            else:
                wizard.notice = self.env._(
                    "%(days)s days without: the old lines keep their end. A customer "
                    "who had nothing else was lost and comes back.",
                    days=days,
                )

    @api.depends("subscription_id")
    def _compute_terms_ids(self):
        for wizard in self:
            lines = wizard._renewable_lines()
            wizard.terms_ids = wizard.terms_ids._rows(wizard.terms_ids, lines)

    def _renewable_lines(self):
        subscription = self.subscription_id
        return (
            subscription._renewable_lines() if subscription else subscription.line_ids
        )

    def _apply(self):
        self.subscription_id._renew(
            self.date,
            self.date_end,
            lines=self.terms_ids.line_id,
            changes=self.terms_ids._changes(),
        )
