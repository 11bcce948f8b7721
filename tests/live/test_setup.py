"""The set-up: what it keeps must survive what happens to it."""

import os
import signal
import tempfile
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest
from waiting import wait_for

from scripts.setup import odoo, postgres, venv
from scripts.setup.databases import Databases
from scripts.setup.odoo_process import Launcher


@pytest.fixture
def home(monkeypatch):
    """Another cache folder, with a PostgreSQL server of its own."""
    environment, sources = venv.ensure(), odoo.ensure()
    for name in ("DATABASE_URL", *postgres.LIBPQ):
        monkeypatch.delenv(name, raising=False)
    # not pytest's own folder: the server's user could not enter that one
    with tempfile.TemporaryDirectory(prefix="crm-metrics-") as folder:
        Path(folder).chmod(0o755)
        monkeypatch.setenv("CRM_METRICS_HOME", folder)
        yield environment, sources, Path(folder) / "postgres"


def test_a_copy_survives_a_kill_of_the_server(home):
    """A sequence that comes back behind its table would break each later insert."""
    environment, sources, folder = home
    with postgres.running(environment) as server:
        databases = Databases(Launcher(environment, sources, server))
        server.sql("CREATE DATABASE source")
        server.sql("CREATE TABLE item (id serial PRIMARY KEY)", "source")
        add = "INSERT INTO item SELECT FROM generate_series(1, 5)"
        server.run("psql", "--dbname=source", f"--command={add}")
        databases.copy("source", "copied")
        server.run("psql", "--dbname=copied", f"--command={add}")
        [data] = folder.glob("data-*")
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
        os.kill(pid, signal.SIGKILL)
    with postgres.running(environment) as server:
        server.run("psql", "--dbname=copied", f"--command={add}")
        assert server.sql("SELECT count(*) FROM item", "copied") == "15"


def test_a_database_in_use_is_dropped(home):
    """Autovacuum is not ours to end, and not told from outside when to begin."""
    environment, sources, _folder = home
    with postgres.running(environment) as server:
        admin = replace(server, user="postgres", password="")
        admin.sql("ALTER SYSTEM SET autovacuum_naptime = 1")
        admin.sql("SELECT pg_reload_conf()")
        databases = Databases(Launcher(environment, sources, server))
        server.sql("CREATE DATABASE busy")
        server.sql(
            # vacuuming this takes minutes
            "CREATE TABLE item WITH (autovacuum_vacuum_cost_delay = 100,"
            " autovacuum_vacuum_cost_limit = 1, autovacuum_vacuum_threshold = 0)"
            " AS SELECT repeat('x', 500) AS text FROM generate_series(1, 20000)",
            "busy",
        )
        server.sql("DELETE FROM item", "busy")
        query = (
            "SELECT pid FROM pg_stat_activity"
            " WHERE datname = 'busy' AND backend_type = 'autovacuum worker'"
        )
        wait_for(lambda: admin.sql(query))
        with psycopg2.connect(
            dbname="busy",
            host=server.host,
            port=server.port,
            user=server.user,
            password=server.password,
        ).cursor() as session:
            session.execute("SELECT 1 FROM item")
            databases.drop("busy")
            assert not databases.exists("busy")
            with pytest.raises(psycopg2.OperationalError):
                session.execute("SELECT 1")
