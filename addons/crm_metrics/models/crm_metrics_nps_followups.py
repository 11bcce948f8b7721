from collections import Counter
from statistics import median

from odoo import fields, models
from odoo.tools import SQL

from .crm_metrics_nps_votes import ANSWER

IS_DETRACTOR = SQL("score <= 6")
#: a follow-up was planned for the answer; imported and anonymous ones have none
IS_DUE = SQL("followup_due_at IS NOT NULL")
IS_CONTACTED = SQL("first_contact_at IS NOT NULL")
IS_IN_TIME = SQL("COALESCE(first_contact_at <= followup_due_at, FALSE)")


class CrmMetrics(models.AbstractModel):
    """Counts what became of the detractors, as it is now."""

    _inherit = "crm.metrics"

    def _nps_is_overdue(self):
        return SQL(
            "(first_contact_at IS NULL AND COALESCE(followup_due_at < %s, FALSE))",
            fields.Datetime.now(),
        )

    def _nps_followup_part(self):
        """Return the SQL of the detractors of the range, see :meth:`_nps_read`."""
        return SQL(
            """SELECT NULL::int, NULL::int, count(*), jsonb_build_object(
                          'due', due, 'contacted', contacted, 'in_time', in_time,
                          'overdue', overdue, 'outcome', outcome,
                          'hours', jsonb_agg(contact_hours))
                 FROM (SELECT %s AS due, %s AS contacted, %s AS in_time,
                              %s AS overdue, outcome, contact_hours
                         FROM vote WHERE is_now AND %s) AS detractor
                GROUP BY due, contacted, in_time, overdue, outcome""",
            IS_DUE,
            IS_CONTACTED,
            IS_IN_TIME,
            self._nps_is_overdue(),
            IS_DETRACTOR,
        )

    def _nps_followup(self, found):
        """Return how detractors were followed up.

        :param dict found: what :meth:`_nps_read` returns
        """
        names = dict(
            self.env[ANSWER]._fields["outcome"]._description_selection(self.env)
        )
        sums = dict.fromkeys(
            ("detractors", "due", "contacted", "in_time", "overdue"), 0
        )
        hours, outcomes = [], Counter()
        for _slice, _score, count, detail in found["followup"]:
            sums["detractors"] += count
            for name in ("due", "contacted", "in_time", "overdue"):
                sums[name] += count if detail[name] else 0
            outcomes[detail["outcome"]] += count
            hours += detail["hours"] if detail["contacted"] else []
        return {
            **sums,
            "median_hours": median(hours) if hours else None,
            "outcomes": [
                {"outcome": outcome, "name": name, "count": outcomes[outcome]}
                for outcome, name in names.items()
                if outcomes[outcome]
            ],
        }
