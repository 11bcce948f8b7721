"""Reading a file and checking each of its cells."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from ..errors import UsageError

DELIMITERS = ",;\t"
#: what Odoo takes for an external id: a name, or a module and a name
EXTERNAL_ID = re.compile(r"[\w-]+(\.[\w-]+)?")
YES, NO = {"1", "true", "yes"}, {"0", "false", "no"}
#: more digits than any amount of money has
MOST = Decimal(10) ** 15
#: years that dates of a business lie in; Odoo takes no others
FIRST_YEAR, LAST_YEAR = 1900, 9998


class BadValue(ValueError):
    """Why a cell cannot be taken."""


@dataclass(frozen=True)
class Rejection:
    """A line that is not imported, and why."""

    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        where = f"line {self.line}"
        return (
            f"{where}, {self.column}: {self.reason}"
            if self.column
            else (f"{where}: {self.reason}")
        )


@dataclass(frozen=True)
class Column:
    """A column of a file."""

    name: str
    #: makes a value of the text of a cell that is not empty, or raises BadValue
    parse: Callable[[str], Any]
    required: bool = False
    #: value of an empty cell
    empty: Any = None
    #: for names: what they are looked up in, see `lookup`
    refers_to: str = ""


@dataclass
class Row:
    """A line of the file."""

    line: int
    values: dict[str, Any]


@dataclass
class Table:
    """What was read: good rows and their columns, and what is wrong with others."""

    columns: list[Column]
    rows: list[Row] = field(default_factory=list)
    #: rejected rows, with those of their values that are good
    bad: list[Row] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    #: lines of the file, without the titles
    count: int = 0

    def reject(self, line: int, column: str, reason: str) -> None:
        self.rejections.append(Rejection(line, column, reason))

    def drop_rejected(self) -> None:
        """Keep the rows that nothing is wrong with."""
        bad = {each.line for each in self.rejections}
        self.bad += [row for row in self.rows if row.line in bad]
        self.rows = [row for row in self.rows if row.line not in bad]


def read(path: Path, columns: Sequence[Column]) -> Table:
    """Read a file and check its cells.

    UTF-8, separated by comma, semicolon or tab; the first line has the titles.

    :raise UsageError: it is no such file, or its titles are wrong
    """
    try:
        # as a whole: a pipe can be read once
        content = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not in UTF-8") from error
    if not content.strip():
        raise UsageError(f"{path}: the file is empty")
    file = io.StringIO(content, newline="")
    delimiter = max(DELIMITERS, key=file.readline().count)
    file.seek(0)
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    try:
        titles = [title.strip() for title in next(reader, [])]
        present = _check_titles(path, titles, columns)
        table = Table([column for column in present if column])
        for line, cells in _lines(reader):
            table.count += 1
            _check_row(table, line, cells, present)
    except csv.Error as error:
        raise UsageError(f"{path} line {reader.line_num}: {error}") from error
    return table


def _check_titles(
    path: Path, titles: Sequence[str], columns: Sequence[Column]
) -> list[Column]:
    known = {column.name: column for column in columns}
    names = ", ".join(known)
    if unknown := [title for title in titles if title not in known]:
        raise UsageError(f"{path}: no column {unknown[0]!r}; there are {names}")
    if twice := [title for title in titles if titles.count(title) > 1]:
        raise UsageError(f"{path}: the column {twice[0]!r} is there twice")
    required = [column.name for column in columns if column.required]
    if missing := [name for name in required if name not in titles]:
        raise UsageError(f"{path}: the column {missing[0]!r} is missing")
    return [known[title] for title in titles]


def _lines(reader: Any) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of each line that is not empty, and its cells."""
    line = reader.line_num + 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield line, cells
        line = reader.line_num + 1


def _check_row(
    table: Table, line: int, cells: Sequence[str], columns: Sequence[Column]
) -> None:
    if len(cells) != len(columns):
        table.reject(line, "", f"{len(cells)} cells, the titles are {len(columns)}")
        return
    values = {}
    for column, cell in zip(columns, cells, strict=True):
        text = cell.strip()
        try:
            if text:
                values[column.name] = column.parse(text)
            elif column.required:
                raise BadValue("it is empty")
            else:
                values[column.name] = column.empty
        except BadValue as error:
            table.reject(line, column.name, str(error))
    rows = table.rows if len(values) == len(columns) else table.bad
    rows.append(Row(line, values))


# ----------------------------------------------------------------------
# cells
# ----------------------------------------------------------------------


def text(cell: str) -> str:
    """Take a text as it is.

    >>> text("Basic plan")
    'Basic plan'
    """
    if any(ord(each) < 32 for each in cell):
        raise BadValue("it has control characters")
    return cell


