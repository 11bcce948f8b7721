from contextlib import contextmanager
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import ValidationError
from odoo.tools import mute_logger

from ..hooks import post_init_hook
from ..models.crm_metrics_fact import SLOTS
from .common import MOVEMENT, SEGMENT, CrmMetricsCommon

ENGINE_LOGGER = "odoo.addons.crm_metrics.models.crm_metrics_engine"


class EngineCase(CrmMetricsCommon):
    def setUp(self):
        super().setUp()
        self.engine = self.env["crm.metrics.engine"].with_user(self.manager)
        self.queue = self.env["crm.metrics.queue"]
        self.refresh()

    def queued(self, fact=SEGMENT):
        """Return the keys that wait, in the order in which they came."""
        self.env.flush_all()
        return self.queue.search([("fact", "=", fact)], order="id").mapped("key")

    def rows(self, fact=SEGMENT):
        """Return the rows of a fact as they stand in the table, by id."""
        self.env.cr.execute(f"SELECT * FROM {self.env[fact]._table} ORDER BY id")
        return self.env.cr.fetchall()

    def audit(self):
        """Audit everything; return the drift of recurring revenue."""
        found = self.engine.audit()
        return {fact: found[fact] for fact in (SEGMENT, MOVEMENT)}

    def runs(self, mode):
        return self.env["crm.metrics.run"].search([("mode", "=", mode)])

    @contextmanager
    def broken(self, fact):
        """Let nobody compute a fact."""

        def fail(*_arguments):
            raise ZeroDivisionError(f"{fact} is broken")

        with patch.object(type(self.env[fact]), "_fact_select", fail):
            yield

    def cron_refresh(self, **values):
        """Refresh as the scheduled action does: with commits."""
        self.env.cr.flush()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            self.env(cr=cr)["crm.metrics.engine"]._cron_refresh(**values)


