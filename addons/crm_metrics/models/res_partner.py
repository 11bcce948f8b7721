from odoo import api, fields, models
from odoo.tools import SQL

from .crm_metrics_source import written


class ResPartner(models.Model):
    _inherit = "res.partner"

    crm_mrr = fields.Monetary(
        string="MRR",
        currency_field="crm_mrr_currency_id",
        compute="_compute_crm_mrr",
        groups="sales_team.group_sale_salesman",
        help="Monthly recurring revenue today of the whole customer in the current "
        "company.",
    )
    crm_mrr_currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_crm_mrr",
        groups="sales_team.group_sale_salesman",
    )
    crm_subscription_count = fields.Integer(
        string="Subscription Count",
        compute="_compute_crm_subscription_count",
        groups="sales_team.group_sale_salesman",
    )

    @api.depends("commercial_partner_id")
    @api.depends_context("company", "allowed_company_ids", "uid")
    def _compute_crm_mrr(self):
        rates = self.env["crm.metrics"]._customers_mrr(self.commercial_partner_id)
        self.crm_mrr_currency_id = self.env.company.currency_id
        for partner in self:
            partner.crm_mrr = rates.get(partner.commercial_partner_id._origin, 0)

    @api.depends("commercial_partner_id")
    @api.depends_context("allowed_company_ids", "uid")
    def _compute_crm_subscription_count(self):
        counts = self._crm_subscription_counts()
        for partner in self:
            partner.crm_subscription_count = counts.get(
                partner.commercial_partner_id, 0
            )

    def _crm_subscription_counts(self):
        """Return the number of subscriptions of each customer among these contacts."""
        customers = self.commercial_partner_id._origin
        counts = dict.fromkeys(customers, 0)
        for contact, count in self.env["crm.subscription"]._read_group(
            [("partner_id.commercial_partner_id", "in", customers.ids)],
            ["partner_id"],
            ["__count"],
        ):
            counts[contact.commercial_partner_id] += count
        return counts

    def action_view_crm_subscriptions(self):
        """Open the subscriptions of the customer."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_metrics.crm_subscription_action"
        )
        action["domain"] = [
            ("partner_id.commercial_partner_id", "=", self.commercial_partner_id.id)
        ]
        action["context"] = {"default_partner_id": self.id}
        return action

    def _write_multi(self, vals_list):
        moved = self._moved_customers(vals_list)
        res = super()._write_multi(vals_list)
        if moved:
            self.env["crm.metrics.queue"]._push_customers(moved)
            contacts = written(self, vals_list, {"commercial_partner_id"})
            self.env["crm.lead.event"]._note_those_of("partner_id", contacts)
        return res

    def unlink(self):
        # the database clears the reference: no hook of the lead sees it
        self.env["crm.lead.event"]._note_those_of("partner_id", self.ids)
        # what they bought is somebody else's from now on: nobody's, where they were
        # the customer themselves
        self.env.flush_all()
        self._queue_purchases()
        return super().unlink()

    def _queue_purchases(self):
        """Queue the customers of contacts that go; the anonymous where they bought."""
        self.env["crm.metrics.queue"]._push(
            "crm.purchase",
            SQL(
                """
                WITH customer AS (
                    SELECT key FROM res_partner p, LATERAL (
                           VALUES (p.id), (p.commercial_partner_id)) AS keys (key)
                     WHERE p.id = ANY(%s)
                )
                SELECT key FROM customer
                 UNION
                SELECT 0 FROM customer
                 WHERE EXISTS (SELECT FROM crm_purchase f WHERE f.partner_key = key)
                    OR EXISTS (SELECT FROM crm_metrics_queue q
                                WHERE q.fact = 'crm.purchase' AND q.key = customer.key)
                """,
                self.ids,
            ),
        )

    def _moved_customers(self, vals_list):
        """Return the ids of the customers between which contacts are to move."""
        coming = {
            partner.id: vals["commercial_partner_id"]
            for partner, vals in zip(self, vals_list, strict=True)
            if "commercial_partner_id" in vals
        }
        if not coming:
            return set()
        # straight from the table: the cache has the new value already
        self.env.cr.execute(
            "SELECT id, commercial_partner_id FROM res_partner WHERE id = ANY(%s)",
            [list(coming)],
        )
        # A new contact has none until this flush: a document of the same
        # transaction may have found no customer to queue.
        return {
            customer
            for id_, old in self.env.cr.fetchall()
            if old != coming[id_]
            for customer in (old, coming[id_])
            if customer
        }
