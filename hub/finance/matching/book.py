"""The state of one run: what is still open, which payments are decided, and what was adjusted on the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from itertools import pairwise
from typing import TypeVar

from hub.finance.matching.known import Payers
from hub.finance.matching.rates import convert, rate
from hub.finance.matching.types import (
    Adjustment,
    Allocation,
    Customer,
    Decision,
    Document,
    Exchange,
    Payment,
    Policy,
    Posting,
    Rejected,
)
from hub.finance.matching.words import by_id

_LAST = date.max
ANY = "*"  # every bank account of ours

One = TypeVar("One", Document, Payment)


class Book:
    """Documents and payments of one run with their indexes; the stages read and write it, nobody else does."""

    def __init__(
        self,
        customers: Iterable[Customer],
        documents: Iterable[Document],
        payments: Iterable[Payment],
        policy: Policy,
        accounts: Mapping[str, Policy],
    ) -> None:
        self.policy = policy
        self.accounts = accounts
        self.payers = Payers(customers, policy)
        self.documents = _unique("documents", documents)  # by id, and in the order of ids
        self.left = {one.id: one.open for one in self.documents.values()}
        self.abroad = any(one.booked_rate is not None for one in self.documents.values())
        self.of_customer: dict[str, list[Document]] = {}
        for document in self.documents.values():
            self.of_customer.setdefault(document.customer, []).append(document)
        for some in self.of_customer.values():
            some.sort(key=due)
        self.all_payments = _unique("payments", payments)  # by id, and in the order of ids
        self.payments = _by_day(self.all_payments.values())
        self.waiting = self.payments
        self.decided: dict[str, Decision] = {}
        self.held: set[str] = set()  # documents a payment under review may have meant: only a name takes them
        self.returned: dict[str, int] = {}  # payment -> what of it came back
        self.adjustments: dict[str, list[Adjustment]] = {}  # by payment
        self.exchanges: list[Exchange] = []
        self.postings: list[Posting] = []
        self.first_of_entry: dict[str, list[Payment]] = {}  # what returns name -> payments, repeated ones left out

    def policy_of(self, payment: Payment) -> Policy:
        """The policy of the account a payment came in on."""
        if not self.accounts or payment.bank_account is None:
            return self.policy
        return self.accounts.get(payment.bank_account, self.policy)

    def is_open(self, document: Document) -> bool:
        """Whether anything is left of a document."""
        return self.left[document.id] != 0

    def may_settle(self, payment: Payment, document: Document) -> bool:
        """Whether the document belongs to the legal entity whose bank account received the payment."""
        return document.legal_entity is None or self.entity_of(payment) in (None, document.legal_entity)

    def entity_of(self, payment: Payment) -> str | None:
        """The legal entity whose account received the payment: the account's own, else that of all accounts ("*")."""
        entities = self.policy_of(payment).legal_entity_of_bank_account
        if not entities:
            return None
        return entities.get(payment.bank_account or ANY, entities.get(ANY))

    def open_of(self, customer: str, currency: str) -> list[Document]:
        """What is open of a customer in a currency, oldest due first."""
        left = self.left
        return [one for one in self.of_customer.get(customer, ()) if left[one.id] and one.currency == currency]

    def decide(self, decision: Decision) -> None:
        """Note what became of a payment; a second decision about it is a fault of a stage."""
        if self.decided.setdefault(decision.payment, decision) is not decision:
            raise ValueError(f"payment {decision.payment} was decided twice")

    def review(
        self,
        payment: Payment,
        reason: str,
        candidates: Iterable[tuple[str, ...]] = (),
        *,
        customers: tuple[str, ...] = (),
        rejected: tuple[Rejected, ...] = (),
    ) -> None:
        """Leave a payment to a person: nothing is posted, and no amount alone takes what it may have meant."""
        candidates = tuple(candidates)
        for group in candidates:
            self.held.update(group)
        self.decide(
            Decision(
                payment.id,
                "review",
                None,
                reason=reason,
                candidates=candidates,
                customers=customers,
                rejected=rejected,
            )
        )

    def allocate(self, payment: Payment, allocation: Allocation, posted: date | None = None) -> None:
        """Take an allocation off its document, with the gain or loss it realises and its day in the books."""
        self.left[allocation.document] -= allocation.amount
        if self.abroad:
            self._exchange(payment, allocation)
        policy = self.policy_of(payment)
        if policy.locked_through is not None:
            day = posted or open_day(policy, payment.booking_date)
            self.postings.append(Posting(day, allocation.document, allocation.amount, payment.id))

    def adjust(self, adjustment: Adjustment) -> None:
        """Take what needs no money off a document."""
        self.left[adjustment.document] -= adjustment.amount
        self.adjustments.setdefault(adjustment.payment, []).append(adjustment)

    def _exchange(self, payment: Payment, allocation: Allocation) -> None:
        document = self.documents[allocation.document]
        policy = self.policy_of(payment)
        base = policy.base_currency
        if document.booked_rate is None or document.currency == base:
            return
        received_rate = rate(policy, payment.currency, payment.value_date)
        if received_rate is None:
            return
        received = convert(allocation.payment_amount, payment.currency, base, received_rate)
        booked = convert(allocation.amount, document.currency, base, document.booked_rate)
        if received != booked:
            self.exchanges.append(Exchange(payment.id, document.id, received - booked, base))


def _by_day(payments: Iterable[Payment]) -> list[Payment]:
    """Payments in order of booking, those of a day as they come: there are few days, so they are not compared."""
    days: dict[date, list[Payment]] = {}
    for payment in payments:
        days.setdefault(payment.booking_date, []).append(payment)
    return [payment for day in sorted(days) for payment in days[day]]


def due(document: Document) -> tuple[date, date]:
    """The order in which a customer's documents come, by due date and date of issue; the order of ids comes before."""
    return document.due or document.issued or _LAST, document.issued or _LAST


def _unique(what: str, given: Iterable[One]) -> dict[str, One]:
    """What is given by id, in the order of ids."""
    ordered = sorted(given, key=lambda one: by_id(one.id))
    found = {one.id: one for one in ordered}
    if len(found) < len(ordered):
        twice = next(one.id for one, other in pairwise(ordered) if one.id == other.id)
        raise ValueError(f"two {what} have the id {twice}; ids must be unique")
    return found


def open_day(policy: Policy, day: date) -> date:
    """The day itself, or the first one after the lock where the day is locked."""
    if policy.locked_through is None or day > policy.locked_through:
        return day
    return policy.locked_through + timedelta(days=1)


def named(documents: Iterable[Document]) -> tuple[str, ...]:
    """The ids of documents."""
    return tuple(one.id for one in documents)


def single(documents: Iterable[Document]) -> tuple[tuple[str, ...], ...]:
    """Candidates of which each is one document, in the order of their ids."""
    return tuple((one.id,) for one in sorted(documents, key=lambda one: by_id(one.id)))
