import re
import secrets
from dataclasses import dataclass
from email.message import EmailMessage

import lxml.html

from odoo import models
from odoo.tools import formataddr, html2plaintext
from odoo.tools.mail import email_domain_extract

from .crm_nps_invitation import SENDING
from .ir_qweb import Compiled

#: what of a template is rendered
BODY = "BODY-OF-THE-MAIL"
RENDERED = ["subject", "body_html", "email_from", "reply_to"]


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
        sender = company.email_formatted or responsible
        frame = self._frame()
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
            email_from = values["email_from"] or sender
            message = self.env["ir.mail_server"]._build_email__(
                email_from=email_from,
                email_to=[invitation._addressee()],
                subject=values["subject"],
                # else some programs show it as browsers did in the last century
                body=f"<!DOCTYPE html>\n{body}",
                body_alternative=text,
                reply_to=values["reply_to"] or responsible,
                attachments=[
                    (file.name, file.raw, file.mimetype)
                    for file in template.attachment_ids
                ],
                subtype="html",
                subtype_alternative="plain",
                headers=invitation._mail_headers(),
                **invitation._mail_ids(email_from, reminder),
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
        # a line break would be another header
        name = " ".join((self.partner_id.name or "").split())
        return formataddr((name, self.email))

    def _mail_headers(self):
        return {
            # RFC 8058: mail programs show a button, pressed without a visit
            "List-Unsubscribe": f"<{self._stop_url()}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            # nobody's absence assistant should answer
            "Auto-Submitted": "auto-generated",
            "Precedence": "bulk",
            "X-Auto-Response-Suppress": "OOF, AutoReply",
        }

    def _mail_ids(self, email_from, reminder):
        """Return Message-Id and references of the next mail.

        Those of the reminders are told from that of the first mail, so that a bounce of
        any of them finds the invitation, and mail programs show them together.
        """
        if not (reminder and self.message_id):
            domain = email_domain_extract(email_from) or "localhost"
            return {"message_id": f"<{secrets.token_hex(16)}.nps@{domain}>"}
        return {
            "message_id": self.message_id.replace(
                ".nps@", f".nps.{self.reminders + 1}@"
            ),
            "references": self.message_id,
        }

    def _of_message_ids(self, message_ids):
        """Return the invitations that sent one of these mails, as sudo."""
        first = [re.sub(r"\.nps\.\d+@", ".nps@", id_) for id_ in message_ids]
        return self.sudo().search([("message_id", "in", first)])


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
