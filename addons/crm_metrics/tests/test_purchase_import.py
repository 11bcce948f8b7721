from pathlib import Path

from odoo.tests import tagged
from odoo.tools import file_path, mute_logger

from .purchase_case import ENTRY, PurchaseCase

FIELDS = ("id", "name", "partner_id", "date", "amount")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@tagged("post_install", "-at_install")
class TestPurchaseImport(PurchaseCase):
    """Purchases out of a file."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.name = "Import customer"

    def load(self, *rows, columns=FIELDS, user=None):
        user = user or self.seller_all
        entries = self.env[ENTRY].with_user(user)
        entries = entries.with_context(
            import_file=True, allowed_company_ids=user.company_ids.ids
        )
        return entries.load(list(columns), [list(row) for row in rows])

    def good(self, *rows, **options):
        result = self.load(*rows, **options)
        self.assertFalse(result["messages"])
        return self.env[ENTRY].browse(result["ids"])

    def bad(self, *rows, **options):
        """Load rows that are refused; return (row, field, message) of each reason."""
        before = self.env[ENTRY].search_count([])
        with mute_logger("odoo.sql_db"):
            result = self.load(*rows, **options)
        self.assertFalse(result["ids"])
        self.assertEqual(self.env[ENTRY].search_count([]), before)
        return [
            (message["rows"]["from"], message.get("field"), str(message["message"]))
            for message in result["messages"]
            if message["type"] == "error" and "rows" in message
        ]

    def test_purchases(self):
        entries = self.good(
            ("", "A1", "Import customer", "2026-01-02", "10.5"),
            ("", "A2", "", "2026-01-03", "-4"),
        )
        self.assertEqual(entries.company_id, self.company)
        self.assertFalse(entries.user_id, "nobody's, not the importer's")
        self.assertEqual(
            self.rows(),
            [("2026-01-02", "purchase", 10.5), ("2026-01-03", "refund", -4)],
        )
        self.assertEqual(len(self.purchases(self.customer)), 1)

    def test_a_salesperson_imports_own(self):
        entries = self.good(("", "A1", "", "2026-01-02", "1"), user=self.seller)
        self.assertEqual(entries.user_id, self.seller)

    def test_a_reference_that_is_known_updates(self):
        [first] = self.good(("", "A1", "Import customer", "2026-01-02", "10"))
        again, new = self.good(
            ("", "A1", "Import customer", "2026-01-02", "12"),
            ("", "A2", "Import customer", "2026-01-02", "1"),
        )
        self.assertEqual(again, first)
        self.assertNotEqual(new, first)
        self.assertEqual(self.purchases(self.customer).mapped("amount"), [1, 12])

    def test_a_reference_of_another_company_is_another_purchase(self):
        self.seller_all.company_ids |= self.other_company
        self.good(("", "A1", "", "2026-01-02", "10"))
        columns = [*FIELDS, "company_id"]
        entries = self.good(
            ("", "A1", "", "2026-01-02", "20", self.other_company.name),
            ("", "A1", "", "2026-01-02", "30", ""),
            columns=columns,
        )
        self.assertEqual(entries[0].company_id, self.other_company)
        self.assertEqual(self.rows(), [("2026-01-02", "purchase", 30)])

    def test_an_external_id_updates_as_everywhere(self):
        [first] = self.good(("shop_1", "A1", "", "2026-01-02", "10"))
        [again] = self.good(("shop_1", "B1", "", "2026-01-02", "11"))
        self.assertEqual((again, again.name, again.amount), (first, "B1", 11))

    def test_each_bad_row_names_field_and_way_out(self):
        self.good(("shop_1", "Known", "", "2026-01-02", "10"))
        for row, field, message in (
            (("", "", "", "2026-01-02", "1"), "name", "Reference"),
            (("", "X", "", "soon", "1"), "date", "date"),
            (("", "X", "", "2026-01-02", "much"), "amount", "much"),
            (("", "X", "", "2026-01-02", ""), None, "Amount: enter"),
            (("", "X", "", "2026-01-02", "0"), None, "Amount: enter"),
            (("", "X", "Who is that", "2026-01-02", "1"), "partner_id", "Who is that"),
            (("shop_2", "Known", "", "2026-01-02", "1"), None, "Reference: the comp"),
        ):
            with self.subTest(row):
                # a cell that cannot be read is missed as well
                (number, found, text), *_more = self.bad(
                    ("", "Good", "", "2026-01-02", "1"), row
                )
                self.assertEqual(number, 1)
                if field:
                    self.assertEqual(found, field)
                self.assertIn(message, text)

    def test_a_reference_twice_in_a_file(self):
        """Else the second would silently take the place of the first."""
        [(number, field, text)] = self.bad(
            ("", "A1", "", "2026-01-02", "1"),
            ("", "A2", "", "2026-01-02", "1"),
            ("", "A1", "", "2026-01-02", "5"),
        )
        self.assertEqual((number, field), (2, "name"))
        self.assertIn("row 2 ", text)

    def test_one_percent_of_bad_rows(self):
        """Each is named, nothing is loaded; the mended file loads whole."""
        rows = [
            ["", f"P{number}", "Import customer", "2026-01-02", str(number + 1)]
            for number in range(1000)
        ]
        flaws = {3: (4, "0"), 77: (3, "x"), 200: (2, "Nobody"), 311: (4, "?")}
        flaws |= {400: (1, ""), 500: (1, "P1"), 612: (4, ""), 777: (3, "2026-02-30")}
        flaws |= {800: (2, "Nobody else"), 999: (4, "0.0")}
        broken = [list(row) for row in rows]
        for number, (column, value) in flaws.items():
            broken[number][column] = value
        self.assertEqual({row for row, _f, _m in self.bad(*broken)}, set(flaws))
        self.assertEqual(len(self.good(*rows)), 1000)
        self.assertEqual(len(self.rows(self.customer)), 1000)
        self.good(*rows)
        self.assertEqual(len(self.rows(self.customer)), 1000)
        self.assertFull()

    def test_the_template_loads_as_it_is(self):
        [template] = self.env[ENTRY].get_import_templates()
        path = Path(file_path(template["template"].lstrip("/")))
        for name in ("Oakhaven Foods Ltd", "Rivermark Media GmbH"):
            self._customer(name)
        self.env["res.users"].search([("name", "=", "Mitchell Admin")]).name = "Other"
        self.seller_all.name = "Mitchell Admin"
        wizard = self.env["base_import.import"].with_user(self.seller_all)
        wizard = wizard.create(
            {
                "res_model": ENTRY,
                "file": path.read_bytes(),
                "file_type": XLSX,
                "file_name": path.name,
            }
        )
        options = {"has_headers": True, "quoting": '"', "date_format": "%Y-%m-%d"}
        preview = wizard.parse_preview(options)
        self.assertFalse(preview.get("error"))
        columns = ["/".join(preview["matches"][i]) for i in range(5)]
        self.assertEqual(columns, [*FIELDS[1:], "user_id"])
        result = wizard.execute_import(columns, preview["headers"], options)
        self.assertFalse(result["messages"])
        entries = self.env[ENTRY].browse(result["ids"])
        self.assertEqual(entries.mapped("amount"), [249.9, 1180, -180, 18.5])
        self.assertEqual(entries.user_id, self.seller_all)
        self.assertEqual(len(entries.partner_id), 2)
