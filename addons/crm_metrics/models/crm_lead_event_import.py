from datetime import date, datetime

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

#: what an imported event may say; the rest follows from the records it names
VALUES = (
    "import_ref",
    "lead_id",
    "at",
    "type",
    "stage_id",
    "active",
    "won_status",
    "lost_reason_id",
    "expected_revenue",
    "recurring_revenue",
    "probability",
    "date_deadline",
    "company_id",
    "partner_id",
    "user_id",
    "team_id",
    "exact",
)
REQUIRED = ("import_ref", "lead_id", "at")
#: what holds of an event that does not say so
USUAL = {"type": "opportunity", "active": True, "won_status": "pending"}
#: what numbers and moments are
NUMBERS = dict.fromkeys(("float", "monetary"), (int, float))
MOMENTS = {"date": (str, date), "datetime": (str, datetime)}
#: type of a field -> types of its values; False and None leave it empty
KINDS = {"char": (str,), "many2one": (int,), "boolean": (bool,), **NUMBERS, **MOMENTS}
#: sums are below it: no cent of them is lost
BOUND = 1e13
#: years in which something can have happened; others break what shows them
YEARS = range(1000, 9999)


class CrmLeadEvent(models.Model):
    """Histories of deals from another system, from before they were in Odoo."""

    _inherit = "crm.lead.event"

    import_ref = fields.Char(
        string="External ID",
        readonly=True,
        help="What its own system calls an imported event. An import that brings it "
        "again updates the event.",
    )

    _import_ref_uniq = models.UniqueIndex(
        "(import_ref) WHERE import_ref IS NOT NULL",
        "External ID: there is an event with it already.",
    )

    @api.model
    def import_events(self, rows, dry_run=False):
        """Import the states that leads had before anything recorded them.

        The log is read-only; this is the one way to add to its past. It takes events
        that are older than what was recorded of the lead, so that no import can come
        between recorded changes.

        :param list rows: dicts of values of this model: `import_ref` (external id of
            the event), `lead_id` and `at` are required; besides `type`, `stage_id`,
            `active`, `won_status`, `lost_reason_id`, `expected_revenue`,
            `recurring_revenue`, `probability`, `date_deadline`, `company_id`,
            `partner_id`, `user_id`, `team_id`, `exact`
        :param bool dry_run: write nothing
        :return: `{"done": [...], "refused": [...]}`: for each row `created`,
            `updated` or `unchanged`; or, when rows are wrong, nothing is written and
            `refused` has `{"row", "field", "message"}` (`row` counts from 0)
        :raise AccessError: the caller is no sales administrator
        :raise ValidationError: rows are no list of dicts with these keys
        """
        self.env["crm.metrics.engine"]._check_manager()
        self._check_import(rows)
        refused = []
        values_list = []
        leads = self._import_records("crm.lead", rows, "lead_id")
        # what they have been through is recorded before anything is put before it
        if not dry_run:
            self._record_leads(leads.ids)
        recorded = self._recorded_since(leads.ids)
        known = {
            (field, record_id)
            for field, model in self._import_links().items()
            for record_id in self._import_records(model, rows, field).ids
        }
        events = self._import_known(rows)
        first = {}
        for number, row in enumerate(rows):
            try:
                values = self._import_values(row, known, recorded)
                self._check_import_ref(values, events, first.get(values["import_ref"]))
                first[values["import_ref"]] = number
                values_list.append(values)
            except ImportRefused as error:
                field, message = error.args
                refused.append({"row": number, "field": field, "message": message})
        if refused:
            return {"done": [], "refused": refused}
        return {"done": self._import_write(values_list, events, dry_run), "refused": []}

    # ------------------------------------------------------------------
    # checks
    # ------------------------------------------------------------------

    def _check_import(self, rows):
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ValidationError(self.env._("rows: expected a list of dicts."))
        for number, row in enumerate(rows):
            for key in (set(row) - set(VALUES)) or (set(REQUIRED) - set(row)):
                raise ValidationError(
                    self.env._(
                        "rows: %(key)s of row %(row)s is unknown or missing.",
                        key=key,
                        row=number,
                    )
                )

    def _import_links(self):
        """Return the links that a row may have: field -> model."""
        return {
            name: self._fields[name].comodel_name
            for name in VALUES
            if self._fields[name].type == "many2one"
        }

    def _import_records(self, model, rows, field):
        """Return the records that rows link to and that the user may read."""
        ids = {row[field] for row in rows if type(row.get(field)) is int}
        records = self.env[model].with_context(active_test=False)
        return records.search([("id", "in", list(ids))]).with_env(self.env)

    def _import_known(self, rows):
        """Return the events that rows name, by reference: None may not be read."""
        names = {row["import_ref"] for row in rows if type(row["import_ref"]) is str}
        domain = [("import_ref", "in", list(names))]
        readable = set(self.search(domain).ids)
        return {
            event_sudo.import_ref: event_sudo if event_sudo.id in readable else None
            for event_sudo in self.sudo().search(domain)
        }

    def _check_import_ref(self, values, events, first):
        """Check that a row is the only one of its event, and may replace it.

        :param first: number of an earlier row of the same event, or None
        """
        if first is not None:
            raise ImportRefused(
                "import_ref",
                self.env._("Row %(row)s (from 0) is of the same event.", row=first),
            )
        event_sudo = events.get(values["import_ref"], self.browse())
        if event_sudo is None or (
            event_sudo and event_sudo.lead_key != values["lead_id"]
        ):
            raise ImportRefused(
                "import_ref",
                self.env._(
                    "It is taken by an event of another opportunity, or one that you "
                    "may not see. Choose another one."
                ),
            )

    def _record_leads(self, lead_ids):
        """Log leads that nothing has been recorded of yet, history included."""
        self._capture()
        self._backfill(lambda key: SQL("%s = ANY(%s)", key, lead_ids))
        self._log(lead_ids, exact=False)

    def _recorded_since(self, lead_ids):
        """Return the moment since which each lead is recorded."""
        groups = self.sudo()._read_group(
            [("lead_key", "in", lead_ids), ("source", "!=", "import")],
            ["lead_key"],
            ["at:min"],
        )
        return dict(groups)

    def _import_values(self, row, known, recorded):
        """Return the values of a row as the ORM wants them.

        :raise ImportRefused: with the field and what is wrong with it
        """
        values = {
            name: self._import_value(name, value, known) for name, value in row.items()
        }
        values = {**USUAL, **values}
        required = REQUIRED if values["type"] == "lead" else (*REQUIRED, "stage_id")
        for name in required:
            if not values.get(name):
                raise ImportRefused(name, self.env._("It is empty."))
        self._check_import_status(values)
        # events have the customer, not the person
        partner = self.env["res.partner"].browse(values.get("partner_id") or None)
        values["partner_id"] = partner.commercial_partner_id.id
        since = recorded.get(values["lead_id"])
        if values["at"] >= (since or self.env.cr.now()):
            raise ImportRefused(
                "at",
                self.env._(
                    "It is recorded since %(moment)s (UTC) what happens to this "
                    "opportunity; imported events have to be older.",
                    moment=(since or self.env.cr.now()).replace(microsecond=0),
                ),
            )
        return values

    def _import_value(self, name, value, known):
        """Return a value of a row as the ORM wants it."""
        field = self._fields[name]
        kind = field.type
        if kind == "selection":
            choices = [choice for choice, _label in field.selection]
            if type(value) is str and value in choices:
                return value
            raise ImportRefused(
                name, self.env._("%(value)r is no choice.", value=value)
            )
        if kind != "boolean" and (value is None or value is False):
            return field.convert_to_cache(False, self)
        if type(value) not in KINDS[kind]:
            raise ImportRefused(
                name, self.env._("%(value)r is of the wrong type.", value=value)
            )
        if kind == "many2one" and (name, value) not in known:
            raise ImportRefused(name, self.env._("There is no such record."))
        if kind in MOMENTS:
            return self._import_moment(name, value)
        # neither NaN nor infinity is less than that
        if kind in NUMBERS and not abs(value) < BOUND:
            raise ImportRefused(name, self.env._("%(value)r is no sum.", value=value))
        return value

    def _import_moment(self, name, value):
        """Return a day or moment that a row names."""
        field = self._fields[name]
        try:
            moment = field.convert_to_cache(value, self)
        except (TypeError, ValueError):
            moment = None
        if moment and moment.year in YEARS:
            return moment
        form = "YYYY-MM-DD" if field.type == "date" else "YYYY-MM-DD HH:MM:SS"
        raise ImportRefused(
            name,
            self.env._(
                "Expected %(form)s of a year from 1000 to 9998, not %(value)r.",
                form=form,
                value=value,
            ),
        )

    def _check_import_status(self, values):
        """Check that a state is one that an opportunity can be in."""
        probability = values.get("probability", 0.0)
        if not 0 <= probability <= 100:
            raise ImportRefused(
                "probability",
                self.env._(
                    "Expected a number from 0 to 100, not %(value)s.", value=probability
                ),
            )
        # as Odoo computes it of opportunities
        if values["won_status"] == "lost" and (values["active"] or probability):
            raise ImportRefused(
                "won_status",
                self.env._("What is lost is not active, and its probability is 0."),
            )
        stage = self.env["crm.stage"].browse(values.get("stage_id") or None)
        if values["won_status"] == "won" and not stage.is_won:
            raise ImportRefused(
                "won_status", self.env._("What is won is in a stage of won deals.")
            )

    # ------------------------------------------------------------------
    # writing
    # ------------------------------------------------------------------

    def _import_write(self, values_list, events, dry_run):
        """Create events, or replace those that differ; return what was done to each.

        :param dict events: the events that are there already, by reference
        """
        event_sudo = self.sudo()
        done, fresh, replaced = [], [], event_sudo.browse()
        for values in values_list:
            event = events.get(values["import_ref"])
            if not event:
                done.append("created")
            elif event._import_differs(values):
                done.append("updated")
                replaced |= event
            else:
                done.append("unchanged")
                continue
            fresh.append({"source": "import", **values})
        if not dry_run:
            replaced.unlink()
            event_sudo.create(fresh)
        return done

    def _import_differs(self, values):
        self.ensure_one()
        for name, value in values.items():
            field = self._fields[name]
            stored = self[name].id if field.type == "many2one" else self[name]
            if field.type == "monetary" and self.company_currency_id:
                value = self.company_currency_id.round(value)
            if (stored or False) != (value or False):
                return True
        return False


class ImportRefused(Exception):
    """A row cannot be taken: field and reason."""
