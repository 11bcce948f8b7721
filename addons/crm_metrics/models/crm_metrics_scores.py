from collections import Counter, defaultdict

from odoo import api, fields, models
from odoo.fields import Domain

from ..kernel import rfm
from .crm_metrics_purchases import PURCHASE

SCORE, RUN, SEGMENT = (
    "crm.customer.score",
    "crm.customer.score.run",
    "crm.customer.segment",
)
#: options that take ids -> model of the ids, field of the score
NARROWING = {
    "user_ids": ("res.users", "salesperson_id"),
    "country_ids": ("res.country", "country_id"),
}
#: parts of a profile -> field of the score
PROFILE = {
    "industry": "industry_id",
    "country": "country_id",
    "size": "size",
    "source": "source_id",
}
#: so many days with runs are offered to choose from
MAX_RUNS = 60


class CrmMetrics(models.AbstractModel):
    """Reads scoring runs: who is in which segment, and who moved where."""

    _inherit = "crm.metrics"

    @api.model
    @api.readonly
    def segments(self, options):
        """Return the customers of the last scoring runs, by segment.

        :param dict options: `company_ids` (default: the selected ones); `date` (ISO
            day, default: the last run of all: the last run of each company on or before
            it counts); `user_ids` (salespersons of the customers), `country_ids`;
            `segment_ids` (whose profile; default: everybody's)
        :return: dict with

            - `meta`: `currency`, `date` (of the last run, None: there is none), `as_of`
              (when it was made), `window_months`, `queued`, `issues`
            - `runs`: `[{date, customers}]`, days to choose from, the last first
            - `run_ids`, `previous_run_ids`: of the figures, one for each company
            - `segments`: `[{segment_id, name, color, customers, revenue, previous}]`,
              `previous` customers in the run before; id None: in none any more
            - `cells`: `[{recency, frequency_money, segment_id, customers, revenue}]`,
              all 25
            - `migrations`: `[{previous_segment_id, segment_id, customers}]`, None: not
              in that run
            - `profile`: `{industry, country, size, source}`, each
              `[{id, name, customers, revenue, everybody}]`: of the segments asked for,
              beside the customers of all segments
            - `complaint`: `{customers, revenue}` of those who spend little, complain
              and keep buying (:class:`CrmCustomerScore`); None: nobody answered

            Customers count per company; revenue is that of the run's window, less
            refunds.
        :raise AccessError: the caller is no CRM user
        :raise ValidationError: a bad option, named
        """
        options = self._segment_options(options)
        companies = options["companies"]
        # record rules look at the selected companies
        self = self.with_context(allowed_company_ids=companies.ids)
        choices = self._score_runs(companies)
        date = options["date"] or (choices and choices[0][0]) or fields.Date.today()
        runs = self.env[RUN]._latest(companies, date)
        before = {run: run._previous() for run in runs}
        previous = self.env[RUN].union(*before.values())
        narrowed = Domain.AND(
            Domain(field, "in", options[key])
            for key, (_model, field) in NARROWING.items()
            if options[key] is not None
        )
        domain = narrowed & Domain("run_id", "in", runs.ids)
        money = self._score_money(companies, max(runs.mapped("date"), default=date))
        cells = self._score_cells(domain, money)
        return {
            "meta": self._score_meta(options, runs),
            "runs": [
                {"date": fields.Date.to_string(day), "customers": customers}
                for day, customers in choices
            ],
            "run_ids": runs.ids,
            "previous_run_ids": previous.ids,
            "segments": self._score_segments(
                cells, narrowed & Domain("run_id", "in", previous.ids)
            ),
            "cells": self._score_map(cells),
            "migrations": self._score_migrations(before, narrowed),
            "profile": self._score_profile(domain, options["segment_ids"], money),
            "complaint": self._score_complaint(domain, money),
        }

    def _segment_options(self, options):
        """Check the options of :meth:`segments`; return them complete."""
        models_by_key = {
            "segment_ids": SEGMENT,
            **{key: model for key, (model, _field) in NARROWING.items()},
        }
        self._check_keys(options, {"company_ids", "date", *models_by_key})
        companies = self._option_companies(options)
        asked = self.with_context(allowed_company_ids=companies.ids)
        return {
            "companies": companies,
            "date": None
            if options.get("date") is None
            else self._option_date(options, "date"),
            **{
                key: asked._option_ids(options, key, model)
                for key, model in models_by_key.items()
            },
        }

    # ------------------------------------------------------------------
    # reading
    # ------------------------------------------------------------------

    def _score_runs(self, companies):
        """Return (day, number of customers) of the last days with a run."""
        return self.env[RUN]._read_group(
            [("company_id", "in", companies.ids)],
            ["date:day"],
            ["customers:sum"],
            order="date:day desc",
            limit=MAX_RUNS,
        )

    def _score_money(self, companies, day):
        """Return a function that gives money of a company in the main currency."""
        rates = self._conversion_rates(companies, day)
        return lambda amount, company: (amount or 0) * rates[company.id]

    def _score_cells(self, domain, money):
        """Return (recency, frequency and money), segment -> [customers, revenue]."""
        cells = defaultdict(lambda: [0, 0])
        for company, r, f, m, segment, count, amount in self.env[SCORE]._read_group(
            domain,
            ["company_id", "r", "f", "m", "segment_id"],
            ["__count", "monetary:sum"],
        ):
            cell = cells[(r, rfm.frequency_money(f, m)), segment.id or None]
            cell[0] += count
            cell[1] += money(amount, company)
        return cells

    def _score_map(self, cells):
        """Return all 25 cells; one without customers has the segment of the map."""
        segments = {
            cell._scores(): cell.segment_id.id
            for cell in self.env["crm.customer.segment.cell"].search([])
        }
        rows = {
            place: {
                "recency": place[0],
                "frequency_money": place[1],
                "segment_id": segments.get(place),
                "customers": 0,
                "revenue": 0,
            }
            for place in rfm.CELLS
        }
        largest = Counter()
        for (place, segment), (count, amount) in cells.items():
            rows[place]["customers"] += count
            rows[place]["revenue"] += amount
            # Two companies may have been scored by different maps.
            if count > largest[place]:
                largest[place] = count
                rows[place]["segment_id"] = segment
        for row in rows.values():
            row["revenue"] = self._score_round(row["revenue"])
        return list(rows.values())

    def _score_segments(self, cells, previous_domain):
        """Return all segments with their sums, in the order of the segments."""
        sums = defaultdict(lambda: [0, 0])
        for (_place, segment), (count, amount) in cells.items():
            sums[segment][0] += count
            sums[segment][1] += amount
        previous = {
            segment.id or None: count
            for segment, count in self.env[SCORE]._read_group(
                previous_domain, ["segment_id"], ["__count"]
            )
        }
        segments = self.env[SEGMENT].search_fetch([], ["name", "color"])
        names = [(segment.id, segment.name, segment.color) for segment in segments]
        if None in sums or None in previous:
            names.append((None, self.env._("No Segment"), 0))
        return [
            {
                "segment_id": id_,
                "name": name,
                "color": color,
                "customers": sums[id_][0],
                "revenue": self._score_round(sums[id_][1]),
                "previous": previous.get(id_, 0),
            }
            for id_, name, color in names
        ]

    def _score_migrations(self, before, narrowed):
        """Return who moved where; a first run has nobody who moved.

        :param dict before: run -> the run before it
        """
        moves = Counter()
        for run in filter(before.get, before):
            for move in run._migrations(narrowed):
                key = (move["previous_segment_id"], move["segment_id"])
                moves[key] += move["customers"]
        return [
            {
                "previous_segment_id": before,
                "segment_id": after,
                "customers": customers,
            }
            for (before, after), customers in moves.items()
        ]

    def _score_profile(self, domain, segment_ids, money):
        """Return what customers are like, the most frequent first."""
        chosen = domain
        if segment_ids is not None:
            chosen &= Domain("segment_id", "in", segment_ids)
        return {
            part: self._score_profile_part(domain, chosen, field, money)
            for part, field in PROFILE.items()
        }

    def _score_profile_part(self, domain, chosen, field, money):
        def sums(domain):
            found = defaultdict(lambda: [0, 0])
            for company, value, count, amount in self.env[SCORE]._read_group(
                domain, ["company_id", field], ["__count", "monetary:sum"]
            ):
                key = value.id if isinstance(value, models.BaseModel) else value
                found[key or None][0] += count
                found[key or None][1] += money(amount, company)
            return found

        everybody = sums(domain)
        rows = {
            value: {
                "customers": count,
                "revenue": self._score_round(amount),
                "everybody": everybody[value][0],
            }
            for value, (count, amount) in sums(chosen).items()
        }
        if self.env[SCORE]._fields[field].type == "many2one":
            named = self._named_groups(SCORE, field, rows)
        else:
            names = dict(
                self.env[SCORE]._fields[field]._description_selection(self.env)
            )
            named = [
                {"id": value, "name": names.get(value, self.env._("Not set")), **row}
                for value, row in rows.items()
            ]
        return sorted(named, key=lambda row: (-row["customers"], row["name"]))

    # ------------------------------------------------------------------
    # shaping
    # ------------------------------------------------------------------

    def _score_round(self, amount):
        return self.env.company.currency_id.round(amount)

    def _score_meta(self, options, runs):
        last = runs.sorted("date")[-1:]
        moments = [moment for moment in runs.mapped("run_at") if moment]
        iso = self.env["crm.metrics.engine"]._iso
        return {
            "currency": options["companies"][0].currency_id.name,
            "date": fields.Date.to_string(last.date) or None,
            "as_of": iso(min(moments) if moments else fields.Datetime.now()),
            "window_months": last.window_months or None,
            **self._meta_missing(options["companies"], [PURCHASE]),
        }
