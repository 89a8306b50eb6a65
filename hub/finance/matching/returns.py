"""S0: a payment that came back undoes what it had settled; the fee the bank stated is a cost of ours."""

from __future__ import annotations

from msgspec.structs import replace

from hub.finance.matching.book import Book
from hub.finance.matching.rules import RETURN
from hub.finance.matching.types import Adjustment, Allocation, Decision, Payment, Stage, Status

_STAGE: Stage = "S0_return"


def take_back(book: Book, payment: Payment) -> None:
    """Undo the original as soon as it is decided; until then the return waits."""
    originals = _originals(book, payment)
    if len(originals) != 1:
        reason = "return_of_several" if originals else "return_of_unknown"
        book.review(payment, reason)
        return
    original = originals[0]
    decision = book.decided.get(original.id)
    if decision is None:
        return
    left = original.amount - book.returned.get(original.id, 0)
    came, fee = _split(payment, left)
    whole = came == original.amount == left
    plain = not decision.unapplied and not decision.fee
    single = len(decision.allocations) == 1 and plain and 0 < came <= left
    if decision.status in ("review", "duplicate_ignored"):
        book.review(payment, "original_in_review")
    elif decision.reversed_by is not None:
        book.review(payment, "already_returned")
    elif payment.currency != original.currency or not (whole or (single and _same_currency(decision, original))):
        book.review(payment, "return_differs_from_original")
    else:
        _undo(book, payment, original, came, fee)


def _split(payment: Payment, left: int) -> tuple[int, int]:
    """How much of the original came back, and the fee: only what the bank states is one."""
    if payment.amount == -left:
        return left, 0
    return -payment.amount - payment.charges, -payment.charges


def _same_currency(decision: Decision, original: Payment) -> bool:
    return all(one.currency == original.currency for one in decision.allocations)


def _originals(book: Book, payment: Payment) -> list[Payment]:
    """The payments with the entry reference that came back; of several, those on the same account."""
    found = [one for one in book.first_of_entry.get(payment.return_of or "", ()) if one.id != payment.id]
    if len(found) > 1:
        found = [one for one in found if one.bank_account == payment.bank_account] or found
    return found


def _undo(book: Book, payment: Payment, original: Payment, came: int, fee: int) -> None:
    """Mirror what the original had settled: all of it with what was adjusted on the way, or a part of its only one."""
    decision = book.decided[original.id]
    whole = came == original.amount
    back = []
    for one in decision.allocations:
        allocation = replace(
            one,
            amount=-one.amount if whole else -came,
            payment_amount=-one.payment_amount if whole else -came,
            stage=_STAGE,
            rule=RETURN.name,
            version=RETURN.version,
            inputs=(("return_of", payment.return_of or ""), ("reason", payment.return_reason or "")),
        )
        back.append(allocation)
        book.allocate(payment, allocation)
    gone = book.returned[original.id] = book.returned.get(original.id, 0) + came
    if gone == original.amount:
        for adjustment in book.adjustments.get(original.id, ()):
            book.adjust(_opposite(adjustment, payment))
        book.decided[original.id] = replace(decision, status="reversed", reversed_by=payment.id)
    rest = -decision.unapplied
    book.decide(_answer(payment, tuple(back), rest, fee - decision.fee, decision.customer if rest else None))


def _answer(payment: Payment, back: tuple[Allocation, ...], rest: int, fee: int, owner: str | None) -> Decision:
    """The return's own decision: whatever the original was, its opposite."""
    unknown: Status = "on_account" if owner else "suspense"
    status: Status = unknown if not back else "partially_applied" if rest else "applied"
    return Decision(payment.id, status, _STAGE, back, rest, fee, customer=owner)


def _opposite(one: Adjustment, payment: Payment) -> Adjustment:
    """The adjustment that takes another back."""
    net = None if one.net is None else -one.net
    tax = None if one.tax is None else -one.tax
    return replace(one, payment=payment.id, amount=-one.amount, net=net, tax=tax)
