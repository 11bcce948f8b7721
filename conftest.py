"""Rules for every pytest run in this repository.

A test that does not run proves nothing: a skipped or expected-to-fail test fails the
run. (A choice made on the command line, such as ``-k``, skips nothing.)
"""

from pathlib import Path

import _pytest.pathlib
import pytest

ADDONS = Path(__file__).parent / "addons"

_original_resolve_package_path = _pytest.pathlib.resolve_package_path


def _resolve_package_path(path: Path) -> Path | None:
    """Let an addon's ``kernel`` be a package of its own.

    It imports nothing of Odoo, but pytest would find it inside of the addon's package,
    and importing that one needs a running Odoo.
    """
    for folder in (path, *path.parents):
        if folder.name == "kernel" and folder.parent.parent == ADDONS:
            return folder
    return _original_resolve_package_path(path)


_pytest.pathlib.resolve_package_path = _resolve_package_path


def pytest_collect_directory(
    path: Path, parent: pytest.Collector
) -> pytest.Collector | None:
    """Take an addon for a plain folder, so that its package is not imported for it."""
    if path.parent == ADDONS:
        return pytest.Dir.from_parent(parent, path=path)
    return None


class _NotRun:
    """Collects tests that were asked for and did not run."""

    def __init__(self) -> None:
        self.reasons: dict[str, str] = {}

    def note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if hasattr(report, "wasxfail"):
            self.reasons[report.nodeid] = f"expected to fail: {report.wasxfail}"
        elif report.skipped:
            reason = report.longrepr
            if isinstance(reason, tuple):
                reason = reason[-1]
            self.reasons[report.nodeid] = str(reason)


_not_run = _NotRun()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _not_run.note(report)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    _not_run.note(report)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if _not_run.reasons and session.exitstatus in (
        pytest.ExitCode.OK,
        pytest.ExitCode.NO_TESTS_COLLECTED,
    ):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _not_run.reasons:
        terminalreporter.section("not run, which counts as failed", red=True)
        for nodeid, reason in _not_run.reasons.items():
            terminalreporter.line(f"{nodeid}: {reason}")
