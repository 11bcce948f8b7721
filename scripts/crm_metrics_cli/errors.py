"""What can go wrong, each with the exit code of the command that it ends."""


class CommandError(Exception):
    """Ends the command with one line on standard error."""

    exit_code = 1


class UsageError(CommandError):
    """The command was asked for something that does not exist."""

    exit_code = 2


class NoConnection(CommandError):
    """There is no server, no database, no login, no right or no addon there."""

    exit_code = 3


class Temporary(CommandError):
    """The same call may succeed later: it was cut off, or lost a race."""

    exit_code = 3


class ServerError(CommandError):
    """The server refused the values of a call, or failed."""