class TestQueue(EngineCase):
    def test_no_fact_keeps_who_wrote_a_row(self):
        for fact in self.engine._facts():
            with self.subTest(fact):
                self.assertNotIn("create_uid", self.env[fact]._fields)

    def test_a_change_is_queued_in_its_transaction(self):
        subscription = self.subscribe(100)
        self.assertIn(self.customer.id, self.queued())
        self.refresh()
        subscription.line_ids.price_unit = 90
        self.assertEqual(set(self.queued()), {self.customer.id})

    def test_each_field_that_facts_depend_on(self):
        """Written alone, it is refreshed: the audit finds nothing left to mend."""
        other = self.subscribe(1, partner=self._customer("Other"))
        subscription = self.subscribe(120)
        line = subscription.line_ids
        lead = self.env["crm.lead"].create({"name": "Deal", "type": "opportunity"})
        self.refresh()
        for record, field, value in (
            (line, "price_unit", 60),
            (line, "quantity", 3),
            (line, "discount", 5),
            (line, "recurring_plan_id", self.quarterly),
            (line, "date_start", "2026-02-01"),
            (line, "date_end", "2026-04-30"),
            (subscription, "date_start", "2026-03-01"),
            (subscription, "date_end", "2026-03-31"),
            (subscription, "user_id", self.seller),
            (subscription, "team_id", self.team),
            (subscription, "lead_id", lead),
            (self.quarterly, "number_of_months", 6),
            (self.usd, "rounding", 1),
            (line, "subscription_id", other),
            (line, "recurring", False),
            (line, "recurring", True),
            (other, "partner_id", self.customer),
            (other, "company_id", self.other_company),
            (other, "currency_id", self.eur),
            (self.other_company, "currency_id", self.eur),
        ):
            with self.subTest(record._name, field=field):
                before = self.rows()
                record[field] = value
                self.refresh()
                self.assertEqual(set(self.engine.audit().values()), {0})
                self.assertNotEqual(self.rows(), before)

    def test_what_facts_do_not_depend_on_is_not_queued(self):
        subscription = self.subscribe(100)
        self.refresh()
        subscription.write({"name": "Another name", "note": "<p>Seen</p>"})
        subscription.line_ids.name = "Another name"
        subscription.action_archive()
        self.customer.write({"name": "Another name", "phone": "1"})
        self.assertEqual(self.queued(), [])

    def test_both_customers_of_a_move_are_queued(self):
        subscription = self.subscribe(100)
        other = self._customer("Other")
        self.refresh()
        subscription.partner_id = other
        self.assertEqual(set(self.queued()), {self.customer.id, other.id})

    def test_the_customer_is_queued_not_the_contact(self):
        person = self._customer("Person", parent_id=self.customer.id)
        self.env.flush_all()
        self.refresh()
        self.subscribe(100, partner=person)
        self.assertEqual(set(self.queued()), {self.customer.id})

    def test_doubles_are_done_once(self):
        subscription = self.subscribe(100)
        for price in (1, 2, 3):
            subscription.line_ids.price_unit = price
            self.env.flush_all()
        self.assertGreater(len(self.queued()), 1)
        done, left = self.engine._refresh_batch(SEGMENT, 1000)
        self.assertEqual((done, left), (1, 0))
        self.assertEqual(self.queued(), [])

    def test_a_batch_leaves_the_rest(self):
        customers = [self._customer(f"Customer {number}") for number in range(5)]
        self.refresh()
        for customer in customers:
            self.subscribe(100, partner=customer)
        self.env.flush_all()
        done, left = self.engine._refresh_batch(SEGMENT, 2)
        self.assertEqual((done, left), (2, 3))
        self.assertEqual(len(self.segments()), 2)
        self.assertEqual(len(set(self.queued())), 3)

    def test_a_change_of_segments_queues_movements(self):
        self.subscribe(100)
        self.env.flush_all()
        self.engine._refresh_batch(SEGMENT, 1000)
        self.assertEqual(self.queued(MOVEMENT), [self.customer.id])

    def test_no_change_of_segments_queues_nothing(self):
        subscription = self.subscribe(100)
        self.refresh()
        subscription.line_ids.price_unit = 100
        self.queue._push(SEGMENT, self.customer.ids)
        self.engine._refresh_batch(SEGMENT, 1000)
        self.assertEqual(self.queued(MOVEMENT), [])

    def test_a_change_wakes_the_refresh_once_a_transaction(self):
        cron = self.env.ref("crm_metrics.ir_cron_refresh")
        self.env.cr.precommit.run()
        before = self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
        self.subscribe(100)
        self.subscribe(100)
        self.env.flush_all()
        self.env.cr.precommit.run()
        now = self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
        self.assertEqual(len(now - before), 1)

    def test_whoever_sells_needs_no_right_to_the_queue(self):
        subscription = self.subscribe(100, user_id=self.seller.id)
        self.refresh()
        subscription.with_user(self.seller).line_ids.price_unit = 1
        self.assertEqual(set(self.queued()), {self.customer.id})


