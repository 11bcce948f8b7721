from odoo import api, fields, models

from ..kernel import nps

BUCKETS = [
    ("detractor", "Detractor"),
    ("passive", "Passive"),
    ("promoter", "Promoter"),
]
POINTS = {"detractor": -100, "passive": 0, "promoter": 100}
#: why a reply does not count, at least not before somebody confirms it
SUSPECT_REASONS = [
    ("fast", "Sent faster than anybody reads"),
    ("honeypot", "Followed or filled in what nobody sees"),
    ("automatic", "Sent by an automated browser"),
    ("early", "Opened as soon as the mail arrived"),
    ("scores", "Several scores opened at once"),
    ("gesture", "Sent without touching the page"),
    ("locked", "Answered already in another browser"),
    ("internal", "Sent by an employee"),
]
#: who gave an answer may change it for so long
EDIT_HOURS = 24


class CrmNpsAnswer(models.Model):
    """What somebody answered: a score from 0 to 10, and a comment."""

    _name = "crm.nps.answer"
    _description = "NPS Answer"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "date desc, id desc"
    _rec_name = "partner_id"

    program_id = fields.Many2one(
        "crm.nps.program", required=True, ondelete="restrict", index=True
    )
    company_id = fields.Many2one(
        related="program_id.company_id", store=True, precompute=True, index=True
    )
    invitation_id = fields.Many2one(
        "crm.nps.invitation", ondelete="set null", index="btree_not_null", readonly=True
    )
    wave = fields.Char(help="One vote per person and wave; the latest one counts.")
    partner_id = fields.Many2one(
        "res.partner", string="Contact", ondelete="set null", index="btree_not_null"
    )
    email = fields.Char(
        string="E-mail",
        store=False,
        help="Tells who answered, where an answer is entered or imported; not kept.",
    )
    invitation_email = fields.Char(
        related="invitation_id.email",
        string="Address Asked",
        help="The address that the question was sent to.",
    )
    account_id = fields.Many2one(
        "res.partner",
        string="Account",
        related="partner_id.commercial_partner_id",
        store=True,
        index="btree_not_null",
        ondelete="set null",
    )
    person = fields.Char(
        index=True,
        readonly=True,
        copy=False,
        groups="base.group_system",
        help="Keyed hash of the e-mail address, else the contact; empty: nobody knows.",
    )
    lead_id = fields.Many2one(
        "crm.lead",
        string="Opportunity",
        ondelete="set null",
        index="btree_not_null",
    )
    salesperson_id = fields.Many2one(
        related="account_id.user_id", string="Salesperson of the Account"
    )
    team_id = fields.Many2one(
        related="account_id.user_id.sale_team_id", string="Team of the Salesperson"
    )
    country_id = fields.Many2one(related="account_id.country_id")
    # a mean of scores is no NPS: that is the mean of the points
    score = fields.Integer(required=True, tracking=True, aggregator=None)
    bucket = fields.Selection(
        BUCKETS, compute="_compute_bucket", store=True, precompute=True
    )
    points = fields.Integer(
        string="NPS",
        compute="_compute_bucket",
        store=True,
        precompute=True,
        aggregator="avg",
        help="100 for a promoter, 0 for a passive, -100 for a detractor: their mean is "
        "the score of a group.",
    )
    comment = fields.Text()
    date = fields.Datetime(required=True, default=fields.Datetime.now, index=True)
    state = fields.Selection(
        [("counted", "Counted"), ("suspect", "Suspect"), ("excluded", "Excluded")],
        required=True,
        default="counted",
        index=True,
        tracking=True,
    )
    suspect_reason = fields.Selection(SUSPECT_REASONS, readonly=True)
    exclude_reason = fields.Char(tracking=True, readonly=True)
    public = fields.Boolean(
        readonly=True, help="Given by the public link: it stands apart from the score."
    )
    test = fields.Boolean(readonly=True, help="A trial: it never counts.")
    edit_hash = fields.Char(
        readonly=True, copy=False, groups="base.group_system", index="btree_not_null"
    )
    tag_ids = fields.Many2many("crm.nps.tag", string="Tags")

    # -- follow-up -------------------------------------------------------

    followup_user_id = fields.Many2one(
        "res.users", string="Followed Up By", ondelete="set null", readonly=True
    )
    followup_due_at = fields.Datetime(string="Contact Until", readonly=True)
    first_contact_at = fields.Datetime(string="First Contact", readonly=True)
    contact_hours = fields.Float(
        string="Hours to First Contact",
        compute="_compute_contact_hours",
        store=True,
        aggregator="avg",
    )
    escalated_at = fields.Datetime(string="Escalated On", readonly=True)
    outcome = fields.Selection(
        [
            ("recovered", "Won Back"),
            ("understood", "Understood, Nothing to Do"),
            ("not_reached", "Not Reached"),
            ("lost", "Customer Lost"),
        ],
        tracking=True,
    )

    _score_in_range = models.Constraint(
        "CHECK (score BETWEEN 0 AND 10)", "Score: a whole number from 0 to 10."
    )
    _of_vote = models.Index("(program_id, wave, person)")

    @api.depends("partner_id", "invitation_id.display_name")
    def _compute_display_name(self):
        for answer in self:
            # who may read what somebody said may know who it was
            asked = answer.sudo().invitation_id
            answer.display_name = (
                answer.partner_id.display_name
                or asked.display_name
                or self.env._("Anonymous")
            )

    @api.depends("score")
    def _compute_bucket(self):
        for answer in self:
            answer.bucket = nps.bucket(answer.score)
            answer.points = POINTS[answer.bucket]

    @api.depends("date", "first_contact_at")
    def _compute_contact_hours(self):
        for answer in self:
            waited = answer.first_contact_at and answer.first_contact_at - answer.date
            answer.contact_hours = waited and waited.total_seconds() / 3600
