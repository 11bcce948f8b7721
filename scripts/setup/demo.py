"""``make demo``: the app with data in it, ready to be looked at."""

import json

from . import odoo_process
from .console import say, step
from .databases import APP, BASE_GLUE
from .environment import Environment
from .paths import addons_digest, clone_key, home, write_atomically


def database_name() -> str:
    """The demo database of this clone."""
    return f"crm_metrics_demo_{clone_key()}"


def run(environment: Environment, port: int) -> int:
    """Serve the demo database; made on first use, updated when the addons changed."""
    name = database_name()
    record = home() / "demo" / f"{clone_key()}.json"
    built_from = {
        "addons": addons_digest(),
        "odoo": environment.launcher.odoo.build,
    }
    # Only what matters, so that the address stays in sight.
    arguments = ["--log-level=warn"]
    if not environment.databases.exists(name):
        environment.databases.create(name, demo=True)
    elif not record.exists() or json.loads(record.read_text()) != built_from:
        step(f"{name}: updating, the addons changed (fresh data: make demo-reset)")
        # an update does not bring addons that were not there yet
        arguments += [f"--update={APP}", f"--init={','.join(BASE_GLUE)}"]

    def done() -> None:
        write_atomically(record, json.dumps(built_from))

    return odoo_process.serve(environment.launcher, name, port, arguments, done)


def reset(environment: Environment) -> None:
    """Drop the demo database, so that the next start makes a fresh one."""
    environment.databases.drop(database_name())
    say("the demo database is dropped; make demo makes a fresh one")
