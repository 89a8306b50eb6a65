"""The ten canonical models and the parts they are made of.

`_at` is a moment in UTC, `_on` a day in the place it belongs to. References hold golden ids. Kinds (`phones.main`)
are open: a mapping may introduce a new one.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta

from hub.model.base import Model, Part, identifies, refers, required
from hub.model.money import Money


def says(text: str) -> Meta:
    """Describe a field."""
    return Meta(description=text)


Country = Annotated[str, Meta(pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2")]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$", description="ISO 4217")]
Lines = Annotated[dict[str, bool], says("business lines it belongs to: lines.retail = true")]
LineName = Annotated[str | None, says("the business line it belongs to")]


class Address(Part):
    """A postal address; `kind` is the key it stands under: billing, delivery, main."""

    street: str | None = None
    extra: str | None = None
    city: str | None = None
    postal_code: str | None = None
    region: str | None = None
    country: Country | None = None


class Line(Part):
    """One line of a deal, order or invoice."""

    sku: Annotated[str | None, says("the product's stock keeping unit")] = None
    description: str | None = None
    quantity: Decimal | None = None
    unit: str | None = None
    unit_price: Annotated[Decimal | None, says("in the document's currency, any number of decimals, before tax")] = None
    discount: Annotated[Decimal | None, says("share of the price taken off, 0.1 is ten per cent")] = None
    tax_rate: Annotated[Decimal | None, says("0.19 is nineteen per cent")] = None
    amount: Annotated[Money | None, says("of the line, before tax")] = None


class Allocation(Part):
    """The part of a payment that settles one invoice."""

    invoice: Annotated[str | None, refers("invoice", "the invoice settled")] = None
    amount: Money | None = None


class Adjustment(Part):
    """What of an invoice is settled without money: given up with a payment, or by itself."""

    invoice: Annotated[str | None, refers("invoice", "the invoice it is taken off")] = None
    kind: Annotated[
        Literal["write_off", "discount", "charges"] | None, says("charges: what banks and processors kept on the way")
    ] = None
    amount: Money | None = None


class PayoutLine(Part):
    """One movement of which a processor's payout is made up."""

    kind: Literal["charge", "refund", "dispute", "fee", "adjustment", "other"] | None = None
    source: Annotated[str | None, says("the processor's id of the charge or refund, as in identifiers.stripe")] = None
    charge: Annotated[str | None, says("the processor's id of the charge that a refund or a dispute gives back")] = None
    reference: str | None = None
    amount: Annotated[Money | None, says("gross; negative where it went back")] = None
    fee: Annotated[Money | None, says("kept by the processor")] = None


class Attachment(Part):
    """A file that came with a message; its content is kept in the raw record."""

    name: str | None = None
    media_type: str | None = None
    size: Annotated[int | None, says("bytes")] = None
    digest: Annotated[str | None, says("sha256:... of the content")] = None


class Customer(Model):
    """A company or a person we sell to."""

    kind: Literal["company", "person"] | None = None
    name: Annotated[str | None, required("what people call it")] = None
    legal_name: str | None = None
    names: Annotated[dict[str, str], says("other names by language or use: names.zh, names.trade")] = {}
    identifiers: Annotated[
        dict[str, str], identifies("by scheme: identifiers.vat, identifiers.registration, identifiers.stripe")
    ] = {}
    domain: Annotated[str | None, identifies("the domain of its web site and mail, without www")] = None
    website: str | None = None
    emails: Annotated[dict[str, str], identifies("by kind: emails.main, emails.billing")] = {}
    phones: Annotated[dict[str, str], says("E.164, by kind: phones.main, phones.mobile, phones.fax")] = {}
    addresses: Annotated[dict[str, Address], says("by kind: addresses.main, addresses.billing")] = {}
    bank_accounts: Annotated[dict[str, str], says("IBAN by kind")] = {}
    born_on: Annotated[date | None, says("date of birth, of a person")] = None
    language: str | None = None
    currency: Currency | None = None
    owner: Annotated[str | None, says("who looks after it: an e-mail address or a name")] = None
    status: Literal["lead", "prospect", "active", "inactive", "blocked"] | None = None
    tier: str | None = None
    industry: str | None = None
    parent: Annotated[str | None, refers("customer", "the company it belongs to")] = None
    lines: Lines = {}
    note: str | None = None
    balance: Annotated[dict[str, Money], says("what it owes now, by currency in lower case: balance.eur")] = {}
    overdue: Annotated[dict[str, Money], says("the part of the balance past its due date")] = {}
    last_invoice: Annotated[str | None, says("number of the newest invoice")] = None
    last_invoice_state: str | None = None
    last_invoice_amount: Money | None = None
    last_invoice_due_on: date | None = None
    last_payment_on: date | None = None
    payment_state: Annotated[str | None, says("paid, open, or overdue, over all invoices")] = None


