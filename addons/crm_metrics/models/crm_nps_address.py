from odoo import models
from odoo.tools import SQL

from .crm_nps_judge import normal_address

#: what changes of an invitation whose contact has another address
MOVED = ["email", "person", "state", "skip_reason", "salt", "token_hash"]


class CrmNpsInvitation(models.Model):
    """Goes where its contact can be reached now, as long as it has not been sent."""

    _inherit = "crm.nps.invitation"

    def _follow_addresses(self, moves):
        """Let what is known of contacts go with them to another address.

        Whoever is never asked stays left alone. What is planned for the old address
        goes to the new one; where there is none any more, whoever sends will see. What
        was sent stays with the address that it went to.

        :param moves: {id of a contact: (old address, new address)}, both normalised
        """
        suppression = self.env["crm.nps.suppression"]
        partners = self.env["res.partner"]
        rows = []
        for id_, move in moves.items():
            emails = [normal_address(email) for email in move]
            partner = partners.browse(id_)
            keys = [suppression._person_key(email, partner) for email in emails]
            rows.append((id_, *keys, emails[1] or None))
        ids, old_keys, new_keys, emails = map(list, zip(*rows, strict=True))
        suppression._carry_over(old_keys, new_keys)
        self.flush_model([*MOVED, "partner_id"])
        planned = self.env.execute_query(
            SQL(
                """UPDATE crm_nps_invitation i
                      SET email = move.email, person = move.goal
                     FROM unnest(%s::int[], %s::varchar[], %s::varchar[], %s::varchar[])
                          AS move (id, start, goal, email)
                    WHERE i.partner_id = move.id AND i.state = 'planned'
                      AND i.person = move.start
                RETURNING i.id""",
                ids,
                old_keys,
                new_keys,
                emails,
            )
        )
        if planned:
            self._skip_moved_doubles([id_ for (id_,) in planned])
            self.invalidate_model(MOVED, flush=False)

    def _skip_moved_doubles(self, ids):
        """Ask once whoever is now asked twice in a wave."""
        self.env.execute_query(
            SQL(
                """UPDATE crm_nps_invitation i
                      SET state = 'skipped', skip_reason = 'double',
                          salt = NULL, token_hash = NULL
                    WHERE i.id = ANY(%(ids)s) AND EXISTS (
                          SELECT FROM crm_nps_invitation o
                           WHERE o.program_id = i.program_id AND o.wave = i.wave
                             AND o.person = i.person AND o.test IS NOT TRUE
                             AND o.state <> 'skipped'
                             AND (o.id < i.id OR o.id <> ALL(%(ids)s)))
                RETURNING i.id""",
                ids=ids,
            )
        )