class TestRefresh(EngineCase):
    def test_scheduled_refresh(self):
        for number in range(3):
            self.subscribe(100, partner=self._customer(f"Customer {number}"))
        with self.enter_registry_test_mode():
            self.env.ref("crm_metrics.ir_cron_refresh").method_direct_trigger()
        self.assertFalse(self.queue._waiting())
        self.assertEqual(len(self.segments()), 3)
        movements = self.env[MOVEMENT].search([("company_id", "=", self.company.id)])
        self.assertEqual(movements.mapped("kind"), ["new"] * 3)

    def test_scheduled_refresh_in_small_batches(self):
        for number in range(5):
            self.subscribe(100, partner=self._customer(f"Customer {number}"))
        self.cron_refresh(limit=2)
        self.assertFalse(self.queue._waiting())
        self.assertEqual(len(self.segments()), 5)

    def test_a_broken_fact_does_not_keep_the_others_stale(self):
        subscription = self.subscribe(100)
        self.env.flush_all()
        self.engine._refresh_batch(SEGMENT, 1000)
        subscription.line_ids.price_unit = 90
        self.env.flush_all()
        raised = None
        with self.broken(SEGMENT), mute_logger(ENGINE_LOGGER):
            try:  # assertRaises would undo what was committed
                self.cron_refresh()
            except ZeroDivisionError as error:
                raised = error
        self.assertTrue(raised, "the scheduled action has to be seen to fail")
        self.assertEqual(set(self.queued(SEGMENT)), {self.customer.id})
        self.assertFalse(self.queued(MOVEMENT))
        movement = self.env[MOVEMENT].search([("partner_id", "=", self.customer.id)])
        self.assertEqual(movement.amount, 100)
        [run] = self.runs("refresh").filtered("error")
        self.assertEqual(run.fact, SEGMENT)
        self.assertIn("broken", run.error)

    def test_scheduled_audit(self):
        self.subscribe(100)
        self.refresh()
        self.env.cr.execute("UPDATE crm_mrr_segment SET rate = rate + 1")
        with self.enter_registry_test_mode():
            with mute_logger(ENGINE_LOGGER):
                self.env.ref("crm_metrics.ir_cron_audit").method_direct_trigger()
        self.assertEqual(self.segments().rate, 100)
        self.assertTrue(self.runs("audit").filtered("changed"))

    def test_only_what_changed_is_written(self):
        """Untouched rows keep their ids."""
        changed = self.subscribe(100)
        self.subscribe(50)
        self.refresh()
        before = {segment.res_id: segment.id for segment in self.segments()}
        changed.line_ids.price_unit = 90
        self.refresh()
        after = {segment.res_id: segment.id for segment in self.segments()}
        self.assertNotEqual(
            after.pop(changed.line_ids.id), before.pop(changed.line_ids.id)
        )
        self.assertEqual(after, before)

    def test_a_run_is_logged(self):
        self.subscribe(100)
        self.refresh()
        last = self.runs("refresh").filtered(lambda run: run.fact == SEGMENT)[0]
        self.assertEqual((last.rows, last.changed), (1, 1))
        self.assertEqual((last.shard, last.shards, last.error), (0, 1, False))
        self.assertGreaterEqual(last.seconds, 0)

    def test_old_runs_are_forgotten(self):
        runs = self.env["crm.metrics.run"]
        with freeze_time("2026-01-01"):
            self.subscribe(100)
            self.refresh()
        self.env.cr.execute("UPDATE crm_metrics_run SET started_at = '2026-01-01'")
        runs.invalidate_model()
        runs._log(SEGMENT, "audit", rows=0)
        self.env.cr.execute(
            "UPDATE crm_metrics_run SET started_at = '2026-06-01' WHERE mode = 'audit'"
        )
        runs.invalidate_model()
        runs._gc_runs()
        self.assertEqual(set(runs.search([]).mapped("mode")), {"audit"})


