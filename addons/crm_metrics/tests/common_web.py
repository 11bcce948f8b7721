import io
import json

from openpyxl import load_workbook


class ExportMixin:
    """Downloads spreadsheets and reads them, in an HttpCase."""

    def export(
        self, login="metrics_manager", options=None, raw=None, what="recurring", **query
    ):
        self.authenticate(login, login)
        if options is not None:
            raw = json.dumps(options)
        return self.url_open(
            f"/crm_metrics/{what}.xlsx", params={"options": raw, **query}
        )

    def rows(self, response):
        """Return the rows that are not empty, as lists of filled cells."""
        self.assertEqual(response.status_code, 200, response.text[:500])
        book = load_workbook(io.BytesIO(response.content))
        rows = [
            [cell for cell in row if cell.value is not None] for row in book.active.rows
        ]
        return [row for row in rows if row]

    def values(self, response):
        return [[cell.value for cell in row] for row in self.rows(response)]
