from odoo import models


class ResPartner(models.Model):
    """What surveys know of a contact goes with it to another address."""

    _inherit = "res.partner"

    def _write_multi(self, vals_list):
        moves = self._crm_nps_moves(vals_list)
        if bounced := self._crm_nps_bounced(moves):
            # mails to the new address have not come back yet
            vals_list = [
                {"message_bounce": 0, **vals} if partner in bounced else vals
                for partner, vals in zip(self, vals_list, strict=True)
            ]
        res = super()._write_multi(vals_list)
        # what is read from now on comes from the table
        bounced.invalidate_recordset(["message_bounce"], flush=False)
        if moves:
            self.env["crm.nps.invitation"].sudo()._follow_addresses(moves)
        return res

    def _crm_nps_moves(self, vals_list):
        """Return {id: (old address, new address)} of contacts that get another one."""
        coming = {
            partner.id: vals["email_normalized"] or None
            for partner, vals in zip(self, vals_list, strict=True)
            if "email_normalized" in vals
        }
        if not coming:
            return {}
        # straight from the table: the cache has the new value already
        self.env.cr.execute(
            "SELECT id, email_normalized FROM res_partner WHERE id = ANY(%s)",
            [list(coming)],
        )
        return {
            id_: (old, coming[id_])
            for id_, old in self.env.cr.fetchall()
            if (old or None) != coming[id_]
        }

    def _crm_nps_bounced(self, moves):
        """Return the contacts whose old address was counted as bouncing."""
        ids = [id_ for id_, (old, _new) in moves.items() if old]
        if not ids:
            return self.browse()
        self.env.cr.execute(
            "SELECT id FROM res_partner WHERE id = ANY(%s) AND message_bounce <> 0",
            [ids],
        )
        return self.browse(id_ for (id_,) in self.env.cr.fetchall())
