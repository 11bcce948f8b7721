"""Wrong usage is said in one line; addresses; what is printed anywhere."""

import json
import os
import subprocess
from types import SimpleNamespace

import pytest

from crm_metrics_cli import recompute
from crm_metrics_cli.connection import Address
from crm_metrics_cli.errors import UsageError
from crm_metrics_cli.output import Output, table
from crm_metrics_cli.state import State
from scripts.setup import testing

LOGIN = ["--database=db", "--login=admin"]


def run(*arguments, code, **environment):
    """Run the command, which gets to no server; return what it printed."""
    known = {key: os.environ[key] for key in os.environ if "CRM_METRICS" not in key}
    process = subprocess.run(
        [testing.PYTHON, "-m", "crm_metrics_cli", *map(str, arguments)],
        env={**known, **testing.environment(), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert process.returncode == code, process.stderr
    return process.stdout, process.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["status"], "Missing option '--database'"),
        (["status", *LOGIN, "--nonsense"], "No such option: --nonsense"),
        (["nonsense"], "No such command 'nonsense'"),
        (["recompute", *LOGIN, "--shards=3"], "'3' is not one of"),
        (["recompute", *LOGIN, "--state=/"], "is a directory"),
        (["import", "purchases", *LOGIN, "--batch=0", "file"], "0 is not in the range"),
        (["import", *LOGIN], "Missing argument"),
    ],
)
def test_wrong_usage(arguments, said):
    output, errors = run(*arguments, code=2)
    assert output == ""
    [line] = errors.splitlines()
    assert line.startswith("crm-metrics: ")
    assert said in line
    assert line.endswith("--help.")
    output, errors = run(*arguments, "--json", code=2)
    assert errors == f"{line}\n"
    assert json.loads(output) == {"error": line.removeprefix("crm-metrics: ")}


def test_help():
    for arguments in ([], ["--help"], ["status", "-h"]):
        output, errors = run(*arguments, code=0)
        assert output.startswith("Usage: crm-metrics ")
        assert errors == ""


# ----------------------------------------------------------------------
# addresses
# ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://[::1:8574",
        "http://h:x",
        "http://",
        "h",
        "http://h/odoo",
        "http://h?db=x",
        "http://h#x",
    ],
)
def test_no_address(url):
    with pytest.raises(UsageError, match="is no address of a server"):
        Address(url, "db", "admin", "key").client()


@pytest.mark.parametrize(
    "url", ["http://admin:secret@h", "http://admin:secret@[::1:1", "secret@h"]
)
def test_no_password_in_an_address(url):
    with pytest.raises(UsageError, match="no part of it") as caught:
        Address(url, "db", "admin", "key").client()
    assert "secret" not in str(caught.value)


def test_addresses():
    for url, host, port in (
        ("http://h", "h", 80),
        ("https://h/", "h", 443),
        ("http://[::1]:8069", "[::1]", 8069),
    ):
        client = Address(url, "db", "admin", "key").client()
        assert (client.host, client.port) == (host, port)


# ----------------------------------------------------------------------
# terminals that know few characters
# ----------------------------------------------------------------------

SHOW = """
from crm_metrics_cli.output import Output, table
output = Output({as_json})
output.result({{"name": "Ü – ж"}}, table("Fäcts", ("a", "b"), [("Ü", None)]), "– ж")
output.fail("– Ü")
"""


def shown(encoding, as_json):
    return subprocess.run(
        [testing.PYTHON, "-c", SHOW.format(as_json=as_json)],
        env={**testing.environment(), "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=True,
    )


def test_ascii():
    for encoding in ("ascii", "ascii:strict", "latin-1"):
        done = shown(encoding, False)
        assert b"? ?" in done.stdout
        done = shown(encoding, True)
        first, _error = done.stdout.decode("ascii").split("}\n", 1)
        assert json.loads(first + "}") == {"name": "Ü – ж"}


def test_unicode():
    done = shown("utf-8", False)
    assert "– ж" in done.stdout.decode()
    assert "Ü – ж" in shown("utf-8", True).stdout.decode()


def test_nothing_is_a_dash(capsys):
    Output(False).result({}, table("", ("a", "b"), [("x", None)]))
    assert " - " in capsys.readouterr().out


# ----------------------------------------------------------------------
# the state of a recomputation
# ----------------------------------------------------------------------


class TestState:
    @pytest.fixture
    def session(self):
        said = []
        facts = {"facts": {"a": {}, "b": {}}}
        connection = SimpleNamespace(
            address=Address("http://h", "db", "admin", "key"),
            call=lambda *_arguments: facts,
        )
        output = SimpleNamespace(say=said.append, said=said)
        return SimpleNamespace(connection=connection, output=output)

    @pytest.fixture
    def path(self, tmp_path):
        return tmp_path / "state.json"

    def plan(self, session, path, resume=False):
        return recompute.plan(session, [], 2, resume, path)

    @pytest.mark.parametrize("text", ["", "my notes", "{}", "[1]"])
    @pytest.mark.parametrize("resume", [True, False])
    def test_another_file_is_left_alone(self, session, path, text, resume):
        path.write_text(text)
        with pytest.raises(UsageError, match="is no state of a recomputation"):
            self.plan(session, path, resume)
        assert path.read_text() == text

    def test_that_of_another_database(self, session, path):
        State(path, "http://h", "other", ["a"], 2).save()
        for resume in (True, False):
            with pytest.raises(UsageError, match="is of database 'other'"):
                self.plan(session, path, resume)

    def test_anew_is_said(self, session, path):
        done = {"a 0": {"rows": 1}}
        State(path, "http://h", "db", ["a", "b"], 2, done).save()
        assert self.plan(session, path, resume=True).done == done
        session.output.said.clear()
        assert self.plan(session, path).done == {}
        assert session.output.said == [
            "starting anew; --resume would go on with a run of which 1 of 4 are done"
        ]

    def test_the_first_time(self, session, path):
        assert self.plan(session, path).done == {}
        assert session.output.said == []
