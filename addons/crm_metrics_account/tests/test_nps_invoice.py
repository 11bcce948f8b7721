from datetime import timedelta

from freezegun import freeze_time

from odoo import Command, fields
from odoo.tests import Form

from .invoice_case import InvoiceCase

SECOND = timedelta(seconds=1)


class TestInvoicePaid(InvoiceCase):
    """An NPS program that asks after an invoice was paid."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # programs are kept by sales administrators, prepared by the scheduler
        cls.template = cls.env["mail.template"].create(
            {
                "name": "Question",
                "model_id": cls.env["ir.model"]._get_id("crm.nps.invitation"),
            }
        )
        cls.receivable = cls.env["account.account"].search(
            [("company_ids", "in", cls.company.ids), ("code", "=", "110000")]
        )
        cls.bank = cls.env["account.account"].create(
            {
                "name": "Bank",
                "code": "101000",
                "account_type": "asset_cash",
                "company_ids": cls.company.ids,
            }
        )
        cls.cash = cls.env["account.journal"].create(
            {
                "name": "Money",
                "code": "MON",
                "type": "general",
                "company_id": cls.company.id,
            }
        )
        cls.asking = cls.env["crm.nps.program"].create(
            {
                "name": "After a payment",
                "company_id": cls.company.id,
                "user_id": cls.manager.id,
                "mail_template_id": cls.template.id,
                "reminder_template_id": cls.template.id,
                "trigger": "invoice",
                "trigger_days": 2,
            }
        )
        cls.asking.write({"state": "running", "started_at": "2026-06-01 00:00:00"})
        cls.customer.email = "anna@example.com"

    def pay(self, move, when, amount=None):
        """Receive money for an invoice at a moment, whatever day the receipt bears."""
        lines = move.line_ids.filtered(lambda line: line.account_id == self.receivable)
        sign = 1 if move.move_type == "out_invoice" else -1
        amount = sign * (amount or move.amount_residual)
        entry = self.env["account.move"].create(
            {
                "journal_id": self.cash.id,
                "date": "2026-01-01",
                "line_ids": [
                    Command.create({"account_id": self.bank.id, "balance": amount}),
                    Command.create(
                        {
                            "account_id": self.receivable.id,
                            "balance": -amount,
                            "partner_id": move.partner_id.id,
                        }
                    ),
                ],
            }
        )
        entry.action_post()
        known = self.env["account.partial.reconcile"].search([])
        (lines | entry.line_ids[1]).reconcile()
        self.env.flush_all()
        new = self.env["account.partial.reconcile"].search([]) - known
        self.assertTrue(new)
        self.cr.execute(
            "UPDATE account_partial_reconcile SET create_date = %s WHERE id = ANY(%s)",
            [when, new.ids],
        )

    def asked(self):
        """Prepare, and return the invoices that somebody was considered for."""
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("crm_metrics.ir_cron_nps_prepare").method_direct_trigger()
        self.env.invalidate_all()
        return self.env["account.move"].browse(self.invitations().mapped("res_id"))

    def invitations(self):
        return self.env["crm.nps.invitation"].search(
            [("program_id", "=", self.asking.id)], order="id"
        )

    def test_so_many_days_after_the_last_payment(self):
        move = self.invoice(100)
        self.pay(move, "2026-06-05 12:00:00", amount=40)
        with freeze_time("2026-06-30 12:00:00"):
            self.assertFalse(self.asked())
        self.pay(move, "2026-06-10 12:00:00")
        with freeze_time("2026-06-12 11:59:59"):
            self.assertFalse(self.asked())
        with freeze_time("2026-06-12 12:00:00"):
            self.assertEqual(self.asked(), move)
            # once
            self.assertEqual(self.asked(), move)
        self.assertRecordValues(
            self.invitations(),
            [
                {
                    "partner_id": self.customer.id,
                    "email": "anna@example.com",
                    "wave": f"account.move,{move.id}",
                    "res_model": "account.move",
                    "state": "planned",
                    "skip_reason": False,
                }
            ],
        )

    def test_not_what_was_paid_before_the_start(self):
        start = fields.Datetime.to_datetime("2026-06-01 00:00:00")
        early, due = self.invoice(100), self.invoice(100)
        self.pay(early, start - SECOND)
        self.pay(due, start)
        self.assertEqual(self.asked(), due)

    def test_not_what_nobody_paid(self):
        """Posted, settled by a credit note, paid back to a customer."""
        self.invoice(100)
        move = self.invoice(100)
        move._reverse_moves(cancel=True)
        refund = self.invoice(100, move_type="out_refund")
        self.pay(refund, "2026-06-05 12:00:00")
        self.env.flush_all()
        self.assertEqual(move.payment_state, "reversed")
        self.assertFalse(self.asked())

    def test_other_companies(self):
        boss = self._user("metrics_boss", "group_sale_manager", self.other_company)
        self.asking.write({"company_id": self.other_company.id, "user_id": boss.id})
        self.pay(self.invoice(100), "2026-06-05 12:00:00")
        self.assertFalse(self.asked())

    def test_what_is_paid_no_longer(self):
        """Between preparing and sending the payment was taken back, or it bounced."""
        open_again, refunded, paid = [self.invoice(100) for _number in range(3)]
        for move in (open_again, refunded, paid):
            self.pay(move, "2026-06-05 12:00:00")
        self.asked()
        invitations = self.invitations()
        self.assertEqual(len(invitations), 3)
        # one of them is asked for three invoices
        due = {"state": "planned", "skip_reason": False, "planned_at": "2026-06-15"}
        invitations.write(due)
        open_again.line_ids.remove_move_reconcile()
        refunded.button_draft()
        self.env.flush_all()
        obstacles = [
            invitation._take(reminder=False)["obstacle"]
            for invitation in invitations.sudo()
        ]
        self.assertEqual(obstacles, ["no_longer", "no_longer", None])

    def test_it_can_be_chosen(self):
        with Form(self.env["crm.nps.program"]) as form:
            form.name = "Another"
            form.trigger = "invoice"
            form.trigger_days = 3

    def test_without_invoices_it_asks_by_hand(self):
        """As it is when the addon is uninstalled."""
        selection = self.env["ir.model.fields.selection"].search(
            [
                ("field_id.model", "=", "crm.nps.program"),
                ("field_id.name", "=", "trigger"),
                ("value", "=", "invoice"),
            ]
        )
        selection._process_ondelete()
        self.assertEqual(self.asking.trigger, "manual")
