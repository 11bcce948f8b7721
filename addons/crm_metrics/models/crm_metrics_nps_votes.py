from collections import defaultdict

from odoo import models
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
#: what each person and wave has one vote for: the range, or each of its periods
BY_SPAN = SQL("is_now")
BY_PERIOD = SQL("period")


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
        and `voter`, one for each person and wave of a program, where it is known who
        answered, else for each answer.
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

        def column(name):
            return answer_sudo._field_to_sql(query.table, name, query)

        columns = {
            name: column(name)
            for name in (
                "id",
                "date",
                "score",
                "state",
                "account_id",
                "outcome",
                "followup_due_at",
                "first_contact_at",
                "contact_hours",
            )
        }
        columns["public"] = SQL("COALESCE(%s, FALSE)", column("public"))
        columns["comment"] = SQL("COALESCE(%s, '') <> ''", column("comment"))
        # short, so that sorting and keeping many of them is fast
        columns["voter"] = SQL(
            "md5(concat_ws('|', %s, COALESCE(NULLIF(%s, ''), '#' || %s), %s))::uuid",
            column("program_id"),
            column("person"),
            column("id"),
            column("wave"),
        )
        columns["is_now"] = SQL("%s >= %s", columns["date"], options["start"])
        columns["period"] = SQL(
            "date_trunc(%s, timezone(%s, timezone('UTC', %s)))::date",
            options["grain"],
            options["tz"],
            columns["date"],
        )
        columns |= self._nps_slice_columns(options, answer, query, "account_id")
        return query.select(
            *(
                SQL("%s AS %s", sql, SQL.identifier(name))
                for name, sql in columns.items()
            )
        )

    def _nps_slice_columns(self, options, model, query, link):
        """Return the SQL of `slice` and `is_kept` of the accounts of records.

        :param model: of the records
        :param query: of the records; account and salesperson are joined to it
        :param str link: field of the records with the account
        """
        # the joins do not say which fields they read
        model.flush_model([link])
        self.env["res.partner"].flush_model(["user_id"])
        account = query.left_join(query.table, link, "res_partner", "id", "nps_account")
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

    def _nps_read(self, options, parts):
        """Choose the votes once, and let each part count what it is about.

        :param dict parts: name -> SQL of rows (slice, score, count, detail as jsonb),
            from `answer` (see :meth:`_nps_answers`), `vote` (of the range and of the
            span before it) or `point` (votes of each period of the range)
        :return: dict, name -> list of rows
        """
        found = defaultdict(list)
        rows = self.env.execute_query(
            SQL(
                "WITH %s, vote AS MATERIALIZED (%s), point AS (%s) %s",
                self._nps_answer_tables(options),
                self._nps_votes(),
                self._nps_votes(IS_VOTE_NOW, BY_PERIOD),
                SQL(" UNION ALL ").join(
                    SQL("SELECT %s, part.* FROM (%s) AS part", name, sql)
                    for name, sql in parts.items()
                ),
            )
        )
        for name, *row in rows:
            found[name].append(row)
        return found

    def _nps_answer_tables(self, options):
        """Return the SQL of the tables that votes are chosen from, for a WITH.

        `answer`, see :meth:`_nps_answers`, and `repeated`: who answered more than once.
        They are few, and only their answers have to be put in order.
        """
        return SQL(
            """answer AS MATERIALIZED (%s),
               repeated AS MATERIALIZED (
                   SELECT voter FROM answer WHERE %s
                    GROUP BY voter HAVING count(*) > 1)""",
            self._nps_answers(options),
            IS_VOTE,
        )

    def _nps_votes(self, condition=IS_VOTE, by=BY_SPAN):
        """Return the SQL of the votes among the rows called `answer`.

        :param SQL condition: which answers that may be votes
        :param SQL by: what each person and wave has one vote for, besides
        """
        return SQL(
            """SELECT * FROM answer
                WHERE %(condition)s AND is_kept
                  AND voter NOT IN (SELECT voter FROM repeated)
                UNION ALL
               SELECT * FROM (%(latest)s) AS latest WHERE is_kept""",
            condition=condition,
            latest=self._nps_latest(
                SQL("%s AND voter IN (SELECT voter FROM repeated)", condition), by
            ),
        )

    def _nps_latest(self, condition, by=BY_SPAN):
        """Return the SQL of the latest answer of each voter."""
        return SQL(
            """SELECT DISTINCT ON (%(by)s, voter) * FROM answer WHERE %(condition)s
                ORDER BY %(by)s, voter, date DESC, id DESC""",
            by=by,
            condition=condition,
        )


def _span_before(date_from, last):
    """Return first and last day of as many days as are known, just before a day.

    None where nothing of the range is known yet.
    """
    if last < date_from:
        return None
    eve = date_from - periods.DAY
    return eve - (last - date_from), eve
