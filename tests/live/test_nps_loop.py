"""Feedback from its beginning to its end, with real mail and real browsers.

A sales administrator creates a program and asks a customer; the customer answers from
the mail; the administrator sees the score, the salesperson gets an activity and
contacts the customer.
"""

import re
from contextlib import closing, contextmanager

import psycopg2
import pytest
from playwright.sync_api import expect, sync_playwright
from smtp import MailServer
from waiting import wait_for

from scripts.setup import testing
from scripts.setup.paths import clone_key

#: longer than what a page takes at least to be read
READ = 2.2
FILL = """
env.company.email = "hello@seller.example"
parameters = env["ir.config_parameter"]
parameters.set_param("web.base.url", {url!r})
parameters.set_param("web.base.url.freeze", "True")
env["ir.mail_server"].search([]).active = False
env["ir.mail_server"].create({{
    "name": "Loop", "smtp_host": {host!r}, "smtp_port": {port},
    "smtp_encryption": "none"}})
users = env["res.users"].with_context(no_reset_password=True).create([
    {{"name": name, "login": name.lower(), "password": name.lower(), "lang": "en_US",
      "email": name.lower() + "@seller.example", "notification_type": "inbox",
      "group_ids": [(6, 0, (env.ref("sales_team." + group)
                            | env.ref("base.group_user")).ids)]}}
    for name, group in (("Chief", "group_sale_manager"),
                        ("Seller", "group_sale_salesman"))])
account = env["res.partner"].create(
    {{"name": "Customer", "is_company": True, "user_id": users[1].id}})
contact = env["res.partner"].create(
    {{"name": "Ann", "email": "ann@customer.example", "parent_id": account.id}})
env["crm.purchase.entry"].create(
    {{"name": "1", "partner_id": account.id, "date": "2026-01-02", "amount": 100}})
env.cr.commit()
env.registry.signal_changes()  # the served process remembers parameters
env["crm.metrics.engine"]._cron_refresh()
print("CONTACT", contact.id)
"""
WAKE = "env.ref('crm_metrics.ir_cron_nps_follow_up')._trigger(); env.cr.commit()"


class Loop:
    """A served database, its mail server, and browsers of whoever looks at it."""

    def __init__(self, server, mails, browser, contact):
        self.server = server
        self.mails = mails
        self.browser = browser
        self.contact = contact

    def page(self, login=None):
        """Open a browser of somebody, logged in if there is a login."""
        context = self.browser.new_context(locale="en-US", timezone_id="UTC")
        page = context.new_page()
        if login:
            page.goto(f"{self.server.url}/web/login")
            page.fill("input[name=login]", login)
            page.fill("input[name=password]", login)
            page.click("button[type=submit]")
            page.wait_for_url("**/odoo**")
        return page

    def look(self, page):
        """Go to the screen of the score."""
        page.goto(f"{self.server.url}/odoo/crm-nps")

    def execute(self, query):
        with self._cursor() as cursor:
            cursor.execute(query)

    def fetch(self, query):
        with self._cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()

    @contextmanager
    def _cursor(self):
        with closing(
            psycopg2.connect(**testing.connection(self.server.database))
        ) as cn:
            cn.autocommit = True
            with cn.cursor() as cursor:
                yield cursor


@pytest.fixture
def loop():
    mails = MailServer()
    mails.start()
    try:
        with (
            testing.database(f"crm_metrics_nps_loop_{clone_key()}") as database,
            testing.server(database, crons=True) as server,
            sync_playwright() as playwright,
        ):
            fill = FILL.format(url=server.url, host=mails.hostname, port=mails.port)
            printed = testing.shell(database, fill)
            # a person: browsers that are driven by programs say so, and are suspect
            browser = playwright.chromium.launch(
                executable_path=str(testing.browser()),
                args=[
                    "--no-sandbox",
                    "--disable-gpu",
                    "--disable-background-networking",
                    "--disable-blink-features=AutomationControlled",
                ],
            )
            contact = int(re.search(r"CONTACT (\d+)", printed)[1])
            yield Loop(server, mails, browser, contact)
            browser.close()
    finally:
        mails.stop()


