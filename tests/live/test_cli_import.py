"""`crm-metrics import` into a live server."""

import json
import os
import random
import time

import pytest
from command_line import counts, rejections

PURCHASE = ["reference", "customer", "date", "amount"]
SUBSCRIPTION = ["id", "name", "customer", "date_start", "date_end"]
LINE = ["line_id", "description", "plan", "price_unit", "line_start", "line_end"]
EVENT = ["id", "lead", "at", "stage", "status", "expected_revenue"]


class TestPurchases:
    @pytest.fixture(autouse=True)
    def _alone(self, query):
        yield
        query("DELETE FROM crm_purchase_entry WHERE name LIKE 'cli-%'")

    def stored(self, query):
        return query(
            """SELECT e.name, p.name, e.date::text, e.amount::float8
                 FROM crm_purchase_entry e LEFT JOIN res_partner p
                   ON p.id = e.partner_id
                WHERE e.name LIKE 'cli-%%' ORDER BY e.name"""
        )

    def test_created_changed_and_left_alone(self, command, file, query, customers):
        rows = [
            ["cli-1", customers[0], "2026-01-05", "10.50"],
            ["cli-2", "", "2026-01-06", "-3"],
            ["cli-3", customers[1], "2026-01-07", "12.345"],
        ]
        path = file(PURCHASE, rows)
        said = command.result("import", "purchases", path)
        assert counts(said) == [3, 0, 0, 0]
        assert said["lines"] == 3
        expected = [
            ("cli-1", customers[0], "2026-01-05", 10.5),
            ("cli-2", None, "2026-01-06", -3.0),
            # in the currency of the company
            ("cli-3", customers[1], "2026-01-07", 12.35),
        ]
        assert self.stored(query) == expected
        versions = query("SELECT max(write_date) FROM crm_purchase_entry")
        assert counts(command.result("import", "purchases", path)) == [0, 0, 3, 0]
        assert query("SELECT max(write_date) FROM crm_purchase_entry") == versions
        rows[1][3] = "-4"
        path = file(PURCHASE, [*rows, ["cli-4", "", "2026-01-08", "1"]])
        assert counts(command.result("import", "purchases", path)) == [1, 1, 2, 0]
        assert self.stored(query)[1] == ("cli-2", None, "2026-01-06", -4.0)

    def test_every_error_is_named(self, command, file, query, customers):
        query("UPDATE res_partner SET ref = 'cli-twin' WHERE id IN (1, 3)")
        path = file(
            [*PURCHASE, "salesperson"],
            [
                ["cli-1", customers[0], "2026-02-30", "1", ""],
                ["cli-2", customers[0], "01/02/2026", "1,50", ""],
                ["", customers[0], "2026-01-01", "0", ""],
                ["cli-3", "Nobody at All", "2026-01-01", "1", "nobody"],
                ["cli-4", "cli-twin", "2026-01-01", "1", ""],
                ["cli-5", "", "2026-01-01", "1", ""],
                ["cli-5", "", "2026-01-01", "1", ""],
                ["cli-6", "", "2026-01-01", "1", "admin"],
                ["cli-7", ""],
            ],
        )
        said = command.result("import", "purchases", path, code=1)
        assert rejections(said) == [
            (2, "date"),
            (3, "amount"),
            (3, "date"),
            (4, "amount"),
            (4, "reference"),
            (5, "customer"),
            (5, "salesperson"),
            (6, "customer"),
            (8, "reference"),
            (10, ""),
        ]
        reasons = {
            each["line"]: each["reason"]
            for each in said["rejections"]
            if each["column"] != "salesperson"
        }
        assert reasons[5] == "there is no contact 'Nobody at All'"
        assert "there are 2 of contact 'cli-twin'" in reasons[6]
        assert reasons[8] == "it stands in line 7 already"
        assert counts(said) == [2, 0, 0, 7]
        assert [row[0] for row in self.stored(query)] == ["cli-5", "cli-6"]
        query("UPDATE res_partner SET ref = NULL WHERE id IN (1, 3)")

    def test_for_people(self, command, file):
        path = file(PURCHASE, [["cli-1", "", "2026-01-01", "x"]], delimiter=";")
        output, _errors = command.run("import", "purchases", path, code=1)
        assert "line 2, amount: 'x' is no number such as 1234.50" in output
        assert "1 lines: 0 created, 0 updated, 0 unchanged, 1 rejected" in output

    def test_dry_run(self, command, file, query):
        path = file(PURCHASE, [["cli-1", "", "2026-01-01", "1"]])
        said = command.result("import", "purchases", path, "--dry-run")
        assert counts(said) == [1, 0, 0, 0]
        assert said["dry_run"] is True
        assert self.stored(query) == []

    def test_what_only_the_server_knows(self, command, file, query):
        """A refusal of the server takes out its line, not the batch."""
        # in the currency of the company that is 0, which is no purchase
        rows = [
            [f"cli-{number}", "", "2026-01-01", "0.001" if number == 3 else "1"]
            for number in range(6)
        ]
        path = file(PURCHASE, rows)
        said = command.result("import", "purchases", path, "--batch=4", code=1)
        assert counts(said) == [5, 0, 0, 1]
        [rejected] = said["rejections"]
        assert rejected["line"] == 5
        assert "A purchase of 0 does not count" in rejected["reason"]
        assert len(self.stored(query)) == 5

    def test_a_pipe(self, command, file, query):
        path = file(PURCHASE, [["cli-1", "", "2026-01-01", "1"]])
        pipe = path.with_name("pipe")
        os.mkfifo(pipe)
        process = command.start("import", "purchases", pipe, "--json")
        pipe.write_text(path.read_text())
        output, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        assert counts(json.loads(output)) == [1, 0, 0, 0]

    def test_no_such_file(self, command, file, tmp_path):
        cases = {
            tmp_path / "none.csv": "cannot be read",
            file(["reference", "date"], [], "a.csv"): "column 'amount' is missing",
            file([*PURCHASE, "colour"], [], "b.csv"): "no column 'colour'",
            file([*PURCHASE, "date"], [], "c.csv"): "is there twice",
        }
        latin = tmp_path / "latin.csv"
        latin.write_bytes("reference,date,amount\ncafé,2026-01-01,1".encode("latin-1"))
        cases[latin] = "is not in UTF-8"
        for path, said in cases.items():
            line = command.refusal("import", "purchases", path, code=2)
            assert said in line

    def test_fifty_thousand_lines(self, command, file, query, customers):
        """One of a hundred is bad. Killed in the middle, it goes on; and then again."""
        chance = random.Random(50)
        rows = []
        for number in range(50_000):
            amount = f"{chance.uniform(1, 900):.2f}"
            rows.append(
                [
                    f"cli-{number:05}",
                    chance.choice(customers),
                    f"2025-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
                    "free" if number % 100 == 7 else amount,
                ]
            )
        path = file(PURCHASE, rows)

        def there():
            return query("SELECT count(*) FROM crm_purchase_entry WHERE name ~ '^cli'")

        process = command.start("import", "purchases", path)
        while there()[0][0] < 3_000:
            assert process.poll() is None, process.communicate()
            time.sleep(0.1)
        process.kill()
        process.communicate()
        # what the server is at goes on; nothing of a batch is there, or all of it
        [(before,)] = there()
        time.sleep(4)
        [(later,)] = there()
        assert later - before in (0, 1_000)
        assert later % 1_000 == 0
        said = command.result("import", "purchases", path, code=1)
        assert counts(said) == [49_500 - later, 0, later, 500]
        assert said["lines"] == 50_000
        assert there() == [(49_500,)]
        assert {column for _line, column in rejections(said)} == {"amount"}
        assert [line for line, _column in rejections(said)] == [
            number + 2 for number in range(7, 50_000, 100)
        ]
        again = command.result("import", "purchases", path, code=1)
        assert counts(again) == [0, 0, 49_500, 500]


