"""What a payment settles: parts by invoice and kind, and the tag by which the move of each is known as ours.

The wizard that pays takes a description and nothing else of ours, so our id stands there as `reference [hub:id]`, and
for what was not paid but given up as `reference [hub:id discount]`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from hub.errors import Rejected
from hub_tryton.rpc import Row
from hub_tryton.source import TAG, key

PAID = ""  # the kind of a part that was paid
GIVEN_UP = ("write_off", "discount", "charges")
OURS = re.compile(rf"\s*\[{TAG}([^\]\s]+)(?: ({'|'.join(GIVEN_UP)}))?\]\s*$")


class Part(NamedTuple):
    """An amount settled of one invoice; `field` is the one of ours it comes from."""

    invoice: int
    kind: str
    amount: Decimal
    currency: str | None
    field: str


Parts = dict[tuple[int, str], Part]


def wanted(data: Mapping[str, Any]) -> Parts:
    """What a payment is to settle: its allocations and adjustments, or the one invoice it names with its whole amount.

    An allocation of nothing says which invoice it is about. Raises Rejected.
    """
    found: Parts = {}
    for each in _allocations(data):
        _add(found, each, PAID, "allocations" if "allocations" in data else "amount")
    for each in data.get("adjustments") or ():
        if each.get("kind") not in GIVEN_UP:
            raise Rejected(f"an adjustment is {each.get('kind')!r}: give one of {', '.join(GIVEN_UP)}", ["adjustments"])
        _add(found, each, each["kind"], "adjustments")
    return found


def _allocations(data: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    if "allocations" in data:
        return data["allocations"] or ()
    return [{"invoice": data.get("invoice"), "amount": data.get("amount"), "currency": data.get("currency")}]


def _add(found: Parts, each: Mapping[str, Any], kind: str, field: str) -> None:
    invoice = key(each.get("invoice"), "invoice")
    try:
        amount = Decimal(str(each.get("amount")))
    except InvalidOperation:
        raise Rejected(f"amount is {each.get('amount')!r}: give a decimal", ["amount"]) from None
    before = found.get((invoice, kind))
    total = amount + (before.amount if before else 0)
    found[invoice, kind] = Part(invoice, kind, total, each.get("currency"), field)


def tag(row: Row) -> str | None:
    """Our id in a move's description."""
    found = OURS.search(row["description"] or "")
    return found[1] if found else None


def kind(row: Row) -> str:
    """What a move of ours is: paid, or given up and how."""
    found = OURS.search(row["description"] or "")
    return (found[2] or PAID) if found else PAID


def described(reference: Any, our_id: str, kind: str) -> str:
    """The description of a move of ours."""
    return f"{str(reference or '').strip()} [{TAG}{our_id}{f' {kind}' if kind else ''}]".strip()


def like(our_ids: Sequence[str]) -> list[Any]:
    """The condition that finds the moves with these ids."""
    ends = [f"{_plain(id)}{end}" for id in our_ids for end in ("]", *(f" {_plain(kind)}]" for kind in GIVEN_UP))]
    return ["OR", *(["description", "like", f"%[{TAG}{end}"] for end in ends)]


def _plain(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
