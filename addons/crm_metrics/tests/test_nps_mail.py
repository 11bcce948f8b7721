import re
from email import message_from_string
from email.policy import default

import lxml.html

from odoo.tests import TransactionCase

from ..models.crm_nps_letter import text_of
from ..models.mail_thread import _failure
from .nps_mail_case import NpsMailCase


def luminance(color):
    """Relative luminance as WCAG 2 defines it."""
    parts = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


class TestWhatAMailSays(NpsMailCase):
    def mail(self, contact=None, program=None, **values):
        """Send an invitation and return it, its message and its HTML as a tree."""
        contact = contact or self.contact("Ada")
        invitation = self.planned(program or self.program(), contact, **values)
        self.send()
        _address, message = self.server.mails[-1]
        return invitation, message, lxml.html.fromstring(self.body())

    def links(self, tree):
        return {
            link.text_content().strip(): link.get("href") for link in tree.iter("a")
        }

    def test_eleven_buttons_each_with_its_own_score(self):
        invitation, _message, tree = self.mail()
        url = f"https://seller.example/nps/{invitation._token()}"
        links = self.links(tree)
        self.assertEqual(
            {label: link for label, link in links.items() if label.isdecimal()},
            {str(score): f"{url}?s={score}" for score in range(11)},
        )
        self.assertEqual(links["No more questions like this one"], f"{url}/stop")
        self.assertEqual(len(links), 12)
        self.assertFalse(tree.xpath("//img"), "readable with images off")
        buttons = tree.xpath("//a[contains(@href, '?s=')]")
        self.assertEqual(
            len({button.getparent().getparent() for button in buttons}), 1, "one row"
        )

    def test_contrast(self):
        """Each text is set together with what is behind it, light and dark."""
        _invitation, _message, tree = self.mail()
        html = self.body()
        dark = re.search(r"prefers-color-scheme: dark\) \{(.*?)</style>", html, re.S)[1]

        def of(name, text):
            return re.search(rf"(?:^|[ ;{{\"]){name}: (#[0-9a-f]{{6}})", text)[1]

        (card,) = tree.find_class("nps-card")
        (link,) = tree.find_class("nps-link")
        button = tree.find_class("nps-button")[0]
        rules = dict(re.findall(r"\.nps-(\w+) \{(.*?)\}", dark))
        light = {
            "card": card.get("style"),
            "link": link.get("style"),
            "button": button.get("style"),
        }
        for front, back in (("card", "card"), ("link", "card"), ("button", "button")):
            for styles in (light, light | rules):
                with self.subTest(front, dark=styles is not light):
                    color = of("color", styles[front] + light[front])
                    behind = of("background-color", styles[back])
                    self.assertGreaterEqual(contrast(color, behind), 4.5)

    def test_text_for_programs_without_html(self):
        invitation, message, _tree = self.mail()
        text = message.get_body(("plain",)).get_content()
        url = f"https://seller.example/nps/{invitation._token()}"
        lines = text.splitlines()
        for score in range(11):
            self.assertIn(f"{score}: {url}?s={score}", lines)
        self.assertEqual(lines[0], "Hello Ada,")
        self.assertIn("0 = not at all likely", text)
        self.assertIn("10 = extremely likely", text)
        self.assertIn(f"No more questions like this one: {url}/stop", text)
        self.assertIn(invitation.program_id.question, text)

    def test_headers(self):
        invitation, message, _tree = self.mail()
        stop = f"https://seller.example/nps/{invitation._token()}/stop"
        for name, value in {
            "To": '"Ada" <ada@example.com>',
            "From": '"Metrics Test" <hello@seller.example>',
            "Reply-To": self.manager.email_formatted,
            "List-Unsubscribe": f"<{stop}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
            "Precedence": "bulk",
        }.items():
            with self.subTest(name):
                said = message[name].strip().replace('"', "")
                self.assertEqual(said, value.replace('"', ""))
        self.assertEqual(message["Message-Id"], invitation.message_id)
        self.assertNotIn(str(invitation.id), message["Message-Id"].split(".nps@")[1])

    def test_a_name_is_no_header(self):
        contact = self.contact("Ada")
        contact.name = 'Ada "@" <x@evil.example>\nBcc: everybody@evil.example'
        _invitation, message, _tree = self.mail(contact)
        self.assertEqual(self.server.addresses(), ["ada@example.com"])
        self.assertFalse(message["Bcc"])

    def test_a_name_is_no_markup(self):
        contact = self.contact("Ada")
        contact.name = "<script>alert(1)</script>"
        self.mail(contact)
        self.assertNotIn("<script", self.body())
        self.assertIn("&lt;script", self.body())

    def test_in_the_language_of_the_contact(self):
        self.env["res.lang"]._activate_lang("ar_001")
        program = self.program()
        program.with_context(lang="ar_001").question = "كيف؟"
        _invitation, _message, tree = self.mail(program=program, lang="ar_001")
        self.assertIn("كيف؟", tree.text_content())
        page = tree.getroottree().getroot()
        self.assertEqual((page.get("lang"), page.get("dir")), ("ar-001", "rtl"))

    def test_without_a_contact(self):
        """Deals without a contact are asked by their address."""
        invitation, message, tree = self.mail(partner_id=False)
        self.assertEqual(message["To"], invitation.email)
        self.assertIn("Hello,", tree.text_content())

    def test_the_way_out_is_in_every_mail(self):
        bare = self.template.copy(
            {"subject": "Well?", "body_html": "<p>Well?</p>", "email_from": False}
        )
        program = self.program(mail_template_id=bare.id)
        invitation, message, tree = self.mail(program=program)
        url = f"https://seller.example/nps/{invitation._token()}/stop"
        self.assertEqual(self.links(tree), {"No more questions like this one": url})
        self.assertIn("hello@seller.example", message["From"])

    def test_a_layout_of_somebody_elses_choice(self):
        template = self.templates["mail_template_id"].copy(
            {"email_layout_xmlid": "mail.mail_notification_light"}
        )
        _invitation, _message, tree = self.mail(
            program=self.program(mail_template_id=template.id)
        )
        self.assertFalse(tree.find_class("nps-card"))
        self.assertEqual(len(tree.xpath("//a[contains(@href, '?s=')]")), 11)

    def test_attachments_of_the_template(self):
        template = self.templates["mail_template_id"].copy(
            {"attachment_ids": [(0, 0, {"name": "Terms.txt", "raw": b"Terms"})]}
        )
        _invitation, message, _tree = self.mail(
            program=self.program(mail_template_id=template.id)
        )
        (file,) = message.iter_attachments()
        self.assertEqual(file.get_filename(), "Terms.txt")
        self.assertEqual(file.get_content(), "Terms")


