from odoo import api, fields, models
from odoo.tools import SQL

from .crm_lead_history import history
from .crm_lead_log import ABOUT, STATE, lead_state, log_function

#: leads with a change that waits for the end of the transaction
PENDING = "crm_metrics.leads"
#: temporary table of the leads whose history is not in the log yet
LEADS = SQL.identifier("crm_metrics_leads")


class CrmLeadEvent(models.Model):
    """The log of all leads: their state after each transaction that changed it.

    Other facts are derived from something, this one is the source itself: nothing
    in it is ever computed anew. Its "rebuild" adds what is missing: the history
    of leads that are older than the addon, and what escaped the capture.
    """

    _name = "crm.lead.event"
    _inherit = ["crm.metrics.fact"]
    _description = "Lead Event"
    _log_access = False
    _order = "at desc, id desc"
    _rec_name = "stage_name"
    _fact_key = "lead_key"

    # Keys beside the records: a deleted record clears the reference to it, in old
    # events too. What was before must stay to be told apart from what is now.
    lead_key = fields.Integer(
        string="Lead Number", required=True, readonly=True, aggregator=None
    )
    lead_id = fields.Many2one(
        "crm.lead",
        string="Opportunity",
        ondelete="set null",
        readonly=True,
        index="btree_not_null",
    )
    at = fields.Datetime(
        required=True,
        readonly=True,
        index=True,
        help="Start of the transaction that made the change.",
    )
    type = fields.Selection(
        [("lead", "Lead"), ("opportunity", "Opportunity")], readonly=True
    )
    stage_id = fields.Many2one("crm.stage", ondelete="set null", readonly=True)
    stage_key = fields.Integer(string="Stage Number", readonly=True, aggregator=None)
    stage_name = fields.Char(readonly=True, help="As the stage was called then.")
    stage_sequence = fields.Integer(readonly=True, aggregator=None)
    stage_is_won = fields.Boolean(string="Won Stage", readonly=True)
    active = fields.Boolean(readonly=True)
    won_status = fields.Selection(
        [("won", "Won"), ("lost", "Lost"), ("pending", "Pending")],
        string="Won/Lost",
        readonly=True,
    )
    lost_reason_id = fields.Many2one(
        "crm.lost.reason", ondelete="set null", readonly=True
    )
    expected_revenue = fields.Monetary(
        currency_field="company_currency_id", readonly=True, aggregator=None
    )
    recurring_revenue = fields.Monetary(
        string="Recurring Revenues",
        currency_field="company_currency_id",
        readonly=True,
        aggregator=None,
    )
    probability = fields.Float(
        readonly=True,
        aggregator="avg",
        help="Empty in events from before the installation: nothing recorded it.",
    )
    is_automated_probability = fields.Boolean(
        string="Automated Probability",
        readonly=True,
        help="The probability came from the scoring: its changes make no event.",
    )
    date_deadline = fields.Date(string="Expected Closing", readonly=True)
    company_id = fields.Many2one("res.company", ondelete="set null", readonly=True)
    company_currency_id = fields.Many2one(
        "res.currency", related="company_id.currency_id", string="Company Currency"
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        ondelete="set null",
        readonly=True,
        index="btree_not_null",
        help="The commercial partner.",
    )
    user_id = fields.Many2one(
        "res.users", string="Salesperson", ondelete="set null", readonly=True
    )
    user_key = fields.Integer(
        string="Salesperson Number", readonly=True, aggregator=None
    )
    team_id = fields.Many2one(
        "crm.team", string="Sales Team", ondelete="set null", readonly=True
    )
    team_key = fields.Integer(string="Team Number", readonly=True, aggregator=None)
    removed = fields.Selection(
        [("deleted", "Deleted"), ("merged", "Merged Away")],
        readonly=True,
        help="The last event of a lead that is gone says how it went.",
    )
    author_id = fields.Many2one(
        "res.partner", string="Changed By", ondelete="set null", readonly=True
    )
    source = fields.Selection(
        [("live", "Recorded"), ("backfill", "From Tracking"), ("import", "Imported")],
        required=True,
        default="import",
        readonly=True,
    )
    exact = fields.Boolean(
        default=True,
        readonly=True,
        help="Off: that it happened is sure, when it did is a guess.",
    )

    _lead_key_idx = models.Index("(lead_key, at, id)")

    def init(self):
        res = super().init()
        self.env.cr.execute(log_function())
        return res

    @api.model_create_multi
    def create(self, vals_list):
        """Add events by hand: imports, demo data and tests.

        Numbers and the look of the stage are filled from the records.
        """
        for vals in vals_list:
            stage = self.env["crm.stage"].browse(vals.get("stage_id") or None)
            for key in ("lead", "user", "team"):
                # an empty number would become 0, and differ from a recorded one
                if id_ := vals.get(f"{key}_id"):
                    vals.setdefault(f"{key}_key", id_)
            if stage:
                vals.setdefault("stage_key", stage.id)
                vals.setdefault("stage_name", stage.with_context(lang="en_US").name)
                vals.setdefault("stage_sequence", stage.sequence)
                vals.setdefault("stage_is_won", stage.is_won)
        events = super().create(vals_list)
        for fact in self._fact_downstream():
            self.env["crm.metrics.queue"]._push(fact, events.mapped("lead_key"))
        self.env["crm.stage.visit"]._push_crowds(set(events.mapped("lead_key")))
        return events

    def _search(self, domain, *args, **kwargs):
        # `active` is the lead's: an event is history, and that is never archived
        return super()._search(domain, *args, **{**kwargs, "active_test": False})

    # ------------------------------------------------------------------
    # capture
    # ------------------------------------------------------------------

    def _note(self, lead_ids):
        """Look at some leads at the end of the transaction."""
        precommit = self.env.cr.precommit
        pending = precommit.data.get(PENDING)
        if pending is None:
            pending = precommit.data[PENDING] = set()
            precommit.add(self._capture)
        pending.update(lead_ids)

    def _note_those_of(self, column, ids):
        """Look at the leads that refer to some records, at the end."""
        # straight to the cursor: this runs inside flushes, so it may not flush; a
        # lead whose reference is not written yet is noted when it is
        self.env.cr.execute(
            SQL(
                "SELECT id FROM crm_lead WHERE %s = ANY(%s)",
                SQL.identifier(column),
                list(ids),
            )
        )
        if leads := self.env.cr.fetchall():
            self._note(lead_id for (lead_id,) in leads)

    def _capture(self):
        """Log the noted leads whose state is not the one that was logged last."""
        # taken out at once: what comes from now on needs a look of its own
        pending = self.env.cr.precommit.data.pop(PENDING, None)
        if pending:
            self._log(list(pending), replace=True)

    def _capture_removal(self, lead_ids, how):
        """Log that leads go, before they do, with the state they go in.

        :param how: `deleted` or `merged`
        """
        self.env.flush_all()
        # their tracking goes with them
        self._backfill(lambda key: SQL("%s = ANY(%s)", key, lead_ids))
        self._log(lead_ids, replace=True, removed=how)

    def _log(self, leads, replace=False, removed=None, exact=True):
        """Append an event for each lead whose state differs from its last event.

        :param leads: SQL that selects ids of leads, or a list of them
        :param replace: forget what this transaction logged of them before: a
            flush in its midst may have shown a state that nobody else ever saw
        :param removed: how these leads go; those that are logged as gone already,
            and those that came in this transaction, are left out
        :return: number of events
        """
        if isinstance(leads, SQL):
            leads = SQL("ARRAY(%s)", leads)
        self.env.cr.execute(
            SQL(
                "SELECT crm_metrics_log_leads(%s, %s, %s, %s, %s, %s, %s)",
                leads,
                self.env.cr.now(),
                self.env.uid,
                removed,
                exact,
                replace,
                self._fact_downstream(),
            )
        )
        return self.env.cr.fetchone()[0]

    # ------------------------------------------------------------------
    # engine
    # ------------------------------------------------------------------

    def _fact_install(self):
        # reading the whole history takes too long for an installation
        self.env["crm.metrics.queue"]._push(self._name, SQL("SELECT id FROM crm_lead"))

    def _fact_rebuild(self, scope):
        """Add what the log lacks: old history, and changes that nothing captured."""
        self.env.flush_all()
        # what still waits for the end of this transaction has escaped nobody
        self._capture()
        added = self._backfill(scope)
        leads = SQL("SELECT id FROM crm_lead WHERE %s", scope(SQL.identifier("id")))
        added += self._log(leads, exact=False)
        added += self._log_vanished(scope)
        self.env.cr.execute(
            SQL(
                "SELECT count(*) FROM crm_lead_event WHERE %s",
                scope(SQL.identifier("lead_key")),
            )
        )
        self.invalidate_model()
        return self.env.cr.fetchone()[0], added

    def _log_vanished(self, scope):
        """Append an event for leads that were deleted behind the ORM's back."""
        ended = {
            "lead_id": SQL("NULL::int"),
            "active": SQL("FALSE"),
            "removed": SQL("'deleted'"),
            "at": SQL("%s", self.env.cr.now()),
            "author_id": SQL("NULL::int"),
            "source": SQL("'live'"),
            "exact": SQL("FALSE"),
        }
        return self._fact_write(
            SQL(
                """INSERT INTO crm_lead_event (%s)
                   SELECT %s
                     FROM (SELECT DISTINCT lead_key FROM crm_lead_event
                            WHERE lead_id IS NULL AND %s) AS gone
                    CROSS JOIN LATERAL (
                          SELECT * FROM crm_lead_event e
                           WHERE e.lead_key = gone.lead_key
                           ORDER BY e.at DESC, e.id DESC LIMIT 1) AS last
                    WHERE last.removed IS NULL
                      AND NOT EXISTS (SELECT FROM crm_lead l WHERE l.id = gone.lead_key)
                   RETURNING lead_key AS key""",
                self._fact_sql_columns((*STATE, *ABOUT)),
                SQL(", ").join(
                    ended.get(name, SQL.identifier("last", name))
                    for name in (*STATE, *ABOUT)
                ),
                scope(SQL.identifier("lead_key")),
            )
        )

    def _backfill(self, scope):
        """Add the history that leads had before their first event.

        Each lead gets it once: whatever is found, its creation is an event.

        :return: number of events
        """
        cr = self.env.cr
        cr.execute(
            SQL(
                """SELECT l.id
                     FROM crm_lead l
                     LEFT JOIN (
                          SELECT lead_key, min(at) AS at,
                                 bool_or(source = 'backfill') AS filled
                            FROM crm_lead_event WHERE %s
                           GROUP BY lead_key) AS known ON known.lead_key = l.id
                    WHERE %s AND l.create_date < %s
                      AND (known.at IS NULL OR known.at > l.create_date)
                      AND known.filled IS NOT TRUE""",
                scope(SQL.identifier("lead_key")),
                scope(SQL("l.id")),
                cr.now(),
            )
        )
        lead_ids = [lead_id for (lead_id,) in cr.fetchall()]
        if not lead_ids:
            return 0
        cr.execute(SQL("DROP TABLE IF EXISTS pg_temp.%s", LEADS))
        cr.execute(
            SQL(
                """CREATE TEMP TABLE %s ON COMMIT DROP AS
                   SELECT l.create_date, l.create_uid, l.write_date, l.date_closed,
                          l.date_last_stage_update, l.date_conversion,
                          first.at AS until, %s
                     FROM crm_lead l
                     JOIN (%s) AS state ON state.lead_key = l.id
                     LEFT JOIN LATERAL (
                          SELECT * FROM crm_lead_event e WHERE e.lead_key = l.id
                           ORDER BY e.at, e.id LIMIT 1) AS first ON TRUE""",
                LEADS,
                # the history ends in the state of the first event, or the present one
                SQL(", ").join(
                    SQL(
                        "CASE WHEN first.id IS NULL THEN %s ELSE %s END AS %s",
                        SQL.identifier("state", name),
                        SQL.identifier("first", name),
                        SQL.identifier(name),
                    )
                    for name in STATE
                ),
                lead_state(SQL("l.id = ANY(%s)", lead_ids)),
            )
        )
        cr.execute(SQL("ANALYZE %s", LEADS))
        added = self._fact_write(
            SQL(
                "INSERT INTO crm_lead_event (%s) %s RETURNING lead_key AS key",
                self._fact_sql_columns((*STATE, *ABOUT)),
                history(LEADS),
            )
        )
        self.env["crm.stage.visit"]._push_crowds(lead_ids)
        return added
