import logging
from contextlib import contextmanager
from datetime import timedelta

from psycopg2 import InterfaceError, OperationalError
from psycopg2.extensions import TransactionRollbackError

from odoo import fields, models
from odoo.exceptions import UserError

from .crm_nps_invitation import WORDS
from .crm_nps_post import NoServer, Outcome, Post

_logger = logging.getLogger(__name__)

#: mails that are written together and go through one session with the server
BATCH = 50
#: wait after the first failure; each further one doubles it, up to the other one. It
#: is given up when it is too late, see `_first_obstacle_sql`
BACK_OFF, LONGEST_BACK_OFF = timedelta(minutes=5), timedelta(days=1)
#: enough to double the one until it is longer than the other
DOUBLINGS = 9
#: after so many mails in a row for which the connection broke nobody else is tried
BROKEN_IN_A_ROW = 3
#: and a program waits so long
OUTAGE = timedelta(minutes=10)
#: how often it is tried again to write to what somebody else is writing to
RACES = 3
#: number of the lock of the one sender; any other one would do as well
SENDER = 20260609


class CrmNpsInvitation(models.Model):
    """Sends invitations and reminders: to everybody once, whatever happens meanwhile.

    A mail goes out between two commits. The first one, `sending`, is made by
    :meth:`_claim` when the server has accepted the recipient and waits for the text;
    the second one, `sent`, when it has taken the text. Who is killed before the first
    one has sent nothing, and the next run sends. After it, nobody knows: the next run
    finds `sending`, marks it `uncertain` and does not send again.
    """

    _inherit = "crm.nps.invitation"

    # -- scheduled -------------------------------------------------------

    def _cron_send(self):
        """Send what is due: invitations, then reminders; close what has expired."""
        with self._only_sender() as alone:
            if alone:
                self._recover()
                self._expire()
                self._send_due()

    @contextmanager
    def _only_sender(self):
        """Keep others from taking what is being sent for the remains of a crash."""
        # of the session, not of the transaction: it outlives the commits and ends with
        # the process
        cr = self.env.cr
        cr.execute("SELECT pg_try_advisory_lock(%s)", [SENDER])
        (alone,) = cr.fetchone()
        if alone:
            # what another sender has settled since this transaction began is to be seen
            self._commit()
        try:
            yield alone
        except BaseException:
            cr.rollback()  # else nothing could be executed any more
            raise
        finally:
            if alone:
                cr.execute("SELECT pg_advisory_unlock(%s)", [SENDER])

    def _commit(self):
        """Commit: mails that have left are not taken back by what fails later."""
        self.env.cr.commit()  # pylint: disable=invalid-commit

    def _recover(self):
        """Settle what was on its way when the server stopped."""
        left = self.search([("state", "=", "sending")])
        if left:
            left.write({"state": "sent", "uncertain": True})
            _logger.warning(
                "%s surveys may have left or not when the server stopped: ids %s",
                len(left),
                left.ids,
            )
            self._commit()

    def _expire(self):
        now = fields.Datetime.now()
        while True:
            over = self.search(
                [("state", "=", "sent"), ("expires_at", "<=", now)], limit=1000
            )
            if not over:
                return
            over.state = "expired"
            self._commit()

    def _send_due(self):
        progress = self.env["ir.cron"]._commit_progress
        kinds = [False, True]
        counts = [self._due_count(reminder=reminder) for reminder in kinds]
        seconds = progress(remaining=sum(counts))
        for reminder in kinds:
            after = None
            while seconds and (
                batch := self._due_batch(after, BATCH, reminder=reminder)
            ):
                # each is looked at once in a run, whatever becomes of it
                after = (batch[-1].planned_at, batch[-1].id)
                try:
                    self._send_batch(batch, reminder)
                except TransactionRollbackError:
                    # somebody has written to one of them; the next run looks again
                    self.env.cr.rollback()
                seconds = progress(len(batch))
                if not seconds:
                    # others have their turn; then go on at once, not in a minute
                    self.env.ref("crm_metrics.ir_cron_nps_send")._trigger()

    def _send_batch(self, batch, reminder):
        for program, group in batch.grouped("program_id").items():
            ready = group._in_working_hours()
            room = None if reminder else program._room_today()
            letters = self._written(ready, reminder)
            company = program.company_id
            post = Post(company.with_company(company))
            self._commit()
            with post:
                self._send_letters(post, letters, program, room, reminder)

    def _written(self, invitations, reminder):
        """Return the mails of one program; one that cannot be written waits alone.

        Where none of them can be, the template is to blame, and its program waits.
        """
        if not invitations:
            return []
        letters, words = invitations._try_to_write(reminder)
        if not words:
            return letters
        errors = {}
        for invitation in invitations:
            letter, words = invitation._try_to_write(reminder)
            letters += letter
            if words:
                errors[invitation] = words
        written = any(letter.message for letter in letters)
        # who has failed before may do so for reasons of its own
        if errors and not (written or all(one.attempts for one in errors)):
            failed = [invitation.id for invitation in errors]
            words = next(iter(errors.values()))
            self._outage(invitations.program_id, words, reminder, failed)
            return []
        for invitation, words in errors.items():
            _logger.warning("Mail of invitation %s: %s", invitation.id, words)
            facts = {"attempts": invitation.attempts}
            invitation.write(_failed(Outcome("later", words), facts, reminder))
        return letters

    def _try_to_write(self, reminder):
        """Write mails of one program.

        :return: list of Letter, and what went wrong, if it did
        """
        try:
            with self.env.cr.savepoint():
                return self._letters(reminder=reminder), None
        except (InterfaceError, OperationalError):
            raise  # another run may succeed
        # whatever people write into templates, names and addresses
        except Exception as error:
            # of a template Odoo says only that it failed
            words = [str(each) for each in (error, error.__cause__) if each]
            return [], ": ".join(filter(None, words))[:WORDS] or type(error).__name__

    def _send_letters(self, post, letters, program, room, reminder):
        """Send mails of one program, each in transactions of its own."""
        broken = []
        for letter in letters:
            if room is not None and room <= 0:
                self._put_off(program, program._tomorrow(), reminder=reminder)
                self._commit()
                return
            try:
                outcome = self._send_letter(post, letter, reminder)
            except TransactionRollbackError:
                # somebody else has just written to it; the next run looks again
                self.env.cr.rollback()
                continue
            except NoServer as error:
                self.env.cr.rollback()
                self._outage(program, str(error), reminder)
                return
            if not outcome:
                continue
            if outcome.result != "broken":
                broken = []
            else:
                broken.append(letter.invitation_id)
            if room is not None and outcome.result in ("sent", "uncertain"):
                room -= 1
            if len(broken) == BROKEN_IN_A_ROW:
                self._outage(program, outcome.words, reminder, broken)
                return

    def _outage(self, program, words, reminder, failed=()):
        """Let a program wait.

        :param failed: ids of those that were tried
        """
        _logger.warning("Mails of %s cannot be sent: %s", program.display_name, words)
        until = fields.Datetime.now() + OUTAGE
        self._put_off(program, until, words, reminder=reminder, last=failed)
        self._commit()

    # -- one mail --------------------------------------------------------

    def _send_now(self):
        """Send a trial at once, in the transaction of the caller.

        :raise UserError: it could not be sent
        """
        self.ensure_one()
        invitation = self.sudo()
        (letter,) = invitation._letters(reminder=False)
        company = invitation.company_id
        try:
            with Post(company.with_company(company)) as post:
                outcome = post.deliver(
                    letter.message, letter.address, letter.server_id, lambda: None
                )
        except NoServer as error:
            raise UserError(str(error)) from error
        if outcome.result != "sent":
            raise UserError(outcome.words)
        days = invitation.program_id.expiry_days
        invitation.write({**_claim(letter, days), "state": "sent"})

    def _send_letter(self, post, letter, reminder):
        """Send one mail and write down what became of it.

        :return: Outcome, or None: it was not to be sent any more
        """
        invitation = self.browse(letter.invitation_id)
        facts = invitation._take(reminder=reminder)
        if not facts:
            self._commit()
            return None
        if facts["obstacle"]:
            invitation.write({"state": "skipped", "skip_reason": facts["obstacle"]})
            self._commit()
            return None
        if reminder:
            before, on_its_way = "sent", "sent"
            values, back = _claim_again(facts)
        else:
            before, on_its_way = "planned", "sending"
            values, back = _claim(letter, facts["expiry_days"]), UNCLAIMED
        claimed = []

        def claim():
            invitation._put(before, values, wait_for_disk=True)
            self._commit()
            claimed.append(True)

        outcome = post.deliver(letter.message, letter.address, letter.server_id, claim)
        if outcome.result in ("sent", "uncertain"):
            after = {"state": "sent", "attempts": 0, "error": None}
            if outcome.result == "uncertain":
                after.update(uncertain=True, error=outcome.words)
            if not claimed:  # by a transport without sessions
                after = values | after
        else:
            after = _failed(outcome, facts, reminder)
            if claimed:
                after = back | after
        invitation._settle(on_its_way if claimed else before, after)
        return outcome

    def _settle(self, state, values):
        """Write what became of a mail, unless something else did.

        The customer may have answered before the server has.

        :param state: in which the mail has left its invitation
        """
        for _attempt in range(RACES):
            try:
                # lost with the power it is uncertain, as the mail of that moment is
                # anyway
                self._put(state, values, wait_for_disk=False)
                self._commit()
                return
            except TransactionRollbackError:
                self.env.cr.rollback()

    def _bounce(self, words):
        """Note that mails came back; what was answered meanwhile stays answered.

        :param str words: what the other server says
        """
        mine = self.filtered(lambda invitation: invitation.state in ("sending", "sent"))
        mine.write({"state": "bounced", "error": words})


