"""How systems round: by line, by tax rate or by document, half up, half even or down; and to the coins there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from hub.model import decimals

WAYS = (ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_DOWN)
# The smallest coin in minor units, where it is larger than one: a total to be paid in cash is rounded to it.
COINS = {"CHF": 5, "SEK": 100, "NOK": 100, "DKK": 50, "HUF": 500, "CZK": 100, "AUD": 5, "NZD": 10, "CAD": 5}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a document in minor units: what it says, what its quantity and price make, and its tax rate."""

    amount: int | None
    exact: Decimal | None
    slack: Decimal  # how far a rounded price or discount can have moved the line
    rate: Decimal | None

    @property
    def base(self) -> Decimal | None:
        """What is taxed: the amount said, else what it comes to."""
        return Decimal(self.amount) if self.amount is not None else self.exact

    @property
    def hidden(self) -> Decimal:
        """How far what the line shows can be from what the system counted with."""
        return max(self.slack, Decimal("0.5"))


def rows(lines: Sequence[Any], currency: str) -> list[Row]:
    """The lines as numbers; one that is no line or in another currency has neither amount nor price."""
    return [_row(line if isinstance(line, dict) else {}, currency) for line in lines]


def _row(line: dict[str, Any], currency: str) -> Row:
    amount = line.get("amount")
    said = amount[0] if isinstance(amount, list) and len(amount) == 2 and amount[1] == currency else None
    quantity, price = number(line.get("quantity")), number(line.get("unit_price"))
    discount, rate = number(line.get("discount")), number(line.get("tax_rate"))
    if quantity is None or price is None:
        return Row(said, None, Decimal(0), rate)
    scale = Decimal(10) ** decimals(currency)
    exact = quantity * price * (1 - (discount or 0)) * scale
    slack = abs(quantity) * _half(price, decimals(currency)) * scale
    if discount:
        slack += abs(quantity * price) * _half(discount, 3) * scale
    return Row(said, exact, slack, rate)


def number(value: Any) -> Decimal | None:
    """A decimal as records hold it; None where there is none."""
    if value is None or isinstance(value, bool | float):
        return None
    try:
        found = Decimal(value)
    except (InvalidOperation, TypeError, ValueError):
        return None
    return found if found.is_finite() else None


def _half(value: Decimal, least: int) -> Decimal:
    """Half of the last place shown: so much can have been rounded away, where there are places enough to tell."""
    exponent = value.as_tuple().exponent
    places = -exponent if isinstance(exponent, int) else 0
    return Decimal(5).scaleb(-places - 1) if places >= least and value != 0 else Decimal(0)


def rounded(value: Decimal, way: str = ROUND_HALF_UP) -> int:
    """Round to a whole minor unit."""
    return int(value.quantize(Decimal(1), rounding=way))


def sums(parts: Sequence[Decimal]) -> set[int]:
    """What a system can make of a sum: rounded part by part or at the end, in any of the usual ways."""
    whole = sum(parts, Decimal(0))
    return {rounded(whole, way) for way in WAYS} | {sum(rounded(part, way) for part in parts) for way in WAYS}


def taxes(bases: Sequence[tuple[Decimal, Decimal]]) -> set[int]:
    """What a system can make of the tax of (base, rate): rounded by line, by rate, or at the end."""
    by_rate: dict[Decimal, Decimal] = {}
    for base, rate in bases:
        by_rate[rate] = by_rate.get(rate, Decimal(0)) + base
    return sums([base * rate for base, rate in bases]) | sums([base * rate for rate, base in by_rate.items()])


def in_coins(exact: int, paid: int, currency: str) -> bool:
    """Whether a total is another one rounded to the smallest coin."""
    coin = COINS.get(currency, 1)
    return coin > 1 and paid % coin == 0 and 2 * abs(exact - paid) <= coin
