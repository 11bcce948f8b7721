"""The command line: the group of all commands."""

from __future__ import annotations

import importlib

import click

from . import __version__

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


@click.group(
    cls=Commands,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__)
def main() -> None:
    """Recompute, verify, import and export CRM Metrics of an Odoo server."""
