"""The Docker way of running: what the files say, and the start script's logic.

No Docker is needed: the script runs with stand-ins for ``odoo`` and ``psql``.
"""

import ast
import configparser
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from scripts.setup import testing

COMPOSE = testing.ROOT / "docker-compose.yml"
SCRIPT = testing.ROOT / "docker" / "start.sh"
CONFIG = testing.ROOT / "docker" / "odoo.conf"


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load(COMPOSE.read_text())


@pytest.fixture(scope="module")
def config():
    parser = configparser.ConfigParser()
    parser.read(CONFIG)
    return parser["options"]


def mounts(service):
    """Folder in the container -> what is mounted there."""
    return {
        target.split(":")[0]: source
        for source, target in (each.split(":", 1) for each in service["volumes"])
    }


# ----------------------------------------------------------------------
# what the files say
# ----------------------------------------------------------------------


def test_services(compose):
    images = {name: each["image"] for name, each in compose["services"].items()}
    assert set(images) == {"odoo", "db", "mail"}
    assert images["odoo"] == "odoo:19.0"
    assert images["db"].startswith("postgres:")
    for image in images.values():
        tag = image.rpartition(":")[2]
        assert tag and tag != "latest", "an image without a version changes by itself"


def test_every_service_tells_its_health(compose):
    for service in compose["services"].values():
        check = service["healthcheck"]
        assert check["test"][0] == "CMD" and len(check["test"]) > 1
        assert check["interval"] and check["timeout"] and check["retries"]
        assert service["restart"] == "unless-stopped"


def test_odoo_waits_for_the_database(compose):
    waits = compose["services"]["odoo"]["depends_on"]
    assert waits["db"] == {"condition": "service_healthy"}
    assert set(waits) <= set(compose["services"])


def test_ports_are_of_this_machine_only(compose):
    published = [
        port for each in compose["services"].values() for port in each.get("ports", ())
    ]
    assert len(published) == 2
    for port in published:
        assert port.startswith("127.0.0.1:"), port


def test_volumes(compose):
    """What is mounted exists, what must last is in a named volume."""
    named = set(compose["volumes"])
    used = set()
    for service in compose["services"].values():
        for source in mounts(service).values() if "volumes" in service else ():
            if source.startswith("."):
                assert (testing.ROOT / source).exists(), source
            else:
                used.add(source)
    assert used == named
    assert mounts(compose["services"]["db"])["/var/lib/postgresql/data"] in named
    assert mounts(compose["services"]["odoo"])["/var/lib/odoo"] in named


def test_repository_is_mounted_read_only(compose):
    for volume in compose["services"]["odoo"]["volumes"]:
        if volume.startswith("."):
            assert volume.endswith(":ro"), volume


def test_command_is_the_mounted_script(compose):
    odoo = compose["services"]["odoo"]
    *shell, script = odoo["command"]
    assert shell == ["/bin/sh"]
    assert testing.ROOT / mounts(odoo)[script] == SCRIPT


def test_configuration_fits_the_mounts(compose, config):
    odoo = compose["services"]["odoo"]
    mounted = mounts(odoo)
    assert testing.ROOT / mounted["/etc/odoo/odoo.conf"] == CONFIG
    assert testing.ROOT / mounted[config["addons_path"]] == testing.ROOT / "addons"
    assert config["data_dir"] in mounted
    assert config["smtp_server"] in compose["services"]
    assert "smtp_port" in config
    # the script's own defaults are the same folders and the same database
    script = SCRIPT.read_text()
    assert f"addons=${{ADDONS:-{config['addons_path']}}}" in script
    assert f"data=${{DATA:-{config['data_dir']}}}" in script
    assert f"\ndatabase={config['db_name']}\n" in script
    assert config["dbfilter"] == f"^{config['db_name']}$"


def test_connection_is_the_database_service(compose):
    odoo = compose["services"]["odoo"]["environment"]
    database = compose["services"]["db"]["environment"]
    assert odoo["PGHOST"] in compose["services"]
    assert odoo["PGUSER"] == database["POSTGRES_USER"] != "postgres"
    assert odoo["PGPASSWORD"] == database["POSTGRES_PASSWORD"]


def test_script_installs_addons_that_exist():
    line = next(
        line for line in SCRIPT.read_text().splitlines() if line.startswith("modules=")
    )
    ours = [path.parent for path in (testing.ROOT / "addons").glob("*/__manifest__.py")]
    known = {path.name for path in ours}
    assert set(line.removeprefix("modules=").split(",")) <= known
    for path in ours:
        manifest = ast.literal_eval((path / "__manifest__.py").read_text())
        assert manifest["version"].startswith("19.0."), path


# ----------------------------------------------------------------------
# the start script
# ----------------------------------------------------------------------

ODOO = """#!/bin/sh
echo "odoo $*" >>"$CALLS"
case "$*" in
    *--init=*)
        mkdir -p "$DATA/filestore/crm_metrics_unfinished/aa"
        echo crm_metrics_unfinished >>"$DATABASES"
        ;;
esac
case "$*" in
    *"${FAIL_ON:-never}"*) exit 3 ;;
esac
"""

