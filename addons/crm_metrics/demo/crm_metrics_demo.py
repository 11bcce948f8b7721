import re
import unicodedata

from odoo import api, fields, models
from odoo.fields import Command

from .feedback import Feedback
from .pipeline import Pipeline
from .purchases import Purchases
from .story import Story

#: login -> name of the salespersons who come with the demo data
SELLERS = {"nora": "Nora Lindgren", "tomas": "Tomás Ferreira"}


class CrmMetricsDemo(models.AbstractModel):
    """Loads the demo data; called from `demo/crm_metrics_demo.xml` only."""

    _name = "crm.metrics.demo"
    _description = "CRM Metrics Demo Data"

    @api.model
    def _load(self):
        """Write the story into the database and fill the facts."""
        # nobody follows, no mail, no tracking values: only the documents
        self = self.with_context(
            tracking_disable=True,
            mail_create_nosubscribe=True,
            mail_create_nolog=True,
            mail_notrack=True,
            no_reset_password=True,
        )
        story = Story(self.env.company._metrics_today())
        # the log may not run ahead of the clock, in no time zone
        today = min(story.today, fields.Date.today())
        deals = Pipeline(story, today).deals
        purchases = Purchases(story)
        feedback = Feedback(story, purchases, deals, today)
        sellers = self._create_sellers()
        partners = self._create_customers(story, sellers)
        contacts = self._create_contacts(feedback, sellers, partners)
        leads = self._create_pipeline(deals, sellers, partners)
        self.env.company.write(
            {
                "crm_metrics_grace_days": 10,
                "crm_metrics_revalue_monthly": True,
                "crm_metrics_stuck_activity": True,
                # of the story, whatever orders and invoices Odoo's own demo data have
                "crm_metrics_purchase_source": "won",
            }
        )
        won = {id(d.subscription): leads[id(d)] for d in deals if d.subscription}
        subscriptions = self._create_subscriptions(story, sellers, partners, won)
        self._create_purchases(purchases, sellers, partners)
        self._create_feedback(feedback, sellers, contacts, {**leads, **subscriptions})
        engine = self.env["crm.metrics.engine"]
        for fact in engine._facts():
            engine.recompute(fact)
        self._score_purchases(story)
        # as the scheduled action will do it from now on
        leads = self.env["crm.lead"]
        leads.search(leads._crm_stuck_due(self.env.company))._plan_stuck()

    def _records(self, model, prefix, vals_list):
        """Create records with external ids, so that uninstalling removes them."""
        return self.env[model]._load_records(
            [
                {
                    "xml_id": f"crm_metrics.{prefix}_{number}_demo",
                    "values": vals,
                    "noupdate": True,
                }
                for number, vals in enumerate(vals_list, start=1)
            ]
        )

    def _create_sellers(self):
        """Return four pairs of salesperson and team."""
        nora, tomas = self._records(
            "res.users",
            "res_users",
            [
                {
                    "name": name,
                    "login": login,
                    "email": f"{login}@example.com",
                    "company_id": self.env.company.id,
                    "company_ids": [(6, 0, self.env.company.ids)],
                    "group_ids": [
                        (4, self.env.ref("sales_team.group_sale_salesman").id)
                    ],
                }
                for login, name in SELLERS.items()
            ],
        )
        key_accounts = self._records(
            "crm.team",
            "crm_team",
            [
                {
                    "name": "Key Accounts",
                    "user_id": nora.id,
                    "company_id": False,
                    "member_ids": [(6, 0, [nora.id, tomas.id])],
                }
            ],
        )
        sales = self.env.ref("sales_team.team_sales_department")
        admin = self.env.ref("base.user_admin")
        marc = self.env.ref("base.user_demo", raise_if_not_found=False) or admin
        return [
            (admin, sales),
            (marc, sales),
            (nora, key_accounts),
            (tomas, key_accounts),
        ]

    def _create_customers(self, story, sellers):
        """Return the contact that each customer's documents are made out to."""
        countries = {
            country.code: country.id for country in self.env["res.country"].search([])
        }
        companies = self._records(
            "res.partner",
            "res_partner",
            [
                {
                    "name": customer.name,
                    "is_company": True,
                    "city": customer.city,
                    "country_id": countries[customer.country],
                    "industry_id": self.env.ref(f"base.{customer.industry}").id,
                    "email": self._email("info", customer.name),
                    "user_id": sellers[customer.seller][0].id,
                }
                for customer in story.customers
            ],
        )
        with_contact = [
            (customer, company)
            for customer, company in zip(story.customers, companies, strict=True)
            if customer.contact
        ]
        contacts = self._records(
            "res.partner",
            "res_partner_contact",
            [
                {
                    "name": customer.contact,
                    "parent_id": company.id,
                    "type": "contact",
                    "email": self._email(customer.contact, customer.name),
                }
                for customer, company in with_contact
            ],
        )
        partners = dict(zip(map(id, story.customers), companies, strict=True))
        for (customer, _company), contact in zip(with_contact, contacts, strict=True):
            if customer.signer:
                partners[id(customer)] = contact
        return partners

    def _create_subscriptions(self, story, sellers, partners, leads):
        """Return the subscriptions, by those of the story."""
        euro = self._create_rates(story)
        told = []
        vals_list = []
        for customer in story.customers:
            user, team = sellers[customer.seller]
            for subscription in customer.subscriptions:
                lead = leads.get(id(subscription))
                told.append(subscription)
                vals_list.append(
                    {
                        "name": subscription.name,
                        "partner_id": partners[id(customer)].id,
                        "user_id": user.id,
                        "team_id": team.id,
                        "lead_id": lead and lead.id,
                        "date_start": subscription.start,
                        "date_end": subscription.end,
                        "close_reason_id": self._close_reason(subscription),
                        "pause_ids": [
                            Command.create(
                                {"date_from": first, "date_to": last, "reason": reason}
                            )
                            for first, last, reason in subscription.pauses
                        ],
                        **({"currency_id": euro.id} if subscription.euro else {}),
                    }
                )
        documents = self._records("crm.subscription", "crm_subscription", vals_list)
        by_story = dict(zip(map(id, told), documents, strict=True))
        self._create_lines(by_story, told)
        # as the scheduled action will do it from now on
        due = documents.search(documents._renewals_due(self.env.company))
        due.with_context(mail_activity_quick_update=True)._plan_renewal()
        return by_story

    def _create_rates(self, story):
        """Return the currency of those abroad, with its rates over time."""
        currency = self.env.ref("base.EUR")
        if self.env.company.currency_id == currency:
            currency = self.env.ref("base.USD")
        currency.active = True
        company = self.env.company.root_id
        known = self.env["res.currency.rate"].search(
            [("currency_id", "=", currency.id), ("company_id", "=", company.id)]
        )
        days = set(known.mapped("name"))
        self._records(
            "res.currency.rate",
            "res_currency_rate",
            [
                {
                    "currency_id": currency.id,
                    "company_id": company.id,
                    "name": day,
                    "company_rate": rate,
                }
                for day, rate in story.euro_rates
                # a database that has rates keeps them
                if day not in days
            ],
        )
        return currency

    def _close_reason(self, subscription):
        reason = subscription.close_reason
        return reason and self.env.ref(f"crm_metrics.{reason}").id

    def _create_lines(self, documents, told):
        """Create the lines, each generation of versions after the one it follows."""
        plans = self._plans()
        created = {}
        waiting = [
            (subscription, line) for subscription in told for line in subscription.lines
        ]
        while waiting:
            ready = [
                (subscription, line)
                for subscription, line in waiting
                if not line.previous or id(line.previous) in created
            ]
            lines = self.env["crm.subscription.line"].create(
                [
                    {
                        "subscription_id": documents[id(subscription)].id,
                        "name": line.name,
                        "recurring": line.recurring,
                        "recurring_plan_id": line.recurring and plans[line.plan].id,
                        "quantity": line.quantity,
                        "price_unit": line.price,
                        "discount": line.discount,
                        "date_start": line.start,
                        "date_end": line.end,
                        "previous_line_id": line.previous
                        and created[id(line.previous)].id,
                    }
                    for subscription, line in ready
                ]
            )
            created.update(
                (id(line), record)
                for (_subscription, line), record in zip(ready, lines, strict=True)
            )
            waiting = [pair for pair in waiting if id(pair[1]) not in created]

    def _plans(self):
        return {
            "monthly": self.env.ref("crm.crm_recurring_plan_monthly"),
            "quarterly": self.env.ref("crm_metrics.crm_recurring_plan_quarterly_demo"),
            "yearly": self.env.ref("crm.crm_recurring_plan_yearly"),
            "over_3_years": self.env.ref("crm.crm_recurring_plan_over_3_years"),
        }

    @staticmethod
    def _email(person, company):
        def slug(name):
            plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore")
            return re.sub(r"[^a-z0-9]+", "-", plain.decode().lower()).strip("-")

        return f"{slug(person)}@{slug(company)}.example.com"
