"""Mails of NPS programs over a real connection, and Odoo killed while it sends."""

import random
import time
from collections import Counter
from datetime import datetime, timedelta

import pytest
from smtp import Gate, MailServer
from waiting import wait_for

from scripts.setup import testing

#: no number is none
REMINDERS, ATTEMPTS = "coalesce(reminders, 0)", "coalesce(attempts, 0)"
CRON = "env['crm.nps.invitation']._cron_send()\n"


class Survey:
    """A running program in the live database, and the server that gets its mails."""

    def __init__(self, live, server):
        self.live = live
        self.server = server
        with live.env() as env:
            self.program_id = (
                env["crm.nps.program"]
                .create(
                    {
                        "name": "Live",
                        "state": "running",
                        "working_hours": False,
                        "quarantine_days": 90,
                        "reminder_count": "2",
                        "reminder_days": 5,
                    }
                )
                .id
            )
            env["ir.mail_server"].create(
                {
                    "name": "Live",
                    "smtp_host": server.hostname,
                    "smtp_port": server.port,
                    "smtp_encryption": "none",
                }
            )
            env.company.email = "hello@seller.example"
            env["ir.config_parameter"].set_param(
                "web.base.url", "https://seller.example"
            )
            env["ir.config_parameter"].set_param("web.base.url.freeze", "True")

    def ask(self, count, name="customer"):
        """Plan invitations of as many contacts; return their addresses."""
        with self.live.env() as env:
            partners = env["res.partner"].create(
                [
                    {"name": f"{name} {number}", "email": f"{name}{number}@b.example"}
                    for number in range(count)
                ]
            )
            key = env["crm.nps.suppression"]._person_key
            env["crm.nps.invitation"].create(
                [
                    {
                        "program_id": self.program_id,
                        "wave": "batch,live",
                        "partner_id": partner.id,
                        "email": partner.email_normalized,
                        "person": key(partner.email_normalized, partner),
                        "lang": "en_US",
                        "planned_at": datetime.utcnow() - timedelta(minutes=1),
                    }
                    for partner in partners
                ]
            )
            return partners.mapped("email_normalized")

    def run(self):
        with self.live.env() as env:
            env["crm.nps.invitation"]._cron_send()

    def move_server(self, port):
        self.live.execute("UPDATE ir_mail_server SET smtp_port = %s", port)

    def rows(self, *columns):
        """Return columns of the invitations, in their order."""
        return self.live.fetch(
            f"SELECT {', '.join(columns)} FROM crm_nps_invitation ORDER BY id"
        )

    def later(self, **span):
        """Let time go by for all invitations."""
        delta = timedelta(**span)
        self.live.execute(
            """UPDATE crm_nps_invitation
                  SET date = date - %(d)s, planned_at = planned_at - %(d)s,
                      sent_at = sent_at - %(d)s, last_sent_at = last_sent_at - %(d)s,
                      expires_at = expires_at - %(d)s""".replace("%(d)s", "%s"),
            *[delta] * 5,
        )

    def clean(self):
        self.live.execute(
            """DELETE FROM crm_nps_answer; DELETE FROM crm_nps_invitation;
               DELETE FROM crm_nps_program; DELETE FROM ir_mail_server"""
        )


@pytest.fixture
def server():
    server = MailServer()
    server.start()
    yield server
    for gate in server.gates.values():
        gate.opened.set()
    server.stop()


@pytest.fixture
def survey(live, server):
    survey = Survey(live, server)
    yield survey
    survey.clean()


@pytest.fixture
def only_sending(live):
    """Let no other scheduled action run."""
    others = "active AND cron_name != 'CRM Metrics: send NPS surveys'"
    stopped = live.fetch(f"SELECT array_agg(id) FROM ir_cron WHERE {others}")[0][0]
    live.execute("UPDATE ir_cron SET active = FALSE WHERE id = ANY(%s)", stopped)
    yield
    live.execute("UPDATE ir_cron SET active = TRUE WHERE id = ANY(%s)", stopped)


