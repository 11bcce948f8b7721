from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL, split_every

STUCK = "crm_metrics.mail_activity_type_stuck"


class CrmLead(models.Model):
    """Somebody looks after a deal that is stuck.

    The salesperson gets an activity, once per stay of the deal in a stage; of a deal
    without one, or whose salesperson has left, the leader of its team.
    """

    _inherit = "crm.lead"

    crm_stuck_planned_for = fields.Datetime(
        copy=False,
        readonly=True,
        help="When the stay began for which an activity was planned: once for each.",
    )

    def _crm_stuck_due(self, company):
        """Return the domain of stuck deals that nobody was told of yet."""

        def and_visit(model, alias, query):
            # fields keep no fractions of a second
            return SQL(
                "%s IS DISTINCT FROM date_trunc('second', v.entered)",
                model._field_to_sql(alias, "crm_stuck_planned_for", query),
            )

        has_activity = Domain(
            "activity_ids", "any", [("activity_type_id", "=", self.env.ref(STUCK).id)]
        )
        return self._crm_stuck_domain(company, and_visit) & ~has_activity

    def _cron_plan_stuck(self, batch_size=100):
        """Plan an activity for each deal that is stuck, once for each stay."""
        if not self.env.ref(STUCK, raise_if_not_found=False):
            # an administrator deleted the type, and with it the wish
            return
        for company in self.env["res.company"].search(
            [("crm_metrics_stuck_activity", "=", True)]
        ):
            leads = self.with_company(company)
            due = leads.search(leads._crm_stuck_due(company))
            for ids in split_every(batch_size, due.ids):
                # who works on a deal just now is not to be disturbed
                batch = leads.browse(ids).try_lock_for_update(allow_referencing=True)
                batch._plan_stuck()
                # what is planned stays planned if a later one fails
                if not self.env["ir.cron"]._commit_progress(len(ids)):
                    return

    def _plan_stuck(self):
        """Plan the activity of each deal for which somebody is there."""
        entries = self._crm_stage_entries()
        # a deal may have gone on since its visits were brought up to date
        stuck = self.filtered(lambda lead: lead in entries and lead.crm_stage_stuck)
        for user, leads in stuck.grouped(lambda lead: lead._crm_stuck_user()).items():
            if not user:
                continue
            # Odoo would refuse an activity on what its user may not read
            theirs = leads.with_user(user).with_context(
                allowed_company_ids=user.company_ids.ids
            )
            for lead in leads & leads.browse(theirs._filtered_access("read").ids):
                lead._plan_stuck_activity(user)
                lead.crm_stuck_planned_for = entries[lead].replace(microsecond=0)

    def _crm_stuck_user(self):
        """Return who is to look after a stuck deal: nobody, if there is nobody."""
        company = self._crm_stage_company()
        for user in (self.user_id, self.team_id.user_id):
            if user.active and company in user.company_ids:
                return user
        return self.env["res.users"]

    def _plan_stuck_activity(self, user):
        lead = self.with_context(lang=user.lang, mail_activity_quick_update=True)
        lead.activity_schedule(
            STUCK,
            date_deadline=self.env.company._metrics_today(),
            user_id=user.id,
            summary=lead.env._(
                "Stuck in %(stage)s for %(days)s",
                stage=lead.stage_id.name,
                days=lead._crm_stage_spell(lead.crm_stage_days),
            ),
            note=lead.env._(
                "%(sentence)s Move it on, or mark it as lost and say why.",
                sentence=lead._crm_stage_sentence(),
            ),
        )