def create_program(page):
    """From the empty screen to a program that runs."""
    page.click("text=Create a program")
    page.get_by_label("Name", exact=True).fill("After each deal")
    page.click(".nav-link[name=whom]")
    # whenever this test runs
    page.get_by_label("In Working Hours Only").uncheck()
    page.click("button[name=action_start]")
    expect(page.locator(".o_arrow_button_current")).to_have_text("Running")


def ask(page):
    """From the form of a contact to an invitation."""
    page.click(".nav-link[name=sales_purchases]")
    page.click("button[name=action_crm_nps_ask]")
    page.click(".modal button[name=action_ask]")
    expect(page.locator(".o_list_view .o_data_row")).to_have_count(1)


def wait_for_mail(loop, address):
    """Return the first mail to somebody, when it is noted as sent."""
    wait_for(lambda: loop.fetch("SELECT FROM crm_nps_invitation WHERE state = 'sent'"))
    return loop.mails.of(address)[0]


def link_of(mail, score):
    """Return the address behind a button of a mail."""
    body = mail.get_body(("html",)).get_content()
    (link,) = set(re.findall(rf'href="([^"]*[?]s={score})"', body))
    return link


def answer(page, link, comment):
    """One click in the mail, and one that confirms it."""
    page.goto(link)
    # the page's script has come: the first visitor waits until it is compiled
    expect(page.locator("main [name=script]")).to_have_value("1", timeout=30_000)
    expect(page.locator("input[name=score][value='2']")).to_be_checked()
    page.fill("textarea[name=comment]", comment)
    page.wait_for_timeout(READ * 1000)
    page.click("main button[type=submit]")
    expect(page.locator("main h1")).to_contain_text("Thank you")


def test_from_the_program_to_the_call(loop):
    chief = loop.page("chief")
    loop.look(chief)
    create_program(chief)
    chief.goto(f"{loop.server.url}/odoo/res.partner/{loop.contact}")
    ask(chief)
    mail = wait_for_mail(loop, "ann@customer.example")

    # who opens a mail in the second it comes is no human
    loop.execute(
        """UPDATE crm_nps_invitation SET sent_at = sent_at - interval '1 hour',
                  last_sent_at = last_sent_at - interval '1 hour'"""
    )
    answer(loop.page(), link_of(mail, 2), "Too slow <b>for us</b>")

    loop.look(chief)
    gauge = chief.locator(".o_crm_metrics_gauge button")
    expect(gauge).to_have_text("-100")
    rate = chief.locator("[data-card=rate] .o_crm_metrics_card_value")
    expect(rate).to_have_text("100.0%")

    # a detractor may correct it for a minute; then somebody has to call
    loop.execute("UPDATE crm_nps_answer SET date = date - interval '2 minutes'")
    testing.shell(loop.server.database, WAKE)
    seller = loop.page("seller")
    for _attempt in range(60):
        loop.look(seller)
        due = seller.locator("[data-card=in_time] .o_crm_metrics_card_value button")
        expect(gauge).to_have_text("-100")
        if due.count():
            break
        seller.wait_for_timeout(500)
    expect(due).to_have_text("0%")
    seller.click("[data-bucket=detractors] button")
    seller.click(".o_data_row [name=comment]")
    expect(seller.locator(".o_form_view [name=comment]")).to_contain_text(
        "Too slow <b>for us</b>"
    )
    expect(seller.locator(".o-mail-Activity")).to_have_count(1)
    seller.click("button[name=action_contacted]")
    expect(seller.locator(".o-mail-Activity")).to_have_count(0)
    loop.look(seller)
    expect(due).to_have_text("100%")
