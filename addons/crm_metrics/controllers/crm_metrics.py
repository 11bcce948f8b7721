import json

from werkzeug.exceptions import BadRequest, Forbidden, NotFound

from odoo import http
from odoo.exceptions import AccessError, UserError
from odoo.http import content_disposition, request

from .bottleneck_sheet import BottleneckSheet
from .cohort_sheet import CohortSheet
from .nps_sheet import NpsSheet
from .nvl_sheet import NvlSheet
from .recurring_sheet import RecurringSheet
from .segments_sheet import SegmentsSheet

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: in the URL -> class; the name is also that of the façade's method
SHEETS = {
    "recurring": RecurringSheet,
    "recurring_cohorts": CohortSheet,
    "nvl": NvlSheet,
    "segments": SegmentsSheet,
    "bottlenecks": BottleneckSheet,
    "nps": NpsSheet,
}


class CrmMetricsController(http.Controller):
    @http.route(
        "/crm_metrics/<string:report>.xlsx",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=True,
    )
    def crm_metrics_xlsx(self, report, options="{}", **query):
        """Give what a screen shows as a spreadsheet.

        :param str report: a key of `SHEETS`
        :param str options: options of the façade's method as JSON
        :param query: how the sheet shows it, see `LOOKS` of the sheet's class
        """
        sheet_class = SHEETS.get(report)
        if not sheet_class:
            raise NotFound()
        looks = self._crm_metrics_looks(sheet_class, query)
        options, result = self._crm_metrics_result(report, options)
        meta = result["meta"]
        days = [meta.get(key) for key in ("date_from", "date_to", "date")]
        name = "_".join(filter(None, [sheet_class.FILE, *days])) + ".xlsx"
        return request.make_response(
            sheet_class(request.env, result, options, **looks).content(),
            headers=[
                ("Content-Type", XLSX),
                ("Content-Disposition", content_disposition(name)),
                ("Cache-Control", "no-store"),
            ],
        )

    def _crm_metrics_looks(self, sheet_class, query):
        looks = {}
        for key, values in sheet_class.LOOKS.items():
            looks[key] = query.get(key, values[0])
            if looks[key] not in values:
                raise BadRequest(f"{key}: one of {', '.join(values)}")
        return looks

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
