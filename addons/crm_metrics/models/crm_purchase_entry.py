from odoo import api, fields, models
from odoo.tools import SQL

from .date_range import in_range


class CrmPurchaseEntry(models.Model):
    """A purchase that was made outside of Odoo: in a shop, a till, another system."""

    _name = "crm.purchase.entry"
    _inherit = ["crm.metrics.source"]
    _description = "Imported Purchase"
    _order = "date desc, id desc"
    _check_company_auto = True

    name = fields.Char(
        string="Reference",
        required=True,
        copy=False,
        help="What its own system calls the purchase, such as the number of the "
        "receipt. An import that brings a reference again updates the purchase.",
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        ondelete="cascade",
        index=True,
        default=lambda self: self.env.company,
    )
    company_currency_id = fields.Many2one(
        "res.currency", related="company_id.currency_id", string="Currency"
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        ondelete="set null",
        index="btree_not_null",
        check_company=True,
        help="Empty: an anonymous purchase.",
    )
    date = fields.Date(required=True, default=fields.Date.context_today)
    amount = fields.Monetary(
        currency_field="company_currency_id",
        required=True,
        help="Untaxed, in the currency of the company. A refund is negative.",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Salesperson",
        ondelete="set null",
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
        check_company=True,
    )
    team_id = fields.Many2one(
        "crm.team",
        string="Sales Team",
        ondelete="set null",
        compute="_compute_team_id",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
    )

    _name_uniq = models.Constraint(
        "UNIQUE (company_id, name)",
        "Reference: the company has a purchase with this reference already. Change "
        "that one, or give this one another reference.",
    )
    _date_in_range = models.Constraint(
        in_range("date"),
        "Date: it lies between 1900 and 9998.",
    )
    _amount_not_zero = models.Constraint(
        "CHECK (amount <> 0)",
        "Amount: enter what was paid; a refund is negative. A purchase of 0 does not "
        "count.",
    )

    @api.depends("user_id")
    def _compute_team_id(self):
        for user, entries in self.grouped("user_id").items():
            if not user:
                continue
            team = self.env["crm.team"]._get_default_team_id(
                user_id=user.id, domain=[("use_opportunities", "=", True)]
            )
            for entry in entries:
                if user not in (entry.team_id.member_ids | entry.team_id.user_id):
                    entry.team_id = team

    # ------------------------------------------------------------------
    # purchase source
    # ------------------------------------------------------------------

    @api.model
    def _purchase_rows(self, condition):
        """Return the purchases of this source, as one SELECT.

        :param SQL condition: restricts the rows; may use `p` (contact, joined so
            that rows without one stay) and `c` (company, likewise)
        :return: SQL with the columns

            - `partner_id`: the commercial partner; None: anonymous
            - `company_id`; None: left out and listed
            - `res_model`, `res_id`: the document
            - `date`: day of the company; None: left out and listed
            - `amount`: untaxed, in company currency, of refunds negative; 0: does not
              count; None: there is no rate, left out and listed
            - `user_id`, `team_id`: of the document, as it is now
        """
        return SQL(
            """
            SELECT p.commercial_partner_id AS partner_id, e.company_id,
                   %s AS res_model, e.id AS res_id, e.date, e.amount,
                   e.user_id, e.team_id
              FROM crm_purchase_entry e
              JOIN res_company c ON c.id = e.company_id
              LEFT JOIN res_partner p ON p.id = e.partner_id
             WHERE %s
            """,
            self._name,
            condition,
        )

    def _metrics_watched(self):
        return frozenset(
            {"partner_id", "company_id", "date", "amount", "user_id", "team_id"}
        )

    def _metrics_keys(self):
        return {
            "crm.purchase": SQL(
                """SELECT COALESCE(p.commercial_partner_id, 0)
                     FROM crm_purchase_entry e
                     LEFT JOIN res_partner p ON p.id = e.partner_id
                    WHERE e.id = ANY(%s)""",
                self.ids,
            )
        }