class TestSubscriptions:
    def lines(self, query, *names):
        return query(
            """SELECT s.name, s.date_start::text, l.name, l.price_unit::float8,
                      l.date_start::text, l.previous_line_id IS NOT NULL
                 FROM crm_subscription s
                 JOIN crm_subscription_line l ON l.subscription_id = s.id
                WHERE s.name = ANY(%s) ORDER BY s.name, l.date_start NULLS FIRST""",
            list(names),
        )

    def rows(self, customers):
        return [
            # a price that rises, and an agreement of one line
            ["cli-a", "A", customers[0], "2026-01-01", "", "cli-a1", "Basic", "Monthly"]
            + ["10", "", "2026-05-31"],
            ["cli-a", "A", customers[0], "2026-01-01", "", "cli-a2", "Basic", "Monthly"]
            + ["12", "2026-06-01", ""],
            ["cli-b", "B", customers[1], "2026-02-01", "2026-12-31", "cli-b1", "Basic"]
            + ["Yearly", "100", "", ""],
        ]

    def test_created_changed_and_left_alone(self, command, file, query, customers):
        rows = self.rows(customers)
        path = file(SUBSCRIPTION + LINE, rows)
        assert counts(command.result("import", "subscriptions", path)) == [3, 0, 0, 0]
        assert self.lines(query, "A", "B") == [
            ("A", "2026-01-01", "Basic", 10.0, None, False),
            # the second one follows the first
            ("A", "2026-01-01", "Basic", 12.0, "2026-06-01", True),
            ("B", "2026-02-01", "Basic", 100.0, None, False),
        ]
        assert counts(command.result("import", "subscriptions", path)) == [0, 0, 3, 0]
        rows[1][8] = "13"
        path = file(SUBSCRIPTION + LINE, rows)
        # a subscription is written as a whole
        assert counts(command.result("import", "subscriptions", path)) == [0, 2, 1, 0]
        assert [line[3] for line in self.lines(query, "A")] == [10.0, 13.0]
        assert counts(command.result("import", "subscriptions", path)) == [0, 0, 3, 0]
        # it is nobody's, not the importer's
        assert query("SELECT user_id FROM crm_subscription WHERE name = 'A'") == [
            (None,)
        ]

    def test_ids_of_an_old_system(self, command, file, query, customers):
        """Numbers that name a subscription and a line: only one of them could."""
        rows = [["1001", "Legacy", customers[0], "2026-01-01", "", "1001", "Basic"]]
        rows[0] += ["Monthly", "100", "", ""]
        path = file(SUBSCRIPTION + LINE, rows)
        for _time in range(2):
            said = command.result("import", "subscriptions", path, code=1)
            assert rejections(said) == [(2, "line_id")]
        rows[0][5] = "1001-1"
        path = file(SUBSCRIPTION + LINE, rows)
        assert counts(command.result("import", "subscriptions", path)) == [1, 0, 0, 0]
        assert counts(command.result("import", "subscriptions", path)) == [0, 0, 1, 0]
        # what only the server knows: a line of another file, and any other record
        others = [[*rows[0]] for _each in range(3)]
        for row, id_, line_id in zip(
            others, "234", ("base.user_root", "2002-1", "1001"), strict=True
        ):
            row[0], row[1], row[5] = f"200{id_}", f"Legacy {id_}", line_id
        path = file(SUBSCRIPTION + LINE, others)
        said = command.result("import", "subscriptions", path, code=1)
        assert [each["line"] for each in said["rejections"]] == [2, 4]
        for rejected in said["rejections"]:
            assert "is the one of another record" in rejected["reason"]
        assert counts(said) == [1, 0, 0, 2]
        assert self.lines(query, "Legacy", "Legacy 2", "Legacy 3", "Legacy 4") == [
            (name, "2026-01-01", "Basic", 100.0, None, False)
            for name in ("Legacy", "Legacy 3")
        ]
        assert query(
            "SELECT model FROM ir_model_data WHERE module = 'base' AND name = %s",
            "user_root",
        ) == [("res.users",)]

    def test_a_subscription_comes_as_a_whole(self, command, file, query, customers):
        rows = [
            ["cli-c", "C", customers[0], "2026-01-01", "", "cli-c1", "Basic", "Monthly"]
            + ["10", "", ""],
            ["cli-c", "C", customers[0], "2026-01-01", "", "cli-c2", "More", "Never"]
            + ["10", "", ""],
            ["cli-d", "D", customers[0], "2026-01-01", "", "cli-d1", "Basic", "Monthly"]
            + ["10", "", ""],
            ["cli-d", "Other", customers[0], "2026-01-01", "", "cli-d2", "B", "Monthly"]
            + ["10", "", ""],
            ["cli-e", "E", customers[0], "2026-01-01", "", "cli-d1", "Basic", "Monthly"]
            + ["10", "", ""],
            ["cli-f", "F", customers[0], "2026-01-01", "2025-01-01", "cli-f1", "B"]
            + ["Monthly", "-1", "", ""],
            ["cli-g", "G", customers[0], "2026-01-01", "2025-01-01", "cli-g1", "B"]
            + ["", "1", "", ""],
        ]
        path = file(SUBSCRIPTION + LINE, rows)
        said = command.result("import", "subscriptions", path, code=1)
        assert rejections(said) == [
            (2, "id"),
            (3, "plan"),
            (4, "id"),
            (5, "name"),
            (6, "line_id"),
            (7, "price_unit"),
            (8, "date_end"),
            (8, "plan"),
        ]
        assert counts(said) == [0, 0, 0, 7]
        assert self.lines(query, *"CDEFG") == []

    def test_lines_that_the_server_refuses(self, command, file, query, customers):
        """Versions on the same day: all of that subscription stays out."""
        rows = self.rows(customers)
        for row, name in zip(rows, "xxy", strict=True):
            row[0], row[1], row[5] = f"cli-{name}", name.upper(), f"{row[5]}-{name}"
        rows[1][9] = "2026-06-01"
        path = file(SUBSCRIPTION + LINE, rows)
        assert counts(command.result("import", "subscriptions", path)) == [3, 0, 0, 0]
        rows[1][9] = "2026-05-31"
        rows[2][8] = "101"
        path = file(SUBSCRIPTION + LINE, rows)
        said = command.result("import", "subscriptions", path, code=1)
        assert counts(said) == [0, 1, 0, 2]
        assert [line[3:5] for line in self.lines(query, "X", "Y")] == [
            (10.0, None),
            (12.0, "2026-06-01"),
            (101.0, None),
        ]


