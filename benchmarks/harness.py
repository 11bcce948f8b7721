"""Time a piece of work in an Odoo process and print what came out."""

import io
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import odoo.api
import odoo.tools
from odoo.modules.registry import Registry
from odoo.sql_db import close_db

from scripts.setup.environment import ready

STATUS = Path("/proc/self/status")
CLEAR_REFS = Path("/proc/self/clear_refs")
#: rows that are written by one COPY
BLOCK = 50_000
#: login of the user who reads: an administrator of sales, record rules applied
READER = "admin"


@contextmanager
def registry_of(database: str) -> Iterator[Registry]:
    """Load Odoo for a database in this process, as a server would."""
    with ready() as environment:
        config = environment.launcher.config()
    odoo.tools.config.parse_config(
        ["--config", str(config), "--database", database, "--log-level=warn"]
    )
    try:
        yield Registry(database)
    finally:
        close_db(database)


def measures_of(path: Path) -> dict[str, dict[str, Any]]:
    """Read the measures that an earlier run has printed into a file, by name."""
    lines = path.read_text().splitlines()
    measures = (json.loads(line) for line in lines if line.startswith("{"))
    return {measure["name"]: measure for measure in measures}


def say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


@dataclass
class Bench:
    """Runs work in transactions of one database and reports it."""

    registry: Registry
    #: measures of a smaller size by name, to tell how the time grows
    smaller: dict[str, dict[str, Any]] = field(default_factory=dict)

    @contextmanager
    def env(self) -> Iterator[odoo.api.Environment]:
        """An environment of the reader, committed at the end."""
        with self.registry.cursor() as cr:
            env = odoo.api.Environment(cr, odoo.api.SUPERUSER_ID, {})
            reader = env["res.users"].search([("login", "=", READER)])
            yield odoo.api.Environment(cr, reader.id, {})

    def execute(self, *statements: str) -> None:
        with self.registry.cursor() as cr:
            for statement in statements:
                cr.execute(statement)

    def timed(self, work: Callable[[odoo.api.Environment], Any]) -> tuple[float, Any]:
        """Seconds of one transaction, its commit included, and its result."""
        with self.env() as env:
            start = time.perf_counter()
            result = work(env)
            env.cr.commit()
            return time.perf_counter() - start, result

    def median(
        self, work: Callable[[odoo.api.Environment], Any], times: int = 5
    ) -> float:
        """Median seconds over some runs, after one that is not counted."""
        self.timed(work)
        return statistics.median(self.timed(work)[0] for _ in range(times))

    def report(
        self, name: str, rows: int, seconds: float, limit: float | None = None
    ) -> None:
        """Print a measure; `limit` is the time of the bare SQL beside it.

        Where a smaller size is known, a second line tells how the time grows: its
        limit is the time of that size times as many as there are more rows.
        """
        self._print(name, rows, seconds, limit)
        if (smaller := self.smaller.get(name)) and rows > smaller["rows"]:
            times = rows / smaller["rows"]
            self._print(f"{name}_growth", rows, seconds, smaller["seconds"] * times)

    @staticmethod
    def _print(name: str, rows: int, seconds: float, limit: float | None) -> None:
        line = {
            "name": name,
            "rows": rows,
            "seconds": round(seconds, 3),
            "limit_seconds": None if limit is None else round(limit, 3),
            "ratio": None if limit is None else round(seconds / limit, 3),
            "peak_rss_mb": peak_rss_mb(),
        }
        print(json.dumps(line), flush=True)


def copy(
    env: odoo.api.Environment,
    table: str,
    columns: tuple[str, ...],
    rows: Iterator[tuple],
) -> int:
    """Write rows by COPY, block by block so that memory stays small."""
    count = 0
    block = io.StringIO()

    def flush() -> None:
        block.seek(0)
        env.cr.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN", block)
        block.seek(0)
        block.truncate()

    for row in rows:
        cells = ("\\N" if cell is None else str(cell) for cell in row)
        block.write("\t".join(cells) + "\n")
        count += 1
        if count % BLOCK == 0:
            flush()
    flush()
    env.cr.execute(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")
    return count


@contextmanager
def twin_of(bench: Bench, table: str, twin: str, **names: str) -> Iterator[None]:
    """Make an empty table with the indexes and foreign keys of another one.

    :param names: tables that the foreign keys refer to -> what they refer to instead
    """
    bench.execute(f"CREATE TABLE {twin} (LIKE {table} INCLUDING ALL)")
    with bench.registry.cursor() as cr:
        cr.execute(
            """SELECT pg_get_constraintdef(oid) FROM pg_constraint
                WHERE conrelid = %s::regclass AND contype = 'f'""",
            [table],
        )
        for (definition,) in cr.fetchall():
            for name, other in names.items():
                definition = definition.replace(name, other)
            cr.execute(f"ALTER TABLE {twin} ADD {definition}")
    try:
        yield
    finally:
        bench.execute(f"DROP TABLE {twin}")


def forget_peak() -> None:
    """Let the next :func:`peak_rss_mb` begin from what is in use now."""
    CLEAR_REFS.write_text("5")


def peak_rss_mb() -> int:
    """Largest resident set of this process since :func:`forget_peak`."""
    for line in STATUS.read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) // 1024
    raise RuntimeError(f"{STATUS} has no VmHWM")
