"""``make test``: everything that CI runs, in stages.

The first stage that fails ends the run. A stage whose folder does not exist is not
there yet; once it exists, it fails when no test ran in it (pytest's exit code 5).

Live tests wait for servers and browsers most of the time: they run beside the tests
inside of Odoo, and what they have printed follows when their turn comes.
"""

import os
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from . import checks, chromium, odoo_process
from .console import Problem, say, tail
from .databases import BASE_ADDONS, LEAST_ADDONS
from .environment import Environment
from .paths import ADDONS, CLONE, clone_key, logs

TESTS = CLONE / "tests"
RULE = "=" * 78
#: Folders of tests/ that have a stage of their own.
KERNEL, PROPERTY = TESTS / "kernel", TESTS / "property"
#: Stages beside which the live tests run.
BESIDE = ("addons", "properties")


@dataclass
class Stages:
    """Runs the stages one after the other."""

    environment: Environment
    passed: list[str] = field(default_factory=list)
    #: what is to be stopped at the end, however it comes
    running: ExitStack = field(default_factory=ExitStack)
    live_process: subprocess.Popen[bytes] | None = None

    def run(self, only: Sequence[str] = ()) -> int:
        with self.running:
            return self._run(only)

    def _run(self, only: Sequence[str]) -> int:
        stages: dict[str, Callable[[], bool]] = {
            "lint": self.lint,
            "kernel": self.kernel,
            "install-demo": lambda: self.install(demo=True),
            "install": lambda: self.install(demo=False),
            "addons": self.addons,
            "properties": self.properties,
            "live": self.live,
        }
        if unknown := set(only) - set(stages):
            raise Problem(
                f"No stage {', '.join(unknown)}; there are {', '.join(stages)}."
            )
        names = [name for name in stages if name in (only or stages)]
        began = time.monotonic()
        for number, name in enumerate(names):
            say(f"\n{RULE}\n== {name}\n{RULE}")
            started = time.monotonic()
            try:
                if name in BESIDE and "live" in names:
                    self._start_live()
                ran = stages[name]()
            except Problem as problem:
                seconds = time.monotonic() - started
                say(f"\n{problem}\n\n-- {name}: FAILED after {seconds:.0f} s")
                say(f"   passed:  {', '.join(self.passed) or 'none'}")
                say(f"   not run: {', '.join(names[number + 1 :]) or 'none'}")
                print(f"stages: {len(self.passed)} passed, 1 failed", flush=True)
                return 1
            seconds = time.monotonic() - started
            if ran:
                self.passed.append(name)
                say(f"-- {name}: passed, {seconds:.0f} s")
            else:
                say(f"-- {name}: there is nothing yet")
        say(f"\n   all in {time.monotonic() - began:.0f} s")
        print(f"stages: {len(self.passed)} passed, 0 failed", flush=True)
        return 0

    # Stages: True when something ran, a Problem when it failed.

    def lint(self) -> bool:
        if failed := checks.lint():
            raise Problem(f"{failed} checks failed.")
        return True

    def kernel(self) -> bool:
        """Arithmetic: its doctests are its specification. Neither Odoo nor database."""
        folders = [*ADDONS.glob("*/kernel"), KERNEL]
        folders = [folder for folder in folders if _has_python(folder)]
        if not folders:
            return False
        env = self.environment.launcher.environment()
        del env["PYTHONPATH"]
        self._pytest(["-p", "no:odoo", "--doctest-modules", *folders], env)
        return True

    def install(self, *, demo: bool) -> bool:
        """Install all addons: not a warning, not an error, no failed demo data."""
        addons = _addons()
        name = f"crm_metrics_install_{clone_key()}"
        log = logs() / f"{name}{'_demo' if demo else ''}.log"
        databases = self.environment.databases
        databases.create_base(name, demo=demo)
        launcher = self.environment.launcher
        launcher.install(name, ",".join(addons), log, "--log-level=info")
        self._check_log(log)
        query = (
            "SELECT 'demo data of ' || m.name || ': ' || f.error FROM ir_demo_failure f"
            " JOIN ir_module_module m ON m.id = f.module_id"
            " UNION SELECT name || ' is ' || state FROM ir_module_module"
            f" WHERE state <> 'installed' AND name IN ({_quoted(addons)})"
        )
        if problems := launcher.server.sql(query, name):
            raise Problem(f"Not installed well:\n{problems}")
        databases.drop(name)
        say(f"   installed: {', '.join(addons)}")
        return True

    def addons(self) -> bool:
        """Tests of the addons, with HTTP and browser, on databases without demo data.

        The app is tested alone, the addons that join it to others with all of them.
        """
        chromium.ensure()
        app, glue = (
            ["crm_metrics"],
            [each for each in _addons() if each != "crm_metrics"],
        )
        ran = False
        for number, group in enumerate((app, glue)):
            folders = [ADDONS / each / "tests" for each in group]
            folders = [folder for folder in folders if _has_python(folder)]
            if folders:
                base = BASE_ADDONS if number else LEAST_ADDONS
                extra = glue if number else []
                self._odoo_pytest(f"addons{number}", folders, extra, base)
                ran = True
        return ran

    def properties(self) -> bool:
        """Properties that hold for whatever happens, inside Odoo."""
        if not _has_python(PROPERTY):
            return False
        self._odoo_pytest("properties", [PROPERTY], [])
        return True

    def live(self) -> bool:
        """The command line, oracles, faults and the browser, against live servers."""
        if not self._start_live():
            return False
        _check_code(odoo_process.follow(self.live_process, self._live_log()))
        return True

    # Helpers

    def _start_live(self) -> bool:
        """Start the live tests, if there are any and they do not run yet."""
        own_stage = {KERNEL, PROPERTY}
        parts = [path for path in sorted(TESTS.glob("*")) if path not in own_stage]
        parts = [path for path in parts if _has_python(path)]
        if parts and not self.live_process:
            chromium.ensure()
            self.live_process = self.running.enter_context(
                odoo_process.tests(
                    self._pytest_command("-p", "no:odoo", "--color=no", *parts),
                    self.environment.launcher.environment(),
                    self._live_log(),
                )
            )
        return bool(parts)

    @staticmethod
    def _live_log() -> Path:
        return logs() / f"live_{clone_key()}.log"

    def _odoo_pytest(
        self,
        name: str,
        folders: Sequence[Path],
        extra: Sequence[str],
        base: Sequence[str] = BASE_ADDONS,
    ) -> None:
        database = f"crm_metrics_{name}_{clone_key()}"
        self.environment.databases.create(database, extra=extra, base=base)
        launcher = self.environment.launcher
        options = [f"--odoo-database={database}", f"--odoo-config={launcher.config()}"]
        self._pytest([*options, "--odoo-http", *folders], launcher.environment())
        self.environment.databases.drop(database)

    def _pytest(self, arguments: Sequence[str | Path], env: dict[str, str]) -> None:
        _check_code(odoo_process.run_tests(self._pytest_command(*arguments), env))

    def _pytest_command(self, *arguments: str | Path) -> list[str]:
        python = self.environment.launcher.venv.python
        return list(map(str, [python, "-m", "pytest", "--durations=5", *arguments]))

    def _check_log(self, log: Path) -> None:
        tool = self.environment.launcher.venv.tool("checklog-odoo")
        checked = subprocess.run(
            [tool, "--config", CLONE / "checklog-odoo.cfg", log],
            check=False,
            capture_output=True,
            text=True,
            env=os.environ | {"NO_COLOR": "1"},
        )
        if checked.returncode:
            raise Problem(
                f"{checked.stdout}{checked.stderr}\n{tail(log, 3)}\n    {log}"
            )


def _check_code(code: int) -> None:
    """Raise a Problem where pytest's exit code tells of one."""
    if code == 5:
        raise Problem("No test ran.")
    if code:
        raise Problem("Tests failed.")


def _addons() -> list[str]:
    return sorted(path.parent.name for path in ADDONS.glob("*/__manifest__.py"))


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _has_python(path: Path) -> bool:
    """Whether there is something that could be a test: a folder, or a test file."""
    if path.is_dir():
        return any(file.name != "__init__.py" for file in path.rglob("*.py"))
    return path.name.startswith("test_") and path.suffix == ".py"
