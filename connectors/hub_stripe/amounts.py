"""The three currencies that Stripe counts in other units than ISO 4217."""

from __future__ import annotations

import re
from typing import Any

import msgspec

# By how much Stripe's integers must be scaled to be ISO 4217's minor units; of all other currencies they are that.
# https://docs.stripe.com/currencies#special-cases
ODD = {"isk": -2, "ugx": -2, "mga": 2}
AMOUNTS = re.compile(r"amount(_.+)?|(sub)?total(_.+)?|fee|net|tax|balance|unit_amount|(start|end)ing_balance")


def in_minor_units(thing: Any, scale: int = 0) -> Any:
    """Give the amounts of an object, and of those inside it, in the minor units of ISO 4217."""
    if isinstance(thing, list):
        return [in_minor_units(item, scale) for item in thing]
    if not isinstance(thing, dict):
        return thing
    if isinstance(thing.get("currency"), str):
        scale = ODD.get(thing["currency"], 0)
    return {
        name: _scaled(value, scale) if type(value) is int and AMOUNTS.fullmatch(name) else in_minor_units(value, scale)
        for name, value in thing.items()
    }


def _scaled(amount: int, scale: int) -> int:
    return amount * int(10**scale) if scale >= 0 else amount // int(10**-scale)


def minor(raw: bytes | msgspec.Raw) -> msgspec.Raw:
    """The same for an object that is still JSON."""
    return msgspec.Raw(msgspec.json.encode(in_minor_units(msgspec.json.decode(raw))))
