"""The command as somebody gets it who installs it."""

import doctest
import importlib
import pkgutil
import shutil
import subprocess

import crm_metrics_cli
from scripts.setup import testing

PARTS = ("pyproject.toml", "LICENSE", "docs/command-line.md", "scripts/crm_metrics_cli")


def modules():
    found = pkgutil.walk_packages(crm_metrics_cli.__path__, "crm_metrics_cli.")
    return [name for _finder, name, _is_package in found if "__main__" not in name]


def test_doctests():
    tried = 0
    for name in modules():
        result = doctest.testmod(importlib.import_module(name))
        assert result.failed == 0, name
        tried += result.attempted
    assert tried


def test_installed_by_pip(tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    for part in PARTS:
        path = testing.ROOT / part
        (source / part).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if path.is_dir() else shutil.copy
        copy(path, source / part)
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet"]
    install = [testing.PYTHON, "-m", "pip", "install", *options]
    subprocess.run([*install, f"--target={target}", source], check=True)
    shown = subprocess.run(
        [target / "bin" / "crm-metrics", "--help"],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(target)},
        cwd=tmp_path,
    )
    assert "recompute" in shown.stdout
