from odoo.exceptions import AccessError

from .nps_answer_case import ANSWER, NpsAnswerCase


class TestNpsPartner(NpsAnswerCase):
    """What a contact answered stands on its form and in lists."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls._contact("Bob")

    def seen(self, partner, user=None):
        self.env.flush_all()
        self.env.invalidate_all()
        partner = self.as_user(partner, user or self.manager)
        return (
            partner.crm_nps_bucket,
            partner.crm_nps_score,
            partner.crm_nps_answer_count,
            partner.crm_nps_account_score,
            partner.crm_nps_account_votes,
        )

    def found(self, *values, user=None, operator="in", model=None):
        self.env.flush_all()
        records = self.customer | self.contact | self.other if model is None else model
        return (
            self.as_user(records, user or self.manager)
            .search(
                [
                    ("id", "in", records.ids),
                    ("crm_nps_bucket", operator, list(values)),
                ]
            )
            .sudo()
        )

    def test_nobody_answered(self):
        self.assertEqual(self.seen(self.customer), (False, 0, 0, 0, 0))
        self.assertEqual(self.found(False), self.customer | self.contact | self.other)
        self.assertFalse(self.found("detractor", "passive", "promoter"))

    def test_own_and_of_the_account(self):
        self.answer(9, date="2026-06-01 00:00:00")
        self.answer(0, wave="wave,2", date="2026-06-03 00:00:00")
        self.answer(8, self.other, date="2026-06-02 00:00:00")
        # a promoter, a passive and a detractor
        self.assertEqual(self.seen(self.contact), ("detractor", 0, 2, 0, 3))
        self.assertEqual(self.seen(self.other), ("passive", 8, 1, 0, 3))
        self.assertEqual(self.seen(self.customer), ("detractor", 0, 3, 0, 3))
        self.assertEqual(self.found("detractor"), self.customer | self.contact)
        self.assertEqual(self.found("passive"), self.other)
        self.assertEqual(self.found("promoter"), self.env["res.partner"])
        self.assertEqual(self.found("passive", False), self.other)
        self.assertEqual(self.found("detractor", operator="not in"), self.other)

    def test_a_private_customer_counts_once(self):
        person = self._customer("Zoe", email="zoe@example.com")
        self.answer(10, person)
        self.assertEqual(self.seen(person), ("promoter", 10, 1, 100, 1))

    def test_one_vote_a_person_and_wave(self):
        self.answer(0, date="2026-06-01 00:00:00")
        self.answer(10, date="2026-06-02 00:00:00")
        self.answer(7, self.other)
        # (1 - 0) / 2
        self.assertEqual(self.seen(self.customer)[3:], (50, 2))
        # answers of who is nobody are votes each
        for _number in range(2):
            self.answer(0, person=False)
        # (1 - 2) / 4
        self.assertEqual(self.seen(self.customer)[3:], (-25, 4))

    def test_of_the_last_12_months(self):
        self.answer(0, date="2025-06-15 10:00:00")
        self.assertEqual(self.seen(self.customer)[3:], (0, 0))
        self.answer(0, wave="wave,2", date="2025-06-15 10:00:01")
        self.assertEqual(self.seen(self.customer)[3:], (-100, 1))

    def test_what_does_not_count(self):
        for wave, values in enumerate(
            ({"state": "suspect"}, {"state": "excluded"}, {"public": True}), 2
        ):
            self.answer(0, wave=f"wave,{wave}", **values)
        self.answer(0, test=True)
        self.assertEqual(self.seen(self.contact), (False, 0, 3, 0, 0))
        self.assertFalse(self.found("detractor"))

    def test_of_the_current_company(self):
        program = self._program(company_id=self.other_company.id, user_id=1)
        self.answer(0, program=program)
        self.assertEqual(self.seen(self.contact), (False, 0, 0, 0, 0))
        self.assertFalse(self.found("detractor"))

    def test_of_what_the_reader_may_read(self):
        self.answer(0)
        self.assertEqual(self.seen(self.contact, self.seller)[0], "detractor")
        nothing = (False, 0, 0, 0, 0)
        self.assertEqual(self.seen(self.contact, self.seller_2), nothing)
        self.assertFalse(self.found("detractor", user=self.seller_2))
        employee = self._user("nps_employee", "base.group_user")
        with self.assertRaises(AccessError):
            self.seen(self.contact, employee)

    def test_queries_of_a_list(self):
        partners = self.env["res.partner"]
        for number in range(6):
            contact = self._contact(f"Q {number}", email=f"q{number}@example.com")
            self.answer(number, contact)
            partners |= contact
        names = ["crm_nps_bucket", "crm_nps_account_score", "crm_nps_answer_count"]

        def queries(partners):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.as_user(partners, self.seller).read(names)
            return self.env.cr.sql_log_count - before

        queries(partners)
        self.assertEqual(queries(partners[:1]), queries(partners))

    def test_a_new_contact(self):
        new = self.env["res.partner"].new({"name": "New"})
        self.assertEqual((new.crm_nps_bucket, new.crm_nps_answer_count), (False, 0))

    def test_ways_out(self):
        answers = self.answer(3) | self.answer(4, self.other)
        trial = self.answer(4, self.other, test=True)
        for partner, expected in (
            (self.contact, answers[0]),
            (self.customer, answers),
        ):
            action = self.as_user(partner, self.seller).action_view_crm_nps_answers()
            self.assertEqual(self.env[ANSWER].search(action["domain"]), expected)
        self.assertNotIn(trial, self.env[ANSWER].search(action["domain"]))
        partners = self.contact | self.other
        action = self.as_user(partners, self.seller).action_crm_nps_ask()
        self.assertEqual(action["res_model"], "crm.nps.ask")
        self.assertEqual(action["context"], {"default_partner_ids": partners.ids})


class TestNpsLead(NpsAnswerCase):
    """What the customer thinks stands on the opportunity."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lead, cls.silent, cls.nobodys = cls.env["crm.lead"].create(
            [
                {
                    "name": "Deal",
                    "type": "opportunity",
                    "company_id": cls.company.id,
                    "partner_id": partner,
                    "user_id": cls.seller.id,
                }
                for partner in (
                    cls.contact.id,
                    cls._customer("Silent").id,
                    False,
                )
            ]
        )

    def seen(self, lead, user=None):
        self.env.flush_all()
        self.env.invalidate_all()
        lead = self.as_user(lead, user or self.seller)
        return (
            lead.crm_nps_bucket,
            lead.crm_nps_score,
            lead.crm_nps_answer_count,
            lead.crm_nps_account_score,
        )

    def found(self, *values, user=None):
        self.env.flush_all()
        leads = self.lead | self.silent | self.nobodys
        return (
            self.as_user(leads, user or self.seller)
            .search([("id", "in", leads.ids), ("crm_nps_bucket", "in", list(values))])
            .sudo()
        )

    def test_of_the_contact(self):
        self.answer(10, self._contact("Bob"), date="2026-06-02 00:00:00")
        self.answer(3, date="2026-06-01 00:00:00")
        self.assertEqual(self.seen(self.lead), ("detractor", 3, 2, 0))
        self.assertEqual(self.found("detractor"), self.lead)
        self.assertFalse(self.found("promoter"))
        self.assertEqual(self.found(False), self.silent | self.nobodys)

    def test_else_of_the_account(self):
        self.answer(10, self._contact("Bob"))
        self.assertEqual(self.seen(self.lead), ("promoter", 10, 1, 100))
        self.assertEqual(self.found("promoter"), self.lead)
        self.assertEqual(
            self.found("promoter", False),
            self.env["crm.lead"].union(self.lead, self.silent, self.nobodys),
        )
        self.assertEqual(self.found(False), self.silent | self.nobodys)

    def test_without_a_customer(self):
        answer = self.answer(
            2, invitation=self.invite(self.env["res.partner"], lead_id=self.nobodys.id)
        )
        self.assertEqual(self.seen(self.nobodys), (False, 0, 1, 0))
        action = self.as_user(self.nobodys, self.seller).action_view_crm_nps_answers()
        self.assertEqual(self.env[ANSWER].search(action["domain"]), answer)

    def test_the_deal_and_its_customer(self):
        of_deal = self.answer(2, invitation=self.invite(lead_id=self.lead.id))
        else_ = self.answer(3, wave="wave,2")
        self.assertEqual(self.seen(self.lead)[2], 2)
        action = self.as_user(self.lead, self.seller).action_view_crm_nps_answers()
        self.assertEqual(self.env[ANSWER].search(action["domain"]), of_deal | else_)

    def test_of_what_the_reader_may_read(self):
        self.answer(0)
        self.lead.user_id = self.seller_2
        self.assertEqual(self.seen(self.lead, self.seller_2), (False, 0, 0, 0))
        self.assertFalse(self.found("detractor", user=self.seller_2))

    def test_ask(self):
        action = self.as_user(self.lead, self.seller).action_crm_nps_ask()
        self.assertEqual(action["context"], {"default_lead_ids": self.lead.ids})
        with self.assertRaises(AccessError):
            self.as_user(self.lead, self.seller_2).action_crm_nps_ask()

    def test_queries_of_a_list(self):
        leads = self.env["crm.lead"]
        for number in range(6):
            contact = self._contact(f"Q {number}", email=f"q{number}@example.com")
            self.answer(number, contact)
            leads |= self.lead.copy({"partner_id": contact.id})
        names = ["crm_nps_bucket", "crm_nps_account_score", "crm_nps_answer_count"]

        def queries(leads):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.as_user(leads, self.seller).read(names)
            return self.env.cr.sql_log_count - before

        queries(leads)
        self.assertEqual(queries(leads[:1]), queries(leads))
