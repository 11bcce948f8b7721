from .nps_answer_case import NpsAnswerCase


class NpsPrivacyCase(NpsAnswerCase):
    """What is left of answers and invitations."""

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
