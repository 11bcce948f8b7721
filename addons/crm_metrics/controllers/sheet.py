import io
from datetime import date

from odoo import fields


def cell(value, number_format):
    """Return a cell of :meth:`Sheet.write_row`.

    A function, because the search for terms takes a tuple that follows a term for more
    of its arguments.
    """
    return value, number_format


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
        for column, given in enumerate(cells):
            value, number_format = given if isinstance(given, tuple) else (given, None)
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


class MetricsSheet(Sheet):
    """What all results of the façade share, on a sheet.

    :param str title: of the sheet
    :param dict result: of the façade
    :param dict options: with which it was asked for
    """

    #: name of the file, without the range
    FILE = "metrics"
    #: how the result may be shown: key -> values, the first is the default
    LOOKS = {}
    #: options with ids -> model of the ids, in the order in which a sheet names them
    FILTERS = {
        "team_ids": "crm.team",
        "user_ids": "res.users",
        "plan_ids": "crm.recurring.plan",
        "source_ids": "utm.source",
        "country_ids": "res.country",
        "reason_ids": "crm.subscription.close.reason",
        "segment_ids": "crm.customer.segment",
    }

    def __init__(self, env, title, result, options):
        super().__init__(env, title)
        self.result = result
        self.meta = result["meta"]
        self.options = options
        self.currency = env["res.currency"].search(
            [("name", "=", self.meta["currency"])]
        )
        decimals = "0" * self.currency.decimal_places
        self.money = "#,##0." + decimals if decimals else "#,##0"
        self.worksheet.set_column(0, 0, 24)
        self.worksheet.set_column(1, 40, 14)
        self.write_row(title, bold=True, font_size=14)
        self.write_meta()
        self.row += 1

    def write_meta(self):
        meta = self.meta
        companies = self.env["res.company"].browse(
            self.options.get("company_ids") or []
        )
        companies = companies or self.env.companies
        self.write_row(self.env._("Company"), ", ".join(companies.mapped("name")))
        labels = self.filter_labels()
        for key, model in self.FILTERS.items():
            if ids := self.options.get(key):
                names = self.env[model].browse(ids).mapped("display_name")
                self.write_row(labels[key], ", ".join(names))
        self.write_days()
        self.write_choices()
        self.write_row(self.env._("Currency"), meta["currency"])
        self.write_row(self.env._("As of (UTC)"), meta["as_of"])
        if meta["queued"]:
            self.write_row(self.env._("Records waiting"), meta["queued"])
        if left_out := sum(meta["issues"].values()):
            self.write_row(self.env._("Records left out"), left_out)

    def filter_labels(self):
        return {
            "team_ids": self.env._("Sales Team"),
            "user_ids": self.env._("Salesperson"),
            "plan_ids": self.env._("Recurring Plan"),
            "source_ids": self.env._("Source"),
            "country_ids": self.env._("Country"),
            "reason_ids": self.env._("Close Reason"),
            "segment_ids": self.env._("Customer Segment"),
        }

    def write_days(self):
        """Write which days the result is about."""
        self.write_row(self.env._("From"), self.day(self.meta["date_from"]))
        self.write_row(self.env._("To"), self.day(self.meta["date_to"]))

    def write_table(self, title, heads, rows):
        """Write a table with its title, and an empty row below.

        :param heads: names of the columns
        :param rows: lists of cells, see :meth:`write_row`
        """
        self.write_row(title, bold=True)
        self.write_row(*heads, bold=True, bottom=1)
        for row in rows:
            self.write_row(*row)
        self.row += 1

    def write_choices(self):
        """Write what else the result was asked with."""

    def day(self, iso):
        return (fields.Date.to_date(iso), "yyyy-mm-dd")