class TestRecompute(EngineCase):
    def test_result(self):
        self.subscribe(100)
        self.subscribe(50)
        self.env.flush_all()
        others = self.env[SEGMENT].search_count([])
        result = self.engine.recompute(SEGMENT)
        self.assertEqual(set(result), {"rows", "changed", "seconds"})
        self.assertEqual((result["rows"], result["changed"]), (others + 2, 2))
        self.assertEqual(self.engine.recompute(SEGMENT)["changed"], 0)
        run = self.runs("recompute")[0]
        self.assertEqual((run.fact, run.user_id), (SEGMENT, self.manager))

    def test_nothing_is_written_when_nothing_changed(self):
        self.subscribe(100)
        self.refresh()
        before = {fact: self.rows(fact) for fact in (SEGMENT, MOVEMENT)}
        for fact in before:
            self.engine.recompute(fact)
        self.assertEqual({fact: self.rows(fact) for fact in before}, before)

    def test_it_does_what_was_queued(self):
        self.subscribe(100)
        self.env.flush_all()
        self.engine.recompute(SEGMENT)
        self.assertEqual(self.queued(), [])

    def test_a_shard_leaves_the_keys_of_others(self):
        customers = self.env["res.partner"].create([{"name": str(n)} for n in range(4)])
        self.refresh()
        for customer in customers:
            self.subscribe(100, partner=customer)
        self.env.flush_all()
        self.engine.recompute(SEGMENT, 1, 2)
        odd = [customer.id for customer in customers if customer.id % 2]
        even = [customer.id for customer in customers if not customer.id % 2]
        self.assertEqual(sorted(self.segments().partner_id.ids), sorted(odd))
        self.assertEqual(sorted(set(self.queued())), sorted(even))

    def test_shards_add_up(self):
        for number in range(5):
            self.subscribe(100, partner=self._customer(f"Customer {number}"))
        self.env.flush_all()
        results = [self.engine.recompute(SEGMENT, shard, 64) for shard in range(64)]
        self.assertEqual(sum(result["changed"] for result in results), 5)
        self.assertEqual(
            sum(result["rows"] for result in results),
            self.env[SEGMENT].search_count([]),
        )

    def test_bad_shards(self):
        for shards in (0, -1, 3, 5, 65, 128, 2.0, "2", None, True):
            with self.subTest(shards=shards):
                if shards is True:
                    shards = [1]
                with self.assertRaisesRegex(ValidationError, "^shards:"):
                    self.engine.recompute(SEGMENT, 0, shards)
        for shard in (-1, 2, 1.0, "1", None):
            with self.subTest(shard=shard):
                with self.assertRaisesRegex(ValidationError, "^shard:"):
                    self.engine.recompute(SEGMENT, shard, 2)

    def test_unknown_facts(self):
        for fact in ("res.partner", "crm.metrics.fact", "", None, 1, [SEGMENT], {}):
            with self.subTest(fact=fact):
                with self.assertRaisesRegex(ValidationError, "^fact:"):
                    self.engine.recompute(fact)
                with self.assertRaisesRegex(ValidationError, "^fact:"):
                    self.engine.audit([fact])
        for facts in (SEGMENT, 5, {SEGMENT: 1}):
            with self.assertRaisesRegex(ValidationError, "^facts:"):
                self.engine.audit(facts)


