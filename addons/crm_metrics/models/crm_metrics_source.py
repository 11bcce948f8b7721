from odoo import api, models
from odoo.exceptions import UserError


def written(records, vals_list, names):
    """Return the ids of those among some records that get some of the fields.

    For `_write_multi`.

    :param vals_list: values of each record
    :param names: set of names of fields
    """
    return [
        record.id
        for record, vals in zip(records, vals_list, strict=True)
        if not names.isdisjoint(vals)
    ]


class CrmMetricsSource(models.AbstractModel):
    """Mixin of a model that facts are derived from: it queues their keys.

    Below `write`, because stored computed fields, flushes and `write` with any
    context all pass through `_write_multi`.
    """

    _name = "crm.metrics.source"
    _description = "Metrics Source"

    def _metrics_watched(self):
        """Return the names of the stored fields that facts are derived from."""
        raise NotImplementedError(self._name)

    def _metrics_keys(self):
        """Return which facts these records touch.

        :return: dict, technical name of a fact -> SQL that selects the keys of
            `self.ids` as they stand in the database
        """
        raise NotImplementedError(self._name)

    def _metrics_document(self):
        """Return the records to show to a person who follows a figure here."""
        return self

    def _metrics_title(self):
        """Return what a person knows this record by, in a list without context."""
        return self.display_name

    @api.model
    def _open_document(self, res_model, res_id):
        """Return the action that opens what a fact was derived from.

        :param res_model: technical name of the source, or False
        :param res_id: id of the source's record
        :raise UserError: it is gone, with its addon or by itself
        """
        record = self.env[res_model].browse(res_id) if res_model in self.env else None
        if not record or not record.exists():
            raise UserError(
                self.env._(
                    "The document is gone. The next refresh takes it off this list."
                )
            )
        record.check_access("read")
        return record._metrics_document()._get_records_action()

    @api.model
    def _document_titles(self, documents):
        """Return what people know documents by, those that the reader may read.

        :param documents: iterable of pairs (technical name of a model, id)
        :return: dict, pair -> title; a document that is gone, with its addon or by
            itself, is absent
        """
        by_model = {}
        for res_model, res_id in documents:
            by_model.setdefault(res_model, set()).add(res_id)
        return {
            (res_model, record.id): record._metrics_title()
            for res_model, ids in by_model.items()
            if res_model in self.env
            for record in self.env[res_model]
            .browse(ids)
            .exists()
            ._filtered_access("read")
        }

    def _metrics_queue(self):
        if self.ids:
            for fact, keys in self._metrics_keys().items():
                self.env["crm.metrics.queue"]._push(fact, keys)

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._metrics_queue()
        return records

    def _write_multi(self, vals_list):
        changed = self.browse(written(self, vals_list, self._metrics_watched()))
        # a record may leave one key and come to another: queue both
        changed._metrics_queue()
        res = super()._write_multi(vals_list)
        changed._metrics_queue()
        return res

    def unlink(self):
        self._metrics_queue()
        return super().unlink()
