from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.crm_metrics.tests.purchase_case import PURCHASE

from .order_case import OrderCase


@tagged("post_install", "-at_install")
class TestInvoicedOrders(OrderCase):
    """The invoices of an order are one purchase."""

    def test_the_life_of_an_order(self):
        """Order, down payment, invoice, partial credit note, cancelled."""
        order = self.order(1000)
        self.assertEqual(self.rows(), [], "nothing is invoiced yet")

        self.down_payment(order, 30, "2026-03-02")
        self.assertEqual(self.rows(), [("2026-03-02", "purchase", 300)])
        [purchase] = self.purchases()
        self.assertEqual(
            (purchase.res_model, purchase.res_id), ("sale.order", order.id)
        )

        final = self.bill(order, "2026-04-05")
        self.assertEqual(final.amount_untaxed, 700)
        self.assertEqual(
            self.rows(),
            [("2026-03-02", "purchase", 1000)],
            "the first day, the whole amount",
        )

        note = self.credit(final, 200, "2026-04-10")
        self.assertEqual(
            self.rows(),
            [("2026-03-02", "purchase", 1000), ("2026-04-10", "refund", -200)],
        )
        refund = self.purchases()[1]
        self.assertEqual((refund.res_model, refund.res_id), ("account.move", note.id))

        note.button_draft()
        note.button_cancel()
        self.assertEqual(self.rows(), [("2026-03-02", "purchase", 1000)])
        final.button_draft()
        self.assertEqual(self.rows(), [("2026-03-02", "purchase", 300)])
        final.button_cancel()
        first = order.invoice_ids.filtered(lambda move: move.state == "posted")
        first.button_draft()
        first.button_cancel()
        self.assertEqual(self.rows(), [])
        self.assertFull()

    def test_a_later_invoice_restates(self):
        order = self.order(100, 50)
        lines = order.order_line
        lines[1].product_uom_qty = 0
        self.bill(order, "2026-03-01")
        # Odoo takes the price of the list for the new quantity
        lines[1].write({"product_uom_qty": 1, "price_unit": 50})
        self.bill(order, "2026-05-01")
        self.assertEqual(self.rows(), [("2026-03-01", "purchase", 150)])
        earliest = self.invoice(
            lines=[{"price_unit": 1, "sale_line_ids": [Command.link(lines[0].id)]}],
            invoice_date="2026-02-01",
        )
        self.assertEqual(self.rows(), [("2026-02-01", "purchase", 151)])
        earliest.button_draft()
        self.assertEqual(self.rows(), [("2026-03-01", "purchase", 150)])
        self.assertFull()

    def test_one_invoice_over_three_orders(self):
        orders = self.order(100) | self.order(200) | self.order(300)
        move = self.bill(orders)
        self.assertEqual(len(move), 1)
        self.assertEqual(
            self.rows(),
            [("2026-03-01", "purchase", price) for price in (100, 200, 300)],
        )
        self.assertEqual(set(self.purchases().mapped("res_id")), set(orders.ids))
        self.assertFull()

    def test_lines_beside_the_orders_are_a_purchase_of_the_invoice(self):
        order = self.order(100)
        move = self.bill(order, post=False)
        move.invoice_line_ids = [
            Command.create(
                {"name": name, "quantity": 1, "price_unit": price, "tax_ids": []}
            )
            for name, price in (("Freight", 15), ("Packing", 5))
        ]
        move.action_post()
        self.assertEqual(
            [(row.res_model, row.amount) for row in self.purchases()],
            [("account.move", 20), ("sale.order", 100)],
        )
        self.assertFull()

    def test_an_order_that_takes_off_is_a_refund(self):
        """Two orders on one invoice, one of them a discount."""
        orders = self.order(100) | self.order(-30)
        self.bill(orders)
        self.assertEqual(
            self.rows(),
            [("2026-03-01", "refund", -30), ("2026-03-01", "purchase", 100)],
        )

    def test_a_line_of_two_orders_belongs_to_the_first(self):
        orders = self.order(100) | self.order(200)
        links = [Command.link(line.id) for line in reversed(orders.order_line)]
        self.invoice(lines=[{"price_unit": 300, "sale_line_ids": links}])
        [purchase] = self.purchases()
        self.assertEqual((purchase.amount, purchase.res_id), (300, orders[0].id))
        self.assertFull()

    def test_an_invoice_to_another_customer_than_the_orders(self):
        """Whoever gets the invoice is the customer; the order is split between two."""
        payer = self._customer("Payer", is_company=True)
        branch = self._customer("Branch", parent_id=payer.id)
        order = self.order(100, 50, partner_invoice_id=branch.id)
        lines = order.order_line
        for line, partner, day in (
            (lines[0], branch, "2026-03-01"),
            (lines[1], self.customer, "2026-03-09"),
        ):
            self.invoice(
                lines=[
                    {
                        "price_unit": line.price_unit,
                        "sale_line_ids": [Command.link(line.id)],
                    }
                ],
                partner=partner,
                invoice_date=day,
            )
        self.assertEqual(self.rows(payer), [("2026-03-01", "purchase", 100)])
        self.assertEqual(self.rows(self.customer), [("2026-03-09", "purchase", 50)])
        self.assertEqual(self.rows(branch), [])
        self.assertFull()

    def test_companies_and_currencies(self):
        self.rate(self.eur, "2026-01-01", 0.5)
        self.rate(self.eur, "2026-03-05", 0.25)
        pricelist = self.env["product.pricelist"].create(
            {"name": "Euro", "currency_id": self.eur.id, "company_id": self.company.id}
        )
        order = self.order(1000, pricelist_id=pricelist.id)
        self.down_payment(order, 30, "2026-03-01")
        self.bill(order, "2026-03-10")
        # 300 at 2, 1000 at 4, the down payment taken off at 4
        self.assertEqual(self.rows(), [("2026-03-01", "purchase", 3400)])
        there = self.order(70, company=self.other_company)
        self.bill(there)
        self.assertEqual(self.purchases(company=self.other_company).amount, 70)
        self.assertEqual(len(self.rows()), 1)
        self.assertFull()

    def test_seller_and_team_are_those_of_the_order(self):
        order = self.order(100, user_id=self.seller.id, team_id=self.team.id)
        move = self.bill(order)
        move.invoice_user_id = self.seller_2
        purchase = self.purchases()
        self.assertEqual((purchase.user_id, purchase.team_id), (self.seller, self.team))
        order.write({"user_id": self.seller_2.id, "team_id": self.team_2.id})
        purchase = self.purchases()
        self.assertEqual(purchase.user_id, self.seller_2)
        self.assertEqual(purchase.team_id, self.team_2)
        self.assertFull()

    def test_team_of_an_invoice_without_order(self):
        move = self.invoice(100, team_id=self.team.id)
        self.assertEqual(self.purchases().team_id, self.team)
        move.team_id = self.team_2
        self.assertEqual(self.purchases().team_id, self.team_2)
        self.assertFull()

    def test_a_link_that_comes_and_goes(self):
        order = self.order(100)
        move = self.invoice(60)
        line = move.invoice_line_ids
        self.refresh()
        for link in (
            lambda: line.write({"sale_line_ids": [Command.link(order.order_line.id)]}),
            lambda: line.write({"sale_line_ids": [Command.clear()]}),
            lambda: order.order_line.write({"invoice_lines": [Command.link(line.id)]}),
        ):
            link()
            model = "sale.order" if line.sale_line_ids else "account.move"
            self.assertEqual(self.purchases().res_model, model)
            self.assertFull()

    def test_a_deleted_order_leaves_its_invoice(self):
        order = self.order(100)
        self.bill(order)
        self.refresh()
        order._action_cancel()
        self.assertEqual(self.purchases().res_model, "sale.order")
        order.unlink()
        self.assertEqual(self.purchases().res_model, "account.move")
        self.assertFull()

    def test_merged_customers(self):
        double = self._customer("Double")
        self.bill(self.order(100))
        self.bill(self.order(50, partner=double))
        self.refresh()
        self.env["base.partner.merge.automatic.wizard"].create(
            {
                "state": "selection",
                "partner_ids": [Command.set((self.customer | double).ids)],
                "dst_partner_id": self.customer.id,
            }
        ).action_merge()
        self.assertEqual(self.purchases(self.customer).mapped("amount"), [50, 100])
        self.assertFull()

    def test_the_document_opens(self):
        order = self.order(100)
        self.bill(order)
        [purchase] = self.purchases()
        self.assertEqual(purchase.document_name, order.display_name)
        self.assertEqual(purchase.action_open_source()["res_id"], order.id)
        self.assertEqual(purchase.action_open_source()["res_model"], "sale.order")


