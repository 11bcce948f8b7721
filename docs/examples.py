"""The small books behind the examples in definitions.md.

The first one is that of the main company. The second one, of the company Special
Cases, has a customer for each rule. Load them into a database of their own:

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


def plan(number, interval="month"):
    """The recurring plan that is paid every so many months, weeks, ..."""
    if (number, interval) not in PLANS:
        PLANS[number, interval] = env["crm.recurring.plan"].create(
            {
                "name": f"every {number} {interval}",
                "interval_number": number,
                "interval_type": interval,
            }
        )
    return PLANS[number, interval]


def subscribe(customer, name, start, *versions, end=False, team="North", **values):
    """Enter a subscription of one item in one or several versions.

    A version: months of the plan (or the plan), quantity, price, discount, first and
    last day.
    """
    if customer not in CUSTOMERS:
        CUSTOMERS[customer] = env["res.partner"].create(
            {"name": customer, "is_company": True}
        )
    subscription = env["crm.subscription"].create(
        {
            "name": name,
            "partner_id": CUSTOMERS[customer].id,
            "team_id": team and TEAMS[team].id,
            "date_start": start,
            "date_end": end,
            **values,
        }
    )
    line = env["crm.subscription.line"]
    for period, quantity, price, discount, first, last in versions:
        paid = plan(period) if isinstance(period, int) else period
        line = line.create(
            {
                "subscription_id": subscription.id,
                "name": name,
                "recurring_plan_id": paid.id,
                "quantity": quantity,
                "price_unit": price,
                "discount": discount,
                "date_start": first,
                "date_end": last,
                "previous_line_id": line.id,
            }
        )
    return subscription


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

# ----------------------------------------------------------------------
# feedback: a wave in March, another one in June
# ----------------------------------------------------------------------

for customer, amount in {"Alder": 3000, "Birch": 1000, "Cedar": 6000}.items():
    env["crm.purchase.entry"].create(
        {
            "name": f"Training, {customer}",
            "partner_id": CUSTOMERS[customer].id,
            "date": "2026-05-04",
            "amount": amount,
        }
    )
# Dogwood buys, and does not answer
env["crm.purchase.entry"].create(
    {
        "name": "Training, Dogwood",
        "partner_id": CUSTOMERS["Dogwood"].id,
        "date": "2026-05-05",
        "amount": 2500,
    }
)
SURVEY = env["crm.nps.program"].create({"name": "Survey", "trigger": "wave"})
PEOPLE = {
    name: env["res.partner"].create({"name": name, "parent_id": CUSTOMERS[customer].id})
    for name, customer in {
        "Ann": "Alder",
        "Ben": "Alder",
        "Cora": "Birch",
        "Dan": "Cedar",
        "Eve": "Fir",
    }.items()
}


def answer(day, person, score, **values):
    """What somebody answered; nobody: by the public link."""
    values |= {"partner_id": PEOPLE[person].id} if person else {"public": True}
    return env["crm.nps.answer"].create(
        {"program_id": SURVEY.id, "score": score, "date": f"{day} 12:00:00", **values}
    )


# Ben thinks better of it on the next day.
for day, person, score in (
    ("2026-03-09", "Ann", 10),
    ("2026-03-09", "Ben", 3),
    ("2026-03-10", "Ben", 9),
    ("2026-03-10", "Cora", 8),
    ("2026-03-12", "Dan", 6),
    ("2026-03-16", "Eve", 9),
):
    answer(day, person, score, wave="wave,1")
for day, person, score in (
    ("2026-06-08", "Ann", 7),
    ("2026-06-09", "Dan", 2),
    ("2026-06-11", "Eve", 10),
):
    answer(day, person, score, wave="wave,2")
# Cora's colleague answered in her place; somebody found the link on the web.
answer("2026-06-12", "Cora", 0, wave="wave,2", state="excluded", exclude_reason="Other")
answer("2026-06-20", None, 5)

# ----------------------------------------------------------------------
# Special Cases: a grace of 14 days, a reactivation window of 90 days
# ----------------------------------------------------------------------

CASES = env["res.company"].create(
    {
        "name": "Special Cases",
        "currency_id": env.ref("base.USD").id,
        "crm_metrics_grace_days": 14,
        "crm_metrics_reactivation_days": 90,
    }
)
env.ref("base.user_admin").company_ids += CASES
EURO = env.ref("base.EUR")
EURO.active = True
for day, rate in {"2026-01-01": 0.8, "2026-05-01": 0.5}.items():
    env["res.currency.rate"].create(
        {"currency_id": EURO.id, "company_id": CASES.id, "name": day, "rate": rate}
    )
REASON = {
    "price": env.ref("crm_metrics.close_reason_price").id,
    "payment": env.ref("crm_metrics.close_reason_payment").id,
}


def case(customer, start, *versions, **values):
    """A subscription of the company Special Cases."""
    values = {"user_id": False, "team": False, "company_id": CASES.id, **values}
    return subscribe(customer, "Platform", start, *versions, **values)


def pause(subscription, first, last=False):
    env["crm.subscription.pause"].create(
        {"subscription_id": subscription.id, "date_from": first, "date_to": last}
    )


# Gorse rests in March. Hazel rests from February on, and leaves without coming back.
pause(
    case("Gorse", "2026-01-01", (1, 1, 100, 0, False, False)),
    "2026-03-01",
    "2026-03-31",
)
pause(
    case(
        "Hazel",
        "2026-01-01",
        (1, 1, 200, 0, False, False),
        end="2026-04-30",
        close_reason_id=REASON["price"],
    ),
    "2026-02-01",
    "2026-04-30",
)
# Iris renews 9 days late, Juniper 30 days late, Larch after 120 days.
case(
    "Iris",
    "2026-01-01",
    (1, 1, 300, 0, False, "2026-03-31"),
    (1, 1, 350, 0, "2026-04-10", False),
)
case(
    "Juniper",
    "2026-01-01",
    (1, 1, 120, 0, False, "2026-03-31"),
    (1, 1, 120, 0, "2026-05-01", False),
)
case(
    "Larch",
    "2026-01-01",
    (1, 1, 80, 0, False, "2026-01-31"),
    (1, 1, 80, 0, "2026-06-01", False),
)
# Maple pays nothing from March on. Olive does not pay its bills.
case(
    "Maple",
    "2026-01-01",
    (1, 1, 60, 0, False, "2026-02-28"),
    (1, 1, 60, 100, "2026-03-01", False),
)
case(
    "Olive",
    "2026-01-01",
    (1, 1, 90, 0, False, False),
    end="2026-05-31",
    close_reason_id=REASON["payment"],
)
# Pine pays 100 euro, from June on 150. Rowan pays 7 a week.
case(
    "Pine",
    "2026-02-01",
    (1, 1, 100, 0, False, "2026-05-31"),
    (1, 1, 150, 0, "2026-06-01", False),
    currency_id=EURO.id,
)
case("Rowan", "2026-01-01", (plan(1, "week"), 1, 7, 0, False, False))

for fact in env["crm.metrics.engine"]._facts():
    env["crm.metrics.engine"].recompute(fact)
env.cr.commit()
