from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL

from ..kernel import periods, recurring
from .crm_metrics_ledger import GROUPS, MOVEMENT


class CrmMetrics(models.AbstractModel):
    _inherit = "crm.metrics"

    @api.model
    @api.readonly
    def recurring_cohorts(self, options):
        """Return what became of the customers of each month of first rate.

        :param dict options: as in :meth:`recurring`, without `view`; the range
            selects the cohorts, which are followed up to its end or today
        :return: dict with `meta`, `cohorts` and, where it was asked for, `groups`.
            A cohort has `cohort` (first day of the month), `customers` (who began
            in it), `mrr` (their rate at the end of that month) and `ages`:
            `[{age, customers, net, gross}]`, age in months, at the end of each
            month: customers alive, sum of their rates, sum of the smaller of
            today's and the first rate, customer by customer.
        :raise AccessError: the caller is no CRM user
        :raise ValidationError: a bad option, named
        """
        options = self._recurring_options(options)
        self = self.with_context(allowed_company_ids=options["companies"].ids)
        facts = ["crm.mrr.segment", MOVEMENT]
        result = {"meta": self._meta(options, facts), "cohorts": []}
        for cohorts in self._cohort_slices(options, None).values():
            result["cohorts"] = cohorts
        if options["group_by"]:
            field = GROUPS[options["group_by"]]
            slices = self._cohort_slices(options, field)
            result["groups"] = self._named_groups(
                MOVEMENT,
                field,
                {
                    slice_id: {"cohorts": cohorts}
                    for slice_id, cohorts in slices.items()
                },
            )
        return result

    def _cohort_slices(self, options, group):
        """Return lists of cohorts by slice."""
        last, _moment = self._as_of(options)
        currency = options["companies"][0].currency_id
        rates = self._conversion_rates(options["companies"], options["date_to"])
        changes = defaultdict(lambda: defaultdict(lambda: defaultdict(lambda: [0] * 4)))
        for slice_id, company, cohort, month, *sums in self._cohort_rows(
            options, last, group
        ):
            began, alive, net, gross = sums
            change = changes[slice_id][cohort][month]
            for index, value in enumerate(
                (
                    began,
                    alive,
                    float(net) * rates[company],
                    float(gross) * rates[company],
                )
            ):
                change[index] += value
        return {
            slice_id: [
                recurring.cohort(
                    fields.Date.to_string(cohort),
                    [
                        changes_of_cohort.get(span.start, (0, 0, 0, 0))
                        for span in periods.split(cohort, last, "month")
                    ],
                    currency.round,
                )
                for cohort, changes_of_cohort in sorted(by_cohort.items())
            ]
            for slice_id, by_cohort in changes.items()
        }

    def _cohort_rows(self, options, last, group):
        """Return how cohorts change from month to month.

        A customer's rate is a step function of time, so only the months in which
        it moves are read, and summed up afterwards.

        :return: rows (slice, company id, cohort, month, customers who began,
            change of customers alive, of money, of money capped at the base)
        """
        sliced = self._ledger_is_slice(options, group)
        monthly = {**options, "view": "activity", "grain": "month"}
        # all months, also those before the range
        monthly["date_from"] = fields.Date.to_date("0001-01-01")
        own = self._by_customer(monthly, self._ledger_query(monthly, last), group)
        whole = self._by_customer(
            monthly, self._ledger_query(monthly, last, sudo=sliced), None
        )
        alive = SQL("(balance > 0)::int") if sliced else SQL("heads")
        return self.env.execute_query(
            SQL(
                """
                WITH own AS (%(own)s), first AS (
                    -- a line that begins at rest has no rate yet
                    SELECT company_id, partner_id,
                           min(start) FILTER (WHERE has_money) AS cohort
                      FROM (%(whole)s) AS whole GROUP BY 1, 2
                ), balances AS (
                    SELECT slice, company_id, partner_id, cohort,
                           GREATEST(start, cohort) AS start,
                           sum(net) OVER w AS balance, sum(logos) OVER w AS heads,
                           (row_number() OVER w = 1)::int AS began
                      FROM own JOIN first USING (company_id, partner_id)
                     WHERE cohort BETWEEN date_trunc('month', %(date_from)s::timestamp)
                                      AND %(date_to)s
                       AND (has_money OR NOT %(sliced)s)
                    WINDOW w AS (PARTITION BY slice, company_id, partner_id
                                 ORDER BY GREATEST(start, cohort))
                ), states AS (
                    SELECT *, %(alive)s AS alive, LEAST(balance, COALESCE(max(balance)
                               FILTER (WHERE start = cohort) OVER w, 0)) AS capped
                      FROM balances
                    WINDOW w AS (PARTITION BY slice, company_id, partner_id)
                )
                SELECT slice, company_id, cohort, start, sum(began)::int,
                       sum(alive - was_alive)::int, sum(balance - was),
                       sum(capped - was_capped)
                  FROM (SELECT *, lag(alive, 1, 0) OVER w AS was_alive,
                               lag(balance, 1, 0) OVER w AS was,
                               lag(capped, 1, 0) OVER w AS was_capped
                          FROM states
                        WINDOW w AS (PARTITION BY slice, company_id, partner_id
                                     ORDER BY start)) AS changes
                 GROUP BY 1, 2, 3, 4
                """,
                own=own,
                whole=whole,
                alive=alive,
                sliced=sliced,
                date_from=options["date_from"],
                date_to=options["date_to"],
            )
        )
