from .purchase_case import PurchaseCase

ANSWER, INVITATION = "crm.nps.answer", "crm.nps.invitation"


class NpsFiguresCase(PurchaseCase):
    """A program of two companies, answers and invitations.

    They are made as they are stored: how they come about has tests of its own.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        programs = cls.env["crm.nps.program"].with_context(
            allowed_company_ids=(cls.company | cls.other_company).ids
        )
        cls.program, cls.program_2, cls.program_elsewhere = programs.create(
            [
                {
                    "name": name,
                    "company_id": company.id,
                    "user_id": cls.manager.id
                    if company == cls.company
                    else cls.env.uid,
                }
                for name, company in (
                    ("Program", cls.company),
                    ("Program 2", cls.company),
                    ("Program Elsewhere", cls.other_company),
                )
            ]
        )

    @classmethod
    def answer(cls, score, date="2026-03-10 10:00:00", person=None, **values):
        """Create an answer; `person` None: nobody knows whose it is."""
        return cls.env[ANSWER].create(
            {
                "program_id": cls.program.id,
                "wave": "wave,1",
                "person": person,
                "score": score,
                "date": date,
                **values,
            }
        )

    @classmethod
    def answers(cls, *scores, **values):
        """Create an answer of somebody else for each score."""
        return cls.env[ANSWER].concat(
            *(cls.answer(score, **values) for score in scores)
        )

    @classmethod
    def invite(cls, state, day="2026-03-10", **values):
        """Create an invitation that was considered, and sent if so, on a day."""
        moment = f"{day} 09:00:00"
        sent = state not in ("planned", "failed", "skipped")
        return cls.env[INVITATION].create(
            {
                "program_id": cls.program.id,
                "wave": "wave,1",
                "state": state,
                "date": moment,
                "sent_at": sent and moment,
                **values,
            }
        )

    def metrics(self, user=None):
        """The façade, for a seller who sees all documents unless said otherwise."""
        user = user or self.seller_all
        metrics = self.env["crm.metrics"].with_user(user)
        return metrics.with_context(allowed_company_ids=user.company_id.ids)

    def nps(self, date_from="2026-01-01", date_to="2026-06-30", user=None, **options):
        self.refresh()
        return self.metrics(user).nps(
            {"date_from": date_from, "date_to": date_to, **options}
        )

    def records(self, figure, value=None, group=False, user=None, **options):
        """Return the records behind a figure of the first half of 2026."""
        options = {"date_from": "2026-01-01", "date_to": "2026-06-30", **options}
        found = self.metrics(user).nps_records(options, figure, value, group)
        return self.env[found["model"]].browse(found["ids"])
