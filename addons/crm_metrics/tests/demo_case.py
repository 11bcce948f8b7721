from datetime import date

from freezegun import freeze_time

from odoo.tests import TransactionCase

from ..demo.crm_metrics_demo import SELLERS

TODAY = date(2026, 6, 15)


class DemoCase(TransactionCase):
    """Loads the demo data as of a day, into a company of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # the demo database has it already: write it anew, elsewhere
        cls.env["ir.model.data"].search(
            [("module", "=", "crm_metrics"), ("name", "=like", "%\\_demo")]
        ).unlink()
        cls.env["res.currency.rate"].search([]).unlink()
        for user in cls.env["res.users"].search([("login", "in", list(SELLERS))]):
            user.login += "_of_the_database"
        for tag in cls.env["crm.nps.tag"].search([]):
            tag.name += " of the database"
        cls.company = cls.env["res.company"].create(
            {"name": "Demo Test", "currency_id": cls.env.ref("base.USD").id}
        )
        root = cls.env.ref("base.user_root")
        (root | cls.env.ref("base.user_admin")).company_ids += cls.company
        if demo := cls.env.ref("base.user_demo", raise_if_not_found=False):
            demo.company_ids += cls.company
        cls.env = cls.env(
            context={**cls.env.context, "allowed_company_ids": cls.company.ids}
        )
        cls.env["crm.recurring.plan"]._load_records(
            [
                {
                    "xml_id": "crm_metrics.crm_recurring_plan_quarterly_demo",
                    "values": {"name": "Quarterly", "number_of_months": 3},
                }
            ]
        )
        with freeze_time(TODAY):
            cls.env["crm.metrics.demo"]._load()
        domain = [("company_id", "=", cls.company.id)]
        cls.subscriptions = cls.env["crm.subscription"].search(domain)
        cls.movements = cls.env["crm.mrr.movement"].search(domain)
        cls.issues = cls.env["crm.metrics.issue"].search(domain)
        cls.leads = cls.env["crm.lead"].with_context(active_test=False).search(domain)
        cls.events = cls.env["crm.lead.event"].search(domain, order="at, id")

    def setUp(self):
        super().setUp()
        self.enterContext(freeze_time(TODAY))
