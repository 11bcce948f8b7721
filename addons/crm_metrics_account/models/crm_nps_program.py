from datetime import timedelta

from odoo import fields, models
from odoo.tools import SQL

from .crm_nps_invitation import PAID


class CrmNpsProgram(models.Model):
    """Asks who has paid an invoice."""

    _inherit = "crm.nps.program"

    trigger = fields.Selection(
        selection_add=[("invoice", "Invoice Paid"), ("wave",)],
        ondelete={"invoice": "set default"},
    )

    def _candidates_invoice(self):
        """Invoices that were paid in full so many days ago, since the program runs.

        Paid is an invoice when the last payment was matched with it, whatever day
        that payment bears. One that a credit note settled alone was not paid.
        """
        return self._candidates_of(
            SQL(
                """
                SELECT p.id AS partner_id,
                       COALESCE(p.email_normalized, p.email) AS email, p.lang,
                       %(model)s AS res_model, paid.id AS res_id,
                       NULL::int AS lead_id, %(model)s || ',' || paid.id AS wave,
                       TRUE AS customer, paid.at + %(days)s AS at
                  FROM (SELECT m.id, m.partner_id, max(part.create_date) AS at
                          FROM account_move m
                          JOIN account_move_line l ON l.move_id = m.id
                          JOIN account_partial_reconcile part
                            ON part.debit_move_id = l.id
                         WHERE m.move_type IN ('out_invoice', 'out_receipt')
                           AND m.company_id = %(company)s AND %(is_paid)s
                           AND part.create_date >= %(started_at)s
                         GROUP BY m.id) AS paid
                  JOIN res_partner p ON p.id = paid.partner_id
                 WHERE paid.at + %(days)s <= %(now)s
                """,
                model="account.move",
                days=timedelta(self.trigger_days),
                company=self.company_id.id,
                is_paid=PAID,
                started_at=self.started_at,
                now=fields.Datetime.now(),
            )
        )
