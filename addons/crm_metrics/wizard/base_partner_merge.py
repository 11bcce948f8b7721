from odoo import models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _update_foreign_keys(self, src_partners, dst_partner):
        # Foreign keys move by raw SQL, which no hook of the ORM sees. Those of all
        # facts move at once: a derived one is out of date even if those that it is
        # derived from are not.
        partners = src_partners | dst_partner
        customers = partners | partners.commercial_partner_id
        self.env["crm.lead.event"]._note_those_of("partner_id", partners.ids)
        self.env["crm.customer.score"]._keep_one_of(dst_partner | src_partners)
        self.env["crm.nps.invitation"]._merge_contacts(src_partners, dst_partner)
        res = super()._update_foreign_keys(src_partners, dst_partner)
        self.env["crm.metrics.queue"]._push_customers(customers.ids, derived=True)
        self.env["crm.nps.invitation"]._follow_contact(dst_partner)
        return res
