from odoo import fields, models
from odoo.tools import SQL


class CrmMetricsSlot(models.Model):
    """A part of a fact (key modulo 64) that one transaction works on at a time.

    A slot is taken by `SELECT ... FOR UPDATE SKIP LOCKED` and then updated. The
    update is what makes it safe under REPEATABLE READ: a transaction with an
    older snapshot gets a serialization failure instead of the slot, where an
    advisory lock would let it write from stale data.
    """

    _name = "crm.metrics.slot"
    _description = "Metrics Slot"
    _log_access = False
    _rec_name = "fact"

    fact = fields.Char(required=True)
    slot = fields.Integer(required=True)
    refreshed_at = fields.Datetime(help="When a transaction last worked on this part.")

    _fact_slot_uniq = models.UniqueIndex("(fact, slot)")

    def _take(self, fact, slots, partly=False):
        """Take slots of a fact for this transaction.

        To be called before anything is read that rows are computed from.

        :param fact: technical name of a fact
        :param slots: numbers of the wanted slots
        :param partly: take those that are free, instead of all or none
        :return: list of the slots that were taken
        :raise psycopg2.errors.SerializationFailure: another transaction has
            worked on one of them since this one began: roll back, try again
        """
        cr = self.env.cr
        cr.execute(
            SQL(
                """SELECT id, slot FROM crm_metrics_slot
                    WHERE fact = %s AND slot = ANY(%s)
                    ORDER BY slot FOR UPDATE SKIP LOCKED""",
                fact,
                list(slots),
            )
        )
        taken = dict(cr.fetchall())
        if not partly and len(taken) < len(slots):
            return []
        cr.execute(
            SQL(
                "UPDATE crm_metrics_slot SET refreshed_at = %s WHERE id = ANY(%s)",
                cr.now(),
                list(taken),
            )
        )
        return list(taken.values())

    def _refreshed_at(self):
        """Return when each fact was last worked on: dict, fact -> moment or None."""
        return dict(
            self.env.execute_query(
                SQL(
                    "SELECT fact, max(refreshed_at) FROM crm_metrics_slot GROUP BY fact"
                )
            )
        )
