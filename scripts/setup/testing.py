"""What the tests in ``tests/`` may import.

They run in the project's environment: under ``make test``, or by hand with
``make run ARGS="python -m pytest -p no:odoo tests/..."``::

    from scripts.setup import testing

    def test_it():
        with testing.database("crm_metrics_test_cli") as name:
            with testing.server(name) as odoo:
                requests.get(odoo.url + "/web/health")
"""

import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import chromium, odoo_process
from .console import Problem
from .environment import ready
from .paths import CLONE, logs

#: The repository.
ROOT = CLONE
#: The Python that has all packages; with :func:`environment` it can import odoo too.
PYTHON = Path(sys.executable)
LOGIN = PASSWORD = "admin"


@dataclass(frozen=True)
class Running:
    """A served database."""

    url: str
    port: int
    database: str
    log: Path
    process: subprocess.Popen[bytes]


def environment() -> dict[str, str]:
    """Environment for a child process: PYTHONPATH, PATH, libpq's variables."""
    with ready() as environment:
        return environment.launcher.environment()


def connection(database: str) -> dict[str, str]:
    """Arguments for ``psycopg2.connect``."""
    with ready() as environment:
        server = environment.launcher.server
    named = {
        "dbname": database,
        "host": server.host,
        "port": server.port,
        "user": server.user,
        "password": server.password,
    }
    return {name: text for name, text in named.items() if text}


@contextmanager
def database(
    name: str, *, demo: bool = False, addons: Sequence[str] = (), keep: bool = False
) -> Iterator[str]:
    """A fresh database from the template, dropped at the end unless *keep*."""
    with ready() as environment:
        environment.databases.create(name, demo=demo, extra=addons)
        try:
            yield name
        finally:
            if not keep:
                environment.databases.drop(name)


@contextmanager
def server(
    database: str, *arguments: str, crons: bool = False, port: int | None = None
) -> Iterator[Running]:
    """Serve a database on a free port, or the one given; *arguments* are Odoo's.

    Its log is a file, so that a test can look at it. The server may be killed by the
    test: what is left of it is cleaned up. It also ends with the thread that started
    it (that is how it never outlives a killed test run), so start it from the main one.
    """
    with ready() as environment:
        port = port or free_port()
        log = logs() / f"server-{database}.log"
        launcher = environment.launcher
        command = launcher.command(
            "server",
            f"--database={database}",
            f"--db-filter=^{re.escape(database)}$",
            f"--http-port={port}",
            f"--max-cron-threads={1 if crons else 0}",
            *arguments,
        )
        process = odoo_process.start(command, launcher.environment(), log)
        try:
            url = f"http://127.0.0.1:{port}"
            odoo_process.wait_until_it_answers(process, url, log=log)
            yield Running(url, port, database, log, process)
        finally:
            odoo_process.stop(process)


def shell(database: str, script: str) -> str:
    """Run a script in Odoo's shell and return what it prints."""
    with ready() as environment:
        launcher = environment.launcher
        done = subprocess.run(
            launcher.shell_command(database),
            check=False,
            input=script,
            capture_output=True,
            text=True,
            env=launcher.environment(),
            cwd=CLONE,
        )
    if done.returncode:
        raise Problem(f"The script failed:\n{done.stderr}")
    return done.stdout


def sql(database: str, statement: str) -> str:
    """Run SQL and return the bare rows, as psql prints them."""
    with ready() as environment:
        return environment.launcher.server.sql(statement, database)


def browser() -> Path:
    """The browser's program, for playwright's ``executable_path``."""
    return chromium.ensure()


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
