from odoo import api, models
from odoo.exceptions import ValidationError

from ..kernel import funnel
from .crm_metrics_bottlenecks_stays import EVENT, GROUPS, SLICES, VISIT

#: figures of `bottleneck_deals`: states of the funnel, and those of a stage
STAGE_FIGURES = ("touched", "reached", "stuck", "returns", "skips")
#: bars of the waterfall
BARS = tuple(f"waterfall.{kind}" for kind in ("start", *funnel.PARTS, "end"))
FIGURES = ("entered", *funnel.STATES, *STAGE_FIGURES, *BARS)
#: of which a stage has to, or may be named
NEEDS_STAGE = ("touched", "reached", "returns", "skips")
TAKES_STAGE = ("lost", "open", "archived", *STAGE_FIGURES)


class CrmMetrics(models.AbstractModel):
    _inherit = "crm.metrics"

    @api.model
    @api.readonly
    def bottlenecks(self, options):
        """Return where deals and money stay and get lost in the pipeline.

        :param dict options: the common ones (see `crm.metrics`; `grain` changes
            nothing here); `source_ids` (campaign sources), `reason_ids` (lost
            reasons: only deals lost for one of them); `group_by` (`team`, `user`,
            `source`); `what_if`, dict stage id -> points (0 to 100) of its exits that
            go on instead of being lost; and `view`:

            - `period` (default): stays that were under way in the range
            - `cohort`: stays that began in it, and deals whose first stay did

        :return: dict with `meta`, `stages`, `funnel`, `cycle`, `win_rate`,
            `velocity`, `waterfall`, `what_if` and, where it was asked for, `groups`:
            the same but `meta` with `id` (None for "not set") and `name`. Stages are
            in their present order. docs/definitions.md defines every figure.
        :raise AccessError: the caller is no CRM user
        :raise ValidationError: a bad option, named
        """
        options, self = self._bottleneck_options(options)
        readings = self._bottleneck_readings(options)
        # what moves between groups has not moved at all
        flows = self._value_flows({**options, "group": None})
        result = {
            "meta": {
                **self._meta(options, [EVENT, VISIT]),
                # when the range begins: a browser does not know the company's zone
                "start": self.env["crm.metrics.engine"]._iso(options["start"]),
            },
            **self._bottleneck_figures(options, {**readings, "flows": flows}),
        }
        if options["group_by"]:
            readings["flows"] = self._value_flows(options)
            ids = {row[0] for rows in readings.values() for row in rows}
            result["groups"] = self._named_groups(
                VISIT,
                GROUPS[options["group_by"]],
                {
                    id_: self._bottleneck_figures(
                        options,
                        {
                            name: [row for row in rows if row[0] == id_]
                            for name, rows in readings.items()
                        },
                    )
                    for id_ in ids
                },
            )
        return result

    @api.model
    @api.readonly
    def bottleneck_deals(self, options, figure, stage_id=None, group=False):
        """Return the deals behind a figure of :meth:`bottlenecks`.

        :param dict options: as there
        :param figure: `entered`, `won`, `lost`, `open`, `archived`; `touched`,
            `reached`; `stuck`; `returns`, `skips`; or `waterfall.` and the name of a
            bar
        :param stage_id: the stage that was touched, reached, entered again, jumped
            over, where they are stuck or, with `lost`, `open` and `archived`, that was
            the furthest
        :param group: with `group_by`, the id of one group (None for "not set");
            False for all
        :return: dict with `lead_ids` and `gone`, the number of deals that have been
            deleted since
        """
        options, self = self._bottleneck_options(options)
        self._check_choice("figure", figure, FIGURES)
        keys = {stage["id"] for stage in options["order"]}
        if stage_id is None:
            is_bad = figure in NEEDS_STAGE
        else:
            is_bad = (
                figure not in TAKES_STAGE
                or type(stage_id) is not int
                or stage_id not in keys
            )
        if is_bad:
            raise ValidationError(
                self.env._(
                    "stage_id: %(value)r does not go with %(figure)s.",
                    value=stage_id,
                    figure=figure,
                )
            )
        if group is False:
            options["group"] = None
        if figure == "stuck":
            rows = self._stuck_leads(options, stage_id)
        elif figure == "returns":
            rows = self._return_leads(options, stage_id)
        elif figure == "skips":
            rows = self._skip_leads(options, stage_id)
        elif figure in BARS:
            rows = self._flow_leads(options, figure.removeprefix("waterfall."))
        else:
            rows = self._deal_leads(options, figure, stage_id)
        found = [lead_id for slice_id, lead_id in rows if group in (False, slice_id)]
        lead_ids = [lead_id for lead_id in found if lead_id]
        return {"lead_ids": lead_ids, "gone": len(found) - len(lead_ids)}

    # ------------------------------------------------------------------
    # options
    # ------------------------------------------------------------------

    def _bottleneck_options(self, options):
        """Check options and add what all readers need.

        :return: tuple (options, this model with the asked companies selected); the
            options have besides `start` and `moment` (naive UTC) of the range,
            `rates` by company id, `order` of all stages, `norms` by company id and
            stage, `points` by stage, and `group`, the field of a visit that results
            are grouped by
        """
        what_if = None
        if isinstance(options, dict) and "what_if" in options:
            options = dict(options)
            what_if = options.pop("what_if")
        options = self._options(
            options,
            ids={
                **{key: model for key, (model, _field) in SLICES.items()},
                "reason_ids": "crm.lost.reason",
            },
            choices={"view": ("period", "cohort"), "group_by": (None, *GROUPS)},
        )
        companies = options["companies"]
        # record rules look at the selected companies
        self = self.with_context(allowed_company_ids=companies.ids)
        for model in (VISIT, EVENT, "crm.lead", "crm.stage"):
            self.env[model].flush_model()
        _last, moment = self._as_of(options)
        options |= {
            "start": companies[0]._metrics_start_of_day(options["date_from"]),
            "moment": moment,
            "rates": self._conversion_rates(companies, options["date_to"]),
            "group": GROUPS.get(options["group_by"]),
        }
        options["order"] = self._stage_order(options)
        options["norms"] = self._bottleneck_norms(options)
        options["points"] = self._option_points(what_if, options["order"])
        return options, self

    def _option_points(self, what_if, order):
        """Return the shares that `what_if` moves: dict, stage -> 0 to 1."""
        if what_if is None:
            return {}
        if not isinstance(what_if, dict):
            raise ValidationError(
                self.env._(
                    "what_if: expected a dictionary of stages and points, not "
                    "%(value)r.",
                    value=what_if,
                )
            )
        keys = {stage["id"] for stage in order}
        # keys of JSON are text
        texts = {str(key): key for key in keys}
        shares = {}
        for stage, points in what_if.items():
            key = texts.get(stage, stage)
            if type(key) is not int or key not in keys:
                raise ValidationError(
                    self.env._(
                        "what_if: no stage that you may read has the id %(id)s.",
                        id=stage,
                    )
                )
            if type(points) not in (int, float) or not 0 <= points <= 100:
                raise ValidationError(
                    self.env._(
                        "what_if: expected points from 0 to 100, not %(value)r.",
                        value=points,
                    )
                )
            shares[key] = points / 100
        return shares

    # ------------------------------------------------------------------
    # reading
    # ------------------------------------------------------------------

    def _bottleneck_readings(self, options):
        """Return what the figures are made of: dict of lists of rows.

        The first value of each row is its slice, the value of the field that results
        are grouped by, or None. Everything in them is a number of something, so that
        the whole is the sum of its slices and is read once.
        """
        return {
            "counts": self._stay_counts(options),
            "returns": self._stay_returns(options),
            "durations": self._stay_durations(options),
            "waiting": self._stay_waiting(options),
            **self._deal_readings(options),
        }

    def _bottleneck_norms(self, options):
        """Return the norms of the companies: dict, company id -> stage -> days."""
        companies = options["companies"]
        today = companies[0]._metrics_today()
        # of a past day, the last full day is that day itself
        day = options["date_to"] if options["date_to"] < today else None
        return {
            company.id: {
                stage: norm["p90"]
                for stage, norm in self.env[VISIT]._norms(company, day).items()
            }
            for company in companies
        }
