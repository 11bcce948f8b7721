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
        for number, row in enumerate(rows):
            try:
                values_list.append(self._import_values(row, known, recorded))
            except ImportRefused as error:
                field, message = error.args
                refused.append({"row": number, "field": field, "message": message})
        if refused:
            return {"done": [], "refused": refused}
        return {"done": self._import_write(values_list, dry_run), "refused": []}

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
        ids = {row.get(field) for row in rows}
        ids = [id_ for id_ in ids if type(id_) is int]
        records = self.env[model].with_context(active_test=False)
        return records.search([("id", "in", ids)]).with_env(self.env)

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
        values = {}
        for name, value in row.items():
            field = self._fields[name]
            if field.type == "many2one":
                if value and (type(value) is not int or (name, value) not in known):
                    raise ImportRefused(name, self.env._("There is no such record."))
                values[name] = value or False
                continue
            if field.type == "selection" and value not in self._import_choices(name):
                raise ImportRefused(
                    name, self.env._("%(value)r is no choice.", value=value)
                )
            try:
                values[name] = field.convert_to_cache(value or False, self)
            except (TypeError, ValueError) as error:
                raise ImportRefused(name, str(error)) from error
        values = {**USUAL, **values}
        required = REQUIRED if values["type"] == "lead" else (*REQUIRED, "stage_id")
        for name in required:
            if not values.get(name):
                raise ImportRefused(name, self.env._("It is empty."))
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

    def _import_choices(self, name):
        return [value for value, _label in self._fields[name].selection]

    # ------------------------------------------------------------------
    # writing
    # ------------------------------------------------------------------

    def _import_write(self, values_list, dry_run):
        """Create events, or replace those that differ; return what was done to each."""
        event_sudo = self.sudo()
        references = [values["import_ref"] for values in values_list]
        known = {
            event.import_ref: event
            for event in event_sudo.search([("import_ref", "in", references)])
        }
        done, fresh, replaced = [], [], event_sudo.browse()
        for values in values_list:
            event = known.get(values["import_ref"])
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
            if replaced:
                # of a lead that the event belonged to before
                for fact in self._fact_downstream():
                    keys = replaced.mapped("lead_key")
                    self.env["crm.metrics.queue"]._push(fact, keys)
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
