from odoo import Command

from .nps_answer_case import NpsAnswerCase
from .purchase_case import ENTRY


class TestNpsComplaint(NpsAnswerCase):
    """Who spends little, complains, and buys again all the same."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.crm_metrics_purchase_source = "won"
        cls.customers = cls.env["res.partner"]
        for number in range(5):
            customer = cls._customer(f"Customer {number}", user_id=cls.seller.id)
            cls.customers |= customer
            # the more purchases, the less they amount to
            cls.buy(customer, number + 1, 100 - 20 * number)

    @classmethod
    def buy(cls, customer, times, amount):
        cls.env[ENTRY].create(
            [
                {
                    "name": f"{customer.id}/{time}",
                    "company_id": cls.company.id,
                    "partner_id": customer.id,
                    "date": "2026-03-01",
                    "amount": amount / times,
                    "user_id": False,
                }
                for time in range(times)
            ]
        )

    def run_on(self, date="2026-06-15"):
        self.refresh()
        run = self.env["crm.customer.score.run"].create(
            {"company_id": self.company.id, "date": date}
        )
        scores = self.env["crm.customer.score"].search([("run_id", "=", run.id)])
        by_customer = {score.partner_id: score for score in scores}
        return [by_customer[customer] for customer in self.customers]

    def flags(self, date="2026-06-15"):
        return [(score.nps_bucket, score.complaint) for score in self.run_on(date)]

    def segments(self, **options):
        metrics = self.as_user(self.env["crm.metrics"], self.manager)
        return metrics.segments(options)["complaint"]

    def test_nobody_was_heard(self):
        scores = self.run_on()
        self.assertEqual([score.f for score in scores], [1, 2, 3, 4, 5])
        self.assertEqual([score.m for score in scores], [5, 4, 3, 2, 1])
        self.assertFalse(any(score.nps_bucket or score.complaint for score in scores))
        self.env.cr.execute(
            "SELECT count(complaint), count(nps_bucket) FROM crm_customer_score "
            "WHERE company_id = %s",
            [self.company.id],
        )
        self.assertEqual(self.env.cr.fetchone(), (0, 0), "absent, not false")
        self.assertIsNone(self.segments())

    def test_who_complains(self):
        for customer, score in zip(self.customers, (0, 6, 6, 6, 7), strict=True):
            self.answer(score, customer)
        self.assertEqual(
            self.flags(),
            [
                ("detractor", "no"),
                ("detractor", "no"),
                ("detractor", "no"),
                ("detractor", "yes"),
                ("passive", "no"),
            ],
        )
        self.assertEqual(self.segments(), {"customers": 1, "revenue": 40})
        self.assertEqual(
            self.segments(user_ids=self.seller.ids), {"customers": 1, "revenue": 40}
        )
        self.assertIsNone(self.segments(user_ids=self.seller_2.ids))

    def test_heard_and_nobody_complains(self):
        self.answer(9, self.customers[4])
        self.flags()
        self.assertEqual(self.segments(), {"customers": 0, "revenue": 0})

    def test_the_last_answer_of_anybody(self):
        last = self.customers[4]
        contact = self._contact("Bob", last)
        self.answer(0, contact, date="2026-06-01 00:00:00")
        self.answer(10, last, date="2026-06-02 00:00:00")
        self.assertEqual(self.flags()[4], ("promoter", "no"))

    def test_up_to_the_day_of_the_run(self):
        self.company.resource_calendar_id.tz = "America/New_York"
        # 31 May, 23:59:59 there
        self.answer(0, self.customers[4], date="2026-06-01 03:59:59")
        self.answer(10, self.customers[4], "wave,2", date="2026-06-01 04:00:00")
        self.assertEqual(self.flags("2026-05-31")[4], ("detractor", "yes"))
        self.assertEqual(self.flags("2026-06-01")[4], ("promoter", "no"))

    def test_in_the_window_of_the_run(self):
        """24 months up to 15 June 2026 begin on 16 June 2024."""
        last = self.customers[4]
        self.answer(10, last, "wave,2", date="2024-06-16 00:00:00")
        self.answer(0, self.customers[3], date="2024-06-15 23:59:59")
        self.assertEqual(self.flags()[3:], [(False, False), ("promoter", "no")])

    def test_what_does_not_count(self):
        last = self.customers[4]
        elsewhere = self._program(company_id=self.other_company.id, user_id=1)
        for wave, values in enumerate(
            (
                {"state": "suspect"},
                {"state": "excluded"},
                {"public": True},
                {"test": True},
                {"program": elsewhere},
            )
        ):
            self.answer(0, last, f"wave,{wave}", **values)
        self.assertEqual(self.flags()[4], (False, False))

    def test_a_merge_of_customers(self):
        last, other = self.customers[4], self.customers[3]
        self.answer(0, other)
        self.flags()
        self.env["base.partner.merge.automatic.wizard"].create(
            {
                "state": "selection",
                "partner_ids": [Command.set((last | other).ids)],
                "dst_partner_id": last.id,
            }
        ).action_merge()
        self.customers -= other
        self.env["crm.customer.score.run"].search(
            [("company_id", "=", self.company.id)]
        ).unlink()
        self.assertEqual(self.flags()[-1][0], "detractor")
