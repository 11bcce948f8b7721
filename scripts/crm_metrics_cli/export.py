"""``crm-metrics export``: a fact as a file, page by page."""

from __future__ import annotations

import csv
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

import click

from .connection import PAGE
from .errors import UsageError
from .output import rate
from .recompute import ENGINE, check_facts, split
from .session import Session, command

#: not kept by the engine, but a table of figures all the same
SCORES = "crm.customer.score"
#: types of fields that are one value of a column
SIMPLE = {
    "boolean",
    "char",
    "date",
    "datetime",
    "float",
    "integer",
    "many2one",
    "many2one_reference",
    "monetary",
    "selection",
    "text",
}
TEXTS = {"char", "selection", "text"}
#: what a spreadsheet takes for the beginning of a formula
FORMULA = ("=", "+", "-", "@", "\t", "\r")

Row = dict[str, Any]


class Writer(Protocol):
    """Writes pages of rows to a file."""

    def write(self, rows: list[Row]) -> None: ...

    def close(self) -> None: ...


class CsvWriter:
    """Comma-separated values: UTF-8, a line of titles, nothing for what is empty."""

    def __init__(self, file: IO[str], fields: dict[str, str]) -> None:
        self._fields = fields
        self._writer = csv.writer(file, lineterminator="\n")
        self._writer.writerow(fields)

    def write(self, rows: list[Row]) -> None:
        self._writer.writerows(
            [_csv_value(row[name], kind) for name, kind in self._fields.items()]
            for row in rows
        )

    def close(self) -> None:
        pass


class ParquetWriter:
    """Columns of Apache Parquet, a group of rows for each page."""

    def __init__(self, path: Path, fields: dict[str, str]) -> None:
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError as error:
            raise UsageError("parquet needs pyarrow: pip install pyarrow") from error
        types = {
            "boolean": pyarrow.bool_(),
            "date": pyarrow.date32(),
            "datetime": pyarrow.timestamp("s", tz="UTC"),
            "float": pyarrow.float64(),
            "monetary": pyarrow.float64(),
            "integer": pyarrow.int64(),
            "many2one": pyarrow.int64(),
            "many2one_reference": pyarrow.int64(),
        }
        self._arrow = pyarrow
        self._fields = fields
        self._schema = pyarrow.schema(
            [(name, types.get(kind, pyarrow.string())) for name, kind in fields.items()]
        )
        self._writer = pyarrow.parquet.ParquetWriter(path, self._schema)

    def write(self, rows: list[Row]) -> None:
        columns = [
            self._column([value(row[name], kind) for row in rows], kind, field.type)
            for (name, kind), field in zip(
                self._fields.items(), self._schema, strict=True
            )
        ]
        page = self._arrow.Table.from_arrays(columns, schema=self._schema)
        self._writer.write_table(page)

    def _column(self, values: list[Any], kind: str, type_: Any) -> Any:
        if kind in ("date", "datetime"):
            # Odoo sends them as text
            texts = self._arrow.array(values, self._arrow.string())
            if kind == "datetime":
                return texts.cast(self._arrow.timestamp("s")).cast(type_)
            return texts.cast(type_)
        return self._arrow.array(values, type_)

    def close(self) -> None:
        self._writer.close()


def value(given: Any, kind: str) -> Any:
    """Return a value without Odoo's False for what is empty.

    >>> value(False, "many2one"), value(False, "boolean"), value(0.0, "monetary")
    (None, False, 0.0)
    """
    return None if given is False and kind != "boolean" else given


def _csv_value(given: Any, kind: str) -> Any:
    given = value(given, kind)
    if kind == "boolean":
        return int(given)
    if kind in TEXTS and isinstance(given, str) and given.startswith(FORMULA):
        return f"'{given}"
    return given


@contextmanager
def _complete(path: Path) -> Iterator[Path]:
    """Give a file its name only when it is complete."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield partial
        partial.replace(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)


def _fields(session: Session, fact: str) -> dict[str, str]:
    """Return the stored columns of a fact, by name their type."""
    described = session.connection.call(
        fact, "fields_get", [], ["type", "store", "readonly"]
    )
    return {
        "id": "integer",
        **{
            name: its["type"]
            for name, its in described.items()
            if its["store"] and its["type"] in SIMPLE and name != "id"
        },
    }


def _check_fact(session: Session, fact: str) -> None:
    if fact != SCORES:
        check_facts(session, [fact])


def _freshness(session: Session, fact: str) -> Any:
    facts = session.connection.call(ENGINE, "status")["facts"]
    return facts.get(fact, {}).get("refreshed_at")


@click.command()
@click.argument("fact")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["csv", "parquet"]),
    default="csv",
    show_default=True,
)
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    help="Default: FACT.csv or FACT.parquet here. With - csv goes to standard output.",
)
@click.option("--fields", metavar="A,B", help="Default: all stored ones.")
@click.option(
    "--page",
    type=click.IntRange(1, 100_000),
    default=PAGE,
    show_default=True,
    help="Rows of a call.",
)
@command
def export(
    session: Session,
    fact: str,
    format_: str,
    output: Path | None,
    fields: str | None,
    page: int,
) -> None:
    """Write the rows of FACT that this user may read to a file.

    Facts have ids, dates and sums. FACT is a technical name such as crm.mrr.movement;
    status lists them, and crm.customer.score is one as well.
    """
    _check_fact(session, fact)
    columns = _fields(session, fact)
    if wanted := split(fields):
        if unknown := [name for name in wanted if name not in columns]:
            raise UsageError(
                f"{fact} has no field {', '.join(unknown)}; there are "
                f"{', '.join(columns)}"
            )
        columns = {name: columns[name] for name in wanted}
    before = _freshness(session, fact)
    pages = session.connection.pages(fact, [], [*columns], size=page)
    if str(output) == "-":
        if format_ != "csv" or session.output.as_json:
            raise UsageError("standard output takes csv, and no --json beside it")
        # as in a file, whatever the terminal knows
        sys.stdout.reconfigure(encoding="utf-8")
        _write(session, CsvWriter(sys.stdout, columns), pages)
        return
    path = output or Path(f"{fact}.{format_}")
    began = time.monotonic()
    with _complete(path) as partial:
        if format_ == "parquet":
            rows = _write(session, ParquetWriter(partial, columns), pages)
        else:
            with partial.open("w", encoding="utf-8", newline="") as file:
                rows = _write(session, CsvWriter(file, columns), pages)
    seconds = time.monotonic() - began
    changed = before != _freshness(session, fact)
    if changed:
        session.output.say(
            f"{fact} was refreshed meanwhile: a row that was rebuilt may be there twice"
        )
    session.output.result(
        {
            "fact": fact,
            "file": str(path),
            "rows": rows,
            "fields": [*columns],
            "changed_meanwhile": changed,
            "seconds": round(seconds, 3),
        },
        f"{rows:,} rows of {fact} in {path}, {rate(rows, seconds, 'rows')}",
    )


def _write(session: Session, writer: Writer, pages: Iterable[list[Row]]) -> int:
    rows = 0
    began = time.monotonic()
    with session.output.progress("rows") as bar:
        task = bar.add_task("export", total=None, rate="")
        for page in pages:
            writer.write(page)
            rows += len(page)
            speed = rate(rows, time.monotonic() - began, "rows")
            bar.update(task, completed=rows, rate=speed)
    writer.close()
    return rows
