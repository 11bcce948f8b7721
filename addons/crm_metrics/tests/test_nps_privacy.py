from odoo import Command
from odoo.exceptions import AccessError, UserError

from .nps_answer_case import ANSWER, INVITATION, NpsAnswerCase


class NpsPrivacyCase(NpsAnswerCase):
    def columns(self, records):
        """Return all that the tables hold of rows, as text."""
        self.env.flush_all()
        self.env.cr.execute(
            f"SELECT row_to_json(t)::text FROM {records._table} t WHERE id = ANY(%s)",
            [records.ids],
        )
        return "\n".join(text for (text,) in self.env.cr.fetchall())

    def votes(self):
        """Return the number of votes of each bucket, by program and wave."""
        self.env.flush_all()
        self.env.cr.execute(
            """SELECT program_id, wave LIKE 'crm.lead,%%', bucket, count(*) FROM (
                   SELECT DISTINCT ON (program_id, wave, person)
                          program_id, wave, bucket
                     FROM crm_nps_answer WHERE company_id = %s
                    ORDER BY program_id, wave, person, date DESC, id DESC) v
                GROUP BY 1, 2, 3 ORDER BY 1, 2, 3""",
            [self.company.id],
        )
        return self.env.cr.fetchall()


class TestNpsAnonymise(NpsPrivacyCase):
    """What is anonymised counts on, and nobody can tell whose it was."""

    def setUp(self):
        super().setUp()
        self.lead = self.env["crm.lead"].create({"name": "Deal"})
        self.invitation = self.invite(
            wave=f"crm.lead,{self.lead.id}",
            lead_id=self.lead.id,
            res_model="crm.lead",
            res_id=self.lead.id,
            message_id="<1@mail.example.com>",
            error="ann@example.com said no",
            lang="en_US",
            last_sent_at="2026-06-13 08:01:02",
        )
        self.scored = self.answer(
            3,
            invitation=self.invitation,
            comment="Ann is not pleased",
            date="2026-06-14 21:22:23",
            tag_ids=[Command.create({"name": "Anonymised tag"})],
        )

    def test_nothing_is_left(self):
        person, token = self.invitation.person, self.invitation.token_hash
        self.assertTrue(token)
        self.scored.message_post(body="I called Ann", subtype_xmlid="mail.mt_note")
        self.scored.message_subscribe(self.contact.ids)
        self.scored.activity_schedule("mail.mail_activity_data_todo", note="Call Ann")
        self.env["ir.attachment"].create(
            {"name": "Ann", "res_model": ANSWER, "res_id": self.scored.id}
        )
        self.scored._anonymise()
        left = self.columns(self.scored) + self.columns(self.invitation)
        for secret in (
            "Ann",
            "ann@",
            person,
            token,
            f'"{self.lead.id}"',
            f"crm.lead,{self.lead.id}",
            "1@mail",
            "21:22:23",
            "08:01:02",
        ):
            self.assertNotIn(secret, left)
        scored = self.scored
        self.assertFalse(scored.partner_id or scored.account_id or scored.lead_id)
        self.assertFalse(scored.message_ids or scored.message_partner_ids)
        self.assertFalse(scored.activity_ids or scored.create_uid)
        self.assertFalse(
            self.env["ir.attachment"].search(
                [("res_model", "=", ANSWER), ("res_id", "=", self.scored.id)]
            )
        )
        self.assertEqual(self.scored.score, 3)
        self.assertEqual(self.scored.tag_ids.name, "Anonymised tag")
        self.assertEqual(str(self.scored.date), "2026-06-14 12:00:00")
        self.assertEqual(self.scored.state, "counted")
        self.assertEqual(self.invitation.state, "answered")
        self.assertEqual(str(self.invitation.sent_at), "2026-06-10 12:00:00")

    def test_done_twice(self):
        self.scored._anonymise()
        before = self.columns(self.scored) + self.columns(self.invitation)
        self.scored._anonymise()
        self.invitation._anonymise()
        after = self.columns(self.scored) + self.columns(self.invitation)
        self.assertEqual(after, before)

    def test_votes_stay_votes(self):
        """One vote a person and wave, before and after."""
        other = self._contact("Bob")
        for score, contact, wave in (
            (9, self.contact, "wave,1"),
            (2, self.contact, "wave,1"),
            (10, self.contact, "wave,2"),
            (8, other, "wave,1"),
            (9, other, "wave,1"),
        ):
            self.answer(score, contact, wave)
        answers = self.env[ANSWER].search([("company_id", "=", self.company.id)])
        before = self.votes()
        self.assertEqual(sum(row[-1] for row in before), 4)
        # one of a vote with two answers, another of a vote of its own
        (answers[0] | self.scored)._anonymise()
        self.assertEqual(self.votes(), before)
        answers._anonymise()
        self.assertEqual(self.votes(), before)
        self.assertEqual(set(answers.mapped("anonymised")), {True})
        self.assertEqual(set(answers.mapped("comment")), {False})

    def test_one_key_of_a_person_and_another_one_of_the_next(self):
        second = self.answer(5, wave="wave,2")
        third = self.answer(5, self._contact("Bob"), "wave,2")
        (self.scored | second | third)._anonymise()
        self.assertEqual(self.scored.person, second.person)
        self.assertEqual(self.scored.person, self.invitation.person)
        self.assertNotEqual(second.person, third.person)

    def test_who_had_no_key_gets_none(self):
        secret = self.answer(3, program=self._program(anonymous=True), comment="Hm")
        imported = self.env[ANSWER].create({"program_id": self.program.id, "score": 3})
        (secret | imported)._anonymise()
        self.assertFalse(secret.person or imported.person or secret.comment)

    def test_what_our_people_decided_stays_in_the_chatter(self):
        env = self.env(context={**self.env.context, "tracking_disable": False})
        self.env.cr.flush()
        tracked = self.scored.with_env(env)
        self.as_user(tracked, self.manager).with_context(
            tracking_disable=False
        )._exclude("Double")
        self.env.cr.flush()
        customer = self._user("nps_portal", "base.group_portal")
        tracked.with_user(customer).sudo().score = 4
        self.env.cr.flush()
        self.env.invalidate_all()
        self.assertEqual(len(self.scored.message_ids), 2)
        self.scored._anonymise()
        self.assertEqual(self.scored.message_ids.author_id, self.manager.partner_id)
        self.assertEqual(self.scored.exclude_reason, "Double")

    def test_open_invitations_close(self):
        states = {}
        for state in ("planned", "sent", "declined", "bounced", "skipped"):
            states[state] = self.invite(state=state, wave=f"wave,{state}")
        for invitation in states.values():
            invitation._anonymise()
        self.assertEqual(
            {before: invitation.state for before, invitation in states.items()},
            {
                "planned": "skipped",
                "sent": "expired",
                "declined": "declined",
                "bounced": "bounced",
                "skipped": "skipped",
            },
        )
        self.assertEqual(states["planned"].skip_reason, "erased")
        self.assertFalse(any(one.token_hash for one in states.values()))