@tagged("post_install", "-at_install")
class TestOrders(OrderCase):
    """Confirmed orders as purchases, where the company has chosen them."""

    def setUp(self):
        super().setUp()
        self.company.crm_metrics_purchase_source = "order"

    def test_the_life_of_an_order(self):
        order = self.order(100, 50, confirm=False)
        self.assertEqual(self.rows(), [])
        order.action_confirm()
        order.date_order = "2026-03-03 12:00:00"
        self.assertEqual(self.rows(), [("2026-03-03", "purchase", 150)])
        order.order_line[0].price_unit = 80
        self.assertEqual(self.rows(), [("2026-03-03", "purchase", 130)])
        self.bill(order)
        self.assertEqual(self.rows(), [("2026-03-03", "purchase", 130)])
        other = self._customer("Other")
        self.assertEqual(len(self.purchases(self.customer)), 1)
        order.partner_id = other
        self.assertEqual(len(self.purchases(self.customer)), 0)
        self.assertEqual(len(self.purchases(other)), 1)
        order.write({"user_id": self.seller.id, "team_id": self.team.id})
        self.assertEqual(self.purchases().user_id, self.seller)
        self.assertEqual(self.purchases().team_id, self.team)
        self.assertFull()
        order._action_cancel()
        self.assertEqual(self.rows(), [])
        self.assertFull()

    def test_amounts_below_and_of_nothing(self):
        for prices in ((-40,), (10, -10)):
            self.order(*prices).date_order = "2026-03-03"
        self.assertEqual(self.rows(), [("2026-03-03", "refund", -40)])

    def test_the_day_is_that_of_the_company(self):
        calendar = self.company.resource_calendar_id
        calendar.tz = "UTC"
        self.order(100).date_order = "2026-03-31 22:30:00"
        self.assertEqual(self.rows()[0][0], "2026-03-31")
        calendar.tz = "Asia/Tokyo"
        self.assertEqual(self.rows()[0][0], "2026-04-01")
        self.assertFull()

    def foreign_order(self, amount, moment):
        pricelist = self.env["product.pricelist"].create(
            {"name": "Euro", "currency_id": self.eur.id, "company_id": self.company.id}
        )
        order = self.order(amount, pricelist_id=pricelist.id)
        order.date_order = moment
        return order

    def test_a_foreign_order_at_the_rate_of_its_day(self):
        self.rate(self.eur, "2026-01-01", 0.3)
        self.rate(self.eur, "2026-02-02", 0.6)
        self.foreign_order(100, "2026-02-01")
        self.assertEqual(self.rows(), [("2026-02-01", "purchase", 333.33)])
        self.usd.rounding = 0.05
        self.assertEqual(self.rows(), [("2026-02-01", "purchase", 333.35)])
        self.assertFull()

    def test_a_foreign_order_without_a_rate_is_an_issue(self):
        """Neither a later rate stands in nor 1; entering one mends it."""
        self.rate(self.eur, "2026-02-02", 0.6)
        order = self.foreign_order(100, "2026-02-01 12:00:00")
        self.assertEqual(self.codes(), ["missing_rate"])
        self.assertEqual(self.issues().res_id, order.id)
        self.assertEqual(self.rows(), [])
        self.assertFull()
        # of whom it is none either
        rate = self.rate(self.eur, "2026-01-15", 0.5, self.other_company)
        self.assertEqual(self.codes(), ["missing_rate"])
        rate.company_id = self.company
        self.assertEqual(self.codes(), [])
        self.assertEqual(self.rows(), [("2026-02-01", "purchase", 200)])
        rate.rate = 0.25
        self.assertEqual(self.rows(), [("2026-02-01", "purchase", 400)])
        self.rate(self.usd, "2026-01-20", 2)
        self.assertEqual(self.rows(), [("2026-02-01", "purchase", 800)])
        self.assertFull()
        rate.unlink()
        self.assertEqual(self.codes(), ["missing_rate"])
        self.assertFull()

    def test_the_rate_of_the_day_in_the_company(self):
        self.rate(self.eur, "2026-01-01", 0.5)
        self.rate(self.eur, "2026-02-01", 0.25)
        calendar = self.company.resource_calendar_id
        calendar.tz = "UTC"
        self.foreign_order(100, "2026-01-31 23:30:00")
        self.assertEqual(self.rows(), [("2026-01-31", "purchase", 200)])
        calendar.tz = "Asia/Tokyo"
        self.assertEqual(self.rows(), [("2026-02-01", "purchase", 400)])
        self.assertFull()

    def test_a_rate_wakes_only_orders_from_its_day_on(self):
        self.rate(self.eur, "2026-01-01", 0.5)
        self.foreign_order(100, "2026-02-01")
        self.refresh()
        self.rate(self.eur, "2026-02-02", 0.6)
        self.assertNotIn(PURCHASE, self.env["crm.metrics.queue"]._waiting())

    def test_a_win_without_a_company_is_listed_where_wins_count(self):
        """In whichever company they do, and only while they do in one."""
        companies = self.env["res.company"].with_context(active_test=False).search([])
        companies.crm_metrics_purchase_source = "invoice"
        lead = self.deal(500)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_lead SET company_id = NULL WHERE id = %s", [lead.id]
        )
        self.env.invalidate_all()
        self.assertEqual(self.codes(), [])
        self.assertFull()
        for source, codes in (("won", ["no_company"]), ("order", []), (False, [])):
            self.other_company.crm_metrics_purchase_source = source
            self.assertEqual(self.codes(), codes)
            self.assertFull()
        company = self.env["res.company"].create(
            {"name": "Third", "crm_metrics_purchase_source": "won"}
        )
        self.assertEqual(self.codes(), ["no_company"])
        self.assertFull()
        company.unlink()
        self.assertEqual(self.codes(), [])
        self.assertFull()

    def test_neither_invoices_nor_deals_count(self):
        self.invoice(100)
        self.deal(100)
        self.assertEqual(self.rows(), [])
        self.enter(7)
        self.assertEqual(self.rows(), [("2026-03-01", "purchase", 7)])
        self.assertFull()

    def test_nobody_is_woken_by_what_does_not_count(self):
        self.company.crm_metrics_purchase_source = "invoice"
        self.refresh()
        order = self.order(100)
        order.order_line.price_unit = 90
        order._action_cancel()
        self.env.flush_all()
        self.assertNotIn(PURCHASE, self.env["crm.metrics.queue"]._waiting())

    def test_a_confirmed_order_cannot_be_deleted_but_a_cancelled_one(self):
        order = self.order(100)
        self.assertEqual(len(self.rows()), 1)
        with self.assertRaises(UserError):
            order.unlink()
        order._action_cancel()
        order.unlink()
        self.assertEqual(self.rows(), [])
        self.assertFull()

    def test_changing_the_setting_rebuilds(self):
        order = self.order(100)
        order.date_order = "2026-02-01 12:00:00"
        self.bill(order, "2026-03-01")
        self.deal(500, "2026-04-01 12:00:00")
        for source, row in (
            ("order", ("2026-02-01", "purchase", 100)),
            ("invoice", ("2026-03-01", "purchase", 100)),
            ("won", ("2026-04-01", "purchase", 500)),
            (False, ("2026-03-01", "purchase", 100)),
        ):
            self.company.crm_metrics_purchase_source = source
            self.assertEqual(self.rows(), [row])
            self.assertFull()
