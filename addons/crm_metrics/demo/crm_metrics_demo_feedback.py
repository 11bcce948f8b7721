from datetime import timedelta

from odoo import models

from .comments import TAGS
from .customers import Subscription
from .deals import Deal
from .feedback import (
    ACCOUNT_DAYS,
    ACCOUNT_LIMIT,
    AFTER_SIGNING,
    BEFORE_RENEWAL,
    CAP,
    DAYS,
    HAND,
    QUARANTINE,
    RENEWAL,
    SAMPLE,
    SIGNED,
    WAVE,
)

#: trigger of a program -> what is special about it; a demo must not mail anybody by
#: itself, so those that ask by themselves are stopped
PROGRAMS = {
    WAVE: {
        "name": "Customer survey",
        "state": "stopped",
        "wave_interval_number": 9,
        "wave_number": 2,
        "sample_percent": SAMPLE,
        "daily_cap": CAP,
        "account_limit": ACCOUNT_LIMIT,
        "account_days": ACCOUNT_DAYS,
    },
    SIGNED: {
        "name": "Two weeks after signing",
        "state": "stopped",
        "trigger_days": AFTER_SIGNING,
        "account_limit": ACCOUNT_LIMIT,
        "account_days": ACCOUNT_DAYS,
    },
    RENEWAL: {
        "name": "A month before a term ends",
        "state": "stopped",
        "trigger_days": BEFORE_RENEWAL,
        "account_limit": ACCOUNT_LIMIT,
        "account_days": ACCOUNT_DAYS,
    },
    HAND: {
        "name": "Asked by hand",
        "state": "running",
        "reminder_count": "0",
        "public": True,
    },
}
#: what a mail server said
ERRORS = {
    "failed": "554 5.6.0 Message cannot be processed",
    "bounced": "550 5.1.1 Recipient address rejected: user unknown",
}


