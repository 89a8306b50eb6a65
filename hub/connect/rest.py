"""RestConnector: HTTP with timeouts, bounded retries, a rate budget and errors named by what to do next.

Only this room reads status codes, and only `hub.connect.retry` knows tenacity.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import httpx
import msgspec

from hub.connect.answer import elsewhere, unexpected
from hub.connect.base import Connector
from hub.connect.rate import Budget
from hub.connect.retry import NotSent, Passing, Retry, retry_after
from hub.connect.wire import Client, Wire, proxied
from hub.errors import ConfigError, Conflict, HubError, Missing, RateLimited, Rejected, Unauthorized, Unavailable
from hub.secret import is_secret, sent

CREDENTIALS = ("authorization", "proxy-authorization", "cookie")


class RestConnector(Connector):
    """A connector over HTTP. Subclasses call `super().__init__` and use `get`, `post`, `request`.

    `retry_headers` names further headers that tell how many seconds to wait; `budget` bounds requests per second.
    """

    retry_headers: ClassVar[tuple[str, ...]] = ()
    once_header: ClassVar[str | None] = None  # header that carries an idempotency key, where the vendor has one

    def __init__(
        self,
        base_url: str,
        *,
        auth: httpx.Auth | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        rate: float | None = None,
        retry: Retry | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.auth = auth
        self.headers = dict(headers or {})
        self.timeout = timeout
        self.budget = Budget(rate)
        self.retry = retry or Retry()
        self.transport: httpx.BaseTransport | None = None  # tests and fast transports put theirs here
        self._client: httpx.Client | None = None

    @property
    def client(self) -> httpx.Client:
        """The HTTP client, made at first use and kept until `close`."""
        if self._client is None:
            make: Callable[..., httpx.Client] = Client if self.transport else httpx.Client
            self._client = make(
                base_url=self.base_url,
                auth=self.auth,
                headers=self.headers,
                timeout=self.timeout,
                transport=self.transport,
                follow_redirects=False,
            )
        return self._client

    def hasten(self) -> None:
        """Send over the leaner transport, unless there is one already, or a proxy, which only httpx's own knows."""
        if self.transport is None and not proxied():
            self.transport = Wire()

    def get(self, path: str, **params: Any) -> httpx.Response:
        """GET a path; parameters that are None are left out."""
        return self.request("GET", path, params={k: v for k, v in params.items() if v is not None})

    def post(self, path: str, json: Any = None, *, once: str | None = None, reads: bool = False) -> httpx.Response:
        """POST JSON. `reads` marks a search, which may be repeated like a GET; `once` is an idempotency key."""
        return self.request("POST", path, json=json, once=once, reads=reads)

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        once: str | None = None,
        reads: bool = False,
    ) -> httpx.Response:
        """Send one request and return its answer below 400; anything else raises an error of `hub.errors`.

        Repeated, within the bounds of `retry`, are requests that only read, and writes under an idempotency key the
        vendor honours (`once_header`). A write without one is repeated only when it certainly was not carried out
        (429, or no connection at all).
        """
        self._at_home(path)
        address = path  # given whole where it can be: httpx would parse it anew for each of its parts
        if path[:1] == "/" and "?" not in path:
            query, params = str(httpx.QueryParams(params)), None
            address = f"{self.base_url}{path}?{query}" if query else f"{self.base_url}{path}"
        extra = dict(headers or {})
        if once and self.once_header:
            extra[self.once_header] = once
        if json is not None:
            extra["Content-Type"] = "application/json"
        repeatable = reads or method in ("GET", "HEAD", "OPTIONS") or bool(once and self.once_header)

        def attempt() -> httpx.Response:
            self.budget.take()
            request = self.client.build_request(
                method, address, params=params, content=_encoded(json), data=data, headers=extra
            )
            try:
                response = self.client.send(request)
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
                raise NotSent(f"{bare(self.base_url)}: no connection ({error}); is the address right?") from None
            except httpx.TransportError as error:
                said = f"{type(error).__name__} {error}".strip()
                raise Passing(f"{bare(self.base_url)}: {method} {path}: no whole answer ({said}); try again") from None
            if response.status_code >= 400 or self.failed(response):
                raise self.error(response)
            if why := self.foreign(response):
                raise unexpected(response, why)
            return response

        return self.retry.call(attempt, repeatable=repeatable)

    def failed(self, response: httpx.Response) -> bool:
        """Whether an answer below 400 carries an error all the same; overridden for vendors who answer 200 with one."""
        return False

    def foreign(self, response: httpx.Response) -> str | None:
        """Why an answer below 400 is none of this system's; overridden for those that answer with web pages."""
        return elsewhere(response)

    def explain(self, response: httpx.Response) -> str:
        """The vendor's own words about what went wrong; overridden per vendor."""
        return response.text[:500]

    def error(self, response: httpx.Response) -> HubError:
        """Turn an answer into the error that says what to do next."""
        status, words = response.status_code, unseen(self.explain(response), response.request.headers)
        where = f"{response.request.method} {response.request.url.path}"
        if status == 429:
            wait = retry_after(response, self.retry_headers)
            when = f"in {wait:.0f} seconds" if wait else "later"
            return RateLimited(f"{where}: asked to slow down (429): {words}; try again {when}", wait)
        if status in (401, 403):
            then = "renew the connection's secret" if status == 401 else "give them the right to do this"
            return Unauthorized(f"{where}: credentials refused ({status}): {words}; {then}, then: hub check")
        if status in (404, 410):
            return Missing(f"{where}: not there ({status}): {words}")
        if status in (409, 412):
            return Conflict(f"{where}: changed meanwhile ({status}): {words}")
        if status in (502, 503, 504):
            return Passing(f"{where}: cannot now ({status}): {words}")
        if status in (408, 425) or (status >= 500 and status != 501):
            return Unavailable(f"{where}: cannot now ({status}): {words}")
        return Rejected(f"{where}: refused ({status}): {words}")

    def _at_home(self, path: str) -> None:
        """Refuse an absolute address elsewhere, as a next page may have: the credentials would go there."""
        if path[:1] == "/" != path[1:2]:
            return
        url, home = httpx.URL(path), httpx.URL(self.base_url)
        if url.is_absolute_url and (url.scheme, url.host, url.port) != (home.scheme, home.host, home.port):
            raise ConfigError(f"{bare(self.base_url)}: sends us on to {url.scheme}://{url.host}; is that its base_url?")

    def close(self) -> None:
        """Close the HTTP client."""
        if self._client is not None:
            self._client.close()
            self._client = None


def bare(url: str) -> str:
    """The address for a message: without the name and password that may stand in it."""
    return str(httpx.URL(url).copy_with(userinfo=b""))


def _encoded(body: Any) -> bytes | None:
    """A JSON body; the secrets in it are in the open here alone, in no variable that a traceback shows."""
    return None if body is None else msgspec.json.encode(body, enc_hook=sent)


def unseen(words: str, headers: Mapping[str, str]) -> str:
    """The words without the credentials the request carried: some servers repeat them when they refuse them."""
    for name, value in headers.items():
        if name.lower() in CREDENTIALS or is_secret(name.lower().replace("-", "_")):
            for part in (value, *value.split()):
                words = words.replace(part, "***") if len(part) > 7 else words
    return words
