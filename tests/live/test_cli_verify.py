"""`crm-metrics verify` finds what was falsified behind everybody's back."""

import pytest

SEGMENT, MOVEMENT = "crm.mrr.segment", "crm.mrr.movement"
VISIT, PURCHASE = "crm.stage.visit", "crm.purchase"
NPS, ANSWER, INVITATION = "nps", "crm.nps.answer", "crm.nps.invitation"


@pytest.fixture(scope="module", autouse=True)
def _refreshed(rpc, query):
    """Bring the facts up to date: other tests have changed sources."""
    [(cron_id,)] = query(
        """SELECT res_id FROM ir_model_data
            WHERE module = 'crm_metrics' AND model = 'ir.cron' AND name ~ 'refresh'"""
    )
    rpc.call("ir.cron", "method_direct_trigger", [cron_id])


@pytest.fixture(autouse=True)
def _mended(request, command):
    """Rebuild the facts that the tests of a class falsify."""
    yield
    if facts := getattr(request.cls, "FALSIFIED", ""):
        mend(command, facts)


def mend(command, facts):
    command.run("recompute", f"--facts={facts}", "--shards=1")


def found(command, fact, *options):
    """Verify a fact, of which something is wrong; return the differences."""
    said = command.result("verify", f"--facts={fact}", *options, code=1)
    return said["differences"]


class TestUntouched:
    def test_no_difference(self, command, query):
        said = command.result("verify")
        assert said["differences"] == []
        assert said["facts"] == [SEGMENT, MOVEMENT, VISIT, PURCHASE, NPS]
        # it has looked at something
        for fact in (*said["facts"][:-1], ANSWER):
            [(rows,)] = query(f"SELECT count(*) FROM {fact.replace('.', '_')}")
            assert rows > 100

    def test_a_sample_and_a_range(self, command):
        output, _errors = command.run("verify", "--sample=5")
        assert f"{SEGMENT} (5 of " in output
        assert f"{VISIT} (5 of " in output
        said = command.result("verify", f"--facts={PURCHASE}", "--sample=100000")
        share = said["sample"][PURCHASE]
        assert share["looked_at"] == share["total"] > 5
        assert share["of"] == "customers"
        output, _errors = command.run("verify", "--from=2026-01-01", "--to=2026-06-30")
        assert "no difference in" in output

    def test_with_rules_of_companies(self, command, query):
        """Grace, reactivation and revaluation change what is right."""
        settings = (
            "crm_metrics_grace_days = %s, crm_metrics_reactivation_days = %s,"
            " crm_metrics_revalue_monthly = %s"
        )
        query(f"UPDATE res_company SET {settings}", 60, 30, True)
        try:
            assert found(command, MOVEMENT)
            mend(command, f"{SEGMENT},{MOVEMENT}")
            command.run("verify", f"--facts={SEGMENT},{MOVEMENT}")
        finally:
            query(f"UPDATE res_company SET {settings}", 0, 0, False)
            mend(command, f"{SEGMENT},{MOVEMENT}")


