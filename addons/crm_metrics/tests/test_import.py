from datetime import date
from pathlib import Path

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import file_path, mute_logger

from .common import CrmMetricsCommon

FIELDS = [
    "id",
    "name",
    "partner_id",
    "date_start",
    "date_end",
    "close_reason_id",
    "currency_id",
    "line_ids/name",
    "line_ids/recurring",
    "line_ids/recurring_plan_id",
    "line_ids/quantity",
    "line_ids/price_unit",
    "line_ids/discount",
    "line_ids/date_start",
    "line_ids/date_end",
]


@tagged("post_install", "-at_install")
class TestImport(CrmMetricsCommon):
    """Subscriptions out of a file, as a salesperson loads it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.subscriptions = (
            cls.env["crm.subscription"]
            .with_user(cls.seller)
            .with_context(import_file=True)
        )
        cls.monthly.name = "Import monthly"
        cls.yearly.name = "Import yearly"
        cls.customer.name = "Import customer"

    def row(self, name="", partner="", start="", end="", line=(), **values):
        line = dict(zip(("name", "plan", "quantity", "price"), line, strict=False))
        cells = {
            "id": values.get("id", ""),
            "name": name,
            "partner_id": partner,
            "date_start": start,
            "date_end": end,
            "line_ids/name": line.get("name", ""),
            "line_ids/recurring_plan_id": line.get("plan", ""),
            "line_ids/quantity": line.get("quantity", ""),
            "line_ids/price_unit": line.get("price", ""),
            **values,
        }
        return [cells.get(field, "") for field in FIELDS]

    def load(self, *rows):
        before = self.subscriptions.search_count([])
        result = self.subscriptions.load(FIELDS, list(rows))
        if any(message["type"] == "error" for message in result["messages"]):
            self.assertFalse(result["ids"])
            self.assertEqual(self.subscriptions.search_count([]), before)
        return result

    def good(self, *rows):
        result = self.load(*rows)
        self.assertFalse(result["messages"])
        return self.subscriptions.browse(result["ids"])

    def errors(self, *rows):
        return [
            (
                message.get("rows", {}).get("from"),
                message.get("field"),
                str(message["message"]),
            )
            for message in self.load(*rows)["messages"]
            if message["type"] == "error"
        ]

    # -- good files ---------------------------------------------------------

    def test_subscriptions_with_lines(self):
        first, second = self.good(
            self.row(
                "Platform",
                "Import customer",
                "2026-01-01",
                "2026-12-31",
                ("Seats", "Import monthly", "10", "19.5"),
                id="sub_1",
            ),
            self.row(
                line=("Set-up", "", "1", "900"), **{"line_ids/recurring": "False"}
            ),
            self.row(
                "Support",
                "Import customer",
                "2026-02-01",
                "",
                ("Support", "Import yearly", "1", "1200"),
                id="sub_2",
                **{"line_ids/discount": "10"},
            ),
        )
        self.assertEqual((first.mrr, second.mrr), (195, 90))
        self.assertEqual(first.partner_id, self.customer)
        self.assertEqual(first.date_end, date(2026, 12, 31))
        self.assertEqual(first.line_ids.mapped("recurring"), [True, False])
        self.assertEqual(
            (first.company_id, second.currency_id), (self.company, self.usd)
        )
        self.assertEqual(
            self.movements(self.customer)[:2],
            [("2026-01-01", "new", 195.0), ("2026-02-01", "expansion", 90.0)],
        )

    def test_an_empty_cell_is_the_usual(self):
        """A column for one-off lines and quantities does not change all others."""
        [subscription] = self.good(
            self.row(
                "Platform",
                "Import customer",
                "2026-01-01",
                line=("Seats", "Import monthly", "", "100"),
            )
        )
        self.assertTrue(subscription.line_ids.recurring)
        self.assertEqual(subscription.line_ids.quantity, 1)
        self.assertEqual(subscription.mrr, 100)

    def test_a_quantity_of_none_is_none(self):
        [subscription] = self.good(
            self.row(
                "Platform",
                "Import customer",
                "2026-01-01",
                line=("Seats", "Import monthly", "0", "100"),
            )
        )
        self.assertEqual(subscription.line_ids.quantity, 0)

    def test_prices_that_rose_are_versions(self):
        [subscription] = self.good(
            self.row(
                "Platform",
                "Import customer",
                "2026-01-01",
                line=("Seats", "Import monthly", "1", "100"),
                **{"line_ids/date_end": "2026-03-31"},
            ),
            self.row(
                line=("Seats", "Import monthly", "1", "120"),
                **{"line_ids/date_start": "2026-04-01"},
            ),
            self.row(
                line=("Other", "Import monthly", "1", "5"),
                **{"line_ids/date_start": "2026-04-01"},
            ),
        )
        lines = subscription.line_ids.sorted("price_unit")
        self.assertEqual(lines[2].previous_line_id, lines[1])
        self.assertFalse(lines[0].previous_line_id)
        reasons = self.env["crm.mrr.movement"]
        self.refresh()
        rose = reasons.search(
            [("kind", "=", "expansion"), ("partner_id", "=", self.customer.id)]
        )
        self.assertEqual(set(rose.mapped("reason")), {"price", "item"})

    def test_twins_are_not_guessed(self):
        [subscription] = self.good(
            self.row(
                "Platform",
                "Import customer",
                "2026-01-01",
                line=("Seats", "Import monthly", "1", "100"),
                **{"line_ids/date_end": "2026-03-31"},
            ),
            *(
                self.row(
                    line=("Seats", "Import monthly", "1", price),
                    **{"line_ids/date_start": "2026-04-01"},
                )
                for price in ("60", "70")
            ),
        )
        self.assertFalse(subscription.line_ids.previous_line_id)

    def test_by_external_ids_and_again(self):
        """The same file twice changes what is there and adds nothing."""
        self.env["ir.model.data"].create(
            {
                "module": "__import__",
                "name": "customer_7",
                "model": "res.partner",
                "res_id": self.customer.id,
            }
        )
        fields = ["id", "name", "partner_id/id", "date_start", "line_ids/id"]
        fields += ["line_ids/name", "line_ids/recurring_plan_id", "line_ids/price_unit"]
        row = ["s7", "Platform", "customer_7", "2026-01-01", "s7_l1", "Seats"]
        row += ["Import monthly", "100"]
        first = self.subscriptions.load(fields, [row])
        self.assertFalse(first["messages"])
        row[-1] = "130"
        second = self.subscriptions.load(fields, [row])
        self.assertEqual(first["ids"], second["ids"])
        subscription = self.subscriptions.browse(second["ids"])
        self.assertEqual(subscription.partner_id, self.customer)
        self.assertEqual(subscription.line_ids.price_unit, 130)

    def test_closed_with_a_reason(self):
        reason = self.env.ref("crm_metrics.close_reason_payment")
        [subscription] = self.good(
            self.row(
                "Platform",
                "Import customer",
                "2025-01-01",
                "2026-03-31",
                ("Seats", "Import monthly", "1", "100"),
                close_reason_id=reason.name,
            )
        )
        self.assertEqual(subscription.close_reason_id, reason)
        self.assertEqual(subscription.state, "closed")

    # -- bad files ----------------------------------------------------------

    def test_bad_cells_name_row_and_field(self):
        good = self.row(
            "Good",
            "Import customer",
            "2026-01-01",
            line=("Seats", "Import monthly", "1", "100"),
        )
        for field, cells, text in (
            ("partner_id", {"partner_id": "Nobody at all"}, "Nobody at all"),
            ("date_start", {"date_start": "32.13.2026"}, "32.13.2026"),
            ("line_ids", {"line_ids/recurring_plan_id": "Never"}, "Never"),
            ("line_ids", {"line_ids/price_unit": "many"}, "many"),
            ("close_reason_id", {"close_reason_id": "No such"}, "No such"),
        ):
            bad = dict(zip(FIELDS, good, strict=True), **cells)
            with self.subTest(cells):
                errors = self.errors(good, list(bad.values()))
                self.assertEqual({row for row, _field, _message in errors}, {1})
                self.assertIn(
                    field, {found for _row, found, _message in errors}, errors
                )
                self.assertIn(text, " ".join(message for *_rest, message in errors))

    @mute_logger("odoo.sql_db")
    def test_bad_values_name_row_and_field(self):
        good = self.row(
            "Good",
            "Import customer",
            "2026-01-01",
            line=("Seats", "Import monthly", "1", "100"),
        )
        for text, cells in (
            ("Unit Price: ", {"line_ids/price_unit": "-1"}),
            ("Quantity: ", {"line_ids/quantity": "-1"}),
            ("Disc.%: ", {"line_ids/discount": "200"}),
            ("Recurring Plan: ", {"line_ids/recurring_plan_id": ""}),
            ("End: ", {"date_end": "2025-12-31"}),
            (
                "End: ",
                {
                    "line_ids/date_start": "2026-03-02",
                    "line_ids/date_end": "2026-03-01",
                },
            ),
            ("name", {"name": ""}),
            ("partner_id", {"partner_id": ""}),
        ):
            bad = dict(zip(FIELDS, good, strict=True), **cells)
            with self.subTest(cells):
                errors = self.errors(good, list(bad.values()))
                self.assertEqual({row for row, _field, _text in errors}, {1})
                found = " ".join(f"{field} {text}" for _row, field, text in errors)
                self.assertIn(text, found)

    # -- external ids -------------------------------------------------------

    def named(self, line_id, subscription_id="z1", model=None):
        """Load a subscription with a line by external ids; return the errors."""
        fields = ["id", "name", "partner_id", "line_ids/id", "line_ids/name"]
        fields += ["line_ids/recurring_plan_id", "line_ids/price_unit"]
        row = [subscription_id, "Taken", "Import customer", line_id, "Seats"]
        row += ["Import monthly", "100"]
        model = self.subscriptions if model is None else model
        result = model.load(fields, [row])
        return [str(each["message"]) for each in result["messages"]]

    def test_no_line_takes_the_id_of_another_record(self):
        root = self.env.ref("base.user_root")
        plain = self.subscriptions.with_context(import_file=False)
        for line_id, model in (
            ("base.user_root", self.subscriptions),
            ("base.user_root", plain),
            # without a module it gets the one of the import
            ("user_root", plain.with_context(module="base")),
        ):
            with self.subTest(line_id, model=model):
                [error] = self.named(line_id, model=model)
                self.assertIn("External ID: “base.user_root”", error)
        owner = self.env["ir.model.data"].search(
            [("module", "=", "base"), ("name", "=", "user_root")]
        )
        self.assertEqual((owner.model, owner.res_id), ("res.users", root.id))
        self.assertFalse(self.subscriptions.search([("name", "=", "Taken")]))

    def test_no_line_is_created_with_the_id_of_another(self):
        """Neither does a call that says of itself that it imports."""
        subscription = self.subscribe(100, user_id=self.seller.id)
        self.assertFalse(self.named("z1_1"))
        theirs = self.env.ref("__import__.z1_1")
        lines = self.env["crm.subscription.line"].with_user(self.seller)
        lines = lines.with_context(_import_current_module="base")
        for name in ("user_root", "__import__.z1_1"):
            values = self.line(1, subscription_id=subscription.id, id=name)
            with self.assertRaisesRegex(ValidationError, "^External ID: "):
                lines.create(values)
        self.assertEqual(self.env.ref("__import__.z1_1"), theirs)

    def test_a_line_has_another_id_than_its_subscription(self):
        """The numbers of an old system: each again would make one line more."""
        [error] = self.named("1001", "1001")
        self.assertIn("External ID: “__import__.1001”", error)
        self.assertFalse(self.named("1001-1", "1001"))
        self.assertFalse(self.named("1001-1", "1001"))
        subscription = self.env.ref("__import__.1001")
        self.assertEqual(len(subscription.line_ids), 1)
        # nor the one of another subscription, of this file or an earlier one
        self.assertTrue(self.named("1001", "1002"))
        self.assertTrue(self.named("1003-1", "1001-1"))

    def test_an_id_whose_record_is_gone_is_free(self):
        self.assertFalse(self.named("z1_1"))
        self.env.ref("__import__.z1").line_ids.unlink()
        self.env["ir.model.data"].create(
            {
                "module": "__import__",
                "name": "z1_1",
                "model": "crm.subscription.line",
                "res_id": 2**31 - 1,
            }
        )
        self.assertFalse(self.named("z1_1"))
        self.assertEqual(
            self.env.ref("__import__.z1_1").subscription_id,
            self.env.ref("__import__.z1"),
        )

    @mute_logger("odoo.sql_db")
    def test_never_is_no_date(self):
        """The last day of the calendar for "no end", in a new line and a known one."""
        fields = ["id", "name", "partner_id", "date_start", "line_ids/id"]
        fields += ["line_ids/name", "line_ids/recurring_plan_id"]
        fields += ["line_ids/price_unit", "line_ids/date_end"]
        row = ["n1", "Never", "Import customer", "2026-01-01", "n1_1", "Seats"]
        row += ["Import monthly", "100"]
        for _time in range(2):
            result = self.subscriptions.load(fields, [[*row, "9999-12-31"]])
            [error] = result["messages"]
            self.assertIn("Leave it empty where there is no end", error["message"])
            result = self.subscriptions.load(fields, [[*row, ""]])
            self.assertFalse(result["messages"])

    # -- others -------------------------------------------------------------

    def test_not_for_others(self):
        """A salesperson does not load what would belong to somebody else."""
        result = self.subscriptions.load(
            ["name", "partner_id", "user_id"],
            [["Theirs", "Import customer", self.seller_2.name]],
        )
        self.assertFalse(result["ids"])
        self.assertEqual(result["messages"][0]["type"], "error")

    # -- the template -------------------------------------------------------

    def test_the_template_can_be_loaded(self):
        """Odoo's importer understands each column of the file that we offer."""
        [template] = self.subscriptions.get_import_templates()
        path = Path(file_path(template["template"].lstrip("/")))
        for name in ("Oakhaven Foods Ltd", "Rivermark Media GmbH", "Yarrow Legal B.V."):
            self._customer(name)
        plans = self.env["crm.recurring.plan"]
        plans.search([("name", "in", ("Monthly", "Yearly"))]).name = "Other"
        self.monthly.name, self.yearly.name = "Monthly", "Yearly"
        self.seller_all.name = "Mitchell Admin"
        self.env["res.users"].search(
            [("name", "=", "Mitchell Admin"), ("id", "!=", self.seller_all.id)]
        ).name = "Other"
        wizard = (
            self.env["base_import.import"]
            .with_user(self.seller_all)
            .create(
                {
                    "res_model": "crm.subscription",
                    "file": path.read_bytes(),
                    "file_type": "application/vnd.openxmlformats-officedocument"
                    ".spreadsheetml.sheet",
                    "file_name": path.name,
                }
            )
        )
        options = {"has_headers": True, "quoting": '"', "date_format": "%Y-%m-%d"}
        preview = wizard.parse_preview(options)
        self.assertFalse(preview.get("error"))
        columns = [
            "/".join(preview["matches"][i]) for i in range(len(preview["headers"]))
        ]
        self.assertEqual(len(columns), len(set(columns)))
        self.assertIn("line_ids/recurring_plan_id", columns)
        result = wizard.execute_import(columns, preview["headers"], options)
        self.assertFalse(result["messages"])
        subscriptions = self.env["crm.subscription"].browse(result["ids"])
        self.assertEqual(len(subscriptions), 3)
        self.assertEqual(subscriptions.mapped("mrr"), [252, 0, 0])
        self.assertEqual(subscriptions[0].user_id, self.seller_all)
        seats = subscriptions[0].line_ids.filtered("recurring")
        self.assertEqual(len(seats.previous_line_id), 1)
        self.assertEqual(subscriptions[2].close_reason_id.name, "Too expensive")
