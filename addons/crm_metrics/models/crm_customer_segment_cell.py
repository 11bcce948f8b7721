from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..kernel import rfm


class CrmCustomerSegmentCell(models.Model):
    """One of the 25 cells of the map of segments, and whose it is.

    A cell points to its segment, so that no two segments have it; and it may not be
    taken from one without being given to another.
    """

    _name = "crm.customer.segment.cell"
    _description = "Cell of the Segment Map"
    _order = "recency, frequency_money, id"

    name = fields.Char(
        compute="_compute_name",
        store=True,
        export_string_translation=False,
    )
    recency = fields.Integer(
        required=True, aggregator=None, help="Score from 1 (long ago) to 5."
    )
    frequency_money = fields.Integer(
        string="Frequency and Money",
        required=True,
        aggregator=None,
        help="Mean of the two scores, halves rounded up, from 1 to 5.",
    )
    segment_id = fields.Many2one(
        "crm.customer.segment", ondelete="restrict", index=True
    )

    _scores_in_range = models.Constraint(
        "CHECK (recency BETWEEN 1 AND 5 AND frequency_money BETWEEN 1 AND 5)",
        "The scores of a cell lie between 1 and 5.",
    )

    @api.depends("recency", "frequency_money")
    def _compute_name(self):
        for cell in self:
            cell.name = rfm.cell_name(cell._scores())

    @api.constrains("recency", "frequency_money", "segment_id")
    def _check_one_segment(self):
        if lost := self.filtered(lambda cell: not cell.segment_id):
            raise ValidationError(
                self.env._(
                    "Cells %(cells)s would belong to no segment. Add them to the "
                    "segment that is to have them: they leave this one by themselves.",
                    cells=lost._names(),
                )
            )
        places = self._read_group(
            [("recency", "in", self.mapped("recency"))],
            ["recency", "frequency_money"],
            ["__count"],
        )
        if twice := [tuple(scores) for *scores, count in places if count > 1]:
            raise ValidationError(
                self.env._(
                    "Cells %(cells)s are on the map twice.",
                    cells=", ".join(map(rfm.cell_name, twice)),
                )
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(
            self.env._(
                "Cells %(cells)s would belong to no segment. Add them to the segment "
                "that is to have them: they leave this one by themselves.",
                cells=self._names(),
            )
        )

    def _scores(self):
        return (self.recency, self.frequency_money)

    def _names(self):
        return ", ".join(self.mapped("name"))
