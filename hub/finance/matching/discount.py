"""Early payment discounts: which are in time, and how one is split into net and tax."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import combinations

from hub.finance.matching.types import Discount, Document, Payment, Policy

_SATURDAY = 5
_MOST = 12  # documents of one payment among which those paid with discount are looked for


def in_time(discount: Discount, payment: Payment, policy: Policy) -> bool:
    """Whether the payment came by the deadline, by the date and with the grace the policy says."""
    paid = payment.booking_date if policy.discount_date_basis == "booking_date" else payment.value_date
    return paid <= _deadline(discount.until, policy)


def taken(documents: Sequence[Document], short: int, payment: Payment, policy: Policy) -> dict[str, Discount] | None:
    """The discounts that make up exactly what is short, or None.

    First that of the document left short, which is the last one, then all of them, then the only set that does.
    """
    offered = {
        one.id: one.discount
        for one in documents
        if one.discount and one.discount.amount > 0 and in_time(one.discount, payment, policy)
    }
    last = offered.get(documents[-1].id)
    if last and last.amount == short:
        return {documents[-1].id: last}
    if sum(discount.amount for discount in offered.values()) == short and offered:
        return offered
    if len(offered) > _MOST:
        return None
    sets = [
        chosen
        for size in range(1, len(offered))
        for chosen in combinations(offered, size)
        if sum(offered[id].amount for id in chosen) == short
    ]
    return {id: offered[id] for id in sets[0]} if len(sets) == 1 else None


def split(discount: Discount) -> tuple[int, int]:
    """Net and tax of a discount, whose amount includes tax."""
    exact = Decimal(discount.amount) / (1 + discount.tax_rate)
    net = int(exact.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
    return net, discount.amount - net


def _deadline(until: date, policy: Policy) -> date:
    """The last day, moved off a weekend where the policy gives that grace."""
    if policy.discount_grace == "next_business_day":
        while until.weekday() >= _SATURDAY:
            until += timedelta(days=1)
    return until
