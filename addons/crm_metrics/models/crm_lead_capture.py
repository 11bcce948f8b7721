from odoo import api, models

from .crm_metrics_source import written

#: stored fields of a lead that its log follows
FOLLOWED = {
    "active",
    # a probability that a person set differs from it
    "automated_probability",
    "company_id",
    "date_deadline",
    "expected_revenue",
    "lost_reason_id",
    "partner_id",
    "probability",
    "recurring_revenue",
    "stage_id",
    "team_id",
    "type",
    "user_id",
    "won_status",
}


class CrmLead(models.Model):
    """Tells the log about every change of a lead.

    Below `write`: whatever changes a lead through the ORM, its own stored
    computations included, with tracking or without, passes `_write_multi`.
    """

    _inherit = "crm.lead"

    @api.model_create_multi
    def create(self, vals_list):
        leads = super().create(vals_list)
        self.env["crm.lead.event"]._note(leads.ids)
        return leads

    def _write_multi(self, vals_list):
        res = super()._write_multi(vals_list)
        if changed := written(self, vals_list, FOLLOWED):
            self.env["crm.lead.event"]._note(changed)
        return res

    def unlink(self):
        if self.ids:
            Event = self.env["crm.lead.event"]
            # not at the end of the transaction: by then there is nothing to read;
            # looked at again then, should the deletion not come off
            Event._capture_removal(self.ids, "deleted")
            Event._note(self.ids)
        return super().unlink()

    def _merge_dependences_history(self, opportunities):
        # The messages leave for another lead, and so may the leads themselves, now
        # or in a later transaction of the automatic assignment.
        self.env["crm.lead.event"]._capture_removal(opportunities.ids, "merged")
        return super()._merge_dependences_history(opportunities)
