import time

from odoo import api, fields, models


class CrmMetricsRun(models.Model):
    """Log of what the engine did."""

    _name = "crm.metrics.run"
    _description = "Metrics Run"
    _log_access = False
    _order = "started_at desc, id desc"
    _rec_name = "fact"

    fact = fields.Char(required=True, help="Technical name of the table.")
    mode = fields.Selection(
        [
            ("refresh", "Refresh"),
            ("recompute", "Recompute"),
            ("audit", "Audit"),
        ],
        required=True,
        help="Refresh: what had changed. Recompute: everything, by hand. "
        "Audit: everything, to see whether something had drifted.",
    )
    shard = fields.Integer()
    shards = fields.Integer(default=1)
    user_id = fields.Many2one("res.users", ondelete="set null")
    started_at = fields.Datetime(required=True)
    seconds = fields.Float(digits=(12, 3))
    rows = fields.Integer(help="Rows that stand in the part that was computed.")
    changed = fields.Integer(
        help="Rows that were deleted or inserted. After an audit: the drift, "
        "0 on an untouched database."
    )
    error = fields.Text()

    @api.autovacuum
    def _gc_runs(self, limit=10_000):
        """Forget runs after 90 days."""
        old = self.search([("started_at", "<", "-90d")], limit=limit)
        old.unlink()
        return len(old), len(old) == limit

    def _timed(self, fact, mode, work, shard=0, shards=1):
        """Do `work`, log it and return its result.

        :param work: function without arguments that returns (rows, changed)
        :return: dict with `rows`, `changed` and `seconds`
        """
        start = time.monotonic()
        rows, changed = work()
        result = {
            "rows": rows,
            "changed": changed,
            "seconds": round(time.monotonic() - start, 3),
        }
        self._log(fact, mode, shard=shard, shards=shards, **result)
        return result

    def _log(self, fact, mode, **values):
        self_sudo = self.sudo()  # nobody may write the log by hand
        self_sudo.create(
            {
                "fact": fact,
                "mode": mode,
                "user_id": self.env.uid,
                "started_at": self.env.cr.now(),
                **values,
            }
        )
