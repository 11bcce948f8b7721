"""The command line of the verification."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from datetime import datetime
from types import ModuleType

import click

from ..errors import NoConnection, UsageError
from ..recompute import ENGINE, split
from ..session import Session, command
from . import nps, purchases, recurring, visits
from .compare import Difference

#: differences that are shown; all of them are in the JSON document
SHOWN = 100
ALL_DOCUMENTS = "sales_team.group_sale_salesman_all_leads"
#: may read which answers are of one person
SYSTEM = "base.group_system"
#: what is verified by which module
PARTS = {
    recurring: (recurring.SEGMENT, recurring.MOVEMENT),
    visits: (visits.VISIT,),
    purchases: (purchases.PURCHASE,),
    nps: (nps.NPS,),
}
#: what a sample of a part is made of
NOUNS = {
    recurring: "customers",
    visits: "opportunities",
    purchases: "customers",
    nps: "customers",
}


@dataclass(frozen=True)
class Share:
    """What a sample looks at."""

    looked_at: int
    total: int
    of: str

    def __str__(self) -> str:
        return f"{self.looked_at:,} of {self.total:,} {self.of}"


@click.command()
@click.option("--facts", metavar="A,B", help="Technical names; default: all.")
@click.option(
    "--sample",
    type=click.IntRange(1),
    help="Look at so many customers and opportunities, chosen by chance, and not at "
    "the figures of the whole.",
)
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="First day.")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), help="Last day.")
@command
def verify(
    session: Session,
    facts: str | None,
    sample: int | None,
    first: datetime | None,
    last: datetime | None,
) -> int:
    """Work facts and figures out a second time and compare.

    Reads subscriptions, the log of opportunities, the documents of purchases and the
    answers of customers, works out segments, movements, visits, purchases and scores
    with means of its own, and compares them with what is stored and with the figures of
    the screens. Every difference is printed with its record. For users who see all
    documents; feedback for administrators.
    """
    began = time.monotonic()
    known = [fact for names in PARTS.values() for fact in names]
    wanted = split(facts)
    if unknown := [fact for fact in wanted if fact not in known]:
        raise UsageError(
            f"{', '.join(unknown)} cannot be verified; there are {', '.join(known)}"
        )
    if first and last and first > last:
        raise UsageError("--from is later than --to")
    wanted = _allowed(session, wanted, known)
    _tell_what_waits(session, wanted)
    found: list[Difference] = []
    shares: dict[str, Share] = {}
    days = [each and each.date() for each in (first, last)]
    for part, names in PARTS.items():
        chosen = [fact for fact in names if fact in wanted]
        if not chosen:
            continue
        session.output.say(f"verifying {', '.join(chosen)}")
        keys = None
        if sample:
            keys, share = _sample(session, part, sample)
            shares |= dict.fromkeys(chosen, share)
        found += part.verify(session.connection, chosen, keys, *days)
    _show(session, wanted, found, shares, time.monotonic() - began)
    return 1 if found else 0


def _allowed(session: Session, wanted: list[str], known: list[str]) -> list[str]:
    """Return what to verify: what was asked for, or all that this user can."""
    connection = session.connection
    user = [connection.user_id]
    if not connection.call("res.users", "has_group", user, ALL_DOCUMENTS):
        raise NoConnection("to verify, a user has to see all documents of CRM")
    if connection.call("res.users", "has_group", user, SYSTEM):
        return wanted or known
    need = f"to verify {nps.NPS}, a user has to be an administrator"
    if nps.NPS in wanted:
        raise NoConnection(f"{need}: others do not see which answers are of one person")
    if not wanted:
        session.output.say(f"{need}; it is left out")
    return wanted or [fact for fact in known if fact != nps.NPS]


def _sample(session: Session, part: ModuleType, size: int) -> tuple[list[int], Share]:
    """Choose some of those that a part is about, and tell what share that is."""
    every = part.customers(session.connection)
    chosen = sorted(random.sample(every, min(size, len(every))))
    return chosen, Share(len(chosen), len(every), NOUNS[part])


def _tell_what_waits(session: Session, facts: list[str]) -> None:
    status = session.connection.call(ENGINE, "status")["facts"]
    for fact in facts:
        if count := status.get(fact, {}).get("queued"):
            session.output.say(
                f"{fact}: {count:,} changes wait for the next refresh and may show as "
                "differences"
            )


def _show(
    session: Session,
    facts: list[str],
    found: list[Difference],
    shares: dict[str, Share],
    seconds: float,
) -> None:
    lines = [str(each) for each in found[:SHOWN]]
    if more := len(found) - len(lines):
        lines.append(f"... and {more:,} more; --json has them all")
    verdict = f"{len(found):,} differences" if found else "no difference"
    where = ", ".join(
        f"{fact} ({shares[fact]})" if fact in shares else fact for fact in facts
    )
    session.output.result(
        {
            "facts": facts,
            "sample": {fact: vars(share) for fact, share in shares.items()},
            "differences": [vars(each) | {"text": str(each)} for each in found],
            "seconds": round(seconds, 3),
        },
        *lines,
        f"{verdict} in {where}, {seconds:,.1f} s",
    )
