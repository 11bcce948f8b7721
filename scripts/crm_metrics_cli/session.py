"""What all commands share: options, login, errors, exit codes."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from .connection import Address, Connection
from .errors import CommandError, UsageError
from .output import Output

#: Where the password is looked for; never among the arguments, which everybody on the
#: machine can list.
SECRETS = ("CRM_METRICS_API_KEY", "CRM_METRICS_PASSWORD")
#: exit code after Ctrl-C
STOPPED = 130


@dataclass(frozen=True)
class Session:
    """What each command works with."""

    connection: Connection
    output: Output


def command(function: Callable[..., int | None]) -> Callable[..., None]:
    """Make a function of a session a command that logs in and ends with exit codes.

    The function returns the exit code, None for 0.
    """

    @click.option(
        "--url",
        envvar="CRM_METRICS_URL",
        default="http://localhost:8069",
        show_default=True,
        help="Address of the Odoo server [CRM_METRICS_URL].",
    )
    @click.option(
        "--database",
        "-d",
        envvar="CRM_METRICS_DATABASE",
        required=True,
        help="Name of the database [CRM_METRICS_DATABASE].",
    )
    @click.option(
        "--login",
        envvar="CRM_METRICS_LOGIN",
        required=True,
        help="Login of the user [CRM_METRICS_LOGIN].",
    )
    @click.option(
        "--timeout",
        type=click.FloatRange(min=0.1),
        default=600,
        show_default=True,
        help="Seconds until a call counts as cut off.",
    )
    @click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
    @functools.wraps(function)
    def wrapped(
        url: str,
        database: str,
        login: str,
        timeout: float,
        as_json: bool,
        **options: Any,
    ) -> None:
        output = Output(as_json)
        try:
            address = Address(url, database, login, _secret(), timeout)
            session = Session(Connection.open(address), output)
            code = function(session, **options)
        except CommandError as error:
            output.fail(str(error))
            code = error.exit_code
        except KeyboardInterrupt:
            output.fail("stopped")
            code = STOPPED
        # what still waits for an answer in other threads is not waited for
        sys.stdout.flush()
        sys.stderr.flush()
        sys.exit(code or 0)

    return wrapped


def _secret() -> str:
    for name in SECRETS:
        if secret := os.environ.get(name):
            return secret
    if not sys.stdin.isatty():
        raise UsageError(
            f"there is neither {SECRETS[0]} nor {SECRETS[1]} in the environment"
        )
    return click.prompt("Password or API key", hide_input=True, err=True)
