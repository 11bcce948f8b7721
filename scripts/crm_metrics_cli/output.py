"""What the command prints: tables for people, or one JSON document for programs.

Standard output has the result and nothing else; what happens meanwhile goes to standard
error.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

#: columns where nobody looks: a file or a pipe does not wrap
WIDE = 200


class Output:
    """Where results and news go."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        for stream in (sys.stdout, sys.stderr):
            # a terminal may not know all characters: rather a ? than no answer
            stream.reconfigure(errors="replace")
        self._out = Console(width=None if sys.stdout.isatty() else WIDE)
        self._err = Console(stderr=True, width=None if sys.stderr.isatty() else WIDE)

    def say(self, text: str) -> None:
        """Tell what happens, on standard error."""
        self._err.print(text, markup=False, highlight=False, soft_wrap=True)

    def fail(self, message: str) -> None:
        """Tell why the command ends, in one line."""
        self.say(f"crm-metrics: {message}")
        if self.as_json:
            self._json({"error": message})

    def result(self, data: dict[str, Any], *parts: Table | str) -> None:
        """Print the result: as tables and lines, or as JSON."""
        if self.as_json:
            self._json(data)
            return
        for part in parts:
            if isinstance(part, str):
                self._out.print(part, markup=False, highlight=False, soft_wrap=True)
            else:
                self._out.print(part)

    def progress(self, unit: str) -> Progress:
        """Return a progress bar; it shows on a terminal only.

        Its tasks have a field `rate`, a text such as "1,200 rows/s".
        """
        return Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn(f"{unit}  {{task.fields[rate]}}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self._err,
            disable=not self._err.is_terminal,
        )

    @staticmethod
    def _json(data: dict[str, Any]) -> None:
        plain = "utf" not in sys.stdout.encoding.lower()
        click.echo(json.dumps(data, ensure_ascii=plain, indent=2, default=str))


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
    """Return a table; numbers stand on the right, None is a dash."""
    rows = [*rows]
    made = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        numeric = any(isinstance(row[number], int | float) for row in rows)
        made.add_column(column, justify="right" if numeric else "left")
    for row in rows:
        made.add_row(*map(_cell, row))
    return made


def rate(count: int, seconds: float, unit: str) -> str:
    """Return a speed as text.

    >>> rate(2400, 2, "rows")
    '1,200 rows/s'
    """
    return f"{count / seconds:,.0f} {unit}/s" if seconds > 0 else ""


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else escape(str(value))
