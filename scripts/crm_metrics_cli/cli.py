"""The command line: the group of all commands."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import Any

import click

from . import __version__
from .output import Output
from .session import STOPPED

#: name of a command -> its module and what it is called there
COMMANDS = {
    "export": (".export", "export"),
    "import": (".importing.command", "import_"),
    "recompute": (".recompute", "recompute"),
    "status": (".status", "status"),
    "verify": (".verify.command", "verify"),
}
EPILOG = """
Exit codes: 0 done; 1 something failed or differs; 2 wrong usage; 3 no connection,
login, right or addon; 130 stopped. The API key or password comes from the environment:
CRM_METRICS_API_KEY or CRM_METRICS_PASSWORD; on a terminal it is asked for.
"""


class Commands(click.Group):
    """Commands that are loaded when they are asked for: pandas alone takes a second."""

    def list_commands(self, _context: click.Context) -> list[str]:
        return [*COMMANDS]

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, attribute = COMMANDS[name]
        return getattr(importlib.import_module(module, __package__), attribute)

    def main(self, args: Sequence[str] | None = None, **extra: Any) -> None:
        """Run a command; wrong usage is told as everything else that goes wrong."""
        args = [*(sys.argv[1:] if args is None else args)] or ["--help"]
        try:
            code = super().main(args, standalone_mode=False, **extra)
        except click.UsageError as error:
            path = error.ctx.command_path if error.ctx else "crm-metrics"
            said = " ".join(error.format_message().split()).rstrip(".")
            Output("--json" in args).fail(f"{said}. See {path} --help.")
            code = error.exit_code
        except click.Abort:
            Output("--json" in args).fail("stopped")
            code = STOPPED
        sys.exit(code if isinstance(code, int) else 0)


@click.group(
    cls=Commands,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__)
def main() -> None:
    """Recompute, verify, import and export CRM Metrics of an Odoo server."""
