"""A payment while it is being settled: what remains of it, and what was decided so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from hub.finance.matching.discount import split
from hub.finance.matching.rates import Terms
from hub.finance.matching.rules import Rule
from hub.finance.matching.short import Gap
from hub.finance.matching.types import Adjustment, Allocation, Discount, Document, Payment, Stage


@dataclass(slots=True)
class Draft:
    """A payment's allocations and adjustments before they are taken into the book."""

    payment: Payment
    stage: Stage
    rule: Rule
    remaining: int  # of the payment, in its currency
    inputs: tuple[tuple[str, str], ...] = ()
    allocations: list[Allocation] = field(default_factory=list)
    adjustments: list[Adjustment] = field(default_factory=list)

    def allocate(self, document: Document, amount: int, cost: int, rule: Rule | None = None) -> None:
        """Put a part of the payment on a document: `amount` in the document's currency costs `cost` of the payment."""
        if amount:
            why = rule or self.rule
            name, currency = document.id, document.currency
            self.allocations.append(
                Allocation(name, amount, currency, cost, self.stage, why.name, why.version, self.inputs)
            )
            self.remaining -= cost

    def fill(
        self,
        documents: Sequence[Document],
        left: Mapping[str, int],
        exchange: Mapping[str, Terms],
        gap: Gap,
        rule: Rule | None = None,
    ) -> None:
        """Fill invoices one after the other, and close what the gap says is closed without money."""
        for document in documents:
            discount = gap.discounts.get(document.id)
            need = left[document.id] - (discount.amount if discount else 0)
            rates = exchange[document.currency]
            cost = rates.cost(need)
            if gap.exact and document is documents[-1]:
                self.allocate(document, need, self.remaining, rule)
            elif cost <= self.remaining:
                self.allocate(document, need, cost, rule)
            else:
                given = rates.worth(self.remaining)
                self.allocate(document, given, self.remaining, rule)
                if gap.closed_by is not None:
                    self._adjust(document, gap.closed_by, need - given)
            if discount:
                self._discount(document, discount)

    def take_excess(self, document: Document, over: int) -> None:
        """Put all that remains on a document that is filled already, and write off what it is over."""
        last = self.allocations[-1]
        self.allocations[-1] = replace(
            last, amount=last.amount + over, payment_amount=last.payment_amount + self.remaining
        )
        self.remaining = 0
        self._adjust(document, "write_off", -over)

    def _adjust(self, document: Document, kind: str, amount: int) -> None:
        if amount:
            self.adjustments.append(
                Adjustment(self.payment.id, document.id, kind, amount, document.currency)  # type: ignore[arg-type]
            )

    def _discount(self, document: Document, discount: Discount) -> None:
        net, tax = split(discount)
        self.adjustments.append(
            Adjustment(self.payment.id, document.id, "discount", discount.amount, document.currency, net, tax)
        )
