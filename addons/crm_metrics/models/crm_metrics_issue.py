from odoo import api, fields, models
from odoo.tools import SQL


class CrmMetricsIssue(models.Model):
    """A record that could not be counted, or is doubtful, and why.

    Written by the engine together with the facts; a mended record leaves the
    list by itself with the next refresh.
    """

    _name = "crm.metrics.issue"
    _description = "Metrics Issue"
    _log_access = False
    _order = "since desc, id desc"
    _rec_name = "code"

    fact = fields.Char(required=True, readonly=True)
    key = fields.Integer(required=True, readonly=True)
    code = fields.Selection(
        [
            ("no_company", "No Company"),
            ("missing_rate", "Missing Currency Rate"),
            ("no_date", "No Date"),
            ("plan_without_period", "Plan Without Period"),
            ("outside_subscription", "Outside Subscription"),
            ("no_stay", "Never Open"),
        ],
        string="Reason",
        required=True,
        readonly=True,
    )
    res_model = fields.Char(string="Document Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Document", model_field="res_model", required=True, readonly=True
    )
    company_id = fields.Many2one(
        "res.company", ondelete="cascade", readonly=True, index=True
    )
    user_id = fields.Many2one(
        "res.users", string="Salesperson", ondelete="set null", readonly=True
    )
    since = fields.Datetime(required=True, readonly=True)
    record_name = fields.Char(string="Record", compute="_compute_record_name")
    message = fields.Char(compute="_compute_message")

    _fact_key_idx = models.Index("(fact, key)")

    @api.depends("res_model", "res_id")
    def _compute_record_name(self):
        titles = self.env["crm.metrics.source"]._document_titles(
            (issue.res_model, issue.res_id) for issue in self
        )
        for issue in self:
            issue.record_name = titles.get((issue.res_model, issue.res_id))

    @api.depends("code")
    def _compute_message(self):
        explanations = self._explanations()
        for issue in self:
            issue.message = explanations.get(issue.code)

    def _explanations(self):
        """Return what each code means and the way out, for the reader."""
        return {
            "no_company": self.env._(
                "The document belongs to no company: it is not counted. Set its "
                "company."
            ),
            "missing_rate": self.env._(
                "There is no rate of the document's currency on or before its "
                "first day: it is not counted. Enter a rate of that day or before."
            ),
            "no_date": self.env._(
                "The document does not say when it was made: it is not counted. Enter "
                "its date; an opportunity gets one when it is won again."
            ),
            "plan_without_period": self.env._(
                "The recurring plan has no length: its monthly rate is unknown. Set "
                "what the plan is paid for every so many days, weeks, months."
            ),
            "outside_subscription": self.env._(
                "The line has no day in common with its subscription: it is not "
                "counted. Correct the dates of the line or of the subscription."
            ),
            "no_stay": self.env._(
                "The opportunity was won, lost or archived when it was first recorded "
                "and has never been in a stage: it is not in the pipeline's figures. "
                "Import its history, with the stages that it went through."
            ),
        }

    def action_open_record(self):
        """Open the document that the issue is about."""
        self.ensure_one()
        self.check_access("read")
        return self.env["crm.metrics.source"]._open_document(
            self.res_model, self.res_id
        )

    def _sync(self, fact, scope, rows_table):
        """Bring the list in step with what a rebuild left out.

        :param fact: technical name of the fact
        :param scope: as in `crm.metrics.fact._fact_select`
        :param rows_table: SQL name of the temporary table of the rebuild; its
            rows with an `issue` are the ones left out
        """
        key = SQL.identifier(self.env[fact]._fact_key)
        wanted = SQL(
            """SELECT DISTINCT %(fact)s AS fact, %(key)s AS key, issue AS code,
                      res_model, res_id, company_id, user_id
                 FROM %(rows)s WHERE issue IS NOT NULL""",
            fact=fact,
            key=key,
            rows=rows_table,
        )
        same = SQL(
            "(i.key, i.code, i.res_model, i.res_id)"
            " = (w.key, w.code, w.res_model, w.res_id)"
        )
        cr = self.env.cr
        cr.execute(
            SQL(
                """DELETE FROM crm_metrics_issue i
                    WHERE i.fact = %s AND %s
                      AND NOT EXISTS (SELECT FROM (%s) w WHERE %s)""",
                fact,
                scope(SQL("i.key")),
                wanted,
                same,
            )
        )
        # a change of hands does not make an issue younger
        cr.execute(
            SQL(
                """UPDATE crm_metrics_issue i
                      SET company_id = w.company_id, user_id = w.user_id
                     FROM (%s) w
                    WHERE i.fact = w.fact AND %s
                      AND ROW(i.company_id, i.user_id)
                          IS DISTINCT FROM ROW(w.company_id, w.user_id)""",
                wanted,
                same,
            )
        )
        cr.execute(
            SQL(
                """INSERT INTO crm_metrics_issue
                       (fact, key, code, res_model, res_id, company_id, user_id, since)
                   SELECT w.*, %s FROM (%s) w
                    WHERE NOT EXISTS (
                        SELECT FROM crm_metrics_issue i
                         WHERE i.fact = w.fact AND %s)""",
                cr.now(),
                wanted,
                same,
            )
        )
        self.invalidate_model()
