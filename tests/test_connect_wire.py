"""The transport against a server that speaks, hangs up, stays silent or cuts its answer short."""

from __future__ import annotations

import selectors
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import httpx
import pytest
import respx

from hub.connect import wire
from hub.connect.rest import RestConnector
from hub.connect.retry import Retry
from hub.connect.wire import Wire, proxied
from hub.errors import Unauthorized

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Odd: caf\xe9\r\n\r\nok"
COOKIE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: it=kept; Path=/\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"
LAST = b"HTTP/1.1 413 Too Large\r\nConnection: close\r\n\r\ntoo much"


class Server:
    """Answers the requests of each connection with what it was given, then hangs up; None: says nothing."""

    def __init__(self, *connections: Sequence[bytes | None]) -> None:
        self.connections = connections
        self.seen: list[tuple[int, bytes]] = []
        self.over = threading.Event()
        self.gone = [threading.Event() for _ in connections]
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def run(self) -> None:
        """Serve one connection after the other."""
        for number, answers in enumerate(self.connections):
            with suppress(OSError):  # nobody came before the listener was closed, or whoever came has gone
                self._serve(number, self.listener.accept()[0], answers)
            self.gone[number].set()

    def _serve(self, number: int, line: socket.socket, answers: Sequence[bytes | None]) -> None:
        with line:
            for answer in answers:
                self.seen.append((number, _request(line)))
                if answer is None:
                    self.over.wait()
                else:
                    line.sendall(answer)


def _request(line: socket.socket) -> bytes:
    read = b""
    while b"\r\n\r\n" not in read:
        read += line.recv(65536) or _hung_up()
    head, _, body = read.partition(b"\r\n\r\n")
    for name, _, value in (row.partition(b": ") for row in head.split(b"\r\n")):
        while name.lower() == b"content-length" and len(body) < int(value):
            body += line.recv(65536) or _hung_up()
    return head + b"\r\n\r\n" + body


def _hung_up() -> bytes:
    raise ConnectionError("the client hung up")


@contextmanager
def serving(*connections: Sequence[bytes | None]) -> Iterator[tuple[Server, httpx.Client]]:
    """A server, and a client that reaches it by wire."""
    server = Server(*connections)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    with httpx.Client(base_url=server.url, transport=Wire(), timeout=0.3) as client:
        yield server, client
    server.over.set()
    server.listener.close()


def test_a_connection_is_used_again_and_an_answer_comes_whole() -> None:
    """Lengths, chunks and headers beyond ASCII are read; a body made as it goes is sent with its length."""
    with serving([OK, CHUNKED, OK, LAST]) as (server, client):
        first = client.get("/a?x=%C3%A4")
        assert (first.status_code, first.content, first.headers.get("x-odd")) == (200, b"ok", "café")
        assert client.get("/b").content == b"abc"
        assert client.post("/c", content=iter([b"one ", b"two"])).text == "ok"
        assert client.post("/d", json={"a": 1}).text == "too much"
        assert [number for number, _ in server.seen] == [0, 0, 0, 0]
    heads = [request for _, request in server.seen]
    assert heads[0].startswith(b"GET /a?x=%C3%A4 HTTP/1.1\r\nHost: 127.0.0.1")
    assert b"chunked" not in heads[2]
    assert heads[2].endswith(b"Content-Length: 7\r\n\r\none two")
    assert heads[3].endswith(b'{"a":1}')


@pytest.mark.parametrize("waiting", [wire.WAITING, selectors.SelectSelector])
def test_a_connection_the_server_has_closed_is_not_used_again(
    monkeypatch: pytest.MonkeyPatch, waiting: type[selectors.BaseSelector]
) -> None:
    """It is noticed before the request goes out, so that even a write is safe; also where there is no poll."""
    monkeypatch.setattr(wire, "WAITING", waiting)
    with serving([OK], [OK]) as (server, client):
        client.get("/")
        assert server.gone[0].wait(5)
        assert client.post("/", json=1).text == "ok"


@pytest.mark.parametrize(
    ("answers", "error"),
    [([None], httpx.ReadTimeout), ([CUT], httpx.RemoteProtocolError), ([b""], httpx.RemoteProtocolError)],
)
def test_what_goes_wrong_is_told_as_httpx_tells_it(answers: Sequence[bytes | None], error: type[Exception]) -> None:
    """A connection on which something went wrong serves nobody any more."""
    with serving(answers, [OK]) as (server, client):
        with pytest.raises(error):
            client.get("/")
        server.over.set()
        assert client.get("/").text == "ok"


def test_a_refused_connection_and_a_bad_header_are_told_as_httpx_tells_them() -> None:
    """Nothing was sent in either case."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with httpx.Client(transport=Wire()) as client, pytest.raises(httpx.ConnectError, match="refused"):
        client.get(f"http://127.0.0.1:{port}")
    with serving([OK]) as (_, client), pytest.raises(httpx.LocalProtocolError):
        client.get("/", headers={"X": "a\r\nb"})


def test_a_connector_takes_httpx_s_transport_where_there_is_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the wire where there is none: a lost answer to a read is asked for again, cookies and credentials are sent."""

    class Plain(RestConnector):
        name, streams = "plain", ()
        check = pull = lambda *_: None  # type: ignore[assignment]

    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert not proxied()
    with serving([CUT], [COOKIE, OK]) as (server, _):
        home = server.url.replace("//", "//me:mine@")
        made = Plain(f"{home}/api/", headers={"X-Ours": "1"}, retry=Retry(sleep=lambda seconds: None))
        made.hasten()
        assert isinstance(made.transport, Wire)
        assert made.get("/it", a="b c", none=None).text == "ok"
        assert made.post("/it?x=1", {"a": 1}).text == "ok"
        made.close()
    asked = [request for _, request in server.seen[1:]]
    assert asked[0].startswith(b"GET /api/it?a=b+c HTTP/1.1")
    assert asked[1].startswith(b"POST /api/it?x=1 HTTP/1.1")
    assert all(b"\r\nX-Ours: 1" in head and b"\r\nAuthorization: Basic bWU6bWluZQ==" in head for head in asked)
    assert [b"\r\nCookie: it=kept" in head for head in asked] == [False, True]
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    assert proxied()
    again = Plain("https://api.example")
    again.hasten()
    assert again.transport is None


def test_respx_answers_for_a_connector_that_no_run_has_hastened() -> None:
    class Shop(RestConnector):
        name, streams = "shop", ()
        pull = lambda *_: None  # type: ignore[assignment]  # noqa: E731

        def check(self) -> None:
            self.get("/me")

    shop = Shop("https://shop.example", retry=Retry(sleep=lambda seconds: None))
    with respx.mock(base_url="https://shop.example") as there:
        asked = there.get("/me").mock(side_effect=[httpx.Response(503), httpx.Response(200, json={})])
        shop.check()
        assert asked.call_count == 2
        there.get("/me").respond(401)
        with pytest.raises(Unauthorized):
            shop.check()
    shop.close()
