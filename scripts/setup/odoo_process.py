"""Starting Odoo: its configuration, short commands, and a server that is watched."""

import contextlib
import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .console import Problem, run_logged, say, tail
from .odoo import Odoo
from .paths import ADDONS, CLONE, clone_key, digest, home, write_atomically
from .postgres import Server
from .venv import Venv

MAIN = "import odoo.cli; odoo.cli.main()"
STOP_SECONDS = 20


@dataclass(frozen=True)
class Launcher:
    """Knows how to start Odoo for this clone."""

    venv: Venv
    odoo: Odoo
    server: Server

    @property
    def data_dir(self) -> Path:
        """Odoo's folder for file stores and sessions: one for each server."""
        if self.server.own:
            return home() / "data"
        return home() / f"data-{digest(self.server.host, self.server.port)}"

    def environment(self) -> dict[str, str]:
        """Environment for any Python program that imports odoo or talks to it.

        PYTHONPATH rather than a .pth file: clones with another Odoo may share the
        virtual environment. Odoo takes the connection from libpq's variables.
        """
        path = os.pathsep.join(map(str, [self.odoo.path, CLONE, CLONE / "scripts"]))
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
        addons = [
            str(folder) for folder in folders if any(folder.glob("*/__init__.py"))
        ]
        lines = [
            "[options]",
            f"data_dir = {self.data_dir}",
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

    def install(self, database: str, modules: str, log: Path, *arguments: str) -> None:
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

    def shell_command(self, database: str) -> list[str]:
        """Odoo's shell; it runs a script that comes on standard input."""
        options = [f"--database={database}", "--no-http", "--log-level=warn"]
        return self.command("shell", *options)


class Stopped(Exception):
    """Somebody asked this process to stop, with a signal."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


def raise_on_signals() -> None:
    """Turn signals that end a process into an exception, so that clean-up code runs.

    Only the first: clean-up is not to be interrupted by an impatient second one.
    """
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def stop(number: int, _frame: object) -> None:
        for each in signals:
            signal.signal(each, signal.SIG_IGN)
        raise Stopped(number)

    for number in signals:
        signal.signal(number, stop)


def die_with_parent() -> None:
    """In a child: end when the parent is killed, so that nothing outlives it."""
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM)


def start(
    command: Sequence[str],
    env: Mapping[str, str],
    log: Path | None = None,
    group: bool = True,
) -> subprocess.Popen[bytes]:
    """Start a process that does not outlive this one.

    Its process group is its own: Ctrl-C goes to the whole group, and Odoo takes a
    second signal, the one that :func:`stop` sends, for an order to drop everything.
    Only what reads from the terminal has to stay in the group of the terminal.
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
            process_group=0 if group else None,
        )
    finally:
        if output:
            output.close()


def stop(process: subprocess.Popen[bytes], number: int = signal.SIGTERM) -> None:
    """Stop a process: politely first, by force when that takes too long."""
    if process.poll() is None:
        process.send_signal(number)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    # What it started (a browser) and did not stop is in its group.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


@contextlib.contextmanager
def tests(
    command: Sequence[str], env: Mapping[str, str], log: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Let pytest run; Ctrl-C's signal stops it, so that it ends its tests well."""
    process = start(command, env, log)
    try:
        yield process
    finally:
        stop(process, signal.SIGINT)


def run_tests(command: Sequence[str], env: Mapping[str, str]) -> int:
    """Run pytest to its end and return its exit code."""
    with tests(command, env) as process:
        return process.wait()


def follow(process: subprocess.Popen[bytes], log: Path) -> int:
    """Print what a process has written into its log, and goes on to write."""
    with log.open("rb") as written:
        ended = False
        while not ended:
            ended = process.poll() is not None
            shutil.copyfileobj(written, sys.stdout.buffer)
            sys.stdout.flush()
            if not ended:
                time.sleep(0.2)
    return process.returncode


def run_in_terminal(command: Sequence[str], env: Mapping[str, str]) -> int:
    """Run a program that may ask the user; what Ctrl-C means is its business."""
    before = signal.signal(signal.SIGINT, lambda number, frame: None)
    process = start(command, env, group=False)
    try:
        return process.wait()
    finally:
        stop(process)
        signal.signal(signal.SIGINT, before)


def serve(
    launcher: Launcher,
    database: str,
    port: int,
    arguments: Sequence[str] = (),
    ready: Callable[[], None] = lambda: None,
) -> int:
    """Serve a database in the foreground until somebody stops it."""
    url = f"http://127.0.0.1:{port}"
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Problem(
                f"Port {port} cannot be used: {error.strerror}. "
                "Name another one: PORT=n"
            ) from None
    command = launcher.command(
        "server",
        f"--database={database}",
        f"--db-filter=^{re.escape(database)}$",
        f"--http-port={port}",
        *arguments,
    )
    process = None
    try:
        process = start(command, launcher.environment())
        wait_until_it_answers(process, url)
        ready()
        say(f"\n   {database} is served at {url}")
        say("   login: admin   password: admin   stop: Ctrl-C\n")
        return process.wait()
    except Stopped:
        return 0
    finally:
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
