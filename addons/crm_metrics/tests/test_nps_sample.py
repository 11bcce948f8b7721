from datetime import timedelta

from odoo import fields

from .nps_case import NpsCase


class TestSample(NpsCase):
    def sampled(self, program, count=2000, wave="w"):
        """Return the addresses that the sample takes."""
        invitations = program._consider(
            [
                {"email": f"person{number}@example.com", "wave": wave}
                for number in range(count)
            ]
        )
        planned = invitations.filtered(lambda one: one.state == "planned")
        self.assertEqual(
            set((invitations - planned).mapped("skip_reason")), {"not_sampled"}
        )
        return set(planned.mapped("email"))

    def test_the_share_is_kept(self):
        """25 % of 2,000: within four standard deviations."""
        program = self.program(sample_percent=25, quarantine_days=0)
        self.assertAlmostEqual(len(self.sampled(program)), 500, delta=78)

    def test_the_same_ones_each_time(self):
        program = self.program(sample_percent=25, quarantine_days=0)
        first = self.sampled(program, 200)
        self.invitations(program).unlink()
        self.assertEqual(self.sampled(program, 200), first)

    def test_other_ones_in_the_next_wave(self):
        program = self.program(sample_percent=50, quarantine_days=0)
        first = self.sampled(program, 200)
        second = self.sampled(program, 200, wave="next")
        self.assertNotEqual(first, second)
        # half of them again, not none: within four standard deviations
        self.assertAlmostEqual(len(first & second), 50, delta=25)

    def test_a_larger_sample_keeps_the_smaller_one(self):
        program = self.program(sample_percent=20, quarantine_days=0)
        first = self.sampled(program, 200)
        self.invitations(program).unlink()
        program.sample_percent = 60
        self.assertLess(first, self.sampled(program, 200))

    def test_by_hand_everybody_is_asked(self):
        program = self.program(sample_percent=0.0001)
        anna = self.contact("Anna")
        candidates = [{"partner_id": anna.id, "wave": "w"}]
        self.assertAsked(program._consider(candidates, sample=False), None)


class TestMoment(NpsCase):
    """When mails may go out: in the company's hours, in the contact's zone."""

    def at(self, now, zone="UTC", **values):
        program = self.program(**values)
        moment = program._next_moment(zone, self.moment(now))
        return fields.Datetime.to_string(moment)

    def test_in_the_hours_at_once(self):
        self.assertEqual(self.at("2026-06-15 10:00:01"), "2026-06-15 10:00:01")

    def test_before_and_after_the_hours(self):
        self.assertEqual(self.at("2026-06-15 05:00:00"), "2026-06-15 08:00:00")
        self.assertEqual(self.at("2026-06-15 17:00:00"), "2026-06-16 08:00:00")
        self.assertEqual(self.at("2026-06-15 16:59:59"), "2026-06-15 16:59:59")

    def test_over_the_week_end(self):
        self.assertEqual(self.at("2026-06-19 17:00:00"), "2026-06-22 08:00:00")

    def test_in_the_zone_of_the_contact(self):
        """8:00 in New York is 12:00 UTC in summer, 13:00 in winter."""
        self.assertEqual(
            self.at("2026-06-15 10:00:00", "America/New_York"), "2026-06-15 12:00:00"
        )
        self.assertEqual(
            self.at("2026-12-15 10:00:00", "America/New_York"), "2026-12-15 13:00:00"
        )
        # over there the day is over: 19:00
        self.assertEqual(
            self.at("2026-06-15 10:00:00", "Asia/Tokyo"), "2026-06-15 23:00:00"
        )

    def test_on_a_holiday_of_the_company(self):
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "company_id": self.company.id,
                "calendar_id": self.company.resource_calendar_id.id,
                "date_from": "2026-06-15 00:00:00",
                "date_to": "2026-06-15 23:59:59",
            }
        )
        self.assertEqual(self.at("2026-06-15 10:00:00"), "2026-06-16 08:00:00")

    def test_whenever_where_there_are_no_hours(self):
        night = "2026-06-14 02:00:00"
        self.assertEqual(self.at(night, working_hours=False), night)
        self.company.resource_calendar_id.attendance_ids.unlink()
        self.assertEqual(self.at(night), night)
        self.company.resource_calendar_id = False
        self.assertEqual(self.at(night), night)

    def test_an_invitation_waits_for_its_moment(self):
        contacts = [
            self.contact("Here"),
            self.contact("There", tz="America/New_York"),
        ]
        invitations = self.consider(self.program(), *contacts)
        self.assertEqual(
            invitations.mapped("planned_at"),
            [self.moment("2026-06-15 10:00:00"), self.moment("2026-06-15 12:00:00")],
        )

    def test_what_was_not_sent_in_time_is_late(self):
        program = self.program(expiry_days=30)
        before = self.moment(self.now) - timedelta(30)
        anna, ben = self.contact("Anna"), self.contact("Ben")
        late, waiting = self.consider(program, anna, ben)
        late.date, waiting.date = before, before + timedelta(seconds=1)
        program.action_stop()
        self.prepare()
        self.assertEqual((late.state, late.skip_reason), ("skipped", "late"))
        self.assertEqual((waiting.state, waiting.skip_reason), ("planned", False))
