from collections import defaultdict

from dateutil.relativedelta import relativedelta

from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL

from .crm_metrics_ledger import GROUPS

#: fields of crm.lead that answer the slices of recurring revenue; an open
#: opportunity has no close reason
LEAD_FIELDS = {
    "team_id": "team_id",
    "user_id": "user_id",
    "source_id": "source_id",
    "recurring_plan_id": "recurring_plan",
    "country_id": "country_id",
}


class CrmMetrics(models.AbstractModel):
    """Figures of recurring revenue that the waterfall does not hold."""

    _inherit = "crm.metrics"

    def _recurring_figures(self, options, last, group, rates):
        """Return what `kernel.recurring.measures` needs besides the waterfall.

        :param last: day as of which the figures are
        :param group: field of the movement to group by, or None
        :param dict rates: company id -> factor into the currency of the result
        :return: dict, slice -> dict of figures
        """
        # what lies ahead is known as of now, not as of then
        ahead = options["date_to"] >= options["companies"][0]._metrics_today()
        known = ahead and self._weighted_is_known(options, group)
        figures = defaultdict(
            lambda: {
                "year": dict.fromkeys(
                    ("then", "kept", "capped", "alive_then", "alive_still"), 0
                ),
                "total": 0,
                "top10": 0,
                "committed": 0 if ahead else None,
                "weighted": 0 if known else None,
            }
        )
        for slice_id, values in self._year_figures(options, last, group, rates):
            figures[slice_id].update(values)
        if ahead:
            after = options["date_to"] if options["view"] == "committed" else last
            committed = self._committed_sums(options, after, group, rates)
            for slice_id, amount in committed.items():
                figures[slice_id]["committed"] = amount
        if known:
            for slice_id, amount in self._weighted_sums(options, group, rates).items():
                figures[slice_id]["weighted"] = amount
        return figures

    def _year_figures(self, options, last, group, rates):
        """Compare each customer's rate with the same day a year before.

        :return: pairs (slice, dict with `year`, `total`, `top10`)
        """
        query = self._ledger_query({**options, "view": "activity"}, last)
        parts = self._ledger_columns(
            query, group, company="company_id", partner="partner_id", date="date",
            amount="amount", customers="customers",
        )  # fmt: skip
        query.groupby = SQL("1, 2, 3")
        then = SQL(
            "FILTER (WHERE %s <= %s)", parts["date"], last - relativedelta(years=1)
        )
        by_customer = query.select(
            SQL("%s AS slice", parts["slice"]),
            SQL("%s AS company_id", parts["company"]),
            SQL("%s AS partner_id", parts["partner"]),
            SQL("COALESCE(sum(%s) %s, 0) AS earlier", parts["amount"], then),
            SQL("sum(%s) AS later", parts["amount"]),
            SQL("COALESCE(sum(%s) %s, 0) AS heads_earlier", parts["customers"], then),
            SQL("sum(%s) AS heads_later", parts["customers"]),
        )
        if self._ledger_is_slice(options, group):
            # a slice has the customers in whom it has money
            alive_then, alive_now = SQL("earlier > 0"), SQL("later > 0")
        else:
            alive_then, alive_now = SQL("heads_earlier > 0"), SQL("heads_later > 0")
        rows = self.env.execute_query(
            SQL(
                """
                SELECT slice, sum(earlier * rate) FILTER (WHERE earlier > 0),
                       sum(later * rate) FILTER (WHERE earlier > 0),
                       sum(LEAST(earlier, later) * rate) FILTER (WHERE earlier > 0),
                       count(*) FILTER (WHERE %(alive_then)s),
                       count(*) FILTER (WHERE %(alive_then)s AND %(alive_now)s),
                       sum(later * rate), sum(later * rate) FILTER (WHERE rank <= 10)
                  FROM (SELECT by_customer.*, rates.rate,
                               row_number() OVER (
                                   PARTITION BY slice
                                       ORDER BY later * rates.rate DESC) AS rank
                          FROM (%(by_customer)s) AS by_customer
                          JOIN (VALUES %(rates)s) AS rates (company_id, rate)
                               USING (company_id)) AS ranked
                 GROUP BY slice
                """,
                alive_then=alive_then,
                alive_now=alive_now,
                by_customer=by_customer,
                rates=SQL(", ").join(
                    SQL("(%s, %s::numeric)", company, rate)
                    for company, rate in rates.items()
                ),
            )
        )
        for slice_id, then, kept, capped, alive_then, alive_still, total, top10 in rows:
            yield (
                slice_id,
                {
                    "year": {
                        "then": float(then or 0),
                        "kept": float(kept or 0),
                        "capped": float(capped or 0),
                        "alive_then": alive_then,
                        "alive_still": alive_still,
                    },
                    "total": float(total or 0),
                    "top10": float(top10 or 0),
                },
            )

    def _committed_sums(self, options, after, group, rates):
        """Return what was agreed on for days after one: dict, slice -> money a month.

        Increases that are entered, and decreases of agreements that somebody has
        closed or changed; a term that merely runs out is a renewal due.
        """
        movement = self.env["crm.mrr.movement"].with_context(active_test=False)
        query = movement._search(
            self._ledger_domain(options)
            & Domain("date", ">", after)
            & Domain("renewal_due", "=", False)
        )
        parts = self._ledger_columns(
            query, group, company="company_id", amount="amount"
        )
        query.groupby = SQL("1, 2")
        return self._converted(
            self.env.execute_query(
                query.select(
                    parts["slice"], parts["company"], SQL("sum(%s)", parts["amount"])
                )
            ),
            rates,
        )

    def _weighted_is_known(self, options, group):
        return options["reason_ids"] is None and group != GROUPS["reason"]

    def _weighted_sums(self, options, group, rates):
        """Return the MRR of open opportunities times their probability, by slice."""
        companies = options["companies"]
        domain = (
            Domain("type", "=", "opportunity")
            & Domain("won_status", "=", "pending")
            & Domain("company_id", "in", [*companies.ids, False])
        )
        for field, lead_field in LEAD_FIELDS.items():
            ids = options[f"{self._slice_key(field)}"]
            if ids is not None:
                domain &= Domain(lead_field, "in", ids)
        groupby = [LEAD_FIELDS[group]] if group else []
        rows = self.env["crm.lead"]._read_group(
            domain, [*groupby, "company_id"], ["recurring_revenue_monthly_prorated:sum"]
        )
        # a lead without company is valued in the current one, as its form does
        home = companies[0].id
        return self._converted(
            (
                (row[0].id or None if group else None, row[-2].id or home, row[-1])
                for row in rows
            ),
            rates,
        )

    @staticmethod
    def _slice_key(field):
        return next(f"{key}_ids" for key, name in GROUPS.items() if name == field)

    @staticmethod
    def _converted(rows, rates):
        """Sum rows (slice, company id, amount) by slice in one currency."""
        sums = defaultdict(float)
        for slice_id, company, amount in rows:
            sums[slice_id] += float(amount) * rates[company]
        return sums
