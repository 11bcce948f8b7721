"""``crm-metrics recompute``: rebuild facts shard by shard, by several workers."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from .connection import Connection
from .errors import CommandError, NoConnection, ServerError, Temporary, UsageError
from .output import Output, rate, table
from .retry import pauses, persistently
from .session import Session, command
from .state import State, default_path

ENGINE = "crm.metrics.engine"
#: slots of a fact: the number of shards divides it
SLOTS = 64
#: seconds between two looks at slots that somebody else holds, at the most
LOOK_AGAIN = 10.0


@dataclass
class Part:
    """One shard of one fact, and how it went."""

    fact: str
    shard: int
    shards: int
    #: `rows`, `changed`, `seconds` as the server says
    result: dict[str, Any] = field(default_factory=dict)
    error: CommandError | None = None

    @property
    def name(self) -> str:
        return f"{self.fact} {self.shard}"


@dataclass
class Patience:
    """How long the workers put up with trouble."""

    #: how often a call is tried
    attempts: int
    #: seconds to wait for slots that somebody else holds
    wait: float


def rebuild(
    connection: Connection, part: Part, patience: Patience, output: Output
) -> None:
    """Rebuild a part, however often that takes; leave how it went in the part."""
    label = f"{part.fact} {part.shard} of {part.shards}"
    looks = pauses(LOOK_AGAIN)
    deadline = time.monotonic() + patience.wait
    try:
        while True:
            # A call that was cut off may go on on the server. It holds its slots until
            # it is done, so the next one is told "busy" and not done beside it.
            part.result = persistently(
                lambda: connection.call(
                    ENGINE, "recompute", part.fact, part.shard, part.shards
                ),
                patience.attempts,
                lambda news: output.say(f"{label}: {news}"),
            )
            if not part.result.get("busy"):
                return
            part.result = {}
            pause = next(looks)
            if time.monotonic() + pause > deadline:
                raise ServerError(
                    f"somebody else has been at work on it for {patience.wait:.0f} s"
                )
            time.sleep(pause)
    except Temporary as error:
        part.error = error
        # the server is away for long: the other parts need not wait for it as well
        patience.attempts = 1
    except CommandError as error:
        part.error = error
    except Exception as error:  # a worker never ends without saying why
        part.error = ServerError(repr(error))


def rebuild_all(
    session: Session, parts: list[Part], workers: int, patience: Patience
) -> Iterator[Part]:
    """Rebuild parts side by side and yield each as soon as it is done.

    The threads are not waited for when this one stops: the server ends what it is at,
    and whoever resumes is told that it is busy meanwhile.
    """
    todo: queue.SimpleQueue[Part | None] = queue.SimpleQueue()
    done: queue.SimpleQueue[Part] = queue.SimpleQueue()

    def work(connection: Connection) -> None:
        while part := todo.get():
            rebuild(connection, part, patience, session.output)
            done.put(part)

    for part in parts:
        todo.put(part)
    for _each in range(min(workers, len(parts))):
        todo.put(None)
        connection = session.connection.twin()
        threading.Thread(target=work, args=[connection], daemon=True).start()
    for _each in parts:
        yield done.get()


def check_facts(session: Session, wanted: list[str]) -> list[str]:
    """Return the facts that are asked for, each after those it is derived from."""
    known = [*session.connection.call(ENGINE, "status")["facts"]]
    if unknown := [fact for fact in wanted if fact not in known]:
        raise UsageError(f"no fact {', '.join(unknown)}; there are {', '.join(known)}")
    return [fact for fact in known if not wanted or fact in wanted]


def plan(
    session: Session,
    facts: list[str],
    shards: int | None,
    resume: bool,
    path: Path | None,
) -> State:
    """Return what is to be done, and what an interrupted run has done of it."""
    address = session.connection.address
    path = path or default_path(address)
    ordered = check_facts(session, facts)
    new = State(path, address.url, address.database, ordered, shards or 16)
    # read in any case: what is no state of ours is not written over
    left = State.read(path)
    if not left:
        if resume:
            session.output.say("nothing was interrupted: from the beginning")
        return new
    if (left.url, left.database) != (address.url, address.database):
        raise UsageError(f"{path} is of database {left.database!r} at {left.url}")
    if not resume:
        session.output.say(
            f"starting anew; --resume would go on with a run of which {left.progress}"
        )
        return new
    if facts and ordered != left.facts:
        raise UsageError(f"interrupted were the facts {', '.join(left.facts)}")
    if shards and shards != left.shards:
        raise UsageError(f"interrupted were {left.shards} shards")
    session.output.say(f"going on: {left.progress}")
    return left


def split(text: str | None) -> list[str]:
    """Return the names of a list with commas.

    >>> split("a, b,")
    ['a', 'b']
    """
    return [name.strip() for name in (text or "").split(",") if name.strip()]


@click.command()
@click.option("--facts", metavar="A,B", help="Technical names; default: all.")
@click.option(
    "--shards",
    type=click.Choice([str(2**power) for power in range(7)]),
    help=f"Parts of a fact; they divide {SLOTS}. Default: 16.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, SLOTS),
    default=4,
    show_default=True,
    help="Parts that are rebuilt at a time, each by a connection of its own.",
)
@click.option("--resume", is_flag=True, help="Go on where the last run was stopped.")
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File for what is done; default: one for each database in ~/.local/state.",
)
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=600,
    show_default=True,
    help="Seconds to wait for a part that somebody else is at work on.",
)
@click.option(
    "--attempts",
    type=click.IntRange(1),
    default=8,
    show_default=True,
    help="Times a call is tried that was cut off or lost a race. With the default the "
    "server may be away for about two minutes.",
)
@command
def recompute(
    session: Session,
    facts: str | None,
    shards: str | None,
    workers: int,
    resume: bool,
    state: Path | None,
    wait: float,
    attempts: int,
) -> int:
    """Rebuild facts from their sources, several parts at a time.

    Interrupted, it goes on with --resume. For sales administrators.
    """
    run = plan(session, split(facts), shards and int(shards), resume, state)
    run.save()
    began = time.monotonic()
    finished: list[Part] = []
    patience = Patience(attempts, wait)
    with session.output.progress("parts") as bar:
        task = bar.add_task("", total=len(run.facts) * run.shards, rate="")
        bar.update(task, completed=len(run.done))
        # what is derived comes after what it is derived from
        for fact in run.facts:
            bar.update(task, description=fact)
            parts = [Part(fact, shard, run.shards) for shard in range(run.shards)]
            parts = [part for part in parts if part.name not in run.done]
            for part in rebuild_all(session, parts, workers, patience):
                finished.append(part)
                if isinstance(part.error, NoConnection):
                    # a right or the addon is missing: the others would fail alike
                    raise part.error
                if not part.error:
                    run.done[part.name] = part.result
                    run.save()
                rows = sum(part.result.get("rows", 0) for part in finished)
                speed = rate(rows, time.monotonic() - began, "rows")
                bar.update(task, advance=1, rate=speed)
    failed = [part for part in finished if part.error]
    if not failed:
        run.forget()
    _report(session.output, run, failed, time.monotonic() - began)
    return 1 if failed else 0


def _report(output: Output, run: State, failed: list[Part], seconds: float) -> None:
    facts = {}
    for fact in run.facts:
        results = [done for name, done in run.done.items() if name.split()[0] == fact]
        facts[fact] = {
            "shards": len(results),
            "failed": sum(part.fact == fact for part in failed),
            "rows": sum(result["rows"] for result in results),
            "changed": sum(result["changed"] for result in results),
            "seconds": round(sum(result["seconds"] for result in results), 3),
        }
    data = {
        "facts": facts,
        "failed": [
            {"fact": part.fact, "shard": part.shard, "error": str(part.error)}
            for part in failed
        ],
        "seconds": round(seconds, 3),
    }
    shown = table(
        f"Recomputed in {seconds:,.1f} s",
        ("fact", "parts", "failed", "rows", "changed", "seconds on the server"),
        [(fact, *its.values()) for fact, its in facts.items()],
    )
    lines = [
        f"FAILED {part.fact} {part.shard} of {part.shards}: {part.error}"
        for part in failed
    ]
    if failed:
        lines.append("What failed is tried again with --resume.")
    output.result(data, shown, *lines)
