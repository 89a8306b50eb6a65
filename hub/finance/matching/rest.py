"""S9: what no stage could place stays for the customer, or in suspense where nobody knows the payer."""

from __future__ import annotations

from hub.finance.matching.book import Book
from hub.finance.matching.types import Decision, Payment, Status


def leave(book: Book, payment: Payment) -> None:
    """Keep the whole amount unapplied."""
    customer = book.payers.who(payment).customer
    status: Status = "suspense" if customer is None else "on_account"
    book.decide(Decision(payment.id, status, "S9_unidentified", unapplied=payment.amount, customer=customer))


def give_up(book: Book, payment: Payment) -> None:
    """Leave returns that wait for each other to a person."""
    book.review(payment, "return_of_unknown")
