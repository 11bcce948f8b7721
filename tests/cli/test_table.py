"""Reading files of imports, whatever is in them."""

import csv
import os
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_metrics_cli.errors import UsageError
from crm_metrics_cli.importing import table
from crm_metrics_cli.importing.table import BadValue, Column

COLUMNS = (
    Column("id", table.external_id, required=True),
    Column("amount", table.number, required=True),
    Column("date", table.day),
    Column("usual", table.number, empty=1.0),
)


@pytest.fixture
def read(tmp_path):
    def read(text, encoding="utf-8"):
        path = tmp_path / "file.csv"
        path.write_bytes(text.encode(encoding))
        return table.read(path, COLUMNS)

    return read


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_separators_and_marks(read, separator, encoding, end):
    rows = [["id", "amount", "usual"], ["a", "1.5", ""], ["b", "-2", "3"]]
    text = end.join(separator.join(row) for row in rows)
    found = read(text, encoding)
    assert found.rejections == []
    assert [row.values for row in found.rows] == [
        {"id": "__import__.a", "amount": 1.5, "usual": 1.0},
        {"id": "__import__.b", "amount": -2.0, "usual": 3.0},
    ]
    assert [row.line for row in found.rows] == [2, 3]


def test_lines_are_those_of_the_file(read):
    """Empty lines count, and a cell may go over several."""
    found = read('id,amount\n\na,1\n"\nb",2\nc,x\n')
    assert [row.line for row in found.rows] == [3, 4]
    assert [str(each) for each in found.rejections] == [
        "line 6, amount: 'x' is no number such as 1234.50"
    ]
    assert found.count == 3
    # what is good of a bad row is known, to leave out what belongs to it
    assert found.bad[0].values == {"id": "__import__.c"}


def test_each_error_of_a_line_is_told(read):
    found = read("id,amount,date\n,,2026-02-30\n")
    assert [each.column for each in found.rejections] == ["id", "amount", "date"]


@pytest.mark.parametrize(
    "text",
    ["", "\n", "id\na\n", "id,amount,other\n", "id,id,amount\n", 'id,amount\n"a'],
)
def test_no_such_file(read, text):
    with pytest.raises(UsageError):
        read(text)


@pytest.mark.parametrize(
    ("parse", "good", "bad"),
    [
        (
            table.number,
            ["0", "-1.5", ".5", "1."],
            ["1,5", "1e3", "nan", "٣", ".", "--1"],
        ),
        (table.day, ["2024-02-29"], ["2023-02-29", "1.2.2026", "20260101", "2026-1-1"]),
        (
            table.day,
            ["1900-01-01", "9998-12-31"],
            ["0001-01-01", "1899-12-31", "9999-01-01", "9999-12-31"],
        ),
        (
            table.moment,
            ["2026-01-01 00:00", "2026-01-01T00:00:00Z"],
            ["2026-01-01", "10:00", "2026-13-01 00:00"],
        ),
        (
            table.moment,
            ["1900-01-01T00:00+14:00", "9998-12-31T23:59-14:00"],
            ["0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00", "1899-01-01 00:00"],
        ),
        (table.moment_or_day, ["2026-01-01", "2026-01-01 00:00"], ["2026", "10:00"]),
        (table.whole_number(0, 10), ["0", "7", "10"], ["11", "-1", "9.0", "٣", "01"]),
        (table.lines, ["a\r\nb\tc"], ["a\x00\nb"]),
        (table.percent, ["0", "100"], ["-1", "100.5"]),
        (table.not_zero, ["1", "-1"], ["0", "0.0", "-0"]),
        (table.not_negative, ["0"], ["-0.01"]),
        (table.yes_or_no, ["1", "NO", "true"], ["2", "oui", "x"]),
        (table.external_id, ["a", "a.b", "a-1"], ["a.b.c", "a b", ".", "a,b"]),
        (table.text, ["Ü & <b>"], ["a\x00b", "a\nb"]),
    ],
)
def test_cells(parse, good, bad):
    for cell in good:
        parse(cell)
    for cell in bad:
        with pytest.raises(BadValue):
            parse(cell)


def test_where_there_is_no_date():
    for parse, cell in (
        (table.day, "9999-12-31"),
        (table.moment_or_day, "9999-12-31 10:00"),
    ):
        with pytest.raises(BadValue, match="leave the cell empty"):
            parse(cell)


@pytest.mark.parametrize("text", ["", "\n \n", "\ufeff"])
def test_an_empty_file(read, text):
    with pytest.raises(UsageError, match="the file is empty"):
        read(text)


def test_a_pipe(tmp_path):
    """It can be read once, and not from another place."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_text, args=["id;amount\na;1\n"])
    writer.start()
    found = table.read(path, COLUMNS)
    writer.join()
    assert [row.values["amount"] for row in found.rows] == [1.0]


@given(st.floats(-1e12, 1e12, allow_nan=False))
def test_numbers_come_through(number):
    text = f"{number:f}"
    assert table.number(text) == float(text)


@given(st.lists(st.lists(st.text(), min_size=1, max_size=4), max_size=5))
def test_nothing_makes_it_stumble(tmp_path_factory, rows):
    """Whatever is in the cells: a line is taken, or rejected with a reason."""
    path = tmp_path_factory.mktemp("any") / "file.csv"
    with path.open("w", newline="", encoding="utf-8", errors="replace") as file:
        csv.writer(file).writerows([["id", "amount", "date", "usual"], *rows])
    found = table.read(path, COLUMNS)
    lines = {row.line for row in found.rows} | {each.line for each in found.rejections}
    assert len(lines) == found.count
