from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .crm_stage_norm import MINUTES_OF_DAY
from .crm_stage_visit_rows import stays

MINUTE = timedelta(minutes=1)


class CrmLead(models.Model):
    """How long an open opportunity has been in its stage, and how long is usual there.

    The moment of entry is read from the log, not from the visits: it is right as
    soon as a deal has moved, the visits follow within minutes.
    """

    _inherit = "crm.lead"

    crm_stage_days = fields.Integer(
        string="Days in Stage",
        compute="_compute_crm_stage_mark",
        help="Whole days since the opportunity came to its present stage.",
    )
    crm_stage_median = fields.Float(
        string="Half Leave the Stage Within",
        compute="_compute_crm_stage_mark",
        help="In days, of all opportunities of the company in the last 12 months.",
    )
    crm_stage_p90 = fields.Float(
        string="Nine of Ten Leave the Stage Within",
        compute="_compute_crm_stage_mark",
        help="In days, of all opportunities of the company in the last 12 months.",
    )
    crm_stage_stuck = fields.Boolean(
        string="Stuck",
        compute="_compute_crm_stage_mark",
        search="_search_crm_stage_stuck",
        help="In its stage for longer than nine of ten opportunities.",
    )
    crm_stage_note = fields.Char(
        string="Time in Stage",
        compute="_compute_crm_stage_mark",
        help="Empty where it is unknown since when the opportunity is in its stage.",
    )

    crm_stage_usual = fields.Char(
        string="Usual Days in Stage", compute="_compute_crm_stage_mark"
    )

    @api.depends("stage_id", "active", "type", "company_id", "team_id", "user_id")
    def _compute_crm_stage_mark(self):
        self.crm_stage_days = self.crm_stage_median = self.crm_stage_p90 = 0
        self.crm_stage_stuck = self.crm_stage_note = self.crm_stage_usual = False
        now = fields.Datetime.now()
        entries = self._crm_stage_entries()
        visit = self.env["crm.stage.visit"]
        norms = {}
        for lead in self:
            if not (entered := entries.get(lead)):
                continue
            company = lead._crm_stage_company()
            if company not in norms:
                norms[company] = visit._norms(company) if company else {}
            norm = norms[company].get(lead.stage_id._origin.id, {})
            minutes = max(now - entered, timedelta()) // MINUTE
            lead.crm_stage_days = minutes // MINUTES_OF_DAY
            lead.crm_stage_median = norm.get("median")
            lead.crm_stage_p90 = p90 = norm.get("p90")
            # None: nobody knows what is long there
            lead.crm_stage_stuck = p90 and minutes > round(p90 * MINUTES_OF_DAY)
            lead.crm_stage_note = lead._crm_stage_sentence()
            lead.crm_stage_usual = p90 and self.env._(
                "(usual: %(median)s to %(p90)s)",
                median=self._crm_stage_whole(lead.crm_stage_median),
                p90=self._crm_stage_whole(p90),
            )

    def _crm_stage_company(self):
        """Return the company whose norms hold for a lead, as for its visits."""
        lead_sudo = self.sudo()
        return (
            lead_sudo.company_id
            or lead_sudo.team_id.company_id
            or lead_sudo.user_id.company_id
        )

    def _crm_stage_sentence(self):
        """Return the days in the stage and what is usual there, in words."""
        days = self._crm_stage_spell(self.crm_stage_days)
        if not self.crm_stage_median:
            return self.env._("In this stage for %(days)s.", days=days)
        median = self._crm_stage_spell(self.crm_stage_median)
        if not self.crm_stage_p90:
            return self.env._(
                "In this stage for %(days)s; half of the deals leave within "
                "%(median)s.",
                days=days,
                median=median,
            )
        return self.env._(
            "In this stage for %(days)s; half of the deals leave within %(median)s, "
            "nine of ten within %(p90)s.",
            days=days,
            median=median,
            p90=self._crm_stage_spell(self.crm_stage_p90),
        )

    @api.model
    def _crm_stage_whole(self, days):
        # a norm of some hours is not "within 0 days"
        return max(1, round(days))

    def _crm_stage_spell(self, days):
        if isinstance(days, float):
            days = self._crm_stage_whole(days)
        if days == 1:
            return self.env._("1 day")
        return self.env._("%(days)s days", days=days)

    def _crm_stage_entries(self):
        """Return since when open opportunities are in their stage.

        :return: dict, lead -> moment (naive UTC); without those that are not open,
            and those whose history is not in the log yet
        """
        open_leads = self.filtered(
            lambda lead: (
                lead._origin
                and lead.type == "opportunity"
                and lead.active
                and lead.stage_id
                and not lead.stage_id.is_won
            )
        )
        stays = {
            lead_id: (stage_id, entered)
            for lead_id, stage_id, entered in self.env.execute_query(
                self._crm_stage_last_stays(open_leads._origin.ids)
            )
        }
        entries = {}
        for lead in open_leads:
            stage_id, entered = stays.get(lead._origin.id, (None, None))
            if lead._origin.id in stays and stage_id != lead.stage_id._origin.id:
                # moved just now: the log is written at the end of the transaction
                entered = fields.Datetime.now()
            if entered:
                entries[lead] = entered
        return entries

    @api.model
    def _crm_stage_last_stays(self, lead_ids):
        """Return the SQL that finds the stay at the end of each lead's log.

        :return: SQL with the columns lead, stage (NULL: the lead stays nowhere) and
            the moment of entry (NULL: in a part of its history that is not read yet)
        """
        return SQL(
            """
            SELECT since.lead_key,
                   max(since.stage_key) FILTER (WHERE since.stays),
                   CASE WHEN NOT bool_or(since.oldest)
                          OR min(since.at) <= min(l.create_date)
                          OR bool_or(since.source = 'backfill')
                        THEN min(since.at) END
              FROM (
                SELECT e.*,
                       -- events, from the last one back, until another state comes
                       count(*) FILTER (WHERE NOT (e.stays AND e.same)) OVER w AS n
                  FROM (
                    SELECT e.lead_key, e.id, e.at, e.source, e.stage_key,
                           %(stays)s AS stays,
                           e.stage_key IS NOT DISTINCT FROM
                               first_value(e.stage_key) OVER w AS same,
                           lead(e.id) OVER w IS NULL AS oldest,
                           row_number() OVER w = 1 AS newest
                      FROM crm_lead_event e
                     WHERE e.lead_key = ANY(%(leads)s)
                    WINDOW w AS (PARTITION BY e.lead_key ORDER BY e.at DESC, e.id DESC)
                  ) AS e
                WINDOW w AS (PARTITION BY e.lead_key ORDER BY e.at DESC, e.id DESC)
              ) AS since
              JOIN crm_lead l ON l.id = since.lead_key
             WHERE since.n = 0 OR since.newest
             GROUP BY since.lead_key
            """,
            stays=stays(SQL("e")),
            leads=lead_ids,
        )

    # ------------------------------------------------------------------
    # search
    # ------------------------------------------------------------------

    def _search_crm_stage_stuck(self, operator, value):
        if operator != "in":
            return NotImplemented
        stuck = self._crm_stuck_domain(self.env.companies)
        wanted = {bool(each) for each in value}
        if len(wanted) != 1:
            return Domain(len(wanted) == 2)
        return stuck if True in wanted else ~stuck

    @api.model
    def _crm_stuck_domain(self, companies, and_visit=None):
        """Return the domain of the deals that wait for longer than is usual.

        :param companies: companies whose norms count
        :param and_visit: SQL condition on the lead and `v`, its open visit
        """
        now = fields.Datetime.now()
        visit = self.env["crm.stage.visit"]
        # a moment per stage: who came before it is stuck
        limits = [
            (company.id, stage, now - MINUTE * (1 + round(p90 * MINUTES_OF_DAY)))
            for company in companies
            for stage, norm in visit._norms(company).items()
            if (p90 := norm["p90"])
        ]
        if not limits:
            return Domain.FALSE
        visits = SQL(
            """SELECT v.lead_key, v.stage_key, v.entered
                 FROM crm_stage_visit v
                 JOIN (VALUES %s) AS n (company_id, stage_key, latest)
                   ON n.company_id = v.company_id AND n.stage_key = v.stage_key
                WHERE v."left" IS NULL AND v.entered <= n.latest""",
            SQL(", ").join(SQL("(%s, %s, %s::timestamp)", *limit) for limit in limits),
        )

        def to_sql(model, alias, query):
            # the lead itself may have gone on since the visits were brought up to date
            return SQL(
                """EXISTS (SELECT FROM (%(visits)s) AS v
                            WHERE v.lead_key = %(id)s AND v.stage_key = %(stage)s
                              AND %(active)s AND %(type)s = 'opportunity'
                              AND %(more)s)""",
                visits=visits,
                id=model._field_to_sql(alias, "id", query),
                stage=model._field_to_sql(alias, "stage_id", query),
                active=model._field_to_sql(alias, "active", query),
                type=model._field_to_sql(alias, "type", query),
                more=and_visit(model, alias, query) if and_visit else SQL("TRUE"),
            )

        return Domain.custom(to_sql=to_sql)

    def action_view_crm_stage_visits(self):
        """Open the stays of this opportunity in its stages."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_metrics.crm_stage_visit_action"
        )
        return {**action, "domain": [("lead_key", "=", self.id)], "context": {}}
