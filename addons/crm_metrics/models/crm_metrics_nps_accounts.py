from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL

from ..kernel import nps
from .crm_metrics_levers import twelve_months
from .crm_metrics_nps_votes import IS_VOTE_NOW
from .crm_metrics_purchases import PURCHASE


@dataclass
class Accounts:
    """Accounts of one slice, alike ones together.

    The keys are (net, answers) of an account; `all_revenue` is that of all accounts,
    whether or not they answered.
    """

    count: Counter = field(default_factory=Counter)
    revenue: Counter = field(default_factory=Counter)
    all_revenue: Decimal = Decimal(0)

    def add(self, other):
        """Count what another slice has as well."""
        self.count.update(other.count)
        self.revenue.update(other.revenue)
        self.all_revenue += other.all_revenue


class CrmMetrics(models.AbstractModel):
    """Reads votes by account, with what the accounts have bought."""

    _inherit = "crm.metrics"

    def _nps_accounts(self, options, rates):
        """Return accounts: dict, slice -> :class:`Accounts`.

        :param dict rates: company id -> factor into the currency of the result
        """
        rows = self.env.execute_query(
            SQL(
                """
                WITH answer AS MATERIALIZED (%(answers)s),
                account AS (
                    SELECT slice, account_id, count(*) AS answers,
                           count(*) FILTER (WHERE score >= 9)
                           - count(*) FILTER (WHERE score <= 6) AS net
                      FROM (%(votes)s) AS vote
                     WHERE account_id IS NOT NULL
                     GROUP BY 1, 2
                ),
                spent AS MATERIALIZED (%(spent)s)
                SELECT account.slice, net, answers, count(*), sum(revenue)
                  FROM account LEFT JOIN spent USING (account_id) GROUP BY 1, 2, 3
                 UNION ALL
                SELECT slice, NULL, NULL, NULL, sum(revenue)
                  FROM spent WHERE is_kept GROUP BY 1
                """,
                answers=self._nps_answers(options),
                votes=self._nps_votes(IS_VOTE_NOW),
                spent=self._nps_spent(options, rates),
            )
        )
        accounts = defaultdict(Accounts)
        for slice_id, net, answers, count, revenue in rows:
            if answers is None:
                accounts[slice_id].all_revenue += revenue
            else:
                accounts[slice_id].count[net, answers] += count
                accounts[slice_id].revenue[net, answers] += revenue or 0
        return accounts

    def _nps_spent(self, options, rates):
        """Return the SQL of what accounts have bought in 12 months, net of refunds.

        In the currency of the result; who got back more than was spent, has 0.
        """
        first, last = twelve_months(options["last"])
        purchase = self.env[PURCHASE].with_context(active_test=False)
        query = purchase._search(
            self._scope_domain(options, {})
            & Domain("partner_id", "!=", False)
            & Domain("date", ">=", first)
            & Domain("date", "<=", last)
        )
        company, partner, amount = (
            purchase._field_to_sql(query.table, name, query)
            for name in ("company_id", "partner_id", "amount")
        )
        account = query.left_join(
            query.table, "partner_id", "res_partner", "id", "nps_account"
        )
        columns = self._nps_slice_columns(options, query, account)
        factors = SQL(", ").join(
            SQL("(%s, %s::numeric)", company_id, Decimal(str(rate)))
            for company_id, rate in rates.items()
        )
        return SQL(
            """SELECT account_id, slice, is_kept,
                      greatest(sum(amount * rate), 0) AS revenue
                 FROM (%s) AS bought
                 JOIN (VALUES %s) AS factor (company_id, rate) USING (company_id)
                GROUP BY 1, 2, 3""",
            query.select(
                SQL("%s AS company_id", company),
                SQL("%s AS account_id", partner),
                SQL("%s AS amount", amount),
                SQL("%s AS slice", columns["slice"]),
                SQL("%s AS is_kept", columns["is_kept"]),
            ),
            factors,
        )

    def _nps_account_view(self, accounts, currency):
        """Return the scores by account, and how much of the revenue has answered.

        :param Accounts accounts: of a slice
        :param currency: record, of the result
        """
        revenue = sum(accounts.revenue.values())
        return {
            "score": nps.rounded(nps.mean_of_accounts(accounts.count)),
            "count": accounts.count.total(),
            "weighted_score": nps.rounded(
                nps.weighted_mean(accounts.count, accounts.revenue)
            ),
            "coverage": float(revenue / accounts.all_revenue)
            if accounts.all_revenue
            else None,
            "revenue": currency.round(float(revenue)),
        }
