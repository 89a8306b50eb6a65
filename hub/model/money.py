"""Money is an amount of whole minor units and an ISO 4217 code; a float never touches it."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache

import msgspec

# ISO 4217 gives the number of decimals of each currency; all that are not here have two.
_DECIMALS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_BY_CODE = {code: places for places, codes in _DECIMALS.items() for code in codes.split()}


@cache
def is_currency(code: str) -> bool:
    """Whether ISO 4217 lists the code."""
    import pycountry

    return pycountry.currencies.get(alpha_3=code) is not None


def decimals(currency: str) -> int:
    """How many decimals the currency has: EUR 2, JPY 0, KWD 3."""
    return _BY_CODE.get(currency, 2)


class Money(msgspec.Struct, frozen=True, array_like=True, order=True):
    """An exact amount in one currency; stored and sent as `[minor units, code]`."""

    minor: int
    currency: str

    @classmethod
    def of(cls, amount: Decimal | str | int, currency: str) -> Money:
        """Make money of a decimal amount, rounded half up to the currency's minor unit.

        Raises ValueError for text that is no number.
        """
        try:
            exact = Decimal(amount)
            minor = int(exact.scaleb(decimals(currency)).quantize(Decimal(1), rounding=ROUND_HALF_UP))
        except (InvalidOperation, OverflowError, ValueError):
            raise ValueError(f"{amount!r} is no amount of money") from None
        return cls(minor, currency)

    @property
    def amount(self) -> Decimal:
        """The amount in major units: Money(1010, "EUR").amount == Decimal("10.10")."""
        return Decimal(self.minor).scaleb(-decimals(self.currency))

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __str__(self) -> str:
        return f"{self.amount:.{decimals(self.currency)}f} {self.currency}"

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add up")
