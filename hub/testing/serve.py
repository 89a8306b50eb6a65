"""Puts a fake behind a real port of the loopback interface, for what wants to reach it from another process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx

Handle = Callable[[httpx.Request], httpx.Response]
"""One request in, one answer out; an `httpx.TransportError` raised instead cuts the connection."""


OF_THE_WIRE = ("content-length", "transfer-encoding", "content-encoding")  # true of the answer's bytes, not of its body


class Served(ThreadingHTTPServer):
    """An HTTP server on 127.0.0.1 that answers every request with `handle`, a thread a connection, kept alive."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, handle: Handle, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Answer)
        self.handle = handle

    @property
    def base_url(self) -> str:
        """Where the server listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent when a client goes away in the middle of an answer."""


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60.0
    server: Served

    def _any(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = f"{self.server.base_url}{self.path}"
        request = httpx.Request(self.command, url, headers=self.headers.items(), content=content)
        try:
            answer = self.server.handle(request)
        except httpx.TransportError:
            self.close_connection = True  # nothing is sent: the client sees the connection cut
            return
        body = answer.content
        head = [f"HTTP/1.1 {answer.status_code} {answer.reason_phrase}"]
        head += [f"{name}: {value}" for name, value in answer.headers.multi_items() if name not in OF_THE_WIRE]
        head.append(f"content-length: {len(body)}")
        sent = b"" if self.command == "HEAD" else body
        self.wfile.write("\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + sent)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _any  # noqa: N815  the names are http.server's

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing: the fakes keep their own list of calls."""


@contextmanager
def serve(handle: Handle, port: int = 0) -> Iterator[str]:
    """Serve `handle` on a free port while the block runs; yields the base URL."""
    server = Served(handle, port)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.base_url
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
