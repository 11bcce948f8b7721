import smtplib
from contextlib import contextmanager
from unittest.mock import patch

from .nps_case import INVITATION, NpsCase


class Server:
    """What stands in for a mail server: it takes each mail, or does as it is told."""

    def __init__(self):
        self.mails = []
        #: address -> function that is called before the text is taken; it may raise
        self.before_text = {}
        #: address -> function that is called instead of accepting the address
        self.recipient = {}
        #: how often somebody connected, and what connecting raises
        self.connections = 0
        self.away = None

    def connect(self, *_arguments, **_values):
        self.connections += 1
        if self.away:
            raise self.away
        return Session(self)

    def addresses(self):
        return [address for address, _message in self.mails]


class Session:
    from_filter = smtp_from = False

    def __init__(self, server):
        self.server = server

    def send_message(self, message, _sender, addresses):
        (self.address,) = addresses
        self.server.recipient.get(self.address, lambda: None)()
        self.data(message)

    def data(self, message):
        self.server.before_text.get(self.address, lambda: None)()
        self.server.mails.append((self.address, message))

    def quit(self):
        pass

    close = quit


def refusing(address, code, words):
    def refuse():
        raise smtplib.SMTPRecipientsRefused({address: (code, words.encode())})

    return refuse


class NpsMailCase(NpsCase):
    """Invitations that are sent to a server of the tests by the real templates."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.email = "hello@seller.example"
        cls.templates = {
            "mail_template_id": cls.env.ref("crm_metrics.mail_template_nps_invitation"),
            "reminder_template_id": cls.env.ref(
                "crm_metrics.mail_template_nps_reminder"
            ),
        }
        cls.env["ir.config_parameter"].set_param(
            "web.base.url", "https://seller.example"
        )

    def setUp(self):
        super().setUp()
        self.server = Server()

    @classmethod
    def program(cls, start="2026-06-01 00:00:00", **values):
        templates = {name: template.id for name, template in cls.templates.items()}
        return super().program(start, **{**templates, **values})

    def planned(self, program, *contacts, **values):
        """Plan invitations as the preparation leaves them."""
        suppression = self.env["crm.nps.suppression"]
        return self.env[INVITATION].create(
            [
                {
                    "program_id": program.id,
                    "wave": "w",
                    "partner_id": contact.id,
                    "email": contact.email_normalized,
                    "person": suppression._person_key(
                        contact.email_normalized, contact
                    ),
                    "lang": "en_US",
                    "planned_at": self.now,
                    **values,
                }
                for contact in contacts
            ]
        )

    @contextmanager
    def serving(self):
        servers = type(self.env["ir.mail_server"])
        with (
            patch.object(servers, "_disable_send", lambda _model: False),
            patch.object(servers, "_connect__", self.server.connect),
        ):
            yield

    def send(self):
        """Let the scheduled action run."""
        self.env.flush_all()
        with (
            self.serving(),
            self.enter_registry_test_mode(),
            self.registry.cursor() as cr,
        ):
            self.env(cr=cr, su=True)[INVITATION]._cron_send()
        self.env.invalidate_all()

    def assertSent(self, *contacts):
        """Compare who got mails, in their order."""
        self.assertEqual(
            self.server.addresses(), [contact.email_normalized for contact in contacts]
        )

    def body(self, number=-1, kind="html"):
        return self.server.mails[number][1].get_body((kind,)).get_content()