class TestLeadEvents:
    @pytest.fixture
    def lead(self, query):
        """An opportunity of which nothing is known from before 2019."""
        [(lead_id,)] = query(
            "SELECT lead_key FROM crm_lead_event WHERE lead_id IS NOT NULL"
            " AND type = 'opportunity' AND source <> 'import' ORDER BY 1 LIMIT 1"
        )
        yield lead_id
        query("DELETE FROM crm_lead_event WHERE import_ref IS NOT NULL")

    def test_created_changed_and_left_alone(self, command, file, query, lead):
        rows = [
            ["cli-1", lead, "2015-01-01 10:00", "New", "open", "100"],
            ["cli-2", lead, "2015-02-01T10:00:00+02:00", "Qualified", "lost", "90"],
        ]
        path = file(EVENT, rows)
        said = command.result("import", "lead-events", path, "--dry-run")
        assert counts(said) == [2, 0, 0, 0]
        assert counts(command.result("import", "lead-events", path)) == [2, 0, 0, 0]
        assert query(
            """SELECT at::text, stage_name, active, won_status, source,
                      expected_revenue::float8
                 FROM crm_lead_event WHERE import_ref IS NOT NULL ORDER BY at"""
        ) == [
            ("2015-01-01 10:00:00", "New", True, "pending", "import", 100.0),
            ("2015-02-01 08:00:00", "Qualified", False, "lost", "import", 90.0),
        ]
        assert counts(command.result("import", "lead-events", path)) == [0, 0, 2, 0]
        rows[1][5] = "95"
        path = file(EVENT, rows)
        assert counts(command.result("import", "lead-events", path)) == [0, 1, 1, 0]

    def test_refused(self, command, file, query, lead):
        [(recorded,)] = query(
            """SELECT (min(at) + interval '1 second')::text FROM crm_lead_event
                WHERE lead_key = %s AND source <> 'import'""",
            lead,
        )
        rows = [
            ["cli-1", lead, "2015-01-01", "New", "open", "100"],
            ["cli-2", "999999999", "2015-01-01 10:00", "New", "open", "100"],
            ["cli-3", lead, "2015-01-01 10:00", "No Such Stage", "open", "100"],
            ["cli-4", lead, "2015-01-01 10:00", "", "maybe", "100"],
            ["cli-5", lead, "2015-01-01 10:00", "New", "open", "100"],
            ["cli-6", lead, "2090-01-01 00:00", "New", "open", "100"],
            ["cli-7", lead, recorded[:19], "New", "open", "100"],
        ]
        said = command.result("import", "lead-events", file(EVENT, rows), code=1)
        assert rejections(said) == [
            (2, "at"),
            (3, "lead"),
            (4, "stage"),
            (5, "status"),
            (7, "at"),
            (8, "at"),
        ]
        for rejected in said["rejections"][-2:]:
            assert "It is recorded since" in rejected["reason"]
        assert counts(said) == [1, 0, 0, 6]