class TestMovements:
    FALSIFIED = f"{SEGMENT},{MOVEMENT}"

    def one(self, query, condition="TRUE"):
        [(id_, amount)] = query(
            f"""SELECT id, amount::float8 FROM crm_mrr_movement
                 WHERE amount <> 0 AND kind = 'expansion' AND {condition}
                   AND date BETWEEN '2025-01-01' AND '2026-06-30'
                 ORDER BY id LIMIT 1"""
        )
        return id_, amount

    def test_changed_by_hand(self, command, query):
        id_, amount = self.one(query)
        query("UPDATE crm_mrr_movement SET amount = amount + 7 WHERE id = %s", id_)
        differences = found(command, MOVEMENT)
        first, *rest = differences
        assert (first["where"], first["id"]) == (MOVEMENT, id_)
        assert (first["column"], first["stored"], first["expected"]) == (
            "amount",
            amount + 7,
            amount,
        )
        # and the figures of the screens are wrong by as much
        assert {each["where"] for each in rest} == {"recurring"}
        expansion, *_rest = [each for each in rest if each["column"] == "expansion"]
        assert expansion["stored"] - expansion["expected"] == pytest.approx(7)
        output, _errors = command.run("verify", f"--facts={MOVEMENT}", code=1)
        assert f"{MOVEMENT} {id_}, " in output
        assert f"amount is {amount + 7:.2f}, should be {amount:.2f}" in output

    def test_each_column(self, command, query):
        changes = {
            "kind": "'contraction'",
            "reason": "'unknown'",
            "renewal_due": "NOT renewal_due",
            "team_id": "NULL",
            "date": "'2025-01-01'",
        }
        ids = query(
            """SELECT id FROM crm_mrr_movement
                WHERE kind = 'expansion' AND amount <> 0 AND team_id IS NOT NULL
                  AND date <> '2025-01-01' ORDER BY id LIMIT %s""",
            len(changes),
        )
        changed = {}
        for (id_,), (column, value) in zip(ids, changes.items(), strict=True):
            query(f"UPDATE crm_mrr_movement SET {column} = {value} WHERE id = %s", id_)
            # on another day it is another movement
            changed[id_] = "" if column == "date" else column
        rows = {
            each["id"]: each["column"]
            for each in found(command, MOVEMENT)
            if each["where"] == MOVEMENT
            and each["id"]
            and each["column"] != "customers"
        }
        assert rows == changed

    def test_deleted_twice_and_not_counted(self, command, query):
        id_, _amount = self.one(query)
        [(line, day)] = query(
            """SELECT s.res_id, m.date::text FROM crm_mrr_movement m
                 JOIN crm_mrr_segment s ON s.id = m.segment_id WHERE m.id = %s""",
            id_,
        )
        query("DELETE FROM crm_mrr_movement WHERE id = %s", id_)
        id_, _amount = self.one(query)
        columns = (
            "date, company_id, partner_id, kind, amount, customers, reason, segment_id,"
            " renewal_due, lead_id, team_id, user_id, close_reason_id"
        )
        [(twin,)] = query(
            f"""INSERT INTO crm_mrr_movement ({columns})
                SELECT {columns} FROM crm_mrr_movement WHERE id = %s RETURNING id""",
            id_,
        )
        query(
            "UPDATE crm_mrr_movement SET customers = 0 WHERE id = (SELECT min(id) FROM"
            " crm_mrr_movement WHERE customers = 1 AND kind = 'new')"
        )
        rows = [each for each in found(command, MOVEMENT) if each["where"] == MOVEMENT]
        [missing] = [each for each in rows if not each["column"] and not each["id"]]
        assert missing["text"].endswith("is missing")
        assert f"line {line}, " in missing["about"]
        assert f"date {day}, " in missing["about"]
        [superfluous] = [each for each in rows if not each["column"] and each["id"]]
        assert superfluous["id"] == twin
        assert superfluous["text"].endswith("should not be")
        [uncounted] = [each for each in rows if each["column"]]
        assert (uncounted["column"], uncounted["stored"], uncounted["expected"]) == (
            "customers",
            0,
            1,
        )

    def test_outside_of_the_range(self, command, query):
        id_, _amount = self.one(query)
        query("UPDATE crm_mrr_movement SET reason = 'unknown' WHERE id = %s", id_)
        command.run("verify", f"--facts={MOVEMENT}", "--from=2026-07-01")

    def test_a_wrong_segment(self, command, query):
        [(id_,)] = query(
            "UPDATE crm_mrr_segment SET rate = rate + 1 WHERE id ="
            " (SELECT min(id) FROM crm_mrr_segment WHERE rate > 0) RETURNING id"
        )
        [difference] = found(command, SEGMENT)
        assert (difference["id"], difference["column"]) == (id_, "rate")

    def test_a_source_that_was_changed_in_sql(self, command, query):
        """Nothing has queued it, so the facts are old."""
        [(line,)] = query(
            "UPDATE crm_subscription_line SET price_unit = price_unit * 2 WHERE id ="
            " (SELECT max(id) FROM crm_subscription_line WHERE recurring) RETURNING id"
        )
        try:
            assert f"res_id {line}," in found(command, SEGMENT)[0]["about"]
        finally:
            query(
                "UPDATE crm_subscription_line SET price_unit = price_unit / 2"
                " WHERE id = %s",
                line,
            )


