from collections import Counter, defaultdict
import dataclasses

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..kernel import periods

ANSWER = "crm.nps.answer"

#: options that take ids -> model of the ids, field of the answer. They go by the
#: account as it is now: its salesperson, the team of the salesperson, its country
SLICES = {
    "team_ids": ("crm.team", "team_id"),
    "user_ids": ("res.users", "salesperson_id"),
    "country_ids": ("res.country", "country_id"),
}
#: values of `group_by` -> field of the answer
GROUPS = {key.removesuffix("_ids"): field for key, (_model, field) in SLICES.items()}

#: what an answer is to the figures; others are trials
IS_VOTE = SQL("state = 'counted' AND NOT public")
IS_VOTE_NOW = SQL("is_now AND state = 'counted' AND NOT public")
IS_PUBLIC = SQL("state = 'counted' AND public")
IS_EXCLUDED = SQL("state = 'excluded' AND NOT public")
IS_SUSPECT = SQL("state = 'suspect'")
#: a follow-up was planned for the answer; imported and anonymous ones have none
IS_DUE = SQL("followup_due_at IS NOT NULL")
IS_CONTACTED = SQL("first_contact_at IS NOT NULL")
IS_IN_TIME = SQL("first_contact_at <= followup_due_at")
#: what each person and wave has one vote for: the range, or each of its periods
BY_SPAN = SQL("is_now")
BY_PERIOD = SQL("period")


@dataclasses.dataclass
class Readings:
    """Answers of one slice, counted by score."""

    now: Counter = dataclasses.field(default_factory=Counter)
    before: Counter = dataclasses.field(default_factory=Counter)
    public: Counter = dataclasses.field(default_factory=Counter)
    #: first day of a period -> counts
    trend: dict = dataclasses.field(default_factory=lambda: defaultdict(Counter))
    excluded: int = 0
    suspects: int = 0

    def add(self, other):
        """Count what another slice has as well."""
        for name in ("now", "before", "public"):
            getattr(self, name).update(getattr(other, name))
        for start, counts in other.trend.items():
            self.trend[start].update(counts)
        self.excluded += other.excluded
        self.suspects += other.suspects


