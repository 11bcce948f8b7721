from odoo import api, models
from odoo.exceptions import UserError

from .crm_metrics_purchases import PURCHASE

#: so many customers at most are refreshed while somebody waits for a run
AT_ONCE = 20_000


class CrmCustomerScoreRun(models.Model):
    _inherit = "crm.customer.score.run"

    @api.model
    def action_score_now(self):
        """Score the customers of the selected companies as of today.

        A run of today is made anew.

        :return: ids of the runs
        :raise AccessError: the caller is no sales administrator
        :raise UserError: nothing was bought, or not all of it is in yet
        """
        self.env["crm.metrics.engine"]._check_manager()
        self._refresh_purchases()
        runs = self.browse()
        for company in self.env.companies:
            today = company._metrics_today()
            run = self.search([("company_id", "=", company.id), ("date", "=", today)])
            if run:
                run.action_run()
            elif self._has_purchases(company, today):
                run = self.create({"company_id": company.id, "date": today})
            runs |= run
        if not runs:
            raise UserError(
                self.env._(
                    "There is no purchase yet. Import purchases, or choose in the "
                    "settings of CRM which documents count as purchases."
                )
            )
        return runs.ids

    @api.model
    def _refresh_purchases(self):
        """Bring in what waits: a run is made from the purchases as they stand.

        :raise UserError: somebody else is at work on it, or it is too much
        """
        self.env.flush_all()
        self.env["crm.metrics.engine"]._refresh_batch(PURCHASE, AT_ONCE)
        waiting = self.env["crm.metrics.queue"]._waiting().get(PURCHASE)
        if waiting:
            raise UserError(
                self.env._(
                    "%(count)s customers are waiting for the refresh, which is at "
                    "work. Score again in a minute.",
                    count=waiting,
                )
            )
