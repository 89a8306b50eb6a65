"""The invariants, proved after every run: not a cent of a payment or a document is made or lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hub.finance.matching.types import Document, Outcome, Payment

_OUTSIDE = ("review", "duplicate_ignored")


class UnbalancedError(AssertionError):
    """A run's figures do not add up: a fault of the hub; nothing of the run may be posted."""


def prove(documents: Mapping[str, Document], payments: Iterable[Payment], outcome: Outcome) -> None:
    """Raise UnbalancedError unless payment = allocations + unapplied + fee, and open = before - allocations - adjustments."""
    settled: dict[str, int] = {}
    amounts = {one.id: one.amount for one in payments}
    if len(amounts) != len(outcome.decisions):
        raise UnbalancedError(f"{len(amounts)} payments, {len(outcome.decisions)} decisions")
    for decision in outcome.decisions:
        total = decision.unapplied + decision.fee
        for allocation in decision.allocations:
            total += allocation.payment_amount
            settled[allocation.document] = settled.get(allocation.document, 0) + allocation.amount
        if decision.status in _OUTSIDE:
            if total or decision.allocations:
                raise UnbalancedError(f"payment {decision.payment}: {decision.status}, but something was posted")
        elif total != amounts[decision.payment]:
            raise UnbalancedError(
                f"payment {decision.payment}: {amounts[decision.payment]}, but {total} is accounted for"
            )
    for adjustment in outcome.adjustments:
        settled[adjustment.document] = settled.get(adjustment.document, 0) + adjustment.amount
    for after in outcome.documents:
        before = documents[after.document].open
        if after.open != before - settled.get(after.document, 0):
            raise UnbalancedError(
                f"document {after.document}: {before} before, {after.open} after, but something else moved"
            )
        if (after.open < 0) != (before < 0) and after.open and before:
            raise UnbalancedError(
                f"document {after.document}: {before} before and {after.open} after lie on two sides of 0"
            )
