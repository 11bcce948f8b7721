"""Measures of feedback: preparing the invitations of a wave, and mailing them."""

from odoo.api import Environment
from odoo.models import BaseModel

from . import book, mailing
from .harness import Bench, forget_peak, say, twin_of

#: mails that are sent for the measure of sending
MAILS = 2_000
TWIN = """
    INSERT INTO bench_invitation
    SELECT * FROM crm_nps_invitation WHERE program_id = %s
"""


def measure(bench: Bench, contacts: int) -> None:
    """Prepare a wave for customers with one contact each, all of whom are asked."""
    say(f"writing {contacts} customers that have bought something")
    _seconds, program = bench.timed(lambda env: _fill(env, contacts).id)
    _prepare(bench, program, contacts)
    mailing.measure(bench, program, mails=min(contacts, MAILS))


def _fill(env: Environment, contacts: int) -> BaseModel:
    """Give contacts an address and a purchase; return a program that runs."""
    first = book._partners(env, contacts)
    env.cr.execute(
        """UPDATE res_partner
              SET email = 'n' || id || '@example.com',
                  email_normalized = 'n' || id || '@example.com',
                  tz = (ARRAY['Europe/Berlin', 'America/New_York', 'UTC'])[id %% 3 + 1]
            WHERE id >= %s""",
        [first],
    )
    env.cr.execute(
        """INSERT INTO crm_purchase (partner_key, partner_id, company_id, date, kind,
                                     amount, res_model, res_id)
           SELECT id, id, %s, current_date - 10, 'purchase', 100,
                  'crm.purchase.entry', id
             FROM res_partner WHERE id >= %s""",
        [env.company.id, first],
    )
    program = env["crm.nps.program"].create(
        {
            "name": "Wave",
            "trigger": "wave",
            "wave_date": env.company._metrics_today(),
            "account_limit": 2,
        }
    )
    program.action_start()
    env.cr.execute("ANALYZE")
    return program


def _prepare(bench: Bench, program: int, contacts: int) -> None:
    forget_peak()
    seconds, _left = bench.timed(
        lambda env: env["crm.nps.program"].sudo().browse(program)._prepare()
    )
    # customers of other measures have no address: they become rows that say so
    own = [("program_id", "=", program)]
    with bench.env() as env:
        invitations = env["crm.nps.invitation"]
        rows = invitations.search_count(own)
        planned = invitations.search_count([*own, ("state", "=", "planned")])
    if planned != contacts:
        raise AssertionError(f"{planned} are to be asked, of {contacts}")
    with twin_of(bench, "crm_nps_invitation", "bench_invitation"):
        limit, _none = bench.timed(lambda env: env.cr.execute(TWIN, [program]))
    bench.report("nps_prepare", rows, seconds, limit)
