import logging

from psycopg2.errors import SerializationFailure

from odoo import api, models
from odoo.exceptions import AccessError, ValidationError
from odoo.tools import SQL

from .crm_metrics_fact import SLOTS

_logger = logging.getLogger(__name__)

#: how often a refresh that lost a race tries again before it leaves the rest
#: to the next run
ATTEMPTS = 5


class CrmMetricsEngine(models.AbstractModel):
    """Keeps the facts equal to what their SELECT says.

    Refresh (what is queued), recompute (everything, by hand) and audit
    (everything, to see what had drifted) differ only in their scope: each
    takes slots and calls `crm.metrics.fact._fact_rebuild`.
    """

    _name = "crm.metrics.engine"
    _description = "Metrics Engine"

    # ------------------------------------------------------------------
    # public
    # ------------------------------------------------------------------

    @api.model
    def recompute(self, fact, shard=0, shards=1):
        """Rebuild a fact, or one shard of it, from its sources.

        :param str fact: technical name of a fact, e.g. `crm.mrr.segment`
        :param int shard: which part, 0 <= shard < shards
        :param int shards: number of parts; divides 64
        :return: `{"rows", "changed", "seconds"}`: rows that stand in that part,
            rows that were deleted or inserted, duration; or `{"busy": True}`
            when somebody else is at work on a part of it (nothing was done)
        :raise AccessError: the caller is no sales administrator
        :raise ValidationError: unknown fact, bad shard
        """
        self._check_manager()
        self._check_fact(fact)
        slots = self._check_shard(shard, shards)
        if not self.env["crm.metrics.slot"]._take(fact, slots):
            return {"busy": True}
        self.env["crm.metrics.queue"]._wake_refresh()
        return self.env["crm.metrics.run"]._timed(
            fact, "recompute", lambda: self._rebuild_slots(fact, slots), shard, shards
        )

    @api.model
    def audit(self, facts=None):
        """Rebuild facts completely and report what had drifted.

        What is queued is refreshed first: waiting is not drift.

        :param list facts: technical names; default all
        :return: dict, fact -> number of rows deleted or inserted (0 on an
            untouched database), None when somebody else was at work on it
        :raise AccessError: the caller is no sales administrator
        :raise ValidationError: unknown fact
        """
        self._check_manager()
        facts = self._check_facts(facts)
        self.env["crm.metrics.queue"]._wake_refresh()
        return {fact: self._audit_fact(fact) for fact in facts}

    @api.model
    @api.readonly
    def status(self):
        """Say how fresh the facts are.

        :return: `{"facts": {fact: {"rows", "queued", "refreshed_at"}}, "issues",
            "runs"}`: rows and issues that the caller may read, keys that wait,
            time of the last work on a fact (ISO, UTC, or None), the last 20 runs
        :raise AccessError: the caller is no CRM user
        """
        self._check_user()
        waiting = self.env["crm.metrics.queue"]._waiting()
        refreshed_at = self.env["crm.metrics.slot"]._refreshed_at()
        runs = self.env["crm.metrics.run"].search([], limit=20)
        names = ["fact", "mode", "shard", "shards", "started_at", "seconds"]
        return {
            "facts": {
                fact: {
                    "rows": self.env[fact].search_count([]),
                    "queued": waiting.get(fact, 0),
                    "refreshed_at": self._iso(refreshed_at.get(fact)),
                }
                for fact in self._facts()
            },
            "issues": self.env["crm.metrics.issue"].search_count([]),
            "runs": [
                {**run, "started_at": self._iso(run["started_at"])}
                for run in runs.read([*names, "rows", "changed", "error"])
            ],
        }

    # ------------------------------------------------------------------
    # checks
    # ------------------------------------------------------------------

    def _check_user(self):
        if not self.env.user.has_group("sales_team.group_sale_salesman"):
            raise AccessError(
                self.env._(
                    "CRM Metrics is for sales users. Ask your administrator for "
                    "access to CRM."
                )
            )

    def _check_manager(self):
        if not self.env.user.has_group("sales_team.group_sale_manager"):
            raise AccessError(
                self.env._("Recomputing and auditing is for sales administrators.")
            )

    def _check_fact(self, fact):
        facts = self._facts()
        if fact not in facts:
            raise ValidationError(
                self.env._(
                    "fact: %(fact)r is none of %(facts)s.",
                    fact=fact,
                    facts=", ".join(facts),
                )
            )

    def _check_facts(self, facts):
        """Return names of facts, each after those it is derived from; None: all."""
        if facts is None:
            return self._facts()
        if not isinstance(facts, (list, tuple)):
            raise ValidationError(
                self.env._(
                    "facts: expected a list of technical names, not %(value)r.",
                    value=facts,
                )
            )
        for fact in facts:
            self._check_fact(fact)
        return [fact for fact in self._facts() if fact in facts]

    def _check_shard(self, shard, shards):
        """Return the slots of a shard, as a list of numbers."""
        if type(shards) is not int or shards < 1 or SLOTS % shards:
            raise ValidationError(
                self.env._(
                    "shards: expected a whole number that divides %(slots)s, "
                    "not %(value)r.",
                    slots=SLOTS,
                    value=shards,
                )
            )
        if type(shard) is not int or not 0 <= shard < shards:
            raise ValidationError(
                self.env._(
                    "shard: expected a whole number from 0 to %(last)s, not %(value)r.",
                    last=shards - 1,
                    value=shard,
                )
            )
        return list(range(shard, SLOTS, shards))

    def _facts(self):
        """Return the names of all facts, each after those it is derived from."""
        registry = self.env.registry
        ordered = []

        def visit(name):
            for upstream in registry[name]._fact_upstream:
                visit(upstream)
            if name not in ordered:
                ordered.append(name)

        for name in sorted(registry.descendants(["crm.metrics.fact"], "_inherit")):
            if not registry[name]._abstract:
                visit(name)
        return ordered

    # ------------------------------------------------------------------
    # scopes
    # ------------------------------------------------------------------

    def _rebuild_slots(self, fact, slots):
        """Rebuild all rows of some slots; what waits for them is done thereby."""

        def scope(key):
            if len(slots) == SLOTS:
                return SQL("TRUE")
            return SQL("%s %% %s = ANY(%s)", key, SLOTS, slots)

        return self._rebuild_scope(fact, scope)

    def _rebuild_keys(self, fact, keys):
        """Rebuild the rows of some keys."""
        return self._rebuild_scope(fact, lambda key: SQL("%s = ANY(%s)", key, keys))

    def _rebuild_scope(self, fact, scope):
        self.env["crm.metrics.queue"]._drop(fact, scope)
        return self.env[fact]._fact_rebuild(scope)

    # ------------------------------------------------------------------
    # scheduled
    # ------------------------------------------------------------------

    def _cron_refresh(self, limit=2000):
        """Refresh what is queued, in batches that are committed one by one.

        Killed at any point it has lost and doubled nothing: keys leave the
        queue in the transaction that writes their rows.

        :param limit: keys a batch
        """
        failure = None
        for fact in self._facts():
            try:
                if not self._refresh_fact(fact, limit):
                    return
            except Exception as error:
                # one broken fact must not keep the others stale
                self.env.cr.rollback()
                _logger.exception("Refresh of %s failed", fact)
                self.env["crm.metrics.run"]._log(fact, "refresh", error=str(error))
                self.env["ir.cron"]._commit_progress()
                failure = error
        if failure:
            raise failure

    def _refresh_fact(self, fact, limit):
        """Refresh a fact until nothing waits; return False when time is up."""
        lost_races = 0
        while lost_races < ATTEMPTS:
            try:
                done, left = self._refresh_batch(fact, limit)
            except SerializationFailure:
                # cron bodies are not retried by Odoo: look again, from now
                self.env.cr.rollback()
                lost_races += 1
                continue
            # keys of busy slots are for a later run: no reason to spin
            left = left if done else 0
            seconds = self.env["ir.cron"]._commit_progress(done, remaining=left)
            if not left:
                break
            if not seconds:
                return False
        return True

    def _refresh_batch(self, fact, limit):
        """Refresh up to `limit` queued keys of a fact whose slots are free.

        :return: tuple (keys done, keys of the same slots that still wait)
        """
        queue = self.env["crm.metrics.queue"]
        waiting = queue._waiting_slots(fact)
        slots = self.env["crm.metrics.slot"]._take(fact, waiting, partly=True)
        keys = queue._waiting_keys(fact, slots, limit)
        if not keys:
            return 0, 0
        self.env["crm.metrics.run"]._timed(
            fact, "refresh", lambda: self._rebuild_keys(fact, keys)
        )
        return len(keys), queue._waiting_count(fact, slots)

    def _cron_audit(self):
        """Audit every fact; drift is repaired and told in the runs."""
        for fact in self._facts():
            try:
                changed = self._audit_fact(fact)
            except SerializationFailure:
                # a refresh is at work on it; tomorrow is early enough
                self.env.cr.rollback()
                continue
            if changed:
                _logger.info("Audit of %s: %s rows had drifted", fact, changed)
            self.env["ir.cron"]._commit_progress(1)

    def _audit_fact(self, fact, shard=0, shards=1):
        """Audit a fact, or one shard of it; return its drift, None when busy."""
        run = self.env["crm.metrics.run"]
        slots = self._check_shard(shard, shards)
        if not self.env["crm.metrics.slot"]._take(fact, slots):
            return None
        keys = self.env["crm.metrics.queue"]._waiting_keys(fact, slots)
        if keys:
            run._timed(fact, "refresh", lambda: self._rebuild_keys(fact, keys))
        result = run._timed(
            fact, "audit", lambda: self._rebuild_slots(fact, slots), shard, shards
        )
        return result["changed"]

    @staticmethod
    def _iso(moment):
        return moment.isoformat(timespec="seconds") + "Z" if moment else None
