from odoo import api, fields, models
from odoo.exceptions import UserError

from ..kernel import rfm


class CrmCustomerSegment(models.Model):
    """A name for customers of like scores: some cells of the 5 x 5 map."""

    _name = "crm.customer.segment"
    _description = "Customer Segment"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    color = fields.Integer()
    cell_ids = fields.One2many(
        "crm.customer.segment.cell",
        "segment_id",
        string="Cells",
        help="Recency - mean of frequency and money, each from 1 (worst) to 5 (best). "
        "A cell that is added here leaves the segment that had it.",
    )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_with_cells(self):
        if cells := self.cell_ids:
            raise UserError(
                self.env._(
                    "Cells %(cells)s would belong to no segment. Give them to another "
                    "segment first.",
                    cells=cells._names(),
                )
            )

    @api.model
    def _check_map(self):
        """Refuse a map of segments that has holes or overlaps, naming the cells.

        :raise UserError: a cell has no segment, or several
        """
        cells = self.env["crm.customer.segment.cell"].search(
            [("segment_id", "!=", False)]
        )
        holes, overlaps = rfm.check_map(
            {
                segment: [cell._scores() for cell in cells_of_segment]
                for segment, cells_of_segment in cells.grouped("segment_id").items()
            }
        )
        problems = []
        if holes:
            problems.append(
                self.env._(
                    "Cells without a segment: %s.",
                    ", ".join(map(rfm.cell_name, holes)),
                )
            )
        if overlaps:
            problems.append(
                self.env._(
                    "Cells of more than one segment: %s.",
                    ", ".join(
                        f"{rfm.cell_name(cell)} ({', '.join(s.name for s in both)})"
                        for cell, both in overlaps.items()
                    ),
                )
            )
        if problems:
            raise UserError(
                "\n".join(
                    [
                        self.env._(
                            "The map of customer segments has to have each cell once."
                        ),
                        *problems,
                    ]
                )
            )
