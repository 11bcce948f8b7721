from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL

from ..kernel import levers, periods
from .crm_metrics_purchases import PURCHASE

#: which levels a factor is compared with: how many customers there are is no one's
#: example but one's own
REFERENCES = {
    "customers": ("year",),
    "value": ("team", "segment", "year"),
    "loyalty": ("team", "segment", "year"),
}


class CrmMetrics(models.AbstractModel):
    """Levers: what the last 12 months would have brought at another level."""

    _inherit = "crm.metrics"

    def _levers(self, options, last, rates, references, group):
        """Return a function that gives the levers of a slice.

        :param last: last of the 12 months
        :param dict rates: company id -> factor into the currency of the result
        :param dict references: what :meth:`_lever_references` returns
        :param group: field of the purchase to group by, or None
        """
        round_money = options["companies"][0].currency_id.round
        domain = self._purchase_domain(options)
        year = self._purchase_sums_of_ranges(
            domain, [twelve_months(last)], rates, group
        )
        years = self._calendar_years(domain, last, rates, group)

        def levers_of(slice_id):
            now = _nvl(year.get(slice_id, {}).get(0))
            found = {
                **references,
                "year": {
                    (start.year, str(start.year)): _nvl(numbers)
                    for start, numbers in years.get(slice_id, {}).items()
                },
            }
            rows = []
            for factor, kinds in REFERENCES.items():
                for kind in kinds:
                    best = levers.best(found[kind], factor)
                    if best is None:
                        continue
                    (id_, name), level = best
                    revenue = levers.at_level(now, factor, level)
                    if revenue is not None:
                        revenue = round_money(revenue)
                    rows.append(
                        {
                            "factor": factor,
                            "now": levers.levels(*now)[factor],
                            "best": level,
                            "best_of": kind,
                            "id": id_,
                            "name": name,
                            "revenue_at_best": revenue,
                            "gain": None
                            if revenue is None
                            # whoever is the best already gains nothing
                            else round_money(max(revenue - now[-1], 0)),
                        }
                    )
            return rows

        return levers_of

    def _calendar_years(self, domain, last, rates, group):
        """Return sums by slice and year, of the years that were over by `last`."""
        over = periods.floor(last + periods.DAY, "year")
        return self._purchase_sums(
            self._purchases_by_customer(
                self._purchase_rows(domain & Domain("date", "<", over), group),
                SQL("date_trunc('year', p.date::timestamp)::date"),
            ),
            rates,
        )

    def _lever_references(self, options, last, rates):
        """Return what all slices are compared with: teams and segments.

        All that the caller may read, whichever team or salesperson was asked for:
        an example is one for the others.

        :return: dict, `team` and `segment` -> dict, (id, name) -> sums
        """
        domain = self._purchase_domain({**options, "team_ids": None, "user_ids": None})
        days = twelve_months(last)
        teams = self._purchase_sums_of_ranges(domain, [days], rates, "team_id")
        segments = self._purchase_sums(
            self._purchases_by_customer(
                self._rows_by_segment(
                    domain & Domain("date", ">=", days[0]) & Domain("date", "<=", last),
                    options["companies"],
                    last,
                ),
                SQL("0"),
            ),
            rates,
        )
        return {
            "team": self._named_sums(PURCHASE, "team_id", teams),
            "segment": self._named_sums("crm.customer.score", "segment_id", segments),
        }

    def _rows_by_segment(self, domain, companies, last):
        """Return the SQL of purchases by the segment that a customer was in."""
        runs = self.env["crm.customer.score.run"]._latest(companies, last)
        score = self.env["crm.customer.score"]
        query = score._search(
            Domain("run_id", "in", runs.ids) & Domain("segment_id", "!=", False)
        )
        return SQL(
            """SELECT s.segment_id AS slice, rows.company_id, rows.partner_id,
                      rows.date, rows.kind, rows.amount
                 FROM (%s) AS rows JOIN (%s) AS s USING (company_id, partner_id)""",
            self._purchase_rows(domain),
            query.select(
                *(
                    SQL(
                        "%s AS %s",
                        score._field_to_sql(query.table, name, query),
                        SQL.identifier(name),
                    )
                    for name in ("company_id", "partner_id", "segment_id")
                )
            ),
        )

    def _named_sums(self, model, field, sums):
        """Return (id, name) -> sums of customers who are known, by slice."""
        return {
            (group["id"], group["name"]): group["sums"]
            for group in self._named_groups(
                model,
                field,
                {
                    slice_id: {"sums": _nvl(found[0])}
                    for slice_id, found in sums.items()
                    if slice_id
                },
            )
        }


def twelve_months(last):
    """Return the first and the last day of the 12 months that end on a day."""
    return periods.first_of_months(last, 12), last


def _nvl(numbers):
    """Return customers, orders and revenue of sums, which may be None."""
    return tuple((numbers or [0, 0, 0])[:3])
