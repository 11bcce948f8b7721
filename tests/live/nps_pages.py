"""Visitors of the public pages: a plain HTTP client, and what a database says then."""

import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg2
import requests
from lxml import html

from scripts.setup import testing

#: longer than what a page takes at least to be read
READ = 2.1
THANKS, CONFIRM, NOTHING = (
    "Thank you",
    "Please confirm your answer",
    "There is nothing to answer here",
)
HEADERS = {
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "frame-ancestors 'none'",
}
#: programs of three kinds, and invitations that were mailed yesterday
FILL = """
from datetime import timedelta
from odoo import fields
for code in ("ru_RU", "he_IL"):
    env["res.lang"]._activate_lang(code)
now = fields.Datetime.now()
programs = env["crm.nps.program"].create([
    {"name": "Pages", "promoter_url": "https://www.example.com/review"},
    {"name": "Anonymous", "anonymous": True},
    {"name": "Public", "public": True},
])
programs.write({"state": "running", "started_at": now})
customer, other = env["res.partner"].create(
    [{"name": name, "is_company": True} for name in ("Customer", "Other")])
contacts = env["res.partner"].create([
    {"name": f"Zebulon {number}", "email": f"zebulon{number}@example.com",
     "parent_id": customer.id} for number in range(120)])
invitations = env["crm.nps.invitation"].create([{
    "program_id": program.id, "wave": "wave,1", "partner_id": contact.id,
    "email": contact.email, "person": contact.email, "lang": "en_US", "state": "sent",
    "sent_at": now - timedelta(days=1), "last_sent_at": now - timedelta(days=1),
    "expires_at": now + timedelta(days=29),
    } for program, many in zip(programs, (contacts, contacts[:5]))
    for contact in many])
for login, group, company in (
    ("nps_same", "base.group_portal", customer),
    ("nps_other", "base.group_portal", other),
    ("nps_staff", "base.group_user", env["res.partner"]),
):
    env["res.users"].with_context(no_reset_password=True).create({
        "name": login, "login": login, "password": login, "lang": "en_US",
        "group_ids": [(6, 0, env.ref(group).ids)]}).partner_id.parent_id = company
env.cr.commit()
for invitation in invitations:
    print("TOKEN", invitation.id, invitation.program_id.name, invitation._token())
print("TOKEN", programs[2].id, "public", programs[2].public_token)
"""
#: each statement that writes is noted by its table, in the moment it runs
COUNTER = """
CREATE TABLE test_writes (name text);
CREATE FUNCTION test_write() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO test_writes VALUES (TG_TABLE_NAME); RETURN NULL; END $$;
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT relname FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
          AND relname <> 'test_writes'
    LOOP EXECUTE format('CREATE TRIGGER test_write AFTER INSERT OR UPDATE OR DELETE '
                        'ON %I FOR EACH STATEMENT EXECUTE FUNCTION test_write()', name);
    END LOOP;
END $$;
"""


class Site:
    """A served database with invitations to answer.

    Every visitor has an address of his own, as a proxy in front of Odoo tells it: the
    limits of one address are for the tests that look at them.
    """

    def __init__(self, server, printed):
        self.server = server
        self.url = server.url
        self.addresses = itertools.count(1)
        self.invitations, self.anonymous = [], []
        for line in printed.splitlines():
            if line.startswith("TOKEN"):
                _word, id_, kind, token = line.split()
                if kind == "public":
                    self.public = (int(id_), f"/nps/p/{token}")
                else:
                    many = self.anonymous if kind == "Anonymous" else self.invitations
                    many.append((int(id_), f"/nps/{token}"))
        self.invitations = iter(self.invitations)
        self.anonymous = iter(self.anonymous)

    def headers(self):
        """Return headers of a visitor whom nobody has seen yet."""
        number = next(self.addresses)
        return {
            "X-Forwarded-For": f"10.0.{number // 250}.{number % 250 + 1}",
            "X-Forwarded-Host": f"127.0.0.1:{self.server.port}",
        }

    def visitor(self, login=None):
        visitor = Visitor(self.url, self.headers())
        if login:
            page = visitor.look("/web/login")
            fields = visitor.fields(page) | {"login": login, "password": login}
            done = visitor.session.post(f"{self.url}/web/login", data=fields)
            assert done.ok and "oe_login_form" not in done.text
        return visitor

    def fetch(self, query, *arguments):
        database = testing.connection(self.server.database)
        with closing(psycopg2.connect(**database)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(query, arguments or None)
                return cursor.fetchall() if cursor.description else None

    def answers(self, id_):
        """Return score, comment, state and why of an invitation's answers."""
        return self.fetch(
            """SELECT score, comment, state, suspect_reason FROM crm_nps_answer
                WHERE invitation_id = %s ORDER BY id""",
            id_,
        )

    def state(self, id_):
        [(state,)] = self.fetch(
            "SELECT state FROM crm_nps_invitation WHERE id = %s", id_
        )
        return state

    def written(self):
        """Return the tables that were written to since this was asked last."""
        rows = self.fetch("SELECT name FROM test_writes")
        self.fetch("DELETE FROM test_writes")
        return {name for (name,) in rows}


class Visitor:
    """Somebody with a browser of his own, without JavaScript unless told otherwise."""

    def __init__(self, url, headers):
        self.url = url
        self.session = requests.Session()
        self.session.headers.update(headers)

    def look(self, path, method="GET", **options):
        return self.session.request(method, self.url + path, **options)

    def fields(self, page):
        """Return the fields of the form on a page, as it would be sent."""
        [form] = html.fromstring(page.text).xpath("//main//form")
        return dict(form.form_values())

    def send(self, path, page, wait=READ, **fields):
        """Send a page back, after a while, as a browser does."""
        time.sleep(wait)
        return self.post(path, {**self.fields(page), **fields})

    def post(self, path, fields):
        multipart = {name: (None, str(value)) for name, value in fields.items()}
        return self.session.post(self.url + path, files=multipart)

    def answer(self, path, score, comment=""):
        """Answer as somebody does who has JavaScript: one page, one button."""
        page = self.look(f"{path}?s={score}")
        return self.send(path, page, comment=comment, script="1", gesture="click")


def at_once(*calls):
    """Make calls at the same moment, and return what they give."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def text(markup):
    """Return what a page says, without what differs from one view to the next."""
    page = html.fromstring(markup)
    for script in page.xpath("//script"):
        script.getparent().remove(script)
    return " ".join(page.text_content().split())
