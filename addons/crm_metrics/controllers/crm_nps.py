import re
import secrets
import time
from datetime import UTC

from werkzeug.exceptions import abort

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


def body_limit(_controller):
    """Return how long a body may be; a longer one is answered like the rest.

    Odoo would refuse it as well, by a page without the headers of ours; of a body that
    comes in chunks, which names no length, it would take the beginning.
    """
    http_request = request.httprequest
    length = http_request.content_length
    if length is None:
        http_request.max_content_length = BODY_LIMIT + 1
        length = len(http_request.get_data())
    if length > BODY_LIMIT:
        abort(pages.too_large())
    return BODY_LIMIT


#: of all routes; no language in the path, the page has the contact's
PUBLIC = {
    "type": "http",
    "auth": "public",
    "website": True,
    "multilang": False,
    "sitemap": False,
    "max_content_length": body_limit,
    # see `ir.http`
    "crm_nps": True,
}
LOOK = {**PUBLIC, "methods": ["GET", "HEAD", "OPTIONS"], "readonly": True}
#: `csrf`: checked below; who comes late is asked again, not turned away, and the mail
#: provider that opts somebody out with one click can have no such token
SEND = {**PUBLIC, "methods": ["POST"], "csrf": False}
ALLOWED = "GET, HEAD, OPTIONS, POST"
REST = {**PUBLIC, "methods": ["PUT", "PATCH", "DELETE", "TRACE"], "csrf": False}


class CrmNpsController(http.Controller):
    """The pages that customers see.

    A look at a page (GET, HEAD) records nothing, whatever its address says: mail
    scanners follow every link. An answer takes a page that was issued for it and is
    sent back, once, by a person.
    """

    @http.route("/nps/<string:token>", **LOOK)
    def crm_nps_look(self, token, **query):
        """Show the question, with the score preselected that the link names."""
        refusal = self._refusal_to_look(token)
        return refusal or self._look(self._invitation(token), query)

    @http.route("/nps/<string:token>", **SEND)
    def crm_nps_send(self, token, **post):
        """Take an answer, or have it confirmed."""
        refusal = self._refusal(guard.repliers, token)
        return refusal or self._send(self._invitation(token), post)

    @http.route("/nps/p/<string:token>", **LOOK)
    def crm_nps_public_look(self, token, **query):
        """Show the question to anybody who has the link or its QR code."""
        # many people have this link: how often all of them open it tells nothing
        refusal = self._refusal_to_look()
        return refusal or self._look(self._program(token), query)

    @http.route("/nps/p/<string:token>", **SEND)
    def crm_nps_public_send(self, token, **post):
        """Take anybody's answer, or have it confirmed."""
        return self._refusal() or self._send(self._program(token), post)

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
        # token is not counted by it
        one_click = post.get("List-Unsubscribe") == "One-Click"
        trusted = one_click and known
        if refusal := self._refusal(guard.repliers, token, address=not trusted):
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

    @http.route(
        [
            "/nps/<string:token>",
            "/nps/p/<string:token>",
            "/nps/<string:token>/stop",
        ],
        **REST,
    )
    def crm_nps_refuse(self, token, **_query):
        """Refuse the other methods, by the headers that all these pages have."""
        return self._refusal() or pages.nothing(405, Allow=ALLOWED)

    # -- looking and answering -------------------------------------------

    def _look(self, subject, query):
        secret = self._secret()
        if not subject or not subject._reply_open(secret):
            return pages.not_found()
        score = self._score(query.get("s"))
        # the page has a link that nobody sees
        seen = guard.TRAP if "more" in query else score
        guard.views.note(self._viewer(subject), seen)
        own = subject._reply_own(secret)
        if own and score is None:
            score = own.score
        return self._ask(pages.question(subject, score, own.comment or ""), secret)

    def _ask(self, response, secret):
        """Let the browser keep something by which its answer is known again."""
        if not secret:
            pages.give_secret(response, secrets.token_urlsafe(32))
        return response

    def _send(self, subject, post):
        secret = self._secret()
        if not subject:
            return pages.not_found()
        nonces = request.env["crm.nps.nonce"]
        nonce = self._nonce(subject, post)
        fresh = nonce and nonces._spend(nonce)
        score = self._score(post.get("score"))
        comment = clean_text(self._text(post.get("comment")))
        if not subject._reply_open(secret):
            valid = score is not None and len(comment) <= COMMENT_LENGTH
            if fresh and valid and subject._reply_locked():
                subject._record_reply(score, comment, "locked", secret)
            return pages.not_found()
        # not before: the page above is the same for everybody
        pages.speak(subject)
        problem = self._problem(score, comment)
        if not problem and (not fresh or nonce.purpose == "stop"):
            own = subject._reply_own(secret)
            if nonce and self._is_given(own, nonce, score, comment):
                # the other half of a double click, or the page loaded anew
                return pages.thanks(subject, score, own)
            problem = self._once_more(own)
        if problem:
            return self._ask(pages.question(subject, score, comment, problem), secret)
        suspicion = self._suspicion(subject, nonce, post)
        untouched = nonce.purpose == "vote" and not post.get("gesture")
        if not suspicion and untouched:
            return self._ask(pages.confirmation(subject, score, comment), secret)
        subject._record_reply(score, comment, suspicion, secret)
        if suspicion == "internal":
            return pages.employee(subject)
        if suspicion:
            return self._ask(pages.confirmation(subject, score, comment), secret)
        own = subject._reply_own(secret)
        if not own:
            nonces._set_counted(nonce, score, comment)
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

    def _is_given(self, own, nonce, score, comment):
        """Tell whether what comes once more is the answer that counts.

        :param own: that answer, if it may be changed: it may have been since
        """
        if own:
            return (own.score, own.comment or "") == (score, comment)
        return request.env["crm.nps.nonce"]._has_counted(nonce, score, comment)

    def _once_more(self, own):
        """Ask for what came by a page that had been sent back, or was never issued.

        Nothing is changed by it: a page of the browser's history that is loaded anew
        would bring back what was changed since.

        :param own: the answer that counts already, if it may be changed
        """
        if own:
            return request.env._(
                "Your answer is %s of 10. To change it, please send it once more.",
                own.score,
            )
        return request.env._("Please send it once more.")

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
        return guard.views.suspicion(self._viewer(subject), nonce.issued, before)

    # -- what a request says ---------------------------------------------

    def _refusal_to_look(self, token=None):
        """Let PostgreSQL refuse to write from here on; see `_refusal`.

        `readonly` of the route alone does that only where there is a replica, and
        Odoo then tries again on the other server.
        """
        request.env.cr.execute("SET TRANSACTION READ ONLY")
        return self._refusal(guard.viewers, token)

    def _refusal(self, limiter=None, token=None, *, address=True):
        """Return what to answer who asks too often, and who asks for no page at all.

        :param limiter: counts what is done to one page
        :param token: of the page; None: many people share it
        :param bool address: whether it is counted where the request comes from
        """
        allowed = not address or guard.addresses.allows(self._key(self._address()))
        if allowed and token is not None:
            allowed = limiter.allows(self._key(token[:64]))
        if not allowed:
            return pages.too_many()
        if request.httprequest.method == "OPTIONS":
            return pages.nothing(Allow=ALLOWED)
        return None

    def _address(self):
        return guard.network(request.httprequest.remote_addr)

    def _viewer(self, subject):
        """Return whose views of a page are looked at together.

        Robots that open the links of one person come from anywhere; of a link that many
        people have each address is somebody else.
        """
        address = self._address() if subject._reply_shared() else None
        return self._key((subject._reply_subject(), address))

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
