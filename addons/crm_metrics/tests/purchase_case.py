from odoo import fields

from .common import CrmMetricsCommon

PURCHASE, ENTRY = "crm.purchase", "crm.purchase.entry"


class PurchaseCase(CrmMetricsCommon):
    """Two companies whose purchases are won opportunities, and imported ones."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # whatever addons there are in the database
        companies = cls.company | cls.other_company
        companies.crm_metrics_purchase_source = "won"
        cls.engine = cls.env["crm.metrics.engine"]
        cls.stage_open, cls.stage_won = cls.env["crm.stage"].create(
            [
                {"name": "Open", "sequence": 101},
                {"name": "Signed", "sequence": 102, "is_won": True},
            ]
        )

    @classmethod
    def enter(cls, amount, date="2026-03-01", partner=None, **values):
        """Create an imported purchase; `partner` False: an anonymous one."""
        if partner is None:
            partner = cls.customer
        count = cls.env[ENTRY].sudo().search_count([])
        return cls.env[ENTRY].create(
            {
                "name": f"Receipt {count}",
                "company_id": cls.company.id,
                "partner_id": partner and partner.id,
                "date": date,
                "amount": amount,
                "user_id": False,
                **values,
            }
        )

    @classmethod
    def deal(cls, amount, closed="2026-03-01 12:00:00", partner=None, **values):
        """Create a won opportunity; `partner` False: without a customer."""
        if partner is None:
            partner = cls.customer
        lead = cls.env["crm.lead"].create(
            {
                "name": "Deal",
                "type": "opportunity",
                "company_id": cls.company.id,
                "partner_id": partner and partner.id,
                "user_id": False,
                "team_id": False,
                "stage_id": cls.stage_won.id,
                "probability": 100,
                "expected_revenue": amount,
                **values,
            }
        )
        lead.date_closed = closed
        return lead

    def rows(self, partner=None, company=None):
        """Refresh and return (date, kind, amount) of all purchases, in order."""
        return [
            (fields.Date.to_string(row.date), row.kind, row.amount)
            for row in self.purchases(partner, company)
        ]

    def purchases(self, partner=None, company=None):
        """Refresh and return the purchases of a company; `partner` False: anonymous."""
        self.refresh()
        domain = [("company_id", "=", (company or self.company).id)]
        if partner is not None:
            key = partner.id if partner else 0
            domain.append(("partner_key", "=", key))
        return self.env[PURCHASE].search(domain, order="date, amount, id")

    def codes(self):
        """Refresh and return the reasons of what is left out of all companies."""
        self.refresh()
        return sorted(
            self.env["crm.metrics.issue"]
            .search([("fact", "=", PURCHASE)])
            .mapped("code")
        )

    def assertFull(self):
        """The audit, which computes everything anew, finds nothing to mend."""
        self.refresh()
        self.assertEqual(self.engine.audit([PURCHASE]), {PURCHASE: 0})
