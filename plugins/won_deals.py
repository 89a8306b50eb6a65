"""A won deal becomes an order, without being typed again; the order's number comes back to the deal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hub.plugin import Derived, Golden, Look, hookimpl

LINE = ("sku", "description", "quantity", "unit_price", "discount")


@hookimpl
def derive(golden: Golden, look: Look) -> Iterator[Derived]:
    """Yield the order of a won deal that has lines, and the deal's order number once the order has one."""
    if golden.model == "deal":
        yield from _order(golden)
    elif golden.model == "order" and golden.values.get("deal") and golden.values.get("number"):
        yield Derived("number", "deal", {"order_number": golden.values["number"]}, of=golden.values["deal"])


def _order(deal: Golden) -> Iterator[Derived]:
    values = deal.values
    if values.get("stage") != "won" or not values.get("customer") or not values.get("lines"):
        return
    lines = [{name: line[name] for name in LINE if line.get(name) is not None} for line in values["lines"]]
    order: dict[str, Any] = {
        "deal": deal.id,
        "customer": values["customer"],
        "description": values.get("name"),
        "lines": lines,
        "state": "confirmed",
    }
    if values.get("amount"):
        order["currency"] = values["amount"][1]
    for ours, theirs in (("ordered_on", "closed_on"), ("line", "line"), ("owner", "owner")):
        if values.get(theirs):
            order[ours] = values[theirs]
    yield Derived("order", "order", order)
