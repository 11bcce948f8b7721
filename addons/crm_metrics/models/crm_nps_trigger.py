import ast
import logging
from datetime import timedelta

from dateutil.relativedelta import relativedelta
from psycopg2.extensions import TransactionRollbackError

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL, split_every

from .crm_nps_invitation import WORDS
from .crm_nps_prepare import BATCH

_logger = logging.getLogger(__name__)


class CrmNpsProgram(models.Model):
    """What gives a reason to ask somebody."""

    _inherit = "crm.nps.program"

    def _cron_prepare(self):
        """Prepare what running programs have a reason to ask."""
        self._skip_late()
        for program in self.search([("state", "=", "running")]):
            problem = False
            try:
                seconds = program._prepare()
            except TransactionRollbackError:
                # somebody else has just written to it; the next run looks again
                self.env.cr.rollback()
                continue
            # one broken audience must not keep the others from asking, and Odoo would
            # switch off what fails again and again
            except Exception as error:
                self.env.cr.rollback()
                _logger.exception("NPS program %s could not be prepared", program.id)
                problem = str(error)[:WORDS]
                seconds = True
            if program.problem != problem:
                program.problem = problem
                self.env["ir.cron"]._commit_progress()
            if not seconds:
                return

    def _prepare(self):
        """Consider what has happened, batch by batch, each one committed.

        Killed in between, the next run goes on where this one stopped.

        :return: whether there is time left
        """
        self.ensure_one()
        waiting = list(self._trigger_candidates())
        done = 0
        for batch in split_every(BATCH, waiting, list):
            if self.state != "running":
                # somebody has stopped it meanwhile
                return True
            self._consider(batch)
            done += len(batch)
            left = self.env["ir.cron"]._commit_progress(
                len(batch), remaining=len(waiting) - done
            )
            if not left and done < len(waiting):
                return False
        if self.trigger == "wave" and self._is_wave_due():
            self._finish_wave()
        return bool(self.env["ir.cron"]._commit_progress())

    def _trigger_candidates(self):
        """Return the candidates of this program who were not considered yet.

        Another trigger is another method `_candidates_TRIGGER`.

        :return: list of dict, see :meth:`_consider`
        """
        self.ensure_one()
        self.env.flush_all()
        return getattr(self.sudo(), f"_candidates_{self.trigger}")()

    def _candidates_manual(self):
        return []

    def _candidates_won(self):
        """Deals that were won so many days ago, since the program runs."""
        leads = self.env["crm.lead"]
        return self._candidates_of(
            SQL(
                """
                SELECT p.id AS partner_id,
                       COALESCE(p.email_normalized, l.email_normalized,
                                NULLIF(p.email, ''), l.email_from) AS email,
                       COALESCE(p.lang, lang.code) AS lang,
                       %(model)s AS res_model, l.id AS res_id, l.id AS lead_id,
                       %(model)s || ',' || l.id AS wave, TRUE AS customer,
                       l.date_closed + %(days)s AS at
                  FROM %(tables)s
                  LEFT JOIN res_partner p ON p.id = l.partner_id
                  LEFT JOIN res_lang lang ON lang.id = l.lang_id
                 WHERE %(won)s AND c.id = %(company)s
                   AND l.date_closed >= %(started_at)s
                   AND l.date_closed + %(days)s <= %(now)s
                """,
                model=leads._name,
                days=timedelta(self.trigger_days),
                tables=leads._purchase_tables(),
                won=leads._purchase_won(),
                company=self.company_id.id,
                started_at=self.started_at,
                now=fields.Datetime.now(),
            )
        )

    def _candidates_renewal(self):
        """Agreements that end in so many days, if that day came while we run."""
        company = self.company_id
        return self._candidates_of(
            SQL(
                """
                SELECT p.id AS partner_id,
                       COALESCE(p.email_normalized, p.email) AS email, p.lang,
                       %(model)s AS res_model, s.id AS res_id, s.lead_id,
                       concat_ws(',', %(model)s, s.id, s.date_end) AS wave,
                       TRUE AS customer,
                       (s.date_end - %(days)s)::timestamp AT TIME ZONE %(zone)s
                           AT TIME ZONE 'UTC' AS at
                  FROM crm_subscription s
                  JOIN res_partner p ON p.id = s.partner_id
                 WHERE s.company_id = %(company)s AND s.close_reason_id IS NULL
                   AND s.date_start <= %(today)s AND s.date_end >= %(today)s
                   AND s.date_end - %(days)s <= %(today)s
                   AND (s.date_end - %(days)s)::timestamp AT TIME ZONE %(zone)s
                       AT TIME ZONE 'UTC' >= %(started_at)s
                """,
                model="crm.subscription",
                days=self.trigger_days,
                zone=company._metrics_tz().zone,
                company=company.id,
                today=company._metrics_today(),
                started_at=self.started_at,
            )
        )

    def _candidates_of(self, events):
        """Return the candidates of events that this program has not asked for yet.

        A record is asked for once, whatever becomes of its contact. What happened
        longer ago than an answer has time is history: its invitation may have lost
        its key by now, because data was erased.

        :param SQL events: SELECT of what a candidate needs, see :meth:`_consider`
        """
        return self.env.execute_query_dict(
            SQL(
                """
                SELECT * FROM (%(events)s) AS event
                 WHERE at > %(since)s AND NOT EXISTS (
                       SELECT FROM crm_nps_invitation i
                        WHERE i.program_id = %(program)s AND i.wave = event.wave)
                 ORDER BY at, wave
                """,
                events=events,
                since=fields.Datetime.now() - timedelta(self.expiry_days),
                program=self.id,
            )
        )

    # -- recurring waves -------------------------------------------------

    def _candidates_wave(self):
        """Contacts of the audience, on the day of a wave.

        Who has no e-mail address is considered only where nobody of the account has
        one: then the account is a row, once.
        """
        if not self._is_wave_due():
            return []
        audience = self._audience()
        partner = self.env["res.partner"]
        return self.env.execute_query_dict(
            SQL(
                """
                WITH customer AS (
                    SELECT partner_id FROM crm_purchase
                     WHERE company_id = %(company)s AND kind = 'purchase'
                     UNION
                    SELECT partner_id FROM crm_mrr_segment
                     WHERE company_id = %(company)s
                ), audience AS (
                    %(audience)s
                ), ranked AS (
                    SELECT a.*, row_number() OVER (
                           PARTITION BY account_id
                           ORDER BY email IS NULL, a.id <> account_id, a.id) AS rank
                      FROM audience a JOIN customer ON customer.partner_id = account_id
                )
                SELECT id AS partner_id, email, lang, NULL AS res_model,
                       NULL::int AS res_id, NULL::int AS lead_id, %(wave)s AS wave,
                       TRUE AS customer, %(now)s AS at
                  FROM ranked
                 WHERE (email IS NOT NULL OR rank = 1)
                   AND NOT EXISTS (
                       SELECT FROM crm_nps_invitation i
                        WHERE i.program_id = %(program)s AND i.wave = %(wave)s
                          AND i.partner_id = ranked.id)
                 ORDER BY id
                """,
                company=self.company_id.id,
                audience=audience.select(
                    SQL("%s AS id", partner._field_to_sql(audience.table, "id")),
                    SQL(
                        "%s AS account_id",
                        partner._field_to_sql(audience.table, "commercial_partner_id"),
                    ),
                    SQL(
                        "COALESCE(%s, NULLIF(%s, '')) AS email",
                        partner._field_to_sql(audience.table, "email_normalized"),
                        partner._field_to_sql(audience.table, "email"),
                    ),
                    SQL("%s AS lang", partner._field_to_sql(audience.table, "lang")),
                ),
                wave=f"wave,{self.wave_number + 1}",
                now=fields.Datetime.now(),
                program=self.id,
            )
        )

    def _audience(self):
        """Return the query of whom a wave may consider."""
        domain = Domain(ast.literal_eval(self.audience_domain or "[]"))
        companies = Domain("company_id", "in", [False, self.company_id.id])
        return self.env["res.partner"].sudo()._search(domain & companies)

    def _is_wave_due(self):
        """Tell whether the day of the next wave has come, while the program runs."""
        company = self.company_id
        return bool(
            self.wave_date
            and self.wave_date <= company._metrics_today()
            and company._metrics_end_of_day(self.wave_date) >= self.started_at
        )

    def _finish_wave(self):
        """Count the wave, and set the day of the next one that is still to come."""
        unit, number = f"{self.wave_interval_type}s", self.wave_interval_number
        today, day, steps = self.company_id._metrics_today(), self.wave_date, 0
        while day <= today:
            steps += 1
            # from the first day, else a 31st would become a 28th for good
            day = self.wave_date + relativedelta(**{unit: number * steps})
        self.write({"wave_number": self.wave_number + 1, "wave_date": day})

    # -- what was not sent in time -----------------------------------------

    def _skip_late(self):
        """Give up what could not be sent in as many days as an answer has time."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                # a mail that goes out just now is not late
                """SELECT i.id FROM crm_nps_invitation i
                     JOIN crm_nps_program p ON p.id = i.program_id
                    WHERE i.state = 'planned'
                      AND i.date + p.expiry_days * INTERVAL '24 hours' <= %s
                      FOR UPDATE OF i SKIP LOCKED""",
                fields.Datetime.now(),
            )
        )
        late = self.env["crm.nps.invitation"].browse(id_ for (id_,) in rows)
        late.write({"state": "skipped", "skip_reason": "late"})
        self.env["ir.cron"]._commit_progress()
