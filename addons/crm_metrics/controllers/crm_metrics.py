import json

from werkzeug.exceptions import BadRequest, Forbidden

from odoo import http
from odoo.exceptions import AccessError, UserError
from odoo.http import content_disposition, request

from .cohort_sheet import CohortSheet
from .recurring_sheet import RecurringSheet

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class CrmMetricsController(http.Controller):
    @http.route(
        "/crm_metrics/recurring.xlsx",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=True,
    )
    def recurring_xlsx(self, options="{}", measure="mrr"):
        """Give what the screen shows as a spreadsheet.

        :param str options: options of `crm.metrics.recurring` as JSON
        :param str measure: `mrr` or `arr`: amounts a month or a year
        """
        if measure not in ("mrr", "arr"):
            raise BadRequest("measure: mrr or arr")
        options, result = self._crm_metrics_result("recurring", options)
        return self._crm_metrics_response(
            RecurringSheet(request.env, result, options, measure),
            "recurring_revenue",
            result["meta"],
        )

    @http.route(
        "/crm_metrics/recurring_cohorts.xlsx",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=True,
    )
    def recurring_cohorts_xlsx(self, options="{}", figure="net"):
        """Give the cohorts as a spreadsheet.

        :param str options: options of `crm.metrics.recurring_cohorts` as JSON
        :param str figure: `net`, `gross` or `customers`: what comes first
        """
        if figure not in CohortSheet.FIGURES:
            raise BadRequest("figure: net, gross or customers")
        options, result = self._crm_metrics_result("recurring_cohorts", options)
        return self._crm_metrics_response(
            CohortSheet(request.env, result, options, figure),
            "recurring_cohorts",
            result["meta"],
        )

    def _crm_metrics_result(self, method, raw):
        """Ask the façade.

        :return: options and result
        """
        try:
            options = json.loads(raw)
        except ValueError as error:
            raise BadRequest("options: not JSON") from error
        try:
            return options, getattr(request.env["crm.metrics"], method)(options)
        except AccessError as error:
            raise Forbidden(str(error)) from error
        except UserError as error:
            raise BadRequest(str(error)) from error

    def _crm_metrics_response(self, sheet, name, meta):
        name = f"{name}_{meta['date_from']}_{meta['date_to']}.xlsx"
        return request.make_response(
            sheet.content(),
            headers=[
                ("Content-Type", XLSX),
                ("Content-Disposition", content_disposition(name)),
                ("Cache-Control", "no-store"),
            ],
        )
