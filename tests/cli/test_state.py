"""The file that an interrupted recomputation leaves."""

import pytest

from crm_metrics_cli.connection import Address
from crm_metrics_cli.errors import UsageError
from crm_metrics_cli.state import State, default_path


@pytest.fixture
def state(tmp_path):
    return State(tmp_path / "deep" / "state.json", "http://h", "db", ["a", "b"], 4)


def test_what_was_saved_is_read(state):
    state.done["a 0"] = {"rows": 1, "changed": 0, "seconds": 0.5}
    state.save()
    assert State.read(state.path) == state
    assert [path.name for path in state.path.parent.iterdir()] == ["state.json"]


def test_nothing_is_left(state):
    assert State.read(state.path) is None
    state.save()
    state.forget()
    assert State.read(state.path) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"url": "http://h"}'])
def test_something_else(state, text):
    state.save()
    state.path.write_text(text)
    with pytest.raises(UsageError, match="no state"):
        State.read(state.path)


def test_each_database_has_its_own(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    paths = {
        default_path(Address(url, database, "admin", "secret"))
        for url in ("http://one", "http://two")
        for database in ("a", "b")
    }
    assert len(paths) == 4
    assert {path.parent for path in paths} == {tmp_path / "crm-metrics"}


def test_the_secret_is_not_shown():
    assert "secret" not in repr(Address("http://h", "db", "admin", "secret"))
