"""What a Stripe account holds: its objects by kind, in order of creation, and the events that tell of their changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

Thing = dict[str, Any]

PREFIX = {
    "customer": "cus", "invoice": "in", "invoiceitem": "ii", "line_item": "il", "payment_intent": "pi", "charge": "ch",
    "refund": "re", "payout": "po", "balance_transaction": "txn", "event": "evt", "product": "prod", "price": "price",
    "tax_id": "txi",
}  # fmt: skip
KEPT = 30 * 86400  # seconds for which events are listed
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789"


class Refusal(Exception):  # noqa: N818  an answer, as hub.errors names its own
    """An error answer: HTTP status and what stands under `error` in the body."""

    def __init__(self, status: int, kind: str, message: str, *, code: str | None = None, param: str | None = None,
                 **more: Any) -> None:  # fmt: skip
        super().__init__(message)
        self.status = status
        self.body: Thing = {"type": kind, "message": message}
        self.body |= {k: v for k, v in {"code": code, "param": param, **more}.items() if v is not None}


def invalid(message: str, param: str | None = None, code: str | None = None) -> Refusal:
    """The usual refusal of a request that makes no sense."""
    return Refusal(400, "invalid_request_error", message, code=code, param=param)


class Books:
    """The objects of one account; every change goes through `put`, which writes an event where it is given a type."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.things: dict[str, dict[str, Thing]] = {kind: {} for kind in PREFIX}
        self.order: dict[str, list[str]] = {kind: [] for kind in PREFIX}
        self.place: dict[str, int] = {}  # id to its index in order[kind]
        self.touched: dict[str, float] = {}  # id to the time of its last change, for searches that lag
        self.cause: Thing = {"id": None, "idempotency_key": None}  # the request being carried out
        self.events_late = 0.0  # seconds until an event is listed
        self._count = 0

    def now(self) -> int:
        """The account's time in whole seconds."""
        return int(self.clock())

    def new_id(self, kind: str) -> str:
        """Make an id as Stripe's look; they are not in order, so nothing may be concluded from sorting them."""
        self._count += 1
        number, text = (self._count * 2654435761 + 97) % 2**32, ""
        for _ in range(6):
            number, digit = divmod(number, len(ALPHABET))
            text += ALPHABET[digit]
        return f"{PREFIX[kind]}_1N{text}{self._count:06d}"

    def add(self, kind: str, event: str | None = None, /, **fields: Any) -> Thing:
        """Create an object with id, object and created."""
        thing: Thing = {"id": self.new_id(kind), "object": kind, "created": self.now(), "livemode": False, **fields}
        self.things[kind][thing["id"]] = thing
        self.place[thing["id"]] = len(self.order[kind])
        self.order[kind].append(thing["id"])
        self.touched[thing["id"]] = self.clock()
        if event:
            self.tell(event, thing)
        return thing

    def put(self, thing: Thing, event: str | None, **changes: Any) -> Thing:
        """Change an object; without a change nothing is told."""
        before = {name: thing.get(name) for name, value in changes.items() if thing.get(name) != value}
        if before or event not in (None, f"{thing['object']}.updated"):
            thing.update(changes)
            self.touched[thing["id"]] = self.clock()
            if event:
                self.tell(event, thing, before)
        return thing

    def tell(self, kind: str, thing: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> None:
        """Write an event with the object as it is at this moment."""
        data = {"object": msgspec.Raw(msgspec.json.encode(thing))}
        if before:
            data["previous_attributes"] = msgspec.Raw(msgspec.json.encode(before))
        self.add("event", type=kind, api_version="2024-06-20", data=data, pending_webhooks=0,
                 request=dict(self.cause))  # fmt: skip

    def get(self, kind: str, key: str, *, param: str = "id") -> Thing:
        """Return an object that is there. Raises Refusal (404) for one that is not, or was deleted."""
        thing = self.things[kind].get(key)
        if thing is None or thing.get("deleted"):
            words = f"No such {kind.replace('_', ' ').replace('invoiceitem', 'invoice item')}: '{key}'"
            raise Refusal(404, "invalid_request_error", words, code="resource_missing", param=param)
        return thing

    def newest(self, kind: str, *, after: str | None = None, before: str | None = None) -> Iterator[Thing]:
        """Yield the objects of a kind, newest first; or those older than `after`; or, oldest first, newer than `before`."""
        order = self.order[kind]
        if before is not None:
            span: Iterator[int] = iter(range(self.place[before] + 1, len(order)))
        else:
            span = iter(range((self.place[after] if after is not None else len(order)) - 1, -1, -1))
        for index in span:
            thing = self.things[kind].get(order[index])
            if thing is not None and not thing.get("deleted"):
                yield thing
