"""Finding the records that a file names."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from ..connection import PAGE, Connection
from .table import EXTERNAL_ID, Table, external_id

Item = TypeVar("Item")
#: a number that can be the id of a record
ID = re.compile(r"[1-9][0-9]{0,17}")


@dataclass(frozen=True)
class Kind:
    """What may be named: a model, and the fields by which people know its records."""

    model: str
    #: fields in the order in which they are tried
    keys: tuple[str, ...]
    #: for messages
    noun: str
    #: whether a number is taken for the id of the record
    by_id: bool = False


KINDS = {
    kind.model: kind
    for kind in (
        Kind("res.partner", ("ref", "name"), "contact"),
        Kind("res.company", ("name",), "company"),
        Kind("res.currency", ("name",), "currency"),
        Kind("res.users", ("login",), "user"),
        Kind("crm.team", ("name",), "sales team"),
        Kind("crm.recurring.plan", ("name",), "recurring plan"),
        Kind("crm.subscription.close.reason", ("name",), "close reason"),
        Kind("crm.stage", ("name",), "stage"),
        Kind("crm.lost.reason", ("name",), "lost reason"),
        Kind("crm.lead", (), "opportunity", by_id=True),
        Kind("crm.nps.program", ("name",), "NPS program"),
    )
}


def chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Cut something into lists.

    >>> [*chunks("abcde", 2)]
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    rest = iter(items)
    while chunk := [*islice(rest, size)]:
        yield chunk


def resolve(connection: Connection, table: Table) -> None:
    """Put ids of records in place of their names; reject what names none, or several.

    A name is a key of the record (the reference or name of a contact, the login of a
    user), else its external id. An opportunity is named by its number or external id.
    """
    for column in table.columns:
        if not column.refers_to:
            continue
        kind = KINDS[column.refers_to]
        names = {row.values[column.name] for row in table.rows} - {None}
        found = find(connection, kind, names)
        for row in table.rows:
            name = row.values[column.name]
            if name is None:
                continue
            ids = found.get(name, [])
            if len(ids) == 1:
                row.values[column.name] = ids[0]
            elif ids:
                table.reject(
                    row.line,
                    column.name,
                    f"there are {len(ids)} of {kind.noun} {name!r}; use an external id",
                )
            else:
                table.reject(row.line, column.name, f"there is no {kind.noun} {name!r}")
    table.drop_rejected()


def find(connection: Connection, kind: Kind, names: set[str]) -> dict[str, list[int]]:
    """Return the records of a kind by what they are called, ids in lists."""
    found: dict[str, list[int]] = {}
    if kind.by_id:
        # of 007 nobody knows whether it is 7
        ids = {int(name) for name in names if ID.fullmatch(name)}
        by_id = _by_key(connection, kind.model, "id", ids)
        found = {str(id_): [id_] for id_ in by_id}
    for key in kind.keys:
        found |= _by_key(connection, kind.model, key, names - set(found))
    missing = {name for name in names - set(found) if EXTERNAL_ID.fullmatch(name)}
    if missing:
        known = by_external_id(
            connection, kind.model, {external_id(name) for name in missing}
        )
        for name in missing:
            if id_ := known.get(external_id(name)):
                found[name] = [id_]
    return found


def _by_key(
    connection: Connection, model: str, key: str, names: set[Any]
) -> dict[Any, list[int]]:
    found = defaultdict(list)
    for chunk in chunks(sorted(names), 1_000):
        for page in connection.pages(model, [[key, "in", chunk]], [key]):
            for record in page:
                found[record[key]].append(record["id"])
    return dict(found)


def by_external_id(
    connection: Connection, model: str, wanted: set[str]
) -> dict[str, int]:
    """Return the ids of records by their external ids.

    Only administrators may search external ids. So all records that the user may read
    are asked for theirs, some thousands a call, until all are found.
    """
    found: dict[str, int] = {}
    for page in connection.pages(model, [], ["id"], size=PAGE):
        ids = [record["id"] for record in page]
        names = connection.call(model, "get_external_id", ids)
        for id_, name in names.items():
            if name in wanted:
                found[name] = int(id_)
        if len(found) == len(wanted):
            break
    return found