class Contact(Model):
    """A person at a customer."""

    first_name: str | None = None
    last_name: str | None = None
    name: Annotated[str | None, says("the whole name where the source does not part it")] = None
    emails: Annotated[dict[str, str], identifies("by kind: emails.main")] = {}
    phones: dict[str, str] = {}
    addresses: Annotated[dict[str, Address], says("by kind: addresses.main, addresses.home")] = {}
    born_on: Annotated[date | None, says("date of birth")] = None
    title: str | None = None
    role: str | None = None
    language: str | None = None
    customer: Annotated[str | None, refers("customer", "whom the person works for")] = None
    identifiers: Annotated[dict[str, str], identifies("by scheme")] = {}
    owner: str | None = None
    lines: Lines = {}


class Product(Model):
    """Something we sell."""

    sku: Annotated[str | None, identifies("stock keeping unit")] = None
    name: Annotated[str | None, required("what it is called")] = None
    description: str | None = None
    unit: str | None = None
    price: Money | None = None
    cost: Money | None = None
    tax_class: str | None = None
    active: bool | None = None
    line: LineName = None


class Deal(Model):
    """A sale that may come."""

    name: Annotated[str | None, required("what it is called")] = None
    customer: Annotated[str | None, refers("customer", "who may buy")] = None
    stage: Literal["open", "qualified", "proposal", "negotiation", "won", "lost"] | None = None
    amount: Money | None = None
    lines: list[Line] = []
    probability: Annotated[Decimal | None, says("0.0 to 1.0")] = None
    owner: str | None = None
    opened_on: date | None = None
    expected_on: date | None = None
    closed_on: date | None = None
    order_number: Annotated[str | None, says("of the order it became")] = None
    line: LineName = None


class Contract(Model):
    """What was agreed for a time."""

    number: Annotated[str | None, identifies("its number")] = None
    customer: Annotated[str | None, refers("customer", "with whom", need=True)] = None
    signed_on: date | None = None
    start_on: date | None = None
    end_on: date | None = None
    renewal: Literal["none", "manual", "automatic"] | None = None
    notice_days: int | None = None
    amount: Money | None = None
    period: Literal["month", "quarter", "year", "once"] | None = None
    state: Literal["draft", "active", "ended", "cancelled"] | None = None
    line: LineName = None


class Order(Model):
    """What a customer ordered."""

    number: Annotated[str | None, identifies("the seller's number")] = None
    customer: Annotated[str | None, refers("customer", "who ordered", need=True)] = None
    deal: Annotated[str | None, refers("deal", "the deal it came from")] = None
    reference: Annotated[str | None, says("the customer's own reference")] = None
    description: str | None = None
    lines: list[Line] = []
    currency: Currency | None = None
    net: Annotated[Money | None, says("before tax")] = None
    tax: Money | None = None
    total: Annotated[Money | None, says("with tax")] = None
    state: Literal["draft", "quoted", "confirmed", "processing", "done", "cancelled"] | None = None
    ordered_on: date | None = None
    delivery_on: date | None = None
    delivery: Literal["none", "waiting", "partial", "delivered"] | None = None
    owner: str | None = None
    line: LineName = None


class Invoice(Model):
    """What a customer owes for; a credit note is an invoice with `kind = "credit_note"`."""

    kind: Literal["invoice", "credit_note"] | None = None
    number: Annotated[str | None, identifies("the issuer's number")] = None
    customer: Annotated[str | None, refers("customer", "who owes", need=True)] = None
    order: Annotated[str | None, refers("order", "the order billed")] = None
    reference: Annotated[str | None, says("the payment reference printed on it")] = None
    description: str | None = None
    lines: list[Line] = []
    currency: Currency | None = None
    net: Money | None = None
    tax: Money | None = None
    total: Money | None = None
    open: Annotated[Money | None, says("what is still unpaid")] = None
    issued_on: date | None = None
    due_on: date | None = None
    discount: Annotated[Money | None, says("may be deducted, with its tax, by who pays in time")] = None
    discount_until: date | None = None
    booked_rate: Annotated[Decimal | None, says("base currency per unit of its currency, when it was booked")] = None
    legal_entity: Annotated[str | None, says("which of our companies issued it")] = None
    state: Literal["draft", "open", "partly_paid", "paid", "overdue", "void", "uncollectible"] | None = None
    line: LineName = None


