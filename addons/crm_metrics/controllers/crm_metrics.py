import io
import json
from datetime import date

from werkzeug.exceptions import BadRequest, Forbidden

from odoo import fields, http
from odoo.exceptions import AccessError, UserError
from odoo.http import content_disposition, request

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
        try:
            options = json.loads(options)
        except ValueError as error:
            raise BadRequest("options: not JSON") from error
        try:
            result = request.env["crm.metrics"].recurring(options)
        except AccessError as error:
            raise Forbidden(str(error)) from error
        except UserError as error:
            raise BadRequest(str(error)) from error
        meta = result["meta"]
        name = f"recurring_revenue_{meta['date_from']}_{meta['date_to']}.xlsx"
        return request.make_response(
            RecurringSheet(request.env, result, options, measure).content(),
            headers=[
                ("Content-Type", XLSX),
                ("Content-Disposition", content_disposition(name)),
                ("Cache-Control", "no-store"),
            ],
        )


class Sheet:
    """A workbook with one sheet that is written row by row.

    Text is always written as text: a name that begins with "=" stays a name.
    """

    def __init__(self, env, title):
        import xlsxwriter  # noqa: PLC0415  slow to load, seldom needed

        self.env = env
        self.output = io.BytesIO()
        self.workbook = xlsxwriter.Workbook(
            self.output,
            {
                "in_memory": True,
                "strings_to_formulas": False,
                "strings_to_numbers": False,
                "strings_to_urls": False,
            },
        )
        # names of sheets are short and know no []:*?/\
        self.worksheet = self.workbook.add_worksheet(title[:31])
        self.formats = {}
        self.row = 0

    def style(self, **properties):
        key = tuple(sorted(properties.items()))
        if key not in self.formats:
            self.formats[key] = self.workbook.add_format(properties)
        return self.formats[key]

    def write_row(self, *cells, **style):
        """Write the next row.

        :param cells: a value each, or a tuple of a value and its number format
        :param style: properties of all cells of the row
        """
        for column, cell in enumerate(cells):
            value, number_format = cell if isinstance(cell, tuple) else (cell, None)
            properties = (
                {**style, "num_format": number_format} if number_format else style
            )
            cell_style = self.style(**properties) if properties else None
            if value is None:
                self.worksheet.write_blank(self.row, column, None, cell_style)
            elif isinstance(value, date):
                self.worksheet.write_datetime(self.row, column, value, cell_style)
            elif isinstance(value, (int, float)):
                self.worksheet.write_number(self.row, column, value, cell_style)
            else:
                self.worksheet.write_string(self.row, column, str(value), cell_style)
        self.row += 1

    def content(self):
        self.workbook.close()
        return self.output.getvalue()


