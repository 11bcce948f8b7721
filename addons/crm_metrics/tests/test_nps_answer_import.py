from pathlib import Path

from odoo.tools import file_path, mute_logger

from .nps_answer_case import NpsAnswerCase
from .nps_making import ANSWER

PROGRAM = "crm.nps.program"
FIELDS = ("program_id", "wave", "email", "score", "comment", "date")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class TestNpsImport(NpsAnswerCase):
    """Answers out of a file."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.program.name = "Import program"

    def load(self, *rows, columns=FIELDS, user=None):
        answers = self.as_user(self.env[ANSWER], user or self.manager)
        with mute_logger("odoo.sql_db"):
            return answers.with_context(import_file=True).load(
                list(columns), [list(row) for row in rows]
            )

    def row(self, score="9", **values):
        row = {
            "program_id": "Import program",
            "wave": "2025",
            "email": "ann@example.com",
            "score": score,
            "comment": "",
            "date": "2026-01-02 12:00:00",
            **values,
        }
        return [row[name] for name in FIELDS]

    def bad(self, *rows):
        """Load rows that are refused; return (row, field, message) of each reason."""
        result = self.load(*rows)
        self.assertFalse(result["ids"])
        return [
            (message["rows"]["from"], message.get("field"), str(message["message"]))
            for message in result["messages"]
        ]

    def test_answers(self):
        result = self.load(
            self.row(),
            self.row("0", email="zoe@example.com", comment="=1+1"),
            self.row("10", email="Bob <BOB@example.com>"),
        )
        self.assertFalse(result["messages"])
        answers = self.env[ANSWER].browse(result["ids"])
        self.assertEqual(answers.mapped("score"), [9, 0, 10])
        self.assertEqual(answers[0].partner_id, self.contact)
        self.assertEqual(answers[0].account_id, self.customer)
        self.assertEqual(answers[1].bucket, "detractor")
        self.assertEqual(answers[1].comment, "=1+1")
        self.assertEqual(len(set(answers.mapped("person"))), 3)
        self.assertEqual(str(answers[0].date), "2026-01-02 12:00:00")

    def test_a_number_instead_of_text(self):
        result = self.load(self.row(0))
        self.assertEqual(self.env[ANSWER].browse(result["ids"]).score, 0)

    def test_scores_that_are_none(self):
        for score in ("10.5", "11", "-1", "", "many", False):
            [(number, field, message)] = self.bad(self.row(), self.row(score))
            self.assertEqual((number, field), (1, "score"), score)
            self.assertIn("core", message)

    def test_numbers_that_are_no_score(self):
        """A program that imports sends numbers; int() would make 9 of 9.9."""
        for score in (9.9, 10.5, 10.0001, -0.5, 11, 11.0, True, float("inf"), [9]):
            [(number, field, message)] = self.bad(self.row(), self.row(score))
            self.assertEqual((number, field), (1, "score"), score)
            self.assertIn("Score", message)

    def test_numbers_that_are_a_score(self):
        result = self.load(self.row(9.0), self.row(0.0, email="zoe@example.com"))
        self.assertEqual(self.env[ANSWER].browse(result["ids"]).mapped("score"), [9, 0])

    def test_beside_a_program(self):
        """The same holds for answers in a file of programs."""
        columns = ("id", "name", "answer_ids/score")
        for score in (9.9, "9.9"):
            program = self.program.export_data(["id"])["datas"][0][0]
            loaded = self.as_user(self.env[PROGRAM], self.manager).load(
                list(columns), [[program, "Import program", score]]
            )
            self.assertFalse(loaded["ids"])
            self.assertIn("Score", str(loaded["messages"]))

    def test_without_a_score_or_a_program(self):
        result = self.load(["Import program"], columns=["program_id"])
        self.assertIn("Score", result["messages"][0]["message"])
        result = self.load(["5"], columns=["score"])
        self.assertIn("program", str(result["messages"]).lower())

    def test_other_fields_are_refused(self):
        columns = (*FIELDS, "state")
        result = self.load([*self.row(), "Excluded"], columns=columns)
        self.assertFalse(result["ids"])
        self.assertIn("State", result["messages"][0]["message"])

    def test_no_answer_is_changed(self):
        answer = self.answer(3)
        result = self.load([str(answer.id), "9"], columns=[".id", "score"])
        self.assertFalse(result["ids"])
        self.assertEqual(answer.score, 3)

    def test_a_seller_imports_none(self):
        result = self.load(self.row(), user=self.seller_all)
        self.assertFalse(result["ids"])

    def test_nobody_votes_in_the_place_of_a_customer(self):
        """Each such row is named, and only those."""
        answer = self.answer(0, wave="batch,v")
        rows = [
            self.row(),
            self.row("10", wave="batch,v"),
            self.row("9", wave="batch,v", email="zoe@example.com"),
            self.row("8", wave="batch,v", email="ANN@example.com"),
        ]
        reasons = self.bad(*rows)
        self.assertEqual([reason[:2] for reason in reasons], [(1, "wave"), (3, "wave")])
        self.assertIn("exclude", reasons[0][2])
        self.as_user(answer, self.manager)._exclude("Vic had it explained")
        self.assertFalse(self.load(*rows)["messages"])

    def test_the_template_loads_as_it_is(self):
        [template] = self.env[ANSWER].get_import_templates()
        path = Path(file_path(template["template"].lstrip("/")))
        self.program.name = "Customers"
        wizard = self.as_user(self.env["base_import.import"], self.manager).create(
            {
                "res_model": ANSWER,
                "file": path.read_bytes(),
                "file_type": XLSX,
                "file_name": path.name,
            }
        )
        options = {"has_headers": True, "quoting": '"', "date_format": "%Y-%m-%d"}
        preview = wizard.parse_preview(options)
        self.assertFalse(preview.get("error"))
        columns = ["/".join(preview["matches"][i]) for i in range(len(FIELDS))]
        self.assertEqual(columns, list(FIELDS))
        result = wizard.execute_import(columns, preview["headers"], options)
        self.assertFalse(result["messages"])
        answers = self.env[ANSWER].browse(result["ids"])
        self.assertEqual(answers.mapped("score"), [9, 0, 7])
        self.assertEqual(answers.program_id, self.program)
