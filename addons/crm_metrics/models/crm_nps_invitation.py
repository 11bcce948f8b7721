import base64
import hashlib
import hmac
import secrets

from odoo import api, fields, models

#: Whoever sends mails holds this very object under "crm_nps_sending" in the context.
#: A context that comes by RPC cannot hold it, so nobody else is told a real link.
SENDING = object()
STATES = [
    ("planned", "Planned"),
    ("sending", "Being Sent"),
    ("sent", "Sent"),
    ("answered", "Answered"),
    ("declined", "Opted Out"),
    ("expired", "Expired"),
    ("bounced", "Bounced"),
    ("failed", "Not Sent"),
    ("skipped", "Skipped"),
]
SKIP_REASONS = [
    ("no_email", "No e-mail address"),
    ("bad_email", "E-mail address is not valid"),
    ("internal", "Works here"),
    ("archived", "Contact is archived"),
    ("double", "Same e-mail address as another contact"),
    ("opted_out", "Opted out of surveys"),
    ("erased", "Data was erased on request"),
    ("blacklisted", "E-mail address is blacklisted"),
    ("bounces", "Mail to this address bounced"),
    ("no_consent", "No consent to surveys"),
    ("no_customer", "Has bought nothing yet"),
    ("quarantine", "Asked not long ago"),
    ("account", "Enough contacts of the account asked"),
    ("not_sampled", "Not in the sample"),
    ("no_longer", "No longer so"),
    ("late", "Could not be sent in time"),
]
#: those that show only after somebody was considered
LATER_REASONS = ("no_longer", "late")
#: what a broken template or audience says is cut to so many letters
WORDS = 500


