"""What matching is given and what it answers: plain data, amounts in whole minor units of their currency.

Structs rather than dataclasses, because a run makes a million of them. An invoice's `open` is positive, a credit note's negative; a payment that leaves the account is negative. Dates are days.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from msgspec import Struct, field

Stage = Literal[
    "S0_dedupe",
    "S0_return",
    "S0_payout_detail",
    "S1_structured_reference",
    "S2_invoice_number",
    "S3_customer_exact_amount",
    "S4_customer_group_sum",
    "S5_many_to_many",
    "S9_unidentified",
    "manual",
]
Status = Literal["applied", "partially_applied", "on_account", "suspense", "review", "duplicate_ignored", "reversed"]


class Customer(Struct, frozen=True, gc=False):
    """Who owes: known by its IBANs and its name."""

    id: str
    name: str = ""
    ibans: tuple[str, ...] = ()


class Discount(Struct, frozen=True, gc=False):
    """What may be deducted from a document by those who pay until a day; the amount includes tax."""

    amount: int
    until: date
    tax_rate: Decimal = Decimal(0)  # 0.19 is 19 %


class Document(Struct, frozen=True, gc=False):
    """An invoice or a credit note with what is open of it, before the payments given have settled anything."""

    id: str
    customer: str
    currency: str
    open: int
    type: Literal["invoice", "credit_note"] = "invoice"
    number: str | None = None  # as people write it; without one, the id
    reference: str | None = None  # as printed for the payer: a structured reference, or another number
    issued: date | None = None
    due: date | None = None
    legal_entity: str | None = None
    booked_rate: Decimal | None = None  # base currency per unit, when it was booked
    discount: Discount | None = None


class PayoutLine(Struct, frozen=True, gc=False):
    """One line of what a card processor paid out: the document it stands for, before and without the fee."""

    type: str
    document: str | None
    gross: int
    fee: int = 0


class Standing(Struct, frozen=True, gc=False):
    """An allocation decided earlier: it stands unless the payment is unmatched."""

    document: str
    amount: int  # in the document's currency
    posted: date
    payment_amount: int | None = None  # in the payment's currency, where that is another
    stage: Stage = "manual"


class Payment(Struct, frozen=True, gc=False):
    """A booked movement of a bank account."""

    id: str
    amount: int
    currency: str
    booking_date: date
    value_date: date
    bank_entry_ref: str | None = None
    bank_account: str | None = None
    source: str | None = None
    debtor_name: str | None = None
    debtor_iban: str | None = None
    text: str = ""
    structured_reference: str | None = None
    charges: int = 0  # deducted on the way and stated by the bank
    return_of: str | None = None  # the bank_entry_ref of the payment that came back
    return_reason: str | None = None
    payout: bool = False  # a processor's payout; its lines may still be missing
    payout_lines: tuple[PayoutLine, ...] = ()
    standing: tuple[Standing, ...] = ()
    unmatch: date | None = None  # the day on which a person asked to undo what stands


class Policy(Struct, frozen=True, gc=False):
    """The choices a company makes about matching; the values' meaning is told in docs/finance-matching.md."""

    base_currency: str = "EUR"
    rates: dict[date, dict[str, Decimal]] = field(default_factory=dict)  # base currency per unit, by value date
    short_tolerance: Decimal = Decimal(0)  # in the document's currency, in all for one payment
    over_tolerance: Decimal = Decimal(0)
    listed_order_allocation: bool = True
    partial_with_reference: Literal["apply", "review"] = "apply"
    overpayment_spill: bool = False
    group_max_size: int = 4
    group_max_items: int = 25  # a customer with more open documents is never settled by a sum without a person
    many_to_many: Literal["off", "fifo_when_totals_equal"] = "off"
    window_days: int = 30
    same_customer_same_amount: Literal["review", "oldest_due"] = "review"
    discount_grace: Literal["none", "next_business_day"] = "none"
    discount_date_basis: Literal["value_date", "booking_date"] = "value_date"
    legal_entity_of_bank_account: dict[str, str] = field(default_factory=dict)
    kid_algorithm: Literal["mod10", "mod11"] | None = None
    number_patterns: dict[str, str] = field(default_factory=dict)  # issuer (legal entity, or "*") -> regex of a number
    name_threshold: Decimal | None = Decimal("0.90")  # None: a name makes nobody known
    fold_names: bool = True  # ä, ae and a are one, legal forms are left out
    learned_iban_alias: dict[str, str] = field(default_factory=dict)
    dedupe_key: tuple[str, ...] = ("bank_account", "bank_entry_ref")
    payout_detail_required: bool = False
    locked_through: date | None = None


class Allocation(Struct, frozen=True, gc=False):
    """What one payment settles of one document, and why."""

    document: str
    amount: int  # in the document's currency; negative takes back, or uses a credit note
    currency: str
    payment_amount: int  # in the payment's currency
    stage: Stage
    rule: str
    version: int  # of the rule
    inputs: tuple[tuple[str, str], ...] = ()  # what the rule saw


class Rejected(Struct, frozen=True, gc=False):
    """Documents that might have been meant, and why they were not taken."""

    documents: tuple[str, ...]
    why: str


class Decision(Struct, frozen=True, gc=False):
    """What became of one payment: payment = allocations + unapplied + fee, but for review and duplicates."""

    payment: str
    status: Status
    stage: Stage | None
    allocations: tuple[Allocation, ...] = ()
    unapplied: int = 0
    fee: int = 0  # signed as the payment is: a cost of ours is negative
    reason: str | None = None
    candidates: tuple[tuple[str, ...], ...] = ()  # sets of documents, each of which would explain the payment
    customers: tuple[str, ...] = ()  # whom the payer could be, where that is what is not certain
    customer: str | None = None  # whom the unapplied amount belongs to
    duplicate_of: str | None = None
    reversed_by: str | None = None
    rejected: tuple[Rejected, ...] = ()


class Adjustment(Struct, frozen=True, gc=False):
    """What settles a part of a document without money: open after = open - allocations - adjustments."""

    payment: str
    document: str
    kind: Literal["write_off", "discount", "bank_fee", "psp_fee"]
    amount: int
    currency: str
    net: int | None = None  # of a discount
    tax: int | None = None


class Exchange(Struct, frozen=True, gc=False):
    """A realised gain (positive) or loss in base currency: received less what the settled part was booked at."""

    payment: str
    document: str
    amount: int
    currency: str


class Settled(Struct, frozen=True, gc=False):
    """A document afterwards."""

    document: str
    status: Literal["open", "partially_paid", "paid", "used"]
    open: int


class Posting(Struct, frozen=True, gc=False):
    """An allocation on the day it belongs to in the books; a reversal is a posting of its own."""

    date: date
    document: str
    amount: int
    payment: str


class Outcome(Struct, frozen=True, gc=False):
    """The answer: each part in an order that depends on nothing but the data."""

    decisions: tuple[Decision, ...]
    documents: tuple[Settled, ...]
    adjustments: tuple[Adjustment, ...]
    exchanges: tuple[Exchange, ...]
    postings: tuple[Posting, ...]
