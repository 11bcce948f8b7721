from datetime import timedelta

from odoo import api, models

#: cells of a line that, left empty, mean the usual: a file with a column for
#: one-off lines must not turn all others into one-off lines as well
USUAL = {"line_ids/recurring": "1", "line_ids/quantity": "1"}


class CrmSubscription(models.Model):
    """Subscriptions out of a file, by Odoo's own importer."""

    _inherit = "crm.subscription"

    @api.model
    def get_import_templates(self):
        return [
            {
                "label": self.env._("Import Template for Subscriptions"),
                "template": "/crm_metrics/static/xls/crm_subscription.xlsx",
            }
        ]

    @api.model
    def load(self, fields, data):
        columns = [
            column for column, name in enumerate(fields) if name.startswith("line_ids/")
        ]
        usual = {
            column: USUAL[fields[column]]
            for column in columns
            if fields[column] in USUAL
        }
        rows = []
        for row in data:
            if usual and any(row[column] for column in columns):
                row = [
                    usual.get(column, value) if value in ("", None, False) else value
                    for column, value in enumerate(row)
                ]
            rows.append(row)
        self = self.with_context(crm_metrics_import=True)
        return super().load(fields, rows)

    def _load_records(self, data_list, update=False):
        if not self.env.context.get("crm_metrics_import"):
            return super()._load_records(data_list, update)
        for data in data_list:
            for name in ("company_id", "currency_id"):
                # an empty cell is no value: the company's own
                if name in data["values"] and not data["values"][name]:
                    del data["values"][name]
        records = super()._load_records(data_list, update)
        records._link_versions()
        return records

    @api.model
    def _sql_error_to_message(self, exc):
        # the importer asks the subscription also where a line or pause is at fault
        for name in ("crm.subscription.line", "crm.subscription.pause"):
            if exc.diag.table_name == self.env[name]._table:
                return self.env[name]._sql_error_to_message(exc)
        return super()._sql_error_to_message(exc)

    def _link_versions(self):
        """Make versions of lines of one name that follow each other day by day.

        In a file, lines cannot point to each other: a price that rose is two
        lines of the same name.
        """
        # the last day of 9999 has none after it: what is refused, is refused here
        self.line_ids.flush_recordset()
        for subscription in self:
            lines = subscription.line_ids.filtered("recurring")
            followed = lines.previous_line_id
            by_end = {}
            for line in lines - followed:
                if line.date_end:
                    by_end.setdefault((line.name, line.date_end), []).append(line)
            by_start = {}
            for line in lines:
                if line.date_start and not line.previous_line_id:
                    by_start.setdefault((line.name, line.date_start), []).append(line)
            for (name, end), before in by_end.items():
                after = by_start.get((name, end + timedelta(1)), [])
                # two at once: nobody knows which follows which
                if len(before) == len(after) == 1:
                    after[0].previous_line_id = before[0]
