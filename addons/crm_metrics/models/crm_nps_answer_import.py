from odoo import api, models


class CrmNpsAnswer(models.Model):
    """Answers out of a file, by Odoo's own importer."""

    _inherit = "crm.nps.answer"

    @api.model
    def get_import_templates(self):
        return [
            {
                "label": self.env._("Import Template for Answers"),
                "template": "/crm_metrics/static/xls/crm_nps_answer.xlsx",
            }
        ]

    @api.model
    def load(self, fields, data):
        if "score" in fields:
            # the importer takes the number 0 for an empty cell
            place = fields.index("score")
            data = [
                [
                    "0" if number == place and cell == 0 and cell is not False else cell
                    for number, cell in enumerate(row)
                ]
                for row in data
            ]
        return super().load(fields, data)

    def _convert_records(self, records, *, log, savepoint):
        """Refuse what is no score, naming the field; an empty one would become 0."""
        given = {}

        def noted():
            for number, (record, extras) in enumerate(records):
                given[number] = "score" in record
                yield record, extras

        for number, (dbid, xid, values, info) in enumerate(
            super()._convert_records(noted(), log=log, savepoint=savepoint)
        ):
            score = values.get("score")
            if given.pop(number) and "score" not in values:
                # the importer has said already that it cannot read it
                continue
            if "score" in values and (score is False or not 0 <= score <= 10):
                message = self._score_message(score)
                log(dict(info, type="error", field="score", message=message))
                continue
            yield dbid, xid, values, info
