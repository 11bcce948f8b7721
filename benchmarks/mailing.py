"""Measure of feedback: the mails of a wave, from the template to the mail server."""

import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage

from scripts.setup import testing

from .harness import Bench, forget_peak, say


def measure(bench: Bench, program: int, mails: int) -> None:
    """Send the first invitations that a program has prepared.

    The limit is what the same number of mails of that size takes over one connection to
    the same server, without a database: a commit before and one after each mail are the
    price of never sending one twice.
    """
    say(f"sending {mails} mails")
    with _sink() as port:
        _make_due(bench, program, mails, port)
        forget_peak()
        seconds, _none = bench.timed(
            lambda env: env["crm.nps.invitation"].sudo()._cron_send()
        )
        with bench.env() as env:
            own = [("program_id", "=", program), ("state", "=", "sent")]
            sent = env["crm.nps.invitation"].search_count(own)
        if sent != mails:
            raise AssertionError(f"{sent} were sent, of {mails}")
        bench.report("nps_send", mails, seconds, _bare(port, mails))


def _make_due(bench: Bench, program: int, mails: int, port: int) -> None:
    with bench.env() as env:
        env["ir.mail_server"].sudo().create(
            {
                "name": "Sink",
                "smtp_host": "127.0.0.1",
                "smtp_port": port,
                "smtp_encryption": "none",
            }
        )
        env.company.sudo().email = "seller@example.com"
        env["crm.nps.program"].browse(program).write(
            {"working_hours": False, "account_limit": 0}
        )
        # the others have nothing to do with it
        env.cr.execute(
            """UPDATE crm_nps_invitation
                  SET planned_at = CASE WHEN id IN (
                          SELECT id FROM crm_nps_invitation
                           WHERE program_id = %s AND state = 'planned'
                           ORDER BY id LIMIT %s)
                      THEN now() AT TIME ZONE 'UTC' - interval '1 minute'
                      ELSE now() AT TIME ZONE 'UTC' + interval '1 day' END""",
            [program, mails],
        )
        env.cr.execute("ANALYZE")


@contextmanager
def _sink() -> Iterator[int]:
    """A mail server of its own process that takes everything and keeps nothing."""
    port = testing.free_port()
    sink = subprocess.Popen(
        [sys.executable, "-m", "aiosmtpd", "-n", "-l", f"127.0.0.1:{port}"]
        + ["-c", "aiosmtpd.handlers.Sink"]
    )
    try:
        for _attempt in range(100):
            try:
                smtplib.SMTP("127.0.0.1", port).quit()
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        sink.terminate()
        sink.wait()


def _bare(port: int, mails: int) -> float:
    """Seconds for so many mails of the size of ours over one connection."""
    message = EmailMessage()
    message["From"] = "seller@example.com"
    message["To"] = "customer@example.com"
    message.set_content("x" * 70 + "\n" * 40)
    message.add_alternative(("x" * 70 + "\n") * 110, subtype="html")
    start = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", port) as session:
        for _mail in range(mails):
            session.send_message(message)
    return time.perf_counter() - start
