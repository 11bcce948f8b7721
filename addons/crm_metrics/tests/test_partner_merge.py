from .common import CrmMetricsCommon


class TestPartnerMerge(CrmMetricsCommon):
    """Odoo's wizard moves foreign keys by raw SQL: no hook of the ORM sees it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.double = cls._customer("Double")

    def assertFactsAreFull(self):
        self.refresh()
        self.assertEqual(set(self.env["crm.metrics.engine"].audit().values()), {0})

    def heads(self):
        self.refresh()
        return sum(
            self.env["crm.mrr.movement"]
            .search([("company_id", "=", self.company.id)])
            .mapped("customers")
        )

    def test_two_customers_become_one(self):
        """Who was new beside the other is an expansion of the one now."""
        self.subscribe(100, "2026-01-01")
        self.subscribe(50, "2026-03-01", partner=self.double)
        self.refresh()
        self.assertEqual(self.heads(), 2)
        self.merge(self.double, self.customer)
        self.assertEqual(
            self.movements(self.customer),
            [("2026-01-01", "new", 100), ("2026-03-01", "expansion", 50)],
        )
        self.assertEqual(self.heads(), 1)
        self.assertFactsAreFull()

    def test_segments_may_need_no_change_but_movements_do(self):
        """Both new on one day: one logo too much, were only segments looked at."""
        self.subscribe(100, "2026-01-01")
        self.subscribe(50, "2026-01-01", partner=self.double)
        self.refresh()
        self.merge(self.double, self.customer)
        self.assertEqual(self.heads(), 1)
        self.assertFactsAreFull()

    def test_merge_before_the_first_refresh(self):
        self.subscribe(50, "2026-01-01", partner=self.double)
        self.merge(self.double, self.customer)
        self.assertEqual(self.movements(self.customer), [("2026-01-01", "new", 50)])
        self.assertFactsAreFull()

    def test_people_of_the_merged_customer_come_along(self):
        person = self._customer("Person", parent_id=self.double.id)
        self.subscribe(50, "2026-01-01", partner=person)
        self.refresh()
        self.merge(self.double, self.customer)
        self.assertEqual(person.commercial_partner_id, self.customer)
        self.assertEqual(self.movements(self.customer), [("2026-01-01", "new", 50)])
        self.assertFactsAreFull()

    def test_people_of_two_customers_are_merged(self):
        """The subscription changes the customer with its contact."""
        here = self._customer("Here", parent_id=self.customer.id)
        there = self._customer("There", parent_id=self.double.id)
        self.subscribe(50, "2026-01-01", partner=there)
        self.refresh()
        self.merge(there, here)
        self.assertEqual(self.movements(self.customer), [("2026-01-01", "new", 50)])
        self.assertEqual(self.movements(self.double), [])
        self.assertFactsAreFull()

    def test_no_fact_is_lost(self):
        """A unique constraint with the partner in it would make the wizard delete."""
        for partner in (self.customer, self.double):
            self.subscribe(100, "2026-01-01", "2026-02-28", partner=partner)
        self.refresh()
        self.merge(self.double, self.customer)
        self.assertEqual(
            self.movements(self.customer),
            [("2026-01-01", "new", 100)] * 2 + [("2026-03-01", "churn", -100)] * 2,
        )
        self.assertFactsAreFull()

    def test_no_fact_has_a_unique_index_with_the_customer(self):
        self.env.cr.execute(
            """
            SELECT i.relname FROM pg_index x
              JOIN pg_class i ON i.oid = x.indexrelid
              JOIN pg_class t ON t.oid = x.indrelid
              JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY(x.indkey)
             WHERE x.indisunique AND a.attname LIKE '%%partner_id'
               AND t.relname = ANY(%s)
            """,
            [
                [
                    self.env[fact]._table
                    for fact in self.env["crm.metrics.engine"]._facts()
                ]
            ],
        )
        self.assertEqual(self.env.cr.fetchall(), [])
