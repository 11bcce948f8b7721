"""The command line: the group of all commands."""

import click

from . import __version__
from .export import export
from .importing.command import import_
from .recompute import recompute
from .status import status
from .verify.command import verify

EPILOG = """
Exit codes: 0 done; 1 something failed or differs; 2 wrong usage; 3 no connection,
login, right or addon; 130 stopped. The API key or password comes from the environment:
CRM_METRICS_API_KEY or CRM_METRICS_PASSWORD; on a terminal it is asked for.
"""


@click.group(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Recompute, verify, import and export CRM Metrics of an Odoo server."""


for each in (export, import_, recompute, status, verify):
    main.add_command(each)
