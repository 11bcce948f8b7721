"""`crm-metrics recompute` and `status` against a live server, and among its faults."""

import os
import signal
import time
from collections import Counter
from pathlib import Path

import pytest
from command_line import Command, make_bot
from waiting import wait_for

from scripts.setup import odoo_process, testing

ENGINE = "crm.metrics.engine"
SEGMENT, MOVEMENT = "crm.mrr.segment", "crm.mrr.movement"


@pytest.fixture(scope="module")
def served(_database):
    with testing.server(_database.name) as server:
        yield server


@pytest.fixture(scope="module")
def key(_database):
    with _database.env() as env:
        return make_bot(env)


@pytest.fixture
def command(served, live, key, tmp_path):
    return Command(served, tmp_path, key)


@pytest.fixture
def brake(live):
    """Make each rebuild of a part take a moment, so that there is a middle."""
    live.execute(
        """
        CREATE FUNCTION test_brake() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_sleep(0.2); RETURN NULL; END $$;
        CREATE TRIGGER test_brake AFTER DELETE OR INSERT ON crm_mrr_segment
            FOR EACH STATEMENT EXECUTE FUNCTION test_brake();
        """
    )
    yield
    live.execute(
        "DROP TRIGGER test_brake ON crm_mrr_segment; DROP FUNCTION test_brake()"
    )


def spoil_segments(live):
    """Falsify a fact behind everybody's back."""
    live.execute(
        """
        DELETE FROM crm_mrr_segment WHERE id % 3 = 0;
        UPDATE crm_mrr_segment SET rate = rate + 1 WHERE id % 3 = 1;
        """
    )


def spoil(live):
    """Falsify what is derived from it as well."""
    spoil_segments(live)
    live.execute("UPDATE crm_mrr_movement SET kind = 'churn' WHERE id % 2 = 0")


def runs(live, fact):
    """How often each shard of a fact was recomputed, and clear the log."""
    shards = live.fetch(
        "SELECT shard, shards FROM crm_metrics_run WHERE mode = 'recompute'"
        " AND fact = %s",
        fact,
    )
    live.execute("DELETE FROM crm_metrics_run")
    return Counter(shards)


class TestRecompute:
    def test_four_workers_equal_a_single_rebuild(self, command, live):
        right = live.facts()
        spoil(live)
        assert live.facts() != right
        runs(live, SEGMENT)
        said = command.result("recompute", "--workers=4", "--shards=16")
        assert live.facts() == right
        assert said["failed"] == []
        assert said["facts"][SEGMENT]["shards"] == 16
        assert said["facts"][SEGMENT]["rows"] == len(right[0])
        assert said["facts"][SEGMENT]["changed"] > 0
        assert said["facts"][MOVEMENT]["rows"] == len(right[1])
        each_once = Counter({(shard, 16): 1 for shard in range(16)})
        assert runs(live, SEGMENT) == each_once
        # a single rebuild finds nothing to do
        said = command.result("recompute", "--workers=1", "--shards=1")
        assert {its["changed"] for its in said["facts"].values()} == {0}
        # and so does who works it out a second time; nobody has answered anything here
        assert command.result("verify")["differences"] == []

    def test_some_facts_only(self, command):
        said = command.result("recompute", f"--facts={MOVEMENT},{SEGMENT}")
        # in the order in which one is derived from the other
        assert [*said["facts"]] == [SEGMENT, MOVEMENT]

    def test_table_for_people(self, command):
        output, errors = command.run("recompute", f"--facts={SEGMENT}", "--shards=2")
        assert SEGMENT in output
        assert "Recomputed in" in output
        assert errors == ""

    def test_busy_slots_are_waited_for(self, command, live):
        right = live.facts()
        spoil_segments(live)
        with live.env() as env:
            assert "rows" in env[ENGINE].recompute(SEGMENT, 1, 2)
            process = command.start("recompute", f"--facts={SEGMENT}", "--shards=4")
            # shards 1 and 3 are ours; the others get done
            wait_for(lambda: done(command.folder) == 2)
            time.sleep(1.5)
            assert process.poll() is None
        output, errors = process.communicate(timeout=120)
        assert (process.returncode, errors) == (0, ""), output
        assert live.facts()[0] == right[0]

    def test_busy_for_too_long(self, command, live):
        with live.env() as env:
            assert "rows" in env[ENGINE].recompute(SEGMENT, 1, 2)
            said = command.result(
                "recompute", f"--facts={SEGMENT}", "--shards=4", "--wait=1", code=1
            )
        assert sorted(each["shard"] for each in said["failed"]) == [1, 3]
        assert "somebody else" in said["failed"][0]["error"]
        runs(live, SEGMENT)
        command.run("recompute", "--resume")
        assert runs(live, SEGMENT) == Counter({(1, 4): 1, (3, 4): 1})

    def test_a_part_that_fails(self, command, live):
        """The others are done, and it says which one failed and why."""
        live.execute(
            """
            CREATE FUNCTION test_mine() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN
                    IF NEW.shard = 2 THEN RAISE EXCEPTION 'a mine'; END IF;
                    RETURN NEW;
                END $$;
            CREATE TRIGGER test_mine BEFORE INSERT ON crm_metrics_run
                FOR EACH ROW EXECUTE FUNCTION test_mine();
            """
        )
        try:
            output, _errors = command.run(
                "recompute", f"--facts={SEGMENT}", "--shards=4", code=1
            )
        finally:
            live.execute(
                "DROP TRIGGER test_mine ON crm_metrics_run; DROP FUNCTION test_mine()"
            )
        assert f"FAILED {SEGMENT} 2 of 4: a mine" in output
        assert done(command.folder) == 3


