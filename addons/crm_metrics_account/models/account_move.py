from odoo import api, models
from odoo.tools import SQL

#: documents that say what customers bought
TYPES = ("out_invoice", "out_receipt", "out_refund")


class AccountMove(models.Model):
    """Posted customer invoices and credit notes as purchases and refunds."""

    _name = "account.move"
    _inherit = ["account.move", "crm.metrics.source"]

    # Odoo has none by customer: a refresh would read all entries
    _crm_metrics_customer_idx = models.Index(
        "(commercial_partner_id) WHERE state = 'posted'"
        " AND move_type IN ('out_invoice', 'out_receipt', 'out_refund')"
    )

    @api.model
    def _purchase_rows(self, condition):
        """Return posted customer invoices as purchases, see `crm.purchase.entry`."""
        return SQL(
            """
            SELECT p.commercial_partner_id AS partner_id, m.company_id,
                   %(model)s AS res_model, m.id AS res_id, m.invoice_date AS date,
                   sum(-l.balance) AS amount, m.invoice_user_id AS user_id,
                   NULL::int AS team_id
              FROM %(lines)s
             WHERE %(condition)s
             GROUP BY m.id, p.commercial_partner_id
            """,
            model=self._name,
            lines=self._purchase_lines(),
            condition=condition,
        )

    def _purchase_lines(self):
        """Return the SQL of what was sold by posted invoices, for a FROM.

        Product lines `l` of invoices and credit notes `m`, their customer `p`, their
        company `c`.
        """
        return SQL(
            """account_move m
               JOIN res_company c ON c.id = m.company_id
               JOIN account_move_line l
                 ON l.move_id = m.id AND l.display_type = 'product'
                AND %s
               -- the customer of that time: a contact that has left for another
               -- company takes no invoices along
               LEFT JOIN res_partner p ON p.id = m.commercial_partner_id
            """,
            self._purchase_posted(),
        )

    def _purchase_posted(self):
        """Return the SQL condition that an entry says what a customer bought."""
        # spelled out, as the index has it
        return SQL(
            "m.state = 'posted' AND m.move_type IN (%s)",
            SQL(", ").join(SQL("%s", move_type) for move_type in TYPES),
        )

    @api.model
    def _purchase_keys(self, condition):
        """Return the customers of posted invoices, as one SELECT.

        :param SQL condition: restricts the invoices; may use `m`
        """
        return SQL(
            """SELECT COALESCE(p.commercial_partner_id, 0)
                 FROM account_move m
                 JOIN res_company c ON c.id = m.company_id
                 LEFT JOIN res_partner p ON p.id = m.commercial_partner_id
                WHERE %s AND %s AND %s""",
            self._purchase_posted(),
            self.env["crm.purchase"]._counts_sql("invoice"),
            condition,
        )

    def _metrics_watched(self):
        return frozenset(
            {
                "commercial_partner_id",
                "company_id",
                "invoice_date",
                "invoice_user_id",
                "move_type",
                "state",
            }
        )

    def _metrics_keys(self):
        condition = SQL("m.id = ANY(%s)", self.ids)
        return {"crm.purchase": self._purchase_keys(condition)}