class CrmMetrics(models.AbstractModel):
    """Reads what people answered: one vote for each person and wave.

    A slice is the value of the field that results are grouped by, or None. Votes are
    chosen among all that the caller may read of the companies and programs, before a
    slice is cut out: so slices add up to the whole.
    """

    _inherit = "crm.metrics"

    def _nps_options(self, options, choices=None):
        """Check options and add what all readers need.

        :return: tuple (options, this model with the asked companies selected); the
            options have besides `last`, the last day that is known, `start` and
            `moment` (naive UTC) of the range, `before`: first and last day of the
            equal span just before (None: there is none), `tz` and `group`, the field
            of the answer that results are grouped by
        """
        options = self._options(
            options,
            ids={
                "program_ids": "crm.nps.program",
                **{key: model for key, (model, _field) in SLICES.items()},
            },
            choices={"group_by": (None, *GROUPS), **(choices or {})},
        )
        companies = options["companies"]
        last, moment = self._as_of(options)
        options |= {
            "last": last,
            "moment": moment,
            "start": companies[0]._metrics_start_of_day(options["date_from"]),
            "before": _span_before(options["date_from"], last),
            "tz": companies[0]._metrics_tz().zone,
            "group": GROUPS.get(options["group_by"]),
        }
        # record rules look at the selected companies
        return options, self.with_context(allowed_company_ids=companies.ids)

    # ------------------------------------------------------------------
    # rows
    # ------------------------------------------------------------------

    def _nps_answers(self, options):
        """Return the SQL of the answers of the range and of the span before it.

        With `slice`, `is_kept` (it is in the slices that were asked for), `is_now` (of
        the range, not of the span before), `period` (first day of the calendar period)
        and who answered: `person` is never empty, so nobody is everybody.
        """
        start = options["start"]
        if options["before"]:
            company = options["companies"][0]
            start = company._metrics_start_of_day(options["before"][0])
        domain = (
            self._scope_domain(options, {"program_ids": "program_id"})
            & Domain("test", "=", False)
            & Domain("date", ">=", start)
            & Domain("date", "<=", options["moment"])
        )
        answer = self.env[ANSWER]
        query = answer._search(domain)
        # who is whose vote may be told by the key of the person, which nobody may read
        answer_sudo = answer.sudo()
        columns = {
            name: answer_sudo._field_to_sql(query.table, name, query)
            for name in (
                "id",
                "date",
                "program_id",
                "wave",
                "person",
                "score",
                "comment",
                "state",
                "public",
                "account_id",
                "outcome",
                "followup_due_at",
                "first_contact_at",
                "contact_hours",
            )
        }
        columns["public"] = SQL("COALESCE(%s, FALSE)", columns["public"])
        columns["comment"] = SQL("COALESCE(%s, '') <> ''", columns["comment"])
        # compared byte by byte, which is much faster than as words of a language
        columns["wave"] = SQL("""COALESCE(%s, '') COLLATE "C\"""", columns["wave"])
        columns["person"] = SQL(
            """COALESCE(NULLIF(%s, ''), '#' || %s) COLLATE "C\"""",
            columns["person"],
            columns["id"],
        )
        columns["is_now"] = SQL("%s >= %s", columns["date"], options["start"])
        columns["period"] = SQL(
            "date_trunc(%s, timezone(%s, timezone('UTC', %s)))::date",
            options["grain"],
            options["tz"],
            columns["date"],
        )
        account = query.left_join(
            query.table, "account_id", "res_partner", "id", "nps_account"
        )
        columns |= self._nps_slice_columns(options, query, account)
        return query.select(
            *(
                SQL("%s AS %s", sql, SQL.identifier(name))
                for name, sql in columns.items()
            )
        )

    def _nps_slice_columns(self, options, query, account):
        """Return the SQL of `slice` and `is_kept` of accounts that are in a query.

        :param query: it has the accounts, the salesperson is joined to it
        :param str account: alias of the accounts
        """
        seller = query.left_join(account, "user_id", "res_users", "id", "nps_seller")
        # whoever may read an answer may know whose it is
        partner_sudo = self.env["res.partner"].sudo()
        user_sudo = self.env["res.users"].sudo()
        values = {
            "team_id": user_sudo._field_to_sql(seller, "sale_team_id", query),
            "salesperson_id": partner_sudo._field_to_sql(account, "user_id", query),
            "country_id": partner_sudo._field_to_sql(account, "country_id", query),
        }
        kept = [
            SQL("COALESCE(%s = ANY(%s), FALSE)", values[name], options[key])
            for key, (_model, name) in SLICES.items()
            if options[key] is not None
        ]
        return {
            "slice": values.get(options["group"], SQL("NULL::int")),
            "is_kept": SQL(" AND ").join(kept) if kept else SQL("TRUE"),
        }

    def _nps_votes(self, condition=IS_VOTE, by=BY_SPAN):
        """Return the SQL of the votes among the rows called `answer`.

        :param SQL condition: which answers may be votes
        :param SQL by: what each person and wave has one vote for, besides
        """
        return SQL(
            """SELECT * FROM (
                   SELECT DISTINCT ON (%(by)s, program_id, wave, person) *
                     FROM answer WHERE %(condition)s
                    ORDER BY %(by)s, program_id, wave, person, date DESC, id DESC
               ) AS latest WHERE is_kept""",
            by=by,
            condition=condition,
        )

    # ------------------------------------------------------------------
    # counts
    # ------------------------------------------------------------------

    def _nps_readings(self, options):
        """Count answers by score.

        :return: dict, slice -> :class:`Readings`
        """
        rows = self.env.execute_query(
            SQL(
                """
                WITH answer AS MATERIALIZED (%(answers)s),
                vote AS (%(votes)s),
                point AS (%(points)s)
                SELECT CASE WHEN is_now THEN 'now' ELSE 'before' END, slice,
                       NULL::date, score, count(*)
                  FROM vote GROUP BY 1, 2, 4
                 UNION ALL
                SELECT 'trend', slice, period, score, count(*)
                  FROM point GROUP BY 2, 3, 4
                 UNION ALL
                SELECT CASE WHEN %(is_public)s THEN 'public'
                            WHEN %(is_excluded)s THEN 'excluded'
                            WHEN %(is_suspect)s THEN 'suspects' END, slice,
                       NULL, score, count(*)
                  FROM answer
                 WHERE is_now AND is_kept AND NOT (%(is_vote)s) GROUP BY 1, 2, 4
                """,
                answers=self._nps_answers(options),
                votes=self._nps_votes(),
                points=self._nps_votes(IS_VOTE_NOW, BY_PERIOD),
                is_public=IS_PUBLIC,
                is_excluded=IS_EXCLUDED,
                is_suspect=IS_SUSPECT,
                is_vote=IS_VOTE,
            )
        )
        readings = defaultdict(Readings)
        for kind, slice_id, period, score, count in rows:
            slice_ = readings[slice_id]
            if kind == "trend":
                slice_.trend[period][score] += count
            elif kind in ("excluded", "suspects"):
                setattr(slice_, kind, getattr(slice_, kind) + count)
            elif kind:
                getattr(slice_, kind)[score] += count
        return readings

    def _nps_with_excluded(self, options):
        """Count by score as if nothing had been excluded."""
        return Counter(
            dict(
                self.env.execute_query(
                    SQL(
                        """WITH answer AS MATERIALIZED (%s)
                           SELECT score, count(*)
                             FROM (%s) AS vote GROUP BY score""",
                        self._nps_answers(options),
                        self._nps_votes(
                            SQL("is_now AND (%s OR %s)", IS_VOTE, IS_EXCLUDED)
                        ),
                    )
                )
            )
        )

    def _nps_tags(self, options):
        """Count votes by what their comments are about.

        :return: dict, id of the tag -> counts by score; None: commented, without a tag
        """
        tags = self.env[ANSWER]._fields["tag_ids"]
        rows = self.env.execute_query(
            SQL(
                """
                WITH answer AS MATERIALIZED (%(answers)s), vote AS (%(votes)s)
                SELECT %(tag)s, score, count(*)
                  FROM vote LEFT JOIN %(table)s AS tag ON tag.%(link)s = vote.id
                 WHERE %(tag)s IS NOT NULL OR vote.comment
                 GROUP BY 1, 2
                """,
                answers=self._nps_answers(options),
                votes=self._nps_votes(IS_VOTE_NOW),
                table=SQL.identifier(tags.relation),
                link=SQL.identifier(tags.column1),
                tag=SQL.identifier("tag", tags.column2),
            )
        )
        found = defaultdict(Counter)
        for tag, score, count in rows:
            found[tag][score] += count
        return found

    def _nps_followups(self, options):
        """Return rows of detractors' votes, alike ones together.

        :return: list of tuples: was a follow-up planned, was there a contact, was it in
            time, is it overdue, outcome, list of hours to the contact
        """
        return self.env.execute_query(
            SQL(
                """
                WITH answer AS MATERIALIZED (%(answers)s)
                SELECT %(due)s, %(contacted)s, COALESCE(%(in_time)s, FALSE),
                       NOT (%(contacted)s) AND COALESCE(
                           followup_due_at < %(now)s, FALSE),
                       outcome,
                       array_agg(CASE WHEN %(contacted)s THEN contact_hours END)
                  FROM (%(votes)s) AS vote
                 WHERE score <= 6
                 GROUP BY 1, 2, 3, 4, 5
                """,
                answers=self._nps_answers(options),
                votes=self._nps_votes(IS_VOTE_NOW),
                due=IS_DUE,
                contacted=IS_CONTACTED,
                in_time=IS_IN_TIME,
                now=fields.Datetime.now(),
            )
        )


def _span_before(date_from, last):
    """Return first and last day of as many days as are known, just before a day.

    None where nothing of the range is known yet, or the calendar has no such days.
    """
    days = (last - date_from).days + 1
    if days < 1 or date_from.toordinal() <= days:
        return None
    eve = date_from - periods.DAY
    return eve - (last - date_from), eve