def done(folder):
    """Number of parts that the state file says are done."""
    text = "".join(path.read_text() for path in Path(folder).glob("crm-metrics/*.json"))
    return text.count('"changed"')


class TestInterrupted:
    def test_killed_in_the_middle_and_resumed(self, command, live, brake):
        right = live.facts()
        spoil(live)
        runs(live, SEGMENT)
        facts = f"--facts={SEGMENT},{MOVEMENT}"
        process = command.start("recompute", facts, "--shards=8", "--workers=2")
        wait_for(lambda: done(command.folder) >= 3)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        before = done(command.folder)
        assert 3 <= before < 8
        output, errors = command.run("recompute", "--resume")
        assert f"going on: {before} of 16 are done" in errors
        assert live.facts() == right
        # what the kill cut off was done by the server all the same, and once more
        counted = runs(live, SEGMENT)
        assert set(counted) == {(shard, 8) for shard in range(8)}
        assert counted.total() <= 8 + 2
        # and then nothing is left to go on with
        _output, errors = command.run("recompute", "--resume", f"--facts={SEGMENT}")
        assert "nothing was interrupted" in errors

    def test_stopped_with_control_c(self, command, live, brake):
        process = command.start("recompute", f"--facts={SEGMENT}", "--shards=8")
        wait_for(lambda: done(command.folder) >= 1)
        process.send_signal(signal.SIGINT)
        _output, errors = process.communicate(timeout=20)
        assert process.returncode == 130
        assert errors == "crm-metrics: stopped\n"
        command.run("recompute", "--resume")

    def test_another_run_cannot_be_resumed(self, command, live, brake):
        process = command.start("recompute", f"--facts={SEGMENT}", "--shards=8")
        wait_for(lambda: done(command.folder) >= 1)
        process.kill()
        process.communicate()
        [state] = command.folder.glob("crm-metrics/*.json")
        for options, said in (
            (["--shards=4"], "interrupted were 8 shards"),
            ([f"--facts={MOVEMENT}"], f"interrupted were the facts {SEGMENT}"),
        ):
            line = command.refusal("recompute", "--resume", *options, code=2)
            assert said in line
        state.write_text("{")
        assert "no state" in command.refusal("recompute", "--resume", code=2)

    def test_server_restarted_in_the_middle(self, live, key, brake, tmp_path):
        """And then it stays away: parts fail, and are done by --resume."""
        right = live.facts()
        spoil(live)
        with testing.server(live.name) as server:
            command = Command(server, tmp_path, key)
            process = command.start("recompute", "--shards=8", "--workers=4")
            wait_for(lambda: done(tmp_path) >= 10)
            os.killpg(server.process.pid, signal.SIGKILL)
            server.process.wait()
        assert process.poll() is None
        time.sleep(1)
        with testing.server(live.name, port=server.port) as server:
            output, errors = process.communicate(timeout=180)
            assert process.returncode == 0, errors
            assert "again in" in errors
            assert live.facts() == right
            process = command.start(
                "recompute", f"--facts={SEGMENT}", "--shards=8", "--attempts=2"
            )
            wait_for(lambda: done(tmp_path) >= 1)
            odoo_process.stop(server.process, signal.SIGKILL)
            output, _errors = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "FAILED" in output
        left = 8 - done(tmp_path)
        assert 0 < left < 8
        with testing.server(live.name, port=server.port):
            _output, errors = command.run("recompute", "--resume")
        assert f"{8 - left} of 8 are done" in errors

    def test_time_out(self, command, live):
        """A call that is cut off goes on on the server, and is asked for again."""
        right = live.facts()
        spoil_segments(live)
        live.execute(
            """
            CREATE SEQUENCE test_once;
            CREATE FUNCTION test_brake() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN
                    IF nextval('test_once') = 1 THEN PERFORM pg_sleep(6); END IF;
                    RETURN NULL;
                END $$;
            CREATE TRIGGER test_brake AFTER DELETE OR INSERT ON crm_mrr_segment
                FOR EACH STATEMENT EXECUTE FUNCTION test_brake();
            """
        )
        try:
            _output, errors = command.run(
                "recompute", f"--facts={SEGMENT}", "--shards=1", "--timeout=3"
            )
        finally:
            live.execute(
                """DROP TRIGGER test_brake ON crm_mrr_segment;
                   DROP FUNCTION test_brake(); DROP SEQUENCE test_once"""
            )
        assert "did not answer in time; again in" in errors
        assert live.facts()[0] == right[0]


class TestStatus:
    def test_status(self, command, live):
        said = command.result("status")
        assert said["facts"][SEGMENT]["rows"] == len(live.facts()[0])
        assert said["facts"][SEGMENT]["queued"] == 0
        output, errors = command.run("status")
        assert errors == ""
        for text in (SEGMENT, "Last runs", "Issues"):
            assert text in output

    def test_password(self, command):
        user = Command(
            command.server, command.folder, None, testing.LOGIN, testing.PASSWORD
        )
        assert SEGMENT in user.result("status")["facts"]
