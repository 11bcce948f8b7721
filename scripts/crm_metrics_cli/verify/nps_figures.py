"""The figures of feedback, worked out from tables of answers and invitations.

Formulas as in docs/definitions.md, "Feedback".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from math import erfc, floor, sqrt
from statistics import NormalDist
from typing import Any

import pandas

#: 95 of 100 samples
Z = NormalDist().inv_cdf(0.975)
#: figure -> states of the invitations in it
RESPONSE = {
    "skipped": {"skipped"},
    "waiting": {"planned"},
    "failed": {"failed"},
    "sent": {"sending", "sent", "answered", "declined", "expired", "bounced"},
    "bounced": {"bounced"},
    "delivered": {"sending", "sent", "answered", "declined", "expired"},
    "answered": {"answered"},
    "declined": {"declined"},
    "expired": {"expired"},
    "open": {"sending", "sent"},
}


def bucket(score: int) -> str:
    """Return the bucket of an answer.

    >>> [bucket(score) for score in (0, 6, 7, 8, 9, 10)]
    ['detractor', 'detractor', 'passive', 'passive', 'promoter', 'promoter']
    """
    if score >= 9:
        return "promoter"
    return "passive" if score >= 7 else "detractor"


def whole(number: Fraction | None) -> int | None:
    """Round to a whole number, halves away from zero.

    >>> whole(Fraction(5, 2)), whole(Fraction(-5, 2)), whole(None)
    (3, -3, None)
    """
    if number is None:
        return None
    size = floor(abs(number) + Fraction(1, 2))
    return size if number > 0 else -size


class Composition:
    """How many promoters, passives and detractors are among votes.

    >>> some = Composition([10, 10, 9, 9, 8, 7, 6, 0])
    >>> some.exact, [round(bound, 1) for bound in some.interval]
    (Fraction(25, 1), [-29.4, 65.8])
    """

    def __init__(self, scores: Sequence[int]) -> None:
        self.scores = [int(score) for score in scores]
        buckets = [bucket(score) for score in self.scores]
        self.promoters = buckets.count("promoter")
        self.passives = buckets.count("passive")
        self.detractors = buckets.count("detractor")

    @property
    def answers(self) -> int:
        return len(self.scores)

    @property
    def net(self) -> int:
        return self.promoters - self.detractors

    @property
    def exact(self) -> Fraction | None:
        return Fraction(100 * self.net, self.answers) if self.answers else None

    def adjusted(self) -> tuple[float, float]:
        """Return mean and standard error, as shares, of counts with 3 more."""
        many = self.answers + 3
        promoters = (self.promoters + 0.75) / many
        detractors = (self.detractors + 0.75) / many
        mean = promoters - detractors
        return mean, sqrt((promoters + detractors - mean * mean) / many)

    @property
    def interval(self) -> tuple[float | None, float | None]:
        """The adjusted Wald interval in points."""
        if not self.answers:
            return None, None
        mean, error = self.adjusted()
        low, high = 100 * (mean - Z * error), 100 * (mean + Z * error)
        return max(low, -100.0), min(high, 100.0)

    def point(self) -> dict[str, Any]:
        low, high = self.interval
        return {
            "score": whole(self.exact),
            "answers": self.answers,
            "low": low,
            "high": high,
        }

    def headline(self) -> dict[str, Any]:
        return {
            **self.point(),
            "promoters": self.promoters,
            "passives": self.passives,
            "detractors": self.detractors,
            "scores": [self.scores.count(score) for score in range(11)],
        }


def latest(answers: pandas.DataFrame) -> pandas.DataFrame:
    """Return one vote for each person and wave: the last one."""
    return answers.sort_values(["date", "id"]).drop_duplicates("voter", keep="last")


def between(table: pandas.DataFrame, first: str, last: str) -> pandas.DataFrame:
    """Return the rows whose day is one of a span."""
    return table[(table["day"] >= first) & (table["day"] <= last)]


def figures(
    answers: pandas.DataFrame, revenue: dict[int, Decimal], first: str, last: str
) -> dict[str, Any]:
    """Return the figures of the answers of a span.

    :param answers: of all times, without trials; with `day`, `voter` and `account`
    :param revenue: customer -> what was bought in the 12 months to the last day
    :param first: ISO date
    :param last: the last day that is known
    """
    counted = answers["state"] == "counted"
    is_public = answers["public"].astype(bool)
    may_vote = between(answers[counted & ~is_public], first, last)
    left_out = between(
        answers[(answers["state"] == "excluded") & ~is_public], first, last
    )
    votes = latest(may_vote)
    now = Composition(votes["score"])
    public = Composition(between(answers[counted & is_public], first, last)["score"])
    either = Composition(latest(pandas.concat([may_vote, left_out]))["score"])
    suspect = between(answers[answers["state"] == "suspect"], first, last)
    days = date.fromisoformat(last) - date.fromisoformat(first) + timedelta(1)
    span = [
        (date.fromisoformat(first) - days).isoformat(),
        (date.fromisoformat(first) - timedelta(1)).isoformat(),
    ]
    earlier = latest(between(answers[counted & ~is_public], *span))
    return {
        **now.headline(),
        "public": {"score": whole(public.exact), "answers": public.answers},
        "excluded": {"answers": len(left_out), "score_with_them": whole(either.exact)},
        "suspects": len(suspect),
        "accounts": _accounts(votes, revenue),
        "change": _change(Composition(earlier["score"]), now),
    }


def _change(before: Composition, now: Composition) -> dict[str, Any]:
    """Compare the scores of two spans: Z on the adjusted counts."""
    result: dict[str, Any] = {
        "score": whole(before.exact),
        "answers": before.answers,
        **dict.fromkeys(("delta", "low", "high", "p_value")),
    }
    if before.answers and now.answers:
        (was, was_error), (is_, error) = before.adjusted(), now.adjusted()
        spread = sqrt(was_error**2 + error**2)
        result |= {
            "delta": whole(now.exact - before.exact),
            "low": max(100 * (is_ - was - Z * spread), -200.0),
            "high": min(100 * (is_ - was + Z * spread), 200.0),
            "p_value": erfc(abs(is_ - was) / spread / sqrt(2)),
        }
    return result


def _accounts(votes: pandas.DataFrame, revenue: dict[int, Decimal]) -> dict[str, Any]:
    """Return the scores by account: all alike, and by what they bought."""
    known = votes[votes["account"].notna()]
    scores = {
        int(account): Composition(scores).exact
        for account, scores in known.groupby("account")["score"]
    }
    weights = {
        account: Fraction(max(revenue.get(account, Decimal(0)), Decimal(0)))
        for account in scores
    }
    weight = sum(weights.values())
    total = sum(Fraction(amount) for amount in revenue.values() if amount > 0)
    summed = sum(weights[account] * score for account, score in scores.items())
    return {
        "score": whole(sum(scores.values()) / len(scores)) if scores else None,
        "count": len(scores),
        "weighted_score": whole(summed / weight) if weight else None,
        "coverage": float(weight / total) if total else None,
    }


def response(invitations: pandas.DataFrame, first: str, last: str) -> dict[str, Any]:
    """Return how many were asked in a span, and what came of it.

    :param invitations: without trials; with `day`
    """
    states = between(invitations, first, last)["state"]
    found: dict[str, Any] = {"considered": len(states)}
    found |= {name: int(states.isin(those).sum()) for name, those in RESPONSE.items()}
    delivered = found["delivered"]
    found["rate"] = found["answered"] / delivered if delivered else None
    return found
