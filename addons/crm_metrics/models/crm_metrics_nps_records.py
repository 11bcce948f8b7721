from odoo import api, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ..kernel import nps
from .crm_metrics_nps_followups import (
    IS_CONTACTED,
    IS_DETRACTOR,
    IS_DUE,
    IS_IN_TIME,
)
from .crm_metrics_nps_response import INVITATION, STATES
from .crm_metrics_nps_votes import (
    ANSWER,
    IS_EXCLUDED,
    IS_PUBLIC,
    IS_SUSPECT,
    IS_VOTE_NOW,
)

#: figures of votes -> SQL condition
VOTES = {
    "answers": SQL("TRUE"),
    "promoters": SQL("score >= 9"),
    "passives": SQL("score BETWEEN 7 AND 8"),
    "detractors": IS_DETRACTOR,
    "accounts": SQL("account_id IS NOT NULL"),
    "due": SQL("%s AND %s", IS_DETRACTOR, IS_DUE),
    "contacted": SQL("%s AND %s", IS_DETRACTOR, IS_CONTACTED),
    "not_contacted": SQL("%s AND NOT (%s)", IS_DETRACTOR, IS_CONTACTED),
    "in_time": SQL("%s AND %s", IS_DETRACTOR, IS_IN_TIME),
}
#: figures of votes that have a value: a score, a tag, an outcome
VALUES = ("score", "tag", "outcome")
#: depends on what time it is
OVERDUE = "overdue"
#: figures of answers that are no votes -> SQL condition
OTHERS = {"public": IS_PUBLIC, "excluded": IS_EXCLUDED, "suspects": IS_SUSPECT}
#: figures of invitations
ASKED = ("considered", *STATES)


class CrmMetrics(models.AbstractModel):
    """Which records are behind a figure of `nps`."""

    _inherit = "crm.metrics"

    @api.model
    @api.readonly
    def nps_records(self, options, figure, value=None, group=False):
        """Return the records behind a figure of :meth:`nps`.

        :param dict options: as there; for a point of the trend, with its dates
        :param str figure: `answers`, `promoters`, `passives`, `detractors`, `score`,
            `tag`, `accounts`; of the detractors `due`, `contacted`, `not_contacted`,
            `in_time`, `overdue`, `outcome`; `public`, `excluded`, `suspects`; of the
            invitations `considered` and the other figures of the response
        :param value: the score (0 to 10), the id of the tag (None: commented, not
            tagged), the outcome (None: none yet), or the reason why they were
            `skipped` (None: all)
        :param group: with `group_by`, the id of one group (None for "not set"); False
            for all
        :return: dict with `model` and `ids`
        :raise AccessError: the caller is no CRM user
        :raise ValidationError: a bad option, named
        """
        options, self = self._nps_options(options)
        self._check_choice(
            "figure", figure, (*VOTES, *VALUES, OVERDUE, *OTHERS, *ASKED)
        )
        self._check_nps_value(figure, value)
        if group is not False and not options["group"]:
            raise ValidationError(self.env._("group: it needs group_by."))
        if figure in ASKED:
            return {
                "model": INVITATION,
                "ids": self._nps_invitation_ids(options, figure, value, group),
            }
        if figure in OTHERS:
            rows = SQL("SELECT * FROM answer WHERE is_now AND is_kept")
            condition = OTHERS[figure]
        else:
            rows = self._nps_votes(IS_VOTE_NOW)
            condition = self._nps_vote_condition(figure, value)
        column = "account_id" if figure == "accounts" else "id"
        found = self.env.execute_query(
            SQL(
                """WITH %s
                   SELECT DISTINCT %s FROM (%s) AS vote WHERE %s AND %s ORDER BY 1""",
                self._nps_answer_tables(options),
                SQL.identifier(column),
                rows,
                condition,
                _is_in_group(group),
            )
        )
        return {
            "model": "res.partner" if figure == "accounts" else ANSWER,
            "ids": [id_ for (id_,) in found],
        }

    def _check_nps_value(self, figure, value):
        """Check that a value goes with a figure."""
        ids = value is None or type(value) is int
        fits = {
            "score": type(value) is int and value in nps.SCALE,
            "tag": ids,
            "outcome": value in (None, *self._nps_selection(ANSWER, "outcome")),
            "skipped": value in (None, *self._nps_selection(INVITATION, "skip_reason")),
        }
        if not fits.get(figure, value is None):
            raise ValidationError(
                self.env._(
                    "value: %(value)r does not go with %(figure)s.",
                    value=value,
                    figure=figure,
                )
            )

    def _nps_selection(self, model, name):
        return self.env[model]._fields[name].get_values(self.env)

    def _nps_vote_condition(self, figure, value):
        """Return the SQL of the votes that are in a figure."""
        if figure == "score":
            return SQL("score = %s", value)
        if figure == "outcome":
            return SQL("%s AND outcome IS NOT DISTINCT FROM %s", IS_DETRACTOR, value)
        if figure == "tag":
            tags = self.env[ANSWER]._fields["tag_ids"]
            tag = SQL(
                "SELECT FROM %s AS tag WHERE %s = vote.id",
                SQL.identifier(tags.relation),
                SQL.identifier("tag", tags.column1),
            )
            if value is None:
                return SQL("comment AND NOT EXISTS (%s)", tag)
            column = SQL.identifier("tag", tags.column2)
            return SQL("EXISTS (%s AND %s = %s)", tag, column, value)
        if figure == OVERDUE:
            return SQL("%s AND %s", IS_DETRACTOR, self._nps_is_overdue())
        return VOTES[figure]

    def _nps_invitation_ids(self, options, figure, reason, group):
        conditions = [_is_in_group(group)]
        if figure != "considered":
            conditions.append(SQL("state = ANY(%s)", [*STATES[figure]]))
        if reason is not None:
            conditions.append(SQL("skip_reason = %s", reason))
        found = self.env.execute_query(
            SQL(
                "SELECT id FROM (%s) AS invitation WHERE %s ORDER BY 1",
                self._nps_invitations(options),
                SQL(" AND ").join(conditions),
            )
        )
        return [id_ for (id_,) in found]


def _is_in_group(group):
    """Return the SQL of a row's slice being a group; False: any."""
    if group is False:
        return SQL("TRUE")
    return SQL("slice IS NOT DISTINCT FROM %s", group)
