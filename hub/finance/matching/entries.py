"""S0: the same bank entry counts once, and what was decided before stands until a person undoes it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from operator import attrgetter

from hub.finance.matching.book import Book, open_day
from hub.finance.matching.rules import STANDING
from hub.finance.matching.types import Allocation, Decision, Payment, Posting, Status


def drop_repeated(book: Book) -> None:
    """Ignore payments whose bank entry was taken in already, and note those that a return names."""
    seen: dict[object, Payment] = {}
    returned = {payment.return_of for payment in book.payments if payment.return_of}
    identities = {}
    for payment in book.payments:
        fields = book.policy_of(payment).dedupe_key
        if fields not in identities:
            identities[fields] = _identity(fields)
        key = identities[fields](payment)
        first = payment if key is None else seen.setdefault(key, payment)
        if first is payment:
            if payment.bank_entry_ref in returned:
                book.first_of_entry.setdefault(payment.bank_entry_ref or "", []).append(payment)
        elif (first.amount, first.currency) != (payment.amount, payment.currency):
            book.review(payment, "entry_reference_reused")
        else:
            book.decide(Decision(payment.id, "duplicate_ignored", "S0_dedupe", duplicate_of=first.id))
    book.waiting = [payment for payment in book.payments if payment.id not in book.decided]


def keep_standing(book: Book, payment: Payment) -> None:
    """Take in the allocations a payment has, or undo them where a person asked for it."""
    if not payment.standing:
        return
    for one in payment.standing:
        if one.document not in book.documents:
            raise ValueError(f"payment {payment.id} is allocated to {one.document}, which is not given")
    documents = [book.documents[one.document] for one in payment.standing]
    kept = []
    for one, document in zip(payment.standing, documents, strict=True):
        cost = one.amount if one.payment_amount is None else one.payment_amount
        name, version = STANDING.name, STANDING.version
        allocation = Allocation(document.id, one.amount, document.currency, cost, one.stage, name, version)
        kept.append(allocation)
        _stand(book, payment, allocation, one.posted)
        left = book.left[document.id]
        if (left < 0 <= document.open) or (left > 0 >= document.open):
            raise ValueError(f"more than what is open of {document.id} is allocated to it")
    customers = {document.customer for document in documents}
    customer = customers.pop() if len(customers) == 1 else None
    if payment.unmatch is None:
        rest = payment.amount - sum(one.payment_amount for one in kept)
        status: Status = "partially_applied" if rest else "applied"
        owner = customer if rest else None
        book.decide(Decision(payment.id, status, kept[0].stage, tuple(kept), rest, customer=owner))
    else:
        book.decide(Decision(payment.id, "on_account", "manual", (), payment.amount, customer=customer))


def _stand(book: Book, payment: Payment, allocation: Allocation, posted: date) -> None:
    """Enter an earlier allocation on its day, and its reversal in the first open period where it is undone."""
    policy = book.policy_of(payment)
    if payment.unmatch is None:
        book.left[allocation.document] -= allocation.amount
    if policy.locked_through is not None:
        book.postings.append(Posting(posted, allocation.document, allocation.amount, payment.id))
        if payment.unmatch is not None:
            undone = max(open_day(policy, policy.locked_through), posted)
            book.postings.append(Posting(undone, allocation.document, -allocation.amount, payment.id))


def _identity(fields: tuple[str, ...]) -> Callable[[Payment], object]:
    """What makes an entry the same entry; for those the bank gave nothing to tell by it answers None."""
    values = attrgetter(*fields) if fields else None
    by_reference = "bank_entry_ref" in fields

    def identity(payment: Payment) -> object:
        if values is None or (by_reference and not payment.bank_entry_ref):
            return None
        found = values(payment)
        return found if by_reference or found not in (None, nothing) else None

    nothing = (None,) * len(fields)
    return identity
