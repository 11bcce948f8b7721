from datetime import timedelta

from odoo import api, models, tools
from odoo.tools import SQL

from ..kernel import periods, survival

#: durations are counted in whole minutes
MINUTES_OF_DAY = 1440
#: so many stays at risk tell a norm something while others are to come under watch
NORM_LEAST = 5
#: outcomes that end the wait; all others only end its observation
ENDED = ["forward", "backward", "won", "lost"]


def durations(stays, start, moment):
    """Return how long stays last, grouped by whole minutes, as one SELECT.

    :param stays: SELECT of `slice`, `stage_key`, `entered`, `left`, `outcome` and
        `doubtful`, whose time is not to be trusted
    :param start: beginning of the observation of stays that began earlier, or None
    :param moment: end of the observation
    :return: SQL with a row for each slice and stage: `slice`, `stage_key`, `left_out`
        and arrays of minutes and numbers, as :func:`grouped` reads them
    """
    return SQL(
        """
        WITH stay AS (
            SELECT slice, stage_key, doubtful,
                   COALESCE("left" <= %(moment)s, FALSE) AS is_over,
                   COALESCE("left" <= %(moment)s, FALSE)
                       AND outcome = ANY(%(ended)s) AS is_event,
                   %(last)s AS last, %(first)s AS first
              FROM (%(stays)s) AS stays
        ), grouped AS (
            -- who goes within a minute was not seen staying
            SELECT slice, stage_key, last, first, GROUPING(last) AS is_entry,
                   count(*) FILTER (WHERE is_seen AND is_event) AS events,
                   count(*) FILTER (WHERE is_seen AND NOT is_event) AS censored,
                   count(*) FILTER (WHERE is_seen) AS seen,
                   count(*) FILTER (WHERE NOT is_seen) AS left_out
              FROM (SELECT *, NOT doubtful AND (first < last OR NOT is_over) AS is_seen
                      FROM stay) AS seen
             GROUP BY slice, stage_key, GROUPING SETS (last, first)
        )
        SELECT slice, stage_key,
               (sum(left_out) FILTER (WHERE is_entry = 0))::int,
               array_agg(last) FILTER (WHERE is_entry = 0 AND events > 0),
               array_agg(events) FILTER (WHERE is_entry = 0 AND events > 0),
               array_agg(last) FILTER (WHERE is_entry = 0 AND censored > 0),
               array_agg(censored) FILTER (WHERE is_entry = 0 AND censored > 0),
               array_agg(first) FILTER (WHERE first > 0 AND seen > 0),
               array_agg(seen) FILTER (WHERE first > 0 AND seen > 0)
          FROM grouped
         GROUP BY slice, stage_key
        """,
        stays=stays,
        moment=moment,
        ended=ENDED,
        last=minutes(SQL("entered"), SQL('LEAST("left", %s)', moment)),
        first=(
            SQL("0")
            if start is None
            else SQL("GREATEST(%s, 0)", minutes(SQL("entered"), SQL("%s", start)))
        ),
    )


def minutes(begin, end):
    """Return the SQL of the whole minutes between two moments."""
    # extract would count in numeric, which takes much longer
    return SQL("floor(date_part('epoch', %s::timestamp - %s) / 60)::int", end, begin)


def grouped(*arrays):
    """Return the arrays of :func:`durations` as dicts: ended, censored, entered."""
    pairs = zip(arrays[::2], arrays[1::2], strict=True)
    return tuple(
        dict(zip(times or (), counts or (), strict=True)) for times, counts in pairs
    )


class CrmStageVisit(models.Model):
    _inherit = "crm.stage.visit"

    @api.model
    def _norms(self, company, day=None):
        """Return how long deals usually stay in the stages of a company.

        That is what nine of ten stays do not exceed, by Kaplan and Meier over the
        stays of the twelve months up to a day: those of all teams and salespersons,
        whoever asks, because a norm that depends on its reader is none.

        :param company: a company
        :param day: last day of the twelve months; default: yesterday, the last full one
        :return: dict, stage_key -> `{"median": days, "p90": days}`, None where the
            curve does not come so low; stages without stays are absent
        """
        if day is None:
            day = company._metrics_today() - timedelta(days=1)
        # what is going on today does not change a norm up to yesterday: once a day
        return self._norms_cached(company.id, day, self._newest(company, day))

    @api.model
    def _newest(self, company, day):
        """Return a number that changes when visits up to a day change, or None.

        A visit that is written anew has a new id. For caches of what is computed
        from them.
        """
        self.env["crm.lead.event"].flush_model()
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """SELECT id FROM crm_stage_visit WHERE "left" <= %s
                    ORDER BY id DESC LIMIT 1""",
                company._metrics_end_of_day(day),
            )
        )
        newest = self.env.cr.fetchone()
        return newest and newest[0]

    @tools.ormcache("company_id", "day", "newest")
    def _norms_cached(self, company_id, day, newest):
        company = self.env["res.company"].browse(company_id)
        start = company._metrics_start_of_day(periods.first_of_months(day, 12))
        end = company._metrics_end_of_day(day)
        rows = self.env.execute_query(
            durations(
                SQL(
                    """
                    SELECT NULL AS slice, stage_key, entered, "left", outcome,
                           inexact OR bulk AS doubtful
                      FROM crm_stage_visit
                     WHERE company_id = %s AND entered <= %s
                       AND ("left" IS NULL OR "left" >= %s)
                    """,
                    company_id,
                    end,
                    start,
                ),
                start,
                end,
            )
        )
        norms = {}
        for _slice, stage, _left_out, *arrays in rows:
            found = survival.estimate(*grouped(*arrays), least=NORM_LEAST)
            norms[stage] = {"median": days(found.median), "p90": days(found.p90)}
        return norms


def days(time):
    """Return minutes as days, None as None."""
    return None if time is None else time / MINUTES_OF_DAY
