"""Tryton's JSON-RPC over HTTP: login, calls, and errors that arrive in a 200 answer.

Described in https://docs.tryton.org/latest/server/ and found out by running 8.2.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import Any

from hub.connect import Secret
from hub.connect.answer import decoded, unexpected
from hub.connect.rest import RestConnector
from hub.connect.retry import Retry
from hub.errors import ConfigError, Conflict, HubError, Missing, Rejected, Unauthorized, Unavailable
from hub_tryton.wire import pack, unpack

Row = dict[str, Any]
GONE = re.compile(r"that don't exist")
FORBIDDEN = re.compile(r"^You are not allowed to access |^Calling button .* is not allowed")
NO_MODEL = re.compile(r"^'[a-z_]+(\.[a-z_]+)*'$")
PASSING = re.compile(r"database is locked|could not serialize|deadlock detected|server closed the connection", re.I)
FIELD = re.compile(r'field "([^"]+)"')
WINDOW = 1000  # ids in one search


class Asked(Rejected):
    """Tryton wants a person to confirm something; `warning` is the name under which it is confirmed."""

    def __init__(self, message: str, warning: str) -> None:
        super().__init__(message)
        self.warning = warning


class Rpc(RestConnector):
    """Calls methods of Tryton's models as one user in one company."""

    def __init__(
        self,
        base_url: str,
        *,
        database: str,
        user: str,
        password: Secret,
        company: int,
        timeout: float,
        rate: float | None,
    ) -> None:
        super().__init__(base_url, timeout=timeout, rate=rate)
        self.database = database
        self.user = user
        self.company = company
        self._password = Secret(password)
        self._session: str | None = None
        self._refused: str | None = None  # why the login failed; it is not tried again, see `_login`

    def call(self, method: str, *params: Any, reads: bool = False, **context: Any) -> Any:
        """Call a method by position, its last parameter being the context; a session that ended is renewed once.

        Raises Conflict, Missing, Rejected, Unauthorized, Unavailable or ConfigError.
        """
        given = [*params, {"company": self.company, "language": "en", **context}]
        fresh = self._session is None
        try:
            return self._send(method, given, {"Authorization": self._login()}, reads=reads)
        except Unauthorized:
            # 401 also comes when a session idles for five minutes and a wizard wants a fresh one; nothing was done yet
            if fresh or self._session is not None:
                raise
        return self._send(method, given, {"Authorization": self._login()}, reads=reads)

    def search_read(
        self, model: str, domain: Sequence[Any], fields: Sequence[str], *, limit: int | None = None, order: Any = None
    ) -> list[Row]:
        """Find records, the archived ones too, and read the fields; by id where no order is given."""
        by = order or [["id", "ASC"]]
        method = f"model.{model}.search_read"
        return list(self.call(method, domain, 0, limit, by, fields, reads=True, active_test=False))

    def windows(self, model: str, domain: Sequence[Any], fields: Sequence[str]) -> list[Row]:
        """Find all records however many, a window of ids at a time: offsets would slip while others write."""
        rows: list[Row] = []
        while True:
            last = rows[-1]["id"] if rows else 0
            some = self.search_read(model, [["id", ">", last], domain], fields, limit=WINDOW)
            rows += some
            if len(some) < WINDOW:
                return rows

    def _login(self) -> str:
        """Return the session's header, logging in where there is none.

        A refused login is remembered and not repeated: Tryton locks the address out for 300 s after a few bad ones.
        """
        if self._session:
            return self._session
        if self._refused:
            raise Unauthorized(self._refused)
        patient, self.retry = self.retry, Retry(attempts=1)
        try:
            told = self._send("common.db.login", [self.user, {"password": self._password}], {}, reads=False)
        except Unauthorized:
            self._refused = (
                f"{self.base_url}: login of {self.user!r} to database {self.database!r} refused; check user and "
                f"password, and that the server was started with: -d {self.database}"
            )
            raise Unauthorized(self._refused) from None
        finally:
            self.retry = patient
        if not isinstance(told, list) or len(told) < 2:
            raise Unavailable(f"{self.base_url}: the login was answered with no session; is that a Tryton server?")
        pair = f"{self.user}:{told[0]}:{told[1]}"
        self._session = "Session " + base64.b64encode(pair.encode()).decode()
        return self._session

    def _send(self, method: str, params: Sequence[Any], headers: dict[str, str], *, reads: bool) -> Any:
        # exactly these three keys: with any other Tryton answers errors as HTML
        body = {"id": 1, "method": method, "params": pack(list(params))}
        try:
            answer = self.request("POST", f"/{self.database}/rpc/", json=body, headers=headers, reads=reads)
        except Unauthorized:
            self._session = None
            raise
        told = decoded(answer, Row)
        if told.get("error"):
            raise fault(method, told["error"])
        if "result" not in told:
            raise unexpected(answer, "there is no 'result' in it")
        return unpack(told["result"])


def fault(method: str, error: Sequence[Any]) -> HubError:
    """Turn an error of Tryton's into ours: `[class, [message, ...]]`, or `[text, traceback]` for what it did not foresee."""
    kind, rest = error[0], error[1] if len(error) > 1 else ""
    parts = [str(each) for each in (rest if isinstance(rest, list) else [rest]) if each]
    if kind == "ConcurrencyException":
        return Conflict(f"{method}: changed meanwhile: {' '.join(parts)}")
    if kind == "LoginException":
        return Unauthorized(f"{method}: Tryton asks for another proof of who it is: {' '.join(parts[:2])}")
    if kind == "UserWarning":
        return Asked(f"{method}: Tryton wants a person to confirm: {' '.join(parts[1:])}", parts[0] if parts else "")
    if kind == "UserError":
        words = " ".join(parts[:2])
        if GONE.search(words):
            return Missing(f"{method}: {words}")
        if FORBIDDEN.search(words):
            return Unauthorized(f"{method}: {words}; give the user the access groups it needs")
        return Rejected(f"{method}: {words}", FIELD.findall(words))
    if NO_MODEL.match(str(kind)):
        return ConfigError(f"{method}: Tryton has no model {kind}; is its module activated in this database?")
    if PASSING.search(str(kind)):
        return Unavailable(f"{method}: {kind}")
    return Rejected(f"{method}: Tryton failed: {kind}")
