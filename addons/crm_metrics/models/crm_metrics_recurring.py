from collections import defaultdict

from odoo import api, fields, models

from ..kernel import periods, recurring
from .crm_metrics_ledger import GROUPS, MOVEMENT, SLICES

FACTS = ["crm.mrr.segment", MOVEMENT]


class CrmMetrics(models.AbstractModel):
    _inherit = "crm.metrics"

    @api.model
    @api.readonly
    def recurring(self, options):
        """Return how recurring revenue moved, period by period.

        :param dict options: the common ones (see `crm.metrics`); `source_ids`
            (campaign sources), `plan_ids`, `country_ids`, `reason_ids` (close
            reasons); `group_by` (`team`, `user`, `plan`, `source`, `country`,
            `reason`); and `view`:

            - `activity` (default): the sum of the daily movements
            - `net`: period end against period start, customer by customer
            - `committed`: activity, and what was agreed on for later days

        :return: dict with `meta`, `periods`, `kpis` and, where it was asked for,
            `groups`: `[{id, name, periods, kpis}]`, id None for "not set". A
            period has `date_from`, `date_to`, `partial` (clipped by the range or
            by today), and in money a month `opening`, `new`, `reactivation`,
            `expansion`, `contraction`, `churn`, `fx`, `transfer`, `closing` with
            opening + parts = closing; `customers` has the same in heads. The kpis
            are those of the whole range, see `kernel.recurring.measures`.
        :raise AccessError: the caller is no CRM user
        :raise ValidationError: a bad option, named
        """
        options = self._recurring_options(
            options, {"view": ("activity", "net", "committed")}
        )
        # record rules look at the selected companies
        self = self.with_context(allowed_company_ids=options["companies"].ids)
        result = {
            "meta": self._meta(options, FACTS),
            **self._recurring_slices(options, None)[None],
        }
        if options["group_by"]:
            field = GROUPS[options["group_by"]]
            result["groups"] = self._named_groups(
                MOVEMENT, field, self._recurring_slices(options, field)
            )
        return result

    def _recurring_options(self, options, choices=None):
        return self._options(
            options,
            ids={key: model for key, (model, _field) in SLICES.items()},
            choices={"group_by": (None, *GROUPS), **(choices or {})},
        )

    def _named_groups(self, model, field, slices):
        """Return slices as a list, with names, in the order of the names.

        :param dict slices: id or None -> dict
        """
        comodel = self.env[model]._fields[field].comodel_name
        ids = [id_ for id_ in slices if id_]
        # whoever may read a movement may know whose it is
        records_sudo = self.env[comodel].sudo().browse(ids)
        names = {record.id: record.display_name for record in records_sudo}
        groups = [
            {"id": id_, "name": names.get(id_) or self.env._("Not set"), **content}
            for id_, content in slices.items()
        ]
        return sorted(groups, key=lambda group: (group["id"] is None, group["name"]))

    def _recurring_slices(self, options, group):
        """Return periods and kpis by slice; the whole is the slice None.

        :param group: field of the movement to group by, or None
        """
        last, _moment = self._as_of(options)
        companies = options["companies"]
        rates = self._conversion_rates(companies, options["date_to"])
        days = (options["date_to"] - options["date_from"]).days + 1
        figures = self._recurring_figures(options, last, group, rates)
        slices = {}
        for slice_id, rows in self._recurring_periods(
            options, last, group, rates
        ).items():
            heads = [row["customers"] for row in rows]
            kpis = recurring.measures(rows, heads, days, **figures[slice_id])
            for name in recurring.MONEY:
                if kpis[name] is not None:
                    kpis[name] = companies[0].currency_id.round(kpis[name])
            slices[slice_id] = {"periods": rows, "kpis": kpis}
        return slices

    def _recurring_periods(self, options, last, group, rates):
        """Return the chained periods by slice, in the main company's currency.

        :param last: day as of which the figures are
        :param group: field of the movement to group by, or None
        :param dict rates: company id -> factor into that currency
        """
        round_money = options["companies"][0].currency_id.round
        spans = periods.split(
            options["date_from"], options["date_to"], options["grain"]
        )
        sums = self._ledger_sums(options, last, group)

        def converted(money):
            total = defaultdict(float)
            for (company, kind), amount in money.items():
                total[kind] += float(amount) * rates[company]
            return total

        slices = {}
        for slice_id in [*sums] if group else [None]:
            money, heads = sums[slice_id]
            rows = recurring.waterfall(
                sum(converted(money[None]).values()),
                [converted(money[span.start]) for span in spans],
                round_money,
            )
            customers = recurring.logo_waterfall(
                sum(heads[None].values()), [heads[span.start] for span in spans]
            )
            slices[slice_id] = [
                {
                    "date_from": fields.Date.to_string(span.date_from),
                    "date_to": fields.Date.to_string(span.date_to),
                    "partial": span.partial or span.date_to > last,
                    **row,
                    "customers": heads_row,
                }
                for span, row, heads_row in zip(spans, rows, customers, strict=True)
            ]
        return slices

    def _customers_mrr(self, customers):
        """Return today's MRR of customers in the current company.

        One company, so that a contact can be opened whatever rates are missing.

        :param customers: commercial partners
        :return: dict, customer -> amount in the currency of the current company;
            customers without any are absent
        """
        company = self.env.company
        return dict(
            self.env[MOVEMENT]._read_group(
                [
                    ("partner_id", "in", customers._origin.ids),
                    ("company_id", "=", company.id),
                    ("date", "<=", company._metrics_today()),
                ],
                ["partner_id"],
                ["amount:sum"],
            )
        )
