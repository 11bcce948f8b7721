from odoo import Command

from odoo.addons.crm_metrics_account.tests.invoice_case import InvoiceCase


class OrderCase(InvoiceCase):
    """Orders, and what is invoiced of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids += cls.env.ref("sales_team.group_sale_manager")
        # an order can be invoiced at once
        cls.product.invoice_policy = "order"

    @classmethod
    def order(cls, *prices, partner=None, company=None, confirm=True, **values):
        """Create an order with a line for each price."""
        company = company or cls.company
        orders = cls.env["sale.order"].with_company(company)
        order = orders.with_context(allowed_company_ids=company.ids).create(
            {
                "partner_id": (partner or cls.customer).id,
                "company_id": company.id,
                "user_id": False,
                "order_line": [
                    Command.create(
                        {
                            "product_id": cls.product.id,
                            "product_uom_qty": 1,
                            "price_unit": price,
                            "tax_ids": [],
                        }
                    )
                    for price in prices
                ],
                **values,
            }
        )
        if confirm:
            order.action_confirm()
        return order

    def bill(self, orders, date="2026-03-01", final=True, post=True):
        """Invoice what is left of orders; several orders of a customer on one."""
        move = orders._create_invoices(final=final)
        move.journal_id = self.journals[move.company_id]
        move.invoice_date = date
        if post:
            move.action_post()
        return move

    def down_payment(self, order, percentage, date="2026-03-01", post=True):
        """Invoice a part of an order in advance."""
        wizard = self.env["sale.advance.payment.inv"].create(
            {
                "sale_order_ids": [Command.set(order.ids)],
                "advance_payment_method": "percentage",
                "amount": percentage,
            }
        )
        move = wizard._create_invoices(order)
        move.invoice_date = date
        if post:
            move.action_post()
        return move

    def credit(self, move, price, date="2026-04-10"):
        """Post a credit note over a part of an invoice."""
        reversal = self.env["account.move.reversal"].create(
            {
                "move_ids": [Command.set(move.ids)],
                "date": date,
                "journal_id": move.journal_id.id,
            }
        )
        reversal.refund_moves()
        note = reversal.new_move_ids
        lines = note.invoice_line_ids.filtered(
            lambda line: line.display_type == "product"
        )
        (lines - lines[0]).unlink()
        lines[0].price_unit = price
        note.action_post()
        return note
