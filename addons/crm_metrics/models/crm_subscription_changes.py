from datetime import timedelta

from markupsafe import Markup

from odoo import models
from odoo.exceptions import ValidationError
from odoo.tools import format_date

DAY = timedelta(1)


class CrmSubscription(models.Model):
    """What happens to a subscription, written so that the past stays as it was.

    Each method checks all it is given before it writes; its messages begin with
    the name of the field that has to be mended.
    """

    _inherit = "crm.subscription"

    def _term(self):
        """Return the first and the last day of the recurring lines.

        (None, None): no recurring line has a date; last day None: it is open.
        """
        self.ensure_one()
        lines = self.line_ids.filtered(
            lambda line: line.recurring and line._first_day()
        )
        # lines that lie outside of their subscription never hold
        lines = lines.filtered(
            lambda line: not line._last_day() or line._first_day() <= line._last_day()
        )
        if not lines:
            return None, None
        ends = [line._last_day() for line in lines]
        return min(line._first_day() for line in lines), all(ends) and max(ends) or None

    def _check_begun(self):
        """Return the term of a subscription that is no draft."""
        first, last = self._term()
        if not first:
            raise ValidationError(
                self.env._(
                    "Lines: %(subscription)s has no recurring line with a date yet.",
                    subscription=self.display_name,
                )
            )
        return first, last

    def _note(self, text, items=()):
        """Write into the chatter what was done."""
        body = Markup("<p>%s</p>") % text
        if items:
            rows = Markup("").join(Markup("<li>%s</li>") % item for item in items)
            body += Markup("<ul>%s</ul>") % rows
        self.message_post(body=body)

    def _day(self, day):
        return format_date(self.env, day)

    # ------------------------------------------------------------------
    # change
    # ------------------------------------------------------------------

    def _change_lines(self, day, changes):
        """Let lines have other values from a day on.

        :param day: first day of the new values
        :param changes: dict, line -> new values; what does not differ is left
        :return: the new versions
        """
        self.ensure_one()
        self.check_access("write")
        if not day:
            raise ValidationError(self.env._("From: choose a day."))
        changes = {line: line._differing(values) for line, values in changes.items()}
        changes = {line: values for line, values in changes.items() if values}
        if not changes:
            raise ValidationError(
                self.env._(
                    "Lines: nothing changes. Give a line another plan, quantity, "
                    "price or discount."
                )
            )
        later = {}
        for line, values in changes.items():
            self._check_own(line)
            line._check_values(values)
            line._check_can_change(day)
            later.update(line._later_changes(values))
        told = [line._describe(values) for line, values in changes.items()]
        told += [
            self.env._(
                "%(change)s (from %(day)s on as well)",
                change=line._describe(values),
                day=self._day(line.date_start),
            )
            for line, values in later.items()
        ]
        versions = self.env["crm.subscription.line"]
        with self.env.cr.savepoint():
            for line, values in changes.items():
                versions += line._new_version(day, values)
            for line, values in later.items():
                line.write(values)
        self._note(self.env._("Changed from %(day)s on", day=self._day(day)), told)
        return versions

    def _check_own(self, lines):
        if lines.subscription_id != self:
            raise ValidationError(
                self.env._("Lines: one of them belongs to another subscription.")
            )

    # ------------------------------------------------------------------
    # pause, resume
    # ------------------------------------------------------------------

    def _pause(self, date_from, date_to=False, reason=False):
        """Let a subscription rest from a day on.

        :param date_to: last day of the pause; False: until it is resumed
        """
        self.ensure_one()
        self.check_access("write")
        if not date_from:
            raise ValidationError(self.env._("From: choose a day."))
        first, last = self._check_begun()
        if date_from < first or (last and date_from > last):
            raise ValidationError(
                self.env._(
                    "From: the subscription does not run on %(day)s.",
                    day=self._day(date_from),
                )
            )
        if date_to and date_to < date_from:
            raise ValidationError(
                self.env._("To: the last day is before the first one.")
            )
        with self.env.cr.savepoint():
            pause = self.env["crm.subscription.pause"].create(
                {
                    "subscription_id": self.id,
                    "date_from": date_from,
                    "date_to": date_to,
                    "reason": reason,
                }
            )
        if date_to:
            text = self.env._(
                "Paused from %(first)s to %(last)s",
                first=self._day(date_from),
                last=self._day(date_to),
            )
        else:
            text = self.env._("Paused from %(day)s on", day=self._day(date_from))
        self._note(text, [reason] if reason else [])
        return pause

    def _pause_on(self, day):
        """Return the pause that holds on a day."""
        return self.pause_ids.filtered(
            lambda pause: pause.date_from <= day <= (pause.date_to or day)
        )

    def _resume(self, day):
        """Let a paused subscription count again from a day on."""
        self.ensure_one()
        self.check_access("write")
        if not day:
            raise ValidationError(self.env._("From: choose a day."))
        pause = self._pause_on(day - DAY)
        if not pause:
            if self._pause_on(day):
                raise ValidationError(
                    self.env._(
                        "From: the pause begins on %(day)s itself. Choose a later "
                        "day, or delete the pause.",
                        day=self._day(day),
                    )
                )
            raise ValidationError(
                self.env._(
                    "From: no pause holds on the day before %(day)s.",
                    day=self._day(day),
                )
            )
        _first, last = self._check_begun()
        if last and day > last:
            raise ValidationError(
                self.env._(
                    "From: the subscription ends on %(day)s. Renew it instead.",
                    day=self._day(last),
                )
            )
        pause.date_to = day - DAY
        self._note(self.env._("Resumed on %(day)s", day=self._day(day)))

    def _end_pauses(self, last):
        """Let no pause reach beyond the end of an agreement."""
        pauses = self.pause_ids
        pauses.filtered(lambda pause: pause.date_from > last).unlink()
        for pause in pauses.exists():
            if not pause.date_to or pause.date_to > last:
                pause.date_to = last

    # ------------------------------------------------------------------
    # close
    # ------------------------------------------------------------------

    def _close(self, last, reason):
        """End a subscription for good, after its last day.

        What was planned for later is dropped: it will not come. Lines keep their
        own earlier ends.
        """
        self.ensure_one()
        self.check_access("write")
        if not reason:
            raise ValidationError(self.env._("Close Reason: choose one."))
        if not last:
            raise ValidationError(self.env._("Last Day: choose a day."))
        first, end = self._check_begun()
        if last < first:
            raise ValidationError(
                self.env._(
                    "Last Day: %(subscription)s begins on %(day)s only.",
                    subscription=self.display_name,
                    day=self._day(first),
                )
            )
        if end and last > end:
            raise ValidationError(
                self.env._(
                    "Last Day: %(subscription)s ends on %(day)s already. Choose that "
                    "day or one before; to prolong it, renew it.",
                    subscription=self.display_name,
                    day=self._day(end),
                )
            )
        dropped = self.line_ids.filtered(
            lambda line: line.date_start and line.date_start > last
        )
        told = [reason.display_name]
        told += [
            self.env._(
                "“%(line)s” from %(day)s on: dropped, begins later",
                line=line.name,
                day=self._day(line.date_start),
            )
            for line in dropped
        ]
        with self.env.cr.savepoint():
            dropped.unlink()
            self._end_pauses(last)
            self.write({"date_end": last, "close_reason_id": reason.id})
            self._forget_renewal()
        self._note(self.env._("Closed, last day %(day)s", day=self._day(last)), told)

    # ------------------------------------------------------------------
    # renew
    # ------------------------------------------------------------------

    def _renewable_lines(self):
        """Return the lines that hold on the last day."""
        _first, last = self._term()
        return self.line_ids._holds_on(last) if last else self.line_ids.browse()

    def _renew(self, day, date_end=False, lines=None, changes=None):
        """Prolong a subscription, or take it up again.

        On the day after the last one, lines run on as they are. Those that change,
        and all of them after a gap, get a version of their own from the first day
        of the renewal on: the old ones keep their end, and the reason for which
        the customer had left.

        :param day: first day of the renewal
        :param date_end: new last day; False: open-ended
        :param lines: what is renewed; None: all that holds on the last day
        :param changes: dict, line -> new values
        :return: the new versions
        """
        self.ensure_one()
        self.check_access("write")
        last = self._check_renewal(day, date_end)
        ending = self._renewable_lines()
        lines = ending if lines is None else lines
        if not lines:
            raise ValidationError(self.env._("Lines: nothing is left to renew."))
        self._check_own(lines)
        if lines - ending:
            raise ValidationError(
                self.env._(
                    "Lines: “%(line)s” does not run on the last day.",
                    line=(lines - ending)[0].name,
                )
            )
        changes = {
            line: line._differing(values) for line, values in (changes or {}).items()
        }
        for line, values in changes.items():
            line._check_values(values)
        told = [line._describe(values) for line, values in changes.items() if values]
        told += [
            self.env._("“%(line)s” is not renewed", line=line.name)
            for line in ending - lines
        ]
        gap = day > last + DAY
        versions = self.env["crm.subscription.line"]
        with self.env.cr.savepoint():
            if gap:
                self._keep_close_reason(ending)
                self._end_pauses(last)
            for line in ending - lines:
                line.date_end = last
            for line in lines:
                if gap or changes.get(line):
                    if not gap or not line._following():
                        versions += line._new_version(day, changes.get(line, {}), last)
                elif line.date_end and line.date_end <= last:
                    # it ended with the term, so that it runs on with the term
                    line.date_end = False
            self.write({"date_end": date_end, "close_reason_id": False})
            self._forget_renewal(done=True)
        self._note_renewal(day, date_end, gap and (day - last - DAY).days, told)
        return versions

    def _check_renewal(self, day, date_end):
        """Return the last day of the term that a renewal follows."""
        _first, last = self._check_begun()
        if not last:
            raise ValidationError(
                self.env._(
                    "End: %(subscription)s is open-ended, there is nothing to renew.",
                    subscription=self.display_name,
                )
            )
        if not day or day <= last:
            raise ValidationError(
                self.env._(
                    "From: the term runs until %(day)s, so that a renewal begins "
                    "later. For other terms before, change the lines.",
                    day=self._day(last),
                )
            )
        if date_end and date_end < day:
            raise ValidationError(
                self.env._("New End: the last day is before the first one.")
            )
        return last

    def _keep_close_reason(self, lines):
        """Keep, on the lines that ended with the agreement, why they did."""
        if reason := self.close_reason_id:
            lines.filtered(
                lambda line: not line.date_end or line.date_end >= self.date_end
            ).close_reason_id = reason

    def _note_renewal(self, day, date_end, days_away, told):
        if days_away:
            told.append(self.env._("Days without: %(days)s", days=days_away))
        if date_end:
            text = self.env._(
                "Renewed from %(first)s to %(last)s",
                first=self._day(day),
                last=self._day(date_end),
            )
        else:
            text = self.env._("Renewed from %(day)s on, open-ended", day=self._day(day))
        self._note(text, told)
