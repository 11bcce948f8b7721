import re
import secrets
from dataclasses import dataclass
from email.message import EmailMessage

import lxml.html

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import formataddr, html2plaintext
from odoo.tools.mail import email_domain_extract

from odoo.addons.base.models.ir_mail_server import extract_rfc2822_addresses

from .crm_nps_invitation import SENDING
from .crm_nps_message import compose
from .ir_qweb import Compiled

#: what of a template is rendered
BODY = "BODY-OF-THE-MAIL"
RENDERED = ["subject", "body_html", "email_from", "reply_to"]
#: what each mail says of itself
ABOUT = {
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    # nobody's absence assistant should answer
    "Auto-Submitted": "auto-generated",
    "Precedence": "bulk",
    "X-Auto-Response-Suppress": "OOF, AutoReply",
}


@dataclass
class Letter:
    """A mail that is ready to go."""

    invitation_id: int
    address: str
    server_id: int | bool
    message: EmailMessage | None


class CrmNpsInvitation(models.Model):
    """What an invitation and a reminder look like."""

    _inherit = "crm.nps.invitation"

    def _letters(self, *, reminder):
        """Write the mails of invitations of one program.

        No `mail.mail` is made: nobody should find the link anywhere but in the mail,
        and no queue but ours should send it.

        :param bool reminder: whether they were asked before
        :return: list of Letter, in the order of these invitations
        """
        program = self.program_id.sudo()
        program.ensure_one()
        template = program._mail_template(reminder=reminder)
        sender = self.with_company(program.company_id).with_context(
            crm_nps_sending=SENDING, crm_nps_compiled=Compiled()
        )
        # who has no address any more is skipped when its turn comes
        letters = {id_: Letter(id_, "", False, None) for id_ in self.ids}
        for lang, group in sender.filtered("email").grouped("lang").items():
            in_lang = group.with_context(
                lang=lang or program.company_id.partner_id.lang
            )
            letters.update(in_lang._letters_in_lang(program, template, reminder))
        return [letters[id_] for id_ in self.ids]

    def _letters_in_lang(self, program, template, reminder):
        template = template.with_env(self.env).sudo()
        rendered = template._generate_template(self.ids, RENDERED)
        company = program.company_id
        responsible = program.user_id.email_formatted
        servers = self.env["ir.mail_server"]
        sender = (
            company.email_formatted
            or responsible
            or servers._get_default_from_address()
        )
        frame = self._frame()
        files = [
            (file.name, file.raw, file.mimetype) for file in template.attachment_ids
        ]
        letters = {}
        for invitation in self:
            values = rendered[invitation.id]
            body = invitation._with_way_out(values["body_html"])
            text = text_of(body)
            if template.email_layout_xmlid:
                body = template._render_encapsulate(
                    template.email_layout_xmlid,
                    body,
                    add_context={"company": company, "model_description": ""},
                    context_record=invitation,
                )
            else:
                body = frame.replace(BODY, body)
            email_from = self._given_address(program, template, values, "email_from")
            email_from = email_from or self._own_address(program, sender)
            reply_to = self._given_address(program, template, values, "reply_to")
            message = compose(
                {
                    **invitation._mail_ids(email_from, reminder),
                    "Subject": in_a_header(values["subject"]),
                    "From": email_from,
                    "Reply-To": reply_to or in_a_header(responsible) or email_from,
                    "To": invitation._addressee(),
                    **ABOUT,
                    # RFC 8058: mail programs show a button, pressed without a visit
                    "List-Unsubscribe": f"<{invitation._stop_url()}>",
                },
                text,
                # else some programs show it as browsers did in the last century
                f"<!DOCTYPE html>\n{body}",
                files,
            )
            letters[invitation.id] = Letter(
                invitation.id, invitation.email, template.mail_server_id.id, message
            )
        return letters

    def _frame(self):
        """Return what is around the mails in a language, BODY in the place of theirs.

        Rendered once for all of them, unlike Odoo's layouts, which know the record.
        """
        frame = self.env["ir.qweb"]._render(
            "crm_metrics.mail_nps_layout", {"body": BODY}
        )
        return re.sub(r"\n\s+", "\n", frame.strip())

    def _with_way_out(self, body):
        """Return the body of a mail with a link to opt out, whatever its template."""
        if self._stop_url() in body:
            return body
        return body + self.env["ir.qweb"]._render(
            "crm_metrics.mail_nps_footer", {"object": self}
        )

    def _addressee(self):
        return formataddr((in_a_header(self.partner_id.name), self.email))

    def _given_address(self, program, template, values, name):
        """Return the address that a template gives, "" if it leaves it to us.

        :param dict values: what was rendered
        :param str name: field of the template
        :raise UserError: it is none
        """
        address = in_a_header(values[name])
        if address and not extract_rfc2822_addresses(address):
            reader = program.with_context(lang=program.user_id.lang).env
            raise UserError(
                reader._(
                    "“%(field)s” of the mail template “%(template)s” gives "
                    "“%(address)s”, which is no e-mail address. Correct it there (tab "
                    "Settings, in developer mode), or leave it empty.",
                    field=template._fields[name]._description_string(reader),
                    template=template.with_env(reader).name,
                    address=address,
                )
            )
        return address

    def _own_address(self, program, sender):
        """Return the address to send from where the template has none."""
        address = in_a_header(sender)
        if not extract_rfc2822_addresses(address):
            reader = program.with_context(lang=program.user_id.lang).env
            raise UserError(
                reader._(
                    "%(company)s has no e-mail address to send from.",
                    company=program.company_id.name,
                )
            )
        return address

    def _mail_ids(self, email_from, reminder):
        """Return the headers Message-Id and References of the next mail.

        Those of the reminders are told from that of the first mail, so that a bounce of
        any of them finds the invitation, and mail programs show them together.
        """
        if not (reminder and self.message_id):
            domain = email_domain_extract(email_from) or "localhost"
            return {"Message-Id": f"<{secrets.token_hex(16)}.nps@{domain}>"}
        return {
            "Message-Id": self.message_id.replace(
                ".nps@", f".nps.{self.reminders + 1}@"
            ),
            "References": self.message_id,
        }

    def _of_message_ids(self, message_ids):
        """Return the invitations that sent one of these mails, as sudo."""
        first = [re.sub(r"\.nps\.\d+@", ".nps@", id_) for id_ in message_ids]
        return self.sudo().search([("message_id", "in", first)])


def in_a_header(text):
    """Return a text on one line: a line break would be another header."""
    return " ".join(filter(None, map(str.strip, (text or "").splitlines())))


def text_of(html):
    """Return the text of a mail, with each link on a line of its own."""
    tree = lxml.html.fromstring(html)
    for element in tree.iter():
        # where the lines of a template are wrapped means nothing
        element.text = _one_line(element.text)
        element.tail = _one_line(element.tail)
    for row in tree.iter("tr", "table"):
        row.tail = f"\n{row.tail or ''}"
    for link in tree.xpath("//a[@href]"):
        words, url, tail = link.text_content().strip(), link.get("href"), link.tail
        link.clear()
        link.tag, link.tail = "p", tail
        link.text = "\n" + (url if words in ("", url) else f"{words}: {url}")
    text = lxml.html.tostring(tree, encoding="unicode")
    return html2plaintext(text, include_references=False)


def _one_line(text):
    return text and re.sub(r"\s+", " ", text)
