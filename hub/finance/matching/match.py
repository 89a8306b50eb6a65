"""The stages in their order: each one pass over the payments no earlier stage has decided."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from hub.finance.matching.amounts import by_amount
from hub.finance.matching.balance import prove
from hub.finance.matching.book import Book
from hub.finance.matching.entries import drop_repeated, keep_standing
from hub.finance.matching.groups import by_group
from hub.finance.matching.index import Index
from hub.finance.matching.named import by_number, by_reference
from hub.finance.matching.payouts import pay_out
from hub.finance.matching.rest import give_up, leave
from hub.finance.matching.returns import take_back
from hub.finance.matching.totals import by_totals
from hub.finance.matching.types import Customer, Decision, Document, Outcome, Payment, Policy, Settled

_PENDING = ("review", "on_account", "suspense")


def match(
    customers: Iterable[Customer],
    documents: Iterable[Document],
    payments: Iterable[Payment],
    policy: Policy | None = None,
    accounts: Mapping[str, Policy] | None = None,
) -> Outcome:
    """Match payments to documents by one policy; `accounts` gives those of single bank accounts instead.

    Who a payer is, references and numbers are always read by `policy`. The order in which things are given does not
    matter. Raises ValueError where two documents or payments have one id.
    """
    with uncollected():
        return _match(customers, documents, payments, policy or Policy(), accounts or {})


@contextmanager
def uncollected() -> Iterator[None]:
    """Hold the collector of cycles back: matching makes millions of objects and no cycles, and it would walk them all."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _match(
    customers: Iterable[Customer],
    documents: Iterable[Document],
    payments: Iterable[Payment],
    policy: Policy,
    accounts: Mapping[str, Policy],
) -> Outcome:
    book = Book(customers, documents, payments, policy, accounts)
    index = Index(book.documents.values(), book.policy)
    drop_repeated(book)
    if any(one.standing for one in book.payments):
        _each(book, partial(keep_standing, book))
    if any(one.payout or one.payout_lines for one in book.payments):
        _each(book, partial(pay_out, book))
    open_payments = book.waiting
    before: list[Decision] = []
    while True:
        _stages(book, index)
        # what was settled stays so: only what was pending before can be so again
        open_payments = [payment for payment in open_payments if _may_change(book.decided[payment.id])]
        decisions = [book.decided[payment.id] for payment in open_payments]
        if decisions == before:
            return _answer(book)
        # What was settled meanwhile may answer them otherwise: a second run must find nothing more to change.
        before = decisions
        book.held.clear()
        book.waiting = open_payments
        for payment in open_payments:
            del book.decided[payment.id]


def _stages(book: Book, index: Index) -> None:
    """One pass a stage over what waits; afterwards everything is decided."""
    _each(book, partial(by_reference, book, index))
    _each(book, partial(by_number, book, index))
    _each(book, partial(by_amount, book))
    _each(book, partial(by_group, book))
    by_totals(book)
    book.waiting = [payment for payment in book.waiting if payment.id not in book.decided]
    _each(book, partial(leave, book))
    _each(book, partial(leave, book))  # returns of what only the pass before has decided
    _each(book, partial(give_up, book), returns=False)


def _may_change(decision: Decision) -> bool:
    """Whether nothing was settled by the decision; a return has always settled what it could."""
    return not decision.allocations and decision.status in _PENDING and decision.stage != "S0_return"


def _each(book: Book, stage: Callable[[Payment], None], *, returns: bool = True) -> None:
    """Carry a stage over all undecided payments in order; a return is tried at its turn in every pass."""
    decided, undecided = book.decided, []
    for payment in book.waiting:
        before = len(decided)
        if returns and payment.return_of is not None:
            take_back(book, payment)
        else:
            stage(payment)
        if len(decided) == before:  # nobody decides about another payment than this one
            undecided.append(payment)
    book.waiting = undecided


def _answer(book: Book) -> Outcome:
    invoices = [one for one in book.documents.values() if one.type == "invoice"]
    notes = [one for one in book.documents.values() if one.type != "invoice"]
    adjustments = [one for some in book.adjustments.values() for one in some]
    in_order = enumerate((*invoices, *notes)) if adjustments or book.exchanges or book.postings else ()
    rank = {one.id: number for number, one in in_order}
    outcome = Outcome(
        decisions=tuple(book.decided[id] for id in book.all_payments),
        documents=tuple(_settled(one, book.left[one.id]) for one in (*invoices, *notes)),
        adjustments=tuple(sorted(adjustments, key=lambda one: rank[one.document])),
        exchanges=tuple(sorted(book.exchanges, key=lambda one: rank[one.document])),
        postings=tuple(sorted(book.postings, key=lambda one: (one.date, rank[one.document]))),
    )
    prove(book.documents, book.payments, outcome)
    return outcome


def _settled(document: Document, left: int) -> Settled:
    if left == 0:
        return Settled(document.id, "used" if document.type == "credit_note" else "paid", 0)
    whole = abs(left) >= abs(document.open)  # what came back may leave more open than was given
    return Settled(document.id, "open" if whole else "partially_paid", left)
