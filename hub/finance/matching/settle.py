"""Settles the documents a payment names: credit notes in full, then invoices in order, then what is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hub.finance.matching.book import Book, named
from hub.finance.matching.draft import Draft
from hub.finance.matching.rates import Terms, minor, terms
from hub.finance.matching.rules import CREDIT_NOTE, SPILL, Rule
from hub.finance.matching.short import Gap, gap
from hub.finance.matching.types import Allocation, Decision, Document, Payment, Rejected, Stage, Status

Rates = Mapping[str, Terms]


def settle(
    book: Book,
    payment: Payment,
    documents: Sequence[Document],
    stage: Stage,
    rule: Rule,
    inputs: tuple[tuple[str, str], ...] = (),
    rejected: tuple[Rejected, ...] = (),
) -> None:
    """Decide a payment that names these documents, in the order named."""
    if len(documents) == 1 and _plain(book, payment, documents[0]):
        document, amount = documents[0], payment.amount
        allocation = Allocation(document.id, amount, document.currency, amount, stage, rule.name, rule.version, inputs)
        book.allocate(payment, allocation)
        book.decide(Decision(payment.id, "applied", stage, (allocation,), rejected=rejected))
        return
    live = [one for one in documents if book.left[one.id]]
    rates = _rates(book, payment, live)
    reason = _refused(book, payment, documents, live) or ("rate_missing" if rates is None else None)
    if reason or rates is None:
        book.review(payment, reason or "", [named(documents)], rejected=rejected)
        return
    draft = Draft(payment, stage, rule, payment.amount, inputs)
    if payment.amount < 0:
        _refund(book, draft, live, rates)
    elif live and (reason := _pay(book, draft, live, rates)):
        book.review(payment, reason, [named(documents)], rejected=rejected)
        return
    policy = book.policy_of(payment)
    if draft.remaining > 0 and policy.overpayment_spill:
        _spill(book, draft, documents)
    post(book, draft, documents, rejected, paid=not live)


def _plain(book: Book, payment: Payment, document: Document) -> bool:
    """Whether the payment is exactly what is open of its only document; most are, so this goes the short way."""
    return (
        book.left[document.id] == payment.amount
        and document.currency == payment.currency
        and document.booked_rate is None
        and book.may_settle(payment, document)
    )


def post(
    book: Book, draft: Draft, documents: Sequence[Document], rejected: tuple[Rejected, ...] = (), *, paid: bool = False
) -> None:
    """Take the draft's allocations and adjustments into the book, and decide the payment."""
    payment = draft.payment
    for allocation in draft.allocations:
        book.allocate(payment, allocation)
    for adjustment in draft.adjustments:
        book.adjust(adjustment)
    status: Status = "partially_applied" if draft.allocations else "on_account"
    book.decide(
        Decision(
            payment.id,
            "applied" if draft.remaining == 0 else status,
            draft.stage,
            tuple(draft.allocations),
            draft.remaining,
            reason="document_already_paid" if paid and not draft.allocations else None,
            customer=owner(book, payment, documents) if draft.remaining else None,
            rejected=rejected,
        )
    )


def owner(book: Book, payment: Payment, documents: Sequence[Document]) -> str | None:
    """Whom the rest of a payment belongs to: the documents' customer; of several, the payer if it is one of them."""
    customers = {one.customer for one in documents}
    if len(customers) == 1:
        return customers.pop()
    payer = book.payers.who(payment).customer
    return payer if payer in customers else None


def _refused(book: Book, payment: Payment, documents: Sequence[Document], live: Sequence[Document]) -> str | None:
    """Why a person must look, None where nothing stands against it."""
    if not all(book.may_settle(payment, one) for one in documents):
        return "other_legal_entity"
    credit = -sum(book.left[one.id] for one in live if one.type == "credit_note")
    debit = sum(book.left[one.id] for one in live if one.type == "invoice")
    if payment.amount < 0 and (debit or not credit):
        return "debit_without_return"
    if payment.amount > 0 and credit > debit:
        return "credit_exceeds_invoices"
    return None


def _rates(book: Book, payment: Payment, documents: Sequence[Document]) -> Rates | None:
    """The terms for each currency of the documents, None where a rate is missing."""
    policy = book.policy_of(payment)
    found = {}
    for document in documents:
        one = terms(policy, payment, document)
        if one is None:
            return None
        found[document.currency] = one
    return found


def _pay(book: Book, draft: Draft, live: Sequence[Document], rates: Rates) -> str | None:
    """Use credit notes in full and fill the invoices in order; answer why a person must look, where one must."""
    payment, policy, left = draft.payment, book.policy_of(draft.payment), book.left
    for note in live:
        if note.type == "credit_note":
            draft.allocate(note, left[note.id], rates[note.currency].cost(left[note.id]), CREDIT_NOTE)
    invoices = [one for one in live if one.type == "invoice"]
    currencies = {one.currency for one in invoices}
    if len(currencies) == 1:
        exchange = rates[currencies.pop()]
        found = gap(draft.remaining, invoices, left, exchange, payment, policy)
    else:  # in several currencies nothing is closed without money
        cost = sum(rates[one.currency].cost(left[one.id]) for one in invoices)
        found = Gap(cost - draft.remaining)
    if found.partial and policy.partial_with_reference == "review":
        return "partial_with_reference"
    if found.partial and len(invoices) > 1 and not policy.listed_order_allocation:
        return "short_for_listed_documents"
    draft.fill(invoices, left, rates, found)
    last = invoices[-1]
    if len(rates) == 1 and 0 < -found.short <= minor(policy.over_tolerance, last.currency):
        draft.take_excess(last, -found.short)
    return None


def _refund(book: Book, draft: Draft, notes: Sequence[Document], rates: Rates) -> None:
    """Take credit notes off by money that was paid out."""
    for note in notes:
        exchange, left = rates[note.currency], book.left[note.id]
        amount = max(left, exchange.worth(draft.remaining))
        draft.allocate(note, amount, draft.remaining if amount != left else exchange.cost(left))


def _spill(book: Book, draft: Draft, documents: Sequence[Document]) -> None:
    """Let what is over fill the customer's next open invoices, oldest due first."""
    payment, policy = draft.payment, book.policy_of(draft.payment)
    customer = owner(book, payment, documents)
    if customer is None:
        return
    for document in book.open_of(customer, payment.currency):
        if draft.remaining <= 0:
            return
        exchange = terms(policy, payment, document)
        if document.type != "invoice" or document in documents or exchange is None:
            continue
        if book.may_settle(payment, document):
            found = gap(draft.remaining, [document], book.left, exchange, payment, policy)
            draft.fill([document], book.left, {document.currency: exchange}, found, SPILL)
