from collections import Counter, defaultdict

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

INVITATION = "crm.nps.invitation"

#: figures of the response -> the states of invitations in them. Together the parts are
#: the whole: considered = skipped + waiting + failed + sent, sent = bounced +
#: delivered, delivered = answered + declined + expired + open
STATES = {
    "skipped": ("skipped",),
    "waiting": ("planned",),
    "failed": ("failed",),
    "sent": ("sending", "sent", "answered", "declined", "expired", "bounced"),
    "bounced": ("bounced",),
    "delivered": ("sending", "sent", "answered", "declined", "expired"),
    "answered": ("answered",),
    "declined": ("declined",),
    "expired": ("expired",),
    "open": ("sending", "sent"),
}


class CrmMetrics(models.AbstractModel):
    """Reads whom programs considered, and what became of it.

    An invitation belongs to the day of its first mail, or, where none was sent, to the
    day on which the person was considered. What happened later is told as it is now:
    answers and bounces come after the mail, and a cohort is complete when nobody may
    answer any more.
    """

    _inherit = "crm.metrics"

    def _nps_invitations(self, options):
        """Return the SQL of the invitations of the range.

        With `id`, `slice`, `state` and `skip_reason`; one whose time is over is
        `expired`, whether or not the scheduled action has come along.
        """
        first, last = options["start"], options["moment"]
        invitation = self.env[INVITATION]
        query = invitation._search(
            self._scope_domain(options, {"program_ids": "program_id"})
            & Domain("test", "=", False)
            & (
                Domain("sent_at", ">=", first) & Domain("sent_at", "<=", last)
                | Domain("sent_at", "=", False)
                & Domain("date", ">=", first)
                & Domain("date", "<=", last)
            )
        )
        names = ("id", "skip_reason", "state", "expires_at")
        id_, reason, state, expires_at = (
            invitation._field_to_sql(query.table, name, query) for name in names
        )
        columns = self._nps_slice_columns(options, invitation, query, "account_id")
        query.add_where(columns["is_kept"])
        return query.select(
            SQL("%s AS id", id_),
            SQL("%s AS slice", columns["slice"]),
            SQL("%s AS skip_reason", reason),
            SQL(
                """CASE WHEN %(state)s IN ('sending', 'sent') AND %(until)s <= %(now)s
                        THEN 'expired' ELSE %(state)s END AS state""",
                state=state,
                until=expires_at,
                now=fields.Datetime.now(),
            ),
        )

    def _nps_responses(self, options):
        """Count invitations.

        :return: dict, slice -> Counter by (state, reason why it was skipped)
        """
        rows = self.env.execute_query(
            SQL(
                """SELECT slice, state, skip_reason, count(*)
                     FROM (%s) AS invitation GROUP BY 1, 2, 3""",
                self._nps_invitations(options),
            )
        )
        found = defaultdict(Counter)
        for slice_id, state, reason, count in rows:
            found[slice_id][state, reason] += count
        return found

    def _nps_response(self, counts):
        """Return the funnel of the response.

        :param counts: Counter by (state, reason why it was skipped)
        """
        by_state = Counter()
        for (state, _reason), count in counts.items():
            by_state[state] += count
        response = {
            "considered": by_state.total(),
            **{
                figure: sum(by_state[state] for state in states)
                for figure, states in STATES.items()
            },
        }
        delivered = response["delivered"]
        return {
            **response,
            "rate": response["answered"] / delivered if delivered else None,
        }

    def _nps_skipped(self, counts):
        """Return why people were not asked, the most frequent reason first."""
        names = dict(
            self.env[INVITATION]._fields["skip_reason"]._description_selection(self.env)
        )
        reasons = Counter()
        for (state, reason), count in counts.items():
            if state == "skipped":
                reasons[reason] += count
        return [
            {
                "reason": reason,
                "name": names.get(reason) or self.env._("Not set"),
                "count": count,
            }
            for reason, count in sorted(
                reasons.items(), key=lambda item: (-item[1], item[0] or "")
            )
        ]
