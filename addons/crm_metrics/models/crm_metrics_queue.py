from odoo import fields, models
from odoo.tools import SQL

from .crm_metrics_fact import SLOTS

#: columns that say whose row it is, of facts that are kept by customer
CUSTOMER = ("partner_id", "partner_key")


class CrmMetricsQueue(models.Model):
    """Keys whose facts are out of date.

    Written in the transaction that changed a source, by plain INSERTs: there
    is no unique index and no foreign key, so that a writer never waits for
    another one or for a refresh; doubles are allowed and cost nothing.
    """

    _name = "crm.metrics.queue"
    _description = "Metrics Queue"
    _log_access = False
    _rec_name = "fact"

    fact = fields.Char(required=True)
    key = fields.Integer(required=True)

    _fact_key_idx = models.Index("(fact, key)")

    def _push(self, fact, keys):
        """Note that the rows of some keys are out of date.

        :param fact: technical name of a fact
        :param keys: SQL that selects the keys (NULLs are left out), or their ids
        """
        if not isinstance(keys, SQL):
            keys = SQL("SELECT unnest(%s::int[])", list(keys))
        # straight to the cursor: this runs inside flushes, so it may not flush
        self.env.cr.execute(
            SQL(
                """INSERT INTO crm_metrics_queue (fact, key)
                   SELECT DISTINCT %s, key FROM (%s) AS keys (key)
                    WHERE key IS NOT NULL""",
                fact,
                keys,
            )
        )
        # many a change that was looked at concerns nobody
        if self.env.cr.rowcount:
            self._wake_refresh()

    def _push_customers(self, ids, derived=False):
        """Queue customers in every fact that sources feed by customer.

        :param derived: also in the facts that are derived from those
        """
        for fact in self.env["crm.metrics.engine"]._facts():
            Fact = self.env[fact]
            if Fact._fact_key in CUSTOMER and (derived or not Fact._fact_upstream):
                self._push(fact, ids)

    def _wake_refresh(self):
        """Let the refresh run soon after this transaction, once."""
        precommit = self.env.cr.precommit
        if not precommit.data.get("crm_metrics_refresh"):
            precommit.data["crm_metrics_refresh"] = True
            precommit.add(self._trigger_refresh)

    def _trigger_refresh(self):
        # absent while the addon is being installed
        cron = self.env.ref("crm_metrics.ir_cron_refresh", raise_if_not_found=False)
        if cron:
            cron._trigger()

    def _waiting(self):
        """Return how many keys wait, by fact (facts without any are absent)."""
        return dict(
            self.env.execute_query(
                SQL(
                    """SELECT fact, count(DISTINCT key)
                         FROM crm_metrics_queue GROUP BY fact"""
                )
            )
        )

    def _waiting_slots(self, fact):
        """Return the slots in which keys of a fact wait."""
        return self._column(
            SQL(
                "SELECT DISTINCT key %% %s FROM crm_metrics_queue WHERE fact = %s",
                SLOTS,
                fact,
            )
        )

    def _waiting_keys(self, fact, slots, limit=None):
        """Return keys of a fact that wait in some slots, at most `limit`."""
        return self._column(
            SQL(
                """SELECT DISTINCT key FROM crm_metrics_queue
                    WHERE fact = %s AND key %% %s = ANY(%s) LIMIT %s""",
                fact,
                SLOTS,
                slots,
                limit,
            )
        )

    def _waiting_count(self, fact, slots):
        """Return how many keys of a fact wait in some slots."""
        # the queue may hold all leads: their keys stay in the database
        [count] = self._column(
            SQL(
                """SELECT count(DISTINCT key) FROM crm_metrics_queue
                    WHERE fact = %s AND key %% %s = ANY(%s)""",
                fact,
                SLOTS,
                slots,
            )
        )
        return count

    def _drop(self, fact, scope):
        """Take keys off the queue, in the transaction that does their work.

        Only what this snapshot sees is taken: a key that somebody queues
        meanwhile stays for the next refresh.
        """
        self.env.cr.execute(
            SQL(
                "DELETE FROM crm_metrics_queue WHERE fact = %s AND %s",
                fact,
                scope(SQL("key")),
            )
        )

    def _column(self, query):
        return [value for (value,) in self.env.execute_query(query)]
