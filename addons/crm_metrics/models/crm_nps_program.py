import ast
import secrets
from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .qr_image import qr_image

DEFAULT_QUARANTINE_DAYS = 90
DEFAULT_EXPIRY_DAYS = 30
#: what customers read
TEXTS = [
    "question",
    "promoter_question",
    "passive_question",
    "detractor_question",
    "promoter_thanks",
    "passive_thanks",
    "detractor_thanks",
]


class CrmNpsProgram(models.Model):
    """Whom a company asks how likely they are to recommend it, when, and how."""

    _name = "crm.nps.program"
    _description = "NPS Program"
    _inherit = ["mail.thread"]
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    state = fields.Selection(
        [("draft", "Draft"), ("running", "Running"), ("stopped", "Stopped")],
        required=True,
        default="draft",
        copy=False,
        tracking=True,
        help="Only a running program asks anybody; what happened before its start asks "
        "nobody.",
    )
    started_at = fields.Datetime(
        string="Running Since",
        copy=False,
        readonly=True,
        tracking=True,
        help="What happened before asks nobody: neither before the start, nor before "
        "another reason to ask was chosen.",
    )
    problem = fields.Char(
        copy=False,
        readonly=True,
        tracking=True,
        help="Why it could not be found out whom to ask.",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        required=True,
        default=lambda self: self.env.user,
        check_company=True,
        help="Follows up where an account has no salesperson and its team no leader.",
    )

    # -- what is asked ---------------------------------------------------

    question = fields.Char(
        required=True,
        translate=True,
        default=lambda self: self.env._(
            "How likely is it that you would recommend us to a friend or colleague?"
        ),
    )
    promoter_question = fields.Char(
        translate=True,
        default=lambda self: self.env._("What do you like most about us?"),
    )
    passive_question = fields.Char(
        translate=True, default=lambda self: self.env._("What could we do better?")
    )
    detractor_question = fields.Char(
        translate=True, default=lambda self: self.env._("What went wrong?")
    )
    promoter_thanks = fields.Char(
        translate=True, default=lambda self: self.env._("Thank you! Glad you like it.")
    )
    passive_thanks = fields.Char(
        translate=True,
        default=lambda self: self.env._("Thank you! We will work on it."),
    )
    detractor_thanks = fields.Char(
        translate=True,
        default=lambda self: self.env._(
            "Thank you for telling us. We will look at it."
        ),
    )
    promoter_url = fields.Char(
        string="Link for Promoters", help="Shown after the answer, http(s) only."
    )
    passive_url = fields.Char(
        string="Link for Passives", help="Shown after the answer, http(s) only."
    )
    detractor_url = fields.Char(
        string="Link for Detractors", help="Shown after the answer, http(s) only."
    )
    mail_template_id = fields.Many2one(
        "mail.template",
        string="Invitation Mail",
        domain=[("model", "=", "crm.nps.invitation")],
        ondelete="restrict",
    )
    reminder_template_id = fields.Many2one(
        "mail.template",
        string="Reminder Mail",
        domain=[("model", "=", "crm.nps.invitation")],
        ondelete="restrict",
    )

    # -- who is asked, and when ------------------------------------------

    trigger = fields.Selection(
        [
            ("won", "Deal Won"),
            ("renewal", "Before a Renewal"),
            ("wave", "Recurring Wave"),
            ("manual", "By Hand"),
        ],
        required=True,
        default="manual",
    )
    trigger_days = fields.Integer(
        string="Days",
        help="Asked so many days after the deal was won, or before the renewal.",
    )
    wave_interval_number = fields.Integer(string="Every", default=6)
    wave_interval_type = fields.Selection(
        [("week", "Weeks"), ("month", "Months"), ("year", "Years")],
        default="month",
        required=True,
    )
    wave_date = fields.Date(
        string="Next Wave", help="On this day the next wave is prepared."
    )
    wave_number = fields.Integer(
        string="Waves So Far", copy=False, readonly=True, default=0
    )
    audience_domain = fields.Char(
        string="Audience",
        default="[('type', '=', 'contact')]",
        help="Which contacts of customers a wave considers: no mailboxes for invoices "
        "unless you say so.",
    )
    sample_percent = fields.Float(
        string="Sample (%)",
        default=100.0,
        help="So many of those considered are asked; always the same ones if it is "
        "computed again.",
    )
    daily_cap = fields.Integer(
        string="Mails a Day", help="At most so many first mails a day; 0: no limit."
    )
    quarantine_days = fields.Integer(
        string="Days Between",
        default=DEFAULT_QUARANTINE_DAYS,
        help="Nobody is asked who was asked less than so many days ago, in whatever "
        "program.",
    )
    account_limit = fields.Integer(
        string="Contacts an Account",
        help="At most so many contacts of an account in the days beside it; 0: no "
        "limit.",
    )
    account_days = fields.Integer(default=30)
    working_hours = fields.Boolean(
        string="In Working Hours Only",
        default=True,
        help="The company's working hours, in the time zone of the contact.",
    )
    reminder_count = fields.Selection(
        [("0", "None"), ("1", "One"), ("2", "Two")],
        string="Reminders",
        required=True,
        default="1",
    )
    reminder_days = fields.Integer(string="Days Until a Reminder", default=5)
    expiry_days = fields.Integer(
        string="Days Until It Expires", default=DEFAULT_EXPIRY_DAYS
    )
    legal_basis = fields.Selection(
        [
            ("customer", "Existing Customers"),
            ("consent", "Consent"),
            ("other", "Other, on My Responsibility"),
        ],
        required=True,
        default="customer",
        help="By law a survey by mail is advertising in some countries. Existing "
        "customers: contacts of accounts that bought something. Consent: contacts that "
        "agreed to surveys.",
    )
    anonymous = fields.Boolean(
        help="Answers keep no link to who gave them, and no time but the day. To be "
        "chosen before the first answer."
    )
    public = fields.Boolean(
        string="Public Link",
        help="Anybody who has the link or its QR code may answer; such answers stand "
        "apart from the score.",
    )
    public_token = fields.Char(copy=False, readonly=True, index="btree_not_null")
    public_url = fields.Char(string="Public Address", compute="_compute_public_url")
    public_qr = fields.Char(string="QR Code", compute="_compute_public_url")
    followup_hours = fields.Integer(
        string="Hours to Follow Up",
        default=24,
        help="So soon a detractor is to be contacted; later it is escalated.",
    )
    answer_ids = fields.One2many("crm.nps.answer", "program_id")

    _sample_in_range = models.Constraint(
        "CHECK (sample_percent > 0 AND sample_percent <= 100)",
        "Sample: it lies above 0 and up to 100 %.",
    )
    _days_not_negative = models.Constraint(
        "CHECK (trigger_days >= 0 AND quarantine_days >= 0 AND account_days >= 0"
        " AND account_limit >= 0 AND daily_cap >= 0)",
        "Days and limits: they cannot be negative.",
    )
    _days_positive = models.Constraint(
        "CHECK (expiry_days > 0 AND reminder_days > 0 AND followup_hours > 0"
        " AND wave_interval_number > 0)",
        "Days until a reminder, until it expires, hours to follow up and the interval "
        "of waves: at least 1.",
    )

    @api.depends("public", "public_token")
    def _compute_public_url(self):
        for program in self:
            token = program.public and program.public_token
            url = token and f"{program.get_base_url()}/nps/p/{token}"
            program.public_url = url
            program.public_qr = url and qr_image(url)

    @api.constrains("promoter_url", "passive_url", "detractor_url")
    def _check_urls(self):
        for program in self:
            for name in ("promoter_url", "passive_url", "detractor_url"):
                url = urlsplit((program[name] or "").strip())
                if program[name] and not (
                    url.scheme in ("http", "https") and url.netloc
                ):
                    raise ValidationError(
                        self.env._(
                            "%(field)s: enter an address that begins with https://.",
                            field=self._fields[name]._description_string(self.env),
                        )
                    )

    @api.constrains("audience_domain")
    def _check_audience_domain(self):
        partners = self.env["res.partner"].with_user(self.env.user)
        for program in self:
            try:
                # by the rights of who enters it: it is used with all rights
                partners.search(
                    ast.literal_eval(program.audience_domain or "[]"), limit=1
                )
            except (SyntaxError, ValueError, TypeError) as error:
                raise ValidationError(
                    self.env._(
                        "Audience: it cannot be understood. %(error)s", error=error
                    )
                ) from error

    @api.constrains("trigger", "state", "wave_date")
    def _check_wave_date(self):
        for program in self:
            day, today = program.wave_date, program.company_id._metrics_today()
            if (
                program.state == "running"
                and program.trigger == "wave"
                and not (day and day >= today)
            ):
                raise ValidationError(
                    self.env._(
                        "Choose the day of the next wave of %(name)s, from today on.",
                        name=program.name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("public"):
                vals["public_token"] = secrets.token_urlsafe(32)
        programs = super().create(vals_list)
        programs._translate_texts()
        return programs

    def write(self, vals):
        self._check_settled(vals)
        running = self.filtered(lambda program: program.state == "running")
        if vals.get("active") is False:
            # what nobody sees any more asks nobody
            super(CrmNpsProgram, running).write({"state": "stopped"})
        if "trigger" in vals and "started_at" not in vals:
            # it is no start for what happened while there was another reason to ask
            super(
                CrmNpsProgram,
                running.filtered(lambda program: program.trigger != vals["trigger"]),
            ).write({"started_at": fields.Datetime.now()})
        if vals.get("public"):
            for program in self.filtered(lambda program: not program.public_token):
                program.public_token = secrets.token_urlsafe(32)
        return super().write(vals)

    def _translate_texts(self, languages=None):
        """Give texts that were left as they are offered those of other languages.

        What somebody has typed, or translated, stays.

        :param languages: codes; None: of all that are installed
        """
        if languages is None:
            languages = [code for code, _name in self.env["res.lang"].get_installed()]
        others = set(languages) - {self.env.lang or "en_US"}
        if not others:
            return
        offered = self.default_get(TEXTS)
        found = []
        for code in others:
            theirs = self.with_context(lang=code)
            texts = theirs.default_get(TEXTS)
            for program, other in zip(self, theirs, strict=True):
                values = {
                    name: text
                    for name, text in texts.items()
                    if program[name] == other[name] == offered.get(name)
                }
                found.append((other, values))
        # not before: a language that has no text of its own shows that of another
        for other, values in found:
            other.write(values)

    def _check_settled(self, vals):
        """Keep what answers were given under."""
        for name in ("anonymous", "company_id"):
            if name not in vals:
                continue
            changed = self.filtered(
                lambda program, name=name: (
                    program._fields[name].convert_to_write(program[name], program)
                    != vals[name]
                )
            )
            if changed and self.env["crm.nps.invitation"].sudo().search_count(
                [
                    ("program_id", "in", changed.ids),
                    ("state", "not in", ["planned", "skipped"]),
                    ("test", "=", False),
                ],
                limit=1,
            ):
                raise UserError(
                    self.env._(
                        "%(field)s: people were asked already. Make another program.",
                        field=self._fields[name]._description_string(self.env),
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_asked(self):
        if (
            self.env["crm.nps.invitation"]
            .sudo()
            .search_count(
                [("program_id", "in", self.ids), ("sent_at", "!=", False)], limit=1
            )
        ):
            raise UserError(
                self.env._(
                    "People were asked by this program: without it nobody would know "
                    "when. Archive it."
                )
            )
