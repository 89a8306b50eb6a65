"""Amounts in one currency told in another, rounded half to even to the currency's own decimals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from hub.finance.matching.types import Document, Payment, Policy
from hub.model.money import decimals

ONE = Decimal(1)


def rate(policy: Policy, currency: str, day: date) -> Decimal | None:
    """Base currency per unit on a day, None where the policy has no rate."""
    if currency == policy.base_currency:
        return ONE
    return policy.rates.get(day, {}).get(currency)


def convert(minor: int, source: str, target: str, source_rate: Decimal, target_rate: Decimal = ONE) -> int:
    """Turn minor units of one currency into those of another, by the rates of both."""
    if source == target:
        return minor
    exact = Decimal(minor).scaleb(decimals(target) - decimals(source)) * source_rate / target_rate
    return int(exact.quantize(ONE, rounding=ROUND_HALF_EVEN))


def minor(amount: Decimal, currency: str) -> int:
    """Write a decimal amount in minor units; what is finer than the currency is cut off."""
    return int(amount.scaleb(decimals(currency)))


def shown(minor: int, currency: str) -> str:
    """Write minor units as a decimal with the currency's own number of places: 10.50, 1050, 1.050."""
    places = decimals(currency)
    if not places:
        return str(minor)
    digits = f"{abs(minor):0{places + 1}}"
    return f"{'-' if minor < 0 else ''}{digits[:-places]}.{digits[-places:]}"


@dataclass(frozen=True, slots=True)
class Terms:
    """How a payment's currency and a document's are exchanged on the payment's value date."""

    paid: str
    owed: str
    paid_rate: Decimal = ONE
    owed_rate: Decimal = ONE

    def cost(self, owed: int) -> int:
        """What of the payment an amount of the document takes."""
        return convert(owed, self.owed, self.paid, self.owed_rate, self.paid_rate)

    def worth(self, paid: int) -> int:
        """What of the document an amount of the payment settles."""
        return convert(paid, self.paid, self.owed, self.paid_rate, self.owed_rate)


def terms(policy: Policy, payment: Payment, document: Document) -> Terms | None:
    """The terms on which the payment settles the document; None where a rate that is needed is missing.

    A payment in the document's own currency needs a rate only for the gain or loss, where rates are kept at all.
    """
    paid, owed = payment.currency, document.currency
    if paid == owed:
        gains = document.booked_rate is not None and owed != policy.base_currency and policy.rates
        missing = gains and rate(policy, paid, payment.value_date) is None
        return None if missing else Terms(paid, owed)
    paid_rate = rate(policy, paid, payment.value_date)
    owed_rate = rate(policy, owed, payment.value_date)
    if paid_rate is None or owed_rate is None:
        return None
    return Terms(paid, owed, paid_rate, owed_rate)
