"""The shapes of rows that several steps write, and ids that are the same whenever the same thing is written."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

import msgspec

_ordered = msgspec.json.Encoder(order="deterministic", decimal_format="string").encode

DECISION = (
    "id", "payment_id", "status", "stage", "rule", "version", "reason", "customer_id", "data", "by", "at", "seq",
)  # fmt: skip
SETTLEMENT = (
    "payment_id", "decision_id", "step", "status", "customer_id", "amount", "currency", "unapplied", "seq",
)  # fmt: skip
POSTING = (
    "id", "kind", "decision_id", "payment_id", "document_id", "customer_id", "amount", "currency", "effect", "paid",
    "posted_on", "reverses_id", "note", "by", "approved_by", "at", "seq",
)  # fmt: skip
FREE = ("review", "suspense", "on_account")  # statuses of payments that are looked at again in each run


class Line(NamedTuple):
    """One posting that a decision asks for, before it has a day; amounts as in the table `posting`."""

    kind: str
    document: str | None
    customer: str | None
    amount: int
    currency: str
    effect: int
    paid: int
    note: str | None = None


def text(value: Any) -> str:
    """JSON whose keys are in order, so that equal values are equal texts."""
    return _ordered(value).decode()


def fresh_id(*parts: Any) -> str:
    """An id made of what it stands for: writing the same thing twice meets the same id."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:32]


def given_up_key(document: str) -> str:
    """The key under which the connection `hub` says what people gave up of a document."""
    return f"{document}/given-up"


def lines(data: str) -> list[Line]:
    """The postings a stored decision asks for."""
    return [Line(*row) for row in msgspec.json.decode(data).get("lines", ())]
