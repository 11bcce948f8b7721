"""`crm-metrics export` of a live server."""

import csv

import pandas
import pytest
from command_line import Command

MOVEMENT = "crm.mrr.movement"


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return [*csv.DictReader(file)]


class TestExport:
    def test_csv_page_by_page(self, command, query):
        said = command.result("export", MOVEMENT, "--page=100")
        rows = read(command.folder / f"{MOVEMENT}.csv")
        stored = query(
            """SELECT id, date::text, kind, amount::float8, lead_id, renewal_due
                 FROM crm_mrr_movement ORDER BY id"""
        )
        assert said["rows"] == len(rows) == len(stored) > 500
        assert said["changed_meanwhile"] is False
        assert [
            (
                int(row["id"]),
                row["date"],
                row["kind"],
                float(row["amount"]),
                int(row["lead_id"]) if row["lead_id"] else None,
                bool(int(row["renewal_due"])),
            )
            for row in rows
        ] == stored
        # ids and sums, no names
        assert "partner_id" in rows[0]
        assert not set(rows[0]) & {"display_name", "country_id", "create_uid"}

    def test_parquet(self, command, query):
        command.run("export", "crm.stage.visit", "--format=parquet", "-o", "v.parquet")
        frame = pandas.read_parquet(command.folder / "v.parquet")
        [(rows, open_, days, skipped)] = query(
            """SELECT count(*), count(*) FILTER (WHERE "left" IS NULL),
                      sum(days), sum(skipped) FROM crm_stage_visit"""
        )
        assert len(frame) == rows
        assert frame["left"].isna().sum() == open_
        assert frame["days"].sum() == pytest.approx(days)
        assert frame["skipped"].sum() == skipped
        assert str(frame["entered"].dtype) == "datetime64[ms, UTC]"

    def test_chosen_fields_to_standard_output(self, command, query):
        output, _errors = command.run(
            "export", "crm.customer.score", "--fields=id,r, f", "-o", "-"
        )
        [(rows,)] = query("SELECT count(*) FROM crm_customer_score")
        lines = output.splitlines()
        assert lines[0] == "id,r,f"
        assert len(lines) == rows + 1

    def test_no_formula_gets_out(self, command, query):
        query("UPDATE crm_stage_visit SET stage_name = '=1+1' WHERE id % 2 = 0")
        try:
            command.run("export", "crm.stage.visit", "--fields=stage_name")
        finally:
            query("UPDATE crm_stage_visit SET stage_name = 'x' WHERE id % 2 = 0")
            command.run("recompute", "--facts=crm.stage.visit")
        names = {
            row["stage_name"] for row in read(command.folder / "crm.stage.visit.csv")
        }
        assert "'=1+1" in names
        assert not any(name.startswith("=") for name in names)

    def test_only_what_one_may_read(self, command, query):
        [(login,)] = query(
            """SELECT u.login FROM res_users u JOIN crm_mrr_movement m
                   ON m.user_id = u.id WHERE u.active AND u.login <> 'admin' LIMIT 1"""
        )
        said = command.result("export", MOVEMENT)
        query("UPDATE res_users SET password = 'plain-word' WHERE login = %s", login)
        user = Command(command.server, command.folder, None, login, "plain-word")
        assert user.result("export", MOVEMENT)["rows"] <= said["rows"]

    def test_refused(self, command):
        for arguments, said in (
            (["res.users"], "no fact res.users"),
            ([MOVEMENT, "--fields=nonsense"], "has no field nonsense"),
            ([MOVEMENT, "-o", "none/such/file.csv"], "cannot be written"),
        ):
            assert said in command.refusal("export", *arguments, code=2)
        assert [*command.folder.iterdir()] == []
