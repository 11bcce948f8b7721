"""A database of its own for the tests of faults, and Odoo inside of this process.

Several connections to one database, with real commits: what a test inside of one
transaction cannot show.
"""

import csv
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg2
import pytest
from command_line import BOT, Command, Served, bot_of
from nps_pages import COUNTER, FILL, Site

from crm_metrics_cli.connection import Address, Connection
from scripts.setup import testing
from scripts.setup.environment import ready
from scripts.setup.paths import clone_key

CUSTOMERS = 40


@dataclass
class Live:
    """A database that this process and others work on."""

    name: str
    registry: object

    @contextmanager
    def env(self, user=None):
        """An environment on a connection of its own; what it does is committed."""
        from odoo.api import SUPERUSER_ID, Environment

        with self.registry.cursor() as cr:
            yield Environment(cr, user or SUPERUSER_ID, {})

    @contextmanager
    def sql(self):
        """A plain connection, outside of Odoo, without transactions."""
        connection = psycopg2.connect(**testing.connection(self.name))
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()

    def fetch(self, query, *params):
        with self.sql() as cursor:
            cursor.execute(query, params or None)
            return cursor.fetchall()

    def execute(self, query, *params):
        with self.sql() as cursor:
            cursor.execute(query, params or None)

    def shell(self, script):
        """Start Odoo's shell with a script in another process."""
        with ready() as environment:
            launcher = environment.launcher
            process = subprocess.Popen(
                launcher.shell_command(self.name),
                env=launcher.environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        process.stdin.write(script)
        process.stdin.close()
        process.stdin = None
        return process

    def facts(self):
        """All facts by what they say, sorted; doubled rows stay doubled."""
        segments = self.fetch(
            """SELECT res_model, res_id, date_from, date_to, partner_id, rate
                 FROM crm_mrr_segment ORDER BY 1, 2, 3, 4, 5, 6"""
        )
        movements = self.fetch(
            """SELECT s.res_id, m.date, m.kind, m.amount, m.customers, m.partner_id
                 FROM crm_mrr_movement m
                 LEFT JOIN crm_mrr_segment s ON s.id = m.segment_id
                ORDER BY 1, 2, 3, 4, 5, 6"""
        )
        return segments, movements

    def expected_rates(self):
        """Rate of each line, straight from the lines."""
        return dict(self.fetch("SELECT id, price_unit FROM crm_subscription_line"))

    def settle(self):
        """Refresh all that waits, then let the audit look for drift."""
        with self.env() as env:
            env["crm.metrics.engine"]._cron_refresh()
        with self.env() as env:
            drift = env["crm.metrics.engine"].audit()
        assert drift == dict.fromkeys(drift, 0)
        assert self.fetch("SELECT count(*) FROM crm_metrics_queue") == [(0,)]
        stored = dict(self.fetch("SELECT res_id, rate FROM crm_mrr_segment"))
        assert stored == self.expected_rates()
        for table, identity in (
            ("crm_mrr_segment", "partner_id, res_model, res_id, date_from"),
            ("crm_mrr_movement", "partner_id, segment_id, date, kind"),
        ):
            doubled = self.fetch(
                f"""SELECT {identity} FROM {table}
                     GROUP BY {identity} HAVING count(*) > 1"""
            )
            assert doubled == []


def _load(name):
    """Load the registry of a database in this process."""
    from odoo.modules.registry import Registry
    from odoo.tools import config

    with ready() as environment:
        path = environment.launcher.config()
    config.parse_config(
        [f"--config={path}", f"--database={name}", "--log-level=critical"]
    )
    return Registry(name)


def _fill(live):
    """Make customers with three lines each: two at once, one later."""
    with live.env() as env:
        plan = env["crm.recurring.plan"].create({"name": "Live", "number_of_months": 1})
        partners = env["res.partner"].create(
            [{"name": f"Live {number}"} for number in range(CUSTOMERS)]
        )
        env["crm.subscription"].create(
            [
                {
                    "name": partner.name,
                    "partner_id": partner.id,
                    "date_start": "2026-01-01",
                    "line_ids": [
                        (
                            0,
                            0,
                            {
                                "name": str(price),
                                "recurring_plan_id": plan.id,
                                "price_unit": price,
                                "date_start": date,
                            },
                        )
                        for price, date in ((10, False), (20, False), (5, "2026-03-01"))
                    ],
                }
                for partner in partners
            ]
        )
    live.settle()


@pytest.fixture(scope="session")
def _database():
    with ready() as environment:
        name = f"crm_metrics_faults_{clone_key()}"
        with testing.database(name):
            live = Live(name, _load(name))
            _fill(live)
            yield live
            from odoo.sql_db import close_db

            close_db(name)
            del environment


@pytest.fixture
def live(_database):
    """The database, settled; it has to be settled again at the end of the test."""
    yield _database
    _database.settle()


@pytest.fixture(scope="session")
def demo():
    """A served database with demo data, refreshed; no scheduled actions run in it."""
    name = f"crm_metrics_command_{clone_key()}"
    with testing.database(name, demo=True):
        key = bot_of(name, before="env['crm.metrics.engine']._cron_refresh()")
        with testing.server(name) as server:
            yield Served(server, key)


@pytest.fixture
def command(demo, tmp_path):
    """The command, run by an administrator of the database with demo data."""
    return Command(demo.server, tmp_path, demo.key)


@pytest.fixture
def colleague(command, query, rpc):
    """Run the command as a user who is in one group; external id of the group."""

    def run_by(group):
        module, name = group.split(".")
        [(group_id,)] = query(
            "SELECT res_id FROM ir_model_data WHERE module = %s AND name = %s",
            module,
            name,
        )
        if not query("SELECT id FROM res_users WHERE login = %s", name):
            values = {"name": name, "login": name, "password": name}
            rpc.call("res.users", "create", [{**values, "group_ids": [group_id]}])
        return Command(command.server, command.folder, None, name, name)

    return run_by


@pytest.fixture(scope="session")
def rpc(demo):
    """Calls methods in the database with demo data, as an administrator."""
    server = demo.server
    return Connection.open(Address(server.url, server.database, BOT, demo.key))


def connect(server):
    """Return a function that runs SQL in a served database and returns the rows."""
    connection = psycopg2.connect(**testing.connection(server.database))
    connection.autocommit = True

    def query(statement, *params):
        with connection.cursor() as cursor:
            cursor.execute(statement, params or None)
            return cursor.fetchall() if cursor.description else None

    return query


@pytest.fixture(scope="session")
def query(demo):
    """Run SQL in the database with demo data and return its rows."""
    return connect(demo.server)


@pytest.fixture
def file(tmp_path):
    """Write a file to be imported and return its path."""

    def write(titles, rows, name="file.csv", delimiter=","):
        path = tmp_path / name
        with path.open("w", newline="", encoding="utf-8") as opened:
            csv.writer(opened, delimiter=delimiter).writerows([titles, *rows])
        return path

    return write


@pytest.fixture
def customers(query):
    """Names of customers, each of one."""
    rows = query(
        """SELECT name FROM res_partner WHERE is_company AND active
            GROUP BY name HAVING count(*) = 1 ORDER BY 1 LIMIT 20"""
    )
    return [name for (name,) in rows]


@pytest.fixture(scope="session")
def site():
    """A served database with surveys to answer, for all tests of public pages."""
    with testing.database(f"crm_metrics_nps_pages_{clone_key()}") as database:
        printed = testing.shell(database, FILL)
        testing.sql(database, COUNTER)
        with testing.server(database, "--proxy-mode") as server:
            yield Site(server, printed)


@pytest.fixture
def invitation(site):
    """Number and path of an invitation that nobody has touched."""
    return next(site.invitations)
