"""Wire: httpx's transport over the HTTP client of the standard library, and httpx's client without detours.

Fetching is the largest share of a read without changes: with these two a page costs less than half the CPU of httpx's
own. Connections stay open and are used again; an answer is read whole, as connectors take it.
"""

from __future__ import annotations

import selectors
import ssl
from collections import defaultdict
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.request import getproxies

import httpx

IDLE = 20  # connections to one place that are kept open
WAITING: type[selectors.BaseSelector] = getattr(
    selectors, "PollSelector", selectors.SelectSelector
)  # Windows has no poll

Place = tuple[str, str, int | None]
Timeouts = dict[str, float | None]


class Wire(httpx.BaseTransport):
    """Sends requests over HTTP/1.1; threads may share it."""

    def __init__(self) -> None:
        self._idle: defaultdict[Place, list[HTTPConnection]] = defaultdict(list)
        self._trust: ssl.SSLContext | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request and read the whole answer. Raises httpx.TransportError."""
        timeouts: Timeouts = request.extensions.get("timeout", {})
        place = (request.url.scheme, request.url.raw_host.decode(), request.url.port)
        connection = self._connection(place, timeouts)
        try:
            _send(connection, request, timeouts)
            answer, body = _receive(connection, timeouts)
        except BaseException:
            connection.close()
            raise
        if answer.will_close or len(self._idle[place]) >= IDLE:
            connection.close()
        else:
            self._idle[place].append(connection)
        return httpx.Response(
            answer.status,
            headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.getheaders()],
            stream=httpx.ByteStream(body),
            extensions={"http_version": b"HTTP/1.1", "reason_phrase": answer.reason.encode("latin-1")},
        )

    def close(self) -> None:
        """Close the connections that are kept open."""
        for idle in self._idle.values():
            while idle:
                idle.pop().close()

    def _connection(self, place: Place, timeouts: Timeouts) -> HTTPConnection:
        """The connection to that place that was used last, where the other side has not closed it, or a new one."""
        idle = self._idle[place]
        while idle:
            connection = idle.pop()
            if not _closed(connection):
                return connection
            connection.close()
        scheme, host, port = place
        wait = timeouts.get("connect")
        if scheme == "https":
            self._trust = self._trust or _trust()
            connection = HTTPSConnection(host, port, timeout=wait, context=self._trust)
        else:
            connection = HTTPConnection(host, port, timeout=wait)
        try:
            connection.connect()
        except TimeoutError as error:
            raise httpx.ConnectTimeout(str(error)) from error
        except (OSError, HTTPException) as error:
            raise httpx.ConnectError(str(error)) from error
        return connection


class Client(httpx.Client):
    """httpx's client over one transport, without what a connector has no use for: redirects, hooks and streams."""

    def __init__(self, *, transport: httpx.BaseTransport, **settings: Any) -> None:
        super().__init__(transport=transport, **settings)
        self._line = transport
        self._waits = {"timeout": self.timeout.as_dict()}
        home = self.base_url
        named = httpx.BasicAuth(home.username, home.password) if home.userinfo else None
        self._flow = (self.auth or named or httpx.Auth()).sync_auth_flow

    def build_request(self, method: str, url: httpx.URL | str, **parts: Any) -> httpx.Request:
        """A request with the client's headers and timeouts; httpx parses an address at each change, this one once."""
        given = {name: part for name, part in parts.items() if part is not None}
        if not isinstance(url, str) or "://" not in url or not given.keys() <= {"headers", "content", "data"}:
            return super().build_request(method, url, **given)
        headers = self.headers.copy()
        headers.update(given.pop("headers", None))
        return httpx.Request(method, url, headers=headers, extensions=self._waits, **given)

    def send(self, request: httpx.Request, **_: Any) -> httpx.Response:
        """Send a request as its authentication wants it, and return the last answer, read."""
        flow = self._flow(request)
        try:
            request = next(flow)
            while True:
                if self.cookies:
                    self.cookies.set_cookie_header(request)
                response = self._line.handle_request(request)
                response.request = request
                response.read()
                if "set-cookie" in response.headers:
                    self.cookies.extract_cookies(response)
                try:
                    request = flow.send(response)
                except StopIteration:
                    return response
        finally:
            flow.close()


def proxied() -> bool:
    """Whether the environment names a proxy: then httpx's own transport is used, which knows them."""
    return any(getproxies().get(scheme) for scheme in ("http", "https", "all"))


def _trust() -> ssl.SSLContext:
    trust = httpx.create_ssl_context()
    trust.set_alpn_protocols(["http/1.1"])
    return trust


def _closed(connection: HTTPConnection) -> bool:
    """Whether the other side has ended the connection: nothing else makes an idle one readable."""
    with WAITING() as waiting:
        waiting.register(connection.sock, selectors.EVENT_READ)
        return bool(waiting.select(0))


def _send(connection: HTTPConnection, request: httpx.Request, timeouts: Timeouts) -> None:
    body = b"".join(request.stream)  # type: ignore[arg-type]  # it is no stream for asyncio: the client has seen to that
    connection.sock.settimeout(timeouts.get("write"))
    try:
        connection.putrequest(request.method, request.url.raw_path.decode(), skip_host=True, skip_accept_encoding=True)
        for name, value in request.headers.raw:
            if name.lower() == b"transfer-encoding":  # what would go in chunks goes as one piece
                name, value = b"Content-Length", b"%d" % len(body)
            connection.putheader(name, value)
    except (ValueError, HTTPException) as error:
        raise httpx.LocalProtocolError(str(error)) from error
    try:
        connection.endheaders(body or None)
    except TimeoutError as error:
        raise httpx.WriteTimeout(str(error)) from error
    except OSError:  # whoever hangs up on a request may have said why before
        return


def _receive(connection: HTTPConnection, timeouts: Timeouts) -> tuple[HTTPResponse, bytes]:
    connection.sock.settimeout(timeouts.get("read"))
    try:
        answer = connection.getresponse()
        return answer, answer.read()
    except TimeoutError as error:
        raise httpx.ReadTimeout(str(error)) from error
    except HTTPException as error:
        raise httpx.RemoteProtocolError(str(error)) from error
    except OSError as error:
        raise httpx.ReadError(str(error)) from error
