from collections import defaultdict
from datetime import timedelta

import pytz

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import split_every

ANSWER = "crm.nps.answer"
DETRACTOR = "crm_metrics.mail_activity_type_detractor"
#: an answer may still be corrected by who gave it
WAIT = timedelta(seconds=60)
#: what is older is no news any more
WINDOW = timedelta(days=14)


class CrmNpsAnswer(models.Model):
    """Somebody contacts who is unhappy, soon, and notes what came of it.

    The salesperson of the account gets an activity, else the leader of the team, else
    who is responsible for the program, else a sales administrator of the company; one
    at a time for a person. What is not done in time is escalated, once.
    """

    _inherit = "crm.nps.answer"

    def _after_counted(self):
        """Look after counted answers that are new or have changed.

        Activities are planned by the scheduled action, when the answer has stood for
        a minute; those of answers that ask for none any more go at once.
        """
        self = self.sudo()
        unhappy = self.filtered_domain(self._unhappy_domain())
        (self - unhappy)._cancel_follow_up()
        for activity in unhappy._open_follow_ups():
            answer = self.browse(activity.res_id)
            activity.summary = answer._with_lang(activity.user_id)._follow_up_summary()
        cron = self.env.ref(
            "crm_metrics.ir_cron_nps_follow_up", raise_if_not_found=False
        )
        if unhappy and cron:
            cron._trigger(at=fields.Datetime.now() + WAIT)

    def _unhappy_domain(self):
        """Return the domain of answers whose authors are to be contacted.

        Imported, public and anonymous answers have no invitation.
        """
        return Domain(
            [
                ("bucket", "=", "detractor"),
                ("state", "=", "counted"),
                ("invitation_id", "!=", False),
                ("public", "=", False),
                ("test", "=", False),
                ("anonymised", "=", False),
            ]
        )

    def _uncontacted_domain(self):
        return self._unhappy_domain() & Domain(
            [("first_contact_at", "=", False), ("outcome", "=", False)]
        )

    def _open_follow_ups(self):
        """Return the open activities of these answers."""
        kind = self.env.ref(DETRACTOR, raise_if_not_found=False)
        return self.activity_ids.filtered(
            lambda activity: kind and activity.activity_type_id == kind
        )

    def _cancel_follow_up(self):
        """Drop the open activities of answers that need none any more."""
        self._open_follow_ups().unlink()
        self.filtered("followup_due_at").filtered(
            lambda answer: not answer.first_contact_at
        ).write(
            {"followup_user_id": False, "followup_due_at": False, "escalated_at": False}
        )

    # ------------------------------------------------------------------
    # scheduled
    # ------------------------------------------------------------------

    def _cron_follow_up(self, batch_size=100):
        """Plan an activity for each detractor, and escalate what is overdue."""
        if not self.env.ref(DETRACTOR, raise_if_not_found=False):
            # an administrator deleted the type, and with it the wish
            return
        now = fields.Datetime.now()
        planned = self._uncontacted_domain() & Domain(
            [
                ("followup_user_id", "=", False),
                ("date", "<=", now - WAIT),
                ("date", ">=", now - WINDOW),
            ]
        )
        overdue = self._uncontacted_domain() & Domain(
            [
                ("followup_user_id", "!=", False),
                ("followup_due_at", "<", now),
                ("followup_due_at", ">=", now - WINDOW),
                ("escalated_at", "=", False),
            ]
        )
        for domain, method in (
            (planned, type(self)._plan_follow_up),
            (overdue, type(self)._escalate),
        ):
            # of a person's answers the latest one is followed up
            for ids in split_every(batch_size, self.search(domain).ids):
                # who works on an answer just now is not to be disturbed
                batch = self.browse(ids).try_lock_for_update(allow_referencing=True)
                method(batch)
                # what is planned stays planned if a later one fails
                if not self.env["ir.cron"]._commit_progress(len(ids)):
                    return

    def _author(self):
        """Return for whom one contact is enough: each company looks after its own."""
        return self.company_id.id, self.person

    def _same_authors_domain(self):
        """Return a domain of all answers of the same authors, and hardly any other."""
        return Domain("person", "in", self.mapped("person")) & Domain(
            "company_id", "in", self.company_id.ids
        )

    def _plan_follow_up(self):
        """Plan the activity of each answer whose author nobody is to contact yet."""
        kind = self.env.ref(DETRACTOR)
        busy = self.search(
            self._same_authors_domain()
            & Domain("activity_ids", "any", [("activity_type_id", "=", kind.id)])
        )
        authors = {answer._author() for answer in busy}
        latest = self.browse()
        for answer in self:
            if answer._author() not in authors:
                authors.add(answer._author())
                latest += answer
        users = latest._users_to_follow_up(escalated=False)
        for answer in latest:
            # it is to be done even if there is nobody to do it, and is seen as overdue
            answer.followup_due_at = answer._follow_up_due()
            if user := users.get(answer):
                answer._plan_activity(
                    user,
                    answer.followup_due_at,
                    answer._with_lang(user)._follow_up_summary(),
                )
                answer.followup_user_id = user

    def _escalate(self):
        """Tell somebody else of each answer that was not followed up in time."""
        now = fields.Datetime.now()
        for answer, user in self._users_to_follow_up(escalated=True).items():
            told = answer._with_lang(user)
            answer._plan_activity(
                user,
                now,
                told.env._(
                    "Not contacted in time: %(summary)s",
                    summary=told._follow_up_summary(),
                ),
            )
            answer.escalated_at = now

    # ------------------------------------------------------------------
    # who, when, what
    # ------------------------------------------------------------------

    def _users_to_follow_up(self, escalated):
        """Return answer -> the first of its candidates who is there and may read it.

        :param bool escalated: whether it is overdue, so that it goes further up
        """
        found = self._first_of(
            {answer: answer._follow_up_candidates(escalated) for answer in self}
        )
        left = [answer for answer in self if answer not in found]
        if left and not escalated:
            managers = self.env.ref("sales_team.group_sale_manager").all_user_ids
            found |= self._first_of(dict.fromkeys(left, managers.sorted("id")))
        return found

    def _first_of(self, users):
        """Return answer -> the first of its users who is there and may read it.

        :param dict users: answer -> users, the first one first
        """
        candidates = {
            answer: those.filtered(
                lambda user, company=answer.company_id: (
                    user.active and company in user.company_ids
                )
            )
            for answer, those in users.items()
        }
        asked = defaultdict(self.browse)
        for answer, users in candidates.items():
            for user in users:
                asked[user] |= answer
        # Odoo would refuse an activity on what its user may not read
        readable = {
            user: set(
                answers.with_user(user)
                .with_context(allowed_company_ids=user.company_ids.ids)
                ._filtered_access("read")
                .ids
            )
            for user, answers in asked.items()
        }
        found = {}
        for answer, users in candidates.items():
            for user in users:
                if answer.id in readable[user]:
                    found[answer] = user
                    break
        return found

    def _follow_up_candidates(self, escalated):
        self.ensure_one()
        seller = self.account_id.user_id or self.lead_id.user_id
        team = seller.sale_team_id or self.lead_id.team_id
        above = team.user_id | self.program_id.user_id
        if escalated:
            return above - self.followup_user_id
        return seller | above

    def _follow_up_due(self):
        return self.date + timedelta(hours=self.program_id.followup_hours)

    def _with_lang(self, user):
        return self.with_context(lang=user.lang)

    def _follow_up_summary(self):
        self.ensure_one()
        return self.env._("Scored %(score)s of 10", score=self.score)

    def _plan_activity(self, user, due, summary):
        told = self._with_lang(user).with_context(mail_activity_quick_update=True)
        zone = pytz.timezone(user.tz or self.company_id._metrics_tz().zone)
        told.activity_schedule(
            DETRACTOR,
            date_deadline=pytz.utc.localize(due).astimezone(zone).date(),
            user_id=user.id,
            summary=summary,
            note=told.env._(
                "Read the comment, get in touch, and note what came of it. Who could "
                "not be reached: choose that as the outcome before you are done."
            ),
        )

    # ------------------------------------------------------------------
    # contact
    # ------------------------------------------------------------------

    def action_contacted(self):
        """Note that who gave these answers was contacted; activities are done."""
        self.check_access("write")
        self.sudo()._contacted()
        self._open_follow_ups().action_feedback()

    def _contacted(self):
        """Note the first contact: it answers all that the person said until now."""
        now = fields.Datetime.now()
        others = self.search(
            self._uncontacted_domain()
            & self._same_authors_domain()
            & Domain("followup_user_id", "=", False)
            & Domain("date", ">=", now - WINDOW)
        )
        authors = {answer._author() for answer in self}
        others = others.filtered(lambda other: other._author() in authors)
        for answer in (self | others).filtered(lambda one: not one.first_contact_at):
            answer.write(
                {
                    "first_contact_at": now,
                    "followup_user_id": self.env.uid,
                    "followup_due_at": answer._follow_up_due(),
                }
            )