def lines(cell: str) -> str:
    """Take a text of several lines.

    >>> lines("Fine." + chr(13) + chr(10) + "Mostly.").splitlines()
    ['Fine.', 'Mostly.']
    """
    plain = cell.replace("\r\n", "\n").replace("\r", "\n")
    text(plain.replace("\n", "").replace("\t", ""))
    return plain


def external_id(cell: str) -> str:
    """Take an external id; one without module is one of the imports'.

    >>> external_id("sub-17"), external_id("shop.sub_17")
    ('__import__.sub-17', 'shop.sub_17')
    """
    if not EXTERNAL_ID.fullmatch(cell):
        raise BadValue(f"{cell!r}: letters, digits, _ and -, and one dot at the most")
    return cell if "." in cell else f"__import__.{cell}"


def day(cell: str) -> str:
    """Take a date; ISO only, since 03/04 is March in one place and April in another.

    >>> day("2026-02-28")
    '2026-02-28'
    """
    try:
        if len(cell) != 10:
            raise ValueError
        found = date.fromisoformat(cell)
    except ValueError:
        raise BadValue(f"{cell!r} is no date such as 2026-12-31") from None
    _check_year(cell, found.year)
    return found.isoformat()


def moment(cell: str) -> str:
    """Take a date and time, with its zone or in UTC, and return it in UTC.

    >>> moment("2026-03-01 10:00"), moment("2026-03-01T10:00:00+02:00")
    ('2026-03-01 10:00:00', '2026-03-01 08:00:00')
    """
    try:
        found = datetime.fromisoformat(cell)
        if len(cell) < 16:
            raise ValueError
    except ValueError:
        raise BadValue(f"{cell!r} is no time such as 2026-12-31 14:00:00") from None
    # first: at the ends of the calendar there is no other zone
    _check_year(cell, found.year)
    if found.tzinfo:
        found = found.astimezone(UTC)
    return found.strftime("%Y-%m-%d %H:%M:%S")


def _check_year(cell: str, year: int) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise BadValue(
            f"{cell!r} does not lie between {FIRST_YEAR} and {LAST_YEAR}; where there "
            "is no date, leave the cell empty"
        )


def moment_or_day(cell: str) -> str:
    """Take a date and time; noon of a date without one, which is that day anywhere.

    >>> moment_or_day("2026-03-01"), moment_or_day("2026-03-01 10:00")
    ('2026-03-01 12:00:00', '2026-03-01 10:00:00')
    """
    return f"{day(cell)} 12:00:00" if len(cell) == 10 else moment(cell)


def number(cell: str) -> float:
    """Take a number with a decimal point.

    >>> number("-12.50")
    -12.5
    """
    try:
        if not re.fullmatch(r"-?[0-9]*\.?[0-9]*", cell):
            raise InvalidOperation
        found = Decimal(cell)
    except InvalidOperation:
        raise BadValue(f"{cell!r} is no number such as 1234.50") from None
    if abs(found) >= MOST:
        raise BadValue(f"{cell!r} is too large")
    return float(found)


def not_negative(cell: str) -> float:
    """Take a number from 0 on."""
    if (found := number(cell)) < 0:
        raise BadValue(f"{cell!r} is negative")
    return found


def not_zero(cell: str) -> float:
    """Take a number other than 0."""
    if not (found := number(cell)):
        raise BadValue("it is 0")
    return found


def percent(cell: str) -> float:
    """Take a number from 0 to 100.

    >>> percent("12.5")
    12.5
    """
    if not 0 <= (found := number(cell)) <= 100:
        raise BadValue(f"{cell!r} does not lie between 0 and 100")
    return found


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """Return what takes one of some whole numbers.

    >>> whole_number(0, 10)("7")
    7
    """
    known = {str(number): number for number in range(low, high + 1)}

    def parse(cell: str) -> int:
        if cell not in known:
            raise BadValue(f"{cell!r} is no whole number from {low} to {high}")
        return known[cell]

    return parse


def yes_or_no(cell: str) -> bool:
    """Take yes or no.

    >>> yes_or_no("Yes"), yes_or_no("0")
    (True, False)
    """
    if cell.lower() in YES:
        return True
    if cell.lower() in NO:
        return False
    raise BadValue(f"{cell!r} is neither yes nor no")


def one_of(*choices: str) -> Callable[[str], str]:
    """Return what takes one of some words.

    >>> one_of("won", "lost")("won")
    'won'
    """

    def parse(cell: str) -> str:
        if cell not in choices:
            raise BadValue(f"{cell!r} is none of {', '.join(choices)}")
        return cell

    return parse
