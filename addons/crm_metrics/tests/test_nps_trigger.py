from datetime import date, timedelta
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2.errors import SerializationFailure

from odoo.tools import mute_logger

from ..models import crm_nps_trigger
from .nps_case import NpsCase
from .nps_making import INVITATION

SECOND = timedelta(seconds=1)


class TestDealsWon(NpsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.asking = cls.program(trigger="won", trigger_days=7, legal_basis="customer")
        cls.anna = cls.contact("Anna")

    def asked(self, program=None):
        """Prepare, and return the deals of whom anybody was considered for."""
        self.prepare()
        return self.invitations(program or self.asking).lead_id

    def test_who_bought_is_asked_after_so_many_days(self):
        moment = self.moment(self.now) - timedelta(7)
        early = self.deal(100, moment + SECOND, partner=self.contact("Ben"))
        due = self.deal(100, moment, partner=self.anna)
        self.assertEqual(self.asked(), due)
        self.assertRecordValues(
            self.invitations(self.asking),
            [
                {
                    "partner_id": self.anna.id,
                    "lead_id": due.id,
                    "res_model": "crm.lead",
                    "res_id": due.id,
                    "wave": f"crm.lead,{due.id}",
                    # the deal is a purchase, whatever counts as one in figures
                    "state": "planned",
                    "skip_reason": False,
                }
            ],
        )
        with freeze_time(self.moment(self.now) + SECOND):
            self.assertEqual(self.asked(), due | early)

    def test_once_for_each_deal(self):
        deal = self.deal(100, "2026-06-02 12:00:00", partner=self.anna)
        self.asked()
        # whoever stands on it now
        deal.partner_id = self.contact("Ben")
        self.asked()
        self.assertEqual(self.invitations(self.asking).partner_id, self.anna)
        self.assertEqual(len(self.invitations(self.asking)), 1)

    def test_not_what_was_won_before_the_start(self):
        start = self.moment("2026-06-01 00:00:00")
        self.deal(100, start - SECOND, partner=self.anna)
        due = self.deal(100, start, partner=self.contact("Ben"))
        self.assertEqual(self.asked(), due)

    def test_neither_open_nor_lost_deals_nor_leads(self):
        values = {"stage_id": self.stage_open.id, "probability": 50}
        self.deal(100, "2026-06-02 12:00:00", partner=self.anna, **values)
        lost = self.deal(100, False, partner=self.anna, **values)
        lost.action_set_lost()
        lost.date_closed = "2026-06-02 12:00:00"
        self.assertFalse(self.asked())

    def test_deals_of_other_companies(self):
        """One without company belongs to that of its team, else of its seller."""
        self.deal(
            100,
            "2026-06-02 12:00:00",
            partner=self.anna,
            company_id=self.other_company.id,
        )
        values = {"company_id": False, "partner": self.anna}
        nobody = self.deal(100, "2026-06-02 12:00:00", **values)
        self.assertFalse(self.asked())
        self.team.company_id = self.company
        nobody.team_id = self.team
        self.assertEqual(self.asked(), nobody)

    def test_deals_without_contact(self):
        """By the address on the deal, in its language; without one it is told."""
        known = self.deal(
            100,
            "2026-06-02 12:00:00",
            partner=False,
            email_from="Dora <Dora@example.com>",
            lang_id=self.env["res.lang"]._get_data(code="en_US").id,
        )
        unknown = self.deal(100, "2026-06-03 12:00:00", partner=False)
        self.assertEqual(self.asked(), known | unknown)
        invitations = self.invitations(self.asking)
        self.assertAsked(invitations, None, "no_email")
        self.assertEqual(invitations[0].email, "dora@example.com")
        self.assertFalse(invitations.partner_id)

    def test_a_contact_whose_address_only_the_deal_has(self):
        silent = self.contact("Silent", email=False)
        deal = self.deal(
            100, "2026-06-02 12:00:00", partner=silent, email_from="s@example.com"
        )
        silent.email = False
        deal.email_from = "s@example.com"
        silent.email = False
        self.asked()
        self.assertEqual(self.invitations(self.asking).email, "s@example.com")

    def test_who_was_erased_does_not_come_back(self):
        """By the deal, on which the contact still stands; it is noted once."""
        deal = self.deal(100, "2026-06-02 12:00:00", partner=self.anna)
        self.asked()
        self.invitations(self.asking)._erase()
        for _run in range(3):
            self.assertFalse(self.asked())
            first, noted = self.invitations(self.asking)
            self.assertAsked(first | noted, "erased", "erased")
            for wave in (first | noted).mapped("wave"):
                self.assertNotRegex(wave, rf"\b{deal.id}\b")
            self.assertNotEqual(first.person, noted.person)
            self.assertRecordValues(
                noted,
                [
                    {
                        "partner_id": False,
                        "account_id": False,
                        "lead_id": False,
                        "res_model": False,
                        "res_id": False,
                        "email": False,
                        "lang": False,
                        "anonymised": True,
                        "create_uid": False,
                        "date": self.moment("2026-06-15 12:00:00"),
                    }
                ],
            )
        key = self.env["crm.nps.suppression"]._person_key("anna@example.com")
        self.assertNotIn(key, noted.person)
        # another deal is another reason
        self.deal(100, "2026-06-03 12:00:00", partner=self.anna)
        self.asked()
        self.assertEqual(len(self.invitations(self.asking)), 3)

    def test_a_contact_that_was_deleted_is_not_asked_again(self):
        """Its address is still on the deal."""
        deal = self.deal(100, "2026-06-02 12:00:00", partner=self.anna)
        self.env.flush_all()
        self.assertEqual(deal.email_from, "anna@example.com")
        self.asked()
        invitation = self.invitations(self.asking)
        self.sent(self.program(), self.anna, self.now)
        self.anna.unlink()
        self.assertEqual(deal.email_from, "anna@example.com")
        self.assertFalse(self.asked())
        self.assertEqual(self.invitations(self.asking), invitation)
        self.assertAsked(invitation, "erased")
        self.assertFalse(invitation.email or invitation.token_hash)
        # nor by another program so soon
        other = self.program(trigger="won")
        self.prepare()
        self.assertAsked(self.invitations(other), "quarantine")

    def test_history_asks_nobody(self):
        """What happened longer ago than an answer has time, whatever the start."""
        moment = self.moment(self.now)
        self.asking.write({"started_at": moment - timedelta(300), "expiry_days": 20})
        self.deal(100, moment - timedelta(27), partner=self.contact("Ben"))
        due = self.deal(100, moment - timedelta(27) + SECOND, partner=self.anna)
        self.assertEqual(self.asked(), due)

    def test_a_stopped_program_asks_nobody(self):
        """Nor does it catch up on what happened meanwhile."""
        self.deal(100, "2026-06-02 12:00:00", partner=self.anna)
        self.asking.with_user(self.manager).action_stop()
        self.assertFalse(self.asked())
        self.asking.with_user(self.manager).action_start()
        self.assertEqual(self.asking.started_at, self.moment(self.now))
        self.assertFalse(self.asked())

    def test_another_reason_counts_from_the_moment_it_is_chosen(self):
        program = self.program(trigger="manual", legal_basis="other")
        start = program.started_at
        self.deal(100, "2026-06-05 12:00:00", partner=self.anna)
        program.trigger = "manual"
        self.assertEqual(program.started_at, start)
        program.write({"trigger": "won", "trigger_days": 0})
        self.assertEqual(program.started_at, self.moment(self.now))
        self.assertFalse(self.asked(program))
        due = self.deal(100, self.now, partner=self.contact("Ben"))
        self.assertEqual(self.asked(program), due)
        # the start of what does not run is yet to come
        program.action_stop()
        with freeze_time("2026-06-16 10:00:00"):
            program.trigger = "renewal"
        self.assertEqual(program.started_at, self.moment(self.now))

    def test_drafts_and_archived_programs_ask_nobody(self):
        self.deal(100, "2026-06-02 12:00:00", partner=self.anna)
        draft = self.program(start=False, trigger="won")
        self.asking.action_archive()
        self.assertEqual(self.asking.state, "stopped")
        self.assertFalse(self.asked() | self.asked(draft))

    def test_two_programs_ask_once(self):
        self.deal(100, "2026-06-02 12:00:00", partner=self.anna)
        other = self.program(trigger="won")
        self.prepare()
        self.assertAsked(
            self.invitations(self.asking) | self.invitations(other), None, "quarantine"
        )


class TestRenewals(NpsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.asking = cls.program(trigger="renewal", trigger_days=30)
        cls.anna = cls.contact("Anna")

    def asked(self):
        self.prepare()
        return self.env["crm.subscription"].browse(
            self.invitations(self.asking).mapped("res_id")
        )

    def test_so_many_days_before_the_end(self):
        due = self.subscribe(10, date_end="2026-07-15", partner=self.anna)
        later = self.subscribe(10, date_end="2026-07-16", partner=self.contact("Ben"))
        self.assertEqual(self.asked(), due)
        self.assertRecordValues(
            self.invitations(self.asking),
            [
                {
                    "partner_id": self.anna.id,
                    "res_model": "crm.subscription",
                    "wave": f"crm.subscription,{due.id},2026-07-15",
                    "state": "planned",
                }
            ],
        )
        with freeze_time("2026-06-16 00:00:00"):
            self.assertEqual(self.asked(), due | later)

    def test_by_the_days_of_the_company(self):
        self.company.resource_calendar_id.tz = "Asia/Tokyo"
        due = self.subscribe(10, date_end="2026-07-16", partner=self.anna)
        with freeze_time("2026-06-15 14:59:59"):
            self.assertFalse(self.asked())
        with freeze_time("2026-06-15 15:00:00"):
            self.assertEqual(self.asked(), due)

    def test_each_end_once(self):
        due = self.subscribe(10, date_end="2026-07-10", partner=self.anna)
        self.asked()
        self.asked()
        self.assertEqual(len(self.invitations(self.asking)), 1)
        due.date_end = "2027-07-10"
        with freeze_time("2027-06-12 10:00:00"):
            self.asked()
        self.assertEqual(
            self.invitations(self.asking).mapped("wave"),
            [
                f"crm.subscription,{due.id},2026-07-10",
                f"crm.subscription,{due.id},2027-07-10",
            ],
        )

    def test_not_what_has_no_renewal(self):
        """Closed, over, not yet begun, of another company, without an end."""
        reason = self.env["crm.subscription.close.reason"].search([], limit=1)
        values = {"partner": self.anna}
        self.subscribe(10, date_end="2026-07-10", close_reason_id=reason.id, **values)
        self.subscribe(10, date_end="2026-06-14", **values)
        self.subscribe(10, "2026-07-01", date_end="2026-07-10", **values)
        self.subscribe(
            10, date_end="2026-07-10", company_id=self.other_company.id, **values
        )
        self.subscribe(10, **values)
        self.assertFalse(self.asked())

    def test_not_what_was_due_before_the_start(self):
        """The day must begin while the program runs."""
        self.asking.started_at = "2026-06-10 00:00:00"
        due = self.subscribe(10, date_end="2026-07-10", partner=self.anna)
        self.subscribe(10, date_end="2026-07-09", partner=self.contact("Ben"))
        self.assertEqual(self.asked(), due)
        self.asking.started_at = "2026-06-10 00:00:01"
        self.invitations(self.asking).unlink()
        self.assertFalse(self.asked())


class TestWaves(NpsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with freeze_time(cls.now):
            cls.asking = cls.program(
                trigger="wave", wave_date="2026-06-15", legal_basis="customer"
            )
        cls.firm = cls._customer("Firm", is_company=True, email="firm@example.com")
        cls.anna = cls.contact("Anna", parent_id=cls.firm.id)
        cls.enter(100, partner=cls.firm)

    def asked(self, program=None):
        self.refresh()
        self.prepare()
        return self.invitations(program or self.asking)

    def test_the_contacts_of_customers(self):
        """The account and its people; neither strangers nor addresses of invoices."""
        self.contact("Stranger")
        self.contact("Archived", parent_id=self.firm.id, active=False)
        desk = self.contact("Desk", parent_id=self.firm.id, type="invoice")
        elsewhere = self.contact("Elsewhere", company_id=self.other_company.id)
        self.enter(100, partner=elsewhere, company_id=self.other_company.id)
        subscriber = self.contact("Subscriber")
        self.subscribe(10, partner=subscriber)
        invitations = self.asked()
        self.assertEqual(invitations.partner_id, self.firm | self.anna | subscriber)
        self.assertAsked(invitations, None, None, None)
        self.assertEqual(set(invitations.mapped("wave")), {"wave,1"})
        # a wider audience
        other = self.program(
            trigger="wave", wave_date="2026-06-15", audience_domain="[]"
        )
        self.assertIn(desk, self.asked(other).partner_id)

    def test_an_audience(self):
        self.asking.audience_domain = "[('name', '=', 'Anna')]"
        self.assertEqual(self.asked().partner_id, self.anna)

    def test_accounts_without_any_address_are_one_row(self):
        self.firm.email = False
        self.contact("Silent", parent_id=self.firm.id, email=False)
        dumb = self._customer("Dumb", is_company=True)
        self.contact("Dumb1", parent_id=dumb.id, email=False)
        self.contact("Dumb2", parent_id=dumb.id, email=False)
        self.enter(100, partner=dumb)
        invitations = self.asked()
        self.assertEqual(
            {one.partner_id: one.skip_reason for one in invitations},
            {self.anna: False, dumb: "no_email"},
        )

    def test_one_address_on_two_contacts(self):
        self.anna.email = "FIRM@example.com"
        self.assertAsked(self.asked(), None, "double")

    def test_one_address_on_two_contacts_one_of_whom_agreed(self):
        """An interrupted wave considers neither of them again."""
        self.asking.legal_basis = "consent"
        double = self.contact(
            "Double",
            parent_id=self.firm.id,
            email="anna@example.com",
            crm_nps_consent=True,
        )
        self.refresh()
        done = self.asking._trigger_candidates()
        self.asking._consider(done)
        invitations = self.asked()
        self.assertEqual(invitations.partner_id, self.firm | self.anna | double)
        self.assertAsked(invitations, "no_consent", "no_consent", None)

    def test_on_its_day_and_then_after_each_interval(self):
        """A wave of the 31st stays one, through the short months."""
        self.asking.write(
            {
                "wave_date": "2026-07-31",
                "wave_interval_number": 1,
                "wave_interval_type": "month",
                "quarantine_days": 0,
            }
        )
        with freeze_time("2026-07-30 23:59:59"):
            self.assertFalse(self.asked())
        with freeze_time("2026-07-31 00:00:00"):
            self.assertEqual(len(self.asked()), 2)
        self.assertEqual(self.asking.wave_date, date(2026, 8, 31))
        self.assertEqual(self.asking.wave_number, 1)
        # after a long rest: one wave, not those that were missed
        with freeze_time("2026-12-01 10:00:00"):
            self.asked()
        self.assertEqual(
            self.invitations(self.asking).mapped("wave"),
            ["wave,1"] * 2 + ["wave,2"] * 2,
        )
        self.assertEqual(self.asking.wave_date, date(2026, 12, 31))

    def test_once_a_day_is_enough(self):
        self.assertEqual(len(self.asked()), 2)
        self.contact("Late", parent_id=self.firm.id)
        self.assertEqual(len(self.asked()), 2)

    def test_on_the_day_of_the_company(self):
        self.company.resource_calendar_id.tz = "Asia/Tokyo"
        self.asking.wave_date = "2026-06-16"
        with freeze_time("2026-06-15 14:59:59"):
            self.assertFalse(self.asked())
        with freeze_time("2026-06-15 15:00:00"):
            self.assertTrue(self.asked())

    def test_not_on_a_day_before_the_start(self):
        self.asking.write({"state": "stopped", "wave_date": "2026-05-31"})
        self.env.flush_all()
        # as if it had been started before that was refused
        self.cr.execute("UPDATE crm_nps_program SET state = 'running'")
        self.env.invalidate_all()
        self.assertFalse(self.asked())
        self.assertEqual(self.asking.wave_number, 0)

    def test_a_wave_that_was_interrupted_goes_on(self):
        """Killed after the first batch: nobody twice, nobody left out."""
        for number in range(4):
            self.contact(f"More{number}", parent_id=self.firm.id)
        self.refresh()
        self.env.flush_all()
        done = self.asking._trigger_candidates()[:2]
        self.asking._consider(done)
        with patch.object(crm_nps_trigger, "BATCH", 2):
            invitations = self.asked()
        self.assertEqual(len(invitations), 6)
        self.assertEqual(len(invitations.partner_id), 6)
        self.assertEqual(self.asking.wave_number, 1)

    def test_a_wave_that_was_interrupted_notes_once_who_was_erased(self):
        self.suppress(self.anna, "erased")
        self.refresh()
        self.asking._consider(self.asking._trigger_candidates())
        invitations = self.asked()
        self.assertEqual(len(invitations), 2)
        self.assertEqual(invitations.partner_id, self.firm)
        self.assertEqual(set(invitations.mapped("wave")), {"wave,1"})

    def break_audience(self, program):
        """Let a field be gone that the audience names."""
        self.env.flush_all()
        self.cr.execute(
            "UPDATE crm_nps_program SET audience_domain = %s WHERE id = %s",
            ["[('no_such_field', '=', 1)]", program.id],
        )
        self.env.invalidate_all()

    def test_one_broken_program_does_not_keep_others(self):
        broken = self.program(trigger="wave", wave_date="2026-06-15", sequence=1)
        self.break_audience(broken)
        with mute_logger("odoo.addons.crm_metrics.models.crm_nps_trigger"):
            self.assertTrue(self.asked())
        self.assertFalse(self.env[INVITATION].search([("program_id", "=", broken.id)]))
        self.assertFalse(self.asking.problem)

    def test_a_broken_program_tells_it(self):
        """Once, where it is seen; Odoo does not switch the action off for it."""
        self.refresh()
        cron = self.env.ref("crm_metrics.ir_cron_nps_prepare")
        since = self.moment(self.now) - timedelta(8)
        cron.write({"failure_count": 4, "first_failure_date": since})
        self.break_audience(self.asking)
        for _each in range(2):
            with self.assertLogs("odoo.addons.crm_metrics", "ERROR"):
                self.prepare()
            self.assertIn("no_such_field", self.asking.problem)
        self.assertRecordValues(cron, [{"active": True, "failure_count": 0}])
        told = self.asking.message_ids.filtered(
            lambda message: (
                "problem" in message.tracking_value_ids.field_id.mapped("name")
            )
        )
        self.assertEqual(len(told), 1)
        self.asking.audience_domain = "[]"
        self.prepare()
        self.assertFalse(self.asking.problem)
        self.assertEqual(len(self.invitations(self.asking)), 2)

    def test_a_race_is_no_problem(self):
        """Whoever writes at the same moment: the next run looks again."""
        self.refresh()
        with patch.object(
            self.registry["crm.nps.program"],
            "_consider",
            side_effect=SerializationFailure,
        ):
            self.prepare()
        self.assertFalse(self.asking.problem)
        self.prepare()
        self.assertEqual(len(self.invitations(self.asking)), 2)