class CrmMetricsDemo(models.AbstractModel):
    """Loads the feedback: whom the programs considered, and what was answered."""

    _inherit = "crm.metrics.demo"

    def _create_feedback(self, feedback, sellers, contacts, targets):
        """Write programs, invitations and answers.

        :param dict contacts: of the people of the story, by `id()`
        :param dict targets: leads and subscriptions of those of the story, by `id()`
        """
        programs = self._create_programs(feedback, sellers)
        invitations = self._create_invitations(feedback, programs, contacts, targets)
        self._suppress_refusals(feedback, invitations)
        self._create_answers(feedback, sellers, programs, invitations)

    # -- people -------------------------------------------------------------

    def _create_contacts(self, feedback, sellers, partners):
        """Return the contact of each person of the story, by `id()`."""
        contacts = {id(feedback.colleague): sellers[0][0].partner_id}
        new = []
        for people in feedback.people.values():
            for person in people:
                account = partners[id(person.customer)].commercial_partner_id
                known = account.child_ids.filtered(
                    lambda contact, name=person.name: contact.name == name
                )
                if person.unreachable == "no_email":
                    account.email = False
                if not person.name:
                    contacts[id(person)] = account
                elif known:
                    contacts[id(person)] = known
                else:
                    new.append((person, account))
        created = self._records(
            "res.partner",
            "res_partner_colleague",
            [
                {
                    "name": person.name,
                    "parent_id": account.id,
                    "type": "contact",
                    "email": self._address(person, account),
                    "active": person.unreachable != "archived",
                }
                for person, account in new
            ],
        )
        for (person, _account), contact in zip(new, created, strict=True):
            contacts[id(person)] = contact
        self._refuse(feedback, contacts)
        return contacts

    def _address(self, person, account):
        """Return the e-mail address, with the slips that make some unreachable."""
        email = self._email(person.name, person.customer.name)
        if person.unreachable == "double":
            return account.email
        return (
            email.replace("@", " at ") if person.unreachable == "bad_email" else email
        )

    def _refuse(self, feedback, contacts):
        """List whom nobody may write to: on the blacklist, or erased."""
        listed, erased = self.env["res.partner"], self.env["res.partner"]
        for people in feedback.people.values():
            for person in people:
                if person.unreachable == "blacklisted":
                    listed |= contacts[id(person)]
                elif person.unreachable == "erased":
                    erased |= contacts[id(person)]
        self._records(
            "mail.blacklist",
            "mail_blacklist",
            [{"email": contact.email} for contact in listed],
        )
        suppression = self.env["crm.nps.suppression"]
        suppression._suppress(map(self._person, erased), "erased")

    def _person(self, contact, email=None):
        suppression = self.env["crm.nps.suppression"]
        return suppression._person_key(email or contact.email_normalized, contact)

    # -- asking -------------------------------------------------------------

    def _create_programs(self, feedback, sellers):
        """Return the programs by their trigger."""
        programs = self._records(
            "crm.nps.program",
            "crm_nps_program",
            [
                {
                    "trigger": trigger,
                    "company_id": self.env.company.id,
                    "user_id": sellers[0][0].id,
                    "started_at": feedback.end - timedelta(DAYS + 1),
                    "quarantine_days": QUARANTINE,
                    **values,
                }
                for trigger, values in PROGRAMS.items()
            ],
        )
        return dict(zip(PROGRAMS, programs, strict=True))

    def _create_invitations(self, feedback, programs, contacts, targets):
        """Return the invitations, by those of the story."""
        created = self.env["crm.nps.invitation"].create(
            [
                {
                    "program_id": programs[told.program].id,
                    **self._addressee(told, contacts, targets),
                    **self._trigger(told, targets),
                    "state": told.state,
                    "skip_reason": told.reason,
                    "test": told.test,
                    "date": told.at,
                    "planned_at": told.planned,
                    "sent_at": told.sent,
                    "last_sent_at": told.last_sent,
                    "reminders": told.reminders,
                    "uncertain": told.uncertain,
                    "attempts": told.state == "failed" and 1,
                    "error": ERRORS.get(told.state),
                    "expires_at": told.expires,
                    "answered_at": told.answered,
                }
                for told in feedback.invitations
            ]
        )
        return {
            id(told): invitation
            for told, invitation in zip(feedback.invitations, created, strict=True)
        }

    def _addressee(self, told, contacts, targets):
        """Return the values that tell who was considered."""
        person = told.person
        if person.deal:
            company, name = person.deal.prospect
            email = self._email(name, company)
            return {
                "email": email,
                "person": self._person(self.env["res.partner"], email),
                "lang": self.env.company.partner_id.lang,
                "lead_id": targets[id(person.deal)].id,
            }
        contact = contacts[id(person)]
        return {
            "partner_id": contact.id,
            "email": told.reason != "erased" and contact.email_normalized,
            "person": self._person(contact),
            "lang": contact.lang,
        }

    def _trigger(self, told, targets):
        """Return the values that tell why somebody was considered."""
        if told.test:
            return {"wave": "test"}
        if isinstance(told.trigger, int):
            return {"wave": f"wave,{told.trigger}"}
        if not isinstance(told.trigger, Deal | Subscription):
            return {"wave": f"batch,{told.trigger}-{self.env.uid}"}
        record = targets[id(told.trigger)]
        values = {
            "wave": f"{record._name},{record.id}",
            "res_model": record._name,
            "res_id": record.id,
        }
        if isinstance(told.trigger, Deal):
            return {**values, "lead_id": record.id}
        # a term that is agreed on anew is another occasion
        return {**values, "wave": f"{values['wave']},{record.date_end}"}

    def _suppress_refusals(self, feedback, invitations):
        """List those who opted out."""
        declined = self.env["crm.nps.invitation"].union(
            *(
                invitations[id(told)]
                for told in feedback.invitations
                if told.state == "declined"
            )
        )
        self.env["crm.nps.suppression"]._suppress(
            declined.mapped("person"), "opted_out"
        )

    # -- answers ------------------------------------------------------------

    def _create_answers(self, feedback, sellers, programs, invitations):
        """Write the answers, and plan whom to call."""
        tags = self._records("crm.nps.tag", "crm_nps_tag", [{"name": t} for t in TAGS])
        by_name = dict(zip(TAGS, tags.ids, strict=True))
        answers = self.env["crm.nps.answer"].create(
            [
                {
                    **self._respondent(told, sellers, programs, invitations),
                    "score": told.score,
                    "comment": told.comment,
                    "date": told.at,
                    "state": told.state,
                    "suspect_reason": told.state == "suspect" and told.reason,
                    "exclude_reason": told.state == "excluded" and told.reason,
                    "tag_ids": [(6, 0, [by_name[name] for name in told.tags])],
                    "followup_due_at": told.contacted and told.due,
                    "first_contact_at": told.contacted,
                    "escalated_at": told.contacted and told.escalated,
                    "outcome": told.outcome,
                }
                for told in feedback.answers
            ]
        )
        # as the scheduled action will do it from now on
        answers.filtered_domain(answers._uncontacted_domain())._plan_follow_up()

    def _respondent(self, told, sellers, programs, invitations):
        """Return the values that tell who answered what."""
        if not told.invitation:
            return {"program_id": programs[HAND].id, "public": True}
        invitation = invitations[id(told.invitation)]
        customer = told.invitation.person.customer
        return {
            "program_id": invitation.program_id.id,
            "invitation_id": invitation.id,
            "wave": invitation.wave,
            "partner_id": invitation.partner_id.id,
            "person": invitation.person,
            "lead_id": invitation.lead_id.id,
            "test": invitation.test,
            "followup_user_id": told.contacted and sellers[customer.seller][0].id,
        }
