import hashlib
import hmac
import re
import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

#: a page may be sent back for so long
NONCE_SECONDS = 30 * 60
#: what a page asks for: a first answer, its confirmation, an opt-out
PURPOSES = ("vote", "confirm", "stop")
FORM = re.compile(r"([a-z]{4,8})-([0-9a-f]{11,12})-([0-9a-f]{24})-([0-9a-f]{64})")


class Nonce(NamedTuple):
    """What a page that came back says of itself."""

    purpose: str
    #: seconds since 1970
    issued: float
    digest: str


class CrmNpsNonce(models.Model):
    """Which pages have been sent back: each may be sent once.

    A nonce is signed, so one that was never issued is told from one that was without
    any row: looking at a page writes nothing.
    """

    _name = "crm.nps.nonce"
    _description = "Used NPS Page"
    _log_access = False

    digest = fields.Char(required=True, readonly=True)
    expires_at = fields.Datetime(required=True, readonly=True, index=True)
    counted = fields.Boolean(readonly=True, help="An answer came of it.")

    _one_digest = models.Constraint("UNIQUE (digest)", "Used already.")

    @api.model
    def _issue(self, purpose, subject):
        """Return a nonce for one view of one page.

        :param purpose: one of `PURPOSES`
        :param str subject: hash of the token that the page belongs to
        """
        issued = f"{int(time.time() * 1000):x}"
        salt = secrets.token_hex(12)
        signature = self._sign(purpose, issued, salt, subject)
        return "-".join((purpose, issued, salt, signature))

    @api.model
    def _sign(self, *parts):
        return self.env["crm.nps.suppression"]._keyed_hash("nonce", *parts)

    @api.model
    def _read_nonce(self, text, subject):
        """Return what a nonce says, None if it is too old, or not of this page.

        :param text: as it came from the outside
        :rtype: Nonce
        """
        match = isinstance(text, str) and FORM.fullmatch(text)
        if not match:
            return None
        purpose, issued, salt, signature = match.groups()
        expected = self._sign(purpose, issued, salt, subject)
        seconds = int(issued, 16) / 1000
        if (
            not hmac.compare_digest(signature, expected)
            or purpose not in PURPOSES
            or not 0 <= time.time() - seconds <= NONCE_SECONDS
        ):
            return None
        return Nonce(purpose, seconds, hashlib.sha256(text.encode()).hexdigest())

    @api.model
    def _spend(self, nonce):
        """Use a nonce up.

        Of two requests with the same one, at whatever time, one gets True.

        :return: whether nobody had used it
        """
        expires_at = datetime.fromtimestamp(nonce.issued + NONCE_SECONDS, UTC)
        return bool(
            self.env.execute_query(
                SQL(
                    """
                    INSERT INTO crm_nps_nonce (digest, expires_at)
                    VALUES (%s, %s) ON CONFLICT DO NOTHING RETURNING id
                    """,
                    nonce.digest,
                    expires_at.replace(microsecond=0, tzinfo=None)
                    + timedelta(seconds=1),
                )
            )
        )

    @api.model
    def _set_counted(self, nonce):
        """Remember that an answer came of it."""
        self._of(nonce).counted = True

    @api.model
    def _has_counted(self, nonce):
        """Tell whether an answer came of it."""
        return self._of(nonce).counted

    @api.model
    def _of(self, nonce):
        return self.sudo().search([("digest", "=", nonce.digest)])

    @api.autovacuum
    def _gc_nonces(self):
        """Forget those that would be too old anyway."""
        limit = 10_000
        old = self.search([("expires_at", "<", fields.Datetime.now())], limit=limit)
        old.unlink()
        return len(old), len(old) == limit
