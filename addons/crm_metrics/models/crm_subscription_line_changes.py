from datetime import timedelta

from odoo import api, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date, formatLang

#: what may differ between two versions of an item
VALUES = ("recurring_plan_id", "price_unit", "quantity", "discount")


class CrmSubscriptionLine(models.Model):
    """How a line becomes the next version of itself."""

    _inherit = "crm.subscription.line"

    # ------------------------------------------------------------------
    # the form
    # ------------------------------------------------------------------

    @api.onchange("recurring", *VALUES)
    def _onchange_history(self):
        """Say that another value in a line that has begun changes the past."""
        line = self._origin
        if not line or not line.subscription_id.id:
            return None
        first = line._first_day()
        if not first or first >= line.company_id._metrics_today():
            return None
        if self.recurring == line.recurring and not line._differing(self._values()):
            return None
        return {
            "warning": {
                "type": "notification",
                "title": self.env._("This corrects the past"),
                "message": self.env._(
                    "“%(line)s” would have other values from its first day on, "
                    "%(day)s. For new terms from a later day on, use “Change Terms”.",
                    line=line.name,
                    day=format_date(self.env, first),
                ),
            }
        }

    # ------------------------------------------------------------------
    # days and values
    # ------------------------------------------------------------------

    def _first_day(self):
        """Return the first day on which a line holds, or None: it has no date."""
        self.ensure_one()
        days = (self.date_start, self.subscription_id.date_start)
        return max(filter(None, days), default=None)

    def _last_day(self):
        """Return the last day on which a line holds, or None: it is open."""
        self.ensure_one()
        days = (self.date_end, self.subscription_id.date_end)
        return min(filter(None, days), default=None)

    def _holds_on(self, day):
        """Return the recurring lines that hold on a day."""
        return self.filtered(
            lambda line: (
                line.recurring
                and line._first_day()
                and line._first_day() <= day <= (line._last_day() or day)
            )
        )

    def _values(self):
        """Return what may differ between two versions."""
        self.ensure_one()
        return {
            name: self[name].id if name.endswith("_id") else self[name]
            for name in VALUES
        }

    def _differing(self, values):
        """Return those of some values that differ from a line's own."""
        self.ensure_one()
        fields = self._fields
        return {
            name: value
            for name, value in values.items()
            if fields[name].convert_to_cache(value, self)
            != fields[name].convert_to_cache(self[name], self)
        }

    @api.model
    def _check_values(self, values):
        """Refuse values that no version may have."""
        negative = self.env._("%(field)s: it cannot be negative.")
        for name in ("price_unit", "quantity"):
            if values.get(name, 0) < 0:
                label = self._fields[name]._description_string(self.env)
                raise ValidationError(negative % {"field": label})
        if not 0 <= values.get("discount", 0) <= 100:
            raise ValidationError(self.env._("Disc.%: it lies between 0 and 100."))
        if not values.get("recurring_plan_id", True):
            raise ValidationError(
                self.env._("Recurring Plan: a recurring line needs one.")
            )

    # ------------------------------------------------------------------
    # versions
    # ------------------------------------------------------------------

    def _following(self):
        """Return the version that follows this one."""
        return self.search([("previous_line_id", "in", self.ids)])

    def _check_can_change(self, day):
        """Refuse a new version where this line does not hold, or just begins."""
        self.ensure_one()
        first, last = self._first_day(), self._last_day()
        if not self.recurring or not first:
            raise ValidationError(
                self.env._(
                    "From: “%(line)s” is no recurring line with a start. Enter its "
                    "values in the line itself.",
                    line=self.name,
                )
            )
        if day <= first:
            raise ValidationError(
                self.env._(
                    "From: “%(line)s” begins on %(day)s itself. Choose a later day, "
                    "or correct the line where it stands.",
                    line=self.name,
                    day=format_date(self.env, first),
                )
            )
        if last and day > last:
            raise ValidationError(
                self.env._(
                    "From: “%(line)s” ends on %(day)s. Choose a day before, or renew "
                    "the subscription.",
                    line=self.name,
                    day=format_date(self.env, last),
                )
            )

    def _later_changes(self, values):
        """Return what a change means for versions that follow without a gap.

        A value that a later version has taken over from this one changes there
        as well; one that it has set on its own stays.

        :return: dict, line -> values to write
        """
        changes = {}
        values = dict(values)
        line = self
        while values and (following := line._following()):
            if not line.date_end or following.date_start != line.date_end + timedelta(
                1
            ):
                break
            own = following._differing(self._values())
            if values.get("recurring_plan_id") and not own.keys().isdisjoint(
                ("recurring_plan_id", "price_unit")
            ):
                raise ValidationError(
                    self.env._(
                        "Recurring Plan: “%(line)s” has another price or plan from "
                        "%(day)s on. Choose that day, or correct that line.",
                        line=self.name,
                        day=format_date(self.env, following.date_start),
                    )
                )
            values = {name: values[name] for name in values if name not in own}
            if values:
                changes[following] = values
            line = following
        return changes

    def _new_version(self, day, values, last_day=None):
        """End this line and let a version with other values begin on a day.

        :param last_day: of this line; the day before if not given
        """
        self.ensure_one()
        own_end = self.date_end and self.date_end >= day and self.date_end
        following = self._following()
        # a line has one successor: free the place before it is taken
        following.previous_line_id = False
        following.flush_recordset()
        self.date_end = last_day or day - timedelta(1)
        [new_values] = self.copy_data(
            {
                **values,
                "subscription_id": self.subscription_id.id,
                "date_start": day,
                "date_end": own_end,
                "previous_line_id": self.id,
            }
        )
        version = self.create(new_values)
        following.previous_line_id = version
        return version

    def _describe(self, values):
        """Return in words what changes from a line's own values to others."""
        self.ensure_one()
        other = self.new({**self._values(), **values})
        parts = [
            self.env._(
                "%(field)s %(old)s → %(new)s",
                field=self._fields[name]._description_string(self.env),
                old=self._in_words(name),
                new=other._in_words(name),
            )
            for name in values
        ]
        return f"{self.name}: {', '.join(parts)}"

    def _in_words(self, name):
        value = self[name]
        if name.endswith("_id"):
            return value.display_name
        digits = self._fields[name].get_digits(self.env)[1]
        return formatLang(self.env, value, digits=0 if value == int(value) else digits)
