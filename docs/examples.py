"""The small book of subscriptions behind the examples in definitions.md.

Load it into a database of its own and look at it:

    make db DB=examples
    make shell DB=examples < docs/examples.py
    make server DB=examples PORT=8070
"""

# ruff: noqa: F821  (env is there in Odoo's shell)

TEAMS = {
    name: env["crm.team"].create({"name": name, "company_id": env.company.id})
    for name in ("North", "South")
}
PLANS = {}
CUSTOMERS = {}


def plan(months):
    """The recurring plan of so many months."""
    if months not in PLANS:
        Plan = env["crm.recurring.plan"]
        PLANS[months] = Plan.search([("number_of_months", "=", months)], limit=1)
        PLANS[months] = PLANS[months] or Plan.create(
            {"name": f"{months} months", "number_of_months": months}
        )
    return PLANS[months]


def subscribe(customer, name, start, *versions, end=False, team="North"):
    """Enter a subscription of one item in one or several versions.

    A version: months of the plan, quantity, price, discount, first and last day.
    """
    if customer not in CUSTOMERS:
        CUSTOMERS[customer] = env["res.partner"].create(
            {"name": customer, "is_company": True}
        )
    subscription = env["crm.subscription"].create(
        {
            "name": name,
            "partner_id": CUSTOMERS[customer].id,
            "team_id": TEAMS[team].id,
            "date_start": start,
            "date_end": end,
        }
    )
    line = env["crm.subscription.line"]
    for months, quantity, price, discount, first, last in versions:
        line = line.create(
            {
                "subscription_id": subscription.id,
                "name": name,
                "recurring_plan_id": plan(months).id,
                "quantity": quantity,
                "price_unit": price,
                "discount": discount,
                "date_start": first,
                "date_end": last,
                "previous_line_id": line.id,
            }
        )


# Alder pays 400 a month; Support comes on 1 February and ends after 15 March.
subscribe("Alder", "Platform", "2025-11-01", (1, 1, 400, 0, False, False))
subscribe(
    "Alder",
    "Support",
    "2026-02-01",
    (1, 1, 150, 0, False, False),
    end="2026-03-15",
    team="South",
)
# Birch pays 1,200 a quarter from 20 January, leaves after 28 February and is back
# on 1 May with less.
subscribe(
    "Birch", "Platform", "2026-01-20", (3, 1, 1200, 0, False, False), end="2026-02-28"
)
subscribe("Birch", "Platform, again", "2026-05-01", (1, 1, 250, 0, False, False))
# Cedar gets a discount of 20 % on 1 April.
subscribe(
    "Cedar",
    "Platform",
    "2025-12-01",
    (1, 20, 30, 0, False, "2026-03-31"),
    (1, 20, 30, 20, "2026-04-01", False),
)
# Dogwood goes over from a monthly to a yearly plan at the same rate on 10 May.
subscribe(
    "Dogwood",
    "Platform",
    "2026-02-10",
    (1, 1, 200, 0, False, "2026-05-09"),
    (12, 1, 2400, 0, "2026-05-10", False),
)
# Fir gives up 20 of 50 seats on 1 June and on the same day buys something of the
# other team.
subscribe(
    "Fir",
    "Platform",
    "2025-10-01",
    (1, 50, 10, 0, False, "2026-05-31"),
    (1, 30, 10, 0, "2026-06-01", False),
)
subscribe(
    "Fir",
    "Hardware care",
    "2026-06-01",
    (1, 1, 400, 0, False, False),
    team="South",
)

for fact in env["crm.metrics.engine"]._facts():
    env["crm.metrics.engine"].recompute(fact)
env.cr.commit()
