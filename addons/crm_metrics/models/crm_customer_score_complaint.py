from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .crm_nps_answer import BUCKETS

SCORE = "crm.customer.score"


class CrmCustomerScore(models.Model):
    """Who spends little, complains, and buys again all the same.

    Such customers tell what is wrong and have not left: the cheapest ones to win over.
    """

    _inherit = SCORE

    nps_bucket = fields.Selection(
        BUCKETS,
        string="Feedback",
        readonly=True,
        help="Of the last answer that somebody of the customer gave in the window of "
        "the run; empty: nobody answered.",
    )
    complaint = fields.Selection(
        [("yes", "Complains, but Loyal"), ("no", "No")],
        string="Complains, but Loyal",
        readonly=True,
        help="Spends little (M up to 2), is a detractor, and keeps buying (F from 4); "
        "empty: nobody answered.",
    )

    def _forget_feedback(self, customers):
        """Drop what scores tell of answers that were erased.

        :param customers: persons who are their own account
        """
        scores_sudo = self.sudo().search([("partner_id", "in", customers.ids)])
        scores_sudo.write({"nps_bucket": False, "complaint": False})


class CrmCustomerScoreRun(models.Model):
    _inherit = "crm.customer.score.run"

    def _feedback_select(self):
        """Return the SELECT of the bucket of each customer's last answer."""
        return SQL(
            """SELECT DISTINCT ON (account_id)
                      account_id AS customer_id, bucket
                 FROM crm_nps_answer
                WHERE company_id = %s AND account_id IS NOT NULL
                  AND state = 'counted' AND public IS NOT TRUE AND test IS NOT TRUE
                  AND date BETWEEN %s AND %s
                ORDER BY account_id, date DESC, id DESC""",
            self.company_id.id,
            self.company_id._metrics_start_of_day(self._first_day()),
            self.company_id._metrics_end_of_day(self.date),
        )

    @staticmethod
    def _complaint_sql():
        """Return the SQL of the flag over the scores `s` and the answer `feedback`."""
        return SQL(
            """CASE WHEN feedback.bucket IS NULL THEN NULL
                    WHEN s.m <= 2 AND s.f >= 4 AND feedback.bucket = 'detractor'
                    THEN 'yes' ELSE 'no' END"""
        )


class CrmMetrics(models.AbstractModel):
    _inherit = "crm.metrics"

    def _score_complaint(self, domain, money):
        """Return who complains and keeps buying, or None where nobody was heard.

        :param Domain domain: of the scores
        :param money: gives money of a company in the main currency
        :return: dict with `customers`, `revenue`
        """
        heard, customers, revenue = 0, 0, 0
        for company, complaint, count, amount in self.env[SCORE]._read_group(
            domain & Domain("complaint", "!=", False),
            ["company_id", "complaint"],
            ["__count", "monetary:sum"],
        ):
            heard += count
            if complaint == "yes":
                customers += count
                revenue += money(amount, company)
        if not heard:
            return None
        return {"customers": customers, "revenue": self._score_round(revenue)}
