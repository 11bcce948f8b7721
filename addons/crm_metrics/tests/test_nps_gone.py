from freezegun import freeze_time

from .nps_making import ANSWER, INVITATION
from .nps_privacy_case import NpsPrivacyCase


class TestNpsGone(NpsPrivacyCase):
    """A contact is deleted, or its company."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_seller = cls._user("nps_other", "sales_team.group_sale_salesman")

    def seen(self, records, user=None):
        """Return which of some records a salesperson sees."""
        self.env.flush_all()
        self.env.invalidate_all()
        model = self.as_user(records.browse(), user or self.other_seller)
        return model.search([("id", "in", records.ids)]).sudo()

    def test_what_a_deleted_contact_answered_is_nobodys(self):
        answer = self.answer(3, comment="Ann is not pleased")
        older = self.answer(
            4,
            wave="wave,0",
            invitation=self.invite(wave="wave,0", sent_at="2026-01-10 08:00:00"),
            date="2026-01-11 09:10:11",
            comment="Ann",
        )
        rows = answer | older
        invitations = rows.invitation_id
        invitations.date = "2026-01-10 08:00:00"
        person, tokens = answer.person, invitations.mapped("token_hash")
        self.assertFalse(self.seen(rows) or self.seen(invitations))
        name = str(self.contact.id)
        self.contact.unlink()
        for record in (*self.seen(rows), *self.seen(invitations)):
            left = self.columns(record)
            for secret in ("Ann", "ann@", *tokens, f"partner,{name}"):
                self.assertNotIn(secret, left)
        self.assertEqual(rows.mapped("anonymised"), [True, True])
        self.assertEqual(rows.mapped("score"), [3, 4])
        self.assertFalse(rows.partner_id | rows.account_id)
        self.assertNotIn(person, self.columns(rows))
        self.assertFalse(answer.invitation_id)
        # asked this month: whoever has the address now is not asked again so soon
        recent, old = invitations
        self.assertEqual((recent.person, old.anonymised), (person, True))
        self.assertEqual(recent.state, "answered")
        # nobody asked for it: the address may be that of another contact
        self.assertFalse(self.env["crm.nps.suppression"]._suppressed([person]))

    def test_what_is_open_ends(self):
        waves = ("planned", "sent", "sending", "bounced", "skipped")
        invitations = self.env[INVITATION].concat(
            *(self.invite(state=state, wave=f"wave,{state}") for state in waves)
        )
        self.contact.unlink()
        self.assertEqual(
            invitations.mapped("state"),
            ["skipped", "expired", "expired", "bounced", "skipped"],
        )
        self.assertFalse(any(invitations.mapped("token_hash")))
        self.assertFalse(any(invitations.mapped("email")))

    def test_what_was_needed_goes_in_its_time(self):
        """Also where nothing is made anonymous because of its age."""
        self.assertFalse(self.company.crm_nps_retention_months)
        first = self.invite()
        silent = self.invite(self._contact("Silent", email=False), state="skipped")
        by_deal = self.invite(self.env["res.partner"], email="deal@example.com")
        nobody = self.invite(self.env["res.partner"], state="skipped")
        self.contact.unlink()
        self.assertFalse(first.anonymised or silent.anonymised)
        for day, done in (("2026-07-01", False), ("2026-09-15", True)):
            with freeze_time(day):
                self.env[INVITATION]._gc_gone()
            self.assertEqual(first.anonymised, done)
        self.assertFalse(any((silent | by_deal | nobody).mapped("anonymised")))

    def test_whose_company_is_deleted_before(self):
        """A person who is left without a company is an account."""
        self.contact.user_id = self.seller
        answer = self.answer(3, comment="Ann is not pleased")
        own = self.answer(5, self.customer, comment="We are not pleased")
        invitation = answer.invitation_id
        self.customer.unlink()
        self.assertEqual(self.seen(answer | own), own)
        self.assertFalse(self.seen(invitation))
        self.assertEqual(self.seen(answer, self.seller), answer)
        self.assertEqual(answer.account_id, self.contact)
        self.assertEqual(invitation.account_id, self.contact)
        self.assertEqual(answer.comment, "Ann is not pleased")
        self.assertTrue(own.anonymised and not own.comment)
        self.contact.unlink()
        self.assertTrue(answer.anonymised and not answer.comment)

    def test_both_at_once(self):
        answer = self.answer(3, comment="Ann is not pleased")
        (self.customer | self.contact).unlink()
        self.assertTrue(answer.anonymised and not answer.comment)

    def test_of_nobody_and_still_of_the_account(self):
        """Rows of a contact that went by other ways than this."""
        answer = self.answer(3, comment="Ann is not pleased")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_nps_answer SET partner_id = NULL WHERE id = %s", [answer.id]
        )
        self.env.invalidate_all()
        self.customer.unlink()
        self.assertTrue(answer.anonymised and not answer.comment)

    def test_contacts_that_are_merged_keep_their_answers(self):
        double = self._contact("Annie")
        answer = self.answer(3, double, comment="Fine")
        self.merge(double, self.contact)
        self.assertFalse(double.exists())
        self.assertEqual(answer.partner_id, self.contact)
        self.assertFalse(answer.anonymised)

    def test_by_whoever_may_delete_contacts(self):
        answer = self.answer(3, comment="Ann is not pleased")
        user = self._user("nps_contacts", "base.group_partner_manager")
        self.contact.with_user(user).unlink()
        self.assertTrue(answer.anonymised)

    def test_many_at_once(self):
        """As many queries for many as for some."""

        def queries(count, wave):
            contacts = self.env["res.partner"].create(
                [
                    {"name": "Many", "email": f"{wave}{n}@example.com"}
                    for n in range(count)
                ]
            )
            answers = self.env[ANSWER].concat(
                *(self.answer(5, contact, wave) for contact in contacts)
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            contacts.unlink()
            self.env.flush_all()
            done = self.cr.sql_log_count - before
            self.assertEqual(set(answers.mapped("anonymised")), {True})
            return done

        queries(1, "warm")
        few = queries(3, "few")
        self.assertLessEqual(queries(40, "many"), few)
