from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import SQL

from .common_lead import EVENT
from .common_visit import VISIT, StageVisitCase
from .test_lead_event_backfill import BIRTH, DAY, HistoryCase


@tagged("post_install", "-at_install")
class TestStageVisitEngine(StageVisitCase):
    """Visits follow whatever they are derived from, and nobody else writes them."""

    def test_order_of_facts(self):
        facts = self.engine._facts()
        self.assertLess(facts.index(EVENT), facts.index(VISIT))

    def test_a_change_of_a_lead_queues_it_alone(self):
        other = self.make_lead()
        self.visits(other)
        self.move(self.stage_talk)
        queue = self.env["crm.metrics.queue"]
        self.assertEqual(queue._waiting(), {VISIT: 1})
        self.lead.write({"description": "x", "priority": "2"})
        self.commit()
        self.assertEqual(queue._waiting(), {VISIT: 1})
        self.refresh()
        before = self.visits(other) | self.visits()
        self.assertEqual(self.engine.recompute(VISIT)["changed"], 0)
        self.env.invalidate_all()
        self.assertEqual(self.visits(other) | self.visits(), before)

    def test_an_order_that_concerns_nobody_queues_nobody(self):
        self.move(self.stage_talk, self.stage_draft)
        self.refresh()
        queue = self.env["crm.metrics.queue"]
        self.stage_won.sequence = 300
        self.stage_offer.name = "Offered"
        self.env["crm.stage"].create({"name": "Last", "sequence": 200})
        self.commit()
        self.assertFalse(queue._waiting())
        self.stage_new.sequence = 99
        self.commit()
        self.assertEqual(queue._waiting(), {VISIT: 1})

    def test_drift_is_found_and_mended(self):
        self.move(self.stage_talk)
        self.visits()
        key = self.lead.id
        self.sql("UPDATE crm_stage_visit SET outcome = 'won' WHERE lead_key = %s", key)
        self.assertEqual(self.engine.audit([VISIT]), {VISIT: 4})
        self.sql("DELETE FROM crm_stage_visit WHERE lead_key = %s", key)
        self.assertEqual(self.engine.recompute(VISIT)["changed"], 2)
        self.env.invalidate_all()
        self.assertEqual(self.told(), [("Fresh", "forward"), ("Talk", "open")])

    def test_a_shard(self):
        other = self.make_lead()
        self.visits(other)
        self.sql("DELETE FROM crm_stage_visit")
        self.engine.recompute(VISIT, self.lead.id % 64, 64)
        self.env.invalidate_all()
        found = self.env[VISIT].search([])
        self.assertIn(self.lead, found.lead_id)
        self.assertNotIn(other, found.lead_id)

    def test_contacts_are_merged(self):
        person, boss = self._customer("Person"), self._customer("Boss")
        self.lead.partner_id = person
        self.commit()
        self.move(self.stage_talk)
        self.assertEqual(self.visits().partner_id, person)
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((person | boss).ids, boss)
        self.assertEqual(self.visits().partner_id, boss)
        self.assertEqual(len(self.visits()), 2)
        self.assertKept()

    def test_a_contact_moves_or_goes(self):
        person = self._customer("Person")
        self.lead.partner_id = person
        self.commit()
        self.move(self.stage_talk)
        person.parent_id = self.customer
        partners = [visit.partner_id for visit in self.visits()]
        self.assertEqual(partners, [person, self.customer])
        person.unlink()
        partners = [visit.partner_id for visit in self.visits()]
        self.assertEqual(partners, [person.browse()] * 2)
        self.assertKept()

    def test_salesperson_and_team_are_deleted(self):
        user = self._user("metrics_short", "group_sale_salesman")
        team = self.team.copy({"name": "Dissolved"})
        self.lead.write({"user_id": user.id, "team_id": team.id})
        self.commit()
        self.move(self.stage_talk)
        self.assertEqual(self.visits().mapped("user_id"), user)
        user.unlink()
        team.unlink()
        visits = self.visits()
        self.assertFalse(visits.user_id | visits.owner_id)
        self.assertFalse(visits.team_id)
        self.assertKept()

    def test_a_lost_reason_is_deleted(self):
        self.lead.action_set_lost(lost_reason_id=self.reason.id)
        self.commit()
        self.lead.action_restore()
        self.assertEqual(self.visits()[0].lost_reason_id, self.reason)
        self.reason.unlink()
        self.assertFalse(self.visits().lost_reason_id)
        self.assertKept()

    # -- rights ---------------------------------------------------------

    def test_own_and_unassigned(self):
        """Whose visits they are, the last salesperson of the deal says."""
        self.move(self.stage_talk)
        self.lead.user_id = self.seller_2
        visits = self.visits()
        self.assertEqual(visits.mapped("user_id"), self.seller | self.seller_2)
        self.assertEqual(visits[0].user_id, self.seller)

        def seen(user):
            found = self.env[VISIT].with_user(user)
            return found.search_count([("lead_key", "=", self.lead.id)])

        users = self.seller, self.seller_2, self.seller_all, self.manager
        self.assertEqual([seen(user) for user in users], [0, 2, 2, 2])
        with self.assertRaises(AccessError):
            visits[0].with_user(self.seller).action_open_lead()
        self.lead.user_id = False
        self.lead.company_id = self.company
        self.assertEqual(len(self.visits()), 2)
        self.assertEqual([seen(user) for user in users], [2, 2, 2, 2])

    def test_companies(self):
        self.visits()
        outsider = self._user(
            "metrics_outsider", "group_sale_manager", self.other_company
        )
        found = self.env[VISIT].with_user(outsider)
        found = found.with_context(allowed_company_ids=self.other_company.ids)
        self.assertFalse(found.search([("lead_key", "=", self.lead.id)]))

    def test_nobody_writes(self):
        visit = self.visits()
        for user in (self.seller, self.manager):
            own = visit.with_user(user)
            for work in (
                lambda own=own: own.write({"outcome": "won"}),
                lambda own=own: own.unlink(),
                lambda own=own: own.create({"lead_key": 1}),
            ):
                with self.assertRaises(AccessError):
                    work()
        employee = self._user("metrics_employee", "base.group_user")
        with self.assertRaises(AccessError):
            visit.with_user(employee).read(["outcome"])

    # -- views ----------------------------------------------------------

    def test_groups_and_measures(self):
        """What the search view offers can be grouped and summed by a salesperson."""
        self.lead.source_id = self.env["utm.source"].create({"name": "Fair"})
        self.move(self.stage_talk)
        self.visits()
        model = self.env[VISIT].with_user(self.seller)
        for group in (
            "stage_id",
            "outcome",
            "next_stage_id",
            "lost_reason_id",
            "lead_id",
            "user_id",
            "team_id",
            "source_id",
            "entered:month",
            "left:month",
            "company_id",
        ):
            with self.subTest(group):
                groups = model.formatted_read_group(
                    [("lead_key", "=", self.lead.id)],
                    [group],
                    ["__count", "days:avg", "value_left:sum", "skipped:sum"],
                )
                self.assertEqual(sum(row["__count"] for row in groups), 2)