#: what a first mail that has not left takes back
UNCLAIMED = {
    "state": "planned",
    "sent_at": None,
    "last_sent_at": None,
    "expires_at": None,
    "message_id": None,
}


def _claim(letter, expiry_days):
    """Return what is written when a first mail leaves."""
    now = fields.Datetime.now()
    return {
        "state": "sending",
        "sent_at": now,
        "last_sent_at": now,
        "expires_at": now + timedelta(days=expiry_days),
        "message_id": str(letter.message["Message-Id"]),
    }


def _claim_again(facts):
    """Return what is written when a reminder leaves, and what takes it back."""
    back = {"reminders": facts["reminders"], "last_sent_at": facts["last_sent_at"]}
    values = {
        "reminders": facts["reminders"] + 1,
        "last_sent_at": fields.Datetime.now(),
    }
    return values, back


def _failed(outcome, facts, reminder):
    """Return what is written when a mail did not leave.

    A reminder that fails leaves its invitation as it is: the first mail was sent.
    """
    now, attempts = fields.Datetime.now(), facts["attempts"]
    if outcome.result == "broken":
        # that is no attempt: the next mail would have fared the same
        return {"error": outcome.words, "planned_at": now + OUTAGE}
    values = {"attempts": attempts + 1, "error": outcome.words}
    if outcome.result == "later":
        wait = BACK_OFF * 2 ** min(attempts, DOUBLINGS)
        values["planned_at"] = now + min(wait, LONGEST_BACK_OFF)
    elif reminder:
        values["planned_at"] = facts["expires_at"]  # no more of them
    elif outcome.result == "refused":
        # like a mail that comes back later
        values.update(state="bounced", sent_at=now)
    else:
        values["state"] = "failed"
    return values
