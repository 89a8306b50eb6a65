"""One case of a scenario: customers, documents and payments as matching takes them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from hub.finance.matching import Customer, Discount, Document, Payment, PayoutLine, Policy, Standing
from hub.finance.scenario.policy import policy
from hub.finance.scenario.values import Fields, ScenarioError

_CUSTOMER = ("id", "name", "ibans")
_DOCUMENT = (
    "id", "customer", "type", "currency", "open", "issued", "due", "number", "reference", "legal_entity",
    "booked_rate", "discount",
)  # fmt: skip
_PAYMENT = (
    "id", "amount", "currency", "booking_date", "value_date", "bank_entry_ref", "bank_account", "source",
    "debtor_name", "debtor_iban", "text", "structured_reference", "charges", "return_of", "return_reason",
    "payout_lines", "existing_allocation", "action",
)  # fmt: skip
_PAYOUT = re.compile(r"\b(?:payouts?|psp)\b|\bpo_[a-z0-9]", re.IGNORECASE)
_PERCENT = Decimal(1)  # a tax rate from here on is written in percent

One = TypeVar("One", Customer, Document, Payment)


@dataclass(frozen=True, slots=True)
class Case:
    """What is given in one case; `positive` are the credit notes written without a sign, answered in the same way."""

    at: str  # file and case, for what is told about it
    id: str
    title: str
    policy: Policy
    customers: tuple[Customer, ...]
    documents: tuple[Document, ...]
    payments: tuple[Payment, ...]
    positive: frozenset[str]
    expected: Any = None


def case(data: object, defaults: Mapping[str, Any], file: str, number: int) -> Case:
    """Read a case, or raise ScenarioError with file, case and key."""
    top = Fields(data, f"{file}: cases[{number}]")
    id = top.required("id")
    top.at = f"{file}: case {id}"
    own = top.inner("policy")
    chosen = policy(own.data if own else {}, defaults, f"{top.at}: policy")
    customers = _unique("customers", top, (_customer(one) for one in top.items("customers")))
    signs: dict[str, bool] = {}
    documents = _unique("documents", top, (_document(one, customers, signs) for one in top.items("documents")))
    payments = _unique("payments", top, (_payment(one, documents) for one in top.items("payments")))
    for iban, customer in chosen.learned_iban_alias.items():
        if customer not in customers:
            raise ScenarioError(f'{top.at}: policy.learned_iban_alias.{iban}: no customer "{customer}"')
    return Case(
        top.at,
        id,
        top.text("title") or "",
        chosen,
        tuple(customers.values()),
        tuple(documents.values()),
        tuple(payments.values()),
        frozenset(name for name, positive in signs.items() if positive),
        top.data.get("expected"),
    )


def _unique(key: str, top: Fields, found: Iterable[One]) -> dict[str, One]:
    by_id: dict[str, One] = {}
    for one in found:
        if one.id in by_id:
            raise top.wrong(key, f'two have the id "{one.id}"')
        by_id[one.id] = one
    return by_id


def _customer(fields: Fields) -> Customer:
    fields.only(_CUSTOMER)
    return Customer(fields.required("id"), fields.text("name") or "", fields.texts("ibans"))


def _document(fields: Fields, customers: Mapping[str, Customer], signs: dict[str, bool]) -> Document:
    fields.only(_DOCUMENT)
    id, currency = fields.required("id"), fields.currency("currency")
    type = fields.choice("type", ("invoice", "credit_note"), "invoice")
    amount = fields.minor("open", currency)
    if type == "invoice" and amount < 0:
        raise fields.wrong("open", "an invoice cannot be open below 0; is it a credit_note?")
    if fields.required("customer") not in customers:
        raise fields.wrong("customer", f'no customer "{fields.text("customer")}"')
    signs[id] = type == "credit_note" and amount > 0
    return Document(
        id,
        fields.required("customer"),
        currency,
        -abs(amount) if type == "credit_note" else amount,
        type,  # type: ignore[arg-type]
        fields.text("number"),
        fields.text("reference"),
        fields.day("issued"),
        fields.day("due"),
        fields.text("legal_entity"),
        fields.decimal("booked_rate") if fields.text("booked_rate") else None,
        _discount(fields.inner("discount"), currency),
    )


def _discount(fields: Fields | None, currency: str) -> Discount | None:
    if fields is None:
        return None
    fields.only(("amount", "until", "tax_rate"))
    rate = fields.decimal("tax_rate") if fields.text("tax_rate") else Decimal(0)
    return Discount(
        fields.minor("amount", currency), fields.certain_day("until"), rate / 100 if rate >= _PERCENT else rate
    )


def _payment(fields: Fields, documents: Mapping[str, Document]) -> Payment:
    fields.only(_PAYMENT)
    currency = fields.currency("currency")
    booked = fields.certain_day("booking_date")
    text, source = fields.text("text") or "", fields.text("source")
    standing = _standing(fields, documents)
    action = fields.inner("action")
    if action is not None:
        action.only(("type", "requested"))
        action.choice("type", ("unmatch",), "")
        if not standing:
            raise fields.wrong("action", "there is no existing_allocation to unmatch")
    return Payment(
        fields.required("id"),
        fields.minor("amount", currency),
        currency,
        booked,
        fields.day("value_date") or booked,
        fields.text("bank_entry_ref"),
        fields.text("bank_account"),
        source,
        fields.text("debtor_name"),
        fields.text("debtor_iban"),
        text,
        fields.text("structured_reference"),
        fields.minor("charges", currency) if fields.text("charges") else 0,
        fields.text("return_of"),
        fields.text("return_reason"),
        bool(_PAYOUT.search(text) or _PAYOUT.search(source or "") or fields.data.get("payout_lines") == []),
        tuple(_line(line, currency) for line in fields.items("payout_lines")),
        standing,
        (action.day("requested") or booked) if action else None,
    )


def _line(fields: Fields, currency: str) -> PayoutLine:
    fields.only(("type", "document", "gross", "fee"))
    fee = fields.minor("fee", currency) if fields.text("fee") else 0
    return PayoutLine(fields.required("type"), fields.text("document"), fields.minor("gross", currency), fee)


def _standing(fields: Fields, documents: Mapping[str, Document]) -> tuple[Standing, ...]:
    value = fields.data.get("existing_allocation")
    if value is None:
        return ()
    several = list(fields.items("existing_allocation")) if isinstance(value, list) else None
    found = []
    for one in several if several is not None else [Fields(value, f"{fields.at}.existing_allocation")]:
        one.only(("document", "amount", "payment_amount", "posted"))
        document = documents.get(one.required("document"))
        if document is None:
            raise one.wrong("document", f'no document "{one.text("document")}"')
        paid = one.minor("payment_amount", fields.currency("currency")) if one.text("payment_amount") else None
        amount = one.minor("amount", document.currency)
        found.append(Standing(document.id, amount, one.certain_day("posted"), paid))
    return tuple(found)
