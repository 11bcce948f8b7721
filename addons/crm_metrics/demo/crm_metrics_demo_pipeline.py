from odoo import models
from odoo.tools import SQL

from ..models.crm_lead_log import lead_state
from .deals import WON
from .pipeline import OWN_REASONS, REASONS, SOURCES

#: probability that salespersons give a deal in each stage
PROBABILITY = (10, 25, 50, 75)


class CrmMetricsDemo(models.AbstractModel):
    """Loads the deals: leads as they stand, and the log of how they got there."""

    _inherit = "crm.metrics.demo"

    def _create_pipeline(self, deals, sellers, partners):
        """Return the leads, by deal."""
        stages = self._create_stages()
        reasons = self._create_lost_reasons()
        there = [deal for deal in deals if not deal.last.removed]
        leads = self._records(
            "crm.lead",
            "crm_lead",
            [
                self._lead_values(deal, stages, reasons, sellers, partners)
                for deal in there
            ],
        )
        by_deal = dict(zip(map(id, there), leads, strict=True))
        self._create_events(deals, by_deal, stages, reasons, sellers, partners)
        self._date_leads(there, leads)
        self._track_stages(there, leads, stages, sellers)
        return by_deal

    def _create_stages(self):
        """Return the stages in the order of the story: Odoo's and one more."""
        negotiation = self._records(
            "crm.stage", "crm_stage", [{"name": "Negotiation", "sequence": 10}]
        )
        first, second, third, won = (
            self.env.ref(f"crm.stage_lead{number}") for number in range(1, 5)
        )
        return [first, second, third, negotiation, won]

    def _create_lost_reasons(self):
        """Return the records of the reasons, by their external ids."""
        self._records(
            "crm.lost.reason",
            "crm_lost_reason",
            [{"name": name} for name in OWN_REASONS],
        )
        return self._by_name(REASONS)

    def _by_name(self, names):
        """Return ids by external id; empty for None and for what was deleted."""
        found = {
            name: name and self.env.ref(name, raise_if_not_found=False)
            for name in names
        }
        return {name: record.id if record else False for name, record in found.items()}

    def _lead_values(self, deal, stages, reasons, sellers, partners):
        last = deal.last
        user, team = sellers[last.seller]
        if last.stage == WON:
            probability = 100
        elif last.status == "lost":
            probability = 0
        else:
            probability = PROBABILITY[last.stage]
        values = {
            "name": deal.title,
            "type": last.type,
            "user_id": user.id,
            "team_id": team.id,
            "company_id": self.env.company.id,
            "stage_id": stages[last.stage].id,
            "active": last.active,
            "probability": probability,
            "lost_reason_id": reasons[last.reason],
            "source_id": self._by_name(SOURCES)[deal.source],
            "priority": str((deal.value > 9_000) + (deal.value > 25_000)),
            "expected_revenue": deal.value,
            "recurring_revenue": deal.recurring,
            "recurring_plan": deal.plan and self._plans()[deal.plan].id,
            "date_deadline": deal.deadline,
        }
        if deal.customer:
            values["partner_id"] = partners[id(deal.customer)].id
        else:
            company, contact = deal.prospect
            values |= {
                "partner_name": company,
                "contact_name": contact,
                "email_from": self._email(contact, company),
            }
        return values

    def _create_events(self, deals, leads, stages, reasons, sellers, partners):
        """Write what led to the leads; the last event of each is its present state."""
        cr = self.env.cr
        self.env.flush_all()
        # as the log itself will see it
        known = SQL("l.id = ANY(%s)", [lead.id for lead in leads.values()])
        states = {
            state["lead_key"]: {
                name: state[name]
                for name in ("probability", "is_automated_probability")
            }
            for state in self.env.execute_query_dict(lead_state(known))
        }
        vals_list = []
        for deal in deals:
            lead = leads.get(id(deal), self.env["crm.lead"])
            common = {
                "source": "import",
                "lead_id": lead.id,
                "company_id": self.env.company.id,
                "partner_id": deal.customer
                and partners[id(deal.customer)].commercial_partner_id.id,
                "recurring_revenue": deal.recurring,
                "date_deadline": deal.deadline,
            }
            if not lead:
                # a number that no other lead will ever have
                cr.execute("SELECT nextval('crm_lead_id_seq')")
                [common["lead_key"]] = cr.fetchone()
            for step in deal.steps:
                user, team = sellers[step.seller]
                stands = lead and step is deal.last
                state = states[lead.id] if stands else {"probability": False}
                vals_list.append(
                    {
                        **common,
                        "at": step.at,
                        "author_id": user.partner_id.id,
                        "type": step.type,
                        "stage_id": stages[step.stage].id,
                        "active": step.active,
                        "won_status": step.status,
                        "lost_reason_id": reasons[step.reason],
                        "expected_revenue": step.value,
                        "user_id": user.id,
                        "team_id": team.id,
                        "removed": step.removed,
                        **state,
                    }
                )
        events = self.env["crm.lead.event"].create(vals_list)
        events.flush_recordset()
        # what the creation of the leads logged by itself is forgotten thereby
        events._note(lead.id for lead in leads.values())

    def _date_leads(self, deals, leads):
        """Give leads the dates that their history would have left."""
        rows = []
        for deal, lead in zip(deals, leads, strict=True):
            born = deal.steps[0]
            converted = next(s.at for s in deal.steps if s.type == "opportunity")
            moved = born.at
            for before, step in zip(deal.steps, deal.steps[1:], strict=False):
                if before.stage != step.stage:
                    moved = step.at
            closed = not deal.open and deal.last.at.replace(microsecond=0)
            rows.append(
                SQL(
                    "(%s, %s::timestamp, %s::timestamp, %s::timestamp, %s::timestamp)",
                    lead.id,
                    born.at,
                    moved,
                    closed or None,
                    converted if born.type == "lead" else None,
                )
            )
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """UPDATE crm_lead l
                      SET create_date = v.born,
                          date_open = v.born,
                          day_open = 0,
                          date_last_stage_update = v.moved,
                          date_closed = v.closed,
                          day_close = floor(extract(epoch FROM v.closed - v.born)
                                            / 86400),
                          date_conversion = v.converted
                     FROM (VALUES %s) AS v (id, born, moved, closed, converted)
                    WHERE v.id = l.id""",
                SQL(", ").join(rows),
            )
        )
        leads.invalidate_recordset()

    def _track_stages(self, deals, leads, stages, sellers):
        """Write the moves of open deals into the chatter, as Odoo would have done.

        Its status bar reads from there how long a deal was in each stage. Those that
        are closed nobody works with: their messages would take as long as the leads.
        """
        moves = [
            (lead, before, step)
            for deal, lead in zip(deals, leads, strict=True)
            if deal.open
            for before, step in zip(deal.steps, deal.steps[1:], strict=False)
            if before.stage != step.stage
        ]
        subtype = self.env.ref("crm.mt_lead_stage")
        messages = self.env["mail.message"].create(
            [
                {
                    "model": "crm.lead",
                    "res_id": lead.id,
                    "message_type": "notification",
                    "subtype_id": subtype.id,
                    "author_id": sellers[step.seller][0].partner_id.id,
                    "date": step.at,
                }
                for lead, _before, step in moves
            ]
        )
        field = self.env["ir.model.fields"]._get("crm.lead", "stage_id")
        values = self.env["mail.tracking.value"].create(
            [
                {
                    "mail_message_id": message.id,
                    "field_id": field.id,
                    "old_value_integer": stages[before.stage].id,
                    "old_value_char": stages[before.stage].name,
                    "new_value_integer": stages[step.stage].id,
                    "new_value_char": stages[step.stage].name,
                }
                for message, (_lead, before, step) in zip(messages, moves, strict=True)
            ]
        )
        values.flush_recordset()
        self.env.cr.execute(
            """UPDATE mail_tracking_value v SET create_date = m.date
                 FROM mail_message m
                WHERE m.id = v.mail_message_id AND v.id = ANY(%s)""",
            [values.ids],
        )
        values.invalidate_recordset()
