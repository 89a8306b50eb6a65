"""The two shapes of Stripe's data: JSON in its answers, `a[b]=1` forms in its requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

METHODS = {
    "card": "card", "card_present": "card", "interac_present": "card", "link": "card",
    "acss_debit": "direct_debit", "au_becs_debit": "direct_debit", "bacs_debit": "direct_debit",
    "nz_bank_account": "direct_debit", "sepa_debit": "direct_debit", "us_bank_account": "direct_debit",
    "ach_debit": "direct_debit",
    "ach_credit_transfer": "transfer", "customer_balance": "transfer", "sepa_credit_transfer": "transfer",
    "bancontact": "transfer", "eps": "transfer", "giropay": "transfer", "ideal": "transfer", "p24": "transfer",
    "sofort": "transfer", "wechat_pay": "other", "alipay": "other",
}  # fmt: skip


class Listing(msgspec.Struct):
    """One page of a list or search, its objects not yet decoded."""

    data: list[msgspec.Raw]
    has_more: bool = False
    next_page: str | None = None


class Head(msgspec.Struct):
    """What is read of an object whose bytes are handed on as they came."""

    id: str
    created: int = 0
    deleted: bool = False
    metadata: dict[str, str] | None = None
    currency: str | None = None


class Target(msgspec.Struct):
    """The object an event is about; a dispute names its charge, a tax id its customer."""

    id: str
    object: str
    charge: Any = None
    customer: Any = None

    def key(self, kind: str) -> str | None:
        """The id of the object of that kind that changed."""
        if self.object == kind:
            return self.id
        owner = {"charge": self.charge, "customer": self.customer}.get(kind)
        return owner if isinstance(owner, str) else None


class Told(msgspec.Struct):
    """What an event tells, beside its own id."""

    object: Target


class Request(msgspec.Struct):
    """The request that caused an event; its id is null where Stripe itself did."""

    id: str | None = None


class Event(msgspec.Struct):
    """That an object changed, and when; its content then is not read, as only the content now matters."""

    id: str
    created: int
    type: str
    data: Told
    request: Request | None = None


class _Method(msgspec.Struct):
    type: str | None = None


class _Charge(msgspec.Struct):
    status: str
    captured: bool = True
    refunded: bool = False
    disputed: bool = False
    description: str | None = None
    metadata: dict[str, str] = {}
    payment_method_details: _Method | None = None


class _Lines(msgspec.Struct):
    has_more: bool = False


class Invoice(msgspec.Struct):
    """Whether an invoice shows all its lines."""

    lines: _Lines = msgspec.field(default_factory=_Lines)


class _TaxId(msgspec.Struct):
    type: str
    value: str


class _TaxIds(msgspec.Struct):
    data: list[_TaxId] = []


class _Customer(msgspec.Struct):
    tax_ids: _TaxIds | None = None


def form(data: Mapping[str, Any]) -> dict[str, str]:
    """Flatten nested data for a request body; None becomes "", by which Stripe means: empty this field."""
    return dict(_pairs("", data))


def _pairs(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        if not value and name:
            yield name, ""
        for inner, item in value.items():
            yield from _pairs(f"{name}[{inner}]" if name else str(inner), item)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _pairs(f"{name}[{index}]", item)
    elif value is None:
        yield name, ""
    elif isinstance(value, bool):
        yield name, "true" if value else "false"
    else:
        yield name, str(value)


def with_field(raw: bytes, name: str, value: Any) -> bytes:
    """Add a top-level field at the end of a JSON object and leave its other bytes as they are."""
    text = raw.rstrip()
    return text[:-1] + b',"' + name.encode() + b'":' + msgspec.json.encode(value) + b"}"


def about_charge(raw: bytes, references: tuple[str, ...]) -> dict[str, Any]:
    """Say of a charge what takes more than one of its fields: state, method, and what it was paid for."""
    charge = msgspec.json.decode(raw, type=_Charge)
    state = charge.status
    if state == "succeeded":
        if charge.disputed:
            state = "disputed"
        elif charge.refunded:
            state = "refunded"
        elif not charge.captured:
            state = "pending"
    named = (charge.metadata[name] for name in references if charge.metadata.get(name))
    kind = charge.payment_method_details.type if charge.payment_method_details else None
    return {"state": state, "method": METHODS.get(kind or "", "other"), "reference": next(named, charge.description)}


def about_customer(raw: bytes) -> dict[str, Any]:
    """Say of a customer which of its tax ids is a VAT number."""
    customer = msgspec.json.decode(raw, type=_Customer)
    taxes = customer.tax_ids.data if customer.tax_ids else []
    return {"vat": next((tax.value for tax in taxes if tax.type.endswith("_vat")), None)}


def payout_line(raw: bytes | msgspec.Raw) -> dict[str, Any]:
    """A balance transaction with the id of what it is about and, where that gives a charge back, of the charge."""
    line: dict[str, Any] = msgspec.json.decode(raw)
    about = line.get("source")
    if isinstance(about, dict):
        charge = about.get("charge")
        line |= {"source": about.get("id"), "charge": charge if isinstance(charge, str) else None}
    return line
