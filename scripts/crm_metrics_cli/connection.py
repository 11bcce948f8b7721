"""The connection to Odoo: the only place that knows odoorpc.

odoorpc speaks ``/jsonrpc``, which Odoo keeps until version 21. What comes then replaces
this module and nothing else.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

import odoorpc

from .errors import CommandError, NoConnection, ServerError, Temporary, UsageError

#: What the server or PostgreSQL call a lost race, or a moment without room.
RACES = {
    "ConcurrencyError",
    "DeadlockDetected",
    "LockNotAvailable",
    "OperationalError",
    "PoolError",
    "QueryCanceled",
    "SerializationFailure",
    "TransactionRollbackError",
}
#: Answers of a proxy whose server is away, restarting or overrun.
PROXY_CODES = {429, 502, 503, 504}
PAGE = 5_000


@dataclass(frozen=True)
class Address:
    """Where to log in, and as whom."""

    url: str
    database: str
    login: str
    #: password or API key; never shown
    secret: str = field(repr=False)
    #: seconds until a call counts as cut off
    timeout: float = 600

    def client(self) -> odoorpc.ODOO:
        """Return a client; nothing is sent yet."""
        if "@" in self.url:
            # not shown: there may be a password in it
            raise UsageError(
                "the address of the server has an @: login and password are no part of "
                "it, see --help"
            )
        try:
            parts = urlsplit(self.url)
            host, port = parts.hostname, parts.port
        except ValueError:
            host = port = None
        if (
            not host
            or port == 0
            or parts.scheme not in ("http", "https")
            or parts.path not in ("", "/")
            or parts.query
            or parts.fragment
        ):
            raise UsageError(
                f"{self.url!r} is no address of a server, such as http://host:8069"
            )
        is_secure = parts.scheme == "https"
        return odoorpc.ODOO(
            f"[{host}]" if ":" in host else host,
            protocol="jsonrpc+ssl" if is_secure else "jsonrpc",
            port=port or (443 if is_secure else 80),
            timeout=self.timeout,
            # given, so that it is not asked for; all since 10 are called alike
            version="19.0",
        )


class Connection:
    """Calls public methods of models, as one user of one database.

    Each call sees all companies of the user, the main one first. It is not to be shared
    between threads: each takes a :meth:`twin`.
    """

    def __init__(self, address: Address, user_id: int) -> None:
        self.address = address
        self.user_id = user_id
        self.company_ids: list[int] = []
        self._client = address.client()

    @classmethod
    def open(cls, address: Address) -> Connection:
        """Log in.

        :raise NoConnection: with one line that says what is wrong
        """
        try:
            user_id = _send(
                address.client(),
                "common",
                "login",
                [address.database, address.login, address.secret],
            )
        except Temporary as error:
            # nothing has worked yet, so it is no interruption
            raise NoConnection(f"{address.url}: {error}") from error
        except ServerError as error:
            raise NoConnection(
                f"database {address.database!r} at {address.url} cannot be opened: "
                f"{error}"
            ) from error
        if not user_id:
            raise NoConnection(
                f"wrong login or password for {address.login!r} in database "
                f"{address.database!r} at {address.url}"
            )
        connection = cls(address, user_id)
        fields = ["company_id", "company_ids"]
        [user] = connection.call("res.users", "read", [user_id], fields, load=None)
        main = user["company_id"]
        others = [id_ for id_ in user["company_ids"] if id_ != main]
        connection.company_ids = [main, *others]
        return connection

    def twin(self) -> Connection:
        """Return another connection of the same login."""
        twin = Connection(self.address, self.user_id)
        twin.company_ids = self.company_ids
        return twin

    def call(self, model: str, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method in a transaction of its own and return its result.

        :raise Temporary: it may work later; it is not known whether it has worked
        :raise NoConnection: this user may not, or the addon is not there
        :raise ServerError: the server refused it, with its reason
        """
        address = self.address
        context = {"allowed_company_ids": self.company_ids} if self.company_ids else {}
        kwargs["context"] = {**context, **kwargs.get("context", {})}
        try:
            return _send(
                self._client,
                "object",
                "execute_kw",
                [
                    address.database,
                    self.user_id,
                    address.secret,
                    model,
                    method,
                    list(args),
                    kwargs,
                ],
            )
        except ServerError as error:
            if model in str(error) and "doesn't exist" in str(error):
                raise NoConnection(
                    f"database {address.database!r} has no model {model}: the addon "
                    "that brings it is not installed there"
                ) from error
            raise

    def pages(
        self,
        model: str,
        domain: Sequence[Any],
        fields: Sequence[str],
        *,
        size: int = PAGE,
        context: dict[str, Any] | None = None,
    ) -> Iterator[list[dict[str, Any]]]:
        """Read records page by page in the order of their ids, archived ones too.

        What is added meanwhile is read as well; nothing is read twice or skipped.
        Links to a record are its plain id, or False.
        """
        last = 0
        while True:
            page = self.call(
                model,
                "search_read",
                [*domain, ["id", ">", last]],
                list(fields),
                limit=size,
                order="id",
                load=None,
                context={"active_test": False, **(context or {})},
            )
            if page:
                yield page
            if len(page) < size:
                return
            last = page[-1]["id"]

    def pages_by(
        self,
        model: str,
        key: str,
        order: str,
        domain: Sequence[Any],
        fields: Sequence[str],
        *,
        size: int = PAGE,
    ) -> Iterator[list[dict[str, Any]]]:
        """Read records page by page, all those of one key on the same page.

        :param key: an integer column above 0
        :param order: of the records of one key, as the database sees it: moments have
            more digits there than on the way to us
        """
        last = 0
        while True:
            page = self.call(
                model,
                "search_read",
                [*domain, [key, ">", last]],
                list(fields),
                limit=size,
                order=f"{key}, {order}",
                load=None,
                context={"active_test": False},
            )
            if len(page) < size:
                yield page
                return
            whole = [record for record in page if record[key] != page[-1][key]]
            if whole:
                yield whole
                last = whole[-1][key]
            else:
                size *= 2


def _send(client: odoorpc.ODOO, service: str, method: str, args: list[Any]) -> Any:
    """Send one call and return its result; errors are told apart by what helps."""
    params = {"service": service, "method": method, "args": args}
    try:
        return client.json("/jsonrpc", params).get("result")
    except odoorpc.error.RPCError as error:
        raise _refusal(error) from error
    except HTTPError as error:
        if error.code in PROXY_CODES:
            raise Temporary(f"the server is away (HTTP {error.code})") from error
        raise NoConnection(f"there is no Odoo (HTTP {error.code})") from error
    except TimeoutError as error:
        raise Temporary("the server did not answer in time") from error
    except URLError as error:
        if isinstance(error.reason, TimeoutError):
            raise Temporary("the server did not answer in time") from error
        raise Temporary(f"no connection to the server ({error.reason})") from error
    except (OSError, http.client.HTTPException) as error:
        raise Temporary(f"the connection was cut off ({error!r})") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise NoConnection("what answers there is no Odoo") from error


def _refusal(error: odoorpc.error.RPCError) -> CommandError:
    """Return an error of the server as one of ours."""
    data = (error.info or {}).get("data") or {}
    kind = (data.get("name") or "").rpartition(".")[2]
    message = " ".join((data.get("message") or str(error)).split())
    if kind in RACES and "does not exist" not in message:
        return Temporary(f"the server was busy with something else ({kind})")
    if kind == "AccessDenied":
        return NoConnection("the login is not valid any more")
    if kind == "AccessError":
        return NoConnection(f"this user may not do that: {message}")
    return ServerError(message)
