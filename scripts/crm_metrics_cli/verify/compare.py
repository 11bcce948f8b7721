"""Comparing what is stored with what should be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas

from ..connection import Connection

#: amounts are compared to less than half a cent
NEAR = 0.0049
#: or to so small a share of them: a float has some 16 digits
EXACT = 1e-14


@dataclass(frozen=True)
class Difference:
    """Something that is stored and should not be so, or the other way round."""

    #: table or method of the façade
    where: str
    #: of the stored row; None where there is none
    id: int | None
    #: tells a person which row it is about
    about: str
    column: str
    stored: Any
    expected: Any

    def __str__(self) -> str:
        row = f"{self.where} {self.id}" if self.id else self.where
        if self.column:
            return (
                f"{row}, {self.about}: {self.column} is {_shown(self.stored)}, should "
                f"be {_shown(self.expected)}"
            )
        return f"{row}, {self.about}: {'should not be' if self.id else 'is missing'}"


def frame(
    connection: Connection, model: str, domain: Sequence[Any], fields: Sequence[str]
) -> pandas.DataFrame:
    """Read records as a table with the columns `id` and fields; empty is None."""
    pages = connection.pages(model, domain, fields)
    return _frame((record for page in pages for record in page), fields)


def _frame(
    records: Iterator[dict[str, Any]], fields: Sequence[str]
) -> pandas.DataFrame:
    columns = ["id", *(name for name in fields if name != "id")]
    # as objects: a column of ids with a gap would become one of floats
    return pandas.DataFrame.from_records(
        [[record[name] for name in columns] for record in records], columns=columns
    ).astype(object)


def links(connection: Connection, column: str, *models: str) -> set[int]:
    """Return all ids that are in a column of some models."""
    found = {
        record[column]
        for model in models
        for page in connection.pages(model, [], [column])
        for record in page
    }
    return found - {False}


def cleaned(table: pandas.DataFrame, *booleans: str) -> pandas.DataFrame:
    """Return a table with None for Odoo's False, but in columns of booleans."""
    for name in table.columns:
        if name not in booleans:
            values = [None if value is False else value for value in table[name]]
            table[name] = pandas.Series(values, index=table.index, dtype=object)
    return table


def differences(
    where: str,
    stored: pandas.DataFrame,
    expected: pandas.DataFrame,
    key: Sequence[str],
    values: Sequence[str],
    tolerances: Mapping[str, float] | None = None,
) -> list[Difference]:
    """Compare two tables row by row.

    :param stored: with a column `id`
    :param key: columns that tell one row from all others
    :param values: columns to be compared; one that is missing in a row of `expected`
        (the value NotImplemented) is not
    :param tolerances: of columns of numbers, if not that of amounts
    """
    found = []
    known: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in _rows(expected):
        known[tuple(row[name] for name in key)] = row
    seen = set()
    for row in _rows(stored):
        identity = tuple(row[name] for name in key)
        about = _about(key, identity)
        wanted = known.get(identity)
        if wanted is None or identity in seen:
            found.append(Difference(where, row["id"], about, "", True, False))
            continue
        seen.add(identity)
        compared = {name: wanted[name] for name in values}
        found += wrong(where, row["id"], about, row, compared, tolerances)
    for identity in known:
        if identity not in seen:
            found.append(
                Difference(where, None, _about(key, identity), "", False, True)
            )
    return found


def wrong(
    where: str,
    id_: int | None,
    about: str,
    stored: Mapping[str, Any],
    expected: Mapping[str, Any],
    tolerances: Mapping[str, float] | None = None,
    near: float = NEAR,
) -> Iterator[Difference]:
    """Compare the values of one row, or the figures of one answer, by name.

    :param tolerances: of single numbers
    :param near: of the other numbers
    """
    for name, value in expected.items():
        if not same(stored[name], value, (tolerances or {}).get(name, near)):
            yield Difference(where, id_, about, name, stored[name], value)


def same(stored: Any, expected: Any, near: float = NEAR) -> bool:
    """Whether two values are the same; numbers almost.

    >>> same(1.0, 1.001), same(1.0, 1.01), same(None, 0.0), same("a", "a")
    (True, False, False, True)
    >>> same(1e15, 1e15 + 0.125), same(1e15, 1e15 + 100)
    (True, False)
    """
    if expected is NotImplemented:
        return True
    numbers = (int, float)
    if isinstance(stored, numbers) and isinstance(expected, numbers):
        return abs(stored - expected) <= max(near, EXACT * abs(expected))
    return stored == expected


def _rows(table: pandas.DataFrame) -> list[dict[str, Any]]:
    """Return rows as dicts; what pandas calls not a number is nothing."""
    table = table.astype(object)
    return table.where(table.notna(), None).to_dict("records")


def _about(key: Sequence[str], identity: Sequence[Any]) -> str:
    return ", ".join(
        f"{name} {value}"
        for name, value in zip(key, identity, strict=True)
        if value is not None
    )


def _shown(value: Any) -> str:
    if value is None:
        return "empty"
    return f"{value:.2f}" if isinstance(value, float) else str(value)
