"""The Odoo 19 sources: ``ODOO_HOME``, or Debian's package unpacked privately.

Odoo is not on PyPI. Debian's unstable suite has the whole Community edition as one
package. It is not installed here, only downloaded by apt (which checks the signatures)
into folders of our own and unpacked, so that the machine's own packages and package
sources stay as they are and no root is needed.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .console import Problem, run_logged, say, step
from .locks import exclusive
from .paths import digest, home, logs, remove

SERIES = "19.0"
PACKAGE = "odoo-19"
SUITE = "unstable"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

#: Odoo's package links to files of these; without libjs-* every page answers 500.
SIBLINGS = (
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
    "fonts-font-awesome",
    "fonts-glyphicons-halflings",
    "fonts-inconsolata",
    "fonts-montserrat",
    "fonts-ocr-b",
    "fonts-roboto-unhinted",
)
#: Debian leaves this file out. Odoo asks for it, and the 404 is a console error, which
#: fails every browser test.
LEFT_OUT = "odoo/addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js"

#: To be raised when what is made of the packages changes.
RECIPE = "1"

WAYS_OUT = (
    f"Ways out: set ODOO_HOME to the folder of an Odoo {SERIES} (the one that has "
    "odoo/release.py in it), or use the other way to run it: docker compose up."
)


@dataclass(frozen=True)
class Odoo:
    """Odoo's sources."""

    path: Path  # goes on PYTHONPATH
    build: str  # names these sources
    addons: tuple[Path, ...]  # folders for addons_path, beside those in the package


def ensure() -> Odoo:
    """The Odoo sources, fetched where needed."""
    if named := os.environ.get("ODOO_HOME"):
        return _named(Path(named).expanduser().absolute())
    trees = home() / "odoo"
    if found := _newest(trees):
        return found
    with exclusive(trees / "lock", "the Odoo sources"):
        return _newest(trees) or _fetch(trees)


def _named(path: Path) -> Odoo:
    release = path / "odoo" / "release.py"
    if not release.exists():
        raise Problem(f"ODOO_HOME is {path}, but there is no odoo/release.py in it.")
    text = release.read_text()
    if not re.search(r"^version_info = \(19, 0,", text, re.MULTILINE):
        raise Problem(f"ODOO_HOME is {path}, which is not Odoo {SERIES}.")
    git = subprocess.run(
        ["git", "-C", path, "rev-parse", "HEAD"],
        check=False,
        capture_output=True,
        text=True,
    )
    addons = path / "addons"
    return Odoo(
        path=path,
        build=digest(str(path), text, git.stdout),
        addons=(addons,) if addons.is_dir() else (),
    )


def _newest(trees: Path) -> Odoo | None:
    """The tree that was fetched last: one that works is kept, without asking anew."""
    found = sorted(
        (path for path in trees.glob(f"*-r{RECIPE}") if path.is_dir()),
        key=lambda path: path.stat().st_mtime,
    )
    if not found:
        return None
    return Odoo(
        path=found[-1] / "usr/lib/python3/dist-packages",
        build=found[-1].name,
        addons=(),
    )


