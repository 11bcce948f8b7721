"""What an import makes of a file, and of what the server answers."""

from types import SimpleNamespace

import pytest

from crm_metrics_cli.errors import ServerError
from crm_metrics_cli.importing import run
from crm_metrics_cli.importing.lookup import KINDS, find
from crm_metrics_cli.importing.run import Answer, Record, Refusal, load
from crm_metrics_cli.importing.subscriptions import Subscriptions
from crm_metrics_cli.importing.table import Row, Table, read


class TestExternalIds:
    """Of subscriptions and their lines: no two records have the same."""

    @pytest.fixture
    def subscriptions(self, tmp_path):
        def make(*rows):
            lines = ["id,line_id,name,customer,description,plan,price_unit"]
            lines += [f"{row},N,C,D,Monthly,1" for row in rows]
            path = tmp_path / "file.csv"
            path.write_text("\n".join(lines))
            table = read(path, Subscriptions.columns)
            records = Subscriptions().records(table)
            return [record.key.removeprefix("__import__.") for record in records], [
                str(each) for each in table.rejections
            ]

        return make

    def test_a_number_of_both(self, subscriptions):
        found, rejected = subscriptions("1,1", "2,2-1", "3,2", "3,3-1", "4,5", "6,4.4")
        assert found == ["2", "4", "6"]
        assert rejected == [
            "line 2, line_id: it is the id of the subscription of line 2, and no two "
            "records have the same; name the line 1-1, say",
            "line 4, line_id: it is the id of the subscription of line 3, and no two "
            "records have the same; name the line 2-1, say",
            "line 5, id: line 4 of the same subscription is wrong",
        ]

    def test_of_a_subscription_that_is_rejected_or_comes_later(self, subscriptions):
        found, rejected = subscriptions("1,2", "3,__import__.4", "4,b", "2,")
        assert found == ["4"]
        assert [each.partition(":")[0] for each in rejected] == [
            "line 5, line_id",
            "line 2, line_id",
            "line 3, line_id",
        ]


class Server:
    """Loads records as Odoo does: all of them, or errors of those that are bad."""

    def __init__(self, answer):
        self.answer = answer
        self.calls = 0

    def call(self, _model, _method, _titles, rows, **_context):
        self.calls += 1
        messages = self.answer([name for [name] in rows])
        return {"ids": not messages and [1] * len(rows), "messages": messages}


def error(message, row=None):
    rows = {} if row is None else {"rows": {"from": row, "to": row}}
    return {"type": "error", "message": message, **rows}


def imported(server, names):
    """Import records by their names; return what went in and what was rejected."""
    table = Table([])
    records = [Record(name, [Row(line, {})]) for line, name in enumerate(names, 2)]

    def send(connection, _table, chunk, _dry):
        rows = [[[record.key]] for record in chunk]
        return load(connection, "model", ["name"], rows, {}, {})

    done = run._send(server, SimpleNamespace(send=send), table, records, False)
    rejected = {each.line: each.reason for each in table.rejections}
    return [record.key for record, _fate in done], rejected


NAMES = ["good 2", "bad 3", "good 4", "good 5", "bad 6", "good 7"]
GOOD = ["good 2", "good 4", "good 5", "good 7"]


def bad(names):
    return [number for number, name in enumerate(names) if "bad" in name]


def test_an_error_that_names_no_record():
    server = Server(lambda names: [error("one is bad")] if bad(names) else [])
    assert imported(server, NAMES) == (GOOD, {3: "one is bad", 6: "one is bad"})


def test_an_error_of_the_batch_is_not_that_of_its_first_record():
    """Odoo tells what stopped the batch as an error of record 0, before the others."""

    def answer(names):
        each = [error(f"{names[row]} is bad", row) for row in bad(names)]
        return [error("the batch is bad", 0), *each] if each else []

    server = Server(answer)
    assert imported(server, NAMES)[0] == GOOD
    assert server.calls == 2
    names = ["bad 2", *NAMES[1:]]
    found, rejected = imported(server, names)
    assert found == GOOD[1:]
    assert {*rejected} == {2, 3, 6}


def test_nothing_but_warnings():
    server = Server(lambda _names: [{"type": "warning", "message": "well"}])
    with pytest.raises(ServerError):
        load(server, "model", ["name"], [[["a"]]], {}, {})
    server = Server(lambda _names: [error("no  such\n thing", 0)])
    answer = load(server, "model", ["name"], [[["a"]]], {}, {})
    assert answer == Answer([Refusal(0, "", "no such thing")])


def test_an_opportunity_by_a_number_that_is_none():
    """Of any length: it is no id, and nothing is asked for it."""
    asked = []

    def pages(_model, domain, _fields, **_options):
        asked.extend(domain)
        return []

    names = {"7", "9" * 18, "9" * 19, "9" * 5_000, "007", "0", "٣"}
    find(SimpleNamespace(pages=pages), KINDS["crm.lead"], names)
    assert asked == [["id", "in", [7, int("9" * 18)]]]
