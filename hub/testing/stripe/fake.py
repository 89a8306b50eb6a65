"""FakeStripe: a Stripe account behind one request function, with the API's keys, idempotency and faults.

    fake = FakeStripe()
    ann = fake.add_customer(name="Ann", email="ann@example.com")
    connector.transport = fake.transport()          # in this process
    with fake.serve() as base_url: ...              # on loopback

It knows the API as the hub uses it, at version 2024-06-20, and refuses what it does not know.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from email.utils import formatdate
from threading import RLock
from typing import Any, Literal

import httpx
import msgspec

from hub.testing.serve import serve
from hub.testing.stripe.admin import admin
from hub.testing.stripe.api import answer
from hub.testing.stripe.billing import Billing
from hub.testing.stripe.books import Refusal, Thing
from hub.testing.stripe.form import parse

Fault = Literal["429", "500", "503", "timeout", "cut", "lost", "half"]
ONCE_KEPT = 86400  # seconds for which an idempotency key is kept


@dataclass(slots=True)
class Call:
    """One request the fake has seen, and what it answered; status None where no answer went out."""

    method: str
    path: str
    form: dict[str, Any]
    once: str | None
    status: int | None = None
    replayed: bool = False


@dataclass(slots=True)
class Stored:
    """The first answer given under an idempotency key."""

    asked: tuple[str, str, dict[str, Any]]
    status: int
    body: bytes
    at: float
    request_id: str


class FakeStripe(Billing):
    """A stateful Stripe account. `search_late` is how many seconds the search lags behind writes."""

    def __init__(
        self, api_key: str = "sk_test_hub", *, clock: Callable[[], float] = time.time, search_late: float = 0.0
    ) -> None:
        super().__init__(clock)
        self.api_key = api_key
        self.search_late = search_late
        self.calls: list[Call] = []
        self.writes = 0  # requests that changed something
        self.faults: list[tuple[Fault, str | None, str]] = []
        self.stored: dict[str, Stored] = {}
        self._lock = RLock()
        self._requests = 0

    def transport(self) -> httpx.MockTransport:
        """Return a transport for httpx that reaches this account without a network."""
        return httpx.MockTransport(self.handle)

    def serve(self, port: int = 0) -> AbstractContextManager[str]:
        """Serve the account on a loopback port while the block runs; yields the base URL."""
        return serve(self.handle, port)

    def fail(self, fault: Fault, times: int = 1, *, method: str | None = None, path: str = "") -> None:
        """Let the next requests of a method whose path contains `path` fail.

        429, 500 and 503 are answered instead of doing anything; timeout and cut never arrive; lost is carried out and
        its answer cut off; half is carried out and answered with a 500.
        """
        self.faults += [(fault, method, path)] * times

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer one request. Raises httpx.TransportError for the faults that cut the connection."""
        with self._lock:
            if request.url.path.startswith("/_fake/"):
                return admin(self, request)
            source = request.url.query if request.method in ("GET", "DELETE") else request.content
            form, once = parse(source.decode()), request.headers.get("idempotency-key")
            call = Call(request.method, request.url.path, form, once if request.method == "POST" else None)
            self.calls.append(call)
            self._requests += 1
            fault = self._next_fault(call)
            if fault in ("timeout", "cut"):
                raise httpx.ReadTimeout("timed out") if fault == "timeout" else httpx.ReadError("connection reset")
            response = self._answer(request, call, fault)
            if fault == "lost":
                raise httpx.ReadError("connection reset before the answer")
            call.status = response.status_code
            return response

    def _next_fault(self, call: Call) -> Fault | None:
        for index, (fault, method, path) in enumerate(self.faults):
            if method in (None, call.method) and path in call.path:
                del self.faults[index]
                return fault
        return None

    def _answer(self, request: httpx.Request, call: Call, fault: Fault | None) -> httpx.Response:
        refusal = self._stranger(request)
        if refusal is None and fault in ("429", "503"):
            words = "Request rate limit exceeded." if fault == "429" else "Stripe is briefly not available."
            refusal = Refusal(int(fault), "api_error" if fault == "503" else "invalid_request_error", words,
                              code="rate_limit" if fault == "429" else None)  # fmt: skip
        if refusal is not None:
            return self._send(call, refusal.status, _error(refusal))
        if call.once is None:
            return self._send(call, *self._carry_out(call, fault))
        return self._once(call, fault)

    def _once(self, call: Call, fault: Fault | None) -> httpx.Response:
        """Carry out a request under an idempotency key once, and answer it again as the first time."""
        if len(call.once or "") > 255:
            refusal = Refusal(400, "idempotency_error", "Idempotency keys hold at most 255 characters.")
            return self._send(call, refusal.status, _error(refusal))
        now, key, asked = self.clock(), call.once or "", (call.method, call.path, call.form)
        before = self.stored.get(key)
        if before is not None and now - before.at < ONCE_KEPT:
            if before.asked != asked:
                words = ("Keys for idempotent requests can only be used with the same parameters they were first used "
                         f"with. Try using a key other than '{key}' if you meant to execute a different request.")  # fmt: skip
                return self._send(call, 400, _error(Refusal(400, "idempotency_error", words)))
            call.replayed = True
            return self._send(call, before.status, before.body, **{
                "Idempotency-Key": key, "Idempotent-Replayed": "true", "Original-Request": before.request_id})  # fmt: skip
        status, body = self._carry_out(call, fault)
        self.stored[key] = Stored(asked, status, body, now, f"req_{self._requests:014d}")
        return self._send(call, status, body, **{"Idempotency-Key": key})

    def _carry_out(self, call: Call, fault: Fault | None) -> tuple[int, bytes]:
        broken = Refusal(500, "api_error", "An unknown error occurred")
        if fault == "500":
            return 500, _error(broken)
        self.cause = {"id": f"req_{self._requests:014d}", "idempotency_key": call.once}
        try:
            thing: Thing = answer(self, call.method, call.path, call.form, late=self.search_late)
        except Refusal as refusal:
            return refusal.status, _error(refusal)
        finally:
            self.cause = {"id": None, "idempotency_key": None}
        self.writes += call.method != "GET"
        return (500, _error(broken)) if fault == "half" else (200, msgspec.json.encode(thing))

    def _stranger(self, request: httpx.Request) -> Refusal | None:
        """The refusal of a request without the account's key, which comes as a Bearer token or as a basic user."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            given = base64.b64decode(given).decode().partition(":")[0]
        if given == self.api_key:
            return None
        words = f"Invalid API Key provided: ****{given[-4:]}" if given else "You did not provide an API key."
        return Refusal(401, "invalid_request_error", words)

    def _send(self, call: Call, status: int, body: bytes, **headers: str) -> httpx.Response:
        headers |= {"Content-Type": "application/json", "Date": formatdate(self.clock(), usegmt=True),
                    "Request-Id": f"req_{self._requests:014d}", "Stripe-Version": "2024-06-20"}  # fmt: skip
        return httpx.Response(status, headers=headers, content=body)


def _error(refusal: Refusal) -> bytes:
    return msgspec.json.encode({"error": refusal.body})
