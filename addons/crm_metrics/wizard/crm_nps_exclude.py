from odoo import api, fields, models


class CrmNpsExclude(models.TransientModel):
    """Leave answers out of the score, with the reason."""

    _name = "crm.nps.exclude"
    _description = "Exclude NPS Answers"

    answer_ids = fields.Many2many(
        "crm.nps.answer",
        string="Answers",
        required=True,
        default=lambda self: self._default_answer_ids(),
    )
    notice = fields.Char(compute="_compute_notice")
    reason = fields.Char(required=True)

    def _default_answer_ids(self):
        if self.env.context.get("active_model") == "crm.nps.answer":
            return self.env.context.get("active_ids")
        return False

    @api.depends("answer_ids")
    def _compute_notice(self):
        for wizard in self:
            count = len(wizard.answer_ids)
            wizard.notice = count > 1 and self.env._(
                "%(count)s answers will be excluded.", count=count
            )

    def action_apply(self):
        """Exclude the answers."""
        self.ensure_one()
        self.answer_ids._exclude(self.reason)
        return {"type": "ir.actions.act_window_close"}
