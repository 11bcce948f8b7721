"""Net Promoter Score: from counts of answers to a score, its interval and changes.

People answer on a whole-number scale from 0 to 10; 9 and 10 are promoters, 7 and 8
passives, 0 to 6 detractors. The score is 100 (promoters - detractors) / answers, a
number with a sign between -100 and 100 (Reichheld, "The One Number You Need to Grow",
Harvard Business Review, December 2003). It is rounded once, from the counts: the
difference of rounded percentages misses it by a point in a quarter of all cases.

Pure Python, no database.
"""

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from math import erfc, sqrt
from statistics import NormalDist

SCALE = range(11)
#: names of the buckets, as stored
PROMOTER, PASSIVE, DETRACTOR = "promoter", "passive", "detractor"
#: a breakdown shows nothing that fewer people have said
THRESHOLD = 5
CONFIDENCE = 0.95
#: what the adjusted Wald interval adds: to promoters, to detractors, to all answers
ADDED_ENDS, ADDED_ALL = 0.75, 3


def bucket(score):
    """Return the bucket of an answer.

    :param int score: from 0 to 10
    :raise ValueError: it is not on the scale, a half for instance

    >>> [bucket(score) for score in (0, 6, 7, 8, 9, 10)]
    ['detractor', 'detractor', 'passive', 'passive', 'promoter', 'promoter']
    >>> bucket(6.5)
    Traceback (most recent call last):
    ValueError: 6.5 is not on the scale from 0 to 10
    """
    if isinstance(score, bool) or score not in SCALE:
        raise ValueError(f"{score!r} is not on the scale from 0 to 10")
    return PROMOTER if score >= 9 else PASSIVE if score >= 7 else DETRACTOR


@dataclass(frozen=True)
class Votes:
    """How many promoters, passives and detractors there are."""

    promoters: int = 0
    passives: int = 0
    detractors: int = 0

    @property
    def answers(self):
        return self.promoters + self.passives + self.detractors

    @property
    def net(self):
        return self.promoters - self.detractors


def votes(scores):
    """Sort answers into the three buckets.

    :param dict scores: answer from 0 to 10 -> how many gave it
    :return: :class:`Votes`

    One answer of each value:

    >>> votes(dict.fromkeys(SCALE, 1))
    Votes(promoters=2, passives=2, detractors=7)
    """
    found = Counter()
    for score, count in scores.items():
        found[bucket(score)] += count
    return Votes(found[PROMOTER], found[PASSIVE], found[DETRACTOR])


def rounded(number):
    """Round to a whole number, halves away from zero.

    :param number: int, Fraction or None
    :return: int, None for None

    >>> [rounded(Fraction(n, 2)) for n in (5, 4, 1, -1, -5)]
    [3, 2, 1, -1, -3]
    """
    if number is None:
        return None
    size = int(abs(number) + Fraction(1, 2))
    return -size if number < 0 else size


def exact(composition):
    """Return the score with all its digits, as a Fraction; None without answers.

    >>> exact(Votes(2, 2, 7))
    Fraction(-500, 11)
    >>> exact(Votes()) is None
    True
    """
    if not composition.answers:
        return None
    return Fraction(100 * composition.net, composition.answers)


def score(composition):
    """Return the score, a whole number from -100 to 100; None without answers.

    Delighted's help, article 531: 10 of 20 promote, 5 do the opposite.

    >>> score(Votes(10, 5, 5))
    25
    >>> score(Votes(1, 0, 2)), score(Votes()) is None
    (-33, True)
    """
    return rounded(exact(composition))


def interval(composition, confidence=CONFIDENCE):
    """Return the adjusted Wald interval of the score.

    3/4 are added to promoters and detractors and 3 to all answers, then Wald's interval
    is taken: m -+ z sqrt((p + d - m^2) / n) with m = p - d, cut off at -100 and 100.
    Of six methods the one that comes nearest to what it promises (Rocks, "Interval
    Estimation for the Net Promoter Score", The American Statistician 70, 2016); the
    plain one says +-0 where all agree.

    :param float confidence: share of samples whose interval has the true score in it
    :return: tuple (low, high) in points, not rounded; None, None without answers

    >>> [round(bound, 2) for bound in interval(Votes(10, 5, 5))]
    [-11.72, 55.19]
    >>> interval(Votes(10, 0, 0))[1]
    100.0
    """
    if not composition.answers:
        return None, None
    mean, error = _adjusted(composition)
    reach = _z(confidence) * error
    return max(100 * (mean - reach), -100.0), min(100 * (mean + reach), 100.0)


@dataclass(frozen=True)
class Change:
    """A score against an earlier one.

    `delta` is the difference of the two scores, rounded once; `low` and `high` bound
    the true difference, `z` is its distance from 0 in standard errors, and `p_value`
    how often chance alone brings one as large or larger.
    """

    delta: int
    low: float
    high: float
    z: float
    p_value: float