class TestVisits:
    FALSIFIED = VISIT

    def test_each_column(self, command, query):
        changes = {
            "outcome": "'backward'",
            "left": "\"left\" + interval '1 day'",
            "days": "days + 1",
            "value_left": "value_left + 1",
            "skipped": "skipped + 1",
            "team_id": "NULL",
            "next_stage_key": "stage_key",
            "inexact": "NOT inexact",
            "entered": "entered - interval '1 second'",
        }
        rows = query(
            """SELECT id, lead_key FROM crm_stage_visit
                WHERE outcome = 'forward' AND team_id IS NOT NULL
                ORDER BY id LIMIT %s""",
            len(changes),
        )
        for (id_, _lead), (column, value) in zip(rows, changes.items(), strict=True):
            query(f'UPDATE crm_stage_visit SET "{column}" = {value} WHERE id = %s', id_)
        differences = found(command, VISIT)
        assert {each["id"]: each["column"] for each in differences} == {
            id_: column for (id_, _lead), column in zip(rows, changes, strict=True)
        }
        abouts = {each["id"]: each["about"] for each in differences}
        assert all(abouts[id_].startswith(f"lead_key {lead},") for id_, lead in rows)

    def test_missing_and_superfluous(self, command, query):
        [(lead,)] = query(
            """DELETE FROM crm_stage_visit WHERE id = (
                   SELECT id FROM crm_stage_visit ORDER BY lead_key LIMIT 1)
               RETURNING lead_key"""
        )
        [(number,)] = query(
            """UPDATE crm_stage_visit SET visit_no = 90 WHERE id = (
                   SELECT max(id) FROM crm_stage_visit) RETURNING id"""
        )
        texts = [each["text"] for each in found(command, VISIT)]
        assert len(texts) == 3
        assert any(
            f"lead_key {lead}," in text and "is missing" in text for text in texts
        )
        assert any(f" {number}, " in text and "should not be" in text for text in texts)


class TestPurchases:
    FALSIFIED = PURCHASE

    def test_changed_and_deleted(self, command, query):
        [(id_,)] = query(
            """UPDATE crm_purchase SET amount = amount + 1 WHERE id = (
                   SELECT min(id) FROM crm_purchase WHERE kind = 'purchase'
                      AND partner_id IS NOT NULL) RETURNING id"""
        )
        [(gone,)] = query(
            """DELETE FROM crm_purchase WHERE id = (
                   SELECT max(id) FROM crm_purchase WHERE kind = 'refund')
               RETURNING res_id"""
        )
        differences = found(command, PURCHASE)
        rows = [each for each in differences if each["where"] == PURCHASE]
        assert [(each["id"], each["column"]) for each in rows] == [
            (id_, "amount"),
            (None, ""),
        ]
        assert f"res_id {gone}," in rows[1]["about"]
        assert {each["column"] for each in differences if each["where"] == "nvl"} == {
            "revenue",
            "value",
            "refunds",
        }

    @pytest.mark.parametrize("source", ["won", "order", "invoice"])
    def test_each_source(self, command, query, source):
        query("UPDATE res_company SET crm_metrics_purchase_source = %s", source)
        try:
            mend(command, PURCHASE)
            command.run("verify", f"--facts={PURCHASE}")
            [(rows,)] = query(
                "SELECT count(*) FROM crm_purchase WHERE res_model <> %s",
                "crm.purchase.entry",
            )
            assert rows
        finally:
            query("UPDATE res_company SET crm_metrics_purchase_source = NULL")


