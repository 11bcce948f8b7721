"""The façade and the engine over the network, as a foreign program calls them."""

import threading

import odoorpc
import pytest

from scripts.setup import testing

FACTS = SEGMENT, MOVEMENT = "crm.mrr.segment", "crm.mrr.movement"
JANUARY = {"date_from": "2026-01-01", "date_to": "2026-01-31"}


@pytest.fixture(scope="module")
def served(_database):
    with testing.server(_database.name) as server:
        yield server


def login(server):
    client = odoorpc.ODOO("127.0.0.1", port=server.port, timeout=60)
    client.login(server.database, testing.LOGIN, testing.PASSWORD)
    return client


@pytest.fixture
def client(served, live):
    return login(served)


def refusal(client, *call):
    """Call a method that has to refuse; return the kind of error and its message."""
    with pytest.raises(odoorpc.error.RPCError) as caught:
        client.execute(*call)
    data = caught.value.info["data"]
    return data["name"].rpartition(".")[2], data["message"]


def test_figures(client, live):
    [(customers,)] = live.fetch(
        "SELECT count(DISTINCT partner_id) FROM crm_mrr_segment"
    )
    [(rate,)] = live.fetch(
        "SELECT sum(rate) FROM crm_mrr_segment WHERE date_from = '2026-01-01'"
    )
    result = client.execute("crm.metrics", "recurring", JANUARY)
    [period] = result["periods"]
    assert set(result) == {"meta", "periods", "kpis"}
    assert result["meta"]["queued"] == 0
    assert period["opening"] == 0
    assert period["new"] == period["closing"] == rate
    assert period["customers"]["new"] == customers


@pytest.mark.parametrize(
    ("key", "options"),
    [
        ("date_from", {"date_to": "2026-01-31"}),
        ("date_from", {**JANUARY, "date_from": "20260101"}),
        ("date_from", {**JANUARY, "date_from": "2026-02-01"}),
        ("grain", {**JANUARY, "grain": "fortnight"}),
        ("colour", {**JANUARY, "colour": "red"}),
        ("team_ids", {**JANUARY, "team_ids": [2_000_000_000]}),
        ("company_ids", {**JANUARY, "company_ids": "1"}),
        ("options", None),
    ],
)
def test_bad_options(client, key, options):
    kind, message = refusal(client, "crm.metrics", "recurring", options)
    assert kind == "ValidationError"
    assert message.startswith(f"{key}:")


def test_recompute_audit_and_status(client):
    result = client.execute("crm.metrics.engine", "recompute", SEGMENT)
    assert set(result) == {"rows", "changed", "seconds"}
    assert result["changed"] == 0
    assert client.execute("crm.metrics.engine", "audit", FACTS) == dict.fromkeys(
        FACTS, 0
    )
    status = client.execute("crm.metrics.engine", "status")
    assert status["facts"][SEGMENT]["rows"] == result["rows"]
    assert status["runs"][0]["mode"] == "audit"


def test_bad_facts_and_shards(client):
    engine = "crm.metrics.engine"
    for key, *arguments in (
        ("fact", "res.users"),
        ("shards", SEGMENT, 0, 3),
        ("shard", SEGMENT, 4, 4),
    ):
        kind, message = refusal(client, engine, "recompute", *arguments)
        assert kind == "ValidationError"
        assert message.startswith(f"{key}:")


def test_private_methods_are_private(client):
    for model, method in (
        ("crm.metrics.engine", "_cron_refresh"),
        ("crm.metrics.engine", "_rebuild_slots"),
        ("crm.metrics.queue", "_push"),
        (SEGMENT, "_fact_rebuild"),
        (SEGMENT, "init"),
    ):
        kind, _message = refusal(client, model, method)
        assert kind == "AccessError", method


def test_facts_cannot_be_written(client):
    for model in (SEGMENT, MOVEMENT, "crm.metrics.issue", "crm.metrics.run"):
        kind, _message = refusal(client, model, "create", {})
        assert kind == "AccessError"
        if rows := client.env[model].search([], limit=1):
            kind, _message = refusal(client, model, "unlink", rows)
            assert kind == "AccessError"


def test_a_doubled_row_is_removed_and_told(client, live):
    [(columns,)] = live.fetch(
        """SELECT string_agg(column_name, ', ') FROM information_schema.columns
            WHERE table_name = 'crm_mrr_segment' AND column_name <> 'id'"""
    )
    before = live.facts()
    live.execute(
        f"""INSERT INTO crm_mrr_segment ({columns})
            SELECT {columns} FROM crm_mrr_segment ORDER BY id LIMIT 1"""
    )
    drift = client.execute("crm.metrics.engine", "audit", FACTS)
    assert drift == {SEGMENT: 1, MOVEMENT: 0}
    assert live.facts() == before


def test_a_rebuild_elsewhere_gives_busy(client, live):
    """Cleanly and at once: no error, no waiting."""
    with live.env() as env:
        assert "rows" in env["crm.metrics.engine"].recompute(SEGMENT)
        # it would wait for as long as this test does
        result = client.execute("crm.metrics.engine", "recompute", SEGMENT)
        assert result == {"busy": True}


def test_many_recomputes_at_once(served, live):
    """Each either does the whole work or says busy; one at least does it."""
    results = []

    def recompute():
        client = login(served)
        results.append(client.execute("crm.metrics.engine", "recompute", SEGMENT))

    threads = [threading.Thread(target=recompute) for _each in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 6
    done = [result for result in results if result != {"busy": True}]
    assert done
    assert all(result["changed"] == 0 for result in done)


class TestBadInput:
    """What a person or a program gets to read, and that nothing is half-written."""

    @pytest.fixture(autouse=True)
    def _nothing_is_written(self, live):
        query = """SELECT (SELECT count(*) FROM crm_subscription),
                          (SELECT count(*) FROM crm_subscription_line),
                          (SELECT count(*) FROM crm_metrics_queue)"""
        before = live.fetch(query)
        yield
        assert live.fetch(query) == before

    def refused(self, client, line=None, **values):
        [partner] = client.env["res.partner"].search([("name", "=", "Live 0")])
        [plan] = client.env["crm.recurring.plan"].search([("name", "=", "Live")])
        line = {"name": "L", "recurring_plan_id": plan, "price_unit": 1, **(line or {})}
        values = {
            "name": "Bad",
            "partner_id": partner,
            "date_start": "2026-01-01",
            "line_ids": [(0, 0, line)],
            **values,
        }
        kind, message = refusal(client, "crm.subscription", "create", [values])
        assert kind == "ValidationError"
        return message

    def test_no_customer(self, client):
        assert "'Customer' (partner_id)" in self.refused(client, partner_id=False)

    def test_no_name(self, client):
        assert "(name)" in self.refused(client, name=False)

    def test_end_before_start(self, client):
        assert "End:" in self.refused(client, date_end="2025-12-31")
        dates = {"date_start": "2026-02-01", "date_end": "2026-01-31"}
        assert "End:" in self.refused(client, dates)

    def test_negative_numbers(self, client):
        assert "Quantity:" in self.refused(client, {"quantity": -1})
        assert "Unit Price:" in self.refused(client, {"price_unit": -1})
        assert "Disc.%:" in self.refused(client, {"discount": 101})

    def test_no_plan(self, client):
        message = self.refused(client, {"recurring_plan_id": False})
        assert "Recurring Plan:" in message