def compare(before, after, confidence=CONFIDENCE):
    """Compare the scores of two samples of different people.

    Z = (m2 - m1) / sqrt(e1^2 + e2^2) on the adjusted counts of :func:`interval`, with
    the two-sided p-value of the normal distribution (R package NPS, `nps_test`;
    MeasuringU, "How to Compare Two Net Promoter Scores").

    :param Votes before, after: the samples
    :return: :class:`Change`, None where one of them has no answers

    100 answers each are not enough to call 30 -> 45 a change, 1,000 each are:

    >>> few = compare(Votes(50, 30, 20), Votes(60, 25, 15))
    >>> few.delta, round(few.z, 3), round(few.p_value, 3)
    (15, 1.372, 0.17)
    >>> many = compare(Votes(500, 300, 200), Votes(600, 250, 150))
    >>> round(many.z, 3), f"{many.p_value:.1e}"
    (4.402, '1.1e-05')
    """
    if not before.answers or not after.answers:
        return None
    (mean_before, error_before), (mean, error) = map(_adjusted, (before, after))
    difference, spread = mean - mean_before, sqrt(error_before**2 + error**2)
    z, reach = difference / spread, _z(confidence) * spread
    return Change(
        delta=rounded(exact(after) - exact(before)),
        low=max(100 * (difference - reach), -200.0),
        high=min(100 * (difference + reach), 200.0),
        z=z,
        p_value=erfc(abs(z) / sqrt(2)),
    )


def _adjusted(composition):
    """Return mean and standard error of the adjusted counts, as shares."""
    answers = composition.answers + ADDED_ALL
    promoters = (composition.promoters + ADDED_ENDS) / answers
    detractors = (composition.detractors + ADDED_ENDS) / answers
    mean = promoters - detractors
    return mean, sqrt((promoters + detractors - mean**2) / answers)


def _z(confidence):
    return NormalDist().inv_cdf((1 + confidence) / 2)


def mean_of_accounts(accounts):
    """Return the mean of the scores of accounts: each weighs the same.

    :param dict accounts: (net, answers) of an account -> how many are like that
    :return: Fraction in points; None without accounts

    One account with two promoters, one with a promoter and a detractor, and one with a
    detractor:

    >>> mean_of_accounts({(2, 2): 1, (0, 2): 1, (-1, 1): 1})
    Fraction(0, 1)
    """
    return weighted_mean(accounts, accounts)


def weighted_mean(accounts, weights):
    """Return the mean of the scores of accounts, each weighing what it is worth.

    100 sum(w s) / sum(w), with s = net / answers of an account.

    :param accounts: (net, answers) of accounts
    :param dict weights: the same -> sum of the weights of the accounts like that, whole
        numbers, Decimals or Fractions, none below 0
    :return: Fraction in points; None where nothing has a weight

    >>> weighted_mean([(1, 1), (-1, 1)], {(1, 1): 300, (-1, 1): 100})
    Fraction(50, 1)
    >>> weighted_mean([(1, 1)], {(1, 1): 0}) is None
    True
    """
    total = sum(Fraction(weights[key]) for key in accounts)
    if not total:
        return None
    summed = sum(
        Fraction(weights[net, answers]) * Fraction(net, answers)
        for net, answers in accounts
    )
    return 100 * summed / total


def hidden(groups, threshold=THRESHOLD, always=()):
    """Return which groups of a breakdown are not shown, so that nobody stands out.

    Those with too few answers. And because the whole is known, what is hidden can be
    worked out together: so it has to be two groups and enough people, else the next
    smallest group is hidden as well (complementary suppression).

    :param dict groups: group -> number of its answers; empty groups hide nothing
    :param int threshold: so many answers are enough
    :param always: groups that are not shown whatever they have
    :return: set of groups

    >>> sorted(hidden({"A": 4, "B": 50, "C": 6, "D": 7}))
    ['A', 'C']
    >>> sorted(hidden({"A": 4, "B": 1, "C": 6})), hidden({"A": 5, "B": 6})
    (['A', 'B'], set())
    """
    sizes = {group: count for group, count in groups.items() if count}
    found = {
        group for group, count in sizes.items() if count < threshold or group in always
    }
    # sorted() keeps the order of groups of one size, so the answer is always the same
    for group in sorted(sizes, key=sizes.get):
        enough = len(found) > 1 and sum(map(sizes.get, found)) >= threshold
        if not found or enough:
            break
        found.add(group)
    return found


def hidden_cells(table, threshold=THRESHOLD, always=()):
    """Return which cells of a table of two breakdowns are not shown.

    Rows and columns are checked in turn, because the sums of both are known, until
    nothing more has to be hidden.

    :param dict table: row -> column -> number of answers
    :param always: rows that are not shown at all
    :return: set of (row, column)

    North has a single answer in May. That hides those of South in May, and another
    month of both, because the sums of North and South are known:

    >>> north, south = {"Apr": 9, "May": 1, "Jun": 20}, {"Apr": 8, "May": 7, "Jun": 20}
    >>> sorted(hidden_cells({"North": north, "South": south}))
    [('North', 'Apr'), ('North', 'May'), ('South', 'Apr'), ('South', 'May')]
    """
    lines = {}
    for row, columns in table.items():
        for column, count in columns.items():
            for line in (("column", column), ("row", row)):
                lines.setdefault(line, {})[row, column] = count
    found = {cell for cells in lines.values() for cell in cells if cell[0] in always}
    while True:
        before = len(found)
        for cells in lines.values():
            found |= hidden(cells, threshold, found)
        if len(found) == before:
            return found
