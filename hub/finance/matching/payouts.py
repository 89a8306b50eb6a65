"""S0: what a card processor paid out is settled by its lines; without lines a person must look."""

from __future__ import annotations

from hub.finance.matching.book import Book, named
from hub.finance.matching.rules import PAYOUT
from hub.finance.matching.types import Adjustment, Allocation, Decision, Document, Payment, PayoutLine, Stage, Status

_STAGE: Stage = "S0_payout_detail"


def pay_out(book: Book, payment: Payment) -> None:
    """Settle each line's document: the money is net of the fee, the fee settles the rest."""
    lines = payment.payout_lines
    if not lines:
        if payment.payout and book.policy_of(payment).payout_detail_required:
            book.review(payment, "payout_detail_missing")
        return
    if sum(line.gross - line.fee for line in lines) != payment.amount:
        book.review(payment, "payout_does_not_add_up", [named(_documents(book, payment))])
        return
    documents = _documents(book, payment)
    if any(one.currency != payment.currency for one in documents):
        book.review(payment, "payout_in_other_currency", [named(documents)])
        return
    if not all(book.may_settle(payment, one) for one in documents):
        book.review(payment, "other_legal_entity", [named(documents)])
        return
    _settle(book, payment)


def _settle(book: Book, payment: Payment) -> None:
    allocations: list[Allocation] = []
    rest = fee = 0
    customers: set[str | None] = set()
    for line in payment.payout_lines:
        if line.document is None and "fee" in line.type:  # what the processor takes for no charge of its own
            fee += line.gross - line.fee
            continue
        document = book.documents.get(line.document or "")
        gross = _settled(book, line, document)
        cash = gross - line.fee if gross else 0
        if document is None or gross == 0:
            fee -= line.fee
        else:
            inputs = (("line", line.type), ("document", document.id))
            allocation = Allocation(
                document.id, cash, document.currency, cash, _STAGE, PAYOUT.name, PAYOUT.version, inputs
            )
            if cash:
                allocations.append(allocation)
                book.allocate(payment, allocation)
            if line.fee:
                book.adjust(Adjustment(payment.id, document.id, "psp_fee", line.fee, document.currency))
        if gross != line.gross:
            rest += line.gross - gross
            customers.add(document.customer if document else None)
    owner = customers.pop() if len(customers) == 1 else None
    nothing: Status = "on_account" if owner else "suspense"
    status: Status = "applied" if not rest else "partially_applied" if allocations else nothing
    book.decide(Decision(payment.id, status, _STAGE, tuple(allocations), rest, fee, customer=owner))


def _settled(book: Book, line: PayoutLine, document: Document | None) -> int:
    """How much of its document a line settles: no more than is open, but a refund may open an invoice again."""
    if document is None:
        return 0
    left = book.left[document.id]
    if document.type == "credit_note":
        return max(line.gross, left) if line.gross < 0 else 0
    return min(line.gross, left) if line.gross > 0 else line.gross


def _documents(book: Book, payment: Payment) -> list[Document]:
    """The documents the lines name, in their order."""
    names = dict.fromkeys(line.document for line in payment.payout_lines)
    return [book.documents[name] for name in names if name in book.documents]