def test_killed_three_times_among_2000_mails(live, survey, server, only_sending):
    """A served database, its scheduled action at work: nobody gets two mails."""
    addresses = survey.ask(2000)
    pause = random.Random(6)

    def wake():
        with live.env() as env:
            env.ref("crm_metrics.ir_cron_nps_send")._trigger()

    def sends(more):
        """Wake the scheduler until it has sent so many more mails."""
        goal = len(server.mails) + more

        def sent():
            if len(server.mails) == before:
                wake()
                time.sleep(0.3)
            return len(server.mails) >= goal

        before = len(server.mails)
        wait_for(sent, 600)

    for _kill in range(3):
        with testing.server(live.name, crons=True) as odoo:
            sends(more=pause.randint(60, 300))
            time.sleep(pause.uniform(0, 0.05))
            odoo.process.kill()
            odoo.process.wait()
        assert len(server.mails) < 1500, "there was nothing left to kill"
    with testing.server(live.name, crons=True):
        sends(more=1)
        wait_for(lambda: survey.rows("state").count(("sent",)) == 2000, 600)

    got = Counter(server.addresses())
    assert max(got.values()) == 1
    uncertain = {address for address, flag in survey.rows("email", "uncertain") if flag}
    assert len(uncertain) <= 3
    assert set(addresses) - set(got) <= uncertain
    assert live.fetch("SELECT count(*) FROM mail_mail") == [(0,)]
    assert live.fetch(
        "SELECT count(*) FROM mail_message WHERE model = 'crm.nps.invitation'"
    ) == [(0,)]


class TestKilled:
    """At known moments of one mail."""

    def kill_at(self, survey, step):
        gate = survey.server.gates[step] = Gate()
        worker = survey.live.shell(CRON)
        assert gate.reached.wait(60)
        worker.kill()
        worker.communicate()
        gate.opened.set()
        del survey.server.gates[step]

    def test_before_the_recipient_is_accepted(self, survey, server):
        """Nothing has left, and nothing is written: the next run sends."""
        survey.ask(2)
        self.kill_at(survey, "RCPT")
        assert survey.rows("state", "sent_at") == [("planned", None)] * 2
        survey.run()
        assert Counter(server.addresses()) == {
            "customer0@b.example": 1,
            "customer1@b.example": 1,
        }
        assert survey.rows("state", "uncertain") == [("sent", None)] * 2

    def test_before_the_text_goes_out(self, survey, server):
        """The worst moment: it had not left, but nobody could know."""
        survey.ask(2)
        self.kill_at(survey, "DATA")
        assert survey.rows("state") == [("sending",), ("planned",)]
        survey.run()
        assert server.addresses() == ["customer1@b.example"]
        assert survey.rows("state", "uncertain") == [("sent", True), ("sent", None)]

    def test_before_the_server_answers(self, survey, server):
        """It had left: a second one would be one too many."""
        survey.ask(2)
        self.kill_at(survey, "answer")
        wait_for(lambda: server.mails)
        assert survey.rows("state") == [("sending",), ("planned",)]
        survey.run()
        assert server.addresses() == ["customer0@b.example", "customer1@b.example"]
        assert survey.rows("state", "uncertain") == [("sent", True), ("sent", None)]

    def test_while_a_reminder_goes_out(self, survey, server):
        survey.ask(1)
        survey.run()
        survey.later(days=5)
        self.kill_at(survey, "answer")
        wait_for(lambda: len(server.mails) == 2)
        survey.run()
        assert len(server.mails) == 2
        assert survey.rows("state", REMINDERS) == [("sent", 1)]


def test_two_senders_do_not_disturb_each_other(live, survey, server):
    addresses = survey.ask(200)
    gate = server.gates["answer"] = Gate()
    first = live.shell(CRON)
    assert gate.reached.wait(60)
    survey.run()  # finds the other one at work
    assert survey.rows("state").count(("sending",)) == 1
    gate.opened.set()
    del server.gates["answer"]
    _output, errors = first.communicate(timeout=120)
    assert first.returncode == 0, errors
    assert Counter(server.addresses()) == dict.fromkeys(addresses, 1)
    assert set(survey.rows("state", "uncertain")) == {("sent", None)}


