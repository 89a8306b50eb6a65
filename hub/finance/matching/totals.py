"""S5: all open payments of a customer against all its open documents, where both have the same total."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from hub.finance.matching.book import Book
from hub.finance.matching.draft import Draft
from hub.finance.matching.rates import Terms
from hub.finance.matching.rules import FIFO
from hub.finance.matching.settle import post
from hub.finance.matching.short import Gap
from hub.finance.matching.types import Document, Payment
from hub.finance.matching.words import by_id


def by_totals(book: Book) -> None:
    """Settle first in, first out wherever a policy allows it and nothing of the customer waits for a person."""
    if all(policy.many_to_many == "off" for policy in (book.policy, *book.accounts.values())):
        return
    sets: dict[tuple[str, str, str | None], list[Payment]] = {}
    reviewed = set()
    for payment in book.payments:
        if payment.amount <= 0 or book.policy_of(payment).many_to_many == "off":
            continue
        customer = book.payers.who(payment).customer
        if customer is None:
            continue
        key = (customer, payment.currency, book.entity_of(payment))
        decision = book.decided.get(payment.id)
        if decision is None and payment.return_of is None:
            sets.setdefault(key, []).append(payment)
        elif decision is not None and decision.status == "review":
            reviewed.add(key)
    for key, payments in sets.items():
        if key not in reviewed:
            _settle(book, key[0], payments)


def _settle(book: Book, customer: str, payments: Sequence[Payment]) -> None:
    """Try the window up to the last payment, then the one up to the last before it, and so on."""
    days = timedelta(book.policy_of(payments[0]).window_days)
    while payments:
        until = payments[-1].booking_date
        within = [one for one in payments if one.booking_date >= until - days]
        _settle_within(book, customer, within, until - days, until)
        payments = payments[: -len(within)]


def _settle_within(book: Book, customer: str, payments: Sequence[Payment], since: date, until: date) -> None:
    currency = payments[0].currency
    documents = [
        one
        for one in book.open_of(customer, currency)
        if _touches(one, since, until) and all(book.may_settle(payment, one) for payment in payments)
    ]
    total = sum(one.amount for one in payments)
    if any(one.id in book.held for one in documents):
        return
    if not documents or total != sum(book.left[one.id] for one in documents):
        return
    documents.sort(key=_turn)
    inputs = (("customer", customer), ("payments", str(len(payments))), ("documents", str(len(documents))))
    same = {currency: Terms(currency, currency)}
    for payment in payments:
        draft = Draft(payment, "S5_many_to_many", FIFO, payment.amount, inputs)
        for document in documents:
            left = book.left[document.id]
            if document.type == "credit_note":
                draft.allocate(document, left, left)
            elif left and draft.remaining:
                draft.fill([document], book.left, same, Gap(left - draft.remaining))
        post(book, draft, documents)


def _turn(document: Document) -> tuple[bool, date, date, str]:
    """Credit notes first, then in order of date: issued, then due."""
    issued, due = document.issued or document.due or date.max, document.due or document.issued or date.max
    return document.type != "credit_note", issued, due, by_id(document.id)


def _touches(document: Document, since: date, until: date) -> bool:
    """Whether a document was issued by the end of the window, and issued or due after its beginning."""
    issued = document.issued or document.due or until
    return issued <= until and max(issued, document.due or issued) >= since
