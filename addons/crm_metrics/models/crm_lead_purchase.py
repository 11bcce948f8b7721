from odoo import api, models
from odoo.tools import SQL


class CrmLead(models.Model):
    """A won opportunity as a purchase, where the company's setting says so."""

    _name = "crm.lead"
    _inherit = ["crm.lead", "crm.metrics.source"]

    @api.model
    def _purchase_rows(self, condition):
        """Return won opportunities as purchases, see `crm.purchase.entry`."""
        return SQL(
            """
            SELECT p.commercial_partner_id AS partner_id, c.id AS company_id,
                   %(model)s AS res_model, l.id AS res_id, %(day)s AS date,
                   COALESCE(l.expected_revenue, 0) AS amount, l.user_id, l.team_id
              FROM %(tables)s
              LEFT JOIN res_partner p ON p.id = l.partner_id
             WHERE %(won)s AND %(condition)s
            """,
            model=self._name,
            day=self.env["res.company"]._metrics_day_sql(SQL("l.date_closed")),
            tables=self._purchase_tables(),
            won=self._purchase_won(),
            condition=condition,
        )

    def _purchase_tables(self):
        """Return the SQL of leads `l` and the companies `c` that they belong to."""
        return SQL(
            """crm_lead l
               LEFT JOIN crm_team team ON team.id = l.team_id
               LEFT JOIN res_users seller ON seller.id = l.user_id
               LEFT JOIN res_company c
                 ON c.id = COALESCE(l.company_id, team.company_id, seller.company_id)
            """
        )

    def _purchase_won(self):
        """Return the SQL condition that a lead is a purchase."""
        # an archived one is won all the same
        return SQL("l.won_status = 'won' AND l.type = 'opportunity'")

    @api.model
    def _purchase_keys(self, condition):
        """Return the customers of won opportunities, as one SELECT.

        :param SQL condition: restricts the leads; may use `l`
        """
        return SQL(
            """SELECT COALESCE(p.commercial_partner_id, 0)
                 FROM %s
                 LEFT JOIN res_partner p ON p.id = l.partner_id
                WHERE %s AND %s AND %s""",
            self._purchase_tables(),
            self._purchase_won(),
            self.env["crm.purchase"]._counts_sql("won"),
            condition,
        )

    def _metrics_watched(self):
        return frozenset(
            {
                "company_id",
                "date_closed",
                "expected_revenue",
                "partner_id",
                "team_id",
                "type",
                "user_id",
                "won_status",
            }
        )

    def _metrics_keys(self):
        condition = SQL("l.id = ANY(%s)", self.ids)
        return {"crm.purchase": self._purchase_keys(condition)}
