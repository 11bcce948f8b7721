"""Locks between processes.

``flock`` belongs to the open file: the kernel drops it when the process ends, however
it ends, and Python does not hand the file on to children.
"""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from .console import say

PATIENCE = 2.0  # seconds until it is worth a word


def open_lock(path: Path) -> IO[str]:
    """Open a lock file, made where needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("a")


def try_lock(handle: IO[str], mode: int = fcntl.LOCK_EX) -> bool:
    """Take the lock if that needs no waiting."""
    try:
        fcntl.flock(handle, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def exclusive(path: Path, what: str) -> Iterator[None]:
    """Hold the lock; while another command has it, say so and wait."""
    with open_lock(path) as handle:
        patience = time.monotonic() + PATIENCE
        while not try_lock(handle):
            if time.monotonic() > patience:
                say(f"   waiting for another command that works on {what}")
                fcntl.flock(handle, fcntl.LOCK_EX)
                break
            time.sleep(0.05)
        yield
