"""The engine among other processes: killed, raced, overtaken."""

import os
import random
import signal
import threading
import time

import psycopg2.errors
import pytest
from waiting import wait_for

SEGMENT, MOVEMENT = "crm.mrr.segment", "crm.mrr.movement"
#: number of the lock at which rebuilds are stopped; no other meaning
GATE = 20260115


@pytest.fixture
def gate(live):
    """Stop each statement that deletes or inserts segments, until it is opened.

    Rows have been written then, and nothing is committed.
    """
    live.execute(
        f"""
        CREATE FUNCTION test_gate() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_advisory_xact_lock_shared({GATE}); RETURN NULL; END $$;
        CREATE TRIGGER test_gate AFTER DELETE OR INSERT ON crm_mrr_segment
            FOR EACH STATEMENT EXECUTE FUNCTION test_gate();
        """
    )
    with live.sql() as keeper:
        keeper.execute("SELECT pg_advisory_lock(%s)", [GATE])

        class Gate:
            def somebody_waits(self):
                return live.fetch(
                    """SELECT pid FROM pg_locks
                        WHERE locktype = 'advisory' AND objid = %s AND NOT granted""",
                    GATE,
                )

            def open(self):
                keeper.execute("SELECT pg_advisory_unlock_all()")

        yield Gate()
        keeper.execute("SELECT pg_advisory_unlock_all()")
    live.execute("DROP TRIGGER test_gate ON crm_mrr_segment; DROP FUNCTION test_gate()")


def lines(env, count=3):
    return env["crm.subscription.line"].search([], limit=count, order="id")


def reprice(live, *, commit=True):
    """Give every line another price; whoever waits for a lock gets an error."""
    with live.env() as env:
        env.cr.execute("SET LOCAL lock_timeout = '5s'")
        for line in env["crm.subscription.line"].search([]):
            line.price_unit += 1
        if not commit:
            env.cr.rollback()


class TestKilled:
    def test_in_the_middle_of_a_rebuild(self, live, gate):
        """The old rows stay as they were, and the next run completes."""
        before = live.facts()
        reprice(live)
        worker = live.shell(f"env['crm.metrics.engine'].recompute({SEGMENT!r})\n")
        wait_for(gate.somebody_waits)  # rows have been deleted
        os.kill(worker.pid, signal.SIGKILL)
        worker.communicate()
        assert worker.returncode == -signal.SIGKILL
        assert live.facts() == before
        gate.open()
        wait_for(lambda: not gate.somebody_waits())
        # its session finds nobody to answer to, and gives up
        wait_for(lambda: self.is_free(live))
        assert live.facts() == before
        assert live.fetch("SELECT count(*) > 0 FROM crm_metrics_queue") == [(True,)]
        live.settle()
        assert live.facts() != before

    def is_free(self, live):
        with live.env() as env:
            slots = env["crm.metrics.slot"]._take(SEGMENT, list(range(64)))
            env.cr.rollback()
        return slots

    def test_between_and_within_batches_of_the_refresh(self, live):
        """Again and again, at any point: nothing is lost, nothing is doubled."""
        live.execute(
            """
            CREATE FUNCTION test_brake() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM pg_sleep(0.05); RETURN NULL; END $$;
            CREATE TRIGGER test_brake AFTER DELETE OR INSERT ON crm_mrr_segment
                FOR EACH STATEMENT EXECUTE FUNCTION test_brake();
            """
        )
        script = "env['crm.metrics.engine']._cron_refresh(limit=2)\n"
        pause = random.Random(19)

        def waiting():
            query = "SELECT count(DISTINCT key) FROM crm_metrics_queue WHERE fact = %s"
            return live.fetch(query, SEGMENT)[0][0]

        reprice(live)
        try:
            for _kill in range(3):
                left = waiting()
                worker = live.shell(script)
                wait_for(lambda: waiting() < left)  # noqa: B023
                time.sleep(pause.uniform(0, 0.2))
                worker.kill()
                worker.communicate()
            assert waiting(), "there was nothing left to kill"
        finally:
            live.execute(
                """DROP TRIGGER test_brake ON crm_mrr_segment;
                   DROP FUNCTION test_brake()"""
            )


