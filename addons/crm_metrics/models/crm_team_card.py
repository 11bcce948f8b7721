from datetime import timedelta

from odoo import fields, models, tools
from odoo.exceptions import ValidationError

from ..kernel import periods


class CrmTeam(models.Model):
    """What the card of a team on the dashboard says about its pipeline."""

    _inherit = "crm.team"

    crm_metrics_card = fields.Json(
        string="Pipeline Figures",
        compute="_compute_crm_metrics_card",
        help="Velocity and bottleneck of the last 12 months, for the team's card.",
    )

    def _compute_crm_metrics_card(self):
        cards = {}
        if self.env.user.has_group("sales_team.group_sale_salesman"):
            visit = self.env["crm.stage.visit"]
            day = self.env.company._metrics_today() - timedelta(days=1)
            cards = self._crm_metrics_cards(
                tuple(self.env.companies.ids), day, visit._newest(self.env.company, day)
            )
        for team in self:
            team.crm_metrics_card = cards.get(team.id, False)

    @tools.ormcache("self.env.uid", "self.env.lang", "company_ids", "day", "newest")
    def _crm_metrics_cards(self, company_ids, day, newest):
        """Return the cards of all teams that have some figures: dict, id -> card.

        They end with the last full day, so that all calls of a day have the same
        answer: it is computed once a day for each reader, who sees no deals but
        those that the rules allow.

        :param company_ids: the selected companies, the main one first
        :param newest: number of the latest visit up to that day: it changes with the
            figures
        """
        start = periods.first_of_months(day, 12)
        options = {
            "date_from": fields.Date.to_string(start),
            "date_to": fields.Date.to_string(day),
            "company_ids": list(company_ids),
            "group_by": "team",
        }
        try:
            result = self.env["crm.metrics"].bottlenecks(options)
        except ValidationError:
            # a rate between the companies' currencies is missing: their screen says so
            return {}
        about = {key: options[key] for key in ("date_from", "date_to")}
        about["currency"] = result["meta"]["currency"]
        return {
            group["id"]: {**about, **self._crm_metrics_card_of(group)}
            for group in result["groups"]
            if group["id"]
        }

    def _crm_metrics_card_of(self, group):
        """Return what a card says of a group of the façade's result."""
        # as on the screen: without a won amount it is the probability that tells
        bottleneck = max(group["stages"], key=_gain, default=None)
        if bottleneck and not _gain(bottleneck):
            bottleneck = None
        return {
            "velocity": group["velocity"],
            "stage": bottleneck and bottleneck["name"],
            "gain": (bottleneck and bottleneck["gain"]["value"]) or None,
        }


def _gain(stage):
    """Return what five points more would bring in a stage: money, else probability."""
    gain = stage["gain"]
    return gain["value"] or gain["win_probability"] or 0
