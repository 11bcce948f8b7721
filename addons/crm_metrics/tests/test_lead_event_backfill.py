from datetime import datetime, timedelta

from odoo.tests import tagged

from .common_lead import EVENT, LeadEventCase

DAY = timedelta(days=1)
BIRTH = datetime(2025, 3, 1, 9)
STATE = ("stage_id", "active", "won_status", "lost_reason_id", "user_id", "team_id")


class HistoryCase(LeadEventCase):
    """Leads from before the installation: their tracking is in the database."""

    def setUp(self):
        super().setUp()
        self.lead = self.old_lead()

    def old_lead(self, **columns):
        """Return a lead that nobody has logged, with other values where given."""
        lead = self.make_lead()
        self.commit()
        self.sql("DELETE FROM crm_lead_event WHERE lead_key = %s", lead.id)
        columns = {
            "create_date": BIRTH,
            "write_date": BIRTH + 30 * DAY,
            "date_last_stage_update": BIRTH,
            "date_conversion": None,
            "probability": 20,
            "automated_probability": 20,
            **columns,
        }
        for name, value in columns.items():
            self.sql(f"UPDATE crm_lead SET {name} = %s WHERE id = %s", value, lead.id)
        return lead

    def track(self, days, *changes, lead=None, subtype="stage", **values):
        """Write a message of tracking `days` after the birth of the lead.

        :param changes: tuples (field, old, new); a text is a label, a float an amount
        """
        lead = self.lead if lead is None else lead
        message = self.env["mail.message"].create(
            {
                "model": "crm.lead",
                "res_id": lead.id,
                "subtype_id": self.env.ref(f"crm.mt_lead_{subtype}").id,
                "author_id": self.seller.partner_id.id,
                **values,
            }
        )
        for name, *sides in changes:
            field = self.env["ir.model.fields"]._get("crm.lead", name)
            value = {"field_id": field.id, "mail_message_id": message.id}
            for side, what in zip(("old", "new"), sides, strict=True):
                kind = {str: "char", float: "float"}.get(type(what), "integer")
                if hasattr(what, "id"):
                    value[f"{side}_value_char"] = what.display_name
                    what = what.id
                value[f"{side}_value_{kind}"] = what
            tracked = self.env["mail.tracking.value"].create(value)
            self.sql(
                "UPDATE mail_tracking_value SET create_date = %s WHERE id = %s",
                *(BIRTH + days * DAY, tracked.id),
            )

    def fill(self):
        """Run what is left of the back-fill; return its number of events."""
        return self.engine.recompute(EVENT)["changed"]

    def story(self, lead=None, *names):
        """Return (days after birth, values...) of the events of a lead."""
        self.fill()
        self.env.invalidate_all()
        return [
            ((event.at - BIRTH) / DAY, *(event[name] for name in names))
            for event in self.events(lead)
        ]


