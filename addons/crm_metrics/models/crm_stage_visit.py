from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .crm_stage_visit_rows import BULK_FROM, RECORDED, visits


class CrmStageVisit(models.Model):
    """A stay of a deal in a stage: from the event that brought it there to the one
    that took it away.

    A won stage is an end and no stay, a deal that is closed stays nowhere, and what
    is a mere lead is no deal yet.
    """

    _name = "crm.stage.visit"
    _inherit = ["crm.metrics.fact"]
    _description = "Stage Visit"
    _log_access = False
    _order = "entered desc, id desc"
    _rec_name = "stage_name"
    _fact_key = "lead_key"
    _fact_upstream = ("crm.lead.event",)
    _fact_has_issues = True
    _fact_identity = ("visit_no",)
    _fact_values = (
        "company_id",
        "lead_id",
        "partner_id",
        "stage_id",
        "stage_key",
        "stage_name",
        "stage_sequence",
        "stage_is_won",
        "entered",
        "left",
        "days",
        "outcome",
        "next_stage_id",
        "next_stage_key",
        "skipped",
        "lost_reason_id",
        "value_entered",
        "value_left",
        "user_id",
        "team_id",
        "owner_id",
        "inexact",
        "team_reset",
        "bulk",
        "merged",
        "deleted",
    )

    # -- the deal -------------------------------------------------------

    lead_key = fields.Integer(
        string="Lead Number", required=True, readonly=True, aggregator=None
    )
    visit_no = fields.Integer(
        string="Visit Number",
        required=True,
        readonly=True,
        aggregator=None,
        help="1 for the first stay of the opportunity, in whatever stage.",
    )
    lead_id = fields.Many2one(
        "crm.lead",
        string="Opportunity",
        ondelete="set null",
        readonly=True,
        index="btree_not_null",
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        ondelete="set null",
        readonly=True,
        index="btree_not_null",
        help="The commercial partner.",
    )
    company_id = fields.Many2one(
        "res.company", required=True, ondelete="cascade", readonly=True
    )
    company_currency_id = fields.Many2one(
        "res.currency", related="company_id.currency_id", string="Company Currency"
    )
    source_id = fields.Many2one(
        related="lead_id.source_id", help="Campaign source of the opportunity."
    )

    # -- the stay -------------------------------------------------------

    stage_id = fields.Many2one("crm.stage", ondelete="set null", readonly=True)
    stage_key = fields.Integer(
        string="Stage Number", required=True, readonly=True, aggregator=None
    )
    stage_name = fields.Char(readonly=True, help="As the stage was called then.")
    stage_sequence = fields.Integer(readonly=True, aggregator=None)
    stage_is_won = fields.Boolean(
        string="Won Stage", readonly=True, help="Never: a won stage is an end."
    )
    entered = fields.Datetime(required=True, readonly=True)
    left = fields.Datetime(readonly=True, help="Empty: the deal is still there.")
    days = fields.Float(
        readonly=True,
        aggregator="avg",
        help="Days in the stage, in whole minutes; nothing while the visit is open.",
    )
    outcome = fields.Selection(
        [
            ("open", "Still Open"),
            ("forward", "Forward"),
            ("backward", "Backward"),
            ("moved", "Moved"),
            ("won", "Won"),
            ("lost", "Lost"),
            ("archived", "Archived"),
        ],
        required=True,
        readonly=True,
        help="Moved: to a stage that is gone, so that nobody knows which came first, "
        "or merged into another opportunity. Archived: neither won nor lost.",
    )
    next_stage_id = fields.Many2one("crm.stage", ondelete="set null", readonly=True)
    next_stage_key = fields.Integer(
        string="Next Stage Number", readonly=True, aggregator=None
    )
    skipped = fields.Integer(
        string="Skipped Stages",
        readonly=True,
        help="Open stages of the team's pipeline that the exit jumped over.",
    )
    lost_reason_id = fields.Many2one(
        "crm.lost.reason", ondelete="set null", readonly=True
    )
    value_entered = fields.Monetary(
        string="Value at Entry", currency_field="company_currency_id", readonly=True
    )
    value_left = fields.Monetary(
        string="Value at Exit",
        currency_field="company_currency_id",
        readonly=True,
        help="Expected revenue after the exit; of an open visit, the latest one.",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Salesperson",
        ondelete="set null",
        readonly=True,
        help="Before the exit.",
    )
    team_id = fields.Many2one(
        "crm.team",
        string="Sales Team",
        ondelete="set null",
        readonly=True,
        help="Before the exit.",
    )
    owner_id = fields.Many2one(
        "res.users",
        string="Last Salesperson",
        ondelete="set null",
        readonly=True,
        help="Of the opportunity: whose visits these are to see.",
    )

    # -- doubts ---------------------------------------------------------

    inexact = fields.Boolean(
        string="Date Is a Guess",
        readonly=True,
        help="Nothing recorded when the visit began or ended.",
    )
    team_reset = fields.Boolean(
        readonly=True, help="Another team, and by that another stage."
    )
    bulk = fields.Boolean(
        string="Moved in Bulk",
        readonly=True,
        help="It began or ended together with those of many other opportunities: "
        "tidying up, not selling.",
    )
    merged = fields.Boolean(
        string="Merged Away",
        readonly=True,
        help="It ended because the opportunity went into another one.",
    )
    deleted = fields.Boolean(
        readonly=True, help="It ended because the opportunity was deleted."
    )

    _lead_key_idx = models.Index("(lead_key, visit_no)")
    _stage_idx = models.Index("(company_id, stage_key, entered)")
    _open_idx = models.Index('(company_id, stage_key) WHERE "left" IS NULL')

    def _fact_select(self, scope):
        return visits(scope)

    # ------------------------------------------------------------------
    # what changes visits besides the events of their lead
    # ------------------------------------------------------------------

    def _push_stages(self, stage_ids):
        """Queue the leads that jumped over stages which some stages may be among.

        To be called before and after a change of the stages: straight from the
        database, as this runs inside flushes.
        """
        self.env["crm.metrics.queue"]._push(
            self._name,
            SQL(
                """
                SELECT v.lead_key
                  FROM crm_stage_visit v
                  JOIN crm_stage here ON here.id = v.stage_key
                  JOIN crm_stage there ON there.id = v.next_stage_key
                 WHERE v.outcome IN ('forward', 'won')
                   AND (here.id = ANY(%(ids)s) OR there.id = ANY(%(ids)s) OR EXISTS (
                       SELECT FROM crm_stage k
                        WHERE k.id = ANY(%(ids)s) AND k.sequence > here.sequence
                          AND k.sequence < there.sequence))
                """,
                ids=list(stage_ids),
            ),
        )

    def _push_without_company(self, column, ids):
        """Queue the leads without company that some teams or users lend theirs.

        :param column: `team_id` or `user_id`
        """
        self.env["crm.metrics.queue"]._push(
            self._name,
            SQL(
                """SELECT lead_key FROM crm_lead_event
                    WHERE company_id IS NULL AND %s = ANY(%s)""",
                SQL.identifier(column),
                list(ids),
            ),
        )

    def _push_company(self, company_ids):
        """Queue the leads of companies that are to be deleted."""
        self.env["crm.metrics.queue"]._push(
            self._name,
            SQL(
                "SELECT lead_key FROM crm_lead_event WHERE company_id = ANY(%s)",
                list(company_ids),
            ),
        )

    def _push_crowds(self, lead_keys):
        """Queue the leads whose moves are in bulk since these leads have come.

        The history of a transaction comes in with those of its leads, batch by
        batch; the ones that came before did not know how many they would be.

        :param lead_keys: leads that have got new events; they are queued already
        """
        self.env["crm.metrics.queue"]._push(
            self._name,
            SQL(
                """
                WITH fresh AS (SELECT unnest(%(keys)s::int[]) AS lead_key), grown AS (
                    SELECT e.at
                      FROM crm_lead_event e
                      LEFT JOIN fresh USING (lead_key)
                     WHERE e.source = ANY(%(recorded)s)
                       AND e.at IN (SELECT at FROM crm_lead_event
                                      JOIN fresh USING (lead_key))
                     GROUP BY e.at
                    HAVING count(DISTINCT e.lead_key) >= %(bulk_from)s
                       AND count(DISTINCT e.lead_key) FILTER (
                               WHERE fresh.lead_key IS NULL) < %(bulk_from)s)
                SELECT e.lead_key
                  FROM grown
                  JOIN crm_lead_event e USING (at)
                  LEFT JOIN fresh USING (lead_key)
                 WHERE fresh.lead_key IS NULL
                """,
                recorded=RECORDED,
                keys=list(lead_keys),
                bulk_from=BULK_FROM,
            ),
        )

    # ------------------------------------------------------------------
    # following a figure
    # ------------------------------------------------------------------

    def action_open_lead(self):
        """Open the opportunity that the visit is of."""
        self.ensure_one()
        self.check_access("read")
        if not self.lead_id:
            raise UserError(
                self.env._("The opportunity is gone: it was deleted or merged away.")
            )
        self.lead_id.check_access("read")
        return self.lead_id._get_records_action()
