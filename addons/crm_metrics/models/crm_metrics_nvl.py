from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..kernel import lmdi, periods
from .crm_metrics_purchases import GROUPS, PURCHASE, SLICES

NOTHING = [0] * 7


class CrmMetrics(models.AbstractModel):
    _inherit = "crm.metrics"

    @api.model
    @api.readonly
    def nvl(self, options):
        """Return revenue as customers x value x loyalty, and why it has changed.

        :param dict options: the common ones (see `crm.metrics`); `country_ids`
            (of the customer); `group_by` (`team`, `user`, `country`)
        :return: dict with `meta`, `periods`, `effects`, `levers` and, where it was
            asked for, `groups`: `[{id, name, periods, effects, levers}]`, id None
            for "not set".

            A period has `date_from`, `date_to`, `partial` (clipped by the range or
            by today); of customers who are known `customers` (N), `orders` (Q),
            `revenue` (R), `value` (V = R / Q) and `loyalty` (L = Q / N), both
            with all their digits, so that R = N x V x L; `refunds` (negative),
            `anonymous` (purchases without a customer), `new_customers` (whose
            first purchase ever in the company is of this period) and
            `lost_customers` (of the days that it is compared with, not of its own;
            None when it has not begun).

            An effect has `date_from` of its period, `compared_to`, and the change
            `delta` of revenue, refunds and anonymous purchases together = the sum
            of `customers`, `value`, `loyalty`, `refunds`, `anonymous`, to the
            cent. A period that has not begun has none.

            A lever tells what the 12 months to `date_to` would have brought at
            another level: `factor`, `now`, `best`, `best_of` (`team`, `segment`,
            `year`) with its `id` and `name`, `revenue_at_best` and the `gain` above
            what was earned (0: the best already).
        :raise AccessError: the caller is no CRM user
        :raise ValidationError: a bad option, named
        """
        options = self._options(
            options,
            ids={key: model for key, (model, _field) in SLICES.items()},
            choices={"group_by": (None, *GROUPS)},
        )
        # record rules look at the selected companies
        self = self.with_context(allowed_company_ids=options["companies"].ids)
        last, _moment = self._as_of(options)
        rates = self._conversion_rates(options["companies"], options["date_to"])
        references = self._lever_references(options, last, rates)
        result = {
            "meta": self._meta(options, [PURCHASE]),
            **self._nvl_slices(options, last, rates, references, None)[None],
        }
        if options["group_by"]:
            field = GROUPS[options["group_by"]]
            slices = self._nvl_slices(options, last, rates, references, field)
            result["groups"] = self._named_groups(PURCHASE, field, slices)
        return result

    def _nvl_slices(self, options, last, rates, references, group):
        """Return periods, effects and levers by slice; the whole is the slice None.

        :param last: day as of which the figures are
        :param dict rates: company id -> factor into the currency of the result
        :param dict references: what :meth:`_lever_references` returns
        :param group: field of the purchase to group by, or None
        """
        grain = options["grain"]
        spans = periods.split(options["date_from"], options["date_to"], grain)
        compared = [periods.compared(span, last, grain) for span in spans]
        sums = self._nvl_sums(options, last, rates, group, spans, compared)
        levers = self._levers(options, last, rates, references, group)
        slices = {}
        for slice_id in [*sums] if group else [None]:
            found = sums.get(slice_id, {})
            slices[slice_id] = {
                "periods": self._nvl_periods(options, last, spans, compared, found),
                "effects": self._nvl_effects(options, last, spans, compared, found),
                "levers": levers(slice_id),
            }
        return slices

    # ------------------------------------------------------------------
    # reading
    # ------------------------------------------------------------------

    def _nvl_sums(self, options, last, rates, group, spans, compared):
        """Return sums by slice and by days, see :meth:`_purchase_sums`.

        Whole calendar periods are read at once, and then what the range, today or
        a comparison cuts off.

        :return: dict, slice -> dict, (first day, last day) -> numbers. The days of
            a calendar period end at `last`; its two numbers more are new customers
            and those kept from the days it is compared with, of the days inside the
            range
        """
        grain = options["grain"]
        starts = [span.start for span in spans]
        first = periods.preceding(starts[0], grain) or starts[0]
        domain = self._purchase_domain(options)
        pairs = list(zip(spans, compared, strict=True))
        by_start = self._purchase_sums(
            self._nvl_calendar(options, domain, group, first, last, pairs),
            rates,
            SQL(", COALESCE(sum(is_new), 0)::int, COALESCE(sum(is_kept), 0)::int"),
        )
        eves = {
            start: periods.following(start, grain) - periods.DAY
            for start in (first, *starts)
        }
        whole = {(start, min(eve, last)): start for start, eve in eves.items()}
        odd = {days for days in compared if days} - set(whole)
        odd |= {_known_days(span, last) for span in spans[:1]} - set(whole)
        ranges = sorted(days for days in odd if days[0] <= days[1])
        by_number = self._purchase_sums_of_ranges(domain, ranges, rates, group)
        return {
            slice_id: {
                **{
                    days: found[start]
                    for days, start in whole.items()
                    if start in found
                },
                **{
                    ranges[number]: numbers
                    for number, numbers in by_number[slice_id].items()
                },
            }
            for slice_id, found in by_start.items()
        }

    def _nvl_calendar(self, options, domain, group, first, last, compared):
        """Return the SQL of purchases by customer and calendar period.

        With `first_day` of the purchases in it, and `is_new` and `is_kept`, 1 for
        customers of a period, inside the range, who have never bought before, or did
        so in the days that the period is compared with.

        :param compared: pairs of a period and the days that it is compared with
        """
        # these begin with the period before, and may end within it
        cut = [
            SQL("start = %s AND previous > %s", span.start, days[1])
            for span, days in compared
            if days and days[1] < span.start - periods.DAY
        ]
        step = {"quarter": "3 months"}.get(options["grain"], f"1 {options['grain']}")
        start = SQL("date_trunc(%s, p.date::timestamp)::date", options["grain"])
        by_customer = self._purchases_by_customer(
            self._purchase_rows(
                domain & Domain("date", ">=", first) & Domain("date", "<=", last), group
            ),
            start,
            # the window beside the sums, so that one order serves both
            SQL(
                """, p.partner_id IS NOT NULL AND COALESCE(
                       bool_or(p.date >= %(date_from)s)
                       FILTER (WHERE p.kind = 'purchase'), FALSE) AS counts,
                   min(p.date) FILTER (WHERE p.kind = 'purchase') AS first_day,
                   max(min(p.date) FILTER (WHERE p.kind = 'purchase')) OVER (
                       PARTITION BY p.slice, p.company_id, p.partner_id
                           ORDER BY %(start)s
                           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
                       AS previous""",
                date_from=options["date_from"],
                start=start,
            ),
        )
        return SQL(
            """SELECT c.*, (counts AND f.first >= start)::int AS is_new,
                      (counts AND previous >= start - interval %(step)s
                       AND NOT (%(cut)s))::int AS is_kept
                 FROM (%(by_customer)s) AS c
                 LEFT JOIN (%(firsts)s) AS f USING (company_id, partner_id)""",
            step=step,
            cut=SQL(" OR ").join(cut) if cut else SQL("FALSE"),
            by_customer=by_customer,
            firsts=self._first_purchases(options),
        )

    def _first_purchases(self, options):
        """Return the SQL of first purchases in a company, of those inside the range.

        Whoever sold it: only to tell who is new, never to sum up.
        """
        purchase_sudo = self.env[PURCHASE].sudo()
        query = purchase_sudo._search(
            Domain("company_id", "in", options["companies"].ids)
            & Domain("kind", "=", "purchase")
            & Domain("partner_id", "!=", False)
        )
        return SQL(
            # the fence: the planner would else go through the whole table by the index
            # of customers, to have them in order
            """SELECT company_id, partner_id, min(date) AS first
                 FROM (%s OFFSET 0) AS bought
                GROUP BY 1, 2 HAVING min(date) >= %s""",
            query.select(SQL("company_id"), SQL("partner_id"), SQL("date")),
            options["date_from"],
        )

    # ------------------------------------------------------------------
    # shaping
    # ------------------------------------------------------------------

    def _nvl_periods(self, options, last, spans, compared, sums):
        round_money = options["companies"][0].currency_id.round
        rows = []
        for span, days in zip(spans, compared, strict=True):
            known = _known_days(span, last)
            customers, orders, revenue, refunds, anonymous = sums.get(known, NOTHING)[
                :5
            ]
            whole = (span.start, known[1])
            new, kept = sums.get(whole, NOTHING)[5:]
            revenue = round_money(revenue)
            value, loyalty = lmdi.ratios(customers, orders, revenue)
            rows.append(
                {
                    "date_from": fields.Date.to_string(span.date_from),
                    "date_to": fields.Date.to_string(span.date_to),
                    "partial": span.partial or span.date_to > last,
                    "customers": customers,
                    "orders": orders,
                    "revenue": revenue,
                    "value": value,
                    "loyalty": loyalty,
                    "refunds": round_money(refunds),
                    "anonymous": round_money(anonymous),
                    "new_customers": new,
                    "lost_customers": None
                    if span.date_from > last
                    else sums.get(days, NOTHING)[0] - kept,
                }
            )
        return rows

    def _nvl_effects(self, options, last, spans, compared, sums):
        round_money = options["companies"][0].currency_id.round
        rows = []
        for span, days in zip(spans, compared, strict=True):
            if not days:
                continue
            (
                (*before, refunds_before, anonymous_before),
                (*after, refunds, anonymous),
            ) = (
                _rounded(sums.get(days, NOTHING), round_money)
                for days in (days, _known_days(span, last))
            )
            bars = {
                **lmdi.bridge(before, after, round_money),
                "refunds": round_money(refunds - refunds_before),
                "anonymous": round_money(anonymous - anonymous_before),
            }
            rows.append(
                {
                    "date_from": fields.Date.to_string(span.date_from),
                    "compared_to": {
                        "date_from": fields.Date.to_string(days[0]),
                        "date_to": fields.Date.to_string(days[1]),
                    },
                    "delta": round_money(sum(bars.values())),
                    **bars,
                }
            )
        return rows


def _known_days(span, last):
    """Return the first and the last day of a period that are known."""
    return span.date_from, min(span.date_to, last)


def _rounded(numbers, round_money):
    """Return customers, orders and the three sums of money of some days."""
    customers, orders, *money = numbers[:5]
    return [customers, orders, *map(round_money, money)]
