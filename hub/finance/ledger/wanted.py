"""Wanted: what a person says a payment settles, turned into postings; in another currency with the gain or loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from hub.config.finance import Finance
from hub.errors import ConfigError
from hub.finance.ledger.given import document
from hub.finance.ledger.items import Item
from hub.finance.ledger.policy import rate_of
from hub.finance.ledger.rows import Line
from hub.finance.matching.rates import convert
from hub.model import Money
from hub.model.money import decimals


class Wanted(NamedTuple):
    """A document, how much of it is settled in its currency (None: as much as can be), and for how much of the payment.

    Without `paid` the rate of the day says it; between two amounts in one currency it is the amount itself.
    """

    document: str
    amount: Decimal | None = None
    paid: Decimal | None = None


class Rates(NamedTuple):
    """Base currency per unit of the payment's and of a document's currency, on the payment's day; None where unknown."""

    paid: Decimal | None
    owed: Decimal | None


def postings(
    finance: Finance, row: Mapping[str, Any], values: Mapping[str, Any], items: Mapping[str, Item],
    papers: Mapping[str, Mapping[str, Any]], wanted: Sequence[Wanted],
) -> list[Line]:  # fmt: skip
    """The postings by which a payment settles documents, credit notes first. Raises ConfigError for what cannot be."""
    left, lines = row["unapplied"], list[Line]()
    on = date.fromisoformat((values.get("value_on") or values["paid_on"])[:10])
    for one in sorted(wanted, key=lambda one: items[one.document].open > 0 if one.document in items else True):
        where = f"match {row['payment_id']}: {one.document}"
        item = items.get(one.document)
        if item is None:
            raise ConfigError(f"{where} is not in the ledger; see hub ageing --items")
        rates = Rates(*(_rate(finance, code, on) for code in (row["currency"], item.currency)))
        amount, cost = _amounts(where, one, item, row["currency"], left, rates, on)
        _checked(where, item, amount, cost, left, row["currency"])
        left -= cost
        lines.append(Line("allocation", item.document_id, item.customer_id, amount, item.currency, -amount, cost))
        lines += _exchange(finance, row["currency"], item, papers[one.document], amount, cost, rates)
    return lines


def _rate(finance: Finance, currency: str, on: date) -> Decimal | None:
    return Decimal(1) if currency == finance.base_currency else rate_of(finance, currency, on)


def _amounts(where: str, one: Wanted, item: Item, currency: str, left: int, rates: Rates, on: date) -> tuple[int, int]:
    """How much of the document is settled, and for how much of the payment."""
    if one.amount is None and left < 0:
        raise ConfigError(
            f"{where}: the payment goes out; say how much of it belongs to the document: {item.document_id}=AMOUNT"
        )
    paid = None if one.paid is None else minor(one.paid, currency, where)
    if item.currency == currency:
        room = item.open if item.open < 0 else min(item.open, max(left, 0))
        amount = room if one.amount is None else minor(one.amount, currency, where)
        if paid not in (None, amount):
            raise ConfigError(f"{where}: both are in {currency}; say one amount")
        return amount, amount
    if one.amount is not None and paid is not None:
        return minor(one.amount, item.currency, where), paid
    if rates.paid is None or rates.owed is None:
        lacking = item.currency if rates.owed is None else currency
        raise ConfigError(
            f"{where} is in {item.currency}, the payment in {currency}, and there is no rate for {lacking} on {on}; say what "
            f"it costs: {item.document_id}=AMOUNT@PAID, or add one to [finance.rates.{on}]"
        )
    if one.amount is not None:
        amount = minor(one.amount, item.currency, where)
        return amount, convert(amount, item.currency, currency, rates.owed, rates.paid)
    cost = convert(item.open, item.currency, currency, rates.owed, rates.paid)
    if item.open < 0 or cost <= left:
        return item.open, cost
    return convert(max(left, 0), currency, item.currency, rates.paid, rates.owed), max(left, 0)


def _checked(where: str, item: Item, amount: int, cost: int, left: int, currency: str) -> None:
    if amount == 0 or cost == 0:
        raise ConfigError(f"{where}: nothing is open on it, or nothing is left of the payment")
    if amount * cost < 0:
        raise ConfigError(f"{where}: what is settled and what it costs have opposite signs")
    if left > 0 and item.open > 0 and cost > left:
        raise ConfigError(f"{where}: {Money(cost, currency)} is more than the {Money(left, currency)} left")
    if left > 0 and abs(amount) > abs(item.open):
        shown, open = Money(amount, item.currency), Money(item.open, item.currency)
        raise ConfigError(f"{where}: {shown} is more than the {open} open")


def _exchange(
    finance: Finance, currency: str, item: Item, paper: Mapping[str, Any], amount: int, cost: int, rates: Rates
) -> list[Line]:
    """The realised gain or loss: what was received in the base currency against what was booked for it."""
    base = finance.base_currency
    booked = document(finance, item.document_id, item.customer_id, item.currency, item.open, 0, paper).booked_rate
    if booked is None or item.currency == base or rates.paid is None:
        return []
    result = convert(cost, currency, base, rates.paid) - convert(amount, item.currency, base, booked)
    if not result:
        return []
    return [Line("fx_gain" if result > 0 else "fx_loss", item.document_id, None, result, base, 0, 0)]


def minor(amount: Decimal, currency: str, where: str) -> int:
    """An amount in minor units. Raises ConfigError for one finer than its currency."""
    exact = amount.scaleb(decimals(currency))
    if not exact.is_finite() or exact != exact.to_integral_value():
        raise ConfigError(f"{where}: {amount} has more decimals than {currency} knows")
    return int(exact)
