"""The fake's own door under /_fake/: what people do in the account, asked for from another process.

POST /_fake/charge   {"customer": "cus_...", "amount": 1000}    any verb of VERBS, its arguments as JSON
GET  /_fake/calls    the requests seen        GET /_fake/things/customer    all objects of a kind
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import msgspec

from hub.testing.stripe.books import Refusal

if TYPE_CHECKING:
    from hub.testing.stripe.fake import FakeStripe

VERBS = (
    "add_customer", "edit_customer", "delete_customer", "add_tax_id", "charge", "refund", "dispute", "pay_out",
    "payout_arrives", "add_item", "add_invoice", "finalize", "pay_invoice", "void_invoice", "write_off", "add_intent",
    "confirm", "cancel", "edit", "fail",
)  # fmt: skip


def admin(fake: FakeStripe, request: httpx.Request) -> httpx.Response:
    """Carry out one verb, or show the calls or the objects of a kind."""
    verb, _, rest = request.url.path.removeprefix("/_fake/").partition("/")
    result: Any
    try:
        if request.method == "GET" and verb == "calls":
            result = fake.calls
        elif request.method == "GET" and verb == "things" and rest in fake.things:
            result = list(fake.things[rest].values())
        elif request.method == "POST" and verb in VERBS:
            result = getattr(fake, verb)(**msgspec.json.decode(request.content or b"{}"))
        else:
            return httpx.Response(404, json={"error": f"no verb {verb!r}; there are {', '.join(VERBS)}"})
    except Refusal as refusal:
        return httpx.Response(refusal.status, json={"error": refusal.body})
    except (TypeError, ValueError) as error:
        return httpx.Response(400, json={"error": str(error)})
    return httpx.Response(200, headers={"Content-Type": "application/json"}, content=msgspec.json.encode(result))