class Payment(Model):
    """Money that came in, or went back where the amount is negative."""

    kind: Annotated[
        Literal["payment", "payout", "write_off"] | None,
        says("payout: what a processor hands on of payments it took before; write_off: no money, a rest is given up"),
    ] = None
    amount: Money | None = None
    fee: Annotated[Money | None, says("kept by the processor")] = None
    refunded: Annotated[Money | None, says("given back since")] = None
    charges: Annotated[Money | None, says("taken by banks on the way, as the bank states")] = None
    instructed: Annotated[Money | None, says("what the payer ordered, before conversion and charges")] = None
    paid_on: Annotated[date | None, says("the day it was booked")] = None
    value_on: Annotated[date | None, says("the day it counts from")] = None
    paid_at: datetime | None = None
    method: Literal["card", "transfer", "direct_debit", "cash", "cheque", "other"] | None = None
    customer: Annotated[str | None, refers("customer", "who paid, where known")] = None
    payer: Annotated[str | None, says("the payer's name as given")] = None
    payer_account: Annotated[str | None, says("IBAN or account number")] = None
    payer_bank: Annotated[str | None, says("BIC")] = None
    account: Annotated[str | None, says("our own account it was booked on: IBAN or account number")] = None
    reference: Annotated[str | None, says("remittance text as given")] = None
    structured_reference: Annotated[
        str | None, says("a creditor reference in a field of its own, unchecked: RF, QRR, OGM, KID, viite, OCR")
    ] = None
    end_to_end: Annotated[str | None, says("the id the payer gave it; not unique")] = None
    entry_reference: Annotated[str | None, says("the bank's own reference of the entry")] = None
    batch: Annotated[str | None, says("entry reference, or key, of the batch entry it is a part of")] = None
    return_of: Annotated[str | None, says("entry reference or end-to-end id of the payment it returns")] = None
    return_reason: Annotated[str | None, says("ISO 20022 code where there is one: AC04, MD06")] = None
    parts: Annotated[list[PayoutLine], says("of a payout: what it is made up of")] = []
    identifiers: Annotated[dict[str, str], identifies("by scheme: identifiers.stripe, identifiers.bank")] = {}
    invoice: Annotated[str | None, refers("invoice", "the invoice it pays, where there is just one")] = None
    allocations: list[Allocation] = []
    adjustments: list[Adjustment] = []
    state: Literal["pending", "succeeded", "failed", "cancelled", "refunded", "disputed"] | None = None
    line: LineName = None


class Message(Model):
    """A mail, or another message, filed with its customer."""

    thread: Annotated[str | None, says("the id of the message that began it")] = None
    message_id: Annotated[str | None, identifies("RFC 5322 Message-ID, without brackets")] = None
    in_reply_to: str | None = None
    references: list[str] = []
    direction: Literal["in", "out"] | None = None
    channel: Literal["email", "chat", "phone", "letter", "note"] | None = None
    subject: str | None = None
    body: str | None = None
    sender: Annotated[str | None, says("address")] = None
    recipients: list[str] = []
    copies: list[str] = []
    attachments: list[Attachment] = []
    sent_at: datetime | None = None
    customer: Annotated[str | None, refers("customer", "whose message it is")] = None
    contact: Annotated[str | None, refers("contact", "who wrote it or got it")] = None
    state: Literal["received", "draft", "queued", "sent", "failed"] | None = None
    line: LineName = None


class Ticket(Model):
    """Something a customer wants solved."""

    number: Annotated[str | None, identifies("its number")] = None
    subject: Annotated[str | None, required("what it is about")] = None
    body: str | None = None
    customer: Annotated[str | None, refers("customer", "whose ticket it is")] = None
    contact: Annotated[str | None, refers("contact", "who asked")] = None
    channel: Literal["email", "chat", "phone", "web", "other"] | None = None
    priority: Literal["low", "normal", "high", "urgent"] | None = None
    state: Literal["new", "open", "waiting", "solved", "closed"] | None = None
    owner: str | None = None
    opened_at: datetime | None = None
    first_answer_by: Annotated[datetime | None, says("deadline of the first answer")] = None
    solve_by: Annotated[datetime | None, says("deadline of the solution")] = None
    closed_at: datetime | None = None
    line: LineName = None


MODELS: dict[str, type[Model]] = {
    model.__name__.lower(): model
    for model in (Customer, Contact, Product, Deal, Contract, Order, Invoice, Payment, Message, Ticket)
}
