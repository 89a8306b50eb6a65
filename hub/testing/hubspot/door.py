"""The door of the fake CRM: faults, token, rate, and the way from a request to its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import msgspec

from hub.testing.hubspot.fake import Call
from hub.testing.hubspot.refuse import CORRELATION, Refusal
from hub.testing.hubspot.routes import route

if TYPE_CHECKING:
    from hub.testing.hubspot.fake import FakeHubSpot, Fault

PEOPLE = frozenset(
    [
        "add",
        "edit",
        "archive",
        "restore",
        "associate",
        "rows",
        "row",
        "fail",
        "habit",
        "rule",
        "writes",
        "calls",
        "written",
        "settings",
        "faults",
        "reset_calls",
    ]
)
"""What may be called under /_fake/ from another process."""

SLOW_DOWN = {
    "status": "error",
    "message": "You have reached your ten_secondly_rolling limit.",
    "errorType": "RATE_LIMIT",
    "correlationId": CORRELATION,
    "policyName": "TEN_SECONDLY_ROLLING",
}
SECONDLY = SLOW_DOWN | {"message": "You have reached your secondly limit.", "policyName": "SECONDLY"}


def answer(fake: FakeHubSpot, request: httpx.Request) -> httpx.Response:
    """Answer one request, or raise the httpx.TransportError that was asked for."""
    path = request.url.path
    body = request.read()
    if path.startswith("/_fake/"):
        return _people(fake, path.removeprefix("/_fake/"), body)
    with fake.lock:
        fault = _fault(fake, f"{request.method} {path}")
    if fault and fault.seconds and fault.kind in ("slow", "timeout"):
        fake.wait(fault.seconds)
    with fake.lock:
        try:
            response = _answer(fake, request, body, fault)
        except httpx.TransportError:
            fake.calls.append(Call(request.method, path, 0))
            raise
        fake.calls.append(Call(request.method, path, response.status_code))
        return response


def _answer(fake: FakeHubSpot, request: httpx.Request, body: bytes, fault: Fault | None) -> httpx.Response:
    left, over = fake.window()
    headers = {
        "x-hubspot-ratelimit-interval-milliseconds": "10000",
        "x-hubspot-ratelimit-max": str(fake.rate or 110),
        "x-hubspot-ratelimit-remaining": str(left),
    }
    secondly = False
    if request.url.path.endswith("/search"):
        headers = {}
        secondly = fake.search_over()
    kind = fault.kind if fault else ""
    if kind == "timeout":
        raise httpx.ReadTimeout("no answer in time", request=request)
    if kind == "cut":
        raise httpx.RemoteProtocolError("connection closed without an answer", request=request)
    if kind == "429" or over or secondly:
        if fault and fault.seconds:
            headers["Retry-After"] = str(int(fault.seconds))
        return httpx.Response(429, json=SECONDLY if secondly else SLOW_DOWN, headers=headers)
    if kind.isdecimal():
        said = {"status": "error", "message": "internal error", "correlationId": CORRELATION, "category": "INTERNAL"}
        return httpx.Response(int(kind), json=said, headers=headers)
    if fake.token is not None and request.headers.get("Authorization") != f"Bearer {fake.token}":
        said = {
            "status": "error",
            "message": "Authentication credentials not found or not valid.",
            "correlationId": CORRELATION,
            "category": "INVALID_AUTHENTICATION",
        }
        return httpx.Response(401, json=said, headers=headers)
    status, said = _carry_out(fake, request, body)
    if kind == "lost":
        raise httpx.ReadTimeout("the answer was lost", request=request)
    content = b"" if said is None else msgspec.json.encode(said)
    if kind == "malformed":
        content = content[: len(content) // 2]
    headers["Content-Type"] = "application/json;charset=utf-8"
    return httpx.Response(status, content=content, headers=headers)


def _carry_out(fake: FakeHubSpot, request: httpx.Request, body: bytes) -> tuple[int, Any]:
    try:
        data = msgspec.json.decode(body) if body else {}
    except msgspec.DecodeError as error:
        return 400, Refusal(400, "VALIDATION_ERROR", f"Invalid input JSON: {error}").body
    try:
        return route(fake, request.method, request.url.path, request.url.params, data)
    except Refusal as refusal:
        return refusal.status, refusal.body


def _fault(fake: FakeHubSpot, what: str) -> Fault | None:
    for fault in fake.faults:
        if fault.match in what:
            fault.times -= 1
            if fault.times <= 0:
                fake.faults.remove(fault)
            return fault
    return None


def _people(fake: FakeHubSpot, name: str, body: bytes) -> httpx.Response:
    """Carry out what a person does, asked for from another process: POST /_fake/NAME with the arguments as JSON."""
    if name not in PEOPLE:
        return httpx.Response(404, json={"message": f"/_fake/{name}: not there; there are {', '.join(sorted(PEOPLE))}"})
    given = msgspec.json.decode(body) if body else {}
    with fake.lock:
        try:
            said = _done(fake, name, given)
        except Refusal as refusal:
            return httpx.Response(refusal.status, json=refusal.body)
        except (TypeError, KeyError, AttributeError) as error:
            return httpx.Response(400, json={"message": f"/_fake/{name}: {error}"})
    return httpx.Response(200, json=said)


def _done(fake: FakeHubSpot, name: str, given: dict[str, Any]) -> Any:
    match name:
        case "calls":
            return [{"method": c.method, "path": c.path, "status": c.status} for c in fake.calls]
        case "reset_calls":
            fake.calls.clear()
            return None
        case "written":
            return dict(fake.written)
        case "faults":
            return [{"kind": f.kind, "times": f.times, "match": f.match} for f in fake.faults]
        case "settings":
            for key in given.keys() & {"cap", "lag", "rate", "search_rate", "strict", "token"}:
                setattr(fake, key, given[key])
            return {"cap": fake.cap, "lag": fake.lag, "rate": fake.rate, "strict": fake.strict}
    return getattr(fake, name)(**given)
