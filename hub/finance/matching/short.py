"""What a payment that falls short of its documents leaves, and what may close that: discount, stated charge, tolerance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from hub.finance.matching.discount import taken
from hub.finance.matching.rates import Terms, minor
from hub.finance.matching.types import Discount, Document, Payment, Policy


@dataclass(frozen=True, slots=True)
class Gap:
    """What is short of documents of one currency, in it (negative: over), and how the gap is closed."""

    short: int
    discounts: Mapping[str, Discount] = field(default_factory=dict)
    closed_by: Literal["bank_fee", "write_off"] | None = None

    @property
    def partial(self) -> bool:
        """Whether something stays open."""
        return self.short > 0 and not self.discounts and self.closed_by is None

    @property
    def exact(self) -> bool:
        """Whether the last document takes all that remains of the payment."""
        return self.short == 0 or bool(self.discounts)


def gap(
    remaining: int,
    documents: Sequence[Document],
    left: Mapping[str, int],
    exchange: Terms,
    payment: Payment,
    policy: Policy,
) -> Gap:
    """Say what is short and try, in this order: discounts to the cent, the stated charge to the cent, the tolerance.

    All are asked about the whole payment, however many documents it names, so that a tolerance is granted once.
    """
    total = sum(left[one.id] for one in documents)
    if exchange.cost(total) == remaining:  # rounding must not leave a cent in either currency
        return Gap(0)
    short = total - exchange.worth(remaining)
    if short <= 0:
        return Gap(short)
    if discounts := taken(documents, short, payment, policy):
        return Gap(short, discounts)
    if payment.charges and exchange.worth(payment.charges) == short:
        return Gap(short, closed_by="bank_fee")
    if short <= minor(policy.short_tolerance, documents[0].currency):
        return Gap(short, closed_by="write_off")
    return Gap(short)