class TestFeedback:
    """Nothing rebuilds answers, so each test puts back what it falsifies."""

    @pytest.fixture
    def falsify(self, query):
        """Change a column of a row until the end of the test."""
        undone = []

        def change(model, id_, column, value):
            table = model.replace(".", "_")
            set_ = f"UPDATE {table} SET {column} = %s WHERE id = %s"
            [(old,)] = query(f"SELECT {column} FROM {table} WHERE id = %s", id_)
            undone.append((set_, old, id_))
            query(set_, value, id_)

        yield change
        for each in reversed(undone):
            query(*each)

    @pytest.fixture
    def answers(self, query):
        """Ids of answers to one wave, and of their invitations, by the score."""
        return query(
            """SELECT id, invitation_id FROM crm_nps_answer
                WHERE state = 'counted' AND invitation_id IS NOT NULL AND NOT test
                  AND wave = (SELECT min(wave) FROM crm_nps_answer
                               WHERE wave LIKE 'wave,%%')
                ORDER BY score DESC, id"""
        )

    def test_each_column(self, command, falsify, answers):
        changes = {
            (ANSWER, answers[0][0]): ("bucket", "passive"),
            (ANSWER, answers[1][0]): ("points", 7),
            (ANSWER, answers[2][0]): ("account_id", None),
            (ANSWER, answers[3][0]): ("contact_hours", 1000),
            (ANSWER, answers[4][0]): ("wave", "wave,77"),
            (INVITATION, answers[5][1]): ("account_id", None),
            (INVITATION, answers[6][1]): ("state", "expired"),
        }
        for row, change in changes.items():
            falsify(*row, *change)
        differences = found(command, NPS)
        assert {
            (each["where"], each["id"]): each["column"]
            for each in differences
            if each["where"] != NPS
        } == {row: column for row, (column, _value) in changes.items()}
        # one account has no answer any more, so the screens are wrong
        names = {each["column"] for each in differences if each["where"] == NPS}
        assert "accounts.count" in names

    def test_two_persons_made_one(self, command, query, falsify, answers):
        """One vote for each person and wave: the one before the last is lost."""
        first, last = answers[0][0], answers[-1][0]
        [(person,)] = query("SELECT person FROM crm_nps_answer WHERE id = %s", last)
        falsify(ANSWER, first, "person", person)
        differences = found(command, NPS)
        rows = [each for each in differences if each["where"] != NPS]
        assert [(each["id"], each["column"]) for each in rows] == [(first, "person")]
        lost = [
            each["expected"] - each["stored"]
            for each in differences
            if (each["where"], each["column"]) == (NPS, "answers")
        ]
        # in the whole, and in its program
        assert len(lost) >= 2
        assert set(lost) == {1}

    def test_an_answer_that_is_gone(self, command, falsify, answers):
        id_, _invitation = answers[0]
        falsify(ANSWER, id_, "invitation_id", None)
        [difference] = found(command, NPS)
        assert difference["where"] == ANSWER
        assert difference["text"].endswith("is missing")

    def test_samples_and_ranges(self, command, falsify, query, answers):
        falsify(ANSWER, answers[0][0], "bucket", "passive")
        [(day,)] = query(
            "SELECT (date + interval '2 days')::date::text FROM crm_nps_answer"
            " WHERE id = %s",
            answers[0][0],
        )
        command.run("verify", f"--facts={NPS}", f"--from={day}")
        [difference] = found(command, NPS, "--sample=100000")
        assert difference["id"] == answers[0][0]


class TestRefused:
    def test_bad_options(self, command):
        for options, said in (
            (["--facts=crm.lead.event"], "cannot be verified"),
            (["--from=2026-02-01", "--to=2026-01-01"], "later"),
        ):
            assert said in command.refusal("verify", *options, code=2)

    def test_who_does_not_see_everything(self, colleague):
        user = colleague("sales_team.group_sale_salesman")
        assert "has to see all documents" in user.refusal("verify", code=3)

    def test_feedback_is_for_administrators(self, colleague):
        """Others do not see which answers are of one person."""
        user = colleague("sales_team.group_sale_manager")
        assert "an administrator" in user.refusal("verify", "--facts=nps", code=3)
        said = user.result("verify", "--sample=1")
        assert said["facts"] == [SEGMENT, MOVEMENT, VISIT, PURCHASE]

    def test_what_waits_is_told(self, command, query):
        query("INSERT INTO crm_metrics_queue (fact, key) VALUES (%s, 1)", MOVEMENT)
        _output, errors = command.run("verify", f"--facts={MOVEMENT}")
        assert f"{MOVEMENT}: 1 changes wait" in errors
