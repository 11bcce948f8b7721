from odoo import models
from odoo.tools import SQL

#: temporary table of the rows as they should be
ROWS = SQL.identifier("crm_metrics_rows")
#: from so many changed rows on, the planner's statistics are renewed at once:
#: the next statement would otherwise be planned for the table as it was
ANALYZE_FROM = 10_000
#: Number of slots of a fact. A shard `k of n` is the slots with slot % n = k,
#: so n must divide it; 64 allows up to 64 workers and costs 64 small rows.
SLOTS = 64


class CrmMetricsFact(models.AbstractModel):
    """A table of derived rows, kept equal to what its SELECT says.

    A concrete fact declares its key, its identity and its SELECT; all writing
    is done by `crm.metrics.engine`, in SQL. Nobody else writes a fact. It says
    `_log_access = False` itself, as Odoo does not inherit that: who computed a row,
    and when, would be four columns and two foreign keys for nothing.
    """

    _name = "crm.metrics.fact"
    _description = "Metrics Fact"
    _log_access = False

    #: integer column that says whose row it is (a customer, a lead): changes
    #: are queued, locked and rebuilt by it
    _fact_key = "partner_id"
    #: columns that together with the key tell one row from all others; each
    #: is filled in every row
    _fact_identity = ()
    #: the other columns that the SELECT gives
    _fact_values = ()
    #: facts that this one is derived from: what changes there is queued here
    _fact_upstream = ()
    #: whether the SELECT also gives rows that are left out, with their reason
    _fact_has_issues = False

    def init(self):
        res = super().init()
        if not self._abstract:
            # the slot table may be created after this one
            self.pool.post_init(self._fact_create_slots)
        return res

    def _fact_create_slots(self):
        self.env.cr.execute(
            SQL(
                """INSERT INTO crm_metrics_slot (fact, slot)
                   SELECT %s, slot FROM generate_series(0, %s) AS slot
                   ON CONFLICT DO NOTHING""",
                self._name,
                SLOTS - 1,
            )
        )

    def _fact_install(self):
        """Fill the table from what its sources hold at the installation."""
        self.env["crm.metrics.engine"]._rebuild_slots(self._name, list(range(SLOTS)))

    def _fact_columns(self):
        """Return the names of all stored columns, key first."""
        return (self._fact_key, *self._fact_identity, *self._fact_values)

    def _fact_select(self, scope):
        """Return the rows as they should be, as one SELECT.

        :param scope: function from an SQL expression that holds the key to the
            SQL condition "this key is asked for"; to be applied as near to the
            sources as possible
        :return: SQL with the columns of :meth:`_fact_columns` and `issue`: None,
            or the code of the reason why this row is left out. A fact that has
            issues has the columns `res_model`, `res_id`, `company_id`, `user_id`.
        """
        raise NotImplementedError(self._name)

    def _fact_downstream(self):
        """Return the names of the facts that are derived from this one."""
        return [
            name
            for name in self.env["crm.metrics.engine"]._facts()
            if self._name in self.env[name]._fact_upstream
        ]

    def _fact_rebuild(self, scope):
        """Make the stored rows of a scope equal to what their SELECT says.

        The caller holds the slots. Only the difference is written: a rebuild
        that finds nothing to do leaves the table as it is.

        :param scope: as in :meth:`_fact_select`
        :return: tuple (rows that stand in the scope, rows deleted or inserted)
        """
        cr = self.env.cr
        self.env.flush_all()
        cr.execute(SQL("DROP TABLE IF EXISTS pg_temp.%s", ROWS))
        cr.execute(
            SQL(
                "CREATE TEMP TABLE %s ON COMMIT DROP AS %s",
                ROWS,
                self._fact_select(scope),
            )
        )
        cr.execute(SQL("ANALYZE %s", ROWS))
        if self._fact_has_issues:
            self.env["crm.metrics.issue"]._sync(self._name, scope, ROWS)

        identity = (self._fact_key, *self._fact_identity)
        parts = {
            "fact": SQL.identifier(self._table),
            "rows": ROWS,
            "key": SQL.identifier("f", self._fact_key),
            "scope": scope(SQL.identifier("f", self._fact_key)),
            "columns": self._fact_sql_columns(self._fact_columns()),
            "wanted": self._fact_sql_columns(self._fact_columns(), "r"),
            "same_identity": SQL(
                "(%s) = (%s)",
                self._fact_sql_columns(identity, "f"),
                self._fact_sql_columns(identity, "r"),
            ),
            "same_values": SQL(
                "ROW(%s) IS NOT DISTINCT FROM ROW(%s)",
                self._fact_sql_columns(self._fact_values, "f"),
                self._fact_sql_columns(self._fact_values, "r"),
            ),
        }
        # The planner believes that an empty table stays empty and would look each
        # row up in it by a scan, which then crawls over all rows inserted so far.
        cr.execute("SET LOCAL enable_nestloop = off")
        deleted = self._fact_write(
            SQL(
                """DELETE FROM %(fact)s AS f
                    WHERE %(scope)s AND NOT EXISTS (
                        SELECT FROM %(rows)s r
                         WHERE r.issue IS NULL
                           AND %(same_identity)s AND %(same_values)s)
                   RETURNING %(key)s AS key""",
                **parts,
            )
        )
        inserted = self._fact_write(
            SQL(
                """INSERT INTO %(fact)s AS f (%(columns)s)
                   SELECT %(wanted)s FROM %(rows)s r
                    WHERE r.issue IS NULL AND NOT EXISTS (
                        SELECT FROM %(fact)s f WHERE %(scope)s AND %(same_identity)s)
                   RETURNING %(key)s AS key""",
                **parts,
            )
        )
        cr.execute("SET LOCAL enable_nestloop TO DEFAULT")
        cr.execute(
            SQL(
                """SELECT (SELECT count(*) FROM %(rows)s WHERE issue IS NULL),
                          (SELECT count(*) FROM %(fact)s f WHERE %(scope)s)""",
                **parts,
            )
        )
        rows, stored = cr.fetchone()
        if stored > rows:
            # No unique index guards a fact: a contact merge would trip over it.
            # A doubled row equals its wanted twin, so only the count tells.
            deleted += self._fact_write(
                SQL(
                    """DELETE FROM %(fact)s AS f USING (
                           SELECT id, row_number() OVER (
                                      PARTITION BY %(columns)s ORDER BY id) AS copy
                             FROM %(fact)s f WHERE %(scope)s) AS doubled
                        WHERE f.id = doubled.id AND doubled.copy > 1
                       RETURNING %(key)s AS key""",
                    **parts,
                )
            )
        if deleted + inserted >= ANALYZE_FROM:
            cr.execute(SQL("ANALYZE %s", parts["fact"]))
        self.invalidate_model()
        return rows, deleted + inserted

    def _fact_write(self, statement):
        """Run a statement that returns keys and queue them downstream.

        :return: number of rows that the statement wrote
        """
        self.env.cr.execute(
            SQL(
                """WITH written AS (%s), queued AS (
                       INSERT INTO crm_metrics_queue (fact, key)
                       SELECT fact, key
                         FROM unnest(%s::text[]) AS fact,
                              (SELECT DISTINCT key FROM written) AS keys)
                   SELECT count(*) FROM written""",
                statement,
                self._fact_downstream(),
            )
        )
        return self.env.cr.fetchone()[0]

    @staticmethod
    def _fact_sql_columns(names, alias=None):
        """Return a comma-separated list of quoted columns."""
        return SQL(", ").join(
            SQL.identifier(alias, name) if alias else SQL.identifier(name)
            for name in names
        )
