def post_init_hook(env):
    """Fill the facts from what the sources hold already."""
    for fact in env["crm.metrics.engine"]._facts():
        env[fact]._fact_install()


#: what people make for a model, and the field that names the model; when the model
#: goes, Odoo keeps these or deletes them without what hangs on them
MADE_FOR_A_MODEL = {
    "ir.cron": "model_id.model",
    "ir.actions.server": "model_id.model",
    "ir.embedded.actions": "parent_res_model",
    "ir.exports": "resource",
    "ir.filters": "model_id",
    "ir.ui.view": "model",
    "mail.message.subtype": "res_model",
    "mail.scheduled.message": "model",
}


def uninstall_hook(env):
    """Remove what would be left behind: all that people made for our models."""
    ours = [
        name for name, model in env.items() if model._original_module == "crm_metrics"
    ]
    for model, field in MADE_FOR_A_MODEL.items():
        made = env[model].with_context(active_test=False).search([(field, "in", ours)])
        # what came with an addon goes with it
        shipped = {id_ for id_, names in made._get_external_ids().items() if names}
        made.browse(set(made.ids) - shipped).unlink()
    actions = env["ir.model.data"].search(
        [("module", "=", "crm_metrics"), ("model", "=like", "ir.actions.%")]
    )
    env["ir.embedded.actions"].search(
        [("action_id", "in", actions.mapped("res_id"))]
    ).unlink()
    # Odoo would make them to-dos on the opportunities
    stuck = env.ref("crm_metrics.mail_activity_type_stuck", raise_if_not_found=False)
    if stuck:
        env["mail.activity"].search([("activity_type_id", "=", stuck.id)]).unlink()
    env["ir.exports.line"].search([]).filtered(_exports_our_field).unlink()
    env["ir.config_parameter"].search([("key", "=like", "crm\\_metrics.%")]).unlink()
    # other addons give names to what our models inherit from theirs
    for name in (model.replace(".", "\\_") for model in ours):
        env["ir.model.data"].search(
            [
                ("model", "in", ["ir.model.inherit", "ir.model.fields.selection"]),
                ("module", "!=", "crm_metrics"),
                "|",
                ("name", "=like", f"model\\_inherit\\_\\_{name}\\_\\_%"),
                ("name", "=like", f"selection\\_\\_{name}\\_\\_%"),
            ]
        ).unlink()


def _exports_our_field(line):
    """Tell whether a line of an export template leads over a field of ours."""
    model = line.env.get(line.export_id.resource)
    for name in (line.name or "").split("/"):
        field = model is not None and model._fields.get(name)
        if not field:
            return False
        if set(field._modules) == {"crm_metrics"}:
            return True
        model = line.env.get(field.comodel_name)
    return False
