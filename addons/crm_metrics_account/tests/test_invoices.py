from odoo import Command
from odoo.tests import tagged
from odoo.tools import SQL

from odoo.addons.crm_metrics.tests.purchase_case import PURCHASE

from .invoice_case import InvoiceCase


@tagged("post_install", "-at_install")
class TestInvoices(InvoiceCase):
    """Posted customer invoices as purchases; none of them belongs to an order."""

    def test_the_life_of_an_invoice(self):
        """Draft, posted, back to draft, changed, posted, cancelled."""
        move = self.invoice(100, 50, post=False)
        self.assertEqual(self.rows(), [])
        move.action_post()
        self.assertEqual(self.rows(), [("2026-03-01", "purchase", 150)])
        move.button_draft()
        self.assertEqual(self.rows(), [])
        move.invoice_line_ids[0].price_unit = 70
        move.invoice_date = "2026-03-04"
        self.assertEqual(self.rows(), [])
        move.action_post()
        self.assertEqual(self.rows(), [("2026-03-04", "purchase", 120)])
        move.button_draft()
        move.button_cancel()
        self.assertEqual(self.rows(), [])
        self.assertFull()

    def test_the_amount_is_without_taxes(self):
        move = self.invoice(lines=[{"price_unit": 100, "tax_ids": self.tax.ids}])
        self.assertEqual(move.amount_total, 120)
        self.assertEqual(self.rows(), [("2026-03-01", "purchase", 100)])

    def test_notes_and_sections_are_no_products(self):
        self.invoice(
            lines=[
                {"price_unit": 100},
                {"display_type": "line_section", "name": "Here"},
                {"display_type": "line_note", "name": "Thank you"},
            ]
        )
        self.assertEqual(self.rows(), [("2026-03-01", "purchase", 100)])

    def test_credit_notes_are_refunds_on_their_own_dates(self):
        move = self.invoice(100)
        reversal = self.env["account.move.reversal"].create(
            {
                "move_ids": [Command.set(move.ids)],
                "date": "2026-04-10",
                "journal_id": move.journal_id.id,
            }
        )
        reversal.refund_moves()
        credit = reversal.new_move_ids
        credit.invoice_line_ids.price_unit = 30
        self.assertEqual(self.rows(), [("2026-03-01", "purchase", 100)])
        credit.action_post()
        self.assertEqual(
            self.rows(),
            [("2026-03-01", "purchase", 100), ("2026-04-10", "refund", -30)],
        )
        self.assertFull()

    def test_an_invoice_over_nothing_does_not_count(self):
        self.invoice(100, -100)
        self.invoice(0)
        self.invoice(100, -30)
        self.assertEqual(self.rows(), [("2026-03-01", "purchase", 70)])

    def test_receipts_count(self):
        self.invoice(50, move_type="out_receipt")
        self.assertEqual(self.rows(), [("2026-03-01", "purchase", 50)])

    def test_bills_of_vendors_are_no_purchases(self):
        journal = self.env["account.journal"].create(
            {
                "name": "Bills",
                "code": "BILL",
                "type": "purchase",
                "company_id": self.company.id,
                "default_account_id": self.journals[self.company].default_account_id.id,
            }
        )
        self.env["ir.default"].set(
            "res.partner",
            "property_account_payable_id",
            self.env["account.account"]
            .create(
                {
                    "name": "Payable",
                    "code": "210000",
                    "account_type": "liability_payable",
                    "company_ids": self.company.ids,
                }
            )
            .id,
            company_id=self.company.id,
        )
        self.refresh()
        self.invoice(100, move_type="in_invoice", journal_id=journal.id)
        self.env.flush_all()
        self.assertNotIn(PURCHASE, self.env["crm.metrics.queue"]._waiting())
        self.assertEqual(self.rows(), [])

    def test_a_foreign_invoice_counts_as_it_was_booked(self):
        """At the rate of its own day; a rate that comes later changes nothing."""
        self.rate(self.eur, "2026-02-01", 0.5)
        self.invoice(100, currency_id=self.eur.id)
        self.assertEqual(self.rows(), [("2026-03-01", "purchase", 200)])
        self.rate(self.eur, "2026-03-01", 0.25)
        self.assertEqual(self.rows(), [("2026-03-01", "purchase", 200)])
        self.assertFull()

    def test_companies_with_currencies_of_their_own(self):
        self.other_company.currency_id = self.eur
        self.invoice(100)
        self.invoice(40, company=self.other_company)
        self.assertEqual(self.rows(), [("2026-03-01", "purchase", 100)])
        [purchase] = self.purchases(company=self.other_company)
        self.assertEqual(
            (purchase.amount, purchase.company_currency_id), (40, self.eur)
        )
        self.assertEqual(purchase.partner_id, self.customer)
        self.assertFull()

    # -- customers --------------------------------------------------------

    def test_the_customer_is_the_company_of_then(self):
        """Who changes the employer takes no invoices along."""
        person = self._customer("Person", parent_id=self.customer.id)
        other = self._customer("Other", is_company=True)
        self.invoice(100, partner=person)
        self.assertEqual(len(self.purchases(self.customer)), 1)
        person.parent_id = other
        self.assertEqual(len(self.purchases(self.customer)), 1)
        self.assertEqual(len(self.purchases(other)), 0)
        # a company that comes under another one does
        self.customer.write({"is_company": False, "parent_id": other.id})
        self.assertEqual(len(self.purchases(other)), 1)
        self.assertFull()

    def test_archived_and_merged_customers(self):
        double = self._customer("Double")
        self.invoice(100)
        self.invoice(50, partner=double)
        double.active = False
        self.assertEqual(len(self.purchases(double)), 1)
        self.env["base.partner.merge.automatic.wizard"].create(
            {
                "state": "selection",
                "partner_ids": [Command.set((self.customer | double).ids)],
                "dst_partner_id": self.customer.id,
            }
        ).action_merge()
        self.assertEqual(self.purchases(self.customer).mapped("amount"), [50, 100])
        self.assertEqual(len(self.purchases()), 2)
        self.assertFull()

    def test_a_receipt_for_nobody_is_anonymous(self):
        account = self.env["account.account"].search(
            [("code", "=", "110000"), ("company_ids", "=", self.company.id)]
        )
        receipt = self.invoice(9, partner=False, move_type="out_receipt", post=False)
        receipt.line_ids.filtered(
            lambda line: line.display_type == "payment_term"
        ).account_id = account
        receipt.action_post()
        self.assertEqual(self.rows(partner=False), [("2026-03-01", "purchase", 9)])
        self.assertFull()

    # -- source -------------------------------------------------------------

    def test_invoices_count_unless_the_company_says_otherwise(self):
        self.invoice(100)
        self.deal(500)
        self.assertEqual(self.rows(), [("2026-03-01", "purchase", 100)])
        self.company.crm_metrics_purchase_source = "won"
        self.assertEqual(self.rows(), [("2026-03-01", "purchase", 500)])
        self.company.crm_metrics_purchase_source = "invoice"
        self.assertEqual(self.rows(), [("2026-03-01", "purchase", 100)])
        self.enter(7)
        self.assertEqual(len(self.rows()), 2)
        self.assertFull()

    def test_an_invoice_that_does_not_count_wakes_nobody(self):
        self.company.crm_metrics_purchase_source = "won"
        self.refresh()
        self.invoice(100)
        self.env.flush_all()
        self.assertNotIn(PURCHASE, self.env["crm.metrics.queue"]._waiting())

    def test_salesperson_and_document(self):
        move = self.invoice(100, invoice_user_id=self.seller.id)
        [purchase] = self.purchases()
        self.assertEqual(purchase.user_id, self.seller)
        self.assertEqual(purchase.document_name, move.display_name)
        self.assertEqual(purchase.action_open_source()["res_id"], move.id)
        move.invoice_user_id = self.seller_2
        self.assertEqual(self.purchases().user_id, self.seller_2)
        self.assertFull()

    def test_a_refresh_goes_by_the_customers_index(self):
        """Not through all entries of the company."""
        rows = self.env[PURCHASE]._fact_select(
            lambda key: SQL("%s = ANY(%s)", key, self.customer.ids)
        )
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        plan = self.env.execute_query(SQL("EXPLAIN %s", rows))
        text = "\n".join(line for (line,) in plan)
        self.assertIn("account_move_crm_metrics_customer_idx", text)
        self.assertNotIn("Seq Scan on account_move", text)