def _fetch(trees: Path) -> Odoo:
    """Download, check, unpack; the tree gets its name when it is complete."""
    for tool in ("apt-get", "dpkg-deb"):
        if not shutil.which(tool):
            raise Problem(
                f"Odoo: no {tool} here, so Debian's package cannot be fetched. "
                + WAYS_OUT
            )
    if not KEYRING.exists():
        raise Problem(
            "Odoo: Debian's archive keys are missing, so the package cannot be "
            "checked. Install the package debian-archive-keyring. " + WAYS_OUT
        )
    step("Odoo: downloading Debian's package (about 130 MB)")
    log = logs() / "odoo.log"
    apt = _Apt(trees / "apt", log)
    apt.update()
    downloads = trees / "downloads"
    downloads.mkdir(parents=True, exist_ok=True)
    apt.download(downloads, [PACKAGE])
    # Fonts of the machine's own release come first: Odoo wants an old Font Awesome.
    apt.download(downloads, SIBLINGS, prefer=apt.codename)

    step("Odoo: unpacking (about 1.3 GB)")
    (package,) = downloads.glob(f"{PACKAGE}_*.deb")
    version = package.name.split("_")[1]
    tree = trees / f"{re.sub('[^0-9.a-z]', '-', version)}-r{RECIPE}"
    partial = trees / "partial"
    remove(partial)
    for deb in sorted(downloads.glob("*.deb")):
        run_logged(
            ["dpkg-deb", "--extract", deb, partial],
            log,
            failure=f"Odoo: {deb.name} could not be unpacked (disk full?)",
        )
    sources = partial / "usr/lib/python3/dist-packages"
    if f"{SERIES}" not in version or not (sources / "odoo/init.py").exists():
        raise Problem(f"Odoo: {package.name} is not Odoo {SERIES}. {WAYS_OUT}")
    (sources / LEFT_OUT).parent.mkdir(parents=True, exist_ok=True)
    (sources / LEFT_OUT).touch()
    for link in sources.rglob("*"):
        if link.is_symlink() and not link.exists():
            say(f"   link without a file: {link.relative_to(sources)}")
    partial.rename(tree)
    tree.touch()
    remove(downloads)
    remove(trees / "apt")
    found = _newest(trees)
    assert found
    return found


class _Apt:
    """apt with directories of its own."""

    def __init__(self, folder: Path, log: Path) -> None:
        self.folder = folder
        self.log = log
        self.codename = ""
        for name in ("lists/partial", "cache/archives/partial"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "status").touch()
        self.options = [
            f"--option=Dir::Etc::sourcelist={folder / 'sources.list'}",
            "--option=Dir::Etc::sourceparts=/dev/null",
            "--option=Dir::Etc::preferencesparts=/dev/null",
            f"--option=Dir::State::lists={folder / 'lists'}",
            f"--option=Dir::State::status={folder / 'status'}",
            f"--option=Dir::Cache={folder / 'cache'}",
            "--option=Acquire::Languages=none",
        ]

    def update(self) -> None:
        """Find a mirror of Debian among the machine's own package sources."""
        sources = self._machines_sources()
        for mirror, codename in sources:
            signed = f"deb [signed-by={KEYRING}] {mirror}"
            lines = [f"{signed} {suite} main\n" for suite in {SUITE, codename}]
            (self.folder / "sources.list").write_text("".join(lines))
            try:
                run_logged(
                    ["apt-get", *self.options, "--error-on=any", "update"],
                    self.log,
                    failure="",
                )
            except Problem:
                continue
            self.codename = codename
            return
        raise Problem(
            f"Odoo: none of this machine's apt sources has Debian's suite {SUITE}"
            f" ({len(sources)} tried, see {self.log}). {WAYS_OUT}"
        )

    def _machines_sources(self) -> list[tuple[str, str]]:
        """Mirror and release of each of the machine's package sources."""
        # This works as any user, and before the first `apt-get update` of a machine.
        listed = subprocess.run(
            ["apt-get", "--option=Debug::NoLocking=1", "update", "--print-uris"],
            check=False,
            capture_output=True,
            text=True,
        )
        found: dict[str, str] = {}
        for match in re.finditer(
            r"^'(\S+)/dists/([^/']+)/InRelease'", listed.stdout, re.MULTILINE
        ):
            mirror, release = match.groups()
            if not re.search("security|updates|backports|proposed", release):
                found.setdefault(mirror, release)
        return list(found.items())

    def download(
        self, folder: Path, packages: tuple[str, ...] | list[str], prefer: str = ""
    ) -> None:
        """Download packages; what is there already is not fetched again."""
        for package in packages:
            choices = [f"{package}/{prefer}"] if prefer else []
            for choice in [*choices, package]:
                try:
                    run_logged(
                        ["apt-get", *self.options, "download", choice],
                        self.log,
                        cwd=folder,
                        failure=f"Odoo: {package} could not be downloaded. {WAYS_OUT}",
                    )
                except Problem:
                    if choice == package:
                        raise
                else:
                    break
