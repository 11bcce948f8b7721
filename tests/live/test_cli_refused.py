"""Where `crm-metrics` cannot work: one line that says why, and the right exit code."""

import http.server
import threading

import pytest

from scripts.setup import testing
from scripts.setup.environment import ready
from scripts.setup.paths import clone_key

FACT = "crm.mrr.segment"


def test_wrong_password(command):
    admin = {"CRM_METRICS_LOGIN": testing.LOGIN, "CRM_METRICS_API_KEY": None}
    for variables in (
        {**admin, "CRM_METRICS_PASSWORD": "wrong"},
        {"CRM_METRICS_API_KEY": "wrong"},
        {"CRM_METRICS_LOGIN": "nobody"},
    ):
        line = command.refusal("recompute", code=3, **variables)
        assert "wrong login or password" in line
    output, errors = command.run("recompute", code=3, **variables)
    assert (output, errors) == ("", f"{line}\n")


def test_wrong_database(command):
    line = command.refusal("status", "--database=there_is_none", code=3)
    assert "'there_is_none'" in line
    assert "cannot be opened" in line


def test_unreachable_host(command):
    port = testing.free_port()
    line = command.refusal("status", f"--url=http://127.0.0.1:{port}", code=3)
    assert f"http://127.0.0.1:{port}: no connection" in line
    line = command.refusal("status", "--url=http://there.is.none.invalid", code=3)
    assert "no connection" in line


def test_something_else_answers(command):
    other = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler
    )
    threading.Thread(target=other.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{other.server_port}"
        line = command.refusal("status", f"--url={url}", code=3)
    finally:
        other.shutdown()
        other.server_close()
    assert "there is no Odoo (HTTP 501)" in line


def test_bad_address(command):
    for url in (
        "localhost:8069",
        "ftp://localhost",
        "http://h:99999",
        "http://[::1:8574",
        "http://h/x",
    ):
        assert "is no address" in command.refusal("status", f"--url={url}", code=2)
    secret = "quite-secret-" + "word"
    line = command.refusal("status", f"--url=http://bot:{secret}@localhost", code=2)
    assert secret not in line


def test_no_password(command):
    line = command.refusal("status", code=2, CRM_METRICS_API_KEY=None)
    assert "CRM_METRICS_API_KEY" in line


@pytest.mark.parametrize(
    ("group", "refused"),
    [
        ("base.group_user", ["status", "recompute"]),
        ("sales_team.group_sale_salesman_all_leads", ["recompute"]),
    ],
)
def test_user_without_rights(colleague, group, refused):
    user = colleague(group)
    for name in refused:
        assert "this user may not do that" in user.refusal(name, code=3)
    if "status" not in refused:
        assert FACT in user.result("status")["facts"]


def test_addon_not_installed(command):
    """Another database of the same server."""
    name = f"crm_metrics_bare_{clone_key()}"
    login = {"CRM_METRICS_LOGIN": testing.LOGIN, "CRM_METRICS_API_KEY": None}
    login |= {"CRM_METRICS_PASSWORD": testing.PASSWORD, "CRM_METRICS_DATABASE": name}
    with ready() as environment:
        environment.databases.create_base(name)
        try:
            for each in ("status", "recompute"):
                line = command.refusal(each, code=3, **login)
                assert "the addon that brings it is not installed" in line
        finally:
            environment.databases.drop(name)


def test_unknown_fact(command):
    line = command.refusal("recompute", "--facts=res.users", code=2)
    assert "no fact res.users; there are" in line


def test_bad_options(command):
    for options in (["--shards=3"], ["--workers=0"], ["--nonsense"], ["--wait=-1"]):
        assert "recompute --help" in command.refusal("recompute", *options, code=2)


def test_the_password_is_never_shown(command):
    secret = "quite-secret-" + "word"
    for arguments in (["status"], ["status", "--json"], ["recompute"]):
        output, errors = command.run(*arguments, code=3, CRM_METRICS_API_KEY=secret)
        assert secret not in output + errors