class TestTwoAtOnce:
    def test_the_second_recompute_is_told_busy(self, live):
        """At once: it does not wait for the first one."""
        with live.env() as first, live.env() as second:
            assert "rows" in first["crm.metrics.engine"].recompute(SEGMENT)
            second.cr.execute("SET LOCAL lock_timeout = '5s'")
            engine = second["crm.metrics.engine"]
            assert engine.recompute(SEGMENT) == {"busy": True}
            assert engine.audit([SEGMENT]) == {SEGMENT: None}
            # another fact is free
            assert "rows" in engine.recompute(MOVEMENT)

    def test_shards_do_not_disturb_each_other(self, live):
        with live.env() as first, live.env() as second:
            assert "rows" in first["crm.metrics.engine"].recompute(SEGMENT, 0, 2)
            engine = second["crm.metrics.engine"]
            assert "rows" in engine.recompute(SEGMENT, 1, 2)
            assert engine.recompute(SEGMENT, 0, 4) == {"busy": True}
            assert engine.recompute(SEGMENT) == {"busy": True}

    def test_a_refresh_leaves_the_keys_of_busy_slots(self, live):
        reprice(live)
        with live.env() as first:
            assert "rows" in first["crm.metrics.engine"].recompute(SEGMENT, 1, 2)
            with live.env() as second:
                second["crm.metrics.engine"]._cron_refresh()
            waiting = live.fetch(
                "SELECT DISTINCT key %% 2 FROM crm_metrics_queue WHERE fact = %s",
                SEGMENT,
            )
            assert waiting == [(1,)]

    def test_two_processes(self, live, gate):
        """One rebuilds, stopped in its middle; the other one is told so."""
        reprice(live)
        script = f"print('said', env['crm.metrics.engine'].recompute({SEGMENT!r}))\n"
        commit = "env.cr.commit()\n"
        worker = live.shell(script + commit)
        wait_for(gate.somebody_waits)
        said, _errors = live.shell(script).communicate(timeout=120)
        assert "said {'busy': True}" in said
        reprice(live)  # whoever sells does not wait either
        gate.open()
        said, _errors = worker.communicate(timeout=120)
        assert "'changed': " in said


