"""Seeded deals and their history, written by COPY.

Four events a deal on average, over five years: stages forth, back and jumped over,
changes of value, losses and wins; some moves are part of a tidying up of many deals.
"""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from odoo.api import Environment

from .harness import copy

SEED = 20261122
END = datetime(2026, 11, 1)
DAYS = 5 * 365
#: events of a deal, by its number: four on average
LENGTHS = (1, 2, 3, 4, 4, 5, 6, 7)
STAGES = ("Fresh", "Qualified", "Demo", "Offer", "Negotiation")
TEAMS = 4
SALESPEOPLE = 6

EVENT = (
    "lead_id", "lead_key", "type", "stage_id", "stage_key", "stage_name",
    "stage_sequence", "stage_is_won", "active", "won_status", "lost_reason_id",
    "expected_revenue", "recurring_revenue", "probability",
    "is_automated_probability", "company_id", "partner_id", "user_id", "user_key",
    "team_id", "team_key", "at", "author_id", "source", "exact",
)  # fmt: skip


def fill(env: Environment, deals: int) -> int:
    """Write the deals with their events and return the number of events."""
    context = {"tracking_disable": True, "no_reset_password": True}
    env = env(context={**env.context, **context})
    first = _leads(env, deals)
    count = copy(env, "crm_lead_event", EVENT, _events(env, first, deals))
    env["crm.metrics.queue"].sudo().search([]).unlink()
    env.cr.execute("ANALYZE")
    return count


def _leads(env: Environment, deals: int) -> int:
    """Multiply one lead; return the first new id."""
    template = env["crm.lead"].create({"name": "Deal", "type": "opportunity"})
    sources = env["utm.source"].sudo().search([], limit=4).ids or [None]
    env.flush_all()
    env.cr.flush()
    env.cr.execute(
        """SELECT string_agg(quote_ident(column_name), ', ')
             FROM information_schema.columns
            WHERE table_name = 'crm_lead' AND column_name NOT IN ('id', 'source_id')"""
    )
    columns = env.cr.fetchone()[0]
    env.cr.execute(
        f"""INSERT INTO crm_lead (source_id, id, {columns})
            SELECT (%s::int[])[1 + n %% %s], {template.id} + n, {columns}
              FROM crm_lead, generate_series(1, {deals}) AS n
             WHERE crm_lead.id = {template.id}""",
        [sources, len(sources)],
    )
    env.cr.execute("SELECT setval('crm_lead_id_seq', (SELECT max(id) FROM crm_lead))")
    return template.id + 1


def _events(env: Environment, first: int, deals: int) -> Iterator[tuple]:
    chance = random.Random(SEED)
    open_stages, won = _pipeline(env)
    company = env.company.id
    partner = env.company.partner_id.id
    teams = env["crm.team"].create([{"name": f"Team {n}"} for n in range(TEAMS)]).ids
    users = _salespeople(env)
    reasons = env["crm.lost.reason"].search([]).ids
    for number in range(deals):
        lead = first + number
        user, team = users[number % len(users)], chance.choice(teams)
        value = round(chance.lognormvariate(9, 1), 2)
        place, active, status, reason = 0, True, "pending", None
        if chance.random() < 0.1:
            place = 1
        length = LENGTHS[number % len(LENGTHS)]
        gaps = [chance.expovariate(1 / 12) for _event in range(length)]
        age = chance.uniform(0, DAYS)
        at = END - timedelta(days=age + sum(gaps[1:]), microseconds=number)
        for nth in range(length):
            if nth:
                at += timedelta(days=gaps[nth])
                last = nth == length - 1
                drawn = chance.random()
                # what ended long ago is not open any more, with few exceptions
                if last and (age > 200 and drawn < 0.98 or drawn < 0.6):
                    if place >= 2 and chance.random() < 0.5:
                        place, status = len(open_stages), "won"
                    else:
                        active, status = False, "lost"
                        reason = chance.choice([None, *reasons])
                elif drawn < 0.1:
                    value = round(value * chance.uniform(0.7, 1.3), 2)
                elif drawn < 0.2 and place:
                    place -= 1
                else:
                    step = 2 if drawn < 0.25 else 1
                    place = min(place + step, len(open_stages) - 1)
                if not number % 50 and last:
                    # together with others, once a month
                    at = at.replace(day=1, hour=3, minute=0, second=0, microsecond=0)
                    at += timedelta(days=32)
            stage = won if place == len(open_stages) else open_stages[place]
            yield (
                lead, lead, "opportunity", stage.id, stage.id, stage.name,
                stage.sequence, stage.is_won, active, status, reason,
                value, 0, {"won": 100, "lost": 0}.get(status, 20),
                True, company, partner, user, user, team, team, at, partner, "live",
                True,
            )  # fmt: skip


def _pipeline(env: Environment) -> tuple[list, object]:
    """Open stages and the won one."""
    env["crm.stage"].search([("is_won", "=", False)]).sequence = 0
    open_stages = env["crm.stage"].create(
        [{"name": name, "sequence": 10 + n} for n, name in enumerate(STAGES)]
    )
    won = env["crm.stage"].search([("is_won", "=", True)], limit=1)
    return list(open_stages), won


def _salespeople(env: Environment) -> list[int]:
    group = env.ref("sales_team.group_sale_salesman").id
    return (
        env["res.users"]
        .sudo()
        .create(
            [
                {
                    "name": f"Salesperson {number}",
                    "login": f"salesperson_{number}",
                    "group_ids": [(4, group)],
                }
                for number in range(SALESPEOPLE)
            ]
        )
        .ids
    )
