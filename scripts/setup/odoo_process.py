"""Starting Odoo: its configuration, short commands, and a server that is watched."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .console import Problem, run_logged, tail
from .odoo import Odoo
from .paths import ADDONS, CLONE, clone_key, home, write_atomically
from .postgres import Server
from .venv import Venv

MAIN = "import odoo.cli; odoo.cli.main()"
STOP_SECONDS = 20


def data_dir() -> Path:
    """Odoo's folder for file stores and sessions."""
    return home() / "data"


@dataclass(frozen=True)
class Launcher:
    """Knows how to start Odoo for this clone."""

    venv: Venv
    odoo: Odoo
    server: Server

    def environment(self) -> dict[str, str]:
        """Environment for any Python program that imports odoo or talks to it.

        PYTHONPATH rather than a .pth file: clones with another Odoo may share the
        virtual environment. Odoo takes the connection from libpq's variables.
        """
        path = os.pathsep.join([str(self.odoo.path), str(CLONE)])
        binaries = f"{self.venv.root / 'bin'}{os.pathsep}{self.server.binaries}"
        return self.server.environment() | {
            "PYTHONPATH": path,
            "PATH": f"{binaries}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "VIRTUAL_ENV": str(self.venv.root),
            # Odoo computes in UTC and says so when it is started otherwise.
            "TZ": "UTC",
        }

    def config(self) -> Path:
        """Odoo's configuration file for this clone."""
        folders = [*self.odoo.addons, ADDONS]
        addons = [str(folder) for folder in folders if any(folder.glob("*/__init__.py"))]
        lines = [
            "[options]",
            f"data_dir = {data_dir()}",
            "http_interface = 127.0.0.1",
            "list_db = False",
            "workers = 0",
        ]
        if addons:
            lines.append(f"addons_path = {','.join(addons)}")
        path = home() / "conf" / f"{clone_key()}.conf"
        write_atomically(path, "\n".join(lines) + "\n")
        return path

    def command(self, subcommand: str, *arguments: str) -> list[str]:
        python = str(self.venv.python)
        config = f"--config={self.config()}"
        return [python, "-c", MAIN, subcommand, config, *arguments]

    def install(
        self, database: str, modules: str, log: Path, *arguments: str
    ) -> None:
        """Install modules into a database, which is made if it is not there."""
        run_logged(
            self.command(
                "server",
                f"--database={database}",
                f"--init={modules}",
                "--stop-after-init",
                "--no-http",
                *arguments,
            ),
            log,
            env=self.environment(),
            cwd=CLONE,
            failure=f"Odoo could not install {modules}.",
        )

    def shell(self, database: str, *arguments: str) -> int:
        """Odoo's shell; it runs a script that comes on standard input."""
        return run_foreground(
            self.command(
                "shell",
                f"--database={database}",
                "--no-http",
                "--log-level=warn",
                *arguments,
            ),
            self.environment(),
            terminal=True,
        )


def die_with_parent() -> None:
    """In a child: end when the parent is killed, so that nothing outlives it."""
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM)


class _Stopped(Exception):
    """Somebody asked this process to stop."""


@contextlib.contextmanager
def stopping_on_signals():
    """Turn SIGTERM and SIGINT into one exception, so that clean-up code runs."""

    def stop(number: int, _frame: object) -> None:
        raise _Stopped(number)

    signals = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def start(
    command: list[str],
    env: Mapping[str, str],
    log: Path | None = None,
    terminal: bool = False,
) -> subprocess.Popen[bytes]:
    """Start a process that does not outlive this one.

    Unless it reads from the terminal it gets a process group of its own: Odoo takes a
    second signal for an order to drop everything, and Ctrl-C goes to the whole group.
    """
    output = log.open("wb") if log else None
    try:
        return subprocess.Popen(
            command,
            env=env,
            cwd=CLONE,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            preexec_fn=die_with_parent,
            process_group=None if terminal else 0,
        )
    finally:
        if output:
            output.close()


def stop(process: subprocess.Popen[bytes]) -> None:
    """Stop a process: politely first, by force when that takes too long."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def run_foreground(
    command: list[str],
    env: Mapping[str, str],
    ready: Callable[[subprocess.Popen[bytes]], None] = lambda process: None,
    terminal: bool = False,
) -> int:
    """Run in the foreground until it ends or somebody stops it. 0 when stopped."""
    with stopping_on_signals():
        process = None
        try:
            process = start(command, env, terminal=terminal)
            ready(process)
            return process.wait()
        except _Stopped:
            return 0
        finally:
            # A second Ctrl-C must not leave the child behind.
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            if process:
                stop(process)


def wait_until_it_answers(
    process: subprocess.Popen[bytes],
    url: str,
    seconds: float = 120,
    log: Path | None = None,
) -> None:
    """Wait for a server that is starting."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            # 127.0.0.1 is asked directly, whatever proxy the machine has.
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(f"{url}/web/health", timeout=10):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    details = f"\n{tail(log)}" if log else ""
    raise Problem(f"Odoo does not answer at {url}.{details}")