@tagged("post_install", "-at_install")
class TestBackfill(HistoryCase):
    def test_never_moved(self):
        self.assertEqual(self.story(None, "stage_id"), [(0, self.stage_new)])
        event = self.events()
        self.assertEqual((event.source, event.exact), ("backfill", True))
        self.assertEqual(event.probability, 20)
        self.assertEqual(event.author_id, self.env.user.partner_id)
        self.assertEqual(self.audit(), 0)

    def test_moves(self):
        self.lead = self.old_lead(stage_id=self.stage_won.id, won_status="won")
        offer, fresh = self.stage_offer, self.stage_new
        self.track(2, ("stage_id", fresh, offer))
        self.track(5, ("expected_revenue", 40.0, 100.0), ("user_id", 0, self.seller))
        self.track(9, ("stage_id", offer, self.stage_won), subtype="won")
        self.assertEqual(
            self.story(None, "stage_id", "expected_revenue", "user_id", "won_status"),
            [
                (0, fresh, 40, self.env["res.users"], "pending"),
                (2, offer, 40, self.env["res.users"], "pending"),
                (5, offer, 100, self.seller, "pending"),
                (9, self.stage_won, 100, self.seller, "won"),
            ],
        )
        self.assertEqual(self.events()[1].author_id, self.seller.partner_id)
        self.assertTrue(all(self.events().mapped("exact")))
        self.assertEqual(self.audit(), 0)

    def test_rows_of_one_moment_are_ordered_by_number(self):
        self.track(2, ("stage_id", self.stage_new, self.stage_offer))
        self.track(2, ("stage_id", self.stage_offer, self.stage_new))
        self.assertEqual(
            self.story(None, "stage_id"),
            [(0, self.stage_new), (2, self.stage_offer), (2, self.stage_new)],
        )

    def test_lost_restored_archived(self):
        """Labels are in the writer's language; the subtype is in none."""
        self.env["res.lang"]._activate_lang("fr_FR")
        lost = self.env["ir.model.fields.selection"].search(
            [("field_id.name", "=", "won_status"), ("value", "=", "lost")]
        )
        lost.filtered(lambda s: s.field_id.model == "crm.lead").with_context(
            lang="fr_FR"
        ).name = "Perdue"
        reason = self.reason
        self.track(1, ("active", 1, 0), ("lost_reason_id", 0, reason), subtype="lost")
        self.track(2, ("active", 0, 1), ("lost_reason_id", reason, 0))
        self.track(3, ("active", 1, 0), ("won_status", "x", "Perdue"))
        self.track(4, ("active", 0, 1))
        self.track(5, ("active", 1, 0))
        self.track(6, ("active", 0, 1))
        none = reason.browse()
        self.assertEqual(
            self.story(None, "active", "won_status", "lost_reason_id"),
            [
                (0, True, "pending", none),
                (1, False, "lost", reason),
                (2, True, "pending", none),
                (3, False, "lost", none),
                (4, True, "pending", none),
                (5, False, "pending", none),
                (6, True, "pending", none),
            ],
        )

    def test_lost_without_a_word(self):
        self.lead = self.old_lead(
            active=False, won_status="lost", probability=0, date_closed=BIRTH + 3 * DAY
        )
        self.assertEqual(
            self.story(None, "active", "won_status", "exact"),
            [(0, True, "pending", True), (3, False, "lost", False)],
        )
        self.assertEqual(self.audit(), 0)

    def test_born_lost(self):
        self.lead = self.old_lead(active=False, won_status="lost", probability=0)
        self.assertEqual(self.story(None, "active", "won_status"), [(0, False, "lost")])

    def test_hole_and_tail(self):
        third = self.stage_new.copy({"name": "Third"})
        self.lead = self.old_lead(
            stage_id=third.id, date_last_stage_update=BIRTH + 7 * DAY
        )
        self.track(2, ("stage_id", self.stage_new, self.stage_offer))
        self.track(4, ("stage_id", third, self.stage_new))
        self.assertEqual(
            self.story(None, "stage_id", "exact"),
            [
                (0, self.stage_new, True),
                (2, self.stage_offer, True),
                (4, third, False),
                (4, self.stage_new, True),
                (7, third, False),
            ],
        )
        self.assertEqual(self.audit(), 0)

    def test_whatever_else_changed_without_tracking(self):
        self.track(2, ("expected_revenue", 10.0, 20.0))
        self.assertEqual(
            self.story(None, "expected_revenue", "exact"),
            [(0, 10, True), (2, 20, True), (30, 100, False)],
        )
        self.assertEqual(self.audit(), 0)

    def test_a_deleted_stage(self):
        gone = self.stage_new.copy({"name": "Gone"})
        self.track(2, ("stage_id", gone, self.stage_new))
        key = gone.id
        gone.unlink()
        self.assertEqual(
            self.story(None, "stage_key", "stage_name", "stage_id")[0],
            (0, key, "Gone", gone.browse()),
        )

    def test_converted(self):
        self.lead = self.old_lead(date_conversion=BIRTH + 3 * DAY)
        self.track(2, ("stage_id", self.stage_offer, self.stage_new))
        self.assertEqual(
            self.story(None, "type"),
            [(0, "lead"), (2, "lead"), (3, "opportunity")],
        )

    def test_converted_by_a_merge(self):
        self.track(2, ("type", "Lead", "Opportunity"))
        self.assertEqual(self.story(None, "type"), [(0, "lead"), (2, "opportunity")])

    def test_what_a_merge_brought_is_not_this_leads(self):
        self.track(2, ("stage_id", self.stage_won, self.stage_offer), subject="From x")
        self.assertEqual(self.story(None, "stage_id"), [(0, self.stage_new)])

    def test_other_records_of_the_same_number(self):
        self.track(2, ("stage_id", self.stage_won, self.stage_offer))
        self.sql("UPDATE mail_message SET model = 'crm.team' WHERE subject IS NULL")
        self.assertEqual(self.story(None, "stage_id"), [(0, self.stage_new)])

    def test_older_than_the_lead(self):
        self.track(-9, ("stage_id", self.stage_offer, self.stage_new))
        self.assertEqual(
            self.story(None, "stage_id"), [(0, self.stage_offer), (0, self.stage_new)]
        )

    def test_only_what_is_older_than_the_first_event(self):
        self.track(2, ("stage_id", self.stage_offer, self.stage_new))
        self.lead.stage_id = self.stage_won
        moment = self.clock
        self.commit()
        days = (moment - BIRTH) / DAY
        self.track(days, ("stage_id", self.stage_new, self.stage_won))
        self.assertEqual(
            self.story(None, "stage_id", "source"),
            [
                (0, self.stage_offer, "backfill"),
                (2, self.stage_new, "backfill"),
                (days, self.stage_won, "live"),
            ],
        )
        self.assertEqual(self.audit(), 0)

    def test_the_first_event_tells_what_was_before(self):
        """Creation is not tracked: only the first move says where it came from."""
        self.lead.stage_id = self.stage_offer
        days = (self.clock - BIRTH) / DAY
        self.commit()
        self.track(days, ("stage_id", self.stage_new, self.stage_offer))
        self.assertEqual(
            self.story(None, "stage_id"),
            [(0, self.stage_new), (days, self.stage_offer)],
        )

    def test_as_it_was_recorded(self):
        """Odoo's own tracking gives the events that the capture had given."""
        lead = self.make_lead().with_context(tracking_disable=False)
        self.commit()
        for values in (
            {"stage_id": self.stage_offer.id},
            {"expected_revenue": 350, "user_id": self.seller_2.id},
            {"team_id": self.team_2.id},
            {"stage_id": self.stage_won.id},
            {"stage_id": self.stage_new.id},
        ):
            lead.write(values)
            self.commit()
        lead.action_set_lost(lost_reason_id=self.reason.id)
        self.commit()
        lead.action_restore()
        self.commit()

        def told():
            return [(e.at, *(e[name] for name in STATE)) for e in self.events(lead)]

        recorded = told()
        self.assertEqual(len(recorded), 8)
        self.sql("DELETE FROM crm_lead_event WHERE lead_key = %s", lead.id)
        self.fill()
        self.assertEqual(told(), recorded)