def test_what_another_sender_has_settled_meanwhile(live, survey):
    """A transaction that began before the other one ended takes nothing for remains."""
    survey.ask(1)
    live.execute("UPDATE crm_nps_invitation SET state = 'sending'")
    with live.env() as env:
        assert env["crm.nps.invitation"].search([]).state == "sending"
        live.execute("UPDATE crm_nps_invitation SET state = 'sent'")
        env["crm.nps.invitation"]._cron_send()
    assert survey.rows("state", "uncertain") == [("sent", None)]


def test_what_a_mail_says(survey, server):
    survey.ask(1)
    survey.run()
    (message,) = server.of("customer0@b.example")
    assert message["To"] == "customer 0 <customer0@b.example>"
    assert "hello@seller.example" in message["From"]
    stop = message["List-Unsubscribe"].strip("<> ")
    link = stop.removesuffix("/stop")
    assert link.startswith("https://seller.example/nps/")
    assert len(link.rsplit("/", 1)[1]) == 43
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Auto-Submitted"] == "auto-generated"
    for kind in ("html", "plain"):
        text = message.get_body((kind,)).get_content()
        for score in range(11):
            assert f"{link}?s={score}" in text
        assert stop in text
        assert "0 = not at all likely" in text and "10 = extremely likely" in text
    lines = message.get_body(("plain",)).get_content().splitlines()
    assert f"10: {link}?s=10" in lines


def test_a_reminder_repeats_the_link(survey, server):
    survey.ask(1)
    survey.run()
    survey.later(days=5, seconds=-30)
    survey.run()
    assert len(server.mails) == 1
    survey.later(minutes=1)
    survey.run()
    survey.run()
    first, second = server.of("customer0@b.example")
    assert second["List-Unsubscribe"] == first["List-Unsubscribe"]
    assert second["References"] == first["Message-Id"] != second["Message-Id"]
    assert second["Subject"] != first["Subject"]
    survey.later(days=5)
    survey.run()
    survey.later(days=5)
    survey.run()
    assert len(server.mails) == 3, "two reminders and no more"
    assert survey.rows("state", REMINDERS) == [("sent", 2)]


class TestBounced:
    REPORT = """\
From: MAILER-DAEMON@relay.example
To: bounce@seller.example
Subject: Undelivered Mail Returned to Sender
Message-Id: <report-{number}@relay.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="XX"

--XX
Content-Type: text/plain

Your mail {action}.

--XX
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example

Final-Recipient: rfc822; customer0@b.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 no such user

--XX
Content-Type: message/rfc822

{mail}
--XX--
"""

    def comes_back(self, survey, number, action, status="5.1.1", mail=None):
        message = mail or survey.server.mails[-1][1]
        report = self.REPORT.format(
            number=number,
            action=action,
            status=status,
            mail=f"Message-Id: {message['Message-Id']}\nSubject: x\n\nx",
        )
        with survey.live.env() as env:
            env["mail.thread"].message_process(None, report)

    def test_it_is_noted(self, survey):
        survey.ask(1)
        survey.run()
        self.comes_back(survey, 1, "delayed", "4.4.1")
        assert survey.rows("state") == [("sent",)]
        self.comes_back(survey, 2, "failed")
        ((state, error),) = survey.rows("state", "error")
        assert state == "bounced" and "no such user" in error
        survey.later(days=5)
        survey.run()
        assert len(survey.server.mails) == 1, "no reminder to nobody"

    def test_of_a_reminder_or_of_the_first_mail_after_it(self, survey):
        survey.ask(1)
        survey.run()
        survey.later(days=5)
        survey.run()
        first, second = survey.server.of("customer0@b.example")
        for number, mail in enumerate((first, second), 10):
            survey.live.execute("UPDATE crm_nps_invitation SET state = 'sent'")
            self.comes_back(survey, number, "failed", mail=mail)
            assert survey.rows("state") == [("bounced",)]

    def test_an_answer_stays(self, survey):
        survey.ask(1)
        survey.run()
        survey.live.execute("UPDATE crm_nps_invitation SET state = 'answered'")
        self.comes_back(survey, 20, "failed")
        assert survey.rows("state") == [("answered",)]


