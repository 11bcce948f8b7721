from datetime import date
from itertools import pairwise

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL, format_date

from .date_range import in_range


class CrmSubscription(models.Model):
    """An agreement under which a customer pays again and again."""

    _name = "crm.subscription"
    _inherit = ["mail.thread", "mail.activity.mixin", "crm.metrics.source"]
    _description = "Subscription"
    _order = "date_start desc, id desc"
    _check_company_auto = True
    _rec_names_search = ["name", "partner_id.name"]

    name = fields.Char(required=True, tracking=True)
    active = fields.Boolean(
        default=True,
        help="An archived subscription is hidden from lists; its revenue still "
        "counts. To end the revenue, set the end date.",
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        ondelete="restrict",
        index=True,
        tracking=True,
        check_company=True,
    )
    commercial_partner_id = fields.Many2one(related="partner_id.commercial_partner_id")
    company_id = fields.Many2one(
        "res.company",
        required=True,
        ondelete="restrict",
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        ondelete="restrict",
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        precompute=True,
    )
    user_id = fields.Many2one(
        "res.users",
        string="Salesperson",
        ondelete="set null",
        index=True,
        tracking=True,
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
        check_company=True,
    )
    team_id = fields.Many2one(
        "crm.team",
        string="Sales Team",
        ondelete="set null",
        index=True,
        tracking=True,
        compute="_compute_team_id",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
    )
    lead_id = fields.Many2one(
        "crm.lead",
        string="Opportunity",
        ondelete="set null",
        index="btree_not_null",
        check_company=True,
        help="The opportunity that brought this subscription.",
    )
    date_start = fields.Date(string="Start", tracking=True, help="First day.")
    date_end = fields.Date(
        string="End", tracking=True, help="Last day; empty: runs until it is closed."
    )
    close_reason_id = fields.Many2one(
        "crm.subscription.close.reason",
        ondelete="restrict",
        index="btree_not_null",
        tracking=True,
        help="Why the customer left. Without one, an end date is a term that runs "
        "out: a renewal that is due.",
    )
    pause_ids = fields.One2many(
        "crm.subscription.pause", "subscription_id", string="Pauses"
    )
    line_ids = fields.One2many(
        "crm.subscription.line", "subscription_id", string="Lines", copy=True
    )
    note = fields.Html()

    _dates_in_order = models.Constraint(
        "CHECK (date_end >= date_start)", "End: the last day is before the first one."
    )
    _start_in_range = models.Constraint(
        in_range("date_start"),
        "Start: it lies between 1900 and 9998.",
    )
    _end_in_range = models.Constraint(
        in_range("date_end"),
        "End: it lies between 1900 and 9998. Leave it empty where there is no end.",
    )

    # ------------------------------------------------------------------
    # computed
    # ------------------------------------------------------------------

    @api.depends("name", "partner_id")
    def _compute_display_name(self):
        for subscription in self:
            # many a customer has the same: lists and calendars need both
            names = (subscription.commercial_partner_id.name, subscription.name)
            subscription.display_name = ": ".join(filter(None, names))

    @api.depends("company_id")
    def _compute_currency_id(self):
        for subscription in self:
            subscription.currency_id = subscription.company_id.currency_id

    @api.depends("user_id")
    def _compute_team_id(self):
        for subscription in self:
            user = subscription.user_id
            team = subscription.team_id
            if not user or (team and user in (team.member_ids | team.user_id)):
                continue
            subscription.team_id = self.env["crm.team"]._get_default_team_id(
                user_id=user.id, domain=[("use_opportunities", "=", True)]
            )

    # ------------------------------------------------------------------
    # constraints
    # ------------------------------------------------------------------

    @api.constrains("date_start", "date_end")
    def _check_line_versions(self):
        """Refuse versions of one item that hold on the same day."""
        for subscription in self:
            lines = subscription.line_ids
            if lines._has_cycle("previous_line_id"):
                raise ValidationError(
                    self.env._("Follows: the versions of an item form a circle.")
                )
            versions = {}
            for line in lines:
                if line.previous_line_id - lines:
                    raise ValidationError(
                        self.env._(
                            "Follows: %(line)s follows a line of another subscription.",
                            line=line.name,
                        )
                    )
                first = line
                while first.previous_line_id:
                    first = first.previous_line_id
                versions.setdefault(first, []).append(line)
            for item_lines in versions.values():
                subscription._check_no_overlap(item_lines)

    def _check_no_overlap(self, lines):
        spans = sorted(
            (start, end, line.id, line.name)
            for line in lines
            if (start := line.date_start or self.date_start or date.min)
            # a version that ends before its subscription begins never holds
            <= (end := line.date_end or self.date_end or date.max)
        )
        for (_start, end, _id, name), (start, _end, _next_id, next_name) in pairwise(
            spans
        ):
            if start <= end:
                raise ValidationError(
                    self.env._(
                        "Start: two versions of one item hold on %(day)s: "
                        "“%(first)s” and “%(second)s”. End the first one before.",
                        day=format_date(self.env, start) if start > date.min else "",
                        first=name,
                        second=next_name,
                    )
                )

    # ------------------------------------------------------------------
    # actions
    # ------------------------------------------------------------------

    def action_view_movements(self):
        """Open the movements of recurring revenue that come from here."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_metrics.crm_mrr_movement_action"
        )
        lines = self.line_ids
        action["domain"] = [
            ("segment_id.res_model", "=", lines._name),
            ("segment_id.res_id", "in", lines.ids),
        ]
        action["context"] = {}
        return action

    def _check_pauses(self):
        """Refuse two pauses on the same day."""
        for subscription in self:
            pauses = subscription.pause_ids.sorted("date_from")
            for pause, following in pairwise(pauses):
                if not pause.date_to or pause.date_to >= following.date_from:
                    raise ValidationError(
                        self.env._(
                            "From: another pause holds on %(day)s already.",
                            day=format_date(self.env, following.date_from),
                        )
                    )

    # ------------------------------------------------------------------
    # recurring source
    # ------------------------------------------------------------------

    def _metrics_watched(self):
        return frozenset(
            {
                "partner_id",
                "company_id",
                "currency_id",
                "user_id",
                "team_id",
                "lead_id",
                "date_start",
                "date_end",
                "close_reason_id",
            }
        )

    def _metrics_keys(self):
        return {
            "crm.mrr.segment": SQL(
                """SELECT p.commercial_partner_id
                     FROM crm_subscription s
                     JOIN res_partner p ON p.id = s.partner_id
                    WHERE s.id = ANY(%s)""",
                self.ids,
            )
        }
