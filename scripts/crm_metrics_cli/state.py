"""What an interrupted run has done already, in a file."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .connection import Address
from .errors import UsageError


def default_path(address: Address) -> Path:
    """Return where the state of a recomputation of a database is kept."""
    folder = Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser()
    where = f"{address.url} {address.database}"
    name = hashlib.sha256(where.encode()).hexdigest()[:12]
    return folder / "crm-metrics" / f"recompute-{name}.json"


@dataclass
class State:
    """The plan of a recomputation, and which parts of it are done.

    Parts are named "FACT SHARD". The file is there while something is left to do.
    """

    path: Path
    url: str
    database: str
    facts: list[str]
    shards: int
    #: what the server answered, by part
    done: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> State | None:
        """Return what an interrupted run has left, None when there is nothing."""
        try:
            saved = json.loads(path.read_text())
            return cls(
                path,
                str(saved["url"]),
                str(saved["database"]),
                [str(fact) for fact in saved["facts"]],
                int(saved["shards"]),
                dict(saved["done"]),
            )
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror}") from error
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(f"{path} is no state of a recomputation") from error

    @property
    def progress(self) -> str:
        """How far it came, for people."""
        return f"{len(self.done)} of {len(self.facts) * self.shards} are done"

    def save(self) -> None:
        """Write the file as a whole, so that a kill leaves the old or the new one."""
        content = {
            "url": self.url,
            "database": self.database,
            "facts": self.facts,
            "shards": self.shards,
            "done": self.done,
        }
        temporary = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps(content, indent=1))
            temporary.replace(self.path)
        except OSError as error:
            raise UsageError(
                f"{self.path} cannot be written: {error.strerror}"
            ) from error

    def forget(self) -> None:
        """Remove the file: nothing is left to do."""
        self.path.unlink(missing_ok=True)
