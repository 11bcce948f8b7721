import dataclasses
from collections import Counter, defaultdict
from decimal import Decimal

from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL

from ..kernel import nps
from .crm_metrics_levers import twelve_months
from .crm_metrics_purchases import PURCHASE


@dataclasses.dataclass
class Accounts:
    """Accounts of one slice, alike ones together.

    The keys are (net, answers) of an account; `all_revenue` is that of all accounts,
    whether or not they answered.
    """

    count: Counter = dataclasses.field(default_factory=Counter)
    revenue: Counter = dataclasses.field(default_factory=Counter)
    all_revenue: Decimal = Decimal(0)

    def add(self, other):
        """Count what another slice has as well."""
        self.count.update(other.count)
        self.revenue.update(other.revenue)
        self.all_revenue += other.all_revenue


class CrmMetrics(models.AbstractModel):
    """Reads votes by account, with what the accounts have bought."""

    _inherit = "crm.metrics"

    def _nps_account_parts(self, options, rates):
        """Return the SQL of accounts, alike ones together, see :meth:`_nps_read`.

        `account` has those that have answered, `spent` the revenue of all.

        :param dict rates: company id -> factor into the currency of the result
        """
        spent = self._nps_spent(options, rates)
        return {
            "account": SQL(
                """SELECT slice, NULL::int, count(*), jsonb_build_object(
                              'net', net, 'answers', answers,
                              'revenue', sum(revenue)::text)
                     FROM (SELECT slice, account_id, count(*) AS answers,
                                  count(*) FILTER (WHERE score >= 9)
                                  - count(*) FILTER (WHERE score <= 6) AS net
                             FROM vote WHERE is_now AND account_id IS NOT NULL
                            GROUP BY slice, account_id) AS account
                     LEFT JOIN (SELECT account_id, revenue FROM (%s) AS spent) AS spent
                          USING (account_id)
                    GROUP BY slice, net, answers""",
                spent,
            ),
            "spent": SQL(
                """SELECT slice, NULL::int, count(*), to_jsonb(sum(revenue)::text)
                     FROM (%s) AS spent WHERE is_kept GROUP BY slice""",
                spent,
            ),
        }

    def _nps_accounts(self, found):
        """Return accounts: dict, slice -> :class:`Accounts`.

        :param dict found: what :meth:`_nps_read` returns
        """
        # revenue comes as text: decimals would be read as floats
        accounts = defaultdict(Accounts)
        for slice_id, _score, count, detail in found["account"]:
            key = detail["net"], detail["answers"]
            accounts[slice_id].count[key] += count
            accounts[slice_id].revenue[key] += Decimal(detail["revenue"] or 0)
        for slice_id, _score, _count, revenue in found["spent"]:
            accounts[slice_id].all_revenue += Decimal(revenue)
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
        columns = self._nps_slice_columns(options, purchase, query, "partner_id")
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
