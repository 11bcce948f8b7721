"""A worker that rebuilds a part, on a connection that is not there."""

from types import SimpleNamespace

import pytest
from odoorpc.error import RPCError

from crm_metrics_cli import recompute
from crm_metrics_cli.connection import Address, Connection, _refusal
from crm_metrics_cli.errors import NoConnection, ServerError, Temporary
from crm_metrics_cli.recompute import Part, Patience, rebuild

DONE = {"rows": 3, "changed": 1, "seconds": 0.1}


class Scripted:
    """A connection that answers, or fails, as it is told."""

    def __init__(self, *answers):
        self.answers = [*answers]
        self.calls = []

    def call(self, *arguments):
        self.calls.append(arguments)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def clock(monkeypatch):
    """Time that passes by sleeping only."""
    slept = []
    time = SimpleNamespace(monotonic=lambda: sum(slept), sleep=slept.append)
    monkeypatch.setattr(recompute, "time", time)
    monkeypatch.setattr("crm_metrics_cli.retry.time.sleep", slept.append)
    monkeypatch.setattr(
        recompute,
        "persistently",
        lambda work, attempts, tell: original(work, attempts, tell, slept.append),
    )
    return slept


original = recompute.persistently


def run(connection, attempts=5, wait=60):
    part = Part("crm.mrr.segment", 2, 4)
    patience = Patience(attempts, wait)
    news = []
    rebuild(connection, part, patience, SimpleNamespace(say=news.append))
    return part, patience, news


def test_at_once(clock):
    connection = Scripted(DONE)
    part, _patience, news = run(connection)
    assert part.result == DONE
    assert part.error is None
    assert connection.calls == [
        ("crm.metrics.engine", "recompute", "crm.mrr.segment", 2, 4)
    ]
    assert clock == news == []


def test_lost_races_and_busy_slots(clock):
    race = _refusal(
        RPCError("x", {"data": {"name": "psycopg2.errors.SerializationFailure"}})
    )
    assert isinstance(race, Temporary)
    busy = {"busy": True}
    part, _patience, news = run(Scripted(race, race, busy, busy, race, DONE))
    assert part.result == DONE
    assert len(news) == 3
    assert len(clock) == 5
    assert all("SerializationFailure" in each for each in news)


def test_busy_for_too_long(clock):
    part, patience, _news = run(Scripted(*[{"busy": True}] * 99), wait=60)
    assert isinstance(part.error, ServerError)
    assert part.result == {}
    assert 50 < sum(clock) <= 60
    # the others wait as long
    assert patience.attempts == 5


def test_away_for_too_long(clock):
    part, patience, _news = run(Scripted(*[Temporary("away")] * 99), attempts=3)
    assert "given up after 3 attempts: away" in str(part.error)
    # the others need not wait as long
    assert patience.attempts == 1


def test_refused(clock):
    for error in (NoConnection("no right"), ServerError("no"), KeyError("bug")):
        part, _patience, _news = run(Scripted(error))
        assert part.error
    assert clock == []


@pytest.mark.parametrize(
    ("name", "message", "kind"),
    [
        ("psycopg2.errors.DeadlockDetected", "deadlock", Temporary),
        ("psycopg2.OperationalError", 'database "x" does not exist', ServerError),
        ("odoo.exceptions.AccessError", "You may not", NoConnection),
        ("odoo.exceptions.AccessDenied", "Access Denied", NoConnection),
        ("odoo.exceptions.ValidationError", "fact: no", ServerError),
        ("", "", ServerError),
    ],
)
def test_errors_are_told_apart(name, message, kind):
    error = _refusal(RPCError(message, {"data": {"name": name, "message": message}}))
    assert type(error) is kind


def test_each_worker_has_its_own_connection():
    connection = Connection(Address("http://h:1", "db", "admin", "secret"), 2)
    connection.company_ids = [1, 3]
    twin = connection.twin()
    assert twin is not connection
    assert twin._client is not connection._client
    assert (twin.user_id, twin.company_ids) == (2, [1, 3])
