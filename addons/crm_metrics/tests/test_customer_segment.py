from odoo.exceptions import AccessError, UserError, ValidationError

from ..kernel import rfm
from .common import CrmMetricsCommon

#: (recency, mean of frequency and money)
SHIPPED = {
    "Champions": [(5, 4), (5, 5)],
    "Loyal Customers": [(3, 4), (3, 5), (4, 4), (4, 5)],
    "Potential Loyalist": [(4, 2), (4, 3), (5, 2), (5, 3)],
    "New Customers": [(5, 1)],
    "Promising": [(4, 1)],
    "Needs Attention": [(3, 3)],
    "About To Sleep": [(3, 1), (3, 2)],
    "At Risk": [(1, 3), (1, 4), (2, 3), (2, 4)],
    "Can't Lose Them": [(1, 5), (2, 5)],
    "Hibernating": [(1, 2), (2, 1), (2, 2)],
    "Lost": [(1, 1)],
}
SEGMENT, CELL = "crm.customer.segment", "crm.customer.segment.cell"


class TestCustomerSegment(CrmMetricsCommon):
    """The map of segments has each of the 25 cells once, whatever one does to it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.champions = cls.env.ref("crm_metrics.segment_champions")
        cls.lost = cls.env.ref("crm_metrics.segment_lost")

    def cell(self, name):
        return self.env[CELL].search([("name", "=", name)])

    def test_the_shipped_map(self):
        shipped = {
            cell._scores(): cell.segment_id.name for cell in self.env[CELL].search([])
        }
        self.assertEqual(sorted(shipped), sorted(rfm.CELLS))
        expected = {cell: name for name, cells in SHIPPED.items() for cell in cells}
        self.assertEqual(shipped, expected)
        self.env[SEGMENT]._check_map()

    def test_a_cell_goes_to_the_segment_it_is_added_to(self):
        # as the web client does
        self.champions.with_user(self.manager).web_save(
            {"cell_ids": [(4, self.cell("1-1").id)]}, {}
        )
        self.champions.invalidate_recordset()
        self.assertEqual(self.champions.cell_ids._names(), "1-1, 5-4, 5-5")
        self.assertFalse(self.lost.cell_ids)
        self.env[SEGMENT]._check_map()
        self.lost.unlink()  # it has none any more

    def test_a_new_segment(self):
        stars = self.env[SEGMENT].create(
            {"name": "Stars", "cell_ids": [(4, self.cell("5-5").id)]}
        )
        self.assertEqual(stars.cell_ids._names(), "5-5")
        self.assertEqual(self.champions.cell_ids._names(), "5-4")

    def test_no_holes(self):
        cell = self.cell("5-4")
        for action in (
            lambda: self.champions.write({"cell_ids": [(3, cell.id)]}),
            lambda: self.champions.write({"cell_ids": [(5,)]}),
            lambda: cell.write({"segment_id": False}),
            lambda: cell.unlink(),
            lambda: self.champions.unlink(),
        ):
            with self.assertRaisesRegex(UserError, "5-4"), self.env.cr.savepoint():
                action()

    def test_no_overlaps(self):
        twice = {"recency": 2, "frequency_money": 3, "segment_id": self.lost.id}
        with self.assertRaisesRegex(ValidationError, "2-3"), self.env.cr.savepoint():
            self.env[CELL].create(twice)
        with self.assertRaisesRegex(ValidationError, "2-3"), self.env.cr.savepoint():
            self.cell("3-3").recency = 2

    def test_the_check_names_cells(self):
        """Whatever came past the forms: a run says what is wrong."""
        self.env.cr.execute(
            "UPDATE crm_customer_segment_cell SET recency = 2 WHERE name = '3-3'"
        )
        self.env.invalidate_all()
        with self.assertRaisesRegex(
            UserError, "(?s)without a segment: 3-3.*more than one segment: 2-3"
        ):
            self.env["crm.customer.score.run"].create({"date": "2026-05-31"})

    def test_only_managers_edit(self):
        segment = self.champions.with_user(self.seller)
        self.assertEqual(segment.cell_ids._names(), "5-4, 5-5")
        for action in (
            lambda: segment.write({"name": "Mine"}),
            lambda: segment.cell_ids.write({"segment_id": self.lost.id}),
            lambda: self.env[SEGMENT].with_user(self.seller).create({"name": "Mine"}),
        ):
            with self.assertRaises(AccessError):
                action()
