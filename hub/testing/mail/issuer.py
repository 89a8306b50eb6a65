"""A stateful OAuth2 issuer on loopback: it gives tokens for a mailbox, and tells a mail server whose a token is."""

from __future__ import annotations

import json
import threading
from base64 import urlsafe_b64decode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs


class Issuer:
    """For the length of a block. Its refresh token changes with every use, and an old one is refused.

    `owner` is the account all tokens are for. What a test may do: `withdraw()` makes every token void before its time,
    `refresh` is the refresh token that is good now, `asked` are the forms of all requests for a token.
    """

    def __init__(self, owner: str, refresh: str = "refresh-0", secret: str = "client-secret") -> None:  # noqa: S107
        self.owner, self.refresh, self.secret = owner, refresh, secret
        self.asked: list[dict[str, str]] = []
        self._good: set[str] = set()
        self._number = 0
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None

    def __enter__(self) -> Self:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                plain = {name: values[0] for name, values in form.items()}
                status, answer = issuer.answer(self.path, plain)
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    @property
    def url(self) -> str:
        """Where it listens; `/token` gives tokens, `/introspect` (RFC 7662) tells whose one is."""
        if self._server is None:
            raise RuntimeError("the issuer does not listen yet")
        return f"http://127.0.0.1:{self._server.server_port}"

    def withdraw(self) -> None:
        """Make every token void that was given so far."""
        with self._lock:
            self._good.clear()

    def good(self, token: str) -> bool:
        """Whether a token is good now."""
        return token in self._good

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Status and content of an answer."""
        with self._lock:
            if path == "/introspect":
                good = form.get("token") in self._good
                return 200, {"active": good, "username": self.owner} if good else {"active": False}
            self.asked.append(form)
            grant = form.get("grant_type")
            if grant == "refresh_token":
                known = form.get("refresh_token") == self.refresh and form.get("client_secret") == self.secret
            elif grant == "client_credentials":
                known = form.get("client_secret") == self.secret
            else:  # a signed claim: the signature is the business of other tests, whom it names is of these
                known = _claims(form.get("assertion", "")).get("sub") == self.owner
            if not known:
                return 400, {"error": "invalid_grant"}
            self._number += 1
            token = f"access-{self._number}"
            self._good.add(token)
            given: dict[str, Any] = {"access_token": token, "token_type": "Bearer", "expires_in": 3600}
            if grant == "refresh_token":
                self.refresh = given["refresh_token"] = f"refresh-{self._number}"
            return 200, given


def _claims(assertion: str) -> dict[str, Any]:
    part = [*assertion.split("."), "", ""][1]
    found: dict[str, Any] = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)) or b"{}")
    return found
