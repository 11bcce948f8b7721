from odoo import api, models
from odoo.tools import split_every

#: so many rows are looked at at once
BATCH = 1000


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
        """Refuse what cannot be entered, each row for its own reason."""
        given = {}

        def noted():
            for number, (record, extras) in enumerate(records):
                given[number] = "score" in record
                yield record, extras

        converted = super()._convert_records(noted(), log=log, savepoint=savepoint)
        rows = self._rows_with_scores(converted, given, log)
        for batch in split_every(BATCH, rows, list):
            yield from self._rows_with_own_votes(batch, log)

    def _rows_with_scores(self, rows, given, log):
        """Refuse what is no score, naming the field; an empty one would become 0.

        :param dict given: number of a row -> whether a score stands in it
        """
        for number, (dbid, xid, values, info) in enumerate(rows):
            score = values.get("score")
            if given.pop(number) and "score" not in values:
                # the importer has said already that it cannot read it
                continue
            if "score" in values and (score is False or not 0 <= score <= 10):
                message = self._score_message(score)
                log(dict(info, type="error", field="score", message=message))
                continue
            yield dbid, xid, values, info

    def _rows_with_own_votes(self, rows, log):
        """Refuse what would take the place of an answer to an invitation.

        Here, where the importer can still tell which rows it were.
        """
        entered = self._add_persons([dict(values) for _id, _xid, values, _ in rows])
        for row, is_replacing in zip(rows, self._replacing(entered), strict=True):
            if is_replacing:
                message = self._replacing_message()
                log(dict(row[-1], type="error", field="wave", message=message))
            else:
                yield row


class IrFieldsConverter(models.AbstractModel):
    """Reads scores out of files, also where answers stand beside their program."""

    _inherit = "ir.fields.converter"

    @api.model
    def _str_to_integer(self, model, field, value, savepoint):
        if field == self.env["crm.nps.answer"]._fields["score"]:
            # a program that imports may send numbers, and int() makes 9 of 9.9
            whole = isinstance(value, float) and value.is_integer()
            if not (isinstance(value, str) or type(value) is int or whole):
                message = self.env["crm.nps.answer"]._score_message(value)
                raise ValueError(message.replace("%", "%%"))
        return super()._str_to_integer(model, field, value, savepoint)
