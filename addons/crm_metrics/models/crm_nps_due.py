from datetime import timedelta

from odoo import fields, models
from odoo.tools import SQL


class CrmNpsInvitation(models.Model):
    """Tells which mails are due, and what keeps one from being sent after all."""

    _inherit = "crm.nps.invitation"

    def _due_sql(self, *, reminder):
        """Return FROM and WHERE of what is due now: invitation `i`, program `p`.

        :param bool reminder: reminders instead of first mails
        """
        now = fields.Datetime.now()
        if reminder:
            due = SQL(
                """i.state = 'sent' AND i.expires_at > %(now)s
                   AND coalesce(i.reminders, 0) < p.reminder_count::int
                   AND i.last_sent_at + p.reminder_days * interval '1 day' <= %(now)s
                   AND %(obstacle)s IS NULL""",
                now=now,
                obstacle=self._obstacle_sql(),
            )
        else:
            due = SQL("i.state = 'planned'")
        return SQL(
            """ FROM crm_nps_invitation i
                JOIN crm_nps_program p ON p.id = i.program_id
                LEFT JOIN res_partner c ON c.id = i.partner_id
               WHERE %(due)s AND i.planned_at <= %(now)s
                 AND NOT coalesce(i.test, FALSE)
                 AND p.state = 'running' AND p.active""",
            due=due,
            now=now,
        )

    def _obstacle_sql(self):
        """Return an expression: why nobody may write to `i` any more, or NULL."""
        return SQL(
            """coalesce(
                CASE WHEN i.email IS NULL THEN 'no_email'
                     WHEN c.active IS FALSE THEN 'archived' END,
                (SELECT s.reason FROM crm_nps_suppression s WHERE s.person = i.person),
                (SELECT 'blacklisted' FROM mail_blacklist b
                  WHERE b.email = i.email AND b.active LIMIT 1),
                CASE WHEN p.legal_basis = 'consent' AND c.crm_nps_consent IS NOT TRUE
                     THEN 'no_consent' END
               )"""
        )

    def _first_obstacle_sql(self):
        """Return the same for a first mail, which needs some distance to others.

        Who was asked exactly so many days ago may be asked again.
        """
        now = fields.Datetime.now()
        # the limit of an account is one of contacts, not of mails: who is one of them
        # already takes no further place, and the quarantine alone says when it is time
        # to ask him again
        return SQL(
            """coalesce(%(obstacle)s, CASE
                WHEN EXISTS (
                    SELECT FROM crm_nps_invitation o
                     WHERE (o.person = i.person OR o.partner_id = i.partner_id)
                       AND o.id != i.id AND NOT coalesce(o.test, FALSE)
                       AND o.sent_at > %(now)s - p.quarantine_days * interval '1 day')
                THEN 'quarantine'
                WHEN p.account_limit > 0 AND p.account_limit <= (
                    SELECT count(DISTINCT coalesce(o.person, o.id::varchar))
                      FROM crm_nps_invitation o
                     WHERE o.account_id = i.account_id
                       AND o.person IS DISTINCT FROM i.person
                       AND o.id != i.id AND NOT coalesce(o.test, FALSE)
                       AND o.sent_at > %(now)s - p.account_days * interval '1 day')
                THEN 'account'
                WHEN %(no_longer)s
                THEN 'no_longer'
                WHEN i.date <= %(now)s - p.expiry_days * interval '1 day'
                THEN 'late'
               END)""",
            obstacle=self._obstacle_sql(),
            no_longer=self._no_longer_sql(),
            now=now,
        )

    def _no_longer_sql(self):
        """Return a condition: what gave the reason to ask for `i` does so no more.

        Of what a trigger found. Who was chosen by hand or for a wave stays chosen.
        """
        self.ensure_one()
        # that of this one alone: PostgreSQL would plan all of them for each mail
        reason = self._reasons_sql().get(self.res_model)
        if not reason or not self.wave.startswith(f"{self.res_model},"):
            return SQL("FALSE")
        return SQL("NOT %s", reason)

    def _reasons_sql(self):
        """Return what has to hold of the records that triggers find.

        :return: dict, name of the model -> condition about `i.res_id`
        """
        leads = self.env["crm.lead"]
        return {
            leads._name: SQL(
                "EXISTS (SELECT FROM crm_lead l WHERE l.id = i.res_id AND %s)",
                leads._purchase_won(),
            ),
            # neither closed nor renewed: the wave has the end as it was
            "crm.subscription": SQL(
                """EXISTS (SELECT FROM crm_subscription s
                            WHERE s.id = i.res_id AND s.close_reason_id IS NULL
                              AND i.wave = concat_ws(',', i.res_model, s.id,
                                                     s.date_end))"""
            ),
        }

    def _due_count(self, *, reminder):
        self.env.flush_all()
        query = SQL("SELECT count(*) %s", self._due_sql(reminder=reminder))
        return self.env.execute_query(query)[0][0]

    def _due_batch(self, after, limit, *, reminder):
        """Return the next invitations to send, those that wait longest first.

        :param after: (planned_at, id) of the last one that was looked at, or None
        """
        self.env.flush_all()
        beyond = SQL("TRUE")
        if after:
            beyond = SQL("(i.planned_at, i.id) > %s", after)
        rows = self.env.execute_query(
            SQL(
                "SELECT i.id %s AND %s ORDER BY i.planned_at, i.id LIMIT %s",
                self._due_sql(reminder=reminder),
                beyond,
                limit,
            )
        )
        return self.browse(id_ for (id_,) in rows)

    def _take(self, *, reminder):
        """Lock this invitation, if it is still due, and tell what to know for a mail.

        To be called at the beginning of a transaction.

        :return: dict; `obstacle` is a reason to skip it. None: not due any more, or
            somebody else is writing to it
        """
        self.ensure_one()
        obstacle = SQL("NULL") if reminder else self._first_obstacle_sql()
        found = self.env.execute_query_dict(
            SQL(
                """SELECT %s AS obstacle, coalesce(i.attempts, 0) AS attempts,
                          coalesce(i.reminders, 0) AS reminders, i.last_sent_at,
                          i.expires_at, p.expiry_days
                   %s AND i.id = %s FOR UPDATE OF i SKIP LOCKED""",
                obstacle,
                self._due_sql(reminder=reminder),
                self.id,
            )
        )
        return found[0] if found else None

    def _put(self, state, values, *, wait_for_disk):
        """Write values if this invitation is in a state, whatever it was read as.

        Past the ORM: this is done twice for each mail, and nothing is computed from it.

        :param values: field -> value; None, not False, for what is empty
        :param bool wait_for_disk: when it is committed, as usual; False: a moment later
            is early enough
        :raise TransactionRollbackError: somebody else has written to it meanwhile
        """
        soon = SQL("set_config('synchronous_commit', 'off', TRUE)")
        self.env.execute_query(
            SQL(
                "UPDATE %s SET %s WHERE id = %s AND state = %s RETURNING %s",
                SQL.identifier(self._table),
                SQL(", ").join(
                    SQL("%s = %s", SQL.identifier(name), value)
                    for name, value in values.items()
                ),
                self.id,
                state,
                SQL("id") if wait_for_disk else soon,
            )
        )
        self.invalidate_recordset(list(values))

    def _put_off(self, program, until, words=None, *, reminder, last=()):
        """Let everything of a program that is due wait until a moment.

        :param words: why, if it is an error
        :param last: ids of those after whom the others have their turn then, else a
            few that nothing can be done with would hold up all of them for good
        """
        self.env.flush_all()
        self.env.execute_query(
            SQL(
                """UPDATE crm_nps_invitation
                      SET planned_at = CASE WHEN id = ANY(%(last)s) THEN %(until)s
                                            ELSE %(before)s END,
                          error = coalesce(%(words)s, error)
                    WHERE id IN (SELECT i.id %(due)s AND p.id = %(program)s
                                  UNION ALL
                                 SELECT id FROM crm_nps_invitation
                                  WHERE id = ANY(%(last)s) AND state = %(state)s)
                          RETURNING id""",
                last=list(last),
                until=until,
                before=until - timedelta(seconds=bool(last)),
                words=words,
                due=self._due_sql(reminder=reminder),
                program=program.id,
                state="sent" if reminder else "planned",
            )
        )
        self.invalidate_model(["planned_at", "error"])

    def _in_working_hours(self):
        """Return those whose contacts work now; the others wait until they do."""
        now = fields.Datetime.now()
        moments = {}
        for invitation in self:
            program = invitation.program_id
            key = program, invitation.partner_id.tz or program.company_id._metrics_tz()
            if key not in moments:
                moments[key] = program._next_moment(str(key[1]), now)
            if moments[key] > now:
                invitation.planned_at = moments[key]
        return self.filtered(lambda invitation: invitation.planned_at <= now)


class CrmNpsProgram(models.Model):
    _inherit = "crm.nps.program"

    def _tomorrow(self):
        """Return the moment at which the company's next day begins (naive UTC)."""
        company = self.company_id
        return company._metrics_start_of_day(
            company._metrics_today() + timedelta(days=1)
        )

    def _room_today(self):
        """Return how many first mails may still go out today; None: any number."""
        self.ensure_one()
        if not self.daily_cap:
            return None
        company = self.company_id
        today = company._metrics_start_of_day(company._metrics_today())
        sent = self.env["crm.nps.invitation"].search_count(
            [
                ("program_id", "=", self.id),
                ("sent_at", ">=", today),
                ("test", "=", False),
            ]
        )
        return max(self.daily_cap - sent, 0)