class RecurringSheet(Sheet):
    """What `crm.metrics.recurring` says, as a spreadsheet."""

    def __init__(self, env, result, options, measure):
        super().__init__(env, env._("Recurring Revenue"))
        self.meta = result["meta"]
        self.factor = 12 if measure == "arr" else 1
        self.measure = measure.upper()
        self.currency = env["res.currency"].search(
            [("name", "=", self.meta["currency"])]
        )
        decimals = "0" * self.currency.decimal_places
        self.money = "#,##0." + decimals if decimals else "#,##0"
        self.worksheet.set_column(0, 0, 24)
        self.worksheet.set_column(1, 20, 14)

        self.write_row(env._("Recurring Revenue"), bold=True, font_size=14)
        self.write_meta(options)
        self.row += 1
        self.write_kpis(result["kpis"])
        self.row += 1
        self.write_periods(result["periods"])

    def write_meta(self, options):
        meta = self.meta
        companies = self.env["res.company"].browse(options.get("company_ids") or [])
        companies = companies or self.env.companies
        teams = self.env["crm.team"].browse(options.get("team_ids") or [])
        users = self.env["res.users"].browse(options.get("user_ids") or [])
        views = {"activity": self.env._("Activity"), "net": self.env._("Net")}
        self.write_row(self.env._("Company"), ", ".join(companies.mapped("name")))
        if teams:
            self.write_row(self.env._("Sales Team"), ", ".join(teams.mapped("name")))
        if users:
            self.write_row(self.env._("Salesperson"), ", ".join(users.mapped("name")))
        self.write_row(self.env._("From"), self.day(meta["date_from"]))
        self.write_row(self.env._("To"), self.day(meta["date_to"]))
        self.write_row(self.env._("View"), views[options.get("view", "activity")])
        self.write_row(self.env._("Currency"), meta["currency"])
        self.write_row(self.env._("As of (UTC)"), meta["as_of"])
        if meta["queued"]:
            self.write_row(self.env._("Records waiting"), meta["queued"])
        if left_out := sum(meta["issues"].values()):
            self.write_row(self.env._("Records left out"), left_out)

    def write_kpis(self, kpis):
        self.write_row(self.env._("Figures of the range"), bold=True)
        labels = self.kpi_labels()
        for name, value in kpis.items():
            label, number_format = labels.get(name, (name, None))
            if name == "net_new":
                value = self.currency.round(value * self.factor)
            self.write_row(label, (value, number_format))

    def kpi_labels(self):
        """Return label and number format of the kpis; others appear by name."""
        money, rate = self.money, "0.0%"
        return {
            "mrr": (self.env._("MRR"), money),
            "arr": (self.env._("ARR"), money),
            "carr": (self.env._("CARR"), money),
            "weighted_pipeline_mrr": (self.env._("Weighted pipeline MRR"), money),
            "net_new": (self.env._("Net new %s", self.measure), money),
            "growth": (self.env._("Growth"), rate),
            "gross_churn": (self.env._("Gross churn"), rate),
            "net_churn": (self.env._("Net churn"), rate),
            "logo_churn": (self.env._("Logo churn"), rate),
            "quick_ratio": (self.env._("Quick ratio"), "0.00"),
            "arpa": (self.env._("MRR per customer"), money),
            "asp": (self.env._("MRR per new customer"), money),
            "ltv": (self.env._("Lifetime value"), money),
            "nrr_12m": (self.env._("NRR, 12 months"), rate),
            "grr_12m": (self.env._("GRR, 12 months"), rate),
            "logo_retention_12m": (self.env._("Logo retention, 12 months"), rate),
            "top10_share": (self.env._("Share of the ten largest"), rate),
        }

    def write_periods(self, periods):
        columns = {
            "opening": self.env._("Opening"),
            "new": self.env._("New"),
            "reactivation": self.env._("Reactivation"),
            "expansion": self.env._("Expansion"),
            "contraction": self.env._("Contraction"),
            "churn": self.env._("Churn"),
            "fx": self.env._("Currency"),
            "transfer": self.env._("Transfer"),
            "closing": self.env._("Closing"),
        }
        heads = {
            "opening": self.env._("Customers at start"),
            "new": self.env._("Customers new"),
            "reactivation": self.env._("Customers back"),
            "churn": self.env._("Customers lost"),
            "transfer": self.env._("Customers transferred"),
            "closing": self.env._("Customers at end"),
        }
        self.write_row(
            self.env._(
                "How %(measure)s moved, in %(currency)s",
                measure=self.measure,
                currency=self.meta["currency"],
            ),
            bold=True,
        )
        self.write_row(
            self.env._("From"),
            self.env._("To"),
            *columns.values(),
            *heads.values(),
            bold=True,
            bottom=1,
        )
        for period in periods:
            self.write_row(
                self.day(period["date_from"]),
                self.day(period["date_to"]),
                *(
                    (self.currency.round(period[name] * self.factor), self.money)
                    for name in columns
                ),
                *((period["customers"][name], "#,##0") for name in heads),
            )

    def day(self, iso):
        return (fields.Date.to_date(iso), "yyyy-mm-dd")
