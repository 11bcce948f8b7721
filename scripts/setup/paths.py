"""Where things lie, and the hashes that name them."""

import hashlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

CLONE = Path(__file__).resolve().parents[2]
ADDONS = CLONE / "addons"


def home() -> Path:
    """The cache folder: ``CRM_METRICS_HOME``, or where the system keeps caches.

    For root that is a system folder, not root's private home: PostgreSQL refuses to
    run as root, so its own user must be able to reach the folder.
    """
    if named := os.environ.get("CRM_METRICS_HOME"):
        return Path(named).expanduser().absolute()
    if os.geteuid() == 0:
        return Path("/var/cache/crm-metrics")
    caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(caches).expanduser().absolute() / "crm-metrics"


def logs() -> Path:
    """Where long steps write their output."""
    return home() / "log"


def digest(*parts: str | bytes, length: int = 12) -> str:
    """A short name for what something was made from."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(b"%d:" % len(data) + data)
    return total.hexdigest()[:length]


def clone_key() -> str:
    """Names this clone, where a thing belongs to one clone only."""
    return digest(str(CLONE), length=8)


# Neither is read when an addon is installed: tests run from the files, and assets are
# bundled from the files at run time.
NOT_INSTALLED = {"tests", "static", "readme", "__pycache__"}


def addons_digest() -> str:
    """Names the state of ``addons/`` as far as a database depends on it."""
    return tree_digest(ADDONS, NOT_INSTALLED)


def tree_digest(folder: Path, skipped: Iterable[str] = ()) -> str:
    """Names the contents of a folder."""
    skipped = set(skipped)
    parts: list[str | bytes] = []
    for top, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in skipped)
        for name in sorted(files):
            if not name.endswith((".pyc", ".swp", "~")):
                path = Path(top, name)
                parts.append(str(path.relative_to(folder)))
                try:
                    parts.append(path.read_bytes())
                except FileNotFoundError:  # an editor's temporary file
                    parts.pop()
    return digest(*parts)


def remove(path: Path) -> None:
    """Remove a file or folder that may not be there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def write_atomically(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file so that nobody ever reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(
        os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w"
    ) as file:
        file.write(text)
    temporary.replace(path)
