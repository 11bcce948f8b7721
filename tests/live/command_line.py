"""Runs the command as a person or a script does: as a process of its own."""

import inspect
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from scripts.setup import testing

BOT = "bot"


def make_bot(env):
    """Make a user who may do what the administrator may; return the API key.

    There is no password: to check one takes a server as long as to do some of the work.
    """
    admin = env.ref("base.user_admin")
    bot = admin.copy({"name": "bot", "login": "bot", "password": "bot"})
    env.cr.execute("UPDATE res_users SET password = NULL WHERE id = %s", [bot.id])
    key = env["res.users.apikeys"].with_user(bot)._generate("rpc", "command", None)
    env.cr.commit()
    return key


def bot_of(database, before=""):
    """Make that user in a database that is not loaded in this process.

    :param before: script that is run before
    """
    script = f"{before}\n{inspect.getsource(make_bot)}\nprint('key', make_bot(env))\n"
    [key] = [
        line.removeprefix("key ")
        for line in testing.shell(database, script).splitlines()
        if line.startswith("key ")
    ]
    return key


@dataclass(frozen=True)
class Served:
    """A served database, and the API key of a user who may do all."""

    server: testing.Running
    key: str


@dataclass
class Command:
    """The command, with the environment of one user of one served database."""

    server: testing.Running
    #: where it may leave files
    folder: Path
    #: None: there is a password
    key: str | None
    login: str = BOT
    password: str | None = None

    def start(self, *arguments, **environment):
        """Start it; standard input is no terminal."""
        variables = {
            **testing.environment(),
            "CRM_METRICS_URL": self.server.url,
            "CRM_METRICS_DATABASE": self.server.database,
            "CRM_METRICS_LOGIN": self.login,
            "CRM_METRICS_API_KEY": self.key,
            "CRM_METRICS_PASSWORD": self.password,
            "XDG_STATE_HOME": str(self.folder),
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
        output, errors = self.run(*arguments, "--json", code=code, **environment)
        [line] = errors.splitlines()
        assert line.startswith("crm-metrics: ")
        assert json.loads(output) == {"error": line.removeprefix("crm-metrics: ")}
        return line


def counts(said):
    """What became of the lines of an import."""
    return [said[key] for key in ("created", "updated", "unchanged", "rejected")]


def rejections(said):
    """The line and column of each thing that was wrong with an import."""
    return [(each["line"], each["column"]) for each in said["rejections"]]
