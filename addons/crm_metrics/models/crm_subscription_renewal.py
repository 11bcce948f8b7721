from datetime import timedelta

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL, format_amount, format_date, split_every

RENEWAL = "crm_metrics.mail_activity_type_renewal"


class CrmSubscription(models.Model):
    """Nobody forgets a term that runs out."""

    _inherit = "crm.subscription"

    renewal_planned_for = fields.Date(
        copy=False,
        readonly=True,
        help="The end for which an activity was planned: once for each.",
    )

    def _renewals_due(self, company):
        """Return the domain of what runs out soon and has no activity yet."""
        today = company._metrics_today()
        until = today + timedelta(company.crm_metrics_renewal_days)
        return (
            Domain("company_id", "=", company.id)
            & Domain("date_end", ">=", today)
            & Domain("date_end", "<=", until)
            & Domain("close_reason_id", "=", False)
            & Domain("user_id", "!=", False)
            & Domain.custom(
                to_sql=lambda model, alias, query: SQL(
                    "%s IS DISTINCT FROM %s",
                    model._field_to_sql(alias, "renewal_planned_for", query),
                    model._field_to_sql(alias, "date_end", query),
                )
            )
        )

    def _cron_plan_renewals(self, batch_size=100):
        """Plan an activity for each term that runs out soon, once for each end."""
        companies = self.env["res.company"].search(
            [("crm_metrics_renewal_days", ">", 0)]
        )
        for company in companies:
            due = self.with_company(company).search(self._renewals_due(company))
            for ids in split_every(batch_size, due.ids):
                due.browse(ids)._plan_renewal()
                # what is planned stays planned if a later one fails
                if not self.env["ir.cron"]._commit_progress(len(ids)):
                    return

    def _plan_renewal(self):
        today = self.env.company._metrics_today()
        ahead = timedelta(self.env.company.crm_metrics_renewal_days)
        for subscription in self:
            user = subscription.user_id
            if not user.active or not subscription.with_user(user).has_access("read"):
                # somebody who left; Odoo would refuse the activity
                continue
            seller = subscription.with_context(lang=user.lang)
            subscription.activity_schedule(
                RENEWAL,
                date_deadline=max(today, subscription.date_end - ahead),
                user_id=user.id,
                summary=seller.env._(
                    "Renewal due: ends on %(day)s, MRR %(mrr)s",
                    day=format_date(seller.env, subscription.date_end),
                    mrr=format_amount(
                        seller.env, subscription.mrr, subscription.currency_id
                    ),
                ),
            )
            subscription.renewal_planned_for = subscription.date_end

    def _forget_renewal(self, done=False):
        """Take the activity away: it was done, or there is nothing to renew."""
        if done:
            self.activity_feedback([RENEWAL])
        else:
            self.activity_unlink([RENEWAL])
