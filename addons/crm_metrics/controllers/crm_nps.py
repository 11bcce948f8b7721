import hashlib
import re
import secrets
import time
from urllib.parse import urlsplit

from odoo import http
from odoo.exceptions import ValidationError
from odoo.fields import Datetime
from odoo.http import request

from ..models.crm_nps_answer import EDIT_HOURS
from ..models.crm_nps_reply import COMMENT_LENGTH
from . import crm_nps_guard as guard

BODY_LIMIT = 16 * 1024
#: nobody reads a page and sends it back in less
LEAST_SECONDS = 2
#: a robot looks at a mail as soon as it arrives
MAIL_SECONDS = 10
COOKIE = "crm_nps"
#: options of all routes. No language in the path: the page has the contact's
PUBLIC = {
    "type": "http",
    "auth": "public",
    "website": True,
    "multilang": False,
    "sitemap": False,
    "max_content_length": BODY_LIMIT,
}
#: `readonly`: PostgreSQL itself refuses to write whatever is asked for by a look
LOOK = {**PUBLIC, "methods": ["GET", "HEAD", "OPTIONS"], "readonly": True}
#: `csrf`: checked here, since a late visitor is to be asked again, not turned away; and
#: the mail program that opts somebody out with one click can have no such token
SEND = {**PUBLIC, "methods": ["POST"], "csrf": False}
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}


class CrmNpsController(http.Controller):
    """The pages that customers see.

    A look at a page (GET, HEAD) records nothing, whatever its address says: mail
    scanners follow every link. An answer takes a page sent back that was issued for
    it, once, and a person's hand.
    """

    # -- answers ---------------------------------------------------------

    @http.route("/nps/<string:token>", **LOOK)
    def crm_nps_look(self, token, **query):
        """Show the question, with the score preselected that the link names."""
        return self._look(token, self._invitation, query)

    @http.route("/nps/<string:token>", **SEND)
    def crm_nps_send(self, token, **post):
        return self._send(token, self._invitation, post)

    @http.route("/nps/p/<string:token>", **LOOK)
    def crm_nps_public_look(self, token, **query):
        """Show the question to anybody who has the link or its QR code."""
        return self._look(token, self._program, query)

    @http.route("/nps/p/<string:token>", **SEND)
    def crm_nps_public_send(self, token, **post):
        return self._send(token, self._program, post)

    def _look(self, token, find, query):
        refusal = self._refused(token, guard.viewers)
        if refusal:
            return refusal
        subject = find(token)
        secret = self._secret()
        if not subject or not subject._reply_open(secret):
            return self._not_found()
        score = self._score(query.get("s"))
        seen = guard.TRAP if "more" in query else score
        guard.views.note(self._page_key(subject), seen)
        own = subject._reply_own(secret)
        if own and score is None:
            score = own.score
        response = self._question(subject, score, own.comment or "")
        if not secret:
            self._give_secret(response, secrets.token_urlsafe(32))
        return response

    def _send(self, token, find, post):
        refusal = self._refused(token, guard.repliers)
        if refusal:
            return refusal
        subject = find(token)
        if not subject:
            return self._not_found()
        secret = self._secret()
        nonces = request.env["crm.nps.nonce"].sudo()
        nonce = self._nonce(subject, post)
        fresh = nonce and nonces._spend(nonce)
        score = self._score(post.get("score"))
        comment = self._text(post.get("comment"))
        if not subject._reply_open(secret):
            if fresh and score is not None and subject._reply_locked():
                self._record(subject, score, comment, "locked", secret)
            return self._not_found()
        if nonce and not fresh and nonces._has_counted(nonce) and score is not None:
            # the second half of a double click, or the page loaded anew
            return self._thanks(subject, score)
        if not fresh or nonce.purpose == "stop":
            problem = request.env._("Please send it once more.")
            return self._question(subject, score, comment, problem)
        if score is None:
            problem = request.env._("Please choose a number from 0 to 10.")
            return self._question(subject, score, comment, problem)
        suspicion = self._suspicion(subject, nonce, post)
        if not suspicion and nonce.purpose == "vote" and not post.get("gesture"):
            return self._confirmation(subject, score, comment)
        try:
            self._record(subject, score, comment, suspicion, secret)
        except ValidationError as error:
            return self._question(subject, score, comment, str(error))
        if suspicion == "internal":
            return self._message(subject, request.env._("Your answer does not count, because you are logged in as an employee."))
        if suspicion:
            return self._confirmation(subject, score, comment)
        nonces._set_counted(nonce)
        response = self._thanks(subject, score)
        # whoever answers next by a public link in this browser is somebody else
        kept = subject._reply_own(secret)
        self._give_secret(response, secret if kept else "", kept)
        return response

    def _record(self, subject, score, comment, suspicion, secret):
        return subject._record_reply(score, comment, suspicion, secret)

    def _suspicion(self, subject, nonce, post):
        """Return why a reply does not look like that of the person asked, or None."""
        if subject._reply_suspects(request.env.user):
            return "internal"
        if post.get("subject"):
            return "honeypot"
        if post.get("driver"):
            return "automatic"
        if time.time() - nonce.issued < LEAST_SECONDS:
            return "fast"
        mailed_at = subject._reply_mailed_at()
        if mailed_at:
            delivered = mailed_at.replace(tzinfo=UTC).timestamp()
            if nonce.issued - delivered < MAIL_SECONDS:
                return "early"
        if nonce.purpose == "confirm" and post.get("script") and not post.get("gesture"):
            return "gesture"
        return guard.views.suspicion(self._page_key(subject), nonce.issued)
