"""The browser for browser tests and screenshots."""

import contextlib
import os
import shutil
from pathlib import Path

from .console import Problem, run_logged, step
from .locks import exclusive
from .paths import home, logs

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> Path | None:
    """A Chromium or Chrome that is installed."""
    for name in NAMES:
        if found := shutil.which(name):
            return Path(found)
    return None


def ensure() -> Path:
    """A Chromium; as root on Debian it is installed where needed."""
    if found := find():
        return found
    missing = (
        "Browser tests need Chromium or Chrome, and none of "
        f"{', '.join(NAMES)} is on the path. "
    )
    if os.geteuid() or not shutil.which("apt-get"):
        raise Problem(missing + "Install one; on Debian: apt-get install chromium")
    with exclusive(home() / "chromium.lock", "Chromium"):
        if not find():
            step("Chromium: installing Debian's package")
            _install(missing)
    found = find()
    if not found:
        raise Problem(f"{missing}apt-get installed none, see {logs()}")
    return found


def _install(missing: str) -> None:
    log = logs() / "chromium.log"
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    # Lists may be missing or old; one of the machine's sources that does not answer
    # is no reason to stop.
    with contextlib.suppress(Problem):
        run_logged(["apt-get", "update"], log, env=env, failure="")
    run_logged(
        ["apt-get", "install", "-y", "--no-install-recommends", "chromium"],
        log,
        env=env,
        failure=f"{missing}apt-get could not install it:",
    )
