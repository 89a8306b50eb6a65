"""The invariants, proved after every run: not a cent of a payment or a document is made or lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hub.finance.matching.types import Document, Outcome, Payment

_OUTSIDE = ("review", "duplicate_ignored")


class UnbalancedError(AssertionError):
    """A run's figures do not add up: a fault of the hub; nothing of the run may be posted."""


def prove(documents: Mapping[str, Document], payments: Iterable[Payment], outcome: Outcome) -> None:
    """Raise UnbalancedError unless payment = allocations + unapplied + fee, and open = before - allocations - adjustments."""
    amounts = {one.id: one.amount for one in payments}
    if len(amounts) != len(outcome.decisions):
        raise UnbalancedError(f"{len(amounts)} payments, {len(outcome.decisions)} decisions")
    left = {id: one.open for id, one in documents.items()}
    for decision in outcome.decisions:
        total = decision.unapplied + decision.fee
        for allocation in decision.allocations:
            total += allocation.payment_amount
            left[allocation.document] -= allocation.amount
        if decision.status in _OUTSIDE:
            if total or decision.allocations:
                raise UnbalancedError(f"payment {decision.payment}: {decision.status}, but something was posted")
        elif total != amounts[decision.payment]:
            raise UnbalancedError(
                f"payment {decision.payment}: {amounts[decision.payment]}, but {total} is accounted for"
            )
    for adjustment in outcome.adjustments:
        left[adjustment.document] -= adjustment.amount
    for one in outcome.documents:
        id, after = one.document, one.open
        if after != left[id]:
            before = documents[id].open
            raise UnbalancedError(f"document {id}: {before} before, {after} after, but something else moved")
        if after and documents[id].open * after < 0:
            before = documents[id].open
            raise UnbalancedError(f"document {id}: {before} before and {after} after lie on two sides of 0")