class TestRefused:
    """What the server says decides whether it is tried again."""

    @pytest.mark.parametrize(
        ("answer", "state"),
        [
            ("550 5.1.1 no such user", "bounced"),
            ("550 no such user", "bounced"),
            ("450 4.2.1 mailbox busy", "planned"),
            ("550 5.7.1 relaying denied", "planned"),
        ],
    )
    def test_recipient(self, survey, server, answer, state):
        survey.ask(2)
        server.refuses["customer0@b.example"] = answer
        survey.run()
        (refused, other) = survey.rows("state", "error", ATTEMPTS, "uncertain")
        assert refused == (state, answer, 1, None)
        assert other == ("sent", None, 0, None)
        assert server.addresses() == ["customer1@b.example"]

    def test_it_is_tried_until_it_is_too_late(self, survey, server):
        survey.ask(1)
        server.refuses["customer0@b.example"] = "451 4.7.1 greylisted"
        for attempt in range(8):
            assert survey.rows("state", ATTEMPTS) == [("planned", attempt)]
            survey.run()
            survey.later(minutes=5 * 2**attempt, seconds=1)
        survey.later(days=30)
        survey.run()
        assert survey.rows("state", "skip_reason", "sent_at", "error") == [
            ("skipped", "late", None, "451 4.7.1 greylisted")
        ]

    def test_the_server_takes_no_mail_at_all(self, survey, server):
        """A fault of its own, said when it hears of the sender: nobody pays."""
        survey.ask(2)
        server.sender = "451 4.3.0 queue file write error"
        for _run in range(8):
            survey.run()
            survey.later(minutes=11)
        assert (
            survey.rows("state", ATTEMPTS, "error")
            == [("planned", 0, server.sender)] * 2
        )
        server.sender = None
        survey.run()
        assert len(server.mails) == 2

    @pytest.mark.parametrize(
        ("answer", "state"),
        [
            ("554 5.6.0 malformed", "failed"),
            ("552 too large", "planned"),
            ("550 5.4.5 daily limit exceeded", "planned"),
            ("451 try again later", "planned"),
        ],
    )
    def test_text(self, survey, server, answer, state):
        """The server has answered: it has not taken the mail."""
        survey.ask(1)
        server.rejects["customer0@b.example"] = answer
        survey.run()
        assert survey.rows("state", "sent_at", "expires_at", "message_id") == [
            (state, None, None, None)
        ]
        server.rejects.clear()
        survey.later(minutes=6)
        survey.run()
        assert len(server.mails) == (state == "planned")

    def test_the_connection_breaks_after_the_text(self, survey, server):
        """It may have arrived: it is not sent again."""
        survey.ask(2)
        server.hangs_up.add("customer0@b.example")
        survey.run()
        survey.later(minutes=30)
        survey.run()
        assert server.addresses() == ["customer0@b.example", "customer1@b.example"]
        assert survey.rows("state", "uncertain") == [("sent", True), ("sent", None)]

    def test_nobody_answers(self, survey, server):
        """An outage is no fault of the invitations: none is given up for it."""
        survey.ask(60)
        survey.move_server(testing.free_port())
        for _run in range(8):
            survey.run()
            survey.later(minutes=11)
        assert set(survey.rows("state", ATTEMPTS)) == {("planned", 0)}
        ((error,),) = set(survey.rows("error"))
        assert "refused" in error
        survey.move_server(server.port)
        survey.run()
        assert len(server.mails) == 60

    def test_a_reminder_that_fails_leaves_the_invitation_sent(self, survey, server):
        survey.ask(1)
        survey.run()
        server.refuses["customer0@b.example"] = "550 5.1.1 moved away"
        survey.later(days=5)
        survey.run()
        assert survey.rows("state", REMINDERS, "error") == [
            ("sent", 0, "550 5.1.1 moved away")
        ]
        survey.later(days=5)
        server.refuses.clear()
        survey.run()
        assert len(server.mails) == 1