class TestAudit(EngineCase):
    def setUp(self):
        super().setUp()
        self.subscribe(100, "2026-01-01", "2026-03-31")
        self.refresh()

    def sql(self, statement, *params):
        self.env.cr.execute(statement, params)
        self.env.invalidate_all()

    def test_nothing_has_drifted(self):
        self.assertEqual(self.audit(), {SEGMENT: 0, MOVEMENT: 0})

    def test_what_waits_is_no_drift(self):
        self.subscribe(50)
        self.env.flush_all()
        self.assertEqual(self.audit(), {SEGMENT: 0, MOVEMENT: 0})
        self.assertEqual(len(self.segments()), 2)

    def test_only_some_facts(self):
        self.assertEqual(self.engine.audit([MOVEMENT]), {MOVEMENT: 0})
        self.assertEqual(self.engine.audit((SEGMENT,)), {SEGMENT: 0})
        self.assertEqual(self.engine.audit([]), {})

    def test_a_lost_row(self):
        self.sql("DELETE FROM crm_mrr_movement WHERE kind = 'churn'")
        self.assertEqual(self.audit(), {SEGMENT: 0, MOVEMENT: 1})
        self.assertEqual(len(self.movements()), 2)
        self.assertEqual(self.audit(), {SEGMENT: 0, MOVEMENT: 0})

    def test_a_wrong_row_is_deleted_and_inserted(self):
        self.sql(
            """UPDATE crm_mrr_movement SET amount = 99
                WHERE kind = 'new' AND company_id = %s""",
            self.company.id,
        )
        self.assertEqual(self.audit(), {SEGMENT: 0, MOVEMENT: 2})

    def test_a_row_too_much(self):
        self.sql(
            """INSERT INTO crm_mrr_movement (partner_id, company_id, segment_id, date,
                                             kind, amount, customers)
               SELECT partner_id, company_id, segment_id, date + 1, kind, amount, 0
                 FROM crm_mrr_movement WHERE kind = 'new' AND company_id = %s""",
            self.company.id,
        )
        self.assertEqual(self.audit(), {SEGMENT: 0, MOVEMENT: 1})

    def test_a_doubled_row(self):
        """It equals its wanted twin: only the number of rows tells."""
        for fact, others in ((SEGMENT, MOVEMENT), (MOVEMENT, SEGMENT)):
            before = self.rows(fact)
            columns = ", ".join(self.env[fact]._fact_columns())
            table = self.env[fact]._table
            self.sql(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {table}")
            self.assertEqual(len(self.rows(fact)), 2 * len(before))
            self.assertEqual(self.audit(), {fact: len(before), others: 0})
            self.assertEqual(self.rows(fact), before)

    def test_a_row_of_a_customer_that_has_nothing(self):
        nobody = self._customer("Nobody")
        self.refresh()
        self.sql(
            """INSERT INTO crm_mrr_segment (partner_id, company_id, currency_id,
                                            res_model, res_id, date_from, rate,
                                            rate_currency)
               VALUES (%s, %s, %s, 'crm.subscription.line', 0, '2026-01-01', 1, 1)""",
            *(nobody.id, self.company.id, self.usd.id),
        )
        self.assertEqual(self.audit()[SEGMENT], 1)

    def test_it_is_logged(self):
        self.sql("DELETE FROM crm_mrr_movement WHERE kind = 'churn'")
        self.engine.audit()
        last = {run.fact: run.changed for run in reversed(self.runs("audit"))}
        self.assertLessEqual({SEGMENT: 0, MOVEMENT: 1}.items(), last.items())


class TestStatus(EngineCase):
    def test_status(self):
        self.subscribe(100, user_id=self.seller.id)
        self.subscribe(100, currency_id=self.eur.id)
        self.refresh()
        status = self.engine.with_user(self.seller).status()
        self.assertEqual(set(status), {"facts", "issues", "runs"})
        self.assertEqual(list(status["facts"]), self.engine._facts())
        fact = status["facts"][SEGMENT]
        self.assertEqual((fact["rows"], fact["queued"]), (1, 0))
        self.assertRegex(fact["refreshed_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual(status["issues"], 1)

    def test_queued(self):
        self.subscribe(100)
        self.env.flush_all()
        facts = self.engine.status()["facts"]
        self.assertEqual([facts[SEGMENT]["queued"], facts[MOVEMENT]["queued"]], [1, 0])

    def test_the_last_twenty_runs(self):
        for _each in range(22):
            self.engine.recompute(SEGMENT)
        runs = self.engine.status()["runs"]
        self.assertEqual(len(runs), 20)
        self.assertLessEqual(
            {"fact", "mode", "shard", "shards", "started_at", "seconds", "rows"}
            | {"changed", "error"},
            set(runs[0]),
        )
        self.assertRegex(runs[0]["started_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")


class TestSetup(EngineCase):
    def test_facts_come_after_what_they_are_derived_from(self):
        facts = self.engine._facts()
        for position, fact in enumerate(facts):
            self.assertLessEqual(
                set(self.env[fact]._fact_upstream), set(facts[:position])
            )

    def test_each_fact_has_its_slots(self):
        for fact in self.engine._facts():
            slots = self.env["crm.metrics.slot"].search([("fact", "=", fact)])
            self.assertEqual(sorted(slots.mapped("slot")), list(range(SLOTS)))

    def test_installing_fills_the_facts(self):
        self.subscribe(100)
        self.env.flush_all()
        self.env.cr.execute("DELETE FROM crm_metrics_queue")
        post_init_hook(self.env)
        self.assertEqual(self.movements(), [("2026-01-01", "new", 100)])
        self.assertEqual(self.audit(), {SEGMENT: 0, MOVEMENT: 0})
