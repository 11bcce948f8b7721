from .nps_figures_case import NpsFiguresCase


class TestResponse(NpsFiguresCase):
    def test_funnel(self):
        for state, count in (
            ("planned", 1),
            ("failed", 2),
            ("sending", 1),
            ("sent", 3),
            ("answered", 4),
            ("declined", 1),
            ("expired", 2),
            ("bounced", 5),
        ):
            for _number in range(count):
                self.invite(state)
        self.invite("skipped", skip_reason="quarantine")
        self.invite("skipped", skip_reason="no_email")
        self.invite("skipped", skip_reason="no_email")
        self.invite("answered", test=True)
        # its time is over, and the scheduled action has not come yet
        self.invite("sent", expires_at="2026-06-15 10:00:00")
        self.invite("sent", expires_at="2026-06-15 10:00:01")
        result = self.nps()
        self.assertEqual(
            result["response"],
            {
                "considered": 24,
                "skipped": 3,
                "waiting": 1,
                "failed": 2,
                "sent": 18,
                "bounced": 5,
                "delivered": 13,
                "answered": 4,
                "declined": 1,
                "expired": 3,
                "open": 5,
                "rate": 4 / 13,
            },
        )
        self.assertEqual(
            result["skipped"],
            [
                {"reason": "no_email", "name": "No e-mail address", "count": 2},
                {"reason": "quarantine", "name": "Asked not long ago", "count": 1},
            ],
        )

    def test_of_the_day_of_the_first_mail(self):
        self.invite("answered", "2026-03-31", sent_at="2026-04-01 08:00:00")
        self.invite("sent", "2026-04-01", last_sent_at="2026-05-01 08:00:00")
        self.invite("skipped", "2026-03-31", skip_reason="late")
        march = self.nps("2026-03-01", "2026-03-31")["response"]
        april = self.nps("2026-04-01", "2026-04-30")["response"]
        self.assertEqual((march["considered"], march["skipped"]), (1, 1))
        self.assertEqual((april["sent"], april["rate"]), (2, 0.5))

    def test_answers_come_later_than_the_mail(self):
        """A cohort is told as it is now, and `open` says that it may change."""
        self.invite("answered", "2026-03-31", answered_at="2026-04-02 08:00:00")
        march = self.nps("2026-03-01", "2026-03-31")["response"]
        self.assertEqual((march["answered"], march["open"]), (1, 0))

    def test_refused_at_once_is_sent_and_bounced(self):
        self.invite("bounced", sent_at=False)
        response = self.nps()["response"]
        self.assertEqual((response["sent"], response["delivered"]), (1, 0))


class TestAccounts(NpsFiguresCase):
    def setUp(self):
        super().setUp()
        self.other = self._customer("Other")
        self.employee = self._customer("Employee", parent_id=self.customer.id)

    def test_accounts_weigh_equal(self):
        """Three votes of one account, one of another: 33.3 and -100."""
        self.answers(10, 10, partner_id=self.employee.id)
        self.answers(0, partner_id=self.customer.id)
        self.answers(0, partner_id=self.other.id)
        self.answers(10)
        result = self.nps()
        self.assertEqual(result["score"], 20)
        accounts = result["accounts"]
        self.assertEqual((accounts["score"], accounts["count"]), (-33, 2))

    def test_weights_and_coverage(self):
        self.answers(10, partner_id=self.employee.id)
        self.answers(0, partner_id=self.other.id)
        self.enter(500, "2026-03-01")
        self.enter(-100, "2026-04-01")
        self.enter(100, "2025-07-01", self.other)
        # neither in the 12 months to 30 June 2026, nor of an account that answered
        self.enter(5000, "2025-06-15", self.other)
        self.enter(300, "2026-03-01", self._customer("Silent"))
        self.enter(999, "2026-03-01", False)
        self.assertEqual(
            self.nps()["accounts"],
            {
                "score": 0,
                "count": 2,
                "weighted_score": 60,
                "coverage": 0.625,
                "revenue": 500,
            },
        )

    def test_who_got_back_more_weighs_nothing(self):
        self.answers(10, partner_id=self.customer.id)
        self.answers(0, partner_id=self.other.id)
        self.enter(100, "2026-03-01")
        self.enter(100, "2026-03-01", self.other)
        self.enter(-150, "2026-04-01", self.other)
        accounts = self.nps()["accounts"]
        self.assertEqual((accounts["weighted_score"], accounts["coverage"]), (100, 1))

    def test_without_purchases(self):
        self.answers(10, partner_id=self.customer.id)
        accounts = self.nps()["accounts"]
        self.assertEqual(
            (accounts["score"], accounts["weighted_score"], accounts["coverage"]),
            (100, None, None),
        )

    def test_the_twelve_months_to_a_past_day(self):
        self.answers(10, partner_id=self.customer.id)
        self.answers(0, partner_id=self.other.id)
        self.enter(100, "2025-04-01")
        self.enter(100, "2026-04-01", self.other)
        self.assertEqual(self.nps()["accounts"]["weighted_score"], -100)
        past = self.nps(date_to="2026-03-31")["accounts"]
        self.assertEqual((past["weighted_score"], past["revenue"]), (100, 100))
