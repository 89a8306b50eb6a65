"""A mail is filed with its customer: by its thread, by an address we know, by the domain of an address."""

from __future__ import annotations

from collections.abc import Iterator

from hub.plugin import Derived, Golden, Look, hookimpl


@hookimpl
def derive(golden: Golden, look: Look) -> Iterator[Derived]:
    """Yield the customer, and the contact, that a message belongs to; nothing where more than one could be meant."""
    if golden.model != "message":
        return
    others = _others(golden)
    contact = _one(look.list("contact", emails=address) for address in others)
    customer = (
        _thread(golden, look)
        or (contact.values.get("customer") if contact else None)
        or _id(_one(look.list("customer", emails=address) for address in others))
        or _id(_one(look.list("customer", domain=address.rpartition("@")[2]) for address in others))
    )
    values = {name: id for name, id in (("customer", customer), ("contact", _id(contact))) if id}
    if values:
        yield Derived("filed", "message", values, of=golden.id)


def _others(message: Golden) -> list[str]:
    """The addresses on the other side of the conversation, in lower case."""
    values = message.values
    if values.get("direction") == "out":
        return [a.lower() for a in [*(values.get("recipients") or ()), *(values.get("copies") or ())]]
    return [values["sender"].lower()] if values.get("sender") else []


def _thread(message: Golden, look: Look) -> str | None:
    """The customer under whom the rest of the conversation is filed."""
    thread = message.values.get("thread")
    if not thread:
        return None
    found = {m.values.get("customer") for m in look.list("message", thread=thread) if m.id != message.id} - {None}
    return found.pop() if len(found) == 1 else None


def _one(finds: Iterator[list[Golden]]) -> Golden | None:
    """The only record found, over all look-ups."""
    found = {g.id: g for find in finds for g in find}
    return next(iter(found.values())) if len(found) == 1 else None


def _id(golden: Golden | None) -> str | None:
    return golden.id if golden else None
