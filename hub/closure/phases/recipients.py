"""Who gets a notice: customers, their contacts, or people the plan names; one letter an address, whoever shares it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hub.closure.desk import Desk
from hub.closure.letters import Recipient, called, postal
from hub.closure.plan import Notice
from hub.closure.scope import OWN, SHARED, records

MAILS = ("emails.legal", "emails.main", "emails.billing")


def recipients(desk: Desk, notice: Notice) -> Iterator[Recipient]:
    """The people a notice goes to, each once, with the contracts it is about."""
    if notice.to == "people":
        yield from (Recipient(address, address, address, "en") for address in notice.addresses)
        return
    contracts = _contracts(desk)
    model = "customer" if notice.to == "customers" else "contact"
    found: dict[str, Recipient] = {}
    for kind in (OWN, SHARED):
        for id, _, values in records(desk.store, desk.id, model, kind=kind):
            if notice.only and values.get("tier") != notice.only:
                continue
            whose = id if model == "customer" else str(values.get("customer"))
            one = Recipient(
                id,
                called(values) or "Sir or Madam",
                address(values),
                str(values.get("language") or "en"),
                postal(values),
            )
            key = (one.address or id).strip().casefold()
            found.setdefault(key, one).contracts.extend(contracts.get(whose, ()))
    yield from (found[key] for key in sorted(found))


def address(values: Mapping[str, Any]) -> str:
    """The address a legal notice goes to: the one for such, else the main one, else any."""
    others = sorted(path for path in values if path.startswith("emails."))
    return next((str(values[path]) for path in (*MAILS, *others) if values.get(path)), "")


def _contracts(desk: Desk) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for _, _, values in records(desk.store, desk.id, "contract"):
        if values.get("customer") and values.get("state") not in ("ended", "cancelled"):
            found.setdefault(str(values["customer"]), []).append(values)
    return found
