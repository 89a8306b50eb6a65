"""S3: a known customer, and exactly one open document with exactly that amount."""

from __future__ import annotations

from collections.abc import Sequence

from hub.finance.matching.book import Book, single
from hub.finance.matching.rules import EXACT, OLDEST
from hub.finance.matching.settle import settle
from hub.finance.matching.types import Document, Payment, Rejected


def by_amount(book: Book, payment: Payment) -> None:
    """Settle the customer's only open document with that amount; several are a person's choice, or the oldest's turn."""
    payer = book.payers.who(payment)
    if payer.several:
        book.review(payment, "ambiguous_customer", customers=payer.several)
        return
    if payer.customer is None:
        return
    open_documents = book.open_of(payer.customer, payment.currency)
    exact = [one for one in open_documents if book.left[one.id] == payment.amount]
    own = [one for one in exact if book.may_settle(payment, one)]
    if not own:
        if exact:
            book.review(payment, "other_legal_entity", single(exact))
        return
    rule = EXACT
    if len(own) > 1:
        if book.policy_of(payment).same_customer_same_amount == "review":
            book.review(payment, "ambiguous_amount", single(own))
            return
        own, rule = own[:1], OLDEST  # open documents come oldest due first
    if own[0].id in book.held:
        book.review(payment, "contested_document", single(own))
        return
    inputs = (("customer", payer.customer), ("known by", payer.how))
    settle(book, payment, own, "S3_customer_exact_amount", rule, inputs, _others(book, open_documents, own[0]))


def _others(book: Book, documents: Sequence[Document], taken: Document) -> tuple[Rejected, ...]:
    """The customer's other open documents, and why they were not meant."""
    amount, left = book.left[taken.id], book.left
    others = tuple([one.id for one in documents if left[one.id] != amount])
    alike = tuple([one.id for one in documents if left[one.id] == amount and one is not taken])
    told = (Rejected(others, "another amount is open"),) if others else ()
    return (*told, Rejected(alike, "due later, or another legal entity's")) if alike else told
