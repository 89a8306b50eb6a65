"""The statement of account of a customer: what is open on a day, and what was posted in the time before.

It goes to the customer. So it tells what was paid and taken off, never a note of ours, why, or by whom.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import msgspec

from hub.finance.ledger.ageing import Open, items
from hub.finance.ledger.views import names
from hub.model import Money
from hub.paper import Column, Document, Facts, Table
from hub.store import Store, Tx

KINDS = {
    "allocation": "payment", "write_off": "adjustment", "discount": "discount", "bank_fee": "bank charge",
    "psp_fee": "adjustment",
}  # fmt: skip
OPEN = (
    Column("number", "Document", width=1.3), Column("kind", "Kind"), Column("issued_on", "Issued", "day"),
    Column("due_on", "Due", "day"), Column("days", "Days past due", "number"), Column("open", "Open", "money", 1.2),
)  # fmt: skip
MOVED = (
    Column("posted_on", "Day", "day"), Column("number", "Document", width=1.3), Column("kind", "What", width=1.3),
    Column("amount", "Amount", "money", 1.2), Column("reference", "Your reference", width=2.0),
)  # fmt: skip


class Account(NamedTuple):
    """A customer's account on a day; sums by currency."""

    customer: str
    name: str
    as_of: date
    open: list[Open]
    moved: list[tuple[Any, ...]]
    unapplied: list[Money]

    def owed(self) -> list[Money]:
        """What is open, by currency."""
        sums: dict[str, int] = {}
        for one in self.open:
            sums[one.currency] = sums.get(one.currency, 0) + one.open
        return [Money(minor, code) for code, minor in sorted(sums.items())]

    def due(self) -> list[Money]:
        """What is past its due date, by currency."""
        sums: dict[str, int] = {}
        for one in self.open:
            if one.days > 0:
                sums[one.currency] = sums.get(one.currency, 0) + one.open
        return [Money(minor, code) for code, minor in sorted(sums.items())]


def account(store: Store, customer: str, as_of: date) -> Account:
    """The account of a customer on a day."""
    with store.read() as tx:
        name = names(tx, {customer}).get(customer, customer)
        rows = tx.rows(
            "SELECT p.posted_on, g.data, p.kind, p.effect, p.currency, p.reverses_id, m.data FROM posting p "
            "JOIN item i ON i.document_id = p.document_id JOIN golden g ON g.id = p.document_id "
            "LEFT JOIN golden m ON m.id = p.payment_id AND m.model = 'payment' "
            "WHERE i.customer_id = ? AND p.effect <> 0 AND (p.posted_on <= ? OR p.kind = 'opening') ORDER BY p.seq, p.id",
            customer, as_of.isoformat(),
        )  # fmt: skip
        unapplied = _unapplied(tx, customer, as_of)
    moved = [_moved(*row) for row in rows]
    moved = sorted((row for row in moved if row[0] <= as_of), key=lambda row: row[0])
    return Account(customer, name, as_of, items(store, as_of, customer), moved, unapplied)


def _moved(
    on: str, paper: str, kind: str, effect: int, code: str, reverses: str | None, payment: str | None
) -> tuple[Any, ...]:
    """One movement; a document moves the account on the day of issue, whenever the ledger got to know it."""
    document = msgspec.json.decode(paper)
    if kind == "opening":
        what, on = (document.get("kind") or "invoice").replace("_", " "), document.get("issued_on") or on
    elif kind == "elsewhere":
        what = "payment" if effect < 0 else "correction"
    else:
        what = KINDS.get(kind, "adjustment") + (" taken back" if reverses else "")
    said = msgspec.json.decode(payment) if payment else {}
    if what == "payment" and (said.get("amount") or [0])[0] < 0:
        what = "payment returned"
    reference = said.get("structured_reference") or said.get("reference")
    return date.fromisoformat(on[:10]), document.get("number"), what, Money(int(effect), code), reference


def _unapplied(tx: Tx, customer: str, as_of: date) -> list[Money]:
    """What the customer had paid by that day and was not assigned by then."""
    rows = tx.rows(
        "SELECT s.payment_id, s.amount, s.currency, g.data, coalesce(sum(p.paid), 0) FROM settlement s "
        "JOIN golden g ON g.id = s.payment_id LEFT JOIN posting p ON p.payment_id = s.payment_id AND p.posted_on <= ? "
        "WHERE s.customer_id = ? AND s.status IN ('on_account', 'applied', 'partially_applied') AND g.model = 'payment' "
        "GROUP BY s.payment_id, s.amount, s.currency, g.data",
        as_of.isoformat(), customer,
    )  # fmt: skip
    sums: dict[str, int] = {}
    for _, amount, code, data, paid in rows:
        if (msgspec.json.decode(data).get("paid_on") or "9999") <= as_of.isoformat():
            sums[code] = sums.get(code, 0) + int(amount) - int(paid)
    return [Money(minor, code) for code, minor in sorted(sums.items()) if minor]


def tables(found: Account) -> list[Table]:
    """Open items and movements as tables."""
    rows = [
        (one.number, one.kind.replace("_", " "), _day(one.issued_on), _day(one.due_on), max(one.days, 0), Money(one.open, one.currency))
        for one in found.open
    ]  # fmt: skip
    sums = [("Total", None, None, None, None, money) for money in found.owed()]
    return [
        Table(OPEN, rows, sums, "Open items", "nothing is open"),
        Table(MOVED, found.moved, (), "Movements", "none"),
    ]


def document(found: Account, sender: str | None = None) -> Document:
    """The statement on paper."""
    facts = [
        ("Customer", found.name),
        ("As of", found.as_of),
        ("Open", _sum(found.owed())),
        ("Past due", _sum(found.due())),
    ]
    if found.unapplied:
        facts.append(("Paid, not yet assigned", _sum(found.unapplied)))
    return Document(
        "Statement of account",
        (Facts(tuple(facts)), *tables(found)),
        head=sender or "",
        foot=f"{found.name}, {found.as_of}",
    )


def _sum(amounts: Sequence[Money]) -> str:
    return ", ".join(map(str, amounts)) or "nothing"


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text[:10]) if text else None
