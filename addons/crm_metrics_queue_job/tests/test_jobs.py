from odoo.exceptions import AccessError, ValidationError
from odoo.tests import TransactionCase, new_test_user, tagged

from odoo.addons.queue_job.exception import RetryableJobError
from odoo.addons.queue_job.tests.common import trap_jobs

from ..models.crm_metrics_engine import SHARDS

SEGMENT, MOVEMENT = "crm.mrr.segment", "crm.mrr.movement"


@tagged("post_install", "-at_install")
class TestJobs(TransactionCase):
    """Which jobs there are, and what one of them does."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env, "metrics_jobs_manager", "sales_team.group_sale_manager"
        )
        cls.engine = cls.env["crm.metrics.engine"].with_user(cls.manager)

    def runs(self):
        return self.env["crm.metrics.run"].search([("fact", "=", SEGMENT)], limit=1)

    def test_a_job_for_each_shard(self):
        with trap_jobs() as trap:
            count = self.engine.recompute_later([MOVEMENT, SEGMENT], 4)
            self.assertEqual(count, 8)
            trap.assert_jobs_count(8)
            jobs = {job.args: job for job in trap.enqueued_jobs}
        self.assertEqual(
            set(jobs),
            {
                ("recompute", fact, shard, 4)
                for fact in (SEGMENT, MOVEMENT)
                for shard in range(4)
            },
        )
        for (_mode, fact, shard, _shards), job in jobs.items():
            self.assertEqual(job.channel, "root.crm_metrics")
            before = {each.args[1] for each in job.depends_on}
            self.assertEqual(before, {SEGMENT} if fact == MOVEMENT else set(), shard)

    def test_not_twice_what_waits(self):
        model = self.env["queue.job"].sudo()
        self.engine.recompute_later([SEGMENT], 2)
        waiting = model.search([("model_name", "=", "crm.metrics.engine")])
        self.assertEqual(len(waiting), 2)
        self.engine.recompute_later([SEGMENT], 2)
        self.assertEqual(
            model.search([("model_name", "=", "crm.metrics.engine")]), waiting
        )

    def test_what_a_job_does(self):
        with trap_jobs() as trap:
            self.engine.recompute_later([SEGMENT], 2)
            trap.perform_enqueued_jobs()
        run = self.runs()
        self.assertEqual((run.mode, run.shards), ("recompute", 2))
        self.assertEqual(run.user_id, self.manager)

    def test_audit(self):
        engine = self.env["crm.metrics.engine"]
        with trap_jobs() as trap:
            engine._cron_audit()
            trap.assert_jobs_count(SHARDS * len(engine._facts()))
            trap.perform_enqueued_jobs()
        self.assertEqual((self.runs().mode, self.runs().shards), ("audit", SHARDS))

    def test_busy(self):
        with self.registry.cursor() as other:
            # a transaction of its own holds one slot of shard 1
            other.execute(
                """SELECT id FROM crm_metrics_slot
                    WHERE fact = %s AND slot = 1 FOR UPDATE""",
                [SEGMENT],
            )
            for mode in ("recompute", "audit"):
                with self.assertRaises(RetryableJobError) as caught:
                    self.engine._job_shard(mode, SEGMENT, 1, 2)
                # however often: it is no failure
                self.assertTrue(caught.exception.ignore_retry)
            self.assertEqual(self.engine._job_shard("recompute", SEGMENT, 0, 2), 0)
            other.rollback()

    def test_who_and_what(self):
        seller = new_test_user(
            self.env, "metrics_jobs_seller", "sales_team.group_sale_salesman_all_leads"
        )
        with self.assertRaises(AccessError):
            self.engine.with_user(seller).recompute_later()
        with self.assertRaisesRegex(ValidationError, "^fact: "):
            self.engine.recompute_later(["res.partner"])
        with self.assertRaisesRegex(ValidationError, "^shards: "):
            self.engine.recompute_later([SEGMENT], 3)
