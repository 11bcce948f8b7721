from collections import Counter, defaultdict

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..kernel import nps
from .crm_nps_answer import BUCKETS
from .res_partner_purchases import GROUP

ANSWER = "crm.nps.answer"
#: what stands for the opinion of a contact
COUNTS = SQL("state = 'counted' AND public IS NOT TRUE")
#: answers, once for the contact who gave them and once for the account
OF_CONTACTS = SQL(
    """CROSS JOIN LATERAL (
           SELECT DISTINCT id AS contact FROM (VALUES (partner_id), (account_id))
                  AS ids (id)) AS contacts"""
)


class ResPartner(models.Model):
    """What a contact, or somebody of an account, answered last; and the account's NPS.

    In the current company, of the answers that the reader may read. A customer's form
    shows the last answer of any of its contacts.
    """

    _inherit = "res.partner"

    crm_nps_bucket = fields.Selection(
        BUCKETS,
        string="Feedback",
        compute="_compute_crm_nps",
        search="_search_crm_nps_bucket",
        groups=GROUP,
        help="By the last answer that counts.",
    )
    crm_nps_score = fields.Integer(
        string="Last Score", compute="_compute_crm_nps", aggregator=None, groups=GROUP
    )
    crm_nps_date = fields.Datetime(
        string="Last Answer", compute="_compute_crm_nps", groups=GROUP
    )
    crm_nps_answer_count = fields.Integer(
        string="Number of Answers",
        compute="_compute_crm_nps",
        aggregator=None,
        groups=GROUP,
    )
    crm_nps_account_score = fields.Integer(
        string="NPS of the Account",
        compute="_compute_crm_nps_account",
        aggregator=None,
        groups=GROUP,
        help="Promoters less detractors among the votes of the account in the last 12 "
        "months, in percent of them all.",
    )
    crm_nps_account_votes = fields.Integer(
        string="Votes of the Account",
        compute="_compute_crm_nps_account",
        aggregator=None,
        groups=GROUP,
        help="In the last 12 months; one for each person and wave.",
    )

    @api.depends("commercial_partner_id")
    @api.depends_context("company", "allowed_company_ids", "uid")
    def _compute_crm_nps(self):
        answers = self._crm_nps_answers(
            Domain("partner_id", "in", self._origin.ids)
            | Domain("account_id", "in", self._origin.ids)
        )
        found = {
            contact: (count, score, date)
            for contact, count, score, date in self.env.execute_query(
                SQL(
                    """SELECT contact, count(*),
                              (array_agg(score ORDER BY date DESC, id DESC)
                               FILTER (WHERE %(counts)s))[1],
                              max(date) FILTER (WHERE %(counts)s)
                         FROM %(answers)s AS answer %(contacts)s
                        WHERE contact = ANY(%(ids)s)
                        GROUP BY contact""",
                    counts=COUNTS,
                    answers=answers,
                    contacts=OF_CONTACTS,
                    ids=self._origin.ids,
                )
            )
        }
        for partner in self:
            count, score, date = found.get(partner._origin.id, (0, None, None))
            partner.crm_nps_answer_count = count
            partner.crm_nps_score = score
            partner.crm_nps_bucket = score is not None and nps.bucket(score)
            partner.crm_nps_date = date

    @api.depends("commercial_partner_id")
    @api.depends_context("company", "allowed_company_ids", "uid")
    def _compute_crm_nps_account(self):
        accounts = self.commercial_partner_id._origin
        year_ago = fields.Datetime.now() - relativedelta(years=1)
        answers = self._crm_nps_answers(
            Domain("account_id", "in", accounts.ids) & Domain("date", ">", year_ago)
        )
        scores = defaultdict(Counter)
        for account, score, count in self.env.execute_query(
            SQL(
                """SELECT account_id, score, count(*) FROM (
                       SELECT DISTINCT ON (program_id, wave, voter)
                              account_id, score
                         FROM %s AS answer
                        WHERE %s
                        ORDER BY program_id, wave, voter, date DESC, id DESC) AS votes
                    GROUP BY account_id, score""",
                answers,
                COUNTS,
            )
        ):
            scores[account][score] = count
        for partner in self:
            votes = nps.votes(scores[partner.commercial_partner_id._origin.id])
            partner.crm_nps_account_votes = votes.answers
            partner.crm_nps_account_score = nps.score(votes)

    @api.model
    def _search_crm_nps_bucket(self, operator, value):
        if operator != "in":
            return NotImplemented
        buckets = [bucket for bucket in value if bucket]
        answers = self._crm_nps_answers(Domain.TRUE)
        last = SQL(
            """SELECT DISTINCT ON (contact) contact, bucket
                 FROM %s AS answer %s
                WHERE contact IS NOT NULL AND %s
                ORDER BY contact, date DESC, id DESC""",
            answers,
            OF_CONTACTS,
            COUNTS,
        )
        found = SQL(
            "SELECT contact FROM (%s) AS last WHERE bucket = ANY(%s)", last, buckets
        )
        known = SQL("SELECT contact FROM (%s) AS last", last)

        def to_sql(model, alias, query):
            contact = model._field_to_sql(alias, "id", query)
            condition = SQL("%s IN (%s)", contact, found)
            if len(buckets) < len(value):
                # those whom nobody heard
                condition = SQL("(%s OR %s NOT IN (%s))", condition, contact, known)
            return condition

        return Domain.custom(to_sql=to_sql)

    def _crm_nps_answers(self, domain):
        """Return the subselect of the answers that the reader may read.

        `voter` tells persons from each other: who is nobody is a voter as well.
        """
        answer = self.env[ANSWER]
        query = answer._search(
            Domain("company_id", "=", self.env.company.id)
            & Domain("test", "=", False)
            & domain
        )
        # whose answer it is may be told by a key that nobody may read
        person = answer.sudo()._field_to_sql(query.table, "person", query)
        names = ("id", "partner_id", "account_id", "score", "bucket", "date", "state")
        return query.subselect(
            *(
                answer._field_to_sql(query.table, name, query)
                for name in (*names, "public", "program_id", "wave")
            ),
            SQL(
                "COALESCE(NULLIF(%s, ''), '#' || %s) AS voter",
                person,
                SQL.identifier(query.table, "id"),
            ),
        )

    # ------------------------------------------------------------------
    # ways out
    # ------------------------------------------------------------------

    def action_view_crm_nps_answers(self):
        """Open what the contact, or somebody of the account, answered."""
        self.ensure_one()
        self.check_access("read")
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "crm_metrics.crm_nps_answer_action"
            ),
            "domain": [
                ("company_id", "=", self.env.company.id),
                ("test", "=", False),
                "|",
                ("partner_id", "=", self.id),
                ("account_id", "=", self.id),
            ],
            "context": {},
        }

    def action_crm_nps_ask(self):
        """Open the dialogue that asks these contacts for feedback."""
        self.check_access("read")
        return self.env["crm.nps.ask"]._action_for(self)
