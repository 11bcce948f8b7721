from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ..kernel import periods
from .crm_metrics_purchases import SLICES

#: figures of a period that are no sum of purchases -> SQL condition on its customers
FIGURES = {
    "new": "start = %(start)s AND is_new = 1",
    "lost": """
        start = %(before)s AND first_day <= %(eve)s AND NOT EXISTS (
            SELECT FROM bought AS again
             WHERE again.company_id = bought.company_id
               AND again.partner_id = bought.partner_id AND again.is_kept = 1)""",
}


class CrmMetrics(models.AbstractModel):
    """Who is behind the numbers of new and lost customers of `nvl`."""

    _inherit = "crm.metrics"

    @api.model
    @api.readonly
    def nvl_customers(self, options, figure):
        """Return the customers behind a figure of a period of `nvl`.

        :param dict options: as of `nvl`, without `group_by`; the dates are those of one
            period
        :param str figure: `new` (bought for the first time ever in the company) or
            `lost` (bought in the days that it is compared with, not in its own)
        :return: dict with `date_from`, `date_to` of the days on which they bought, and
            `companies`: `[{company_id, partner_ids}]`
        :raise AccessError: the caller is no CRM user
        :raise ValidationError: a bad option, named; more than one period
        """
        options = self._options(
            options, ids={key: model for key, (model, _field) in SLICES.items()}
        )
        self._check_choice("figure", figure, FIGURES)
        grain = options["grain"]
        span, *others = periods.split(options["date_from"], options["date_to"], grain)
        if others:
            raise ValidationError(
                self.env._("date_to: it is not in the period of date_from.")
            )
        # record rules look at the selected companies
        self = self.with_context(allowed_company_ids=options["companies"].ids)
        last, _moment = self._as_of(options)
        before = periods.preceding(span.start, grain) or span.start
        compared = periods.compared(span, last, grain)
        first, eve = span.date_from, min(span.date_to, last)
        if figure == "lost" and compared:
            first, eve = compared
        calendar = self._nvl_calendar(
            options,
            self._purchase_domain(options),
            None,
            before,
            last,
            [(span, compared)],
        )
        rows = self.env.execute_query(
            SQL(
                """WITH bought AS (%s)
                   SELECT company_id, array_agg(DISTINCT partner_id ORDER BY partner_id)
                     FROM bought
                    WHERE partner_id IS NOT NULL AND %s
                    GROUP BY company_id ORDER BY company_id""",
                calendar,
                SQL(
                    FIGURES[figure],
                    start=span.start,
                    before=before,
                    # NULL: where there is nothing to compare, nobody is lost
                    eve=compared and compared[1],
                ),
            )
        )
        return {
            "date_from": fields.Date.to_string(first),
            "date_to": fields.Date.to_string(eve),
            "companies": [
                {"company_id": company, "partner_ids": partners}
                for company, partners in rows
            ],
        }
