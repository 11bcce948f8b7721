from odoo import models


class MailThread(models.AbstractModel):
    """Mails of surveys that come back."""

    _inherit = "mail.thread"

    def _routing_handle_bounce(self, email_message, message_dict):
        result = super()._routing_handle_bounce(email_message, message_dict)
        if words := _failure(email_message):
            self.env["crm.nps.invitation"]._of_message_ids(
                message_dict["bounced_msg_ids"] or []
            )._bounce(words)
        return result


def _failure(message):
    """Return what a bounce says, or None when the mail may still arrive.

    Odoo takes whatever comes to the bounce address for a bounce: absence assistants
    answer there too, and servers that only report a delay (RFC 3464).

    :param message: email.message.EmailMessage
    """
    if "auto-replied" in (message["Auto-Submitted"] or ""):
        return None
    reports = [
        block
        for part in message.walk()
        if part.get_content_type() == "message/delivery-status"
        for block in part.get_payload()
    ]
    for report in reports:
        status = report["Status"] or ""
        if (report["Action"] or "").strip().lower() == "failed" or status[:1] == "5":
            return report["Diagnostic-Code"] or status or message["Subject"]
    return None if reports else message["Subject"] or message["From"]
