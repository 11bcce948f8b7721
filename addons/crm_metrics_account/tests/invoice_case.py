from odoo import Command

from odoo.addons.crm_metrics.tests.purchase_case import PurchaseCase


class InvoiceCase(PurchaseCase):
    """Two companies that write invoices, each with the few accounts that this takes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.companies = cls.company | cls.other_company
        cls.companies.crm_metrics_purchase_source = False
        cls.env.user.company_ids |= cls.companies
        cls.env.user.group_ids += cls.env.ref("account.group_account_manager")
        cls.journals = {company: cls._books(company) for company in cls.companies}
        cls.tax = cls._tax(cls.company)
        cls.product = cls.env["product.product"].create(
            {"name": "Thing", "type": "service", "taxes_id": [Command.clear()]}
        )

    @classmethod
    def _books(cls, company):
        """Give a company a sales journal and accounts; return the journal."""
        env = cls.env(context={**cls.env.context, "allowed_company_ids": company.ids})
        receivable, income = env["account.account"].create(
            [
                {
                    "name": "Receivable",
                    "code": "110000",
                    "account_type": "asset_receivable",
                    "company_ids": company.ids,
                },
                {
                    "name": "Income",
                    "code": "400000",
                    "account_type": "income",
                    "company_ids": company.ids,
                },
            ]
        )
        env["ir.default"].set(
            "res.partner",
            "property_account_receivable_id",
            receivable.id,
            company_id=company.id,
        )
        return env["account.journal"].create(
            {
                "name": "Invoices",
                "code": "INV",
                "type": "sale",
                "company_id": company.id,
                "default_account_id": income.id,
            }
        )

    @classmethod
    def _tax(cls, company):
        country = cls.env.ref("base.us")
        company.account_fiscal_country_id = country
        group = cls.env["account.tax.group"].create(
            {"name": "Tax", "company_id": company.id, "country_id": country.id}
        )
        return cls.env["account.tax"].create(
            {
                "name": "20 %",
                "amount": 20,
                "type_tax_use": "sale",
                "company_id": company.id,
                "country_id": country.id,
                "tax_group_id": group.id,
            }
        )

    @classmethod
    def invoice(cls, *prices, partner=None, company=None, post=True, **values):
        """Create a customer invoice with a line for each price.

        :param partner: False: nobody
        :param post: whether to post it
        """
        company = company or cls.company
        if partner is None:
            partner = cls.customer
        moves = cls.env["account.move"].with_company(company)
        lines = values.pop("lines", [{"price_unit": price} for price in prices])
        move = moves.with_context(allowed_company_ids=company.ids).create(
            {
                "move_type": "out_invoice",
                "journal_id": cls.journals[company].id,
                "partner_id": partner and partner.id,
                "invoice_date": "2026-03-01",
                "invoice_user_id": False,
                "invoice_line_ids": [
                    Command.create(
                        {"name": "Thing", "quantity": 1, "tax_ids": [], **line}
                    )
                    for line in lines
                ],
                **values,
            }
        )
        if post:
            move.action_post()
        return move
