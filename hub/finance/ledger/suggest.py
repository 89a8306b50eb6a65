"""Suggest: for a payment nobody could place, the documents a person would look at first, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from hub.finance.ledger.views import names
from hub.store import Store, Tx

MOST = 10


class Suggestion(NamedTuple):
    """Documents that could be meant, what is open on them, and the reasons, the strongest first."""

    documents: list[str]
    numbers: list[str]
    customer: str
    customer_name: str
    open: list[Any]
    why: list[str]
    weight: int


def suggest(store: Store, payment: str) -> list[Suggestion] | None:
    """The likeliest documents for a payment, the best first; None where there is no such payment."""
    with store.read() as tx:
        rows = tx.rows("SELECT data FROM golden WHERE id = ? AND model = 'payment'", payment)
        if not rows:
            return None
        values = msgspec.json.decode(rows[0][0])
        if not values.get("amount"):
            return []
        stands = tx.rows("SELECT unapplied, d.data, s.customer_id FROM settlement s JOIN decision d ON d.id = s.decision_id "
                         "WHERE s.payment_id = ?", payment)  # fmt: skip
        left = stands[0][0] if stands else values["amount"][0]
        told = msgspec.json.decode(stands[0][1]) if stands else {}
        payer = _payers(tx, values, stands[0][2] if stands else None)
        items = tx.rows(
            "SELECT i.document_id, i.customer_id, i.open, i.currency, g.data FROM item i JOIN golden g "
            "ON g.id = i.document_id WHERE i.open <> 0 AND i.currency = ? AND (i.customer_id IN ? OR i.open = ? "
            "OR i.document_id IN ?)",
            values["amount"][1], sorted(payer), left,
            sorted({id for group in told.get("candidates", ()) for id in group}),
        )  # fmt: skip
        people = names(tx, {row[1] for row in items})
    words = set(str(values.get("reference") or "").casefold().replace(",", " ").replace(";", " ").split())
    found = []
    candidates = {id for group in told.get("candidates", ()) for id in group}
    for id, customer, open, currency, data in items:
        paper = msgspec.json.decode(data)
        why, weight = _why(id, open, left, paper, words, payer.get(customer), candidates)
        if weight:
            number = str(paper.get("number") or id)
            found.append(Suggestion([id], [number], customer, people.get(customer) or customer, [open, currency], why, weight))  # fmt: skip
    return sorted(found, key=lambda one: (-one.weight, one.numbers))[:MOST]


def _why(
    id: str, open: int, left: int, paper: Mapping[str, Any], words: set[str], payer: str | None, candidates: set[str]
) -> tuple[list[str], int]:
    why, weight = [], 0
    number = str(paper.get("number") or "").casefold()
    if id in candidates:
        why.append("one of several that explain the amount")
        weight += 4
    if number and number in words:
        why.append("its number stands in the text")
        weight += 5
    elif number and any(len(word) >= 4 and (word in number or number in word) for word in words):
        why.append("its number resembles a word of the text")
        weight += 2
    if open == left:
        why.append("exactly this amount is open")
        weight += 3
    if payer:
        why.append(payer)
        weight += 3
    return why, weight


def _payers(tx: Tx, values: Mapping[str, Any], known: str | None) -> dict[str, str]:
    """Customers who may have paid, each with how that is known."""
    found = {known: "the customer is known"} if known else {}
    account = "".join(str(values.get("payer_account") or "").split()).upper()
    if account:
        for customer, count in tx.rows("SELECT customer_id, confirmations FROM alias WHERE account = ?", account):
            found.setdefault(customer, f"people matched this account to the customer, {count} times")
    name = str(values.get("payer") or "").strip()
    if name:
        from hub.sync.derive import find

        for field in ("name", "legal_name"):
            for row in find(tx, "customer", {field: name}, 5):
                found.setdefault(row[0], "the payer has the customer's name")
    return found
