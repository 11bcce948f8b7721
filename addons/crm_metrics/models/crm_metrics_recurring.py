from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..kernel import periods, recurring

FACTS = ["crm.mrr.segment", "crm.mrr.movement"]


class CrmMetrics(models.AbstractModel):
    _inherit = "crm.metrics"

    @api.model
    @api.readonly
    def recurring(self, options):
        """Return how recurring revenue moved, period by period.

        :param dict options: the common ones (see `crm.metrics`) and `view`:

            - `activity` (default): the sum of the daily movements
            - `net`: period end against period start, customer by customer

        :return: dict with `meta`, `periods` and `kpis`. A period has `date_from`,
            `date_to`, `partial` (clipped by the range or by today), and in money
            a month `opening`, `new`, `reactivation`, `expansion`, `contraction`,
            `churn`, `fx`, `transfer`, `closing` with opening + parts = closing;
            `customers` has the same in heads. The kpis are those of the whole
            range: `mrr`, `arr` (a year), `net_new`, `growth` (fraction or None).
        :raise AccessError: the caller is no CRM user
        :raise ValidationError: a bad option, named
        """
        options = self._options(options, choices={"view": ("activity", "net")})
        # record rules look at the selected companies
        self = self.with_context(allowed_company_ids=options["companies"].ids)
        last, _moment = self._as_of(options)
        currency = options["companies"][0].currency_id
        spans = periods.split(options["date_from"], options["date_to"], options["grain"])

        money, heads = self._recurring_sums(options, last)
        rates = self._conversion_rates(options["companies"], options["date_to"])

        def converted(start):
            total = defaultdict(float)
            for (company, kind), amount in money[start].items():
                total[kind] += float(amount) * rates[company]
            return total

        rows = recurring.waterfall(
            sum(converted(None).values()),
            [converted(span.start) for span in spans],
            currency.round,
        )
        customers = recurring.logo_waterfall(
            sum(heads[None].values()), [heads[span.start] for span in spans]
        )
        kpis = recurring.measures(rows)
        for name in ("arr", "net_new"):
            kpis[name] = currency.round(kpis[name])
        return {
            "meta": self._meta(options, FACTS),
            "periods": [
                {
                    "date_from": fields.Date.to_string(span.date_from),
                    "date_to": fields.Date.to_string(span.date_to),
                    "partial": span.partial or span.date_to > last,
                    **row,
                    "customers": heads_row,
                }
                for span, row, heads_row in zip(spans, rows, customers, strict=True)
            ],
            "kpis": kpis,
        }

    def _customers_mrr(self, customers):
        """Return today's MRR of customers in the current company.

        One company, so that a contact can be opened whatever rates are missing.

        :param customers: commercial partners
        :return: dict, customer -> amount in the currency of the current company;
            customers without any are absent
        """
        company = self.env.company
        return dict(
            self.env["crm.mrr.movement"]._read_group(
                [
                    ("partner_id", "in", customers._origin.ids),
                    ("company_id", "=", company.id),
                    ("date", "<=", company._metrics_today()),
                ],
                ["partner_id"],
                ["amount:sum"],
            )
        )

    # ------------------------------------------------------------------
    # reading the ledger
    # ------------------------------------------------------------------

    def _recurring_sums(self, options, last):
        """Return money and customers by period.

        :param last: day after which nothing is read
        :return: tuple of two dicts by first day of the period (None: all before
            the range): money by (company id, kind), customers by kind
        """
        sliced = self._is_slice("crm.mrr.movement", self._scope_domain(options))
        if options["view"] == "net":
            rows = self._net_rows(options, last, sliced)
        elif sliced:
            rows = self._activity_rows_of_slice(options, last)
        else:
            rows = self._activity_rows(options, last)
        money = defaultdict(lambda: defaultdict(int))
        heads = defaultdict(lambda: defaultdict(int))
        for company, start, kind, amount, logo_kind, customers in rows:
            money[start][company, kind] += amount
            heads[start][logo_kind] += int(customers)
        return money, heads

    def _movements(self, options, last, model=None):
        """Return the query of the movements that the options ask for."""
        domain = self._scope_domain(options) & Domain("date", "<=", last)
        model = self.env["crm.mrr.movement"] if model is None else model
        return model._search(domain)

    def _columns(self, query, *names):
        """Return the SQL of movement columns in a query, as a list."""
        model = self.env["crm.mrr.movement"]
        return [model._field_to_sql(query.table, name, query) for name in names]

    def _start_sql(self, options, date):
        """Return the SQL of the first day of a date's period, NULL before the range."""
        return SQL(
            "CASE WHEN %s >= %s THEN date_trunc(%s, %s::timestamp)::date END",
            date,
            options["date_from"],
            options["grain"],
            date,
        )

    def _activity_rows(self, options, last):
        """Read the daily ledger of whole companies: everything is a plain sum."""
        query = self._movements(options, last)
        company, date, kind, amount, customers = self._columns(
            query, "company_id", "date", "kind", "amount", "customers"
        )
        query.groupby = SQL("1, 2, 3")
        return self.env.execute_query(
            query.select(
                company,
                self._start_sql(options, date),
                kind,
                SQL("sum(%s)", amount),
                kind,
                SQL("sum(%s)", customers),
            )
        )

    def _activity_rows_of_slice(self, options, last):
        """Read the daily ledger of a slice.

        Amounts keep the kind of the whole customer's day. Customers are counted
        from the slice's own balance: whoever comes or goes on a day of another
        kind has moved between slices (`transfer`).
        """
        query = self._movements(options, last)
        company, partner, date, kind, amount = self._columns(
            query, "company_id", "partner_id", "date", "kind", "amount"
        )
        query.groupby = SQL("1, 2, 3")
        days = query.select(
            SQL("%s AS company_id", company),
            SQL("%s AS partner_id", partner),
            SQL("%s AS date", date),
            # all edges of a customer's day carry one kind
            SQL("min(%s) AS kind", kind),
            SQL("sum(%s) AS net", amount),
        )
        return self.env.execute_query(
            SQL(
                """
                SELECT company_id, %(start)s, kind, sum(net), %(logo_kind)s, sum(step)
                  FROM (SELECT *, %(step)s AS step
                          FROM (SELECT *, sum(net) OVER (
                                            PARTITION BY company_id, partner_id
                                                ORDER BY date) AS closing
                                  FROM (%(days)s) AS days) AS balances) AS steps
                 GROUP BY 1, 2, 3, 5
                """,
                start=self._start_sql(options, SQL("date")),
                logo_kind=self._logo_kind_sql(),
                step=self._step_sql(),
                days=days,
            )
        )

    def _net_rows(self, options, last, sliced):
        """Read period end against period start, customer by customer.

        The kind is the customer's: in a slice it comes from all movements of
        the customer, the amounts only from those that the caller may read.
        """
        Movement = self.env["crm.mrr.movement"]
        whole = {**options, "team_ids": None, "user_ids": None}
        movement_sudo = Movement.sudo() if sliced else Movement
        kinds = SQL(
            """
            SELECT company_id, partner_id, start, net, is_alive - was_alive AS step,
                   CASE WHEN was_alive = 0 AND is_alive > 0 THEN
                             CASE WHEN has_new THEN 'new' ELSE 'reactivation' END
                        WHEN was_alive > 0 AND is_alive = 0 THEN 'churn'
                        WHEN net > 0 THEN 'expansion'
                        WHEN net < 0 THEN 'contraction'
                        ELSE 'transfer' END AS kind
              FROM (SELECT *, sum(logos) OVER w AS is_alive,
                           sum(logos) OVER w - logos AS was_alive
                      FROM (%s) AS parts
                    WINDOW w AS (PARTITION BY company_id, partner_id
                                 ORDER BY start)) AS lives
            """,
            self._by_customer(options, self._movements(whole, last, movement_sudo)),
        )
        if not sliced:
            return self.env.execute_query(
                SQL(
                    """SELECT company_id, NULLIF(start, '-infinity'), kind, sum(net),
                              kind, sum(step)
                         FROM (%s) AS kinds GROUP BY 1, 2, 3""",
                    kinds,
                )
            )
        return self.env.execute_query(
            SQL(
                """
                WITH kinds AS (%(kinds)s), balances AS (
                    SELECT company_id, partner_id, start, kinds.kind, parts.net,
                           sum(parts.net) OVER (PARTITION BY company_id, partner_id
                                                ORDER BY start) AS closing
                      FROM (%(parts)s) AS parts
                      JOIN kinds USING (company_id, partner_id, start)
                )
                SELECT company_id, NULLIF(start, '-infinity'), kind, sum(net),
                       %(logo_kind)s, sum(step)
                  FROM (SELECT *, %(step)s AS step FROM balances) AS steps
                 GROUP BY 1, 2, 3, 5
                """,
                kinds=kinds,
                parts=self._by_customer(options, self._movements(options, last)),
                step=self._step_sql(),
                logo_kind=self._logo_kind_sql(),
            )
        )

    def _by_customer(self, options, query):
        """Return the SQL that sums movements by customer and period."""
        company, partner, date, kind, amount, customers = self._columns(
            query, "company_id", "partner_id", "date", "kind", "amount", "customers"
        )
        query.groupby = SQL("1, 2, 3")
        return query.select(
            SQL("%s AS company_id", company),
            SQL("%s AS partner_id", partner),
            # all before the range is one period, to be joined and sorted by
            SQL("COALESCE(%s, '-infinity') AS start", self._start_sql(options, date)),
            SQL("sum(%s) AS net", amount),
            SQL("sum(%s) AS logos", customers),
            SQL("bool_or(%s = 'new') AS has_new", kind),
        )

    @staticmethod
    def _step_sql():
        """Return the SQL of -1, 0, +1: whether a balance left or came back to 0."""
        return SQL("(closing > 0)::int - (closing - net > 0)::int")

    @staticmethod
    def _logo_kind_sql():
        """Return the SQL of the kind under which a slice counts a customer."""
        return SQL(
            """CASE WHEN step > 0 AND kind IN ('new', 'reactivation') THEN kind
                    WHEN step < 0 AND kind = 'churn' THEN kind
                    ELSE 'transfer' END"""
        )
