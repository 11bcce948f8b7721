"""The command line of the imports."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from ..session import Session, command
from .lead_events import LeadEvents
from .lookup import resolve
from .nps import NpsAnswers
from .purchases import Purchases
from .run import Report, Target, import_table
from .subscriptions import Subscriptions
from .table import read

#: rejected lines that are shown; all of them are in the JSON document
SHOWN = 100

TARGETS = {
    "subscriptions": lambda connection: Subscriptions(),
    "purchases": Purchases,
    "lead-events": lambda connection: LeadEvents(),
    "nps": NpsAnswers,
}


@click.command("import")
@click.argument("target", type=click.Choice([*TARGETS]))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check and compare, write nothing.")
@click.option(
    "--batch",
    type=click.IntRange(1, 10_000),
    default=1_000,
    show_default=True,
    help="Records of a transaction.",
)
@click.option(
    "--attempts",
    type=click.IntRange(1),
    default=8,
    show_default=True,
    help="Times a call is tried that was cut off or lost a race.",
)
@command
def import_(
    session: Session,
    target: str,
    file: Path,
    dry_run: bool,
    batch: int,
    attempts: int,
) -> int:
    """Import a CSV file.

    The whole file is checked before anything is written. Lines that are wrong are
    listed and left out, the others go in, batch by batch: of a batch everything is
    written, or nothing. Imported again, a file changes what differs and nothing else;
    so an interrupted import goes on by importing again.
    """
    began = time.monotonic()
    chosen: Target = TARGETS[target](session.connection)
    table = read(file, chosen.columns)
    resolve(session.connection, table)
    report = import_table(
        session, chosen, table, batch=batch, attempts=attempts, dry=dry_run
    )
    report.seconds = time.monotonic() - began
    _show(session, report, dry_run)
    return 1 if report.rejections else 0


def _show(session: Session, report: Report, dry: bool) -> None:
    rejected = len({each.line for each in report.rejections})
    data: dict[str, Any] = {
        "lines": report.lines,
        **report.counts,
        "rejected": rejected,
        "dry_run": dry,
        "seconds": round(report.seconds, 3),
        "rejections": [vars(each) for each in report.rejections],
    }
    counts = ", ".join(f"{count:,} {fate}" for fate, count in report.counts.items())
    lines = [str(each) for each in report.rejections[:SHOWN]]
    if more := len(report.rejections) - len(lines):
        lines.append(f"... and {more:,} more; --json has them all")
    verb = "lines would be" if dry else "lines"
    total = f"{report.lines:,} {verb}: {counts}, {rejected:,} rejected"
    session.output.result(data, *lines, total)
