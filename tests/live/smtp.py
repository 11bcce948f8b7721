"""A mail server of the tests: it takes what it gets, or does what it is told."""

import asyncio
import email
import email.policy
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, syntax


class Gate:
    """A place where the server stops until it is opened."""

    def __init__(self):
        self.reached = threading.Event()
        self.opened = threading.Event()

    async def wait(self):
        self.reached.set()
        await asyncio.to_thread(self.opened.wait, 60)


class _Protocol(SMTP):
    @syntax("DATA")
    async def smtp_DATA(self, arg):
        await self.event_handler.before("DATA")
        await super().smtp_DATA(arg)


class MailServer(Controller):
    """Keeps all mails: list of (address, email.message.EmailMessage)."""

    def __init__(self):
        super().__init__(self, hostname="127.0.0.1", port=0)
        self.mails = []
        #: what is answered to any sender, in the place of "250 OK"
        self.sender = None
        #: address -> what is answered to it, in the place of "250 OK"
        self.refuses = {}
        #: the same for the text of mails to it
        self.rejects = {}
        #: addresses at whose mails the connection is closed, after they were taken
        self.hangs_up = set()
        #: step ("RCPT", "DATA", "answer") -> Gate
        self.gates = {}

    def factory(self):
        return _Protocol(self, hostname="localhost")

    def _trigger_server(self):
        # its port is known only now
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()

    async def before(self, step):
        if gate := self.gates.get(step):
            await gate.wait()

    async def handle_MAIL(self, server, session, envelope, address, options):
        if self.sender:
            return self.sender
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, _options):
        await self.before("RCPT")
        if answer := self.refuses.get(address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        (address,) = envelope.rcpt_tos
        if answer := self.rejects.get(address):
            return answer
        message = email.message_from_bytes(
            envelope.content, policy=email.policy.default
        )
        self.mails.append((address, message))
        await self.before("answer")
        if address in self.hangs_up:
            server.transport.close()
        return "250 OK"

    def of(self, address):
        """Return the mails to an address, in their order."""
        return [message for to, message in self.mails if to == address]

    def addresses(self):
        return [address for address, _message in self.mails]
