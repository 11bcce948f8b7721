"""Shards as jobs on two Odoo processes behind a load balancer."""

import contextlib
import os
import signal
import socket
import threading
import time

import odoorpc
import psycopg2
import pytest
from waiting import wait_for

from scripts.setup import testing

FACT = "crm.mrr.segment"
SHARDS = 16
CUSTOMERS = 200
FILL = f"""
plan = env["crm.recurring.plan"].create({{"name": "Live", "number_of_months": 1}})
partners = env["res.partner"].create(
    [{{"name": f"Live {{number}}"}} for number in range({CUSTOMERS})]
)
line = {{"name": "Item", "recurring_plan_id": plan.id, "price_unit": 10}}
env["crm.subscription"].create(
    [
        {{
            "name": partner.name,
            "partner_id": partner.id,
            "date_start": "2026-01-01",
            "line_ids": [(0, 0, line)],
        }}
        for partner in partners
    ]
)
env.cr.commit()
env["crm.metrics.engine"]._cron_refresh()
"""
#: each shard takes its time, so that there is a middle to be killed in
SLOW = """
    CREATE FUNCTION test_slow() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_sleep(0.7); RETURN NULL; END $$;
    CREATE TRIGGER test_slow AFTER INSERT ON crm_mrr_segment
        FOR EACH STATEMENT EXECUTE FUNCTION test_slow();
"""


class Balancer:
    """A port that leads to several others in turn, leaving out those that are gone."""

    def __init__(self):
        self.ports = []
        self._turn = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._socket.close()

    def _accept(self):
        while True:
            try:
                client, _address = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client):
        with client:
            for _attempt in self.ports:
                self._turn += 1
                port = self.ports[self._turn % len(self.ports)]
                with contextlib.suppress(OSError):
                    server = socket.create_connection(("127.0.0.1", port))
                    break
            else:
                return
            with server:
                back = threading.Thread(target=self._pipe, args=[server, client])
                back.start()
                self._pipe(client, server)
                back.join()

    @staticmethod
    def _pipe(source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


@pytest.fixture
def balancer(monkeypatch):
    balancer = Balancer()
    for name, value in {
        "HOST": "127.0.0.1",
        "PORT": balancer.port,
        "CHANNELS": "root:4,root.crm_metrics:4",
    }.items():
        monkeypatch.setenv(f"ODOO_QUEUE_JOB_{name}", str(value))
    yield balancer
    balancer.close()


@pytest.fixture
def name():
    addons = ["crm_metrics_queue_job"]
    with testing.database("crm_metrics_test_jobs", addons=addons) as name:
        testing.shell(name, FILL)
        testing.sql(name, "DELETE FROM crm_mrr_segment")
        testing.sql(name, SLOW)
        yield name


def test_two_processes_share_the_shards(name, balancer):
    connection = psycopg2.connect(**testing.connection(name))
    connection.autocommit = True
    cursor = connection.cursor()

    def jobs(state):
        cursor.execute("SELECT worker_pid FROM queue_job WHERE state = %s", [state])
        return [pid for (pid,) in cursor.fetchall()]

    with contextlib.ExitStack() as stack:
        stack.callback(connection.close)
        first, second = (
            stack.enter_context(testing.server(name, "--load=base,web,queue_job"))
            for _number in range(2)
        )
        balancer.ports = [first.port, second.port]
        client = odoorpc.ODOO("127.0.0.1", port=first.port, timeout=60)
        client.login(name, testing.LOGIN, testing.PASSWORD)
        count = client.execute("crm.metrics.engine", "recompute_later", [FACT], SHARDS)
        assert count == SHARDS
        both = {first.process.pid, second.process.pid}
        wait_for(lambda: set(jobs("done")) == both, 60)
        # the one that is at work on a shard, and not the one we ask
        wait_for(lambda: second.process.pid in jobs("started"), 30)
        os.kill(second.process.pid, signal.SIGKILL)
        assert len(jobs("done")) < SHARDS, "it was killed too late"

        def all_done():
            # the runner looks for dead jobs once a minute, and when it hears of one
            cursor.execute(
                "SELECT pg_notify('queue_job', uuid) FROM queue_job"
                " WHERE state = 'started'"
            )
            time.sleep(1)
            return len(jobs("done")) == SHARDS

        wait_for(all_done, 150)

    cursor = psycopg2.connect(**testing.connection(name)).cursor()
    cursor.execute(
        """SELECT shard, count(*) FROM crm_metrics_run
            WHERE fact = %s AND mode = 'recompute' GROUP BY shard""",
        [FACT],
    )
    assert dict(cursor.fetchall()) == dict.fromkeys(range(SHARDS), 1), "none twice"
    cursor.execute("SELECT count(*), count(DISTINCT res_id) FROM crm_mrr_segment")
    assert cursor.fetchone() == (CUSTOMERS, CUSTOMERS)
    cursor.connection.close()
