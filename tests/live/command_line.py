"""Runs the command as a person or a script does: as a process of its own."""

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from scripts.setup import testing


@dataclass
class Command:
    """The command, with the environment of one user of one served database."""

    server: testing.Running
    #: where it may leave files
    folder: Path
    login: str = testing.LOGIN
    password: str = testing.PASSWORD
    environment: dict = field(default_factory=dict)

    def start(self, *arguments, **environment):
        """Start it; standard input is no terminal."""
        variables = {
            **testing.environment(),
            "CRM_METRICS_URL": self.server.url,
            "CRM_METRICS_DATABASE": self.server.database,
            "CRM_METRICS_LOGIN": self.login,
            "CRM_METRICS_PASSWORD": self.password,
            "XDG_STATE_HOME": str(self.folder),
            **self.environment,
            **environment,
        }
        return subprocess.Popen(
            [testing.PYTHON, "-m", "crm_metrics_cli", *map(str, arguments)],
            env={name: text for name, text in variables.items() if text is not None},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments, code=0, **environment):
        """Run it to its end, which has to be this exit code; return what it printed.

        :return: tuple (standard output, standard error)
        """
        process = self.start(*arguments, **environment)
        output, errors = process.communicate(timeout=300)
        assert "Traceback" not in errors, errors
        assert process.returncode == code, f"{process.returncode}\n{output}\n{errors}"
        return output, errors

    def result(self, *arguments, code=0, **environment):
        """Run it with --json and return the document."""
        output, _errors = self.run(*arguments, "--json", code=code, **environment)
        return json.loads(output)

    def refusal(self, *arguments, code, **environment):
        """Run it where it cannot work: it says why in one line, which is returned."""
        output, errors = self.run(*arguments, code=code, **environment)
        assert output == ""
        [line] = errors.splitlines()
        assert line.startswith("crm-metrics: ")
        said = self.result(*arguments, code=code, **environment)
        assert said == {"error": line.removeprefix("crm-metrics: ")}
        return line


def counts(said):
    """What became of the lines of an import."""
    return [said[key] for key in ("created", "updated", "unchanged", "rejected")]


def rejections(said):
    """The line and column of each thing that was wrong with an import."""
    return [(each["line"], each["column"]) for each in said["rejections"]]
