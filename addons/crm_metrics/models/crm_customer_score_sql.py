from odoo import models
from odoo.tools import SQL

#: name of the thresholds, column of the score, its best value of a score
THRESHOLDS = (
    ("recency", "r", "max(recency_days)"),
    ("frequency", "f", "min(frequency)"),
    ("monetary", "m", "min(monetary)"),
)


class CrmCustomerScoreRun(models.Model):
    """The SQL of a scoring run: one statement for any number of customers."""

    _inherit = "crm.customer.score.run"

    def _write_scores(self):
        """Replace the scores of this run.

        :return: tuple (number of customers, thresholds as the field holds them)
        """
        cr = self.env.cr
        cr.execute(SQL("DELETE FROM crm_customer_score WHERE run_id = %s", self.id))
        cr.execute(
            SQL(
                """WITH score AS (
                       INSERT INTO crm_customer_score (
                           run_id, date, company_id, partner_id, recency_days,
                           frequency, monetary, r, f, m, segment_id,
                           previous_segment_id, value, loyalty, lifetime_value, size,
                           source_id, nps_bucket, complaint)
                       %s
                       RETURNING recency_days, frequency, monetary, r, f, m)
                   SELECT count(*), %s FROM score""",
                self._scores_select(),
                SQL(", ").join(
                    SQL(f"{best} FILTER (WHERE {column} = %s)", number)
                    for _name, column, best in THRESHOLDS
                    for number in range(2, 6)
                ),
            )
        )
        customers, *limits = cr.fetchone()
        limits = [None if limit is None else float(limit) for limit in limits]
        return customers, {
            name: limits[4 * place : 4 * place + 4]
            for place, (name, _column, _best) in enumerate(THRESHOLDS)
        }

    def _scores_select(self):
        """Return the SELECT of the scores.

        Ranked from the worst, customers are cut into five groups of equal size, but
        whoever equals another one has the same score: `rank` gives all of them the
        lowest place. The same as `kernel.rfm.thresholds`.
        """
        return SQL(
            """
            WITH bought AS (
                SELECT partner_id,
                       max(date) FILTER (WHERE kind = 'purchase') AS last,
                       count(*) FILTER (WHERE kind = 'purchase') AS frequency,
                       sum(amount) AS monetary,
                       sum(amount) FILTER (WHERE kind = 'purchase') AS spent
                  FROM crm_purchase
                 WHERE company_id = %(company)s AND partner_id IS NOT NULL
                   AND date BETWEEN %(first)s AND %(date)s
                 GROUP BY partner_id
                HAVING count(*) FILTER (WHERE kind = 'purchase') > 0
            ), scored AS (
                SELECT bought.*, %(r)s AS r, %(f)s AS f, %(m)s AS m FROM bought
            )
            SELECT %(run)s, %(date)s::date, %(company)s, s.partner_id,
                   %(date)s::date - s.last, s.frequency, s.monetary, s.r, s.f, s.m,
                   cell.segment_id, previous.segment_id,
                   round(s.spent / s.frequency, %(digits)s),
                   s.frequency * 12.0 / %(months)s,
                   round(s.spent * 12 / %(months)s * %(lifetime)s::numeric, %(digits)s),
                   CASE WHEN NOT p.is_company THEN 'person'
                        WHEN contacts.count >= 10 THEN 'large'
                        WHEN contacts.count >= 3 THEN 'medium'
                        ELSE 'small' END,
                   source.source_id, feedback.bucket, %(complaint)s
              FROM scored s
              JOIN res_partner p ON p.id = s.partner_id
              LEFT JOIN crm_customer_segment_cell cell
                   -- the mean of both, halves rounded up
                   ON cell.recency = s.r AND cell.frequency_money = (s.f + s.m + 1) / 2
              LEFT JOIN crm_customer_score previous
                   ON previous.partner_id = s.partner_id
                  AND previous.run_id = %(previous)s
              LEFT JOIN (%(contacts)s) AS contacts ON contacts.customer_id = p.id
              LEFT JOIN (%(sources)s) AS source ON source.customer_id = p.id
              LEFT JOIN (%(feedback)s) AS feedback ON feedback.customer_id = p.id
            """,
            run=self.id,
            date=self.date,
            first=self._first_day(),
            months=self.window_months,
            company=self.company_id.id,
            digits=self.company_id.currency_id.decimal_places,
            # NULL, and so is the value, while one of them is not known
            lifetime=self.margin / 100 * self.lifetime_years or None,
            previous=self._previous().id or None,
            r=self._score_sql("last"),
            f=self._score_sql("frequency"),
            m=self._score_sql("monetary"),
            contacts=self._contacts_select(),
            sources=self._sources_select(),
            feedback=self._feedback_select(),
            complaint=self._complaint_sql(),
        )

    @staticmethod
    def _score_sql(column):
        """Return the SQL of a score: more is better, equals score alike."""
        return SQL(
            """LEAST(5, (rank() OVER (ORDER BY %s) - 1) * 5 / count(*) OVER () + 1)
               ::int""",
            SQL.identifier(column),
        )

    @staticmethod
    def _contacts_select():
        """Return the SELECT of how many contacts each customer has beside itself."""
        return SQL(
            """SELECT commercial_partner_id AS customer_id, count(*)
                 FROM res_partner
                WHERE active AND commercial_partner_id <> id
                GROUP BY commercial_partner_id"""
        )

    def _sources_select(self):
        """Return the SELECT of the source of each customer's first opportunity."""
        return SQL(
            """SELECT DISTINCT ON (p.commercial_partner_id)
                      p.commercial_partner_id AS customer_id, l.source_id
                 FROM crm_lead l
                 JOIN res_partner p ON p.id = l.partner_id
                WHERE l.source_id IS NOT NULL
                  AND (l.company_id = %s OR l.company_id IS NULL)
                ORDER BY p.commercial_partner_id, l.create_date, l.id""",
            self.company_id.id,
        )

    def _link_previous(self):
        """Fill in the segments of the run before, which has changed."""
        for run in self:
            self.env.cr.execute(
                SQL(
                    """UPDATE crm_customer_score s
                          SET previous_segment_id = new.segment_id
                         FROM crm_customer_score this
                         LEFT JOIN crm_customer_score new
                              ON new.partner_id = this.partner_id AND new.run_id = %s
                        WHERE this.id = s.id AND s.run_id = %s
                          AND s.previous_segment_id IS DISTINCT FROM new.segment_id""",
                    run._previous().id or None,
                    run.id,
                )
            )
        self.env["crm.customer.score"].invalidate_model()
