from collections import defaultdict

from odoo import models
from odoo.tools import SQL

PURCHASE = "crm.purchase"

#: options that take ids -> model of the ids, field of the purchase
SLICES = {
    "team_ids": ("crm.team", "team_id"),
    "user_ids": ("res.users", "user_id"),
    "country_ids": ("res.country", "country_id"),
}
#: values of `group_by` -> field of the purchase
GROUPS = {key.removesuffix("_ids"): field for key, (_model, field) in SLICES.items()}

NO_SQL = SQL()


class CrmMetrics(models.AbstractModel):
    """Reads purchases: customers, orders and money, by stretch of time and slice.

    Customers are counted per company. A slice is the value of the field that
    results are grouped by, or None where they are not grouped.
    """

    _inherit = "crm.metrics"

    def _purchase_domain(self, options):
        fields_by_key = {key: field for key, (_model, field) in SLICES.items()}
        return self._scope_domain(options, fields_by_key)

    def _purchase_rows(self, domain, group=None):
        """Return the SQL of the purchases of a domain that the caller may read.

        :param group: field by which results are grouped, or None
        """
        purchase = self.env[PURCHASE].with_context(active_test=False)
        query = purchase._search(domain)
        names = ("company_id", "partner_id", "date", "kind", "amount")
        slice_sql = (
            purchase._field_to_sql(query.table, group, query)
            if group
            else SQL("NULL::int")
        )
        return query.select(
            SQL("%s AS slice", slice_sql),
            *(
                SQL(
                    "%s AS %s",
                    purchase._field_to_sql(query.table, name, query),
                    SQL.identifier(name),
                )
                for name in names
            ),
        )

    def _purchases_by_customer(self, rows, start, more=NO_SQL, join=NO_SQL):
        """Return the SQL that sums purchases by slice, customer and stretch of time.

        :param SQL rows: what :meth:`_purchase_rows` gives
        :param SQL start: what names the stretch
        :param SQL more: other columns, each after a comma
        :param SQL join: what `start` needs besides the rows, called `p`
        """
        return SQL(
            """SELECT p.slice, p.company_id, p.partner_id, %s AS start,
                      count(*) FILTER (WHERE p.kind = 'purchase') AS orders,
                      sum(p.amount) FILTER (WHERE p.kind = 'purchase') AS revenue,
                      sum(p.amount) FILTER (WHERE p.kind = 'refund') AS refunds %s
                 FROM (%s) AS p %s
                GROUP BY 1, 2, 3, 4""",
            start,
            more,
            rows,
            join,
        )

    def _purchase_totals(self):
        """Return the SQL of the sums of rows of :meth:`_purchases_by_customer`.

        In the order of :meth:`_purchase_sums`; without a customer there are no orders,
        only money.
        """
        return SQL(
            """count(*) FILTER (WHERE partner_id IS NOT NULL AND orders > 0),
               sum(orders) FILTER (WHERE partner_id IS NOT NULL)::int,
               sum(revenue) FILTER (WHERE partner_id IS NOT NULL),
               sum(refunds),
               sum(revenue) FILTER (WHERE partner_id IS NULL)"""
        )

    def _purchase_sums(self, by_customer, rates, more=NO_SQL):
        """Sum up customers, orders and money.

        :param SQL by_customer: what :meth:`_purchases_by_customer` gives
        :param dict rates: company id -> factor into the currency of the result
        :param SQL more: other whole numbers to sum up, each after a comma
        :return: dict, slice -> dict, start -> list of numbers: customers, orders,
            revenue, refunds, anonymous revenue, and those of `more`
        """
        found = self.env.execute_query(
            SQL(
                """SELECT slice, company_id, start, %s %s
                     FROM (%s) AS customers GROUP BY 1, 2, 3""",
                self._purchase_totals(),
                more,
                by_customer,
            )
        )
        sums = defaultdict(dict)
        for slice_id, company, start, *numbers in found:
            customers, orders, *money = numbers[:5]
            total = sums[slice_id].setdefault(start, [0] * len(numbers))
            converted = (float(amount or 0) * rates[company] for amount in money)
            added = (customers, orders or 0, *converted, *numbers[5:])
            total[:] = map(sum, zip(total, added, strict=True))
        return sums

    def _purchase_sums_of_ranges(self, domain, ranges, rates, group=None):
        """Sum up purchases of a few ranges of days, which may overlap.

        :param ranges: tuples (first day, last day)
        :return: as :meth:`_purchase_sums`, by number of the range
        """
        if not ranges:
            return defaultdict(dict)
        days = SQL(", ").join(
            SQL("(%s, %s::date, %s::date)", number, *days)
            for number, days in enumerate(ranges)
        )
        return self._purchase_sums(
            self._purchases_by_customer(
                self._purchase_rows(domain, group),
                SQL("r.number"),
                join=SQL(
                    """JOIN (VALUES %s) AS r (number, first, last)
                         ON p.date BETWEEN r.first AND r.last""",
                    days,
                ),
            ),
            rates,
        )
