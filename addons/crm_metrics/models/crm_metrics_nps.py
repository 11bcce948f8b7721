from collections import Counter, defaultdict

from odoo import api, fields, models

from ..kernel import nps, periods
from .crm_metrics_nps_accounts import Accounts
from .crm_metrics_nps_scores import Readings
from .crm_metrics_nps_votes import ANSWER
from .crm_metrics_purchases import PURCHASE


class CrmMetrics(models.AbstractModel):
    _inherit = "crm.metrics"

    @api.model
    @api.readonly
    def nps(self, options):
        """Return what customers answered: score, interval, trend, response.

        :param dict options: the common ones (see `crm.metrics`), by the salesperson of
            the account and the team of that salesperson; `program_ids`; `country_ids`
            (of the account); `group_by` (`team`, `user`, `country`)
        :return: dict with `meta` and

            - `score` (whole number), `answers`, `promoters`, `passives`,
              `detractors`, `scores` (number of answers 0 to 10), `low`, `high`: the
              votes of the range
            - `response`: invitations whose first mail, or where none was sent the
              decision, is of the range: `considered` = `skipped` + `waiting` +
              `failed` + `sent`; `sent` = `bounced` + `delivered`; `delivered` =
              `answered` + `declined` + `expired` + `open`; `rate` of the answered
              among the delivered, which is final when none is open. `skipped`:
              `[{reason, name, count}]`
            - `accounts`: `score` (accounts weigh equal), `count`, `weighted_score` (by
              revenue of 12 months), `coverage` (share of all revenue), `revenue`
            - `public`: `score`, `answers` of the public link
            - `trend`: `[{date_from, date_to, partial, score, low, high, answers}]`
            - `change`: against the equal span just before: `compared_to`, its `score`
              and `answers`, `delta`, `low`, `high`, `p_value`
            - `excluded`: `answers`, `score_with_them`; `suspects`: number of answers
              that wait for a human
            - `tags`: `[{id, name, answers, score}]`, id None for comments without tag
            - `followup` of the detractors: `detractors`, `due` (a follow-up was
              planned), `contacted`, `in_time`, `overdue`, `median_hours`, `outcomes`:
              `[{outcome, name, count}]`
            - where it was asked for `groups`: `[{id, name, ...}]`, id None for "not
              set", with the figures from `score` to `change`; and `hidden`: number of
              `groups` and their `answers` that are not shown, because there are too
              few, or these could be told by them
        :raise AccessError: the caller is no CRM user
        :raise ValidationError: a bad option, named
        """
        options, self = self._nps_options(options)
        companies = options["companies"]
        rates = self._conversion_rates(companies, options["date_to"])
        found = self._nps_read(
            options,
            {
                **self._nps_score_parts(),
                **self._nps_account_parts(options, rates),
                "tag": self._nps_tag_part(),
                "followup": self._nps_followup_part(),
            },
        )
        readings = self._nps_readings(found)
        accounts = self._nps_accounts(found)
        responses = self._nps_responses(options)
        whole = _sum(Readings, readings)
        response = _sum(Counter, responses)
        result = {
            "meta": self._meta(options, [PURCHASE]),
            **self._nps_score(whole.now),
            "response": self._nps_response(response),
            "accounts": self._nps_account_view(
                _sum(Accounts, accounts), companies[0].currency_id
            ),
            "public": self._nps_brief(whole.public),
            "trend": self._nps_trend(options, whole.trend),
            "change": self._nps_change(options, whole),
            "skipped": self._nps_skipped(response),
            "excluded": {
                "answers": whole.excluded.total(),
                "score_with_them": nps.score(nps.votes(whole.with_excluded())),
            },
            "suspects": whole.suspects.total(),
            "tags": self._nps_tags(found),
            "followup": self._nps_followup(found),
        }
        if options["group"]:
            result |= self._nps_groups(options, readings, accounts, responses)
        return result

    # ------------------------------------------------------------------
    # shaping
    # ------------------------------------------------------------------

    def _nps_brief(self, counts):
        """Return score and number of answers of counts by score."""
        votes = nps.votes(counts)
        return {"score": nps.score(votes), "answers": votes.answers}

    def _nps_point(self, counts):
        low, high = _rounded(nps.interval(nps.votes(counts)))
        return {**self._nps_brief(counts), "low": low, "high": high}

    def _nps_score(self, counts):
        votes = nps.votes(counts)
        return {
            **self._nps_point(counts),
            "promoters": votes.promoters,
            "passives": votes.passives,
            "detractors": votes.detractors,
            "scores": [counts[score] for score in nps.SCALE],
        }

    def _nps_trend(self, options, trend, unseen=()):
        """Return the score of each period of the range.

        :param dict trend: first day of the period (ISO) -> counts by score
        :param unseen: first days of periods that are not shown
        """
        nothing = dict.fromkeys(("score", "answers", "low", "high"))
        return [
            {
                "date_from": fields.Date.to_string(span.date_from),
                "date_to": fields.Date.to_string(span.date_to),
                "partial": span.partial or span.date_to > options["last"],
                **(
                    nothing
                    if span.start.isoformat() in unseen
                    else self._nps_point(trend.get(span.start.isoformat(), Counter()))
                ),
            }
            for span in periods.split(
                options["date_from"], options["date_to"], options["grain"]
            )
        ]

    def _nps_change(self, options, readings, unseen=False):
        """Return the difference of the score from that of the span before.

        :param bool unseen: the span before is not shown
        """
        result = dict.fromkeys(
            ("compared_to", "score", "answers", "delta", "low", "high", "p_value")
        )
        if days := options["before"]:
            result["compared_to"] = {
                "date_from": fields.Date.to_string(days[0]),
                "date_to": fields.Date.to_string(days[1]),
            }
        if unseen:
            return result
        result |= self._nps_brief(readings.before)
        change = nps.compare(nps.votes(readings.before), nps.votes(readings.now))
        if change:
            low, high = _rounded((change.low, change.high))
            result |= {
                "delta": change.delta,
                "low": low,
                "high": high,
                "p_value": change.p_value,
            }
        return result

    def _nps_tags(self, found):
        """Return the tags, the most frequent first; few answers have no score.

        :param dict found: what :meth:`_nps_read` returns
        """
        counts = defaultdict(Counter)
        for _slice, score, count, tag in found["tag"]:
            counts[tag][score] += count
        tags = self.env["crm.nps.tag"].browse(id_ for id_ in counts if id_)
        names = {tag.id: tag.name for tag in tags}
        rows = []
        for id_, by_score in counts.items():
            brief = self._nps_brief(by_score)
            if brief["answers"] < nps.THRESHOLD:
                brief["score"] = None
            name = names.get(id_) or self.env._("Not tagged")
            rows.append({"id": id_, "name": name, **brief})
        return sorted(
            rows, key=lambda row: (row["id"] is None, -row["answers"], row["name"])
        )

    def _nps_groups(self, options, readings, accounts, responses):
        """Return the groups that may be shown, and how many may not.

        What is left out of one figure of a group has None instead.
        """
        currency = options["companies"][0].currency_id
        sizes = {id_: each.now.total() for id_, each in readings.items()}
        hidden = nps.hidden(sizes)
        cells = nps.hidden_cells(
            {
                id_: {start: counts.total() for start, counts in each.trend.items()}
                for id_, each in readings.items()
            },
            always=hidden,
        )
        before, public = (
            nps.hidden(
                {id_: getattr(each, name).total() for id_, each in readings.items()},
                always=hidden,
            )
            for name in ("before", "public")
        )
        groups = {}
        for id_, each in readings.items():
            if id_ in hidden or not sizes[id_]:
                continue
            groups[id_] = {
                **self._nps_score(each.now),
                "response": self._nps_response(responses.get(id_, Counter())),
                "accounts": self._nps_account_view(
                    accounts.get(id_, Accounts()), currency
                ),
                "public": {"score": None, "answers": None}
                if id_ in public
                else self._nps_brief(each.public),
                "trend": self._nps_trend(
                    options,
                    each.trend,
                    {start for row, start in cells if row == id_},
                ),
                "change": self._nps_change(options, each, id_ in before),
            }
        return {
            "groups": self._named_groups(ANSWER, options["group"], groups),
            "hidden": {
                "groups": len(hidden),
                "answers": sum(sizes[id_] for id_ in hidden),
            },
        }


def _sum(kind, slices):
    """Return the whole of slices: each has an `add`, or is a Counter."""
    whole = kind()
    for each in slices.values():
        whole.update(each) if kind is Counter else whole.add(each)
    return whole


def _rounded(bounds):
    """Return bounds with two digits, which is more than they are worth."""
    return tuple(None if bound is None else round(bound, 2) for bound in bounds)
