from datetime import timedelta

import pytz

from odoo import fields, models
from odoo.tools import split_every

from .crm_nps_judge import Judge

#: so many rows are looked at and created at once
BATCH = 1000
#: whose company is closed for longer has no working hours to wait for
HORIZON_DAYS = 60


class CrmNpsProgram(models.Model):
    """From candidates to invitations: everybody becomes a row, with the reason."""

    _inherit = "crm.nps.program"

    def _consider(self, candidates, sample=True):
        """Make an invitation of each candidate: planned, or skipped with the reason.

        :param candidates: dicts with `wave`, and where known `partner_id`, `email`
            (else the contact's), `lang`, `res_model`, `res_id`, `lead_id`, `at` (when
            it happened), and `customer`: whether the event itself proves that they
            bought something
        :param bool sample: whether only the program's sample is asked
        :return: invitations, as sudo, one for each candidate in their order; none for
            whom data was erased, if that is written down already
        """
        self.ensure_one()
        program = self.sudo()
        invitations = program.env["crm.nps.invitation"]
        ids = []
        for batch in split_every(BATCH, candidates):
            considered = Judge(program, batch, sample).judge()
            considered = invitations._mark_erased(program, considered)
            values = list(program._invitation_values(considered))
            created = invitations.create(values)
            created._anonymise_marked(considered)
            ids += created.ids
            program._wake_sending(considered)
        return invitations.browse(ids)

    def _invitation_values(self, considered):
        now = fields.Datetime.now()
        languages = {code for code, _name in self.env["res.lang"].get_installed()}
        for one in considered:
            # what was erased does not come back
            is_erased = one.skip_reason == "erased"
            candidate = {} if is_erased else one.candidate
            known = (candidate.get("lang"), self.company_id.partner_id.lang)
            yield {
                "program_id": self.id,
                "company_id": self.company_id.id,
                "wave": one.candidate["wave"],
                "partner_id": not is_erased and one.partner_id,
                "account_id": not is_erased and one.account_id,
                "email": not is_erased and one.email or False,
                "person": one.person or False,
                "lang": next((lang for lang in known if lang in languages), False),
                "res_model": candidate.get("res_model"),
                "res_id": candidate.get("res_id"),
                "lead_id": candidate.get("lead_id"),
                "state": "skipped" if one.skip_reason else "planned",
                "skip_reason": one.skip_reason,
                "date": now,
                "planned_at": not one.skip_reason and one.planned_at,
            }

    def _wake_sending(self, considered):
        """Let mails go out as soon as the first of those who are asked may be."""
        moments = [one.planned_at for one in considered if not one.skip_reason]
        cron = self.env.ref("crm_metrics.ir_cron_nps_send", raise_if_not_found=False)
        if cron and moments:
            cron.sudo()._trigger(min(moments))

    def _next_moment(self, zone, moment):
        """Return the first moment from another one on at which mails may go out.

        :param str zone: time zone of whom they go to
        :param datetime moment: naive UTC
        :return: naive UTC; the moment itself if the program does not keep to working
            hours, or if the company has none
        """
        self.ensure_one()
        calendar = self.company_id.sudo().resource_calendar_id
        if not self.working_hours or not calendar:
            return moment
        start = pytz.utc.localize(moment)
        end = start + timedelta(HORIZON_DAYS)
        work = calendar._work_intervals_batch(start, end, tz=pytz.timezone(zone))
        for begin, _end, _attendance in work[False]:
            return begin.astimezone(pytz.utc).replace(tzinfo=None)
        return moment