class TestNpsRetention(NpsPrivacyCase):
    """What is too old loses who it is about, by itself."""

    def setUp(self):
        super().setUp()
        # now: 15 June 2026
        self.company.crm_nps_retention_months = 24
        self.old = self.answer(3, date="2024-06-14 21:59:59")
        self.old.invitation_id.date = "2024-06-01 00:00:00"
        self.new = self.answer(3, wave="wave,2", date="2024-06-15 00:00:00")
        self.new.invitation_id.date = "2024-06-01 00:00:00"

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
        old = {"date": "2024-01-01 00:00:00"}
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


class TestNpsLookup(NpsPrivacyCase):
    """Somebody asks for their data, or to be forgotten."""

    def setUp(self):
        super().setUp()
        self.scored = self.answer(3, comment="No good")
        # known by the address alone
        self.imported = self.env[ANSWER].create(
            {"program_id": self.program.id, "score": 4, "email": "zoe@example.com"}
        )
        self.by_mail = self.invite(self.env["res.partner"], email="zoe@example.com")

    def lookup(self, email="ann@example.com", name="Ann"):
        wizard = self.env["privacy.lookup.wizard"].create(
            {"email": email, "name": name}
        )
        wizard.action_lookup()
        return wizard

    def lines(self, wizard, *models):
        return wizard.line_ids.filtered(lambda line: line.res_model in models)

    def found(self, wizard):
        lines = self.lines(wizard, ANSWER, INVITATION)
        return sorted((line.res_model, line.res_id) for line in lines)

    def test_found_once_each(self):
        self.assertEqual(
            self.found(self.lookup()),
            [(ANSWER, self.scored.id), (INVITATION, self.scored.invitation_id.id)],
        )
        self.assertEqual(
            self.found(self.lookup("Zoe@Example.com", "Zoe")),
            [(ANSWER, self.imported.id), (INVITATION, self.by_mail.id)],
        )

    def test_anonymised(self):
        wizard = self.lookup()
        line = self.lines(wizard, ANSWER)
        person = self.scored.person
        line.action_crm_nps_anonymise()
        self.assertTrue(line.crm_nps_anonymised and self.scored.anonymised)
        done = f"Anonymised NPS Answer #{self.scored.id}"
        self.assertEqual(wizard.execution_details, done)
        self.assertEqual(wizard.log_id.execution_details, done)
        suppression = self.env["crm.nps.suppression"]
        self.assertEqual(suppression._suppressed([person]), {person: "erased"})
        self.assertFalse(self.scored.comment)
        self.assertEqual(self.scored.score, 3)
        # there is nothing left to be found
        self.assertEqual(self.found(self.lookup()), [])

    def test_all_at_once(self):
        wizard = self.lookup("zoe@example.com", "Zoe")
        action = self.env.ref("crm_metrics.crm_nps_anonymise_action")
        action.with_context(
            active_model="privacy.lookup.wizard.line", active_ids=wizard.line_ids.ids
        ).run()
        self.assertTrue(self.imported.anonymised and self.by_mail.anonymised)
        person = self.env["crm.nps.suppression"]._person_key("zoe@example.com")
        self.assertTrue(self.env["crm.nps.suppression"]._suppressed([person]))

    def test_other_lines_stay_as_they_are(self):
        line = self.lines(self.lookup(), "res.partner")
        self.assertTrue(line)
        line.action_crm_nps_anonymise_all()
        with self.assertRaises(UserError):
            line.action_crm_nps_anonymise()
        self.assertFalse(self.contact.name != "Ann" or self.scored.anonymised)

    def test_a_deletion_suppresses_as_well(self):
        person = self.scored.person
        for line in self.lines(self.lookup(), ANSWER, INVITATION):
            line.action_unlink()
        self.assertFalse(self.scored.exists())
        suppressed = self.env["crm.nps.suppression"]._suppressed([person])
        self.assertEqual(suppressed, {person: "erased"})

    def test_a_deleted_one_cannot_be_anonymised(self):
        line = self.lines(self.lookup(), ANSWER)
        line.action_unlink()
        with self.assertRaises(UserError):
            line.action_crm_nps_anonymise()

    def test_for_administrators(self):
        lines = self.lookup().line_ids
        for method in ("action_crm_nps_anonymise_all", "action_crm_nps_anonymise"):
            with self.assertRaises(AccessError):
                getattr(lines[:1].with_user(self.manager), method)()
        self.assertFalse(self.scored.anonymised)

    def test_scores_forget_it(self):
        """The only answer of a private customer would stand in its score."""
        person = self._customer("Zoe", email="zoe2@example.com")
        answer = self.answer(3, person)
        run = self.env["crm.customer.score.run"].create({"company_id": self.company.id})
        score = self.env["crm.customer.score"].create(
            {
                "run_id": run.id,
                "date": run.date,
                "company_id": self.company.id,
                "partner_id": person.id,
                "nps_bucket": "detractor",
                "complaint": "yes",
            }
        )
        answer._erase()
        self.assertFalse(score.nps_bucket or score.complaint)