class TestOvertaken:
    def test_a_write_during_a_refresh_is_in_the_next_one(self, live):
        with live.env() as env:
            lines(env, 1).price_unit = 100
        with live.env() as refresher:
            refresher.cr.execute("SELECT 1")  # its snapshot is from now
            with live.env() as writer:
                lines(writer, 1).price_unit = 200
            done, _left = refresher["crm.metrics.engine"]._refresh_batch(SEGMENT, 1000)
            assert done == 1
        assert live.fetch("SELECT count(*) FROM crm_mrr_segment WHERE rate = 100") == [
            (1,)
        ]
        # the second write waits: only what the snapshot saw has left the queue
        waiting = live.fetch(
            "SELECT count(*) FROM crm_metrics_queue WHERE fact = %s", SEGMENT
        )
        assert waiting > [(0,)]
        live.settle()
        assert live.fetch("SELECT count(*) FROM crm_mrr_segment WHERE rate = 200") == [
            (1,)
        ]

    def test_a_stale_snapshot_fails_instead_of_writing(self, live):
        with live.env() as stale:
            stale.cr.execute("SELECT 1")
            with live.env() as writer:
                lines(writer, 1).price_unit = 300
            with live.env() as refresher:
                refresher["crm.metrics.engine"]._cron_refresh()
            after = live.facts()
            with pytest.raises(psycopg2.errors.SerializationFailure):
                stale["crm.metrics.engine"].recompute(SEGMENT)
            stale.cr.rollback()
            assert live.facts() == after
            # from now on it is as good as any
            assert stale["crm.metrics.engine"].recompute(SEGMENT)["changed"] == 0

    def test_the_scheduled_refresh_goes_on_by_itself(self, live):
        """It lost the race: it looks again from a new snapshot."""
        with live.env() as env:
            lines(env, 2)[0].price_unit = 400
        with live.env() as stale:
            stale.cr.execute("SELECT 1")
            with live.env() as refresher:
                refresher["crm.metrics.engine"]._cron_refresh()
            with live.env() as writer:
                lines(writer, 2)[1].price_unit = 500
            stale["crm.metrics.engine"]._cron_refresh()
        assert live.fetch(
            "SELECT count(*) FROM crm_mrr_segment WHERE rate IN (400, 500)"
        ) == [(2,)]
        assert live.fetch("SELECT count(*) FROM crm_metrics_queue") == [(0,)]

    def test_the_scheduled_audit_goes_on_by_itself(self, live):
        with live.env() as stale:
            stale.cr.execute("SELECT 1")
            reprice(live)
            with live.env() as refresher:
                refresher["crm.metrics.engine"]._cron_refresh()
            stale["crm.metrics.engine"]._cron_audit()

    def test_a_write_that_is_rolled_back_leaves_no_key(self, live):
        reprice(live, commit=False)
        assert live.fetch("SELECT count(*) FROM crm_metrics_queue") == [(0,)]

    def test_a_writer_does_not_wait_for_a_refresh(self, live):
        """Nor for another writer of the same customer's queue key."""
        with live.env() as refresher:
            reprice(live)
            refresher["crm.metrics.engine"]._refresh_batch(SEGMENT, 1000)
            with live.env() as one, live.env() as other:
                for env in (one, other):
                    env.cr.execute("SET LOCAL lock_timeout = '2s'")
                first, second = lines(one, 2).ids
                one["crm.subscription.line"].browse(first).price_unit = 7
                other["crm.subscription.line"].browse(second).price_unit = 8
                one.flush_all()
                other.flush_all()


def test_two_refreshers_among_writers_never_write_a_fact_twice(live):
    """Two processes refresh, two threads write, all at once."""
    script = """
import time
engine = env["crm.metrics.engine"]
print("ready", flush=True)
end = time.monotonic() + 6
while time.monotonic() < end:
    engine._cron_refresh(limit=3)
    env.cr.commit()
print("refreshes:", env["crm.metrics.run"].search_count([("mode", "=", "refresh")]))
"""
    before = live.fetch("SELECT count(*) FROM crm_metrics_run WHERE mode = 'refresh'")
    refreshers = [live.shell(script) for _each in range(2)]
    for refresher in refreshers:
        assert refresher.stdout.readline() == "ready\n"
    # writers stop first: a refresh goes on for as long as something waits
    end = time.monotonic() + 6
    failures = []

    def write(seed):
        chance = random.Random(seed)
        ids = [id_ for (id_,) in live.fetch("SELECT id FROM crm_subscription_line")]
        partners = [
            id_
            for (id_,) in live.fetch("SELECT DISTINCT partner_id FROM crm_subscription")
        ]
        while time.monotonic() < end:
            try:
                with live.env() as env:
                    for id_ in sorted(chance.sample(ids, 3)):
                        line = env["crm.subscription.line"].browse(id_)
                        line.price_unit = chance.randint(1, 99)
                    if chance.random() < 0.3:
                        line.subscription_id.partner_id = chance.choice(partners)
            except psycopg2.errors.SerializationFailure:
                pass  # of the two writers: they wrote the same line
            except Exception as error:
                failures.append(error)
                return

    writers = [threading.Thread(target=write, args=[seed]) for seed in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    outputs = [refresher.communicate(timeout=180) for refresher in refreshers]
    assert failures == []
    for refresher, (_output, errors) in zip(refreshers, outputs, strict=True):
        assert refresher.returncode == 0, errors
        assert "Traceback" not in errors
    after = live.fetch("SELECT count(*) FROM crm_metrics_run WHERE mode = 'refresh'")
    assert after[0][0] - before[0][0] > 10, "they have hardly refreshed"
