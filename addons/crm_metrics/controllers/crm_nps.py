import re
import secrets
import time
from datetime import UTC

from odoo import http
from odoo.http import request

from ..models.crm_nps_reply import COMMENT_LENGTH, clean_text
from . import crm_nps_guard as guard
from . import crm_nps_pages as pages

BODY_LIMIT = 16 * 1024
#: nobody reads a page and sends it back in less
LEAST_SECONDS = 2
#: a robot looks at a mail as soon as it arrives
MAIL_SECONDS = 10
#: of all routes; no language in the path, the page has the contact's
PUBLIC = {
    "type": "http",
    "auth": "public",
    "website": True,
    "multilang": False,
    "sitemap": False,
    "max_content_length": BODY_LIMIT,
}
LOOK = {**PUBLIC, "methods": ["GET", "HEAD", "OPTIONS"], "readonly": True}
#: `csrf`: checked below; who comes late is asked again, not turned away, and the mail
#: provider that opts somebody out with one click can have no such token
SEND = {**PUBLIC, "methods": ["POST"], "csrf": False}


class CrmNpsController(http.Controller):
    """The pages that customers see.

    A look at a page (GET, HEAD) records nothing, whatever its address says: mail
    scanners follow every link. An answer takes a page that was issued for it and is
    sent back, once, by a person.
    """

    @http.route("/nps/<string:token>", **LOOK)
    def crm_nps_look(self, token, **query):
        """Show the question, with the score preselected that the link names."""
        return self._look(token, self._invitation, query)

    @http.route("/nps/<string:token>", **SEND)
    def crm_nps_send(self, token, **post):
        """Take an answer, or have it confirmed."""
        return self._send(token, self._invitation, post)

    @http.route("/nps/p/<string:token>", **LOOK)
    def crm_nps_public_look(self, token, **query):
        """Show the question to anybody who has the link or its QR code."""
        return self._look(token, self._program, query)

    @http.route("/nps/p/<string:token>", **SEND)
    def crm_nps_public_send(self, token, **post):
        """Take anybody's answer, or have it confirmed."""
        return self._send(token, self._program, post)

    @http.route("/nps/<string:token>/stop", **LOOK)
    def crm_nps_stop_look(self, token, **_query):
        """Show the page to opt out by."""
        if refusal := self._refusal_to_look(token):
            return refusal
        invitation = self._invitation(token)
        if not invitation or not invitation._stop_open():
            return pages.not_found()
        return pages.stop(invitation)

    @http.route("/nps/<string:token>/stop", **SEND)
    def crm_nps_stop_send(self, token, **post):
        """Opt out."""
        invitation = self._invitation(token)
        known = bool(invitation and invitation._stop_open())
        # RFC 8058. A provider opts out many people from one address: whoever knows a
        # token is not counted
        one_click = post.get("List-Unsubscribe") == "One-Click"
        if not (one_click and known):
            if refusal := self._refusal(token, guard.repliers):
                return refusal
        if not known:
            return pages.not_found()
        if one_click:
            invitation._opt_out()
            return pages.nothing()
        nonce = self._nonce(invitation, post)
        if not nonce or nonce.purpose != "stop":
            return pages.stop(invitation)
        request.env["crm.nps.nonce"]._spend(nonce)
        invitation._opt_out()
        return pages.stop(invitation, stopped=True)

    # -- looking and answering -------------------------------------------

    def _look(self, token, find, query):
        if refusal := self._refusal_to_look(token):
            return refusal
        subject, secret = find(token), self._secret()
        if not subject or not subject._reply_open(secret):
            return pages.not_found()
        score = self._score(query.get("s"))
        # the page has a link that nobody sees
        seen = guard.TRAP if "more" in query else score
        guard.views.note(self._key(subject._reply_subject()), seen)
        own = subject._reply_own(secret)
        if own and score is None:
            score = own.score
        response = pages.question(subject, score, own.comment or "")
        if not secret:
            pages.give_secret(response, secrets.token_urlsafe(32))
        return response

    def _send(self, token, find, post):
        if refusal := self._refusal(token, guard.repliers):
            return refusal
        subject, secret = find(token), self._secret()
        if not subject:
            return pages.not_found()
        nonces = request.env["crm.nps.nonce"]
        nonce = self._nonce(subject, post)
        fresh = nonce and nonces._spend(nonce)
        score = self._score(post.get("score"))
        comment = clean_text(self._text(post.get("comment")))
        problem = self._problem(score, comment)
        if not subject._reply_open(secret):
            if fresh and not problem and subject._reply_locked():
                subject._record_reply(score, comment, "locked", secret)
            return pages.not_found()
        if nonce and not fresh and not problem and nonces._has_counted(nonce):
            # the other half of a double click, or the page loaded anew
            return pages.thanks(subject, score, subject._reply_own(secret))
        if not fresh or nonce.purpose == "stop":
            problem = problem or request.env._("Please send it once more.")
        if problem:
            return pages.question(subject, score, comment, problem)
        suspicion = self._suspicion(subject, nonce, post)
        untouched = nonce.purpose == "vote" and not post.get("gesture")
        if not suspicion and untouched:
            return pages.confirmation(subject, score, comment)
        subject._record_reply(score, comment, suspicion, secret)
        if suspicion == "internal":
            return pages.employee(subject)
        if suspicion:
            return pages.confirmation(subject, score, comment)
        nonces._set_counted(nonce)
        own = subject._reply_own(secret)
        response = pages.thanks(subject, score, own)
        # who answers next by a public link in this browser may be somebody else
        pages.give_secret(response, secret if own else "")
        return response

    def _problem(self, score, comment):
        """Return what the person has to mend, None if nothing."""
        if score is None:
            return request.env._("Please choose a number from 0 to 10.")
        if len(comment) > COMMENT_LENGTH:
            return request.env._("At most %s characters, please.", COMMENT_LENGTH)
        return None

    def _suspicion(self, subject, nonce, post):
        """Return why a reply does not look like that of the person asked, or None.

        :return: one of `SUSPECT_REASONS`
        """
        # what was so before is what a confirmation is about: it is not held against it
        first = nonce.purpose == "vote"
        mailed_at = first and subject._reply_mailed_at()
        arrived = mailed_at.replace(tzinfo=UTC).timestamp() if mailed_at else 0
        untouched = post.get("script") and not post.get("gesture")
        signs = {
            "internal": subject._reply_suspects(request.env.user),
            "honeypot": post.get("subject"),
            "automatic": post.get("driver"),
            "fast": time.time() - nonce.issued < LEAST_SECONDS,
            "early": nonce.issued - arrived < MAIL_SECONDS,
            "gesture": untouched and not first,
        }
        for reason, sign in signs.items():
            if sign:
                return reason
        before = guard.CRAWL_SECONDS if first else 0
        key = self._key(subject._reply_subject())
        return guard.views.suspicion(key, nonce.issued, before)

    # -- what a request says ---------------------------------------------

    def _refusal_to_look(self, token):
        """Let PostgreSQL refuse to write from here on; see `_refusal`.

        `readonly` of the route alone does that only where there is a replica, and
        Odoo then tries again on the other server.
        """
        request.env.cr.execute("SET TRANSACTION READ ONLY")
        return self._refusal(token, guard.viewers)

    def _refusal(self, token, limiter):
        """Return what to answer who asks too often, and who asks for no page at all."""
        address = guard.network(request.httprequest.remote_addr)
        if not (
            guard.addresses.allows(self._key(address))
            and limiter.allows(self._key(token[:64]))
        ):
            return pages.too_many()
        if request.httprequest.method == "OPTIONS":
            return pages.nothing(Allow="GET, HEAD, OPTIONS, POST")
        return None

    def _key(self, key):
        """Return a key in this process, which may serve many databases."""
        return (request.db, key)

    def _invitation(self, token):
        invitation = request.env["crm.nps.invitation"]._find(token)
        refused = invitation and invitation._reply_refuses(request.env.user)
        return invitation.browse() if refused else invitation

    def _program(self, token):
        return request.env["crm.nps.program"]._find_public(token)

    def _secret(self):
        """Return the secret of this browser, None if it has none of ours."""
        secret = request.cookies.get(pages.COOKIE, "")
        return secret if re.fullmatch(r"[\w-]{43}", secret, re.ASCII) else None

    def _nonce(self, subject, post):
        """Return the nonce of a page that was sent back by who had got it, or None."""
        token = self._text(post.get("csrf_token"))
        if not token.isascii() or not request.validate_csrf(token):
            return None
        nonces = request.env["crm.nps.nonce"]
        return nonces._read_nonce(post.get("nonce"), subject._reply_subject())

    def _score(self, text):
        """Return a score, None for whatever is none."""
        found = re.fullmatch(r"\d|10", self._text(text), re.ASCII)
        return int(text) if found else None

    def _text(self, value):
        """Return a text that was sent; a file in its place is none."""
        return value if isinstance(value, str) else ""
