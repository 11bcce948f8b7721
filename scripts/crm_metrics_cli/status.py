"""``crm-metrics status``: how fresh the facts are."""

import click

from .output import table
from .session import Session, command


@click.command()
@command
def status(session: Session) -> None:
    """Tell how fresh the facts are, what waits, and what was done last."""
    found = session.connection.call("crm.metrics.engine", "status")
    facts = table(
        "Facts",
        ("fact", "rows", "waiting", "last work on it (UTC)"),
        [
            (fact, its["rows"], its["queued"], its["refreshed_at"])
            for fact, its in found["facts"].items()
        ],
    )
    runs = table(
        "Last runs",
        (
            "started (UTC)",
            "what",
            "fact",
            "shard",
            "rows",
            "changed",
            "seconds",
            "error",
        ),
        [
            (
                run["started_at"],
                run["mode"],
                run["fact"],
                f"{run['shard']} of {run['shards']}",
                run["rows"],
                run["changed"],
                run["seconds"],
                run["error"] or None,
            )
            for run in found["runs"]
        ],
    )
    issues = f"Issues (what could not be counted): {found['issues']:,}"
    session.output.result(found, facts, issues, runs)
