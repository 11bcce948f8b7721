import time

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ..kernel import periods
from .crm_metrics_fact import ANALYZE_FROM
from .crm_metrics_purchases import PURCHASE

#: months that a run looks back
WINDOW = 24


class CrmCustomerScoreRun(models.Model):
    """A scoring of all customers of a company, as of the end of a day.

    Making a run scores; what it took for it (window, thresholds, margin, lifetime) is
    kept with it, so that its scores can be understood later.
    """

    _name = "crm.customer.score.run"
    _description = "Scoring Run"
    _order = "date desc, id desc"
    _rec_name = "date"

    # No default: a form that is left or loaded anew before somebody has chosen would be
    # saved, and a run be made.
    date = fields.Date(required=True, help="The scores are as of the end of this day.")
    company_id = fields.Many2one(
        "res.company",
        required=True,
        ondelete="cascade",
        index=True,
        default=lambda self: self.env.company,
    )
    window_months = fields.Integer(
        string="Window",
        required=True,
        default=WINDOW,
        aggregator=None,
        help="So many months up to the day are looked at.",
    )
    margin = fields.Float(
        string="Margin (%)",
        readonly=True,
        copy=False,
        aggregator=None,
        help="Of the company's settings, as they were at the run.",
    )
    lifetime_years = fields.Float(
        string="Years as a Customer",
        readonly=True,
        copy=False,
        aggregator=None,
        help="Of the company's settings, as they were at the run.",
    )
    thresholds = fields.Json(
        readonly=True,
        copy=False,
        help="What a customer needs for the scores 2 to 5: at most so many days, at "
        "least so many purchases, at least so much revenue; null: nobody has it.",
    )
    customers = fields.Integer(readonly=True, copy=False)
    user_id = fields.Many2one(
        "res.users", string="Run By", ondelete="set null", readonly=True, copy=False
    )
    run_at = fields.Datetime(readonly=True, copy=False)
    seconds = fields.Float(digits=(12, 3), readonly=True, copy=False, aggregator=None)

    is_latest = fields.Boolean(
        string="Latest Run",
        compute="_compute_is_latest",
        search="_search_is_latest",
        help="The company has no run of a later day.",
    )

    _company_date_uniq = models.Constraint(
        "UNIQUE (company_id, date)",
        "There is a run of that company and day already. Open it and run it again.",
    )
    _window_positive = models.Constraint(
        "CHECK (window_months BETWEEN 1 AND 1200)",
        "Window: enter a number of months from 1 to 1200.",
    )

    @api.depends("date", "company_id")
    def _compute_display_name(self):
        for run in self:
            day = fields.Date.to_string(run.date) or ""
            run.display_name = f"{day} {run.company_id.name or ''}".strip()

    @api.depends("date", "company_id")
    def _compute_is_latest(self):
        latest = self._latest(self.company_id)
        for run in self:
            run.is_latest = run in latest

    @api.model
    def _search_is_latest(self, operator, value):
        if operator != "in":
            return NotImplemented
        latest = Domain("id", "in", self._latest().ids)
        return (latest if True in value else Domain.FALSE) | (
            ~latest if False in value else Domain.FALSE
        )

    @api.constrains("date", "company_id", "window_months")
    def _check_date(self):
        for run in self:
            if not run._first_day():
                raise ValidationError(
                    self.env._(
                        "Window: the calendar has no %(months)s months up to %(day)s. "
                        "Enter a later date or a shorter window.",
                        months=run.window_months,
                        day=run.date,
                    )
                )
            if run.date > run.company_id._metrics_today():
                raise ValidationError(
                    self.env._(
                        "Date: %(day)s lies ahead. Customers can be scored as of today "
                        "or of a day before.",
                        day=run.date,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            # no default of the field: a new form that is left without a word would be
            # a whole one, and saved
            if "date" not in vals:
                company = self.env["res.company"].browse(vals.get("company_id"))
                vals["date"] = (company or self.env.company)._metrics_today()
        runs = super().create(vals_list)
        for run in runs:
            run._score()
        return runs

    def unlink(self):
        followers = self.browse()
        for run in self:
            followers |= run._next()
        res = super().unlink()
        for run in followers.exists():
            run._link_previous()
        return res

    # ------------------------------------------------------------------
    # actions
    # ------------------------------------------------------------------

    def action_run(self):
        """Score again, from the purchases as they stand now."""
        self.env["crm.metrics.engine"]._check_manager()
        self.check_access("read")
        for run in self:
            run._score()

    def action_view_scores(self):
        """Open the scores of these runs."""
        return self._scores_action("crm_metrics.crm_customer_score_action")

    def action_view_migrations(self):
        """Open who moved from which segment into which."""
        return self._scores_action("crm_metrics.crm_customer_score_migration_action")

    def _scores_action(self, xml_id):
        self.check_access("read")
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(xml_id),
            "domain": [("run_id", "in", self.ids)],
            "context": {},
        }

    # ------------------------------------------------------------------
    # scheduled
    # ------------------------------------------------------------------

    def _cron_score(self):
        """Score the customers of each company as of the end of last month.

        Daily: in each company the month ends at another moment, and a day on which
        nothing ran, or a refresh was at work, is made up for on the next.
        """
        missing = self._missing_months()
        if not missing or not self._is_refreshed():
            return
        due = self._due_months(missing)
        for number, (company, date) in enumerate(due.items(), 1):
            self.create({"company_id": company.id, "date": date})
            if not self.env["ir.cron"]._commit_progress(1, remaining=len(due) - number):
                break

    def _is_refreshed(self):
        """Work off what purchases wait for; return whether nothing is left."""
        self.env["crm.metrics.engine"]._refresh_fact(PURCHASE, 2000)
        return not self.env["crm.metrics.queue"]._waiting().get(PURCHASE)

    def _missing_months(self):
        """Return company -> end of its last month, of those without that run.

        The others are not looked at any further: on most days that is all there is.
        """
        ends = {
            company: company._metrics_today().replace(day=1) - periods.DAY
            for company in self.env["res.company"].search([])
        }
        for run in self.search([("date", "in", [*set(ends.values())])]):
            if ends.get(run.company_id) == run.date:
                del ends[run.company_id]
        return ends

    def _due_months(self, missing):
        """Return those of missing months up to which anything was bought."""
        companies = self.env["res.company"].union(*missing)
        firsts = self.env[PURCHASE]._read_group(
            [("company_id", "in", companies.ids)], ["company_id"], ["date:min"]
        )
        return {
            company: missing[company]
            for company, first in firsts
            if first <= missing[company]
        }

    def _has_purchases(self, company, date):
        return self.env[PURCHASE].search_count(
            [("company_id", "=", company.id), ("date", "<=", date)], limit=1
        )

    # ------------------------------------------------------------------
    # looking
    # ------------------------------------------------------------------

    @api.model
    def _latest(self, companies=None, date=None):
        """Return the last run of each company, or the last one on or before a day."""
        domain = Domain.TRUE
        if companies is not None:
            domain &= Domain("company_id", "in", companies.ids)
        if date:
            domain &= Domain("date", "<=", date)
        runs = self.search(domain, order="date")
        latest = {run.company_id: run for run in runs}
        return self.browse(run.id for run in latest.values())

    def _previous(self):
        """Return the run before this one, of the same company."""
        return self.search(
            [("company_id", "=", self.company_id.id), ("date", "<", self.date)],
            order="date desc",
            limit=1,
        )

    def _next(self):
        return self.search(
            [("company_id", "=", self.company_id.id), ("date", ">", self.date)],
            order="date",
            limit=1,
        )

    def _migrations(self, domain=Domain.TRUE):
        """Return how many customers moved from which segment into which.

        Of those whom the caller may see.

        :param Domain domain: of the scores, to narrow them
        :return: list of dicts: `previous_segment_id` (None: not in the run before),
            `segment_id` (None: no longer in this one), `customers`
        """
        self.ensure_one()
        score = self.env["crm.customer.score"]
        rows = score._read_group(
            domain & Domain("run_id", "=", self.id),
            ["previous_segment_id", "segment_id"],
            ["__count"],
        )
        still = score._search([("run_id", "=", self.id)]).subselect("partner_id")
        gone = score._read_group(
            domain
            & Domain("run_id", "in", self._previous().ids)
            & Domain("partner_id", "not in", still),
            ["segment_id"],
            ["__count"],
        )
        return [
            {
                "previous_segment_id": previous.id or None,
                "segment_id": segment.id or None,
                "customers": count,
            }
            for previous, segment, count in (
                *rows,
                *((segment, score.segment_id, count) for segment, count in gone),
            )
        ]

    # ------------------------------------------------------------------
    # scoring
    # ------------------------------------------------------------------

    def _first_day(self):
        """Return the first day of the window."""
        return periods.first_of_months(self.date, self.window_months)

    def _score(self):
        """Write the scores anew, and link the next run to them."""
        self.ensure_one()
        self._refresh_purchases()
        start = time.monotonic()
        self.env["crm.customer.segment"]._check_map()
        self_sudo = self.sudo()  # a run is not edited by hand
        company_sudo = self_sudo.company_id
        self_sudo.write(
            {
                "margin": company_sudo.crm_metrics_margin,
                "lifetime_years": company_sudo.crm_metrics_lifetime_years,
                "user_id": self.env.uid,
                "run_at": self.env.cr.now(),
            }
        )
        self.env.flush_all()
        customers, thresholds = self_sudo._write_scores()
        if customers >= ANALYZE_FROM:
            self.env.cr.execute("ANALYZE crm_customer_score")
        self_sudo._next()._link_previous()
        self.env["crm.customer.score"].invalidate_model()
        self_sudo.write(
            {
                "customers": customers,
                "thresholds": thresholds,
                "seconds": time.monotonic() - start,
            }
        )


class CrmMetricsEngine(models.AbstractModel):
    _inherit = "crm.metrics.engine"

    def _check_fact(self, fact):
        if fact == "crm.customer.score":
            raise ValidationError(
                self.env._(
                    "fact: the rows of 'crm.customer.score' belong to their scoring "
                    "run. Run it again instead."
                )
            )
        return super()._check_fact(fact)
