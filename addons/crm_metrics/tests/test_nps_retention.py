from .nps_making import ANSWER, INVITATION
from .nps_privacy_case import NpsPrivacyCase


class TestNpsRetention(NpsPrivacyCase):
    """What is too old loses who it is about, by itself."""

    def setUp(self):
        super().setUp()
        # now: 15 June 2026
        self.company.crm_nps_retention_months = 24
        june = "2024-06-01 00:00:00"
        self.old = self.answer(3, date="2024-06-14 21:59:59")
        self.new = self.answer(3, wave="wave,2", date="2024-06-15 00:00:00")
        invitations = self.old.invitation_id | self.new.invitation_id
        invitations.write({"date": june, "sent_at": june})

    def collect(self):
        self.env.flush_all()
        for name in (ANSWER, INVITATION):
            done, remaining = self.env[name]._gc_retention()
            if done:
                self.assertTrue(remaining, "it is called again")
        self.env.invalidate_all()

    def test_the_day_of_the_company_decides(self):
        self.collect()
        self.assertTrue(self.old.anonymised and self.old.invitation_id.anonymised)
        self.assertFalse(self.new.anonymised or self.new.invitation_id.anonymised)
        self.assertFalse(self.env["crm.nps.suppression"].search_count([]))
        self.assertEqual(self.env[ANSWER]._gc_retention(), (0, 0))
        self.assertEqual(self.env[INVITATION]._gc_retention(), (0, 0))

    def test_a_vote_is_as_old_as_its_latest_answer(self):
        again = self.answer(9, invitation=self.old.invitation_id)
        self.collect()
        self.assertFalse(self.old.anonymised or again.anonymised)

    def test_kept_for_good(self):
        self.company.crm_nps_retention_months = 0
        self.collect()
        self.assertFalse(self.old.anonymised)

    def test_each_company_for_itself(self):
        elsewhere = self.answer(
            3,
            program=self._program(company_id=self.other_company.id, user_id=1),
            date="2020-01-01 00:00:00",
        )
        self.collect()
        self.assertFalse(elsewhere.anonymised)

    def test_invitations(self):
        old = dict.fromkeys(("date", "sent_at"), "2024-01-01 00:00:00")
        skipped = self.invite(state="skipped", wave="wave,3", **old)
        planned = self.invite(state="planned", wave="wave,4", **old)
        closed = self.invite(wave="wave,5", expires_at="2026-06-15 09:59:59", **old)
        opened = self.invite(wave="wave,6", expires_at="2026-06-15 10:00:01", **old)
        self.collect()
        self.assertTrue(skipped.anonymised and closed.anonymised)
        self.assertFalse(planned.anonymised or opened.anonymised)

    def test_settings(self):
        settings = self.env["res.config.settings"].create({})
        settings.crm_nps_retention_months = 36
        settings.execute()
        self.assertEqual(self.company.crm_nps_retention_months, 36)


class TestNpsRetentionIsShort(NpsPrivacyCase):
    """Whoever is not to be asked again yet is known as long as that."""

    # now: 15 June 2026, 10:00 UTC
    OLD = "2026-01-01 10:00:00"

    def setUp(self):
        super().setUp()
        self.company.crm_nps_retention_months = 1
        programs = self.env["crm.nps.program"].search([])
        programs.write({"quarantine_days": 90, "account_limit": 0})

    def collect(self):
        self.env.flush_all()
        for name in (ANSWER, INVITATION):
            self.env[name]._gc_retention()
        self.env.invalidate_all()

    def invited(self, sent_at, **values):
        values = {"date": self.OLD, "wave": f"wave,{sent_at}", **values}
        return self.invite(sent_at=sent_at, **{"state": "expired", **values})

    def assertForgotten(self, forgotten, kept):
        self.collect()
        self.assertTrue(forgotten.anonymised)
        self.assertFalse(forgotten.person == kept.person)
        self.assertFalse(kept.anonymised)
        self.assertEqual(kept.partner_id, self.contact)

    def test_until_the_quarantine_is_over(self):
        self.assertForgotten(
            self.invited("2026-03-17 10:00:00"), self.invited("2026-03-17 10:00:01")
        )

    def test_the_longest_of_all_programs_counts(self):
        """Also of another company: nobody is asked twice by the same database."""
        self._program(company_id=self.other_company.id, user_id=1, quarantine_days=100)
        self._program(quarantine_days=120).action_archive()
        self.assertForgotten(
            self.invited("2026-03-07 10:00:00"), self.invited("2026-03-07 10:00:01")
        )

    def test_the_days_of_accounts_where_they_are_limited(self):
        self._program(account_limit=0, account_days=110)
        self._program(account_limit=2, account_days=100)
        self.assertForgotten(
            self.invited("2026-03-07 10:00:00"), self.invited("2026-03-07 10:00:01")
        )

    def test_a_bounce_is_remembered(self):
        self.assertForgotten(
            self.invited("2025-12-17 10:00:00", state="bounced", date="2025-12-01"),
            self.invited("2025-12-17 10:00:01", state="bounced", date="2025-12-01"),
        )

    def test_what_triggered_it_is_not_considered_again(self):
        self.program.expiry_days = 60
        skipped = {"state": "skipped", "sent_at": False}
        self.assertForgotten(
            self.invite(wave="wave,1", date="2026-04-16 10:00:00", **skipped),
            self.invite(wave="wave,2", date="2026-04-16 10:00:01", **skipped),
        )

    def test_a_trial_is_in_nobodys_way(self):
        trial = self.invited("2026-05-01 10:00:00", test=True)
        self.collect()
        self.assertTrue(trial.anonymised)

    def test_the_answer_goes_first(self):
        invitation = self.invited("2026-05-01 10:00:00", salt="x")
        person, token = invitation.person, invitation.token_hash
        answer = self.answer(
            3,
            invitation=invitation,
            comment="Ann is not pleased",
            date="2026-05-03 09:08:07",
        )
        before = self.votes()
        self.collect()
        self.assertTrue(answer.anonymised)
        self.assertFalse(answer.comment or answer.partner_id or answer.invitation_id)
        self.assertNotEqual(answer.person, person)
        self.assertEqual(self.votes(), before)
        self.assertFalse(invitation.anonymised)
        self.assertEqual((invitation.person, invitation.token_hash), (person, token))
        self.assertEqual(invitation.state, "answered")
        self.assertEqual(str(invitation.answered_at), "2026-05-03 12:00:00")
        self.assertNotIn("09:08:07", self.columns(answer) + self.columns(invitation))

    def test_nobody_is_asked_too_early(self):
        """The judge of the next program still finds whom the first one asked."""
        self.answer(3, invitation=self.invited("2026-05-01 10:00:00"), date=self.OLD)
        self.collect()
        (again,) = self._program(legal_basis="other")._consider(
            [{"wave": "w", "partner_id": self.contact.id}]
        )
        self.assertEqual(again.skip_reason, "quarantine")
