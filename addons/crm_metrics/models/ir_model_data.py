from odoo import api, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL


class IrModelData(models.Model):
    """External ids: a record of ours never takes the one of another record.

    Odoo checks that for a document that is imported, not for the lines below it, so
    that whoever may import could let `base.user_root` be a line.
    """

    _inherit = "ir.model.data"

    @api.model
    def _update_xmlids(self, data_list, update=False):
        self._check_not_taken(
            [
                (data["xml_id"], data["record"])
                for data in data_list
                if data["record"]._original_module == "crm_metrics"
            ]
        )
        return super()._update_xmlids(data_list, update)

    def _check_not_taken(self, named):
        """Refuse external ids that another record has, or gets at the same time.

        :param named: list of pairs (external id with its module, record)
        """
        if not named:
            return
        parts = [xml_id.split(".", 1) for xml_id, _record in named]
        rows = self.env.execute_query(
            SQL(
                """SELECT module || '.' || name, model, res_id
                     FROM ir_model_data
                     JOIN unnest(%s, %s) AS wanted (module, name)
                    USING (module, name)""",
                [module for module, _name in parts],
                [name for _module, name in parts],
            )
        )
        owners = {xml_id: (model, res_id) for xml_id, model, res_id in rows}
        for xml_id, record in named:
            model, res_id = owners.setdefault(xml_id, (record._name, record.id))
            if (model, res_id) == (record._name, record.id):
                continue
            if model == record._name and not record.browse(res_id).exists():
                continue
            raise ValidationError(
                self.env._(
                    "External ID: “%(name)s” is the one of another record (%(model)s). "
                    "Subscriptions, their lines and all other records share one list "
                    "of them: give each record its own.",
                    name=xml_id,
                    model=model,
                )
            )
