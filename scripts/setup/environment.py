"""All that a command needs, set up and running."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from . import odoo, postgres, venv
from .databases import Databases
from .odoo_process import Launcher


@dataclass(frozen=True)
class Environment:
    """A ready environment: what it has is there and runs."""

    launcher: Launcher
    databases: Databases


@contextmanager
def ready() -> Iterator[Environment]:
    """Set up what is missing, and keep PostgreSQL running meanwhile."""
    environment = venv.ensure()
    sources = odoo.ensure()
    with postgres.running(environment) as server:
        launcher = Launcher(environment, sources, server)
        yield Environment(launcher, Databases(launcher))
