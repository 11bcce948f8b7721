"""A seeded book of subscriptions, written by COPY.

Five lines a customer in two subscriptions over five years: an item in three price
versions, one that begins later, and a second subscription; some end, some come back
after a gap.
"""

import random
from collections.abc import Iterator
from datetime import date, timedelta

from odoo.api import Environment

from .harness import copy

SEED = 20261121
FIRST_DAY = date(2021, 11, 1)
DAYS = 5 * 365

SUBSCRIPTION = (
    "id", "name", "active", "partner_id", "company_id", "currency_id", "user_id",
    "team_id", "date_start", "date_end",
)  # fmt: skip
LINE = (
    "id", "subscription_id", "name", "recurring", "recurring_plan_id", "quantity",
    "price_unit", "discount", "date_start", "date_end", "previous_line_id",
)  # fmt: skip


def fill(env: Environment, customers: int) -> int:
    """Write the book and return the number of lines."""
    first = _partners(env, customers)
    subscriptions, lines = _book(env, first, customers)
    copy(env, "crm_subscription", SUBSCRIPTION, subscriptions)
    count = copy(env, "crm_subscription_line", LINE, lines)
    env.cr.execute("ANALYZE")
    return count


def _partners(env: Environment, customers: int) -> int:
    """Multiply one contact; return the first new id."""
    template = env["res.partner"].create({"name": "Customer", "is_company": True})
    env.flush_all()
    env.cr.execute(
        """SELECT string_agg(quote_ident(column_name), ', ')
             FROM information_schema.columns
            WHERE table_name = 'res_partner'
              AND column_name NOT IN ('id', 'commercial_partner_id')"""
    )
    columns = env.cr.fetchone()[0]
    env.cr.execute(
        f"""INSERT INTO res_partner (commercial_partner_id, id, {columns})
            SELECT {template.id} + n, {template.id} + n, {columns}
              FROM res_partner, generate_series(1, {customers}) AS n
             WHERE res_partner.id = {template.id}"""
    )
    env.cr.execute(
        "SELECT setval('res_partner_id_seq', (SELECT max(id) FROM res_partner))"
    )
    env["crm.metrics.queue"].sudo().search([]).unlink()
    return template.id + 1


def _book(
    env: Environment, first_partner: int, customers: int
) -> tuple[Iterator[tuple], Iterator[tuple]]:
    """The rows of both tables; the two are drawn from the same seed."""
    company = env.company
    plans = dict(
        env["crm.recurring.plan"]._read_group(
            [("number_of_months", "in", (1, 12))], ["number_of_months"], ["id:max"]
        )
    )
    users = [
        env.uid,
        env["res.users"].sudo().search([("share", "=", False)], limit=1).id,
    ]
    teams = env["crm.team"].search([]).ids

    def day(chance: random.Random, low: float, high: float) -> date:
        return FIRST_DAY + timedelta(days=int(chance.uniform(low, high) * DAYS))

    def subscriptions() -> Iterator[tuple]:
        chance = random.Random(SEED)
        for number in range(customers):
            for half in (1, 2):
                yield (
                    2 * number + half, f"S{number}/{half}", True,
                    first_partner + number, company.id,
                    company.currency_id.id, chance.choice(users),
                    chance.choice(teams), FIRST_DAY, None,
                )  # fmt: skip

    def lines() -> Iterator[tuple]:
        chance = random.Random(SEED + 1)
        for number in range(customers):
            base, one, two = 5 * number, 2 * number + 1, 2 * number + 2
            months = chance.choice((1, 12))
            plan, price = plans[months], round(chance.uniform(10, 900) * months, 2)
            start, rise, again = (
                day(chance, 0, 0.5),
                day(chance, 0.5, 0.7),
                day(chance, 0.7, 0.9),
            )
            eve = timedelta(days=1)
            gap = timedelta(days=chance.choice((0, 0, 0, 40)))
            end = None if chance.random() < 0.7 else again + timedelta(days=200)
            dear, dearer = round(price * 1.1, 2), round(price * 1.2, 2)
            extra, extra_end = day(chance, 0.3, 0.6), day(chance, 0.6, 1)
            second = day(chance, 0.2, 0.9)
            last = None if chance.random() < 0.8 else second + timedelta(days=90)
            for row in (
                (1, one, price, start, rise - eve, None),
                (2, one, dear, rise, again - eve - gap, base + 1),
                (3, one, dearer, again, end, base + 2),
                (4, one, price / 2, extra, None if months == 1 else extra_end, None),
                (5, two, price / 4, second, last, None),
            ):
                nth, subscription, amount, date_start, date_end, previous = row
                if date_end and date_end < date_start:
                    date_end = date_start
                yield (
                    base + nth, subscription, "Item", True, plan, 1, amount, 0,
                    date_start, date_end, previous,
                )  # fmt: skip

    return subscriptions(), lines()
