"""The virtual environment, built from the lock files with pip."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from .console import run_logged, step
from .locks import exclusive
from .paths import CLONE, digest, home, logs, remove

#: Packages with all that they need, then addons without: those name ``odoo`` itself,
#: which is not on PyPI.
LOCKS = (CLONE / "requirements.lock", CLONE / "requirements-oca.lock")
COMPLETE = "complete"


@dataclass(frozen=True)
class Venv:
    """A ready virtual environment."""

    root: Path

    @property
    def python(self) -> Path:
        return self.root / "bin" / "python"

    @property
    def purelib(self) -> Path:
        major, minor = sys.version_info[:2]
        return self.root / "lib" / f"python{major}.{minor}" / "site-packages"

    def tool(self, name: str) -> str:
        return str(self.root / "bin" / name)


def lock_digest() -> str:
    """Names the set of packages."""
    return digest(*(lock.read_bytes() for lock in LOCKS))


def ensure() -> Venv:
    """The virtual environment of this clone's lock files, built where needed."""
    major, minor = sys.version_info[:2]
    root = home() / "venv" / f"{lock_digest()}-py{major}{minor}"
    venv = Venv(root)
    if _is_complete(venv):
        return venv
    with exclusive(root.with_name(f"{root.name}.lock"), "the virtual environment"):
        if not _is_complete(venv):
            _build(venv)
    return venv


def _is_complete(venv: Venv) -> bool:
    # exists() follows the link: false once the Python it was made with is gone
    return (venv.root / COMPLETE).exists() and venv.python.exists()


def _build(venv: Venv) -> None:
    """Build in place: a virtual environment cannot be renamed, its scripts name it.

    What an interrupted run left is used again, pip goes on from there.
    """
    step(f"Python packages: installing into {venv.root} (one to three minutes)")
    log = logs() / f"venv-{venv.root.name}.log"
    if not venv.python.exists():
        remove(venv.root)
        run_logged(
            [sys.executable, "-m", "venv", venv.root],
            log,
            failure=(
                "Python cannot make a virtual environment. On Debian and Ubuntu: "
                "apt-get install python3-venv"
            ),
        )
    pip = [venv.python, "-m", "pip", "install", "--require-hashes"]
    pip += ["--disable-pip-version-check", "--no-input"]
    env = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    packages, addons = LOCKS
    for arguments in (["-r", packages], ["--no-deps", "-r", addons]):
        run_logged(
            [*pip, *arguments],
            log,
            env=env,
            failure=(
                "pip could not install the Python packages. It needs a package index "
                "(see `pip config list`); run the command again to go on."
            ),
        )
    (venv.root / COMPLETE).touch()


def lock(venv: Venv, *, upgrade: bool = False) -> None:
    """Write the lock files anew: for every platform, with hashes, without addresses."""
    packages, addons = LOCKS
    common = [venv.tool("uv"), "pip", "compile", "--universal", "--generate-hashes"]
    common += ["--python-version=3.11", "--no-header", "--no-emit-index-url", "--quiet"]
    common += ["--no-emit-find-links", *(["--upgrade"] if upgrade else [])]
    for arguments in (
        ["requirements-dev.in", f"--output-file={packages.name}"],
        ["--no-deps", "requirements-oca.in", f"--output-file={addons.name}"],
    ):
        run_logged(
            [*common, *arguments],
            logs() / "lock.log",
            cwd=CLONE,
            failure="The lock files could not be written.",
        )