@tagged("post_install", "-at_install")
class TestBackfillRuns(HistoryCase):
    def test_once(self):
        self.track(2, ("stage_id", self.stage_offer, self.stage_new))
        self.assertGreaterEqual(self.fill(), 2)
        before = self.events()
        self.assertEqual(self.fill(), 0)
        self.assertEqual(self.events(), before)
        self.env[EVENT]._fact_install()
        self.refresh()
        self.assertEqual(self.events(), before)

    def test_in_batches(self):
        """What is done has left the queue in the same transaction."""
        leads = self.lead | self.old_lead() | self.old_lead()
        queue = self.env["crm.metrics.queue"]
        self.sql("DELETE FROM crm_metrics_queue")
        queue._push(EVENT, leads.ids)
        for left in (2, 1, 0):
            done, _left = self.engine._refresh_batch(EVENT, 1)
            self.assertEqual((done, queue._waiting().get(EVENT, 0)), (1, left))
            self.assertEqual(sum(map(bool, map(self.events, leads))), 3 - left)
        self.assertEqual(self.engine._refresh_batch(EVENT, 1), (0, 0))

    def test_installation_only_marks_the_leads(self):
        self.sql("DELETE FROM crm_metrics_queue")
        self.env[EVENT]._fact_install()
        self.assertFalse(self.events())
        count = self.env["crm.lead"].with_context(active_test=False).search_count([])
        self.assertEqual(self.engine.status()["facts"][EVENT]["queued"], count)
        self.refresh()
        self.assertTrue(self.events())

    def test_a_shard(self):
        other = self.old_lead()
        number = self.lead.id % 2
        self.assertNotEqual(other.id % 2, number)
        self.engine.recompute(EVENT, number, 2)
        self.assertTrue(self.events())
        self.assertFalse(self.events(other))

    def test_deleted_before_its_turn(self):
        self.track(2, ("stage_id", self.stage_offer, self.stage_new))
        key = self.lead.id
        self.lead.unlink()
        self.commit()
        events = self.env[EVENT].search([("lead_key", "=", key)], order="at, id")
        self.assertEqual(events.mapped("removed"), [False, False, "deleted"])
        self.assertEqual(events[0].stage_id, self.stage_offer)

    def test_merged_before_its_turn(self):
        other = self.old_lead()
        for lead in self.lead | other:
            self.track(2, ("stage_id", self.stage_offer, self.stage_new), lead=lead)
        keys = (self.lead | other).ids
        head = (self.lead | other).merge_opportunity()
        self.commit()
        self.fill()
        for key in keys:
            events = self.env[EVENT].search([("lead_key", "=", key)], order="at, id")
            self.assertEqual(
                events[:2].stage_id.ids, [self.stage_offer.id, self.stage_new.id]
            )
            self.assertEqual(events[-1].removed == "merged", key != head.id)
