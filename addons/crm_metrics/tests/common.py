from freezegun import freeze_time

from odoo import Command, fields
from odoo.tests import TransactionCase, new_test_user

SEGMENT, MOVEMENT = "crm.mrr.segment", "crm.mrr.movement"


class CrmMetricsCommon(TransactionCase):
    """A company of its own with sellers, plans and a customer.

    "Now" is frozen; facts are refreshed by :meth:`refresh`, as the scheduled action
    would do it.
    """

    #: 15 June 2026 is a Monday
    now = "2026-06-15 10:00:00"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(
            context={
                **cls.env.context,
                "tracking_disable": True,
                "no_reset_password": True,
            }
        )
        cls.usd = cls.env.ref("base.USD")
        cls.eur = cls.env.ref("base.EUR")
        (cls.usd | cls.eur).active = True
        # whatever a database knows: the rates here are those that a test enters
        cls.env["res.currency.rate"].search(
            [("currency_id", "in", (cls.usd | cls.eur).ids)]
        ).unlink()
        cls.company = cls.env["res.company"].create(
            {"name": "Metrics Test", "currency_id": cls.usd.id}
        )
        cls.other_company = cls.env["res.company"].create(
            {"name": "Metrics Test Elsewhere", "currency_id": cls.usd.id}
        )
        cls.team = cls.env["crm.team"].create({"name": "Team 1", "company_id": False})
        cls.team_2 = cls.env["crm.team"].create({"name": "Team 2", "company_id": False})
        cls.seller = cls._user("metrics_seller", "group_sale_salesman")
        cls.seller_2 = cls._user("metrics_seller_2", "group_sale_salesman")
        cls.seller_all = cls._user("metrics_all", "group_sale_salesman_all_leads")
        cls.manager = cls._user("metrics_manager", "group_sale_manager")
        cls.env = cls.env(
            context={**cls.env.context, "allowed_company_ids": cls.company.ids}
        )
        cls.monthly, cls.quarterly, cls.yearly = cls.env["crm.recurring.plan"].create(
            [
                {"name": f"Every {months} months", "number_of_months": months}
                for months in (1, 3, 12)
            ]
        )
        cls.customer = cls._customer("Customer")

    @classmethod
    def _user(cls, login, group, companies=None):
        companies = cls.company if companies is None else companies
        return new_test_user(
            cls.env,
            login,
            f"sales_team.{group}" if "." not in group else group,
            company_id=companies[0].id,
            company_ids=[Command.set(companies.ids)],
        )

    @classmethod
    def _customer(cls, name="Customer", **values):
        return cls.env["res.partner"].create({"name": name, **values})

    def setUp(self):
        super().setUp()
        self.enterContext(freeze_time(self.now))

    # -- making ---------------------------------------------------------

    @classmethod
    def line(cls, price, date_start=False, date_end=False, plan=None, **values):
        """Return the values of a recurring line."""
        return {
            "name": "Item",
            "recurring_plan_id": (plan or cls.monthly).id,
            "price_unit": price,
            "date_start": date_start,
            "date_end": date_end,
            **values,
        }

    @classmethod
    def subscribe(
        cls, price, date_start="2026-01-01", date_end=False, partner=None, **values
    ):
        """Create a subscription with one line, or with the given `lines`."""
        lines = values.pop("lines", None)
        if lines is None:
            line = values.pop("line", {})
            lines = [cls.line(price, plan=values.pop("plan", None), **line)]
        return cls.env["crm.subscription"].create(
            {
                "name": "Subscription",
                "partner_id": (partner or cls.customer).id,
                "company_id": cls.company.id,
                "user_id": False,
                "team_id": False,
                "date_start": date_start,
                "date_end": date_end,
                "line_ids": [Command.create(line) for line in lines],
                **values,
            }
        )

    def rate(self, currency, day, rate, company=None):
        """Enter a rate: units of the currency that one unit of the base is worth."""
        company = self.company if company is None else company
        return self.env["res.currency.rate"].create(
            {
                "currency_id": currency.id,
                "name": day,
                "rate": rate,
                "company_id": company.id,
            }
        )

    def pause(self, subscription, date_from, date_to=False):
        """Let a subscription rest from its first to its last day of pause."""
        subscription.pause_ids = [
            Command.create({"date_from": date_from, "date_to": date_to})
        ]

    def versions(self, *lines, **values):
        """Create a subscription with one item whose versions follow each other."""
        subscription = self.subscribe(0, lines=lines, **values)
        previous = self.env["crm.subscription.line"]
        for line in subscription.line_ids.sorted("id"):
            line.previous_line_id = previous
            previous = line
        return subscription

    def merge(self, source, destination):
        """Merge a contact into another one, as Odoo's wizard does it."""
        self.env["base.partner.merge.automatic.wizard"].create(
            {
                "state": "selection",
                "partner_ids": [Command.set((source | destination).ids)],
                "dst_partner_id": destination.id,
            }
        ).action_merge()
        self.assertFalse(source.exists())
        self.env.invalidate_all()

    def refresh(self):
        """Refresh until nothing waits."""
        self.env.flush_all()
        engine = self.env["crm.metrics.engine"]
        for fact in engine._facts():
            while engine._refresh_batch(fact, 1000)[0]:
                pass
        self.assertFalse(self.env["crm.metrics.queue"]._waiting())

    # -- looking --------------------------------------------------------

    def segments(self, company=None):
        return self.env[SEGMENT].search(
            [("company_id", "=", (company or self.company).id)],
            order="date_from, res_id",
        )

    def movements(self, partner=None, company=None):
        """Return (date, kind, amount) of all movements, in order."""
        self.refresh()
        domain = [("company_id", "=", (company or self.company).id)]
        if partner:
            domain.append(("partner_id", "=", partner.id))
        return [
            (fields.Date.to_string(movement.date), movement.kind, movement.amount)
            for movement in self.env[MOVEMENT].search(domain, order="date, amount, id")
        ]

    def reasons(self, partner=None):
        """Return (date, amount, reason) of all movements, in order."""
        self.refresh()
        domain = [("company_id", "=", self.company.id)]
        if partner:
            domain.append(("partner_id", "=", partner.id))
        return [
            (fields.Date.to_string(movement.date), movement.amount, movement.reason)
            for movement in self.env[MOVEMENT].search(domain, order="date, amount, id")
        ]

    def issues(self):
        return self.env["crm.metrics.issue"].search(
            [("company_id", "=", self.company.id)]
        )

    def recurring(self, date_from, date_to, user=None, **options):
        """Ask the façade, as a seller who sees all documents unless said otherwise."""
        user = user or self.seller_all
        metrics = self.env["crm.metrics"].with_user(user)
        metrics = metrics.with_context(allowed_company_ids=user.company_id.ids)
        return metrics.recurring(
            {"date_from": date_from, "date_to": date_to, **options}
        )

    def assertMoney(self, period, **expected):
        """Compare a period's money; what is not named is 0, but for the balances."""
        kinds = ("new", "reactivation", "expansion", "contraction", "churn", "fx")
        wanted = {**dict.fromkeys((*kinds, "transfer"), 0), **expected}
        self.assertEqual({key: period[key] for key in wanted}, wanted)

    def assertLogos(self, period, **expected):
        wanted = {
            **dict.fromkeys(("new", "reactivation", "churn", "transfer"), 0),
            **expected,
        }
        found = {key: period["customers"][key] for key in wanted}
        self.assertEqual(found, wanted)
