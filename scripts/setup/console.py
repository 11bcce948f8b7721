"""What the set-up says: one line per step, signs of life, and one clear problem.

Messages go to standard error, so that the output of ``make shell`` stays clean.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

HEARTBEAT = 15.0
TAIL_LINES = 25


class Problem(Exception):
    """Something is missing or failed: the message says what, and the ways out."""


def say(message: str) -> None:
    """Tell one thing."""
    print(message, file=sys.stderr, flush=True)


def step(message: str) -> None:
    """Tell what is being done now."""
    say(f"=> {message}")


def tail(path: Path, lines: int = TAIL_LINES) -> str:
    """The last lines of a log, indented, for a problem's message."""
    try:
        text = path.read_text(errors="replace")
    except OSError:
        return ""
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])


def run_logged(
    command: Sequence[str | os.PathLike[str]],
    log: Path,
    *,
    failure: str,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: str | None = None,
) -> None:
    """Run a long step with its output in *log* and a line every now and then.

    A failure raises a :class:`Problem` that ends with the last lines of the log.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with log.open("w") as output:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=env,
                cwd=cwd,
                user=user,
            )
        except OSError as error:
            raise Problem(f"{failure}\n    {error}") from error
        try:
            while True:
                try:
                    code = process.wait(timeout=HEARTBEAT)
                    break
                except subprocess.TimeoutExpired:
                    say(f"   ... {time.monotonic() - started:.0f} s")
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if code:
        raise Problem(f"{failure}\n{tail(log)}\n    (all of it: {log})")
