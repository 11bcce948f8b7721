"""What the public pages show, and the headers that all of them have."""

from datetime import timedelta
from urllib.parse import urlsplit

from odoo.http import request

from ..kernel.nps import bucket
from ..models.crm_nps_answer import EDIT_HOURS
from ..models.crm_nps_reply import COMMENT_LENGTH

COOKIE = "crm_nps"
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}


def question(subject, score=None, comment="", problem=None):
    """Return the page that asks.

    :param subject: invitation or program
    :param score: preselected, None: none
    :param str comment: what was written so far
    :param problem: why it is asked again
    """
    return _page(
        "crm_metrics.nps_question",
        subject,
        "vote",
        score=score,
        comment=comment,
        problem=problem,
        comment_length=COMMENT_LENGTH,
        bucket=score is not None and bucket(score),
        buckets=[bucket(each) for each in range(11)],
    )


def confirmation(subject, score, comment):
    """Return the page that has what was sent confirmed."""
    return _page(
        "crm_metrics.nps_confirmation", subject, "confirm", score=score, comment=comment
    )


def thanks(subject, score, own):
    """Return the page after an answer.

    :param own: the answer, if it may be changed
    """
    program = subject._reply_program()
    name = bucket(score)
    url = program[f"{name}_url"] or ""
    if urlsplit(url).scheme not in ("http", "https"):
        url = ""
    return _page(
        "crm_metrics.nps_thanks",
        subject,
        score=score,
        bucket=name,
        url=url,
        host=urlsplit(url).hostname,
        own=own,
        edit_hours=EDIT_HOURS,
    )


def employee(subject):
    """Return the page after an answer of somebody who works here."""
    return _page("crm_metrics.nps_employee", subject)


def stop(subject, stopped=False):
    """Return the page to opt out by, and that after it."""
    return _page(
        "crm_metrics.nps_stop", subject, "stop", stopped=stopped, trial=subject.test
    )


def not_found():
    """Return the one page for whatever cannot be answered: it tells nothing."""
    # nothing was begun: no file for a session of somebody who tries addresses
    request.session.can_save = False
    company = request.env.company.sudo()
    return guarded(
        request.render("crm_metrics.nps_not_found", _frame(company), status=404)
    )


def too_many():
    """Return what who asks too often gets, at next to no cost."""
    text = request.env._("There were too many requests. Please wait a minute.")
    return _plain(text, 429, ("Retry-After", "60"))


def too_large():
    """Return what who sends more than any page does gets."""
    return _plain(request.env._("That was too much text."), 413)


def _plain(text, status, *headers):
    request.session.can_save = False
    headers = [("Content-Type", "text/plain; charset=utf-8"), *headers]
    return guarded(request.make_response(text, headers, status=status))


def nothing(status=200, **headers):
    """Return an answer without a page."""
    request.session.can_save = False
    headers = list(headers.items())
    return guarded(request.make_response("", headers=headers, status=status))


def guarded(response):
    """Add what keeps a page out of caches, search engines, frames and referrers."""
    response.headers.update(HEADERS)
    return response


def give_secret(response, secret):
    """Let this browser, and no other, change what it answers.

    :param str secret: empty: it is taken away
    """
    response.set_cookie(
        COOKIE,
        secret,
        max_age=timedelta(hours=EDIT_HOURS) if secret else 0,
        expires=None,
        path=request.httprequest.path,
        secure=request.httprequest.is_secure,
        httponly=True,
        samesite="Lax",
    )


def _page(template, subject, purpose=None, **values):
    """Return a page in the language of whom it is for.

    :param purpose: of the nonce, if the page is to be sent back
    """
    speak(subject)
    program = subject._reply_program().with_context(lang=request.env.lang)
    path = request.httprequest.path
    if purpose:
        nonces = request.env["crm.nps.nonce"]
        values["nonce"] = nonces._issue(purpose, subject._reply_subject())
    values |= {
        **_frame(program.company_id),
        "program": program,
        "path": path,
        "stop_path": subject._reply_mailed_at() and f"{path}/stop",
    }
    return guarded(request.render(template, values))


def speak(subject):
    """Use the language of whom a page is for in this request, if it is installed."""
    code = subject._reply_lang()
    lang = code and request.env["res.lang"]._get_data(code=code)
    if lang:
        request.lang = lang
        request.update_context(lang=lang.code)


def _frame(company):
    """Return what the frame around every page shows."""
    lang = request.env["res.lang"]._get_data(code=request.env.lang)
    return {
        "company": company,
        "html_data": {
            "lang": lang.code.replace("_", "-").replace("@", "-"),
            "dir": lang.direction,
        },
    }