class CrmNpsInvitation(models.Model):
    """One person whom a program considered, whatever happened then."""

    _name = "crm.nps.invitation"
    _description = "NPS Invitation"
    _order = "id desc"
    _rec_name = "partner_id"

    program_id = fields.Many2one(
        "crm.nps.program", required=True, ondelete="cascade", index=True, readonly=True
    )
    # computed, not related: whoever creates thousands may give both values
    company_id = fields.Many2one(
        "res.company",
        compute="_compute_company_id",
        store=True,
        precompute=True,
        readonly=False,
        index=True,
    )
    wave = fields.Char(
        required=True,
        readonly=True,
        help="What it belongs together with: the record that triggered it, the wave or "
        "the batch.",
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Contact",
        ondelete="set null",
        index="btree_not_null",
        readonly=True,
    )
    account_id = fields.Many2one(
        "res.partner",
        compute="_compute_account_id",
        store=True,
        precompute=True,
        readonly=False,
        index="btree_not_null",
        ondelete="set null",
    )
    email = fields.Char(
        string="E-mail", readonly=True, help="Normalised; empty once it was erased."
    )
    person = fields.Char(
        index=True,
        readonly=True,
        groups="base.group_system",
        help="Keyed hash of the e-mail address, else the contact.",
    )
    lang = fields.Selection(
        lambda self: self.env["res.lang"].get_installed(),
        string="Language",
        readonly=True,
    )
    res_model = fields.Char(readonly=True)
    res_id = fields.Many2oneReference(
        string="Triggered By", model_field="res_model", readonly=True
    )
    lead_id = fields.Many2one(
        "crm.lead",
        string="Opportunity",
        ondelete="set null",
        index="btree_not_null",
        readonly=True,
    )
    state = fields.Selection(
        STATES, required=True, default="planned", index=True, readonly=True
    )
    skip_reason = fields.Selection(SKIP_REASONS, readonly=True)
    test = fields.Boolean(readonly=True, help="A trial: its answer never counts.")
    date = fields.Datetime(
        string="Considered On",
        required=True,
        readonly=True,
        default=fields.Datetime.now,
    )
    planned_at = fields.Datetime(
        string="Planned For", readonly=True, help="Not before this moment."
    )
    sent_at = fields.Datetime(
        string="Sent On", readonly=True, index="btree_not_null", help="The first mail."
    )
    last_sent_at = fields.Datetime(string="Last Mail", readonly=True)
    reminders = fields.Integer(string="Reminders Sent", readonly=True)
    uncertain = fields.Boolean(
        readonly=True,
        help="The server stopped while this mail went out: it may have left or not. It "
        "is not sent a second time.",
    )
    attempts = fields.Integer(readonly=True, help="Failed attempts to send it.")
    error = fields.Char(readonly=True)
    expires_at = fields.Datetime(string="Expires On", readonly=True)
    answered_at = fields.Datetime(string="Answered On", readonly=True)
    salt = fields.Char(readonly=True, groups="base.group_system")
    token_hash = fields.Char(readonly=True, groups="base.group_system")
    message_id = fields.Char(
        string="Message-Id",
        readonly=True,
        index="btree_not_null",
        groups="base.group_system",
    )
    answer_ids = fields.One2many("crm.nps.answer", "invitation_id")

    _one_token = models.UniqueIndex("(token_hash)", "Tokens are unique.")
    _of_wave = models.Index("(program_id, wave)")
    _to_send = models.Index("(planned_at) WHERE state = 'planned'")

    @api.depends("program_id.company_id")
    def _compute_company_id(self):
        for invitation in self:
            invitation.company_id = invitation.program_id.company_id

    @api.depends("partner_id.commercial_partner_id")
    def _compute_account_id(self):
        for invitation in self:
            invitation.account_id = invitation.partner_id.commercial_partner_id

    @api.depends("partner_id", "email", "lead_id")
    def _compute_display_name(self):
        for invitation in self:
            invitation.display_name = (
                invitation.partner_id.display_name
                or invitation.email
                or invitation.lead_id.sudo().display_name
                or self.env._("Anonymous")
            )

    @api.model_create_multi
    def create(self, vals_list):
        secret = self._secret()
        for vals in vals_list:
            # nobody writes to who was skipped
            if vals.get("state") != "skipped":
                vals["salt"] = secrets.token_hex(16)
                token = self._token_of(secret, vals["salt"])
                vals["token_hash"] = self._hash_of(token)
        return super().create(vals_list)

    # -- links -----------------------------------------------------------

    def _token(self):
        """Return what opens this invitation's page, the same one each time.

        It is derived, not stored: whoever reads the database cannot vote for others.

        :return: str of 43 letters, digits, hyphens and underscores
        """
        self.ensure_one()
        return self._token_of(self._secret(), self.sudo().salt)

    @api.model
    def _find(self, token):
        """Return the invitation that a token opens, as sudo, in whatever state.

        :param str token: as it came from the outside
        :return: invitation, or an empty recordset
        """
        # found by the hash of the token: how long that takes tells nothing about it
        hash_ = self._hash_of(token)
        return self.sudo().search([("token_hash", "=", hash_)], limit=1)

    def _url(self, score=None):
        """Return the link to answer by, real only in a mail that is being sent.

        :param score: preselected, None: none
        """
        query = "" if score is None else f"?s={int(score)}"
        return f"{self.get_base_url()}/nps/{self._token_if_sending()}{query}"

    def _stop_url(self):
        """Return the link to opt out by, real only in a mail that is being sent."""
        return f"{self.get_base_url()}/nps/{self._token_if_sending()}/stop"

    def _token_if_sending(self):
        if self.env.context.get("crm_nps_sending") is SENDING:
            return self._token()
        # whoever previews a mail must not be able to vote for somebody else
        return "preview"

    @api.model
    def _secret(self):
        parameters = self.env["ir.config_parameter"].sudo()
        return parameters.get_param("database.secret").encode()

    @api.model
    def _token_of(self, secret, salt):
        code = hmac.digest(secret, b"crm_nps" + salt.encode(), "sha256")
        return base64.urlsafe_b64encode(code).rstrip(b"=").decode()

    @api.model
    def _hash_of(self, token):
        return hashlib.sha256(token.encode(errors="replace")).hexdigest()
