from dateutil.relativedelta import relativedelta

from odoo import models
from odoo.tools import date_utils

#: so many month ends are scored, so that one sees who moved where
SCORED_MONTHS = 4


class CrmMetricsDemo(models.AbstractModel):
    """Loads the purchases, as the till and the web shop of the company gave them."""

    _inherit = "crm.metrics.demo"

    def _create_purchases(self, purchases, sellers, partners):
        self.env.company.write(
            {"crm_metrics_margin": 62, "crm_metrics_lifetime_years": 4}
        )
        vals_list = []
        for number, purchase in enumerate(purchases.all, start=1):
            customer = purchase.customer
            user, team = sellers[customer.seller] if customer else (None, None)
            vals_list.append(
                {
                    "name": f"SHOP-{number:05d}",
                    "company_id": self.env.company.id,
                    "partner_id": customer and partners[id(customer)].id,
                    "date": purchase.day,
                    "amount": purchase.amount,
                    "user_id": user and user.id,
                    "team_id": team and team.id,
                }
            )
        self._records("crm.purchase.entry", "crm_purchase_entry", vals_list)

    def _score_purchases(self, story):
        """Score the last month ends, as the scheduled action would have done."""
        month = date_utils.start_of(story.today, "month")
        self._records(
            "crm.customer.score.run",
            "crm_customer_score_run",
            [
                {
                    "date": month - relativedelta(months=ago, days=1),
                    "company_id": self.env.company.id,
                }
                for ago in reversed(range(SCORED_MONTHS))
            ],
        )
