"""Putting mails together, many of which are alike."""

import email.policy
import secrets
from email.headerregistry import BaseHeader, HeaderRegistry
from email.message import EmailMessage
from functools import lru_cache

from odoo import fields

#: headers that are remembered, at most
REMEMBERED = 64
#: those that no two mails share, and that tell whom one goes to
OF_ONE_MAIL = {"to", "message-id", "references", "list-unsubscribe"}


class _Header(BaseHeader):
    """A header that remembers its lines."""

    def fold(self, *, policy):
        form = policy.linesep, policy.max_line_length, policy.utf8
        # both at once: threads share it
        known, lines = getattr(self, "_folded", (None, None))
        if known != form:
            lines = super().fold(policy=policy)
            self._folded = form, lines
        return lines


class _Headers(HeaderRegistry):
    """Parses headers; what came a moment ago is not parsed again.

    Sender, address for answers and the types of the parts are the same in each mail of
    a program, and parsing them takes longer than rendering its text.
    """

    def __init__(self):
        super().__init__(base_class=_Header)
        self._class_of = lru_cache(REMEMBERED)(super().__getitem__)
        self._parsed = lru_cache(REMEMBERED)(super().__call__)

    def __getitem__(self, name):
        # the standard library makes a class for each header, and two to count them
        return self._class_of(name)

    def __call__(self, name, value):
        if name.lower() in OF_ONE_MAIL:
            return super().__call__(name, value)
        # nobody changes a header that was parsed: it is replaced by another one
        return self._parsed(name, value)


#: as Odoo has it: a Message-Id stays on one line
POLICY = email.policy.SMTP.clone(header_factory=_Headers())
#: what is between text and HTML; else each mail is searched for one that it lacks
BOUNDARY = f"=={secrets.token_hex(16)}=="


def compose(headers, text, html, attachments=()):
    """Return a mail as text and as HTML.

    :param dict headers: name -> text
    :param attachments: (name, bytes, MIME type) of each file
    :rtype: email.message.EmailMessage
    """
    message = EmailMessage(policy=POLICY)
    for name, value in headers.items():
        message[name] = value
    message["Date"] = fields.Datetime.now()
    message["MIME-Version"] = "1.0"
    message.make_alternative(boundary=BOUNDARY)
    message.add_alternative(text, subtype="plain", charset="utf-8")
    message.add_alternative(html, subtype="html", charset="utf-8")
    for name, content, mimetype in attachments:
        main, _slash, sub = (mimetype or "").partition("/")
        if not sub or main in ("message", "multipart"):
            main, sub = "application", "octet-stream"
        message.add_attachment(content, main, sub, filename=name)
    return message
