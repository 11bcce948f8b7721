import dataclasses
from collections import Counter, defaultdict

from odoo import models
from odoo.tools import SQL

from .crm_metrics_nps_votes import (
    ANSWER,
    IS_EXCLUDED,
    IS_PUBLIC,
    IS_SUSPECT,
    IS_VOTE,
)


@dataclasses.dataclass
class Readings:
    """Answers of one slice, counted by score."""

    now: Counter = dataclasses.field(default_factory=Counter)
    before: Counter = dataclasses.field(default_factory=Counter)
    public: Counter = dataclasses.field(default_factory=Counter)
    excluded: Counter = dataclasses.field(default_factory=Counter)
    #: votes that would be others if nothing had been excluded, and those others
    replaced: Counter = dataclasses.field(default_factory=Counter)
    replacing: Counter = dataclasses.field(default_factory=Counter)
    suspects: Counter = dataclasses.field(default_factory=Counter)
    #: first day of a period (ISO) -> counts
    trend: dict = dataclasses.field(default_factory=lambda: defaultdict(Counter))

    def add(self, other):
        """Count what another slice has as well."""
        for name in COUNTED:
            getattr(self, name).update(getattr(other, name))
        for period, counts in other.trend.items():
            self.trend[period].update(counts)

    def with_excluded(self):
        """Return the counts of the range as if nothing had been excluded."""
        return self.now - self.replaced + self.replacing


#: readings that are counts by score, one for each slice
COUNTED = ("now", "before", "public", "excluded", "replaced", "replacing", "suspects")
#: voters of whom an answer of the range was excluded
CONCERNED = SQL("SELECT voter FROM answer WHERE is_now AND %s", IS_EXCLUDED)


class CrmMetrics(models.AbstractModel):
    """Counts answers by score, by period and by tag."""

    _inherit = "crm.metrics"

    def _nps_score_parts(self):
        """Return the SQL of the counts by score, see :meth:`_nps_read`."""

        def of_answers(condition):
            return _by_score(SQL("answer WHERE is_now AND is_kept AND %s", condition))

        return {
            "now": _by_score(SQL("vote WHERE is_now")),
            "before": _by_score(SQL("vote WHERE NOT is_now")),
            "trend": _by_score(SQL("point"), SQL("period")),
            "public": of_answers(IS_PUBLIC),
            "excluded": of_answers(IS_EXCLUDED),
            "suspects": of_answers(IS_SUSPECT),
            "replaced": _by_score(
                SQL("vote WHERE is_now AND voter IN (%s)", CONCERNED)
            ),
            "replacing": _by_score(
                SQL(
                    "(%s) AS latest WHERE is_kept",
                    self._nps_latest(
                        SQL(
                            "is_now AND (%s OR %s) AND voter IN (%s)",
                            IS_VOTE,
                            IS_EXCLUDED,
                            CONCERNED,
                        )
                    ),
                )
            ),
        }

    def _nps_tag_part(self):
        """Return the SQL of votes by what their comments are about.

        The detail is the id of the tag; NULL: commented, without a tag.
        """
        tags = self.env[ANSWER]._fields["tag_ids"]
        tag = SQL.identifier("tag", tags.column2)
        return _by_score(
            SQL(
                """vote LEFT JOIN %s AS tag ON %s = vote.id
                  WHERE is_now AND (%s IS NOT NULL OR comment)""",
                SQL.identifier(tags.relation),
                SQL.identifier("tag", tags.column1),
                tag,
            ),
            tag,
        )

    def _nps_readings(self, found):
        """Return counts by score: dict, slice -> :class:`Readings`.

        :param dict found: what :meth:`_nps_read` returns
        """
        readings = defaultdict(Readings)
        for name in COUNTED:
            for slice_id, score, count, _detail in found[name]:
                getattr(readings[slice_id], name)[score] += count
        for slice_id, score, count, period in found["trend"]:
            readings[slice_id].trend[period][score] += count
        return readings


#: a detail where there is none
NONE = SQL("NULL::int")


def _by_score(rows, detail=NONE):
    """Return the SQL that counts rows by slice, score and one thing more."""
    return SQL(
        "SELECT slice, score, count(*), to_jsonb(%(detail)s) FROM %(rows)s "
        "GROUP BY slice, score, %(detail)s",
        detail=detail,
        rows=rows,
    )
