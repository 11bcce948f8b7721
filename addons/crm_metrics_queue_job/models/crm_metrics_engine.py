from odoo import api, models

from odoo.addons.queue_job.delay import chain, group
from odoo.addons.queue_job.exception import RetryableJobError

#: jobs of a fact: enough for several hosts, few enough for each to be worth its start
SHARDS = 16
#: a job whose slots somebody else works on comes back after so many seconds
BUSY_SECONDS = 10


class CrmMetricsEngine(models.AbstractModel):
    """Whole facts are rebuilt by jobs; what has changed is still refreshed at once."""

    _inherit = "crm.metrics.engine"

    @api.model
    def recompute_later(self, facts=None, shards=SHARDS):
        """Rebuild facts from their sources by jobs, one for each shard.

        :param list facts: technical names; default all
        :param int shards: number of parts of each fact; divides 64
        :return: number of jobs; those that wait already are not doubled
        :raise AccessError: the caller is no sales administrator
        :raise ValidationError: unknown fact, bad number of shards
        """
        self._check_manager()
        facts = self._check_facts(facts)
        self._check_shard(0, shards)
        return self._delay_shards("recompute", facts, shards)

    def _cron_audit(self):
        self._delay_shards("audit", self._facts(), SHARDS)

    def _delay_shards(self, mode, facts, shards):
        """Queue the jobs of facts, each fact after those it is derived from."""
        steps = [
            group(
                *(
                    self.delayable(
                        identity_key=f"crm_metrics {mode} {fact} {shard}/{shards}",
                        description=f"{mode} {fact}, shard {shard} of {shards}",
                    )._job_shard(mode, fact, shard, shards)
                    for shard in range(shards)
                )
            )
            for fact in facts
        ]
        chain(*steps).delay()
        return len(facts) * shards

    def _job_shard(self, mode, fact, shard, shards):
        """Rebuild a shard; when somebody else is at work there, try again later."""
        if mode == "audit":
            changed = self._audit_fact(fact, shard, shards)
        else:
            changed = self.recompute(fact, shard, shards).get("changed")
        if changed is None:
            raise RetryableJobError(
                "Somebody else works on these slots.",
                seconds=BUSY_SECONDS,
                ignore_retry=True,
            )
        return changed