class TestTextOf(TransactionCase):
    def test_links_stand_on_lines_of_their_own(self):
        html = """<p>Why,
            indeed?</p><table><tr><td><a href="http://a/0"><b>0</b></a></td>
            <td><a href="http://a/1">1</a></td></tr>
            <tr><td>no</td> <td>yes</td></tr></table>
            <p>See <a href="http://a">http://a</a> or <a href="/b"><img/></a></p>"""
        lines = [line for line in text_of(html).splitlines() if line]
        self.assertEqual(
            lines,
            "Why, indeed?|0: http://a/0|1: http://a/1|no  yes|See|http://a|or|/b".split(
                "|"
            ),
        )


REPORT = """\
From: MAILER-DAEMON@relay.example
Subject: Your mail
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="X"

--X
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example

Final-Recipient: rfc822; ada@example.com
{fields}

--X--
"""


class TestBounces(NpsMailCase):
    def failure(self, text):
        return _failure(message_from_string(text, policy=default))

    def test_reports(self):
        for fields, failure in (
            ("Action: failed\nDiagnostic-Code: smtp; 550 no", "smtp; 550 no"),
            ("Action: Failed\nStatus: 5.2.2", "5.2.2"),
            ("Action: failed", "Your mail"),
            ("Status: 5.1.1", "5.1.1"),
            ("Action: delayed\nStatus: 4.4.1", None),
            ("Action: relayed\nStatus: 2.1.9", None),
        ):
            with self.subTest(fields):
                self.assertEqual(self.failure(REPORT.format(fields=fields)), failure)

    def test_others(self):
        self.assertEqual(self.failure("Subject: Returned\n\nNo such user"), "Returned")
        absent = "Subject: Away\nAuto-Submitted: auto-replied\n\nI am on holiday"
        self.assertIsNone(self.failure(absent))

    def test_found_by_the_id_of_any_of_its_mails(self):
        invitation = self.planned(
            self.program(), self.contact("Ada"), message_id="<a.nps@b>"
        )
        find = self.env["crm.nps.invitation"]._of_message_ids
        for message_id in ("<a.nps@b>", "<a.nps.1@b>", "<a.nps.2@b>"):
            self.assertEqual(find([message_id]), invitation)
        self.assertFalse(find(["<a@b>", "<x.nps@b>"]))
        self.assertFalse(find([]))

    def test_only_what_is_on_its_way_bounces(self):
        program = self.program()
        for number, (state, expected) in enumerate(
            [
                ("sending", "bounced"),
                ("sent", "bounced"),
                ("answered", "answered"),
                ("declined", "declined"),
            ]
        ):
            invitation = self.planned(program, self.contact(f"No{number}"), state=state)
            invitation._bounce("550 no")
            self.assertEqual(invitation.state, expected)
