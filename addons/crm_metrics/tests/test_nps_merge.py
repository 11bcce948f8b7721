from odoo import Command

from .nps_answer_case import ANSWER, INVITATION, NpsAnswerCase


class TestNpsMerge(NpsAnswerCase):
    """Two contacts are one person: each answer is kept, once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.double = cls._contact("Annie")

    def merge(self, source, destination):
        self.env["base.partner.merge.automatic.wizard"].create(
            {
                "state": "selection",
                "partner_ids": [Command.set((source | destination).ids)],
                "dst_partner_id": destination.id,
            }
        ).action_merge()
        self.assertFalse(source.exists())
        self.env.invalidate_all()

    def keys(self, *records):
        return {record.person for group in records for record in group}

    def test_every_answer_is_kept_once(self):
        first = self.answer(3)
        second = self.answer(9, self.double)
        third = self.answer(8, self.double, "wave,2")
        self.merge(self.double, self.contact)
        answers = self.env[ANSWER].search([("partner_id", "=", self.contact.id)])
        self.assertEqual(answers, (first | second | third) & answers)
        self.assertEqual(len(answers), 3)
        self.assertEqual(answers.mapped("account_id"), self.customer)
        person = self.env["crm.nps.suppression"]._person_key("ann@example.com")
        self.assertEqual(self.keys(answers, answers.invitation_id), {person})
        self.assertEqual(len(answers.invitation_id), 3)

    def test_the_account_follows(self):
        theirs = self._customer("Another Account", is_company=True)
        self.double.parent_id = theirs
        answer = self.answer(3, self.double)
        self.assertEqual(answer.account_id, theirs)
        self.merge(self.double, self.contact)
        self.assertEqual(answer.account_id, self.customer)
        self.assertEqual(answer.invitation_id.account_id, self.customer)

    def test_customers_are_merged(self):
        theirs = self._customer("Another Account", is_company=True)
        person = self._contact("Bob", theirs)
        answer = self.answer(3, person)
        self.merge(theirs, self.customer)
        self.assertEqual(answer.account_id, self.customer)

    def test_nobody_is_asked_twice(self):
        for states, expected in (
            (("planned", "planned"), ("skipped", "planned")),
            (("sent", "planned"), ("sent", "skipped")),
            (("planned", "answered"), ("skipped", "answered")),
            (("answered", "sent"), ("answered", "expired")),
            (("sent", "sent"), ("expired", "sent")),
            (("skipped", "planned"), ("skipped", "planned")),
            (("bounced", "sent"), ("bounced", "sent")),
            (("declined", "planned"), ("declined", "skipped")),
        ):
            with self.subTest(states=states):
                wave = f"wave,{states}"
                invitations = self.invite(wave=wave, state=states[0])
                invitations |= self.invite(self.double, wave, state=states[1])
                self.env[INVITATION]._merge_contacts(self.double, self.contact)
                self.assertEqual(tuple(invitations.mapped("state")), expected)
        skipped = self.env[INVITATION].search([("skip_reason", "=", "double")])
        self.assertFalse(any(skipped.mapped("token_hash")))

    def test_other_waves_and_programs_go_on(self):
        first = self.invite(state="planned")
        second = self.invite(self.double, "wave,2", state="planned")
        third = self.invite(self.double, program=self._program(), state="planned")
        self.merge(self.double, self.contact)
        self.assertEqual(set((first | second | third).mapped("state")), {"planned"})

    def test_contacts_without_an_address(self):
        """Their keys are their numbers, one of which is gone."""
        here = self._contact("Here", email=False)
        there = self._contact("There", email=False)
        answers = self.answer(3, here) | self.answer(4, there, "wave,2")
        self.assertEqual(answers[1].person, f"partner,{there.id}")
        self.merge(there, here)
        self.assertEqual(self.keys(answers), {f"partner,{here.id}"})

    def test_the_address_comes_along(self):
        here = self._contact("Here", email=False)
        answer = self.answer(3, here)
        self.merge(self.double, here)
        self.assertEqual(here.email_normalized, "annie@example.com")
        person = self.env["crm.nps.suppression"]._person_key("annie@example.com")
        self.assertEqual(answer.person, person)

    def test_whoever_opted_out_is_left_alone(self):
        suppression = self.env["crm.nps.suppression"]
        key = suppression._person_key
        here = self._contact("Here", email=False)
        for source, reason in ((self.double, "opted_out"), (here, "erased")):
            suppression._suppress([key(source.email_normalized, source)], reason)
            self.merge(source, self.contact)
            person = key("ann@example.com")
            self.assertEqual(suppression._suppressed([person]), {person: reason})

    def test_nobody_opted_out(self):
        self.merge(self.double, self.contact)
        person = self.env["crm.nps.suppression"]._person_key("ann@example.com")
        self.assertFalse(self.env["crm.nps.suppression"]._suppressed([person]))

    def test_no_unique_index_with_a_contact(self):
        """Odoo's merge deletes rows, or fails, on one."""
        self.env.cr.execute(
            """
            SELECT i.relname FROM pg_index x
              JOIN pg_class i ON i.oid = x.indexrelid
              JOIN pg_class t ON t.oid = x.indrelid
              JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY(x.indkey)
             WHERE x.indisunique
               AND t.relname IN ('crm_nps_answer', 'crm_nps_invitation')
               AND a.attname IN ('partner_id', 'account_id', 'person')
            """
        )
        self.assertEqual(self.env.cr.fetchall(), [])
