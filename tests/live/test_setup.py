"""The set-up: what it keeps must survive what happens to it."""

import os
import signal
import tempfile
from pathlib import Path

import pytest

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
