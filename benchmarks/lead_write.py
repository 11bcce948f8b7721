"""What the log of lead events costs those who write leads."""

import random
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager

from odoo.api import Environment
from odoo.models import BaseModel

from .harness import Bench, forget_peak, say

ADDON = "odoo.addons.crm_metrics."
MOVES = 1_000
LEADS = 200
SEED = 20261121


def measure(bench: Bench) -> None:
    """Time stage moves, one a transaction, with and without the addon on leads.

    The two of a pair follow each other on the same lead, in random order, so that
    whatever else the machine does hits both alike.
    """
    say(f"moving leads {MOVES} times, with and without the log")
    chance = random.Random(SEED)
    forget_peak()
    spent: dict[bool, list[float]] = {True: [], False: []}
    with bench.env() as env:
        leads = _leads(env)
        for number in range(-len(leads), MOVES):
            lead = chance.choice(leads)
            for logged in chance.sample((True, False), 2):
                if logged:
                    seconds = _move(lead)
                else:
                    with _without_addon(bench):
                        seconds = _move(lead)
                if number >= 0:  # the first ones warm up
                    spent[logged].append(seconds)
    ratio = statistics.median(
        one / other for one, other in zip(spent[True], spent[False], strict=True)
    )
    seconds = sum(spent[True])
    # the limit is the time that makes the quotient the median of the pairs
    bench.report("lead_write", MOVES, seconds, seconds / ratio)


def _leads(env: Environment) -> BaseModel:
    """Open deals."""
    leads = env["crm.lead"].create(
        [
            {
                "name": f"Deal {number}",
                "type": "opportunity",
                "expected_revenue": 1000 + number,
            }
            for number in range(LEADS)
        ]
    )
    env.cr.commit()
    return leads


def _move(lead: BaseModel) -> float:
    """Move a deal to the next stage, commit included; return the seconds."""
    stages = lead.env["crm.stage"].search([("is_won", "=", False)])
    stage = stages[(stages.ids.index(lead.stage_id.id) + 1) % len(stages)]
    start = time.perf_counter()
    lead.write({"stage_id": stage.id})
    lead.env.cr.commit()
    return time.perf_counter() - start


@contextmanager
def _without_addon(bench: Bench) -> Iterator[None]:
    """Take away what the addon adds to the methods of leads."""
    taken = []
    for definition in bench.registry["crm.lead"].__mro__:
        if definition.__module__.startswith(ADDON):
            for name, method in list(vars(definition).items()):
                if callable(method) and not name.startswith("__"):
                    taken.append((definition, name, method))
                    delattr(definition, name)
    try:
        yield
    finally:
        for definition, name, method in taken:
            setattr(definition, name, method)
