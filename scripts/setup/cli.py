"""The commands behind ``make``."""

import argparse
import os
import shutil
import sys
from collections.abc import Callable, Sequence

from . import checks, demo, node, odoo_process, venv
from .console import Problem, say, step
from .environment import Environment, ready
from .odoo_process import Stopped
from .paths import CLONE
from .stages import Stages

Command = Callable[[argparse.Namespace], int]


def _db(args: argparse.Namespace) -> int:
    extra = args.addons.replace(",", " ").split()
    with ready() as environment:
        environment.databases.create(args.db, demo=args.demo, extra=extra)
    say(f"database {args.db} is ready")
    return 0


def _dropdb(args: argparse.Namespace) -> int:
    with ready() as environment:
        environment.databases.drop(args.db)
    return 0


def _shell(args: argparse.Namespace) -> int:
    with ready() as environment:
        _require(environment, args.db)
        launcher = environment.launcher
        return odoo_process.run_in_terminal(
            launcher.shell_command(args.db), launcher.environment()
        )


def _server(args: argparse.Namespace) -> int:
    with ready() as environment:
        _require(environment, args.db)
        return odoo_process.serve(environment.launcher, args.db, args.port)


def _demo(args: argparse.Namespace) -> int:
    with ready() as environment:
        if args.reset:
            demo.reset(environment)
            return 0
        return demo.run(environment, args.port)


def _run(args: argparse.Namespace) -> int:
    with ready() as environment:
        env = environment.launcher.environment()
        program = shutil.which(args.program[0], path=env["PATH"])
        if not program:
            raise Problem(f"There is no program {args.program[0]}.")
        return odoo_process.run_in_terminal([program, *args.program[1:]], env)


def _pytest(args: argparse.Namespace) -> int:
    with ready() as environment:
        _require(environment, args.db)
        launcher = environment.launcher
        command = [str(launcher.venv.python), "-m", "pytest", "--odoo-http"]
        command += [f"--odoo-database={args.db}", f"--odoo-config={launcher.config()}"]
        return odoo_process.run_in_terminal(
            [*command, *args.arguments], launcher.environment()
        )


def _odoo(args: argparse.Namespace) -> int:
    with ready() as environment:
        launcher = environment.launcher
        command = launcher.command(args.arguments[0], *args.arguments[1:])
        return odoo_process.run_in_terminal(command, launcher.environment())


def _test(args: argparse.Namespace) -> int:
    with ready() as environment:
        return Stages(environment).run(args.stages)


def _bench(args: argparse.Namespace) -> int:
    if not (CLONE / "benchmarks" / "__main__.py").exists():
        raise Problem("There are no benchmarks here (no benchmarks/__main__.py).")
    with ready() as environment:
        launcher = environment.launcher
        command = [str(launcher.venv.python), "-m", "benchmarks", "--size", args.size]
        return odoo_process.run_tests(
            [*command, *args.arguments], launcher.environment()
        )


def _lint(args: argparse.Namespace) -> int:
    return 1 if checks.lint(args.checks) else 0


def _format(args: argparse.Namespace) -> int:
    return checks.format_all()


def _lock(args: argparse.Namespace) -> int:
    environment = venv.ensure()
    step("writing requirements*.lock and package-lock.json")
    venv.lock(environment, upgrade=args.upgrade)
    node.lock(environment)
    return 0


def _require(environment: Environment, name: str) -> None:
    if not environment.databases.exists(name):
        raise Problem(f"There is no database {name}. Make it with: make db DB={name}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m scripts.setup")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Command, help: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=help)
        command.set_defaults(run=run)
        return command

    command = add("demo", _demo, "serve the app with demo data")
    command.add_argument("--port", type=int, default=8069)
    command.add_argument("--reset", action="store_true", help="drop its database")

    command = add("test", _test, "everything that CI runs")
    command.add_argument("stages", nargs="*")

    command = add("lint", _lint, "check the form of the code")
    command.add_argument("checks", nargs="*")

    add("format", _format, "apply the formatters")

    command = add("bench", _bench, "measure")
    command.add_argument("size", choices=("small", "large"))
    command.add_argument("arguments", nargs=argparse.REMAINDER)

    command = add("db", _db, "make a fresh database from a template")
    command.add_argument("db")
    command.add_argument("--demo", action="store_true")
    command.add_argument("--addons", default="", metavar="A,B")

    command = add("dropdb", _dropdb, "drop a database with its files")
    command.add_argument("db")

    command = add("shell", _shell, "Odoo shell, runs standard input")
    command.add_argument("db")

    command = add("server", _server, "serve a database until stopped")
    command.add_argument("db")
    command.add_argument("--port", type=int, default=8069)

    command = add("pytest", _pytest, "run addon tests on a database")
    command.add_argument("db")
    command.add_argument("arguments", nargs=argparse.REMAINDER)

    command = add("odoo", _odoo, "any command of Odoo's own")
    command.add_argument("arguments", nargs=argparse.REMAINDER)

    command = add("run", _run, "run a program in the project's environment")
    command.add_argument("program", nargs=argparse.REMAINDER)

    command = add("lock", _lock, "write the lock files anew")
    command.add_argument("--upgrade", action="store_true")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; a problem is one message, never a traceback."""
    args = _parser().parse_args(arguments)
    odoo_process.raise_on_signals()
    try:
        return args.run(args)
    except Problem as problem:
        say(f"\n{problem}")
        return 1
    except Stopped as stopped:
        say(f"stopped ({stopped})")
        return 128 + stopped.number
    except BrokenPipeError:
        # Whoever read our output is gone; do not complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
