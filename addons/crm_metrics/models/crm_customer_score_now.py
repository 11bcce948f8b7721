from odoo import api, models
from odoo.exceptions import UserError


class CrmCustomerScoreRun(models.Model):
    _inherit = "crm.customer.score.run"

    @api.model
    def action_score_now(self):
        """Score the customers of the selected companies as of today.

        A run of today is made anew.

        :return: ids of the runs
        :raise AccessError: the caller is no sales administrator
        """
        self.env["crm.metrics.engine"]._check_manager()
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
