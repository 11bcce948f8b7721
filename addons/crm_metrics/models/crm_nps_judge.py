import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from odoo import fields
from odoo.tools import SQL, email_normalize

from .crm_nps_invitation import LATER_REASONS, SKIP_REASONS

#: one address, with a name and a domain that has a dot
ADDRESS = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
#: whose address refused a mail is not written to for so long
BOUNCE_DAYS = 180


def normal_address(text):
    """Return an address normalised, or an empty string if it is not a valid one."""
    email = email_normalize(text or "", strict=False) or ""
    return email if ADDRESS.fullmatch(email) else ""


@dataclass(slots=True)
class Considered:
    """A candidate, and what was found out about it."""

    candidate: dict
    partner_id: int | None
    account_id: int | None
    #: normalised; empty when there is none or it is not valid
    email: str
    #: whether anything was entered as e-mail address
    has_email: bool
    person: str
    #: what the contact is known by, if that is not the address that is written to
    contact: str
    planned_at: datetime
    skip_reason: str | None = None


class Judge:
    """Decides whom a program asks, and why not the others.

    What there is to know about all candidates is read by a fixed number of queries;
    then they are looked at one after the other, because asking one may be the reason
    not to ask the next.
    """

    def __init__(self, program, candidates, sample=True):
        """Read what is known about the candidates.

        :param program: one program, as sudo
        :param candidates: list of dict, see `crm.nps.program._consider`
        :param bool sample: whether the program's sample applies
        """
        self.program = program
        self.env = program.env
        self.samples = sample and program.sample_percent < 100
        self.between = timedelta(program.quarantine_days)
        self.account_span = timedelta(program.account_days)
        self.suppression = self.env["crm.nps.suppression"]
        self.env.flush_all()
        self.partners = self._read_partners(candidates)
        self.considered = self._identify(candidates)
        self.partner_ids = [*self.partners]
        self.emails = [one.email for one in self.considered if one.email]
        self.persons = [one.person for one in self.considered if one.person]
        self.accounts = [row[1] for row in self.partners.values()]
        self.internal_partners, self.internal_emails = self._read_internal()
        self.suppressed = self.suppression._suppressed(
            [*self.persons, *(one.contact for one in self.considered if one.contact)]
        )
        self.blacklisted = self._read_blacklisted()
        self.bounced = self._read_bounced()
        self.customers = self._read_customers()
        self.seen = self._read_seen()
        self.asked_persons, self.asked_partners = self._read_asked()
        self.asked_of_account = self._read_asked_of_account()

    def judge(self):
        """Give each candidate at most one reason to be skipped, the first that holds.

        :return: list of :class:`Considered`, in the order of the candidates
        """
        checks = [
            (reason, getattr(self, f"_is_{reason}"))
            for reason, _label in SKIP_REASONS
            if reason not in LATER_REASONS
        ]
        for one in self.considered:
            one.skip_reason = next(
                (reason for reason, holds in checks if holds(one)), None
            )
            if not one.skip_reason:
                self._note_planned(one)
        return self.considered

    # -- what is known -----------------------------------------------------

    def _read_partners(self, candidates):
        """Return rows of contacts by id."""
        ids = [one["partner_id"] for one in candidates if one.get("partner_id")]
        query = SQL(
            """SELECT id, commercial_partner_id, active, tz, message_bounce,
                      crm_nps_consent, COALESCE(email_normalized, email)
                 FROM res_partner WHERE id = ANY(%s)""",
            ids,
        )
        return {row[0]: row for row in self.env.execute_query(query)}

    def _identify(self, candidates):
        now = fields.Datetime.now()
        company_zone = self.program.company_id._metrics_tz().zone
        partners = self.env["res.partner"]
        moments = {}
        considered = []
        for candidate in candidates:
            row = self.partners.get(candidate.get("partner_id"))
            given = candidate.get("email") or (row and row[6]) or ""
            email = normal_address(given)
            partner = row and partners.browse(row[0])
            own = email if not row or given == row[6] else normal_address(row[6])
            zone = (row and row[3]) or company_zone
            if zone not in moments:
                moments[zone] = self.program._next_moment(zone, now)
            considered.append(
                Considered(
                    candidate=candidate,
                    partner_id=row and row[0],
                    account_id=row and row[1],
                    email=email,
                    has_email=bool(given.strip()),
                    person=self.suppression._person_key(email, partner),
                    contact=""
                    if own == email
                    else self.suppression._person_key(own, partner),
                    planned_at=moments[zone],
                )
            )
        return considered

    def _read_internal(self):
        """Return the contacts and addresses of those who work here."""
        rows = self.env.execute_query(
            SQL(
                """SELECT p.id, p.email_normalized, lower(u.login)
                     FROM res_users u JOIN res_partner p ON p.id = u.partner_id
                    WHERE u.active AND NOT u.share
                """
            )
        )
        companies = self.env.execute_query(SQL("SELECT partner_id FROM res_company"))
        return (
            {partner for partner, *_emails in rows} | {id_ for (id_,) in companies},
            {email for _partner, *emails in rows for email in emails if email},
        )

    def _read_blacklisted(self):
        return self._column(
            SQL(
                "SELECT email FROM mail_blacklist WHERE active AND email = ANY(%s)",
                self.emails,
            )
        )

    def _read_bounced(self):
        """Return the persons whose address refused a mail not long ago."""
        return self._column(
            SQL(
                """SELECT person FROM crm_nps_invitation
                    WHERE state = 'bounced' AND person = ANY(%s) AND sent_at > %s
                      AND test IS NOT TRUE""",
                self.persons,
                fields.Datetime.now() - timedelta(BOUNCE_DAYS),
            )
        )

    def _read_customers(self):
        """Return the accounts that have bought something from the company."""
        if self.program.legal_basis != "customer":
            return set()
        return self._column(
            SQL(
                """SELECT partner_key FROM crm_purchase
                    WHERE partner_key = ANY(%(accounts)s) AND company_id = %(company)s
                      AND kind = 'purchase'
                    UNION
                   SELECT partner_id FROM crm_mrr_segment
                    WHERE partner_id = ANY(%(accounts)s) AND company_id = %(company)s
                """,
                accounts=self.accounts,
                company=self.program.company_id.id,
            )
        )

    def _read_seen(self):
        """Return (wave, person) of who was asked already, or will be."""
        waves = list({one.candidate["wave"] for one in self.considered})
        return set(
            self.env.execute_query(
                SQL(
                    """SELECT wave, person FROM crm_nps_invitation
                        WHERE program_id = %s AND wave = ANY(%s) AND person = ANY(%s)
                          AND state <> 'skipped' AND test IS NOT TRUE""",
                    self.program.id,
                    waves,
                    self.persons,
                )
            )
        )

    def _read_asked(self):
        """Return when persons and contacts were asked last; `datetime.max`: planned.

        Over all programs of all companies. A reminder is no asking.
        """
        persons, partners = {}, {}
        if not self.between or not self.considered:
            return persons, partners
        rows = self.env.execute_query(
            SQL(
                """SELECT person, partner_id, %s AS asked FROM crm_nps_invitation
                    WHERE (person = ANY(%s) OR partner_id = ANY(%s))
                      AND %s
                    ORDER BY asked""",
                self._asked_sql(),
                self.persons,
                self.partner_ids,
                self._counts_sql(self.between),
            )
        )
        for person, partner, moment in rows:
            persons[person] = moment
            partners[partner] = moment
        # erased: nobody is meant
        persons.pop(None, None)
        partners.pop(None, None)
        return persons, partners

    def _read_asked_of_account(self):
        """Return {account: {person: when asked last}}, as :meth:`_read_asked`."""
        asked = defaultdict(dict)
        if not self.program.account_limit or not self.accounts:
            return asked
        rows = self.env.execute_query(
            SQL(
                """SELECT account_id, person, %s AS asked FROM crm_nps_invitation
                    WHERE account_id = ANY(%s) AND %s
                    ORDER BY asked""",
                self._asked_sql(),
                self.accounts,
                self._counts_sql(self.account_span),
            )
        )
        for account, person, moment in rows:
            asked[account][person] = moment
        return asked

    def _asked_sql(self):
        return SQL("CASE WHEN state = 'planned' THEN %s ELSE sent_at END", datetime.max)

    def _counts_sql(self, days):
        """Return which askings stand in the way of another one in so many days.

        What is planned does while its program runs. Once that runs again, whoever sends
        looks at all of it anew.
        """
        return SQL(
            """test IS NOT TRUE AND (
                   sent_at > %s OR state = 'planned' AND program_id IN (
                       SELECT id FROM crm_nps_program
                        WHERE state = 'running' AND active))""",
            min(one.planned_at for one in self.considered) - days,
        )

    def _column(self, query):
        return {value for (value,) in self.env.execute_query(query)}

    # -- reasons, in the order of SKIP_REASONS ------------------------------

    def _is_no_email(self, one):
        return not one.has_email

    def _is_bad_email(self, one):
        return not one.email

    def _is_internal(self, one):
        return (
            one.partner_id in self.internal_partners
            or one.account_id in self.internal_partners
            or one.email in self.internal_emails
        )

    def _is_archived(self, one):
        return bool(one.partner_id) and not self.partners[one.partner_id][2]

    def _is_double(self, one):
        return (one.candidate["wave"], one.person) in self.seen

    def _is_opted_out(self, one):
        return self._is_suppressed(one, "opted_out")

    def _is_erased(self, one):
        return self._is_suppressed(one, "erased")

    def _is_suppressed(self, one, reason):
        return reason in (
            self.suppressed.get(one.person),
            self.suppressed.get(one.contact),
        )

    def _is_blacklisted(self, one):
        return one.email in self.blacklisted

    def _is_bounces(self, one):
        return one.person in self.bounced or bool(
            one.partner_id and self.partners[one.partner_id][4]
        )

    def _is_no_consent(self, one):
        return self.program.legal_basis == "consent" and not (
            one.partner_id and self.partners[one.partner_id][5]
        )

    def _is_no_customer(self, one):
        return (
            self.program.legal_basis == "customer"
            # a deal that was won today may not be a row of what was bought yet
            and not one.candidate.get("customer")
            and one.account_id not in self.customers
        )

    def _is_quarantine(self, one):
        """Tell whether less than the program's days x 24 hours have gone by."""
        since = one.planned_at - self.between
        return any(
            moment and moment > since
            for moment in (
                self.asked_persons.get(one.person),
                self.asked_partners.get(one.partner_id),
            )
        )

    def _is_account(self, one):
        limit = self.program.account_limit
        if not limit or not one.account_id:
            return False
        since = one.planned_at - self.account_span
        others = [
            person
            for person, moment in self.asked_of_account[one.account_id].items()
            if moment > since and person != one.person
        ]
        return len(others) >= limit

    def _is_not_sampled(self, one):
        """Tell by a number that is the same whenever it is computed."""
        if not self.samples:
            return False
        code = self.suppression._keyed_hash(
            "sample", str(self.program.id), one.candidate["wave"], one.person
        )
        return int(code[:13], 16) / 16**13 * 100 >= self.program.sample_percent

    def _note_planned(self, one):
        self.seen.add((one.candidate["wave"], one.person))
        if self.between:
            self.asked_persons[one.person] = datetime.max
            if one.partner_id:
                self.asked_partners[one.partner_id] = datetime.max
        if one.account_id:
            self.asked_of_account[one.account_id][one.person] = datetime.max