@tagged("post_install", "-at_install")
class TestStageVisitBackfill(HistoryCase):
    """Visits of deals from before the installation."""

    def visits(self):
        self.fill()
        self.refresh()
        self.env.invalidate_all()
        return self.env[VISIT].search(
            [("lead_key", "=", self.lead.id)], order="visit_no"
        )

    def told(self, *names):
        return [
            (visit.stage_name, visit.outcome, *(visit[name] for name in names))
            for visit in self.visits()
        ]

    def test_from_tracking(self):
        """T1: creation is not tracked, the first change tells where a deal began."""
        self.lead = self.old_lead(stage_id=self.stage_won.id, won_status="won")
        self.track(2, ("stage_id", self.stage_new, self.stage_offer))
        self.track(9, ("stage_id", self.stage_offer, self.stage_won), subtype="won")
        self.assertEqual(
            self.told("entered", "days", "inexact"),
            [
                ("Fresh", "forward", BIRTH, 2, False),
                ("Offer", "won", BIRTH + 2 * DAY, 7, False),
            ],
        )

    def test_installation_gives_the_visits_through_the_queue(self):
        self.track(2, ("stage_id", self.stage_new, self.stage_offer))
        self.sql("DELETE FROM crm_metrics_queue")
        for fact in (EVENT, VISIT):
            self.env[fact]._fact_install()
        self.assertFalse(self.env[VISIT].search([("lead_key", "=", self.lead.id)]))
        self.refresh()
        self.assertEqual(
            self.env[VISIT].search_count([("lead_key", "=", self.lead.id)]), 3
        )

    def test_a_stage_deleted_long_ago(self):
        """T15: nobody knows where it stood."""
        gone = self.stage_new.copy({"name": "Gone"})
        self.track(2, ("stage_id", self.stage_new, gone))
        self.track(4, ("stage_id", gone, self.stage_new))
        key = gone.id
        gone.unlink()
        self.assertEqual(
            self.told("stage_key", "next_stage_key", "next_stage_id"),
            [
                ("Fresh", "moved", self.stage_new.id, key, gone.browse()),
                ("Gone", "moved", key, self.stage_new.id, self.stage_new),
                ("Fresh", "open", self.stage_new.id, 0, gone.browse()),
            ],
        )

    def test_words_in_any_language(self):
        """T18: lost is written in the language of who lost it."""
        self.env["res.lang"]._activate_lang("fr_FR")
        lost = self.env["ir.model.fields.selection"].search(
            [
                ("field_id.model", "=", "crm.lead"),
                ("field_id.name", "=", "won_status"),
                ("value", "=", "lost"),
            ]
        )
        lost.with_context(lang="fr_FR").name = "Perdue"
        self.track(3, ("active", 1, 0), ("won_status", "x", "Perdue"))
        self.track(4, ("active", 0, 1))
        self.assertEqual(self.told(), [("Fresh", "lost"), ("Fresh", "open")])

    def test_messages_are_missing(self):
        """T24: clean-ups leave holes; what is told around them is a guess."""
        third = self.stage_new.copy({"name": "Third", "sequence": 105})
        self.track(2, ("stage_id", self.stage_new, self.stage_offer))
        self.track(4, ("stage_id", third, self.stage_new))
        self.assertEqual(
            self.told("inexact"),
            [
                ("Fresh", "forward", False),
                ("Offer", "forward", True),
                ("Third", "backward", True),
                ("Fresh", "open", False),
            ],
        )

    def test_moved_without_tracking(self):
        self.lead = self.old_lead(
            stage_id=self.stage_offer.id, date_last_stage_update=BIRTH + 7 * DAY
        )
        self.track(2, ("stage_id", self.stage_offer, self.stage_new))
        self.assertEqual(
            self.told("inexact"),
            [
                ("Offer", "backward", False),
                ("Fresh", "forward", True),
                ("Offer", "open", True),
            ],
        )

    def test_batches_that_make_a_transaction_big(self):
        """T15: its deals are read one batch after the other."""
        leads = self.lead
        for _number in range(10):
            leads |= self.old_lead()
        for lead in leads:
            self.track(2, ("stage_id", self.stage_offer, self.stage_new), lead=lead)
        self.env["crm.metrics.queue"].search([("key", "in", leads.ids)]).unlink()
        found = []
        for batch in (leads[:6], leads[6:]):
            self.env[EVENT]._backfill(
                lambda key, batch=batch: SQL("%s = ANY(%s)", key, batch.ids)
            )
            self.refresh()
            self.env.invalidate_all()
            visits = self.env[VISIT].search([("lead_key", "in", leads.ids)])
            found.append((len(visits), set(visits.mapped("bulk"))))
        self.assertEqual(found, [(12, {False}), (22, {True})])
        self.assertEqual(self.engine.audit([VISIT]), {VISIT: 0})
