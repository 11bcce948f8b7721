from odoo import api, models


class CrmPurchaseEntry(models.Model):
    """Purchases out of a file, by Odoo's own importer."""

    _inherit = "crm.purchase.entry"

    @api.model
    def get_import_templates(self):
        return [
            {
                "label": self.env._("Import Template for Purchases"),
                "template": "/crm_metrics/static/xls/crm_purchase_entry.xlsx",
            }
        ]

    @api.model
    def load(self, fields, data):
        self = self.with_context(crm_metrics_import=True)
        if self.env.user.has_group("sales_team.group_sale_salesman_all_leads"):
            # whoever may see all imports the purchases of others: without a column
            # for them they are nobody's, not the importer's
            self = self.with_context(default_user_id=False)
        return super().load(fields, data)

    def _convert_records(self, records, *, log, savepoint):
        seen = {}
        for dbid, xid, values, info in super()._convert_records(
            records, log=log, savepoint=savepoint
        ):
            reference = self._import_reference(values)
            first = seen.setdefault(reference, info["rows"]["from"])
            if values.get("name") and first != info["rows"]["from"]:
                # one of the two would be lost
                message = self.env._(
                    "Reference: “%(reference)s” stands in row %(row)s already. Give "
                    "each purchase a reference of its own.",
                    reference=values["name"],
                    # people count the row of titles as well
                    row=first + 2,
                )
                log(dict(info, type="error", field="name", message=message))
                continue
            yield dbid, xid, values, info

    def _load_records(self, data_list, update=False):
        if self.env.context.get("crm_metrics_import"):
            for data in data_list:
                if not data["values"].get("company_id", True):
                    # an empty cell is no value: the importer's own
                    del data["values"]["company_id"]
            self._find_by_reference(data_list)
        return super()._load_records(data_list, update)

    def _find_by_reference(self, data_list):
        """Let rows without an id, whose reference is known, update that purchase."""
        wanted = [
            data["values"]
            for data in data_list
            if not data.get("xml_id") and not data["values"].get("id")
        ]
        names = [values["name"] for values in wanted if values.get("name")]
        known = {
            (entry.company_id.id, entry.name): entry.id
            for entry in self.search([("name", "in", names)])
        }
        for values in wanted:
            if known_id := known.get(self._import_reference(values)):
                values["id"] = known_id

    def _import_reference(self, values):
        """Return what tells a purchase from all others: its company and reference."""
        return values.get("company_id") or self.env.company.id, values.get("name")
