"""Waiting and trying again, without a server and without waiting."""

import pytest

from crm_metrics_cli.errors import ServerError, Temporary
from crm_metrics_cli.retry import pauses, persistently


class Flaky:
    """Work that fails so often before it succeeds."""

    def __init__(self, failures, error=Temporary):
        self.failures = failures
        self.error = error
        self.calls = 0

    def __call__(self):
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error("not now")
        return "done"


def trial(work, attempts):
    """Do the work; return its result, the news and the pauses."""
    news, slept = [], []
    result = persistently(work, attempts, news.append, slept.append)
    return result, news, slept


def test_success_at_once():
    assert trial(Flaky(0), 3) == ("done", [], [])


def test_pauses_double_up_to_a_minute():
    result, news, slept = trial(Flaky(9), 10)
    assert result == "done"
    assert len(news) == len(slept) == 9
    for pause, whole in zip(slept, (1, 2, 4, 8, 16, 32, 60, 60, 60), strict=True):
        assert 0.75 * whole <= pause <= whole
    assert news[0].startswith("not now; again in 1 s")


def test_workers_do_not_come_back_together():
    first = [next(pauses()) for _each in range(20)]
    assert len(set(first)) > 1


def test_giving_up():
    work = Flaky(5)
    with pytest.raises(Temporary, match="given up after 3 attempts: not now"):
        trial(work, 3)
    assert work.calls == 3


def test_a_refusal_is_not_repeated():
    work = Flaky(1, ServerError)
    with pytest.raises(ServerError):
        trial(work, 3)
    assert work.calls == 1
