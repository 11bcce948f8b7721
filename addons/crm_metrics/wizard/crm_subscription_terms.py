from odoo import api, fields, models

from ..models.crm_subscription_line_changes import VALUES


class CrmSubscriptionTerms(models.TransientModel):
    """What one line is to cost from a day on: a row of a wizard."""

    _name = "crm.subscription.terms"
    _description = "New Terms of a Subscription Line"

    change_id = fields.Many2one("crm.subscription.change", ondelete="cascade")
    renew_id = fields.Many2one("crm.subscription.renew", ondelete="cascade")
    line_id = fields.Many2one(
        "crm.subscription.line", required=True, ondelete="cascade", readonly=True
    )
    name = fields.Char(related="line_id.name")
    currency_id = fields.Many2one(related="line_id.currency_id")
    recurring_plan_id = fields.Many2one(
        "crm.recurring.plan",
        compute="_compute_terms",
        store=True,
        readonly=False,
        precompute=True,
    )
    quantity = fields.Float(
        digits="Product Unit",
        compute="_compute_terms",
        store=True,
        readonly=False,
        precompute=True,
    )
    price_unit = fields.Float(
        string="Unit Price",
        digits="Product Price",
        compute="_compute_terms",
        store=True,
        readonly=False,
        precompute=True,
    )
    discount = fields.Float(
        string="Disc.%",
        digits="Discount",
        compute="_compute_terms",
        store=True,
        readonly=False,
        precompute=True,
    )
    old_mrr = fields.Monetary(related="line_id.mrr", string="MRR Now")
    mrr = fields.Monetary(string="New MRR", compute="_compute_mrr")

    @api.depends("line_id")
    def _compute_terms(self):
        for terms in self:
            for name in VALUES:
                terms[name] = terms.line_id[name]

    @api.depends("line_id", *VALUES)
    def _compute_mrr(self):
        for terms in self:
            line = terms.line_id
            other = line.new({**terms._values(), "recurring": True}, origin=line)
            terms.mrr = other.mrr

    def _values(self):
        self.ensure_one()
        return {
            name: self[name].id if name.endswith("_id") else self[name]
            for name in VALUES
        }

    def _changes(self):
        """Return the values of the rows: dict, line -> values."""
        return {terms.line_id: terms._values() for terms in self}

    @api.model
    def _rows(self, rows, lines):
        """Return the commands that leave one row a line, as far as they are edited."""
        edited = rows._changes()
        return [
            fields.Command.clear(),
            *(
                fields.Command.create({"line_id": line.id, **edited.get(line, {})})
                for line in lines
            ),
        ]
