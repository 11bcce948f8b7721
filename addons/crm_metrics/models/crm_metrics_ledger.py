from collections import defaultdict

from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL

MOVEMENT = "crm.mrr.movement"

#: options that take ids -> model of the ids, field of the movement
SLICES = {
    "team_ids": ("crm.team", "team_id"),
    "user_ids": ("res.users", "user_id"),
    "source_ids": ("utm.source", "source_id"),
    "plan_ids": ("crm.recurring.plan", "recurring_plan_id"),
    "country_ids": ("res.country", "country_id"),
    "reason_ids": ("crm.subscription.close.reason", "close_reason_id"),
}
#: values of `group_by` -> field of the movement
GROUPS = {key.removesuffix("_ids"): field for key, (_model, field) in SLICES.items()}


class CrmMetrics(models.AbstractModel):
    """Reads the ledger of movements: money and customers, by period and slice.

    Every reader gives its rows by `slice`: the value of the field that results
    are grouped by, or None where they are not grouped.
    """

    _inherit = "crm.metrics"

    def _ledger_domain(self, options):
        fields_by_key = {key: field for key, (_model, field) in SLICES.items()}
        return self._scope_domain(options, fields_by_key)

    def _ledger_is_slice(self, options, group):
        """Tell whether customers have to be counted from their own balance."""
        return bool(group) or self._is_slice(MOVEMENT, self._ledger_domain(options))

    def _ledger_query(self, options, last, sudo=False):
        """Return the query of the movements that the options ask for.

        :param last: day after which nothing is known; view `committed` goes on
            to `date_to` with what was agreed on
        :param bool sudo: all movements of the companies: only to see which kind
            a customer's change is, never to sum up
        """
        movement = self.env[MOVEMENT].with_context(active_test=False)
        if sudo:
            movement_sudo = movement.sudo()
            whole = {**options, **dict.fromkeys(SLICES)}
            return movement_sudo._search(
                self._ledger_domain(whole) & Domain("date", "<=", last)
            )
        until = Domain("date", "<=", last)
        if options.get("view") == "committed":
            until |= Domain("renewal_due", "=", False)
            until &= Domain("date", "<=", options["date_to"])
        return movement._search(self._ledger_domain(options) & until)

    def _ledger_columns(self, query, group, **names):
        """Return SQL parts: movement columns in a query, under names of their own.

        :param group: field by which results are grouped, or None
        """
        model = self.env[MOVEMENT]
        parts = {
            name: model._field_to_sql(query.table, field, query)
            for name, field in names.items()
        }
        parts["slice"] = (
            model._field_to_sql(query.table, group, query)
            if group
            else SQL("NULL::int")
        )
        return parts

    def _start_sql(self, options, date):
        """Return the SQL of the first day of a date's period, NULL before the range."""
        return SQL(
            "CASE WHEN %s >= %s THEN date_trunc(%s, %s::timestamp)::date END",
            date,
            options["date_from"],
            options["grain"],
            date,
        )

    # ------------------------------------------------------------------
    # money and customers by period
    # ------------------------------------------------------------------

    def _ledger_sums(self, options, last, group=None):
        """Return money and customers by period.

        :return: dict, slice -> tuple of two dicts by first day of the period
            (None: all before the range): money by (company id, kind), customers
            by kind
        """
        sliced = self._ledger_is_slice(options, group)
        if options["view"] == "net":
            money, heads = self._net_rows(options, last, group, sliced)
        else:
            money, heads = self._activity_rows(options, last, group, sliced)
        sums = defaultdict(
            lambda: (
                defaultdict(lambda: defaultdict(int)),
                defaultdict(lambda: defaultdict(int)),
            )
        )
        for slice_id, company, start, kind, amount in money:
            sums[slice_id][0][start][company, kind] += amount
        for slice_id, start, kind, customers in heads:
            sums[slice_id][1][start][kind] += int(customers)
        return sums

    def _activity_rows(self, options, last, group, sliced):
        """Read the daily ledger: everything is a plain sum, but for one thing.

        In a slice, customers are counted from the slice's own balance: whoever
        comes or goes on a day of another kind has moved between slices.
        """
        query = self._ledger_query(options, last)
        parts = self._ledger_columns(
            query, group, company="company_id", date="date", kind="kind",
            amount="amount", customers="customers",
        )  # fmt: skip
        query.groupby = SQL("1, 2, 3, 4")
        rows = self.env.execute_query(
            query.select(
                parts["slice"],
                parts["company"],
                self._start_sql(options, parts["date"]),
                parts["kind"],
                SQL("sum(%s)", parts["amount"]),
                SQL("sum(%s)", parts["customers"]),
            )
        )
        money = [row[:5] for row in rows]
        if sliced:
            return money, self._activity_heads(options, last, group)
        if options["view"] == "committed" and options["date_to"] > last:
            return money, self._committed_heads(options, last)
        return money, [(row[0], row[2], row[3], row[5]) for row in rows]

    def _committed_heads(self, options, last):
        """Count the customers of view `committed`.

        On later days a customer is there who is alive, or of whom something is
        left because a renewal that is due is not lost.
        """
        query = self._ledger_query({**options, "view": "activity"}, options["date_to"])
        parts = self._ledger_columns(
            query, None, company="company_id", partner="partner_id", date="date",
            kind="kind", amount="amount", customers="customers", due="renewal_due",
        )  # fmt: skip
        query.groupby = SQL("1, 2, 3")
        days = query.select(
            SQL("%s AS company_id", parts["company"]),
            SQL("%s AS partner_id", parts["partner"]),
            SQL("%s AS date", parts["date"]),
            SQL(
                "min(%(kind)s) FILTER (WHERE %(kind)s <> 'fx') AS kind",
                kind=parts["kind"],
            ),
            SQL(
                "sum(%s) FILTER (WHERE %s <= %s OR %s IS NOT TRUE) AS net",
                parts["amount"],
                parts["date"],
                last,
                parts["due"],
            ),
            SQL("sum(%s) AS logos", parts["customers"]),
        )
        return self.env.execute_query(
            SQL(
                """
                SELECT NULL, %(start)s, %(kind)s, sum(step)
                  FROM (SELECT *, there - lag(there, 1, 0) OVER (
                                      PARTITION BY company_id, partner_id
                                          ORDER BY date) AS step
                          FROM (SELECT *, (sum(logos) OVER w > 0 OR date > %(last)s
                                           AND sum(net) OVER w > 0)::int AS there
                                  FROM (%(days)s) AS days
                                WINDOW w AS (PARTITION BY company_id, partner_id
                                             ORDER BY date)) AS lives) AS steps
                 WHERE step <> 0
                 GROUP BY 1, 2, 3
                """,
                start=self._start_sql(options, SQL("date")),
                kind=self._logo_kind_sql(),
                last=last,
                days=days,
            )
        )

    @staticmethod
    def _logo_kind_sql():
        """Return the SQL of the kind under which a customer's `step` counts."""
        return SQL(
            """CASE WHEN step > 0 AND kind IN ('new', 'reactivation') THEN kind
                    WHEN step < 0 AND kind = 'churn' THEN kind
                    ELSE 'transfer' END"""
        )

    def _activity_heads(self, options, last, group):
        query = self._ledger_query(options, last)
        parts = self._ledger_columns(
            query, group, company="company_id", partner="partner_id", date="date",
            kind="kind", amount="amount",
        )  # fmt: skip
        query.groupby = SQL("1, 2, 3, 4")
        days = query.select(
            SQL("%s AS slice", parts["slice"]),
            SQL("%s AS company_id", parts["company"]),
            SQL("%s AS partner_id", parts["partner"]),
            SQL("%s AS date", parts["date"]),
            # but for currency, all edges of a customer's day carry one kind
            SQL(
                "min(%(kind)s) FILTER (WHERE %(kind)s <> 'fx') AS kind",
                kind=parts["kind"],
            ),
            SQL("sum(%s) AS net", parts["amount"]),
        )
        return self.env.execute_query(
            SQL(
                """SELECT slice, %s, logo_kind, sum(step)
                     FROM (%s) AS steps WHERE step <> 0 GROUP BY 1, 2, 3""",
                self._start_sql(options, SQL("date")),
                self._steps(days, SQL("date")),
            )
        )

    def _steps(self, parts, order):
        """Return the SQL that tells who came or went by the balance of a slice.

        :param SQL parts: rows with `slice`, `company_id`, `partner_id`, `net` and
            the customer's `kind`
        :param SQL order: column by which the rows of a customer are ordered
        :return: SQL of the same rows with `step` (-1, 0, 1) and `logo_kind`, the
            kind under which the customer counts
        """
        return SQL(
            """
            SELECT *, %s AS logo_kind
              FROM (SELECT *, (closing > 0)::int - (closing - net > 0)::int AS step
                      FROM (SELECT *, sum(net) OVER (
                                        PARTITION BY slice, company_id, partner_id
                                            ORDER BY %s) AS closing
                              FROM (%s) AS parts) AS balances) AS steps
            """,
            self._logo_kind_sql(),
            order,
            parts,
        )

    # ------------------------------------------------------------------
    # period end against period start
    # ------------------------------------------------------------------

    def _net_rows(self, options, last, group, sliced):
        """Read period end against period start, customer by customer.

        The kind is the customer's: in a slice it comes from all movements of
        the customer, the amounts only from those that the caller may read.
        """
        whole = self._ledger_query(options, last, sudo=sliced)
        parts = self._net_kinds(self._by_customer(options, whole, None))
        if sliced:
            own = self._by_customer(options, self._ledger_query(options, last), group)
            parts = self._steps(
                SQL(
                    """SELECT own.slice, own.company_id, own.partner_id, own.start,
                              own.net, own.fx, kinds.kind
                         FROM (%s) AS own
                         JOIN (%s) AS kinds USING (company_id, partner_id, start)""",
                    own,
                    parts,
                ),
                SQL("start"),
            )
        rows = self.env.execute_query(
            SQL(
                """SELECT slice, company_id, NULLIF(start, '-infinity'), kind,
                          logo_kind, sum(net - fx), sum(fx), sum(step)
                     FROM (%s) AS parts GROUP BY 1, 2, 3, 4, 5""",
                parts,
            )
        )
        money, heads = [], []
        for slice_id, company, start, kind, logo_kind, amount, fx, customers in rows:
            money.append((slice_id, company, start, kind, amount))
            money.append((slice_id, company, start, "fx", fx))
            heads.append((slice_id, start, logo_kind, customers))
        return money, heads

    def _by_customer(self, options, query, group):
        """Return the SQL that sums movements by slice, customer and period.

        In the order of customer and period, so that who goes on with windows need not
        sort so many rows again.
        """
        parts = self._ledger_columns(
            query, group, company="company_id", partner="partner_id", date="date",
            kind="kind", amount="amount", customers="customers",
        )  # fmt: skip
        # all before the range is one period, to be joined and sorted by
        start = SQL(
            "COALESCE(%s, '-infinity')", self._start_sql(options, parts["date"])
        )
        query.order = SQL("company_id, partner_id, start")
        rows = query.select(
            SQL("%s AS slice", parts["slice"]),
            # not a constant where there is one company: those are left out of an order
            SQL("%s + 0 AS company_id", parts["company"]),
            SQL("%s AS partner_id", parts["partner"]),
            SQL("%s AS start", start),
            SQL("%s AS kind", parts["kind"]),
            SQL("%s AS amount", parts["amount"]),
            SQL("%s AS customers", parts["customers"]),
        )
        return SQL(
            """
            SELECT %(slice)s AS slice, company_id, partner_id, start,
                   sum(amount) AS net,
                   COALESCE(sum(amount) FILTER (WHERE kind = 'fx'), 0) AS fx,
                   -- a whole number is counted on much faster than a numeric
                   sum(customers)::int AS logos, bool_or(kind = 'new') AS has_new,
                   bool_or(amount <> 0) AS has_money
              FROM (%(rows)s) AS movement
             GROUP BY company_id, partner_id, start%(by_slice)s
            """,
            slice=SQL("slice") if group else SQL("NULL::int"),
            rows=rows,
            by_slice=SQL(", slice") if group else SQL(),
        )

    def _net_kinds(self, by_customer):
        """Return the SQL that tells what a customer's period was."""
        return SQL(
            """
            SELECT *, kind AS logo_kind
              FROM (SELECT slice, company_id, partner_id, start, net, fx,
                           is_alive - was_alive AS step,
                           CASE WHEN was_alive = 0 AND is_alive > 0 THEN
                                     CASE WHEN has_new THEN 'new'
                                          ELSE 'reactivation' END
                                WHEN was_alive > 0 AND is_alive = 0 THEN 'churn'
                                WHEN net - fx > 0 THEN 'expansion'
                                WHEN net - fx < 0 THEN 'contraction'
                                ELSE 'transfer' END AS kind
                      FROM (SELECT *, sum(logos) OVER w AS is_alive,
                                   sum(logos) OVER w - logos AS was_alive
                              FROM (%s) AS by_customer
                            WINDOW w AS (PARTITION BY company_id, partner_id
                                         ORDER BY start)) AS lives) AS kinds
            """,
            by_customer,
        )
