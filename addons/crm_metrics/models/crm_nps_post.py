"""Handing mails to an SMTP server so that one knows afterwards what became of each."""

import logging
import re
import smtplib
from collections import namedtuple

import psycopg2

from odoo.addons.base.models.ir_mail_server import (
    MailDeliveryException,
    extract_rfc2822_addresses,
)

_logger = logging.getLogger(__name__)

#: What became of a mail, and what the server said about it:
#:
#: - sent: the server has taken it
#: - uncertain: the connection broke after the text went out and before the answer came
#: - refused: the server does not know the address
#: - rejected: no server will ever take this mail
#: - later: not now, for reasons of this mail
#: - broken: not now, for reasons that have nothing to do with this mail
Outcome = namedtuple("Outcome", ["result", "words"])

SENT = Outcome("sent", False)
#: status codes (RFC 3463), which some servers write with a number sign
STATUS = re.compile(r"#?((5\.\d{1,3}\.)\d{1,3})")
#: those of addresses and mailboxes, and of the mail itself; the others speak of the
#: route, the protocol or the policy of a server
ABOUT_THE_ADDRESS, ABOUT_THE_MAIL = ("5.1.", "5.2."), ("5.6.",)
#: but those of the address of the sender
ABOUT_THE_SENDER = ("5.1.7", "5.1.8")
#: what servers without such codes say once they have the whole mail
NO_SUCH_MAILBOX = re.compile(
    r"(no such|unknown|invalid) (local )?(user|recipient|mailbox)"
    r"|(user|recipient|mailbox) (is )?(unknown|invalid|not found|does(n't| not) exist)",
    re.IGNORECASE,
)
#: no address to send from is set: Odoo takes what is empty for not asked yet
NO_ADDRESS = "none"
#: reply code of a server that closes the connection
CLOSING = 421


class NoServer(Exception):
    """No server can be reached; the message says why."""


class Post:
    """Sessions with SMTP servers, each opened when it is needed first.

    :param company: that sends: it tells the address for bounces
    """

    def __init__(self, company):
        self.servers = company.env["ir.mail_server"]
        # asked once here, else for each mail
        self.notifications = self.servers._get_default_from_address() or NO_ADDRESS
        self.bounces = self.servers._get_default_bounce_address()
        self.sessions = {}

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        for key in list(self.sessions):
            self._close(key)

    def reach(self):
        """Connect to the server that mails of this company go through.

        :raise NoServer: no connection
        """
        self._session((False, None))

    def deliver(self, message, address, server_id, claim):
        """Send one mail to one address.

        `claim` is called at the last moment at which it is certain that nothing has
        left: the server has accepted the recipient and waits for the text.

        :param message: email.message.EmailMessage
        :param address: where it goes, whatever its header says
        :param server_id: id of an `ir.mail_server`, or False for the one that fits
        :param claim: function without arguments; what it raises is raised
        :return: Outcome
        :raise NoServer: no connection
        """
        recipients = extract_rfc2822_addresses(address)
        if not recipients:
            return Outcome("rejected", str(self.servers.NO_VALID_RECIPIENT))
        key = (server_id, message["From"])
        session = self._session(key)
        claimed = []

        def data(text):
            claim()
            claimed.append(True)
            return type(session).data(session, text)

        if session:  # there is none while Odoo runs tests
            session.data = data
        servers = self.servers.with_context(
            send_validated_to=recipients,
            domain_notifications_email=self.notifications,
            domain_bounce_address=self.bounces or message["From"],
        )
        try:
            servers.send_email(message, mail_server_id=server_id, smtp_session=session)
        except Exception as error:
            outcome = _outcome_of(error, bool(claimed))
            if outcome.result in ("broken", "uncertain"):
                self._close(key)
            return outcome
        return SENT

    def _session(self, key):
        if key not in self.sessions:
            server_id, sender = key
            try:
                self.sessions[key] = self.servers._connect__(
                    mail_server_id=server_id, smtp_from=sender
                )
            except psycopg2.Error:
                raise
            # whatever a misconfigured or absent server makes Python raise
            except Exception as error:
                words = self.servers.env._(
                    "No outgoing mail server can be reached (%(error)s). An "
                    "administrator adds or checks one under Settings › Technical › "
                    "Outgoing Mail Servers.",
                    error=_words(error),
                )
                raise NoServer(words) from error
        return self.sessions[key]

    def _close(self, key):
        session = self.sessions.pop(key)
        if session:
            try:
                session.quit()
            except (smtplib.SMTPException, OSError):
                session.close()


def _outcome_of(error, claimed):
    """Tell from an exception what became of a mail.

    :param claimed: the text went out, or was about to
    :raise psycopg2.Error: the claim could not be written
    """
    cause = error
    if isinstance(error, MailDeliveryException):  # Odoo wraps what it catches
        cause = error.__context__ or error
    if isinstance(cause, psycopg2.Error):
        raise cause
    if isinstance(cause, smtplib.SMTPRecipientsRefused):
        ((code, text),) = cause.recipients.values()
        return _answered(code, text, about_recipient=True)
    if isinstance(cause, smtplib.SMTPResponseException) and cause.smtp_code > 0:
        # the server has answered, so it has not taken the mail
        outcome = _answered(cause.smtp_code, cause.smtp_error)
        if isinstance(cause, smtplib.SMTPDataError):
            return outcome
        # of the sender, or of us
        return outcome._replace(result="broken")
    connection = (
        isinstance(cause, (smtplib.SMTPException, OSError))
        # it lacks what this address needs
        and not isinstance(cause, smtplib.SMTPNotSupportedError)
    )
    if not connection:
        _logger.info("A survey could not be sent.", exc_info=cause)
    if claimed:
        result = "uncertain"
    elif connection or isinstance(cause, AssertionError):
        result = "broken"  # Odoo asserts that there is a sender
    elif isinstance(cause, smtplib.SMTPNotSupportedError):
        result = "rejected"
    else:
        result = "later"  # nobody knows what
    return Outcome(result, _words(cause))


def _answered(code, text, *, about_recipient=False):
    """Tell what it means that a server refuses an address, or a mail that it has read.

    "550 5.1.1 no such user" is final, "550 5.7.1 relaying denied" and "550 5.4.5 daily
    limit exceeded" have nothing to do with the address, whenever they are said.

    :param bool about_recipient: it was told the address, and nothing else
    """
    if isinstance(text, bytes):
        text = text.decode(errors="replace")
    status = STATUS.match(text)
    result = "later"
    if code == CLOSING or status and status[1] in ABOUT_THE_SENDER:
        result = "broken"
    elif code >= 500 and status:
        if status[2] in ABOUT_THE_ADDRESS:
            result = "refused"
        elif status[2] in ABOUT_THE_MAIL:
            result = "rejected"
    elif code >= 500 and (about_recipient or NO_SUCH_MAILBOX.search(text)):
        result = "refused"
    return Outcome(result, f"{code} {text}")


def _words(error):
    return str(error) or type(error).__name__
