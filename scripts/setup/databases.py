"""Databases: two levels of templates, and copies of them in seconds.

*Base* templates have Odoo's own addons, and depend on Odoo's build, the Python packages
and the list of addons. *Full* templates are a copy of a base template with the addons
of this repository, and depend on the files in ``addons/`` besides.
"""

import json
import os
import re
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .console import Problem, step
from .locks import exclusive
from .odoo_process import Launcher
from .paths import (
    ADDONS,
    CLONE,
    addons_digest,
    digest,
    logs,
    remove,
    write_atomically,
)
from .venv import lock_digest

BASE_ADDONS = ("crm", "sale_crm")
APP = "crm_metrics"
#: Addons of ours that install themselves on those, beside the app.
BASE_GLUE = ("crm_metrics_account", "crm_metrics_sale")
#: What the app needs: on these it stands alone.
LEAST_ADDONS = ("crm",)
PREFIX = "crm_metrics_template_"
KEPT = {"base": 4, "full": 4}
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}")


#: Fills a new database and writes to a log.
Fill = Callable[[str, Path], None]


@dataclass(frozen=True)
class Databases:
    """Makes and drops databases on one server."""

    launcher: Launcher

    def create(
        self,
        name: str,
        *,
        demo: bool = False,
        extra: Sequence[str] = (),
        base: Sequence[str] = BASE_ADDONS,
    ) -> None:
        """A fresh database with the app; one of that name is dropped before."""
        check_name(name)
        template = self.full_template(demo=demo, extra=extra, base=base)
        self.copy(template, name)

    def create_base(self, name: str, *, demo: bool = False) -> None:
        """A fresh database with Odoo's CRM and sales, without this repository."""
        check_name(name)
        self.copy(self.base_template(demo=demo), name)

    def exists(self, name: str) -> bool:
        return bool(self._sql(f"SELECT 1 FROM pg_database WHERE datname = '{name}'"))

    def drop(self, name: str) -> None:
        """Drop a database with its files; sessions connected to it are ended."""
        check_name(name)
        if self.exists(name):
            # Not WITH (FORCE): it is refused where autovacuum is at work, whose
            # process is not ours to end. The plain statement ends that one itself.
            self._sql(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            self._sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                f" WHERE datname = '{name}' AND usename = current_user"
            )
            self._sql(f'DROP DATABASE "{name}"')
        remove(self._filestore(name))

    def copy(self, source: str, name: str) -> None:
        """Copy a database with its files."""
        self.drop(name)
        files, copies = self._filestore(source), self._filestore(name)
        if files.exists():
            # Odoo never changes a stored file, it makes another: links will do.
            shutil.copytree(files, copies, copy_function=_link_or_copy)
        # The database comes last: one that is there is complete.
        self._sql(f'CREATE DATABASE "{name}" TEMPLATE "{source}"{self._strategy}')

    @property
    def _strategy(self) -> str:
        """How our server copies: so that a kill cannot throw sequences back.

        The default (``wal_log``) logs the pages of sequences as they are, without the
        numbers that PostgreSQL takes ahead for its recovery. A server killed before the
        next checkpoint then comes back with sequences behind their tables. The other
        way of copying ends with a checkpoint. Servers before 15, which can be named
        but are never ours, know no other way and no such word.
        """
        return " STRATEGY file_copy" if self.launcher.server.own else ""

    def base_template(self, *, demo: bool, addons: Sequence[str] = BASE_ADDONS) -> str:
        """The template with Odoo's own addons, built where needed."""
        modules = ",".join(addons)
        key = digest(self.launcher.odoo.build, lock_digest(), modules)
        name = f"{PREFIX}base_{key}{'_demo' if demo else ''}"
        about = f"{modules} {'with' if demo else 'without'} demo data"

        def fill(partial: str, log: Path) -> None:
            arguments = ["--with-demo"] if demo else []
            self.launcher.install(partial, modules, log, *arguments)

        return self._template("base", name, f"{about} (about a minute)", fill)

    def full_template(
        self,
        *,
        demo: bool,
        extra: Sequence[str] = (),
        base: Sequence[str] = BASE_ADDONS,
    ) -> str:
        """The template with the app and the named addons, built where needed."""
        base_name = self.base_template(demo=demo, addons=base)
        if not (ADDONS / APP / "__manifest__.py").exists():
            raise Problem(f"There is no addon {APP} in {ADDONS}.")
        modules = ",".join([APP, *sorted(set(extra) - {APP, *BASE_GLUE})])
        key = digest(base_name, modules, addons_digest())
        name = f"{PREFIX}full_{key}{'_demo' if demo else ''}"

        def fill(partial: str, log: Path) -> None:
            self.copy(base_name, partial)
            self.launcher.install(partial, modules, log)

        return self._template("full", name, modules, fill)

    def _template(self, kind: str, name: str, about: str, fill: Fill) -> str:
        """Build a template under another name; the right name means complete."""
        record = self._records / f"{name}.json"
        with exclusive(self._records / f"{name}.lock", f"database {name}"):
            if not self.exists(name):
                step(f"database template: {about}")
                partial = f"{name}_partial"
                self.drop(partial)
                try:
                    fill(partial, logs() / f"{name}.log")
                except BaseException:
                    self.drop(partial)
                    raise
                remove(self._filestore(name))
                with suppress(FileNotFoundError):
                    self._filestore(partial).rename(self._filestore(name))
                self._sql(f'ALTER DATABASE "{partial}" RENAME TO "{name}"')
            write_atomically(record, json.dumps({"clone": str(CLONE), "kind": kind}))
        self._prune(kind)
        return name

    def _prune(self, kind: str) -> None:
        """Drop templates of this clone that have not been used for longest."""
        records = sorted(
            (
                record
                for record in self._records.glob("*.json")
                if json.loads(record.read_text()) == {"clone": str(CLONE), "kind": kind}
            ),
            key=lambda record: record.stat().st_mtime,
        )
        for record in records[: -KEPT[kind]]:
            self.drop(record.stem)
            record.unlink(missing_ok=True)

    @property
    def _records(self) -> Path:
        """Who built which template, and when it was used last."""
        return self.launcher.data_dir / "templates"

    def _filestore(self, name: str) -> Path:
        return self.launcher.data_dir / "filestore" / name

    def _sql(self, statement: str) -> str:
        return self.launcher.server.sql(statement)


def check_name(name: str) -> None:
    """Refuse a name that would not do as a database and a folder."""
    if not NAME.fullmatch(name):
        raise Problem(
            f"{name!r} is no good name for a database: letters, digits, _ . -"
        )


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
