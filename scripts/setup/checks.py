"""What ``make lint`` checks and ``make format`` mends."""

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cached_property

from . import node, odoo, venv
from .console import Problem, say, step
from .paths import ADDONS, CLONE

PRETTY = (".css", ".js", ".json", ".scss", ".xml", ".yaml", ".yml")

#: The project must work anywhere: it names no folder of a person, no registry.
HOMES = re.compile(r"(?<![\w.$}*/-])/(?:root|home|Users|work)/[\w.-]+")
ADDRESSES = {
    "requirements*": re.compile(r"https?://|--(?:extra-)?index-url|--find-links"),
    "package-lock.json": re.compile(r'"resolved"'),
}


@dataclass(frozen=True)
class Result:
    """What a check found."""

    name: str
    output: str
    seconds: float
    passed: bool


class Checks:
    """The checks, by name."""

    def __init__(self) -> None:
        self.venv = venv.ensure()
        self.node = node.ensure(self.venv)
        self.odoo = odoo.ensure()

    @cached_property
    def files(self) -> list[str]:
        """Files of the repository, those not yet committed included."""
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            check=False,
            capture_output=True,
            text=True,
            cwd=CLONE,
        )
        if listed.returncode:
            raise Problem(f"make lint needs a git work tree: {listed.stderr.strip()}")
        names = sorted(set(filter(None, listed.stdout.split("\0"))))
        return [name for name in names if (CLONE / name).is_file()]

    def _ending(self, *endings: str) -> list[str]:
        return [name for name in self.files if name.endswith(endings)]

    @property
    def pretty(self) -> list[str]:
        return self._ending(*PRETTY)

    @property
    def addons(self) -> list[str]:
        return [str(path.parent) for path in sorted(ADDONS.glob("*/__manifest__.py"))]

    def _run(self, *command: str) -> str:
        """Run a tool; what it printed when it was not content, else nothing."""
        done = subprocess.run(
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=CLONE,
        )
        if not done.returncode:
            return ""
        return done.stdout.strip() or f"{command[0]} failed"

    def _tool(self, name: str, *arguments: str) -> str:
        return self._run(self.venv.tool(name), *arguments)

    def ruff(self) -> str:
        return self._tool("ruff", "check", "--output-format=concise", ".")

    def ruff_format(self) -> str:
        shown = "--output-format=concise"
        return self._tool("ruff", "format", "--check", shown, ".")

    def prettier(self) -> str:
        return self._run(*self.node.prettier("--list-different", *self.pretty))

    def eslint(self) -> str:
        scripts = [name for name in self._ending(".js") if name.startswith("addons/")]
        return self._run(*self.node.eslint(*scripts)) if scripts else ""

    def pylint(self) -> str:
        return self._tool("pylint", "--rcfile=.pylintrc-mandatory", *self.addons)

    def oca_module(self) -> str:
        return self._tool("oca-checks-odoo-module", *self.addons)

    def oca_po(self) -> str:
        files = self._ending(".po", ".pot")
        return self._tool("oca-checks-po", *files) if files else ""

    def licences(self) -> str:
        """An LGPL addon may not depend on an AGPL one; nor a stable one on a beta."""
        places = [*self.odoo.addons, self.odoo.path / "odoo" / "addons"]
        places.append(self.venv.purelib / "odoo" / "addons")
        options = [
            f"--select-addons-dir={ADDONS}",
            "--no-addons-path-from-import-odoo",
            f"--addons-path={','.join(map(str, places))}",
            f"--odoo-series={odoo.SERIES}",
        ]
        found = [
            self._tool("manifestoo", *options, "check-licenses"),
            self._tool("manifestoo", *options, "check-dev-status"),
        ]
        return "\n".join(filter(None, found))

    def portable(self) -> str:
        """No machine's paths anywhere, no registry's address in what installs."""
        found: list[str] = []
        for name in self.files:
            try:
                lines = (CLONE / name).read_text().splitlines()
            except UnicodeDecodeError:
                continue
            patterns = {"path of one machine": HOMES}
            for files, pattern in ADDRESSES.items():
                if fnmatch(name, files):
                    patterns["address"] = pattern
            for number, line in enumerate(lines, 1):
                for what, pattern in patterns.items():
                    if pattern.search(line):
                        found.append(f"{name}:{number}: {what}: {line.strip()}")
        return "\n".join(found)

    def all(self) -> dict[str, Callable[[], str]]:
        return {
            # the slow one first
            "pylint": self.pylint,
            "ruff": self.ruff,
            "ruff-format": self.ruff_format,
            "prettier": self.prettier,
            "eslint": self.eslint,
            "oca-module": self.oca_module,
            "oca-po": self.oca_po,
            "licences": self.licences,
            "portable": self.portable,
        }


def lint(only: Iterable[str] = ()) -> int:
    """Run the checks, all of them even when one fails. Returns how many failed."""
    checks = Checks().all()
    if unknown := set(only) - set(checks):
        raise Problem(f"No check {', '.join(unknown)}; there are {', '.join(checks)}.")

    def run(name: str) -> Result:
        started = time.monotonic()
        output = checks[name]()
        return Result(name, output, time.monotonic() - started, not output)

    failed = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(
            run, [name for name in checks if name in (only or checks)]
        ):
            verdict = "ok" if found.passed else "FAILED"
            say(f"   {found.name}: {verdict}, {found.seconds:.1f} s")
            if not found.passed:
                failed += 1
                say(f"{found.output}\n")
    if failed:
        say("Much of this can be mended by: make format")
    return failed


def format_all() -> int:
    """Apply the formatters to the whole repository."""
    checks = Checks()
    step("OCA's checks, ruff, prettier")
    # The first one fails whenever it finds something, mended or not.
    checks._tool("oca-checks-odoo-module", "--fix", *checks.addons)
    problems = [
        checks._tool("ruff", "check", "--fix", "--output-format=concise", "."),
        checks._tool("ruff", "format", "--quiet", "."),
        checks._run(
            *checks.node.prettier("--write", "--log-level=warn", *checks.pretty)
        ),
    ]
    for problem in filter(None, problems):
        say(problem)
    return 1 if any(problems) else 0
