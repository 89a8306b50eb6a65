"""Records real HTTP exchanges to a JSON file, secrets scrubbed, and answers from it later without a network."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import msgspec

from hub.secret import is_secret

STARS = "***"
HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})
TRANSIENT = frozenset({"content-encoding", "content-length", "transfer-encoding", "connection", "date"})


class Exchange(msgspec.Struct, omit_defaults=True):
    """One request and its answer, as the file holds them; a body is JSON, text, or base64 of bytes."""

    method: str
    url: str  # without scheme and host, so that the recording serves any address
    status: int
    request_headers: dict[str, str] = {}
    request: Any = None
    headers: dict[str, str] = {}
    body: Any = None
    raw: str | None = None  # base64, where the answer is no text


class Unrecorded(AssertionError):  # noqa: N818 - named for what happened, as all errors of the hub
    """The connector asked for something that is not in the recording."""


class Scrub:
    """Replaces secrets by stars: headers, and fields of URLs, forms and JSON whose names say so.

    `fields` are further names; `values` further texts to hide wherever they stand.
    """

    def __init__(self, fields: Iterable[str] = (), values: Iterable[str] = ()) -> None:
        self._fields = frozenset(name.lower() for name in fields)
        self._values = tuple(
            sorted(filter(None, values), key=len, reverse=True)
        )  # the longest first: one may hold another

    def named(self, name: str) -> bool:
        """Whether what stands under this name is secret: `token`, `api_key`, `X-Api-Key`, `accessToken`."""
        plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().replace("-", "_")
        return name.lower() in self._fields or is_secret(plain)

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Headers worth keeping."""
        return {
            name: STARS if name in HEADERS or self.named(name) else self.text(value)
            for name, value in headers.items()
            if name not in TRANSIENT
        }

    def text(self, text: str) -> str:
        """A text without the values."""
        for value in self._values:
            text = text.replace(value, STARS)
        return text

    def pairs(self, params: httpx.QueryParams) -> dict[str, str]:
        """A query or a form; of fields that come more than once, all values stand behind one another."""
        return {name: self.json(",".join(params.get_list(name)), name) for name in params}

    def json(self, value: Any, name: str = "") -> Any:
        """A JSON value at any depth; what is empty stays so, since it says something and is no secret."""
        if name and self.named(name) and value not in (None, "", False, [], {}):
            return STARS
        if isinstance(value, dict):
            return {self.text(k): self.json(v, k) for k, v in value.items()}
        if isinstance(value, list):
            return [self.json(v) for v in value]
        return self.text(value) if isinstance(value, str) else value

    def url(self, url: httpx.URL) -> str:
        """Path and query."""
        query = str(httpx.QueryParams(self.pairs(url.params)))
        return self.text(url.path) + (f"?{query}" if query else "")

    def body(self, content: bytes, media: str) -> Any:
        """A body in its readable form; None where it is empty or no text."""
        if not content:
            return None
        try:
            if "json" in media:
                return self.json(msgspec.json.decode(content))
            text = content.decode()
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        if "form-urlencoded" in media:
            return self.pairs(httpx.QueryParams(text))
        return self.text(text)


class Recorder(httpx.BaseTransport):
    """A transport that sends through another one and writes what it saw to the file when it is closed.

    Bodies that are no text cannot be searched for secrets, so they are kept only with `binary=True`.
    """

    def __init__(
        self,
        path: Path,
        transport: httpx.BaseTransport | None = None,
        scrub: Scrub | None = None,
        *,
        binary: bool = False,
    ) -> None:
        self.path = path
        self.scrub = scrub or Scrub()
        self.binary = binary
        self.exchanges: list[Exchange] = []
        self._transport = transport or httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send, read the answer whole, keep both scrubbed."""
        sent = request.read()
        response = self._transport.handle_request(request)
        response.request = request
        got = response.read()
        scrub, media = self.scrub, response.headers.get("content-type", "")
        body = scrub.body(got, media)
        raw = base64.b64encode(got).decode() if got and body is None and self.binary else None
        self.exchanges.append(
            Exchange(
                request.method,
                scrub.url(request.url),
                response.status_code,
                {k: v for k, v in scrub.headers(request.headers).items() if k not in ("host", "user-agent")},
                scrub.body(sent, request.headers.get("content-type", "")),
                scrub.headers(response.headers),
                body,
                raw,
            )
        )
        headers = [(k, v) for k, v in response.headers.multi_items() if k not in TRANSIENT - {"date"}]
        return httpx.Response(response.status_code, headers=headers, content=got)  # decoded already

    def close(self) -> None:
        """Write the file."""
        text = msgspec.json.format(msgspec.json.encode(self.exchanges), indent=1)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_bytes(text + b"\n")
        self._transport.close()

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        self.close()

    def __enter__(self) -> Self:
        return self


class Replay(httpx.BaseTransport):
    """A transport that answers from a recording, each exchange once and in order among equal requests.

    Equal are requests of one method, path, query and body, all scrubbed as they were when recorded. Raises Unrecorded,
    which names what was asked and what there is. `left` is what was not asked for.
    """

    def __init__(self, path: Path, scrub: Scrub | None = None) -> None:
        self.scrub = scrub or Scrub()
        self.path = path
        self.left = msgspec.json.decode(path.read_bytes(), type=list[Exchange])

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer with the first equal exchange that is left."""
        sent = self.scrub.body(request.read(), request.headers.get("content-type", ""))
        asked = (request.method, self.scrub.url(request.url), sent)
        for index, found in enumerate(self.left):
            if (found.method, found.url, found.request) == asked:
                del self.left[index]
                return _response(found)
        there = "\n".join(f"  {e.method} {e.url}" for e in self.left[:10]) or "  nothing"
        raise Unrecorded(f"{self.path.name}: not recorded: {asked[0]} {asked[1]} {sent or ''}\nleft are:\n{there}")


def _response(found: Exchange) -> httpx.Response:
    if found.raw is not None:
        content = base64.b64decode(found.raw)
    elif found.body is None:
        content = b""
    elif isinstance(found.body, str) and "json" not in found.headers.get("content-type", ""):
        content = found.body.encode()
    else:
        content = msgspec.json.encode(found.body)
    return httpx.Response(found.status, headers=found.headers, content=content)
