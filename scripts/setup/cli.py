"""The commands behind ``make``."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from . import odoo_process
from .console import Problem, say
from .environment import Environment, ready

Command = Callable[[argparse.Namespace], int]


def command_db(args: argparse.Namespace) -> int:
    extra = [name for name in args.addons.replace(",", " ").split() if name]
    with ready() as environment:
        environment.databases.create(args.db, demo=args.demo, extra=extra)
    say(f"database {args.db} is ready")
    return 0


def command_shell(args: argparse.Namespace) -> int:
    with ready() as environment:
        _require(environment, args.db)
        return environment.launcher.shell(args.db)


def command_server(args: argparse.Namespace) -> int:
    with ready() as environment:
        _require(environment, args.db)
        return _serve(environment, args.db, args.port)


def command_run(args: argparse.Namespace) -> int:
    """Any program, with the project's Python, Odoo and PostgreSQL at hand."""
    with ready() as environment:
        return odoo_process.run_foreground(
            args.program, environment.launcher.environment(), terminal=True
        )


def command_pytest(args: argparse.Namespace) -> int:
    with ready() as environment:
        _require(environment, args.db)
        launcher = environment.launcher
        command = [str(launcher.venv.python), "-m", "pytest", *args.arguments]
        command += [f"--odoo-database={args.db}", "--odoo-http"]
        command += [f"--odoo-config={launcher.config()}"]
        return odoo_process.run_foreground(command, launcher.environment(), terminal=True)


def _require(environment: Environment, name: str) -> None:
    if not environment.databases.exists(name):
        raise Problem(f"There is no database {name}. Make it with: make db DB={name}")


def _serve(environment: Environment, name: str, port: int) -> int:
    url = f"http://127.0.0.1:{port}"
    launcher = environment.launcher

    def tell(process) -> None:
        odoo_process.wait_until_it_answers(process, url)
        say(f"\n   {name} is served at {url}   login: admin   password: admin\n")

    command = launcher.command(
        "server",
        f"--database={name}",
        f"--db-filter=^{name}$",
        f"--http-port={port}",
    )
    return odoo_process.run_foreground(command, launcher.environment(), tell)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m scripts.setup")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Command, help: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=help)
        command.set_defaults(run=run)
        return command

    command = add("db", command_db, "make a fresh database from a template")
    command.add_argument("db")
    command.add_argument("--demo", action="store_true")
    command.add_argument("--addons", default="", metavar="A,B")

    command = add("shell", command_shell, "Odoo shell, runs standard input")
    command.add_argument("db")

    command = add("server", command_server, "serve a database until stopped")
    command.add_argument("db")
    command.add_argument("--port", type=int, default=8069)

    command = add("run", command_run, "run a program in the project's environment")
    command.add_argument("program", nargs=argparse.REMAINDER)

    command = add("pytest", command_pytest, "run addon tests on a database")
    command.add_argument("db")
    command.add_argument("arguments", nargs=argparse.REMAINDER)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    args = _parser().parse_args(arguments)
    try:
        return args.run(args)
    except Problem as problem:
        say(f"\n{problem}")
        return 1
    except KeyboardInterrupt:
        say("stopped")
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