#: keeps the names of the databases in a file
PSQL = """#!/bin/sh
for statement; do :; done
statement=${statement#--command=}
echo "psql $statement" >>"$CALLS"
[ -z "${NO_SERVER:-}" ] || exit 2
case "$statement" in
    "SELECT 1 FROM pg_database WHERE datname = 'crm_metrics'")
        if grep -qx crm_metrics "$DATABASES"; then echo 1; fi
        ;;
    'DROP DATABASE IF EXISTS "crm_metrics_unfinished" WITH (FORCE)')
        sed -i /^crm_metrics_unfinished$/d "$DATABASES"
        ;;
    'ALTER DATABASE "crm_metrics_unfinished" RENAME TO "crm_metrics"')
        sed -i s/^crm_metrics_unfinished$/crm_metrics/ "$DATABASES"
        ;;
    *)
        exit 9
        ;;
esac
"""

SERVE = "odoo server --database=crm_metrics"
MODULES = "crm_metrics,crm_metrics_sale"
# an addon that came later is installed, those that are there are brought up to date
UPDATE = f"{SERVE} --init={MODULES} --update=crm_metrics --stop-after-init --no-http"


class Container:
    """A folder that looks to the script like the container."""

    def __init__(self, folder: Path) -> None:
        self.addons, self.data = folder / "addons", folder / "data"
        self.calls, self.databases = folder / "calls", folder / "databases"
        programs = folder / "bin"
        for each in (self.addons / "crm_metrics" / "static", self.data, programs):
            each.mkdir(parents=True)
        self.databases.touch()
        self.change("__manifest__.py", "{}")
        for name, text in {"odoo": ODOO, "psql": PSQL}.items():
            (programs / name).write_text(text)
            (programs / name).chmod(0o755)
        self.environment = {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "ADDONS": str(self.addons),
            "DATA": str(self.data),
            "CALLS": str(self.calls),
            "DATABASES": str(self.databases),
        }

    def change(self, name: str, text: str) -> None:
        (self.addons / "crm_metrics" / name).write_text(text)

    def start(self, **environment: str) -> int:
        """Start the container; what was called before is forgotten."""
        self.calls.write_text("")
        done = subprocess.run(
            ["/bin/sh", str(SCRIPT)],
            check=False,
            env=self.environment | environment,
            capture_output=True,
            text=True,
        )
        self.output = done.stdout + done.stderr
        return done.returncode

    @property
    def odoo_calls(self) -> list[str]:
        calls = self.calls.read_text().splitlines()
        return [call for call in calls if call.startswith("odoo")]

    def there_are(self) -> list[str]:
        return self.databases.read_text().split()


@pytest.fixture
def container(tmp_path):
    return Container(tmp_path)


def test_first_start_installs_then_serves(container):
    assert container.start() == 0, container.output
    install, serve = container.odoo_calls
    assert "--database=crm_metrics_unfinished" in install
    assert f"--init={MODULES} --with-demo --stop-after-init" in install
    assert serve == SERVE
    assert container.there_are() == ["crm_metrics"]
    assert (container.data / "filestore" / "crm_metrics" / "aa").is_dir()
    assert not (container.data / "filestore" / "crm_metrics_unfinished").exists()


def test_next_start_only_serves(container):
    container.start()
    assert container.start() == 0
    assert container.odoo_calls == [SERVE]


def test_changed_addons_are_updated_once(container):
    container.start()
    container.change("models.py", "# new")
    assert container.start() == 0
    assert container.odoo_calls == [UPDATE, SERVE]
    container.start()
    assert container.odoo_calls == [SERVE]
    # assets are bundled from the files while it runs
    container.change("static/screen.js", "// new")
    container.start()
    assert container.odoo_calls == [SERVE]


def test_failed_update_is_tried_again(container):
    container.start()
    container.change("models.py", "# broken")
    assert container.start(FAIL_ON="--update") != 0
    assert container.odoo_calls == [UPDATE]
    assert container.start() == 0
    assert container.odoo_calls == [UPDATE, SERVE]


def test_failed_install_leaves_no_database(container):
    assert container.start(FAIL_ON="--init") != 0
    assert container.there_are() == ["crm_metrics_unfinished"]
    assert container.start() == 0, container.output
    assert len(container.odoo_calls) == 2
    assert container.there_are() == ["crm_metrics"]


def test_files_of_a_start_killed_before_the_renaming_are_no_obstacle(container):
    (container.data / "filestore" / "crm_metrics" / "old").mkdir(parents=True)
    container.databases.write_text("crm_metrics_unfinished\n")
    assert container.start() == 0, container.output
    assert container.there_are() == ["crm_metrics"]
    files = container.data / "filestore" / "crm_metrics"
    assert [each.name for each in files.iterdir()] == ["aa"]


def test_unreachable_server_is_no_missing_database(container):
    container.start()
    assert container.start(NO_SERVER="1") != 0
    assert container.odoo_calls == []
    assert (container.data / "filestore" / "crm_metrics" / "aa").is_dir()


def test_missing_mount_is_told(container):
    (container.addons / "crm_metrics" / "__manifest__.py").unlink()
    assert container.start() != 0
    assert container.calls.read_text() == ""
    assert "is it mounted?" in container.output
